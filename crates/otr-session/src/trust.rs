//! Which identities are known for a contact, and which of them the user has verified.

use otr_crypto::{Fingerprint, PublicKey};
use otr_wire::Version;

use core::time::Duration;

use crate::{
    MAX_KNOWN_FINGERPRINTS,
    budget::{Budget, Rate},
};

/// How many wrong guesses at a compared secret an identity has in a day.
pub const GUESSES_A_DAY: u32 = 10;

const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

static GUESSES: Rate = Rate {
    burst: GUESSES_A_DAY,
    each: match A_DAY.checked_div(GUESSES_A_DAY) {
        Some(each) => each,
        None => A_DAY,
    },
};

/// Whether the user has made sure that an identity is the contact's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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
    /// The highest version spoken with it.
    pub version: Option<Version>,
}

/// The identities on record for one contact. A decision is always about one fingerprint, never about "the current
/// one" (attack rules G-8, ID-5, ID-6).
#[derive(Debug, Default)]
pub(crate) struct KnownFingerprints {
    records: Vec<Record>,
    /// Identities of the Curve25519 suite, each with the one that vouched for it: the latest for each of these.
    vouched: Vec<(Fingerprint, Fingerprint)>,
}

#[derive(Debug)]
struct Record {
    known: KnownFingerprint,
    /// SHA-256 of the whole public key, once it was seen.
    full_digest: Option<[u8; 32]>,
    /// The user takes it for the contact's, in place of a verified one, without calling it verified.
    accepted: bool,
    /// Guesses at a compared secret: ten, and one more every 2.4 hours (attack rule SMP-15).
    guesses: Budget,
}

impl KnownFingerprints {
    pub(crate) fn trust(&self, fingerprint: Fingerprint) -> Option<Trust> {
        let vouching = self.vouched.iter().filter(|(of, _)| *of == fingerprint).map(|(_, by)| *by);
        let vouched = vouching.filter_map(|by| self.record(by));
        self.record(fingerprint).into_iter().chain(vouched).map(|record| record.known.trust).max()
    }

    /// A conversation with the identity `by`, which is on record, has vouched for one of the Curve25519 suite: trust in
    /// the former is trust in the latter, never the other way round.
    pub(crate) fn vouch(&mut self, of: Fingerprint, by: Fingerprint) {
        let Self { records, vouched } = self;
        vouched.retain(|(_, known)| *known != by && records.iter().any(|record| record.known.fingerprint == *known));
        vouched.push((of, by));
    }

    /// All of them: of whom, by whom.
    pub(crate) fn vouches(&self) -> &[(Fingerprint, Fingerprint)] {
        &self.vouched
    }

    pub(crate) fn is_verified(&self, fingerprint: Fingerprint) -> bool {
        self.trust(fingerprint) == Some(Trust::Verified)
    }

    /// Whether the user takes this identity for the contact's: verified, or accepted as it is.
    pub(crate) fn is_accepted(&self, fingerprint: Fingerprint) -> bool {
        self.record(fingerprint).is_some_and(|record| record.accepted) || self.is_verified(fingerprint)
    }

    /// How far a key is trusted; one that merely shares its fingerprint with a trusted one is not.
    pub(crate) fn trust_in(&self, key: &PublicKey) -> Trust {
        let trust = self.trust(key.fingerprint()).filter(|_| !self.collides(key));
        trust.unwrap_or(Trust::Unverified)
    }

    /// A verified identity, if there is any.
    pub(crate) fn verified(&self) -> Option<Fingerprint> {
        self.iter().find(|known| known.trust == Trust::Verified).map(|known| known.fingerprint)
    }

    /// Whether an identity may have a guess at a secret.
    pub(crate) fn may_guess(&self, fingerprint: Fingerprint, now: Duration) -> bool {
        self.record(fingerprint).is_none_or(|record| record.guesses.ready_at() <= now)
    }

    /// An identity has had a guess, and it was wrong.
    pub(crate) fn guessed(&mut self, fingerprint: Fingerprint, now: Duration) {
        self.update(fingerprint, |record| {
            record.guesses.take(now);
        });
    }

    /// The version below which none is to be spoken: the highest spoken with an identity that the user has verified or
    /// accepted, or where there is none, with any. Who is somebody else to the user pins nothing (attack rule VER-1).
    pub(crate) fn pinned(&self) -> Option<Version> {
        let anyone_verified = self.verified().is_some();
        let counts = |record: &&Record| !anyone_verified || self.is_accepted(record.known.fingerprint);
        self.records.iter().filter(counts).filter_map(|record| record.known.version).max()
    }

    /// The highest version spoken with an identity.
    pub(crate) fn version(&self, fingerprint: Fingerprint) -> Option<Version> {
        self.record(fingerprint)?.known.version
    }

