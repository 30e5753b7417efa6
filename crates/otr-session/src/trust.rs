//! Which identities are known for a contact, and which of them the user has verified.

use otr_crypto::{Fingerprint, PublicKey};

use crate::MAX_KNOWN_FINGERPRINTS;

/// Whether the user has made sure that an identity is the contact's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// Seen, nothing more.
    Unverified,
    /// Made sure of by the user.
    Verified,
}

/// An identity on record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownFingerprint {
    /// The identity.
    pub fingerprint: Fingerprint,
    /// Whether it is verified.
    pub trust: Trust,
}

/// The identities on record for one contact. A decision is always about one fingerprint, never about "the current
/// one" (attack rules G-8, ID-5, ID-6).
#[derive(Debug, Default)]
pub(crate) struct KnownFingerprints(Vec<Record>);

#[derive(Debug)]
struct Record {
    known: KnownFingerprint,
    /// SHA-256 of the whole public key, once it was seen.
    full_digest: Option<[u8; 32]>,
}

impl KnownFingerprints {
    pub(crate) fn trust(&self, fingerprint: Fingerprint) -> Option<Trust> {
        self.record(fingerprint).map(|record| record.known.trust)
    }

    pub(crate) fn is_verified(&self, fingerprint: Fingerprint) -> bool {
        self.trust(fingerprint) == Some(Trust::Verified)
    }

    /// A verified identity, if there is any.
    pub(crate) fn verified(&self) -> Option<Fingerprint> {
        self.iter().find(|known| known.trust == Trust::Verified).map(|known| known.fingerprint)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether another key with the same fingerprint is on record: two keys of one SHA-1 (attack rule ID-3).
    pub(crate) fn collides(&self, key: &PublicKey) -> bool {
        let digest = self.record(key.fingerprint()).and_then(|record| record.full_digest);
        digest.is_some_and(|digest| digest != key.full_digest())
    }

    /// Puts a proved identity on record; trust it already has stays.
    pub(crate) fn see(&mut self, key: &PublicKey) {
        let record = self.record_mut(key.fingerprint());
        record.full_digest.get_or_insert(key.full_digest());
    }

    pub(crate) fn set(&mut self, fingerprint: Fingerprint, trust: Trust) {
        self.record_mut(fingerprint).known.trust = trust;
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = KnownFingerprint> {
        self.0.iter().map(|record| record.known)
    }

    /// Whoever completes exchanges with ever new keys pushes out unverified records, never a verified one.
    fn make_room(&mut self) {
        if self.0.len() >= MAX_KNOWN_FINGERPRINTS
            && let Some(oldest) = self.0.iter().position(|record| record.known.trust == Trust::Unverified)
        {
            self.0.remove(oldest);
        }
    }

    fn record(&self, fingerprint: Fingerprint) -> Option<&Record> {
        self.0.iter().find(|record| record.known.fingerprint == fingerprint)
    }

    fn record_mut(&mut self, fingerprint: Fingerprint) -> &mut Record {
        let at = self.0.iter().position(|record| record.known.fingerprint == fingerprint).unwrap_or_else(|| {
            self.make_room();
            let known = KnownFingerprint { fingerprint, trust: Trust::Unverified };
            self.0.push(Record { known, full_digest: None });
            self.0.len() - 1
        });
        &mut self.0[at]
    }
}
