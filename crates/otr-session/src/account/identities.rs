//! What is on record of identities, and what the user decides about them.

use core::time::Duration;

use otr_crypto::Fingerprint;
use otr_wire::Version;

use super::{Account, NotPossible, is_name};
use crate::{Event, KnownFingerprint, Refusal, Trust};

impl Account {
    /// The Curve25519 identities that conversations with `peer` have vouched for, each with the fingerprint whose trust
    /// it goes by.
    #[must_use]
    pub fn vouched_fingerprints(&self, peer: &str) -> Vec<(Fingerprint, Fingerprint)> {
        self.contacts.get(peer).map(|contact| contact.known.vouches().to_vec()).unwrap_or_default()
    }

    /// The identities on record for `peer`.
    #[must_use]
    pub fn known_fingerprints(&self, peer: &str) -> Vec<KnownFingerprint> {
        self.contacts.get(peer).map(|contact| contact.known.iter().collect()).unwrap_or_default()
    }

    /// Puts an identity on record, as when stored ones are loaded.
    ///
    /// # Errors
    ///
    /// When `peer` is not a name.
    pub fn remember(&mut self, peer: &str, fingerprint: Fingerprint, trust: Trust) -> Result<(), NotPossible> {
        if !is_name(peer) {
            return Err(Refusal::BadName.into());
        }
        let (contact, _) = self.contact(peer);
        contact.known.set(fingerprint, trust);
        contact.apply_trust();
        Ok(())
    }

    /// Puts the highest version spoken with an identity on record, as when stored ones are loaded; see
    /// [`known_fingerprints`](Self::known_fingerprints) for what to store. Below it no version is spoken without
    /// [`set_allow_downgrade`](Self::set_allow_downgrade) (attack rule VER-1).
    ///
    /// # Errors
    ///
    /// When the fingerprint is not on record for `peer`.
    pub fn remember_version(
        &mut self,
        peer: &str,
        fingerprint: Fingerprint,
        version: Version,
    ) -> Result<(), NotPossible> {
        self.on_record(peer, fingerprint)?;
        self.contact(peer).0.known.spoke(fingerprint, version);
        Ok(())
    }

    /// Puts on record that a conversation with the identity `by` vouched for a Curve25519 identity, as when stored
    /// records are loaded; see [`vouched_fingerprints`](Self::vouched_fingerprints).
    ///
    /// # Errors
    ///
    /// When `by` is not on record for `peer`.
    pub fn remember_vouched(&mut self, peer: &str, of: Fingerprint, by: Fingerprint) -> Result<(), NotPossible> {
        self.on_record(peer, by)?;
        let (contact, _) = self.contact(peer);
        contact.known.vouch(of, by);
        contact.known.spoke(by, Version::Curve25519);
        Ok(())
    }

    /// Says whether the user has made sure that this very fingerprint, which must be on record, is the contact's.
    /// Verifying also accepts it, where it took another one's place, and lets waiting text go.
    ///
    /// # Errors
    ///
    /// When the fingerprint is not on record for `peer`.
    pub fn set_trust(
        &mut self,
        peer: &str,
        fingerprint: Fingerprint,
        trust: Trust,
        now: Duration,
    ) -> Result<(), NotPossible> {
        self.on_record(peer, fingerprint)?;
        let (contact, shared) = self.contact(peer);
        contact.known.set(fingerprint, trust);
        contact.apply_trust();
        contact.flush_queue(peer, shared, now);
        contact.release_queue(peer, shared);
        Ok(())
    }

    /// Accepts a changed identity without saying that it is verified: sending to it is possible again, and text that
    /// waits goes to it.
    ///
    /// # Errors
    ///
    /// When the fingerprint is not on record for `peer`.
    pub fn accept_identity(&mut self, peer: &str, fingerprint: Fingerprint, now: Duration) -> Result<(), NotPossible> {
        self.on_record(peer, fingerprint)?;
        let (contact, shared) = self.contact(peer);
        contact.known.accept(fingerprint);
        contact.apply_trust();
        contact.flush_queue(peer, shared, now);
        Ok(())
    }

    /// Tells if the identity that `peer` has just proved for the first time is on record for somebody else.
    pub(super) fn tell_namesake(&mut self, peer: &str) {
        let Some(fingerprint) = self.shared.new_identity.take() else { return };
        let others = self.contacts.iter().filter(|(name, _)| *name != peer);
        let known = others.filter_map(|(name, contact)| Some((contact.known.trust(fingerprint)?, name)));
        if let Some((trust, other)) = known.max_by_key(|&(trust, _)| trust) {
            let event = Event::IdentityOfAnother { fingerprint, other: other.clone(), trust };
            self.shared.event(peer, event);
        }
    }

    fn on_record(&self, peer: &str, fingerprint: Fingerprint) -> Result<(), NotPossible> {
        let known = self.contacts.get(peer).and_then(|contact| contact.known.trust(fingerprint));
        known.map(|_| ()).ok_or(NotPossible::UnknownFingerprint)
    }
}
