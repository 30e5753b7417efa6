//! The keys of others, and our trust in them.

use std::collections::HashSet;
use std::time::SystemTime;

use otr_crypto::Fingerprint;

use super::Store;
use crate::directory::{Held, Revision};
use crate::fingerprints::{self, IfMissing};
use crate::kind::Kind;
use crate::lines::{self, Record};
use crate::trust::{self, How, Verification};
use crate::{
    Error, KnownFingerprint, KnownFingerprints, SpokenVersion, SpokenVersions, VouchedFingerprint, VouchedFingerprints,
    versions, vouched,
};

/// A key that a contact has used, and all that is on record about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownIdentity {
    /// What libotr's file says.
    pub known: KnownFingerprint,
    /// What is behind the trust in it.
    pub verification: Verification,
    /// The highest version of the protocol that was spoken with it, if that is known.
    pub version: Option<u16>,
}

impl Store {
    /// All known fingerprints, of all accounts, and the lines that could not be read as one.
    ///
    /// # Errors
    ///
    /// [`Error::Encrypted`], [`Error::TooLarge`], [`Error::NotAFile`] and [`Error::Io`].
    pub fn fingerprints(&self) -> Result<KnownFingerprints, Error> {
        let contents = self.directory.read(Kind::Fingerprints)?;
        Ok(contents.map(|contents| fingerprints::load(&contents)).unwrap_or_default())
    }

    /// All known fingerprints, of all accounts, with how and when each was verified and the version spoken with it. What
    /// could not be read is left out; [`damage`](Self::damage) tells it.
    ///
    /// # Errors
    ///
    /// [`Error::Encrypted`], [`Error::TooLarge`], [`Error::NotAFile`] and [`Error::Io`].
    pub fn known_identities(&self) -> Result<Vec<KnownIdentity>, Error> {
        let known = self.fingerprints()?.records;
        let rows = self.directory.read(Kind::Trust)?.map(|contents| lines::load(&contents).0).unwrap_or_default();
        let versions = self.spoken_versions()?.records;
        let identity = |known: KnownFingerprint| {
            let version = versions.iter().find(|spoken| spoken.key() == known.key()).map(|spoken| spoken.version);
            KnownIdentity { verification: trust::verification(&known, &rows), version, known }
        };
        Ok(known.into_iter().map(identity).collect())
    }

    /// What tells the present state of the fingerprints from another one: as long as it is the same, nobody has changed
    /// them. Nothing is read.
    ///
    /// # Errors
    ///
    /// [`Error::Encrypted`] and [`Error::NotEncrypted`].
    pub fn fingerprints_revision(&self) -> Result<Revision, Error> {
        self.directory.revision(Kind::Fingerprints)
    }

    /// The same as [`fingerprints`](Self::fingerprints), and why some that were there before may be missing without
    /// anybody's having taken them off the record: [`Error::Damaged`] names a line that cannot be read, or a file that is
    /// empty or gone.
    ///
    /// # Errors
    ///
    /// As [`fingerprints`](Self::fingerprints).
    pub fn fingerprints_and_doubt(&self) -> Result<(KnownFingerprints, Option<Error>), Error> {
        match self.directory.read(Kind::Fingerprints)? {
            Some(contents) => Ok((fingerprints::load(&contents), fingerprints::doubt(&contents))),
            None => {
                let file = self.directory.file(Kind::Fingerprints, self.directory.form()?);
                let gone = Error::Damaged { file, line: 1, problem: "the file is gone" };
                Ok((KnownFingerprints::default(), Some(gone)))
            }
        }
    }

    /// Stores a fingerprint unless it is there, and gives what is there now: trust that somebody else has stored
    /// meanwhile stays.
    ///
    /// Who adds them may be somebody who makes ever new keys. So the oldest go that nobody has verified, with what is on
    /// record about them, when a contact has 256 of them or the file half a mebibyte. Those that were verified stay.
    ///
    /// # Errors
    ///
    /// As [`save_fingerprint`](Self::save_fingerprint).
    pub fn add_fingerprint(&mut self, record: &KnownFingerprint) -> Result<KnownFingerprint, Error> {
        let held = self.directory.lock()?;
        let contents = held.read(Kind::Fingerprints)?;
        let known = contents.as_ref().map(|contents| fingerprints::load(contents).records);
        if let Some(known) = known.into_iter().flatten().find(|known| known.key() == record.key()) {
            return Ok(known);
        }
        if let Some(contents) = contents {
            let gone = fingerprints::too_many(&contents, record)?;
            if !gone.is_empty() {
                remove(&held, &gone.iter().map(|known| known.key()).collect())?;
            }
        }
        held.change(Kind::Fingerprints, |contents| fingerprints::save(contents, record, IfMissing::Add))?;
        Ok(record.clone())
    }

    /// Stores a fingerprint, or the trust in one that is there already. Nothing is known then of how and when it was
    /// verified; for that there is [`verify`](Self::verify).
    ///
    /// # Errors
    ///
    /// [`Error::Text`] and [`Error::RecordTooLong`] for names that cannot be stored; [`Error::Damaged`] if the file is
    /// cut short; [`Error::Locked`], [`Error::Encrypted`], [`Error::TooLarge`], [`Error::NotAFile`] and [`Error::Io`].
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

