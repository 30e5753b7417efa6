use std::path::Path;
use std::time::Duration;

use otr_crypto::IdentityKey;

use crate::directory::Directory;
use crate::file::Contents;
use crate::kind::Kind;
use crate::{Error, ed25519_keys, instance_tags, key_file};

#[cfg(feature = "encryption")]
mod encryption;
mod known;
mod report;

pub use known::KnownIdentity;

/// A directory with keys, known fingerprints and instance tags.
///
/// Nothing is kept in memory but the key of an encrypted directory: each call reads the file it is about. A change waits
/// until no other program is changing the directory, reads the file anew, and replaces it as a whole. Accounts are named
/// as libotr does, by the account and the protocol.
#[derive(Debug)]
pub struct Store {
    directory: Directory,
}

/// The name of one of our accounts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AccountName {
    /// What it is called on its network.
    pub account: String,
    /// Its protocol, as libotr or another program names it.
    pub protocol: String,
}

impl Store {
    /// The store in `directory`, which is created, with mode 0700, if it is not there. The permissions of a directory
    /// that is there are left as they are.
    ///
    /// # Errors
    ///
    /// [`Error::DirectoryNotOurs`] and [`Error::OpenDirectory`] if others could put files into it, and so tell us whom to
    /// trust; [`Error::Io`] if the directory cannot be made, or is none.
    pub fn open(directory: impl AsRef<Path>) -> Result<Self, Error> {
        Ok(Self { directory: Directory::open(directory.as_ref())? })
    }

    /// Reads private keys even from a file that other users of this machine can read, and any file that they own.
    #[must_use]
    pub fn accepting_exposed_keys(mut self) -> Self {
        self.directory.accepts_exposed_keys = true;
        self
    }

