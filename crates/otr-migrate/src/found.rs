//! What the files of a program hold.

use std::path::PathBuf;

use otr_crypto::{Fingerprint, IdentityKey};

/// An account: its name and its protocol, in the words of one program.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Name {
    /// The account, such as `me@example.org/home`. Empty where the files do not say whose something is.
    pub account: String,
    /// The protocol, such as `prpl-jabber`, `xmpp` or `IRC`.
    pub protocol: String,
}

impl Name {
    /// The account `account` of `protocol`.
    pub fn new(account: impl Into<String>, protocol: impl Into<String>) -> Self {
        Self { account: account.into(), protocol: protocol.into() }
    }
}

/// An identity key that was found, and whose it is.
#[derive(Debug)]
#[non_exhaustive]
pub struct FoundKey {
    /// The account, as the program names it.
    pub name: Name,
    /// The key: DSA of 1024 and 160 bits, all of whose numbers were checked.
    pub key: IdentityKey,
}

/// Somebody's fingerprint that was found, and how far the program trusted it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FoundFingerprint {
    /// Whose it is, as the program names them.
    pub contact: String,
    /// The account that met it.
    pub name: Name,
    /// The fingerprint.
    pub fingerprint: Fingerprint,
    /// The program's word for how it was verified; empty if it was not.
    pub trust: String,
}

/// The instance tag of an account that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FoundTag {
    /// The account, as the program names it.
    pub name: Name,
    /// The tag, at least 0x100.
    pub tag: u32,
}

/// All that was found, in the order of the files.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Found {
    /// The files that were read.
    pub files: Vec<PathBuf>,
    /// Identity keys.
    pub keys: Vec<FoundKey>,
    /// The fingerprints of others.
    pub fingerprints: Vec<FoundFingerprint>,
    /// Instance tags.
    pub instance_tags: Vec<FoundTag>,
    /// What could not be read, each with its file and, where there is one, its line.
    pub problems: Vec<Problem>,
    /// Files that are encrypted, and for which no passphrase was given.
    pub locked: Vec<PathBuf>,
}

impl Found {
    /// Adds what was found elsewhere.
    pub fn append(&mut self, mut other: Self) {
        self.files.append(&mut other.files);
        self.keys.append(&mut other.keys);
        self.fingerprints.append(&mut other.fingerprints);
        self.instance_tags.append(&mut other.instance_tags);
        self.problems.append(&mut other.problems);
        self.locked.append(&mut other.locked);
    }
}

/// The most that the fingerprints of one file may come to, in bytes of libotr's format: what a file of libotr's may have
/// here. In some formats every contact is one of every account, and a small file stands for a product.
const MAX_FINGERPRINTS: usize = 1 << 20;
const TOO_MANY: &str = "the fingerprints up to here come to more than 1 MiB; those that follow are not read";

/// Takes the fingerprints of one file, as long as they are not too many.
pub(crate) struct Taking<'a> {
    fingerprints: &'a mut Vec<FoundFingerprint>,
    /// How many bytes more. `None` after there were too many, which is told once.
    left: Option<usize>,
}

impl<'a> Taking<'a> {
    pub(crate) fn into(fingerprints: &'a mut Vec<FoundFingerprint>) -> Self {
        Self { fingerprints, left: Some(MAX_FINGERPRINTS) }
    }

    /// One more, for each of `whose`: contact and account.
    pub(crate) fn add<'n>(
        &mut self,
        whose: impl IntoIterator<Item = (&'n str, &'n Name)>,
        fingerprint: Fingerprint,
        verified: bool,
    ) -> Result<(), &'static str> {
        let trust = if verified { "verified" } else { "" };
        for (contact, name) in whose {
            // 40 digits, four tabs and the end of the line.
            let size = contact.len() + name.account.len() + name.protocol.len() + trust.len() + 45;
            let Some(left) = self.left else { return Ok(()) };
            self.left = left.checked_sub(size);
            if self.left.is_none() {
                return Err(TOO_MANY);
            }
            let (contact, name, trust) = (contact.to_owned(), name.clone(), trust.to_owned());
            self.fingerprints.push(FoundFingerprint { contact, name, fingerprint, trust });
        }
        Ok(())
    }
}

/// Why a file, or a part of one, could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The file, or a record in it, is not what it has to be.
    #[error(transparent)]
    File(#[from] otr_store::Error),

    /// It decrypts to nothing that makes sense.
    #[error("{}: the passphrase is wrong, or the file is damaged", .file.display())]
    WrongPassphrase {
        /// The file.
        file: PathBuf,
    },
}