    /// A version has been spoken with an identity.
    pub(crate) fn spoke(&mut self, fingerprint: Fingerprint, version: Version) {
        self.update(fingerprint, |record| record.known.version = record.known.version.max(Some(version)));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Whether another key with the same fingerprint is on record: two keys of one SHA-1 (attack rule ID-3).
    pub(crate) fn collides(&self, key: &PublicKey) -> bool {
        let digest = self.record(key.fingerprint()).and_then(|record| record.full_digest);
        digest.is_some_and(|digest| digest != key.full_digest())
    }

    /// Puts a proved identity on record; trust it already has stays.
    pub(crate) fn see(&mut self, key: &PublicKey) {
        self.update(key.fingerprint(), |record| {
            record.full_digest.get_or_insert(key.full_digest());
        });
    }

    /// Sets the trust in an identity. Where one is newly verified, what was accepted in its place is no more.
    pub(crate) fn set(&mut self, fingerprint: Fingerprint, trust: Trust) {
        if trust == Trust::Verified && !self.is_verified(fingerprint) {
            self.records.iter_mut().for_each(|record| record.accepted = false);
        }
        self.update(fingerprint, |record| {
            record.known.trust = trust;
            record.accepted &= trust == Trust::Verified;
        });
    }

    pub(crate) fn accept(&mut self, fingerprint: Fingerprint) {
        self.update(fingerprint, |record| record.accepted = true);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = KnownFingerprint> {
        self.records.iter().map(|record| record.known)
    }

    /// Whoever completes exchanges with ever new keys pushes out unverified records, never one
    /// that the user has verified or accepted.
    fn make_room(&mut self) {
        if self.records.len() >= MAX_KNOWN_FINGERPRINTS
            && let Some(oldest) =
                self.records.iter().position(|record| record.known.trust == Trust::Unverified && !record.accepted)
        {
            self.records.remove(oldest);
        }
    }

    fn record(&self, fingerprint: Fingerprint) -> Option<&Record> {
        self.records.iter().find(|record| record.known.fingerprint == fingerprint)
    }

    /// Changes the record of an identity, which is made if there is none.
    fn update(&mut self, fingerprint: Fingerprint, change: impl FnOnce(&mut Record)) {
        if self.record(fingerprint).is_none() {
            self.make_room();
            let known = KnownFingerprint { fingerprint, trust: Trust::Unverified, version: None };
            let guesses = Budget::new(&GUESSES);
            // Nearly every contact has one.
            self.records.reserve_exact(1);
            self.records.push(Record { known, full_digest: None, accepted: false, guesses });
        }
        if let Some(record) = self.records.iter_mut().find(|record| record.known.fingerprint == fingerprint) {
            change(record);
        }
    }
}

#[cfg(test)]
mod tests {
    use chacha20::{ChaCha20Rng, rand_core::SeedableRng};
    use otr_crypto::IdentityKey;

    use super::*;

    fn fingerprint(number: u32) -> Fingerprint {
        let mut bytes = [0; 20];
        bytes[..4].copy_from_slice(&number.to_be_bytes());
        Fingerprint::from_bytes(bytes)
    }

    // attack: ID-3
    #[test]
    fn another_key_under_a_known_fingerprint_is_noticed_and_not_trusted() {
        let key = IdentityKey::generate(&mut ChaCha20Rng::from_seed([3; 32]));
        let key = key.public_key();
        let mut known = KnownFingerprints::default();
        known.see(key);
        known.set(key.fingerprint(), Trust::Verified);
        assert!(!known.collides(key));
        assert_eq!(known.trust_in(key), Trust::Verified);
        // A key with the same SHA-1 cannot be made; a record of one can.
        known.update(key.fingerprint(), |record| record.full_digest = Some([9; 32]));
        assert!(known.collides(key));
        assert_eq!(known.trust_in(key), Trust::Unverified);
    }

    // attack: DOS-3
    #[test]
    fn ever_new_identities_push_out_unverified_ones_only() {
        let mut known = KnownFingerprints::default();
        known.set(fingerprint(0), Trust::Verified);
        known.set(fingerprint(1), Trust::Unverified);
        known.accept(fingerprint(1));
        for number in 2..1000 {
            known.set(fingerprint(number), Trust::Unverified);
        }
        assert_eq!(known.iter().count(), MAX_KNOWN_FINGERPRINTS);
        assert!(known.is_verified(fingerprint(0)));
        assert!(known.is_accepted(fingerprint(1)));
        assert!(known.trust(fingerprint(999)).is_some());
    }

    // attack: AKE-13
    #[test]
    fn verifying_one_identity_ends_the_acceptance_of_others() {
        let mut known = KnownFingerprints::default();
        known.set(fingerprint(1), Trust::Unverified);
        known.accept(fingerprint(1));
        assert!(known.is_accepted(fingerprint(1)));
        known.set(fingerprint(2), Trust::Verified);
        assert!(!known.is_accepted(fingerprint(1)));
        assert!(known.is_accepted(fingerprint(2)));
        known.set(fingerprint(2), Trust::Unverified);
        assert!(!known.is_accepted(fingerprint(2)));
    }
}
