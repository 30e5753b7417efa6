//! Files that other programs wrote, wherever they are.

use std::path::Path;

use otr_crypto::IdentityKey;
use zeroize::Zeroizing;

use crate::file::{self, Contents};
use crate::fingerprints::{self, IfMissing};
use crate::instance_tags::{self, AccountTags};
use crate::key_file::{self, AccountKey};
use crate::{Error, KnownFingerprint, KnownFingerprints};

/// A file of another program, read whole, at most 1 MiB. Wiped on drop, since it may hold keys.
///
/// It can be taken for any of libotr's three files. Those of other formats are read from [`bytes`](Self::bytes).
pub struct ForeignFile(Contents);

impl std::fmt::Debug for ForeignFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ForeignFile").field(&self.0.path).finish()
    }
}

impl ForeignFile {
    /// The file at `path`, or `None` if there is none. Links are not followed.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`], [`Error::NotAFile`] and [`Error::Io`].
    pub fn read(path: &Path) -> Result<Option<Self>, Error> {
        Ok(file::read(path)?.map(Self))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// All its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0.bytes
    }

    /// Its permission bits, if they let other users in.
    pub fn exposure(&self) -> Option<u32> {
        self.0.exposure
    }

    /// What is wrong at a byte, as an error that names file and line.
    pub fn damaged(&self, offset: usize, problem: &'static str) -> Error {
        self.0.damaged(offset, problem)
    }

    /// The accounts and keys of a file in the format of `otr.private_key`.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] if it is not one list of private keys. What is wrong with one account does not hide the others.
    pub fn private_keys(&self) -> Result<Vec<AccountKey>, Error> {
        key_file::all(&self.0)
    }

    /// The records of a file in the format of `otr.fingerprints`, and the lines that are none.
    pub fn fingerprints(&self) -> KnownFingerprints {
        fingerprints::load(&self.0)
    }

    /// The records of a file in the format of `otr.instance_tags`, and the lines that are none.
    pub fn instance_tags(&self) -> AccountTags {
        instance_tags::load(&self.0)
    }

    /// Makes `new` the contents of `path`, as a whole and with mode 0600, and keeps what was there as `NAME.previous`.
    /// `old` is what was read there before, if anything was.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]. The file is then as it was.
    pub fn replace(path: &Path, old: Option<&Self>, new: &[u8]) -> Result<(), Error> {
        match old {
            Some(old) if old.bytes() == new => Ok(()),
            _ => file::replace(path, old.map(Self::bytes), new),
        }
    }

    /// The bytes of a file in the format of `otr.private_key` with this key in place of the one that the account had.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] if `old` cannot be read as a whole; [`Error::Text`] for a name that cannot be stored;
    /// [`Error::KeyOfAnotherKind`] for another key than DSA.
    pub fn with_private_key(
        old: Option<&Self>,
        account: &str,
        protocol: &str,
        key: &IdentityKey,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        key_file::save(old.map(|old| &old.0), account, protocol, key)
    }

    /// The bytes of a file in the format of `otr.fingerprints` with this record in it.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] if `old` is cut short; [`Error::Text`] and [`Error::RecordTooLong`] for what cannot be stored.
    pub fn with_fingerprint(old: Option<&Self>, record: &KnownFingerprint) -> Result<Zeroizing<Vec<u8>>, Error> {
        fingerprints::save(old.map(|old| &old.0), record, IfMissing::Add)
    }

    /// The bytes of a file in the format of `otr.instance_tags` with this tag in it.
    ///
    /// # Errors
    ///
    /// As [`with_fingerprint`](Self::with_fingerprint); [`Error::InvalidInstanceTag`] below 0x100.
    pub fn with_instance_tag(
        old: Option<&Self>,
        account: &str,
        protocol: &str,
        tag: u32,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        instance_tags::save(old.map(|old| &old.0), account, protocol, tag)
    }

    /// A file of these bytes that is to be at `path`, to go on changing it before it is written.
    pub fn of_bytes(path: &Path, bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(Contents { path: path.to_owned(), bytes, sealed: None, exposure: None, stranger: None })
    }
}
