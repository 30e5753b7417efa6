use std::path::{Path, PathBuf};

use otr_crypto::{Fingerprint, IdentityKey};

use crate::file::{self, Contents};
use crate::fingerprints::{self, IfMissing};
use crate::{
    Error, KnownFingerprint, KnownFingerprints, VouchedFingerprint, VouchedFingerprints, ed25519_keys, instance_tags,
    key_file, platform, vouched,
};

const PRIVATE_KEY: &str = "otr.private_key";
const FINGERPRINTS: &str = "otr.fingerprints";
const INSTANCE_TAGS: &str = "otr.instance_tags";
const ED25519_KEYS: &str = "otr.ed25519_keys";
const VOUCHED: &str = "otr.vouched";

/// A directory with keys, known fingerprints and instance tags.
///
/// Nothing is kept in memory: each call reads the file it is about. Accounts are named as libotr does, by the account
/// and the protocol.
#[derive(Debug)]
pub struct Store {
    directory: PathBuf,
    accepts_exposed_keys: bool,
}

impl Store {
    /// The store in `directory`, which is created, with mode 0700, if it is not there. The permissions of a directory
    /// that is there are left as they are.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the directory cannot be made, or is none.
    pub fn open(directory: impl AsRef<Path>) -> Result<Self, Error> {
        let directory = directory.as_ref();
        if !directory.is_dir() {
            platform::create_private_directory(directory)
                .map_err(|error| file::io_error(directory, "create", &error))?;
        }
        Ok(Self { directory: directory.to_owned(), accepts_exposed_keys: false })
    }

    /// Reads private keys even from a file that other users of this machine can read.
    #[must_use]
    pub fn accepting_exposed_keys(mut self) -> Self {
        self.accepts_exposed_keys = true;
        self
    }

    /// The DSA identity key of one of our accounts, or `None` if it has none.
    ///
    /// # Errors
    ///
    /// [`Error::Exposed`] if others can read the file; [`Error::Damaged`] if it cannot be read as a whole, or if the
    /// account is not found and might be in a part that cannot be read; [`Error::Key`] if what is stored for the
    /// account is not a key; [`Error::TooLarge`], [`Error::NotAFile`] and [`Error::Io`].
    pub fn identity(&self, account: &str, protocol: &str) -> Result<Option<IdentityKey>, Error> {
        match self.read_keys(PRIVATE_KEY)? {
            Some(contents) => key_file::find(&contents, account, protocol),
            None => Ok(None),
        }
    }

    /// Stores the DSA identity key of one of our accounts, in place of the one it had.
    ///
    /// # Errors
    ///
    /// [`Error::KeyOfAnotherKind`] for another key; [`Error::Text`] for a name that cannot be stored; otherwise as
    /// [`identity`](Self::identity). The file is then as it was.
    pub fn save_identity(&mut self, account: &str, protocol: &str, key: &IdentityKey) -> Result<(), Error> {
        let contents = self.read_keys(PRIVATE_KEY)?;
        let new = key_file::save(contents.as_ref(), account, protocol, key)?;
        file::replace(&self.path(PRIVATE_KEY), contents.as_ref(), &new)
    }

    /// The Ed25519 identity key of one of our accounts, for the Curve25519 suite, or `None` if it has none.
    ///
    /// # Errors
    ///
    /// [`Error::Exposed`] if others can read the file; [`Error::Damaged`] if it cannot be read as a whole;
    /// [`Error::TooLarge`], [`Error::NotAFile`] and [`Error::Io`].
    pub fn ed25519_identity(&self, account: &str, protocol: &str) -> Result<Option<IdentityKey>, Error> {
        match self.read_keys(ED25519_KEYS)? {
            Some(contents) => ed25519_keys::find(&contents, account, protocol),
            None => Ok(None),
        }
    }

    /// Stores the Ed25519 identity key of one of our accounts, in place of the one it had.
    ///
    /// # Errors
    ///
    /// [`Error::KeyOfAnotherKind`] for another key; [`Error::Text`] and [`Error::RecordTooLong`] for names that cannot be
    /// stored; otherwise as [`ed25519_identity`](Self::ed25519_identity). The file is then as it was.
    pub fn save_ed25519_identity(&mut self, account: &str, protocol: &str, key: &IdentityKey) -> Result<(), Error> {
        let contents = self.read_keys(ED25519_KEYS)?;
        let new = ed25519_keys::save(contents.as_ref(), account, protocol, key)?;
        file::replace(&self.path(ED25519_KEYS), contents.as_ref(), &new)
    }

    /// The instance tag of one of our accounts on this computer, or `None` if it has none yet.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`], [`Error::NotAFile`] and [`Error::Io`].
    pub fn instance_tag(&self, account: &str, protocol: &str) -> Result<Option<u32>, Error> {
        let contents = file::read(&self.path(INSTANCE_TAGS))?;
        Ok(contents.and_then(|contents| instance_tags::find(&contents, account, protocol)))
    }