    /// How long a change waits for another program, instead of ten seconds. When that is over, it fails with
    /// [`Error::Locked`].
    #[must_use]
    pub fn waiting_at_most(mut self, patience: Duration) -> Self {
        self.directory.patience = patience;
        self
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Whether the files are encrypted. Without the passphrase all other calls then fail with [`Error::Encrypted`].
    pub fn is_encrypted(&self) -> bool {
        self.directory.is_encrypted()
    }

    /// The accounts that have a DSA key, each once, in the order of the file; of a damaged file those that can be read.
    ///
    /// # Errors
    ///
    /// [`Error::Exposed`] and [`Error::NotOurs`] if others can get at the file; [`Error::Damaged`] if it is no list of
    /// keys at all; [`Error::Encrypted`], [`Error::TooLarge`], [`Error::NotAFile`] and [`Error::Io`].
    pub fn accounts(&self) -> Result<Vec<AccountName>, Error> {
        let contents = self.directory.read(Kind::PrivateKey)?;
        contents.as_ref().map_or(Ok(Vec::new()), key_file::accounts)
    }

    /// The DSA identity key of one of our accounts, or `None` if it has none.
    ///
    /// # Errors
    ///
    /// [`Error::Exposed`] and [`Error::NotOurs`] if others can get at the file; [`Error::Damaged`] if the account is not
    /// found and might be in a part that cannot be read; [`Error::Key`] if what is stored for the account is not a key;
    /// [`Error::Encrypted`], [`Error::TooLarge`], [`Error::NotAFile`] and [`Error::Io`].
    pub fn identity(&self, account: &str, protocol: &str) -> Result<Option<IdentityKey>, Error> {
        match self.directory.read(Kind::PrivateKey)? {
            Some(contents) => key_file::find(&contents, account, protocol),
            None => Ok(None),
        }
    }

    /// Stores the DSA identity key of one of our accounts, in place of the one it had. If that is another key, the file as
    /// it was is copied to `otr.private_key.replaced`, or by that name with a number, and stays there.
    ///
    /// # Errors
    ///
    /// [`Error::CopiesFull`] if there are 99 such copies already;
    /// [`Error::KeyOfAnotherKind`] for another key; [`Error::Text`] for a name that cannot be stored;
    /// [`Error::Damaged`] if the file cannot be read as a whole; [`Error::Locked`]; otherwise as
    /// [`identity`](Self::identity). The file is then as it was.
    pub fn save_identity(&mut self, account: &str, protocol: &str, key: &IdentityKey) -> Result<(), Error> {
        let replaces = |contents: &Contents| key_file::has_another(contents, account, protocol, key);
        let save = |contents: Option<&Contents>| key_file::save(contents, account, protocol, key);
        self.directory.lock()?.change_and_keep(Kind::PrivateKey, replaces, save)
    }

    /// The DSA identity key of one of our accounts; if it has none, the one that `make` gives is stored. Of several
    /// programs that do this at a time one makes the key, and all get it; the others wait.
    ///
    /// # Errors
    ///
    /// As [`save_identity`](Self::save_identity).
    pub fn identity_or(
        &mut self,
        account: &str,
        protocol: &str,
        make: impl FnOnce() -> IdentityKey,
    ) -> Result<IdentityKey, Error> {
        if let Some(key) = self.identity(account, protocol)? {
            return Ok(key);
        }
        let held = self.directory.lock()?;
        if let Some(key) = self.identity(account, protocol)? {
            return Ok(key);
        }
        let key = make();
        held.change(Kind::PrivateKey, |contents| key_file::save(contents, account, protocol, &key))?;
        Ok(key)
    }

    /// The Ed25519 identity key of one of our accounts, for the Curve25519 suite, or `None` if it has none.
    ///
    /// # Errors
    ///
    /// [`Error::Exposed`] and [`Error::NotOurs`] if others can get at the file; [`Error::Damaged`] if it cannot be read
    /// as a whole; [`Error::Encrypted`], [`Error::TooLarge`], [`Error::NotAFile`] and [`Error::Io`].
    pub fn ed25519_identity(&self, account: &str, protocol: &str) -> Result<Option<IdentityKey>, Error> {
        match self.directory.read(Kind::Ed25519Keys)? {
            Some(contents) => ed25519_keys::find(&contents, account, protocol),
            None => Ok(None),
        }
    }

    /// Stores the Ed25519 identity key of one of our accounts, in place of the one it had.
    ///
    /// # Errors
    ///
    /// [`Error::KeyOfAnotherKind`] for another key; [`Error::Text`] and [`Error::RecordTooLong`] for names that cannot be
    /// stored; [`Error::Locked`]; otherwise as [`ed25519_identity`](Self::ed25519_identity). The file is then as it was.
    pub fn save_ed25519_identity(&mut self, account: &str, protocol: &str, key: &IdentityKey) -> Result<(), Error> {
        self.directory.change(Kind::Ed25519Keys, |contents| ed25519_keys::save(contents, account, protocol, key))
    }

    /// The Ed25519 identity key of one of our accounts; if it has none, the one that `make` gives is stored, as with
    /// [`identity_or`](Self::identity_or).
    ///
    /// # Errors
    ///
    /// As [`save_ed25519_identity`](Self::save_ed25519_identity).
    pub fn ed25519_identity_or(
        &mut self,
        account: &str,
        protocol: &str,
        make: impl FnOnce() -> IdentityKey,
    ) -> Result<IdentityKey, Error> {
        if let Some(key) = self.ed25519_identity(account, protocol)? {
            return Ok(key);
        }
        let held = self.directory.lock()?;
        if let Some(key) = self.ed25519_identity(account, protocol)? {
            return Ok(key);
        }
        let key = make();
        held.change(Kind::Ed25519Keys, |contents| ed25519_keys::save(contents, account, protocol, &key))?;
        Ok(key)
    }

    /// The instance tag of one of our accounts on this computer, or `None` if it has none yet.
    ///
    /// # Errors
    ///
    /// [`Error::Encrypted`], [`Error::TooLarge`], [`Error::NotAFile`] and [`Error::Io`].
    pub fn instance_tag(&self, account: &str, protocol: &str) -> Result<Option<u32>, Error> {
        let contents = self.directory.read(Kind::InstanceTags)?;
        Ok(contents.and_then(|contents| instance_tags::find(&contents, account, protocol)))
    }

    /// The instance tag of one of our accounts; if it has none, the one that `make` gives is stored, as with
    /// [`identity_or`](Self::identity_or).
    ///
    /// # Errors
    ///
    /// As [`save_instance_tag`](Self::save_instance_tag).
    pub fn instance_tag_or(&mut self, account: &str, protocol: &str, make: impl FnOnce() -> u32) -> Result<u32, Error> {
        if let Some(tag) = self.instance_tag(account, protocol)? {
            return Ok(tag);
        }
        let held = self.directory.lock()?;
        if let Some(tag) = self.instance_tag(account, protocol)? {
            return Ok(tag);
        }
        let tag = make();
        held.change(Kind::InstanceTags, |contents| instance_tags::save(contents, account, protocol, tag))?;
        Ok(tag)
    }

    /// Stores the instance tag of one of our accounts.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInstanceTag`] below 0x100; [`Error::Text`] and [`Error::RecordTooLong`] for names that cannot be
    /// stored; [`Error::Damaged`] if the file is cut short; [`Error::Locked`], [`Error::Encrypted`],
    /// [`Error::TooLarge`], [`Error::NotAFile`] and [`Error::Io`].
    pub fn save_instance_tag(&mut self, account: &str, protocol: &str, tag: u32) -> Result<(), Error> {
        self.directory.change(Kind::InstanceTags, |contents| instance_tags::save(contents, account, protocol, tag))
    }
}
