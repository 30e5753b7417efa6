//! What the user should know of the files themselves.

use std::path::PathBuf;

use super::Store;
use crate::copies::Reason;
use crate::file::Contents;
use crate::kind::Kind;
use crate::{
    Error, KnownFingerprint, SpokenVersion, VouchedFingerprint, copies, ed25519_keys, instance_tags, key_file, lines,
    trust,
};

impl Store {
    /// The files other than the private keys that other users of this machine can read or change: cause for a warning.
    /// The next change makes each private.
    ///
    /// # Errors
    ///
    /// [`Error::Encrypted`], [`Error::TooLarge`], [`Error::NotAFile`] and [`Error::Io`].
    pub fn exposed_files(&self) -> Result<Vec<PathBuf>, Error> {
        let mut exposed = Vec::new();
        for kind in Kind::ALL.into_iter().filter(|kind| !kind.is_secret()) {
            let contents = self.directory.read(kind)?;
            exposed.extend(contents.filter(|contents| contents.exposure.is_some()).map(|contents| contents.path));
        }
        Ok(exposed)
    }

    /// All that is wrong with the files: each place in them that could not be read, and each file that cannot be read at
    /// all. Whatever is not named here is in use. Checks every private key, which takes some hundredths of a second for
    /// each.
    ///
    /// # Errors
    ///
    /// [`Error::Encrypted`] and [`Error::NotEncrypted`], since nothing could be said then.
    pub fn damage(&self) -> Result<Vec<Error>, Error> {
        let mut found = Vec::new();
        for kind in Kind::ALL {
            match self.directory.read(kind) {
                Ok(None) => {}
                Ok(Some(contents)) => found.extend(damage_of(kind, &contents)),
                Err(error @ (Error::Encrypted { .. } | Error::NotEncrypted { .. })) => return Err(error),
                Err(error) => found.push(error),
            }
        }
        Ok(found)
    }

    /// Makes a copy of each damaged file beside it, `NAME.damaged`, unless it has one, and gives the places of the
    /// copies. Nothing here overwrites such a file, but another program might.
    ///
    /// # Errors
    ///
    /// As [`damage`](Self::damage), and [`Error::Locked`] and [`Error::Io`] if a copy cannot be made.
    pub fn keep_damaged(&mut self) -> Result<Vec<PathBuf>, Error> {
        let held = self.directory.lock()?;
        let mut made = Vec::new();
        for kind in Kind::ALL {
            let contents = held.read(kind).ok().flatten();
            if let Some(contents) = contents.filter(|contents| !damage_of(kind, contents).is_empty()) {
                made.extend(copies::keep(&contents, Reason::Damaged)?);
            }
        }
        Ok(made)
    }
}

fn damage_of(kind: Kind, contents: &Contents) -> Vec<Error> {
    match kind {
        Kind::PrivateKey => match key_file::all(contents) {
            Ok(accounts) => accounts.into_iter().filter_map(|account| account.key.err()).collect(),
            Err(error) => vec![error],
        },
        Kind::Ed25519Keys => ed25519_keys::damage(contents),
        Kind::InstanceTags => instance_tags::damage(contents),
        Kind::Fingerprints => lines::damage::<KnownFingerprint>(contents),
        Kind::Vouched => lines::damage::<VouchedFingerprint>(contents),
        Kind::Trust => lines::damage::<trust::Row>(contents),
        Kind::Versions => lines::damage::<SpokenVersion>(contents),
    }
}