    /// Stores the instance tag of one of our accounts.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInstanceTag`] below 0x100; [`Error::Text`] and [`Error::RecordTooLong`] for names that cannot be
    /// stored; [`Error::Damaged`] if the file is cut short; [`Error::TooLarge`], [`Error::NotAFile`] and [`Error::Io`].
    pub fn save_instance_tag(&mut self, account: &str, protocol: &str, tag: u32) -> Result<(), Error> {
        let path = self.path(INSTANCE_TAGS);
        let contents = file::read(&path)?;
        let new = instance_tags::save(contents.as_ref(), account, protocol, tag)?;
        file::replace(&path, contents.as_ref(), &new)
    }

    /// All known fingerprints, of all accounts, and the lines that could not be read as one.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`], [`Error::NotAFile`] and [`Error::Io`].
    pub fn fingerprints(&self) -> Result<KnownFingerprints, Error> {
        let contents = file::read(&self.path(FINGERPRINTS))?;
        Ok(contents.map(|contents| fingerprints::load(&contents)).unwrap_or_default())
    }

    /// Stores a fingerprint, or the trust in one that is there already.
    ///
    /// # Errors
    ///
    /// [`Error::Text`] and [`Error::RecordTooLong`] for names that cannot be stored; [`Error::Damaged`] if the file is
    /// cut short; [`Error::TooLarge`], [`Error::NotAFile`] and [`Error::Io`].
    pub fn save_fingerprint(&mut self, record: &KnownFingerprint) -> Result<(), Error> {
        self.write_fingerprint(record, IfMissing::Add)
    }

    /// Changes the trust in one fingerprint of a contact and in no other. An empty word takes it away.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownFingerprint`] if it is not stored for that contact and account; otherwise as
    /// [`save_fingerprint`](Self::save_fingerprint).
    pub fn set_trust(
        &mut self,
        contact: &str,
        account: &str,
        protocol: &str,
        fingerprint: &Fingerprint,
        trust: &str,
    ) -> Result<(), Error> {
        let record = KnownFingerprint {
            contact: contact.to_owned(),
            account: account.to_owned(),
            protocol: protocol.to_owned(),
            fingerprint: *fingerprint,
            trust: trust.to_owned(),
        };
        self.write_fingerprint(&record, IfMissing::Refuse)
    }

    /// All identities of the Curve25519 suite that others have vouched for, of all accounts, and the lines that could
    /// not be read as one.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`], [`Error::NotAFile`] and [`Error::Io`].
    pub fn vouched_fingerprints(&self) -> Result<VouchedFingerprints, Error> {
        let contents = file::read(&self.path(VOUCHED))?;
        Ok(contents.map(|contents| vouched::load(&contents)).unwrap_or_default())
    }

    /// Stores an identity of the Curve25519 suite, in place of the one that the same DSA key vouched for before.
    ///
    /// # Errors
    ///
    /// [`Error::Text`] and [`Error::RecordTooLong`] for names that cannot be stored; [`Error::Damaged`] if the file is
    /// cut short; [`Error::TooLarge`], [`Error::NotAFile`] and [`Error::Io`].
    pub fn save_vouched_fingerprint(&mut self, record: &VouchedFingerprint) -> Result<(), Error> {
        let path = self.path(VOUCHED);
        let contents = file::read(&path)?;
        let new = vouched::save(contents.as_ref(), record)?;
        file::replace(&path, contents.as_ref(), &new)
    }

    /// The files other than the private keys that other users of this machine can read or change: cause for a warning.
    /// The next change makes each private.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`], [`Error::NotAFile`] and [`Error::Io`].
    pub fn exposed_files(&self) -> Result<Vec<PathBuf>, Error> {
        let mut exposed = Vec::new();
        for name in [FINGERPRINTS, INSTANCE_TAGS, VOUCHED] {
            let contents = file::read(&self.path(name))?;
            exposed.extend(contents.filter(|contents| contents.exposure.is_some()).map(|contents| contents.path));
        }
        Ok(exposed)
    }

    fn write_fingerprint(&mut self, record: &KnownFingerprint, if_missing: IfMissing) -> Result<(), Error> {
        let path = self.path(FINGERPRINTS);
        let contents = file::read(&path)?;
        let new = fingerprints::save(contents.as_ref(), record, if_missing)?;
        file::replace(&path, contents.as_ref(), &new)
    }

    fn read_keys(&self, name: &str) -> Result<Option<Contents>, Error> {
        let path = self.path(name);
        let contents = file::read(&path)?;
        match contents.as_ref().and_then(|contents| contents.exposure) {
            Some(mode) if !self.accepts_exposed_keys => Err(Error::Exposed { file: path, mode }),
            _ => Ok(contents),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}
