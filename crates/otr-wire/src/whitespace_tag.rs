//! The whitespace tag: offering OTR invisibly, inside an ordinary message.

use alloc::vec::Vec;

use crate::{Version, Versions};

const BASE: &[u8; 16] = b" \t  \t\t\t\t \t \t \t  ";

/// What stands for a version; the private suite is never offered in a tag, for there are programs that an unknown block
/// keeps from reading the others.
const fn version_block(version: Version) -> Option<&'static [u8; 8]> {
    match version {
        Version::Two => Some(b"  \t\t  \t "),
        Version::Three => Some(b"  \t\t  \t\t"),
        Version::Curve25519 => None,
    }
}

/// A plain message that carries a whitespace tag (spec: "Tagged plaintext messages").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tagged<'a> {
    /// The text before the tag.
    pub before: &'a [u8],
    /// The text after the tag.
    pub after: &'a [u8],
    /// The versions the tag offers; 1 and unknown ones are left out.
    pub offered: Versions,
}

impl<'a> Tagged<'a> {
    /// Finds the first tag in `body`, wherever it stands.
    pub(crate) fn parse(body: &'a [u8]) -> Option<Self> {
        let at = body.windows(BASE.len()).position(|window| window == BASE)?;
        let (before, rest) = body.split_at_checked(at)?;
        let mut after = rest.strip_prefix(BASE)?;
        let mut offered = Versions::NONE;
        // attack rule VER-5: blocks of eight blanks and tabs belong to the tag, also those with no meaning here.
        while let Some((block, rest)) = after.split_first_chunk::<8>() {
            if !block.iter().all(|byte| matches!(byte, b' ' | b'\t')) {
                break;
            }
            offered = Version::ALL
                .into_iter()
                .filter(|&version| version_block(version) == Some(block))
                .fold(offered, Versions::with);
            after = rest;
        }
        Some(Self { before, after, offered })
    }

    /// The text without the tag.
    #[must_use]
    pub fn text(&self) -> Vec<u8> {
        [self.before, self.after].concat()
    }

    /// `text` with a tag at its end that offers `versions`; unchanged where the receiver would find another tag, in
    /// the text or half in it, and take away what is not ours (attack rule VER-5).
    #[must_use]
    pub fn append(text: &[u8], versions: Versions) -> Vec<u8> {
        let mut tagged = text.to_vec();
        tagged.extend_from_slice(BASE);
        for block in versions.iter().filter_map(version_block) {
            tagged.extend_from_slice(block);
        }
        let is_found = Tagged::parse(&tagged).is_some_and(|found| found.before == text && found.after.is_empty());
        if is_found { tagged } else { text.to_vec() }
    }
}
