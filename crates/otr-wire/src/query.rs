//! Query messages: asking for a private conversation.

use alloc::string::String;

use crate::{Version, Versions};

/// What every query and marker begins with.
pub(crate) const MARKER: &[u8] = b"?OTR";

/// The words after our query. They are fixed and name nobody (attack rule VER-10).
const WORDS: &str = " I would like a private conversation (Off-the-Record), which your program does not seem to know.";

/// A request for a private conversation (spec: "OTR Query Messages").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Query {
    /// The offered versions among those that exist here; 1 and unknown ones are left out.
    pub offered: Versions,
}

impl Query {
    /// Recognises a query at the start of `body`: `?OTR`, then `?` or `v` identifiers `?` or both.
    pub(crate) fn parse(body: &[u8]) -> Option<Self> {
        let rest = body.strip_prefix(MARKER)?;
        let (version_1, rest) = match rest.strip_prefix(b"?") {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        let offered = version_list(rest);
        if !version_1 && offered.is_none() {
            return None;
        }
        Some(Self { offered: offered.unwrap_or(Versions::NONE) })
    }

    /// The query message: `?OTRv23?` and a sentence for people whose program does not know OTR.
    #[must_use]
    pub fn encode(self) -> String {
        let mut text = String::from("?OTRv");
        text.extend(self.offered.iter().map(Version::identifier));
        text.push('?');
        text.push_str(WORDS);
        text
    }
}

/// `v`, letters and digits, `?`. A list that does not end is none (attack rule VER-4).
fn version_list(text: &[u8]) -> Option<Versions> {
    let list = text.strip_prefix(b"v")?;
    let end = list.iter().position(|byte| !byte.is_ascii_alphanumeric())?;
    let (identifiers, rest) = list.split_at_checked(end)?;
    if rest.first() != Some(&b'?') {
        return None;
    }
    let known = |&byte: &u8| Version::from_identifier(char::from(byte));
    Some(identifiers.iter().filter_map(known).collect())
}