    /// Stores that one fingerprint of a contact, and no other, was verified, by what and when: in libotr's file as a
    /// word, and in ours.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownFingerprint`] if it is not stored for that contact and account; [`Error::Time`] for a time that
    /// cannot be stored; otherwise as [`save_fingerprint`](Self::save_fingerprint).
    pub fn verify(
        &mut self,
        contact: &str,
        account: &str,
        protocol: &str,
        fingerprint: &Fingerprint,
        how: How,
        when: SystemTime,
    ) -> Result<(), Error> {
        let held = self.directory.lock()?;
        let known = held.read(Kind::Fingerprints)?.map(|contents| fingerprints::load(&contents).records);
        let mut known = known
            .unwrap_or_default()
            .into_iter()
            .find(|known| known.key() == (*fingerprint, contact, account, protocol))
            .ok_or(Error::UnknownFingerprint)?;
        known.trust = how.trust_word(&known.trust).to_owned();
        let row = trust::Row {
            contact: known.contact.clone(),
            account: known.account.clone(),
            protocol: known.protocol.clone(),
            fingerprint: known.fingerprint,
            how,
            when,
        };
        // In this order: a reason without trust is no trust, whatever happens in between.
        held.change(Kind::Trust, |contents| trust::save(contents, &row))?;
        held.change(Kind::Fingerprints, |contents| fingerprints::save(contents, &known, IfMissing::Refuse))
    }

    /// Removes a fingerprint of a contact and all that is on record about it, the identities it has vouched for among it.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownFingerprint`] if it is not stored for that contact and account; otherwise as
    /// [`save_fingerprint`](Self::save_fingerprint).
    pub fn forget(
        &mut self,
        contact: &str,
        account: &str,
        protocol: &str,
        fingerprint: &Fingerprint,
    ) -> Result<(), Error> {
        let key = (*fingerprint, contact, account, protocol);
        let held = self.directory.lock()?;
        let known = held.read(Kind::Fingerprints)?.map(|contents| fingerprints::load(&contents).records);
        if !known.is_some_and(|known| known.iter().any(|known| known.key() == key)) {
            return Err(Error::UnknownFingerprint);
        }
        remove(&held, &[key].into())
    }

    /// The highest versions of the protocol spoken with others, of all accounts, and the lines that could not be read.
    ///
    /// # Errors
    ///
    /// [`Error::Encrypted`], [`Error::TooLarge`], [`Error::NotAFile`] and [`Error::Io`].
    pub fn spoken_versions(&self) -> Result<SpokenVersions, Error> {
        let contents = self.directory.read(Kind::Versions)?;
        Ok(contents.map(|contents| versions::load(&contents)).unwrap_or_default())
    }

    /// Stores that a version of the protocol was spoken with an identity. A lower one than before changes nothing.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidVersion`] below 2; otherwise as [`save_fingerprint`](Self::save_fingerprint).
    pub fn save_spoken_version(&mut self, record: &SpokenVersion) -> Result<(), Error> {
        self.directory.change(Kind::Versions, |contents| versions::save(contents, record))
    }

    /// All identities of the Curve25519 suite that others have vouched for, of all accounts, and the lines that could
    /// not be read as one.
    ///
    /// # Errors
    ///
    /// [`Error::Encrypted`], [`Error::TooLarge`], [`Error::NotAFile`] and [`Error::Io`].
    pub fn vouched_fingerprints(&self) -> Result<VouchedFingerprints, Error> {
        let contents = self.directory.read(Kind::Vouched)?;
        Ok(contents.map(|contents| vouched::load(&contents)).unwrap_or_default())
    }

    /// Stores an identity of the Curve25519 suite, in place of the one that the same DSA key vouched for before.
    ///
    /// # Errors
    ///
    /// As [`save_fingerprint`](Self::save_fingerprint).
    pub fn save_vouched_fingerprint(&mut self, record: &VouchedFingerprint) -> Result<(), Error> {
        self.directory.change(Kind::Vouched, |contents| vouched::save(contents, record))
    }

    fn write_fingerprint(&mut self, record: &KnownFingerprint, if_missing: IfMissing) -> Result<(), Error> {
        let held = self.directory.lock()?;
        held.change(Kind::Fingerprints, |contents| fingerprints::save(contents, record, if_missing))?;
        held.change_if_there(Kind::Trust, |contents| trust::withdraw(contents, record))
    }
}

/// Removes fingerprints and all that is on record about them.
fn remove(held: &Held<'_>, keys: &HashSet<fingerprints::Key<'_>>) -> Result<(), Error> {
    // In this order: what is still trusted is on record with all that belongs to it.
    held.change_if_there(Kind::Fingerprints, |contents| {
        fingerprints::remove(contents, |known| keys.contains(&known.key()))
    })?;
    held.change_if_there(Kind::Trust, |contents| {
        lines::remove(contents, |row: &trust::Row| keys.contains(&row.key()))
    })?;
    held.change_if_there(Kind::Versions, |contents| {
        lines::remove(contents, |spoken: &SpokenVersion| keys.contains(&spoken.key()))
    })?;
    held.change_if_there(Kind::Vouched, |contents| {
        lines::remove(contents, |vouched: &VouchedFingerprint| keys.contains(&vouched.key()))
    })
}
