//! What the user does: send, start, end.

use core::time::Duration;

use otr_wire::{Flags, Plaintext, Query, Tagged, Tlv, TlvType, Version, Versions};

use crate::{
    Policy, READ, Refusal, START_PATIENCE, Sent, SessionState,
    account::NotPossible,
    comparing,
    contact::{Contact, Destination, Ended, InstanceName, TagOffer},
    outgoing,
    session::Session,
    shared::Shared,
};
use otr_crypto::ExtraSymmetricKey;

/// How many queries one waiting text makes us send before we stop asking.
const MAX_QUERIES: u8 = 10;

impl Contact {
    /// Sends what the user typed, in the one way that state and policy allow.
    pub(crate) fn send(&mut self, peer: &str, text: &str, shared: &mut Shared, now: Duration) -> Sent {
        let policy = self.policy(&shared.config);
        // A policy is no way out of a private conversation (attack rule G-3).
        if !policy.allows() && !self.is_private() {
            shared.transmit(peer, text.to_owned());
            return Sent::Plain;
        }
        // attack rule DATA-12: a NUL would end the text and begin records of the user's own making.
        if text.contains('\0') {
            return Sent::Refused(Refusal::NulInText);
        }
        match self.destination() {
            Destination::Private(_) if self.renewal.is_some() => match self.queue.push(text) {
                true => Sent::Queued,
                false => Sent::Refused(Refusal::QueueFull),
            },
            Destination::Private(name) => match self.send_encrypted(name, peer, text, shared, now) {
                Ok(()) => Sent::Encrypted,
                Err(refusal) => Sent::Refused(refusal),
            },
            Destination::Nowhere => Sent::Refused(Refusal::Finished),
            Destination::Clear if policy.requires_encryption() || self.starting_until.is_some() => {
                self.send_later(peer, text, shared, now)
            }
            Destination::Clear => self.send_plain(peer, text, policy, shared),
        }
    }

    fn send_encrypted(
        &mut self,
        name: InstanceName,
        peer: &str,
        text: &str,
        shared: &mut Shared,
        now: Duration,
    ) -> Result<(), Refusal> {
        let sent = self.send_text(name, peer, text, false, shared, now);
        if sent == Err(Refusal::Exhausted) {
            self.query(peer, shared, now);
        }
        sent
    }

    fn send_later(&mut self, peer: &str, text: &str, shared: &mut Shared, now: Duration) -> Sent {
        if !self.queue.push(text) {
            return Sent::Refused(Refusal::QueueFull);
        }
        self.queries_left = MAX_QUERIES;
        self.query(peer, shared, now);
        Sent::Queued
    }

    fn send_plain(&mut self, peer: &str, text: &str, policy: Policy, shared: &mut Shared) -> Sent {
        // attack rule VER-9: queries go out through `start` only; text is always text.
        if text.starts_with("?OTR") {
            return Sent::Refused(Refusal::LooksLikeOtr);
        }
        let versions = self.offered_versions(&shared.config);
        let versions = versions.common(Versions::ALL);
        if !policy.contains(Policy::SEND_WHITESPACE_TAG) || self.tag_offer == TagOffer::Rejected || versions.is_empty()
        {
            shared.transmit(peer, text.to_owned());
            return Sent::Plain;
        }
        let tagged = Tagged::append(text.as_bytes(), versions);
        self.tag_offer = TagOffer::Sent;
        shared.transmit(peer, String::from_utf8_lossy(&tagged).into_owned());
        Sent::Plain
    }

    /// Asks for a private conversation because the user wants one; text waits for it from now on.
    pub(crate) fn start(&mut self, peer: &str, shared: &mut Shared, now: Duration) -> Result<(), NotPossible> {
        let versions = self.offered_versions(&shared.config);
        if !self.policy(&shared.config).allows() || versions.is_empty() || shared.lacks_key(versions) {
            return Err(NotPossible::Policy);
        }
        self.tag_offer = TagOffer::NotSent;
        if !self.is_encrypted() {
            self.starting_until = Some(now.saturating_add(START_PATIENCE));
        }
        shared.transmit(peer, Query { offered: versions }.encode());
        Ok(())
    }

    /// Asks for a private conversation without the user having said so, if it is time to.
    pub(crate) fn query(&mut self, peer: &str, shared: &mut Shared, now: Duration) {
        let due = self.may_query_at(&shared.config).is_some_and(|at| at <= now);
        let offered = self.offered_versions(&shared.config);
        if !due || shared.lacks_key(offered) || !self.budgets.queries.take(now) {
            return;
        }
        self.queries_left = self.queries_left.saturating_sub(1);
        shared.transmit(peer, Query { offered }.encode());
    }

    /// Ends every private conversation with the contact, and every exchange under way.
    pub(crate) fn end(&mut self, peer: &str, shared: &mut Shared, now: Duration) {
        // The last message would confirm what was lost.
        let names: Vec<InstanceName> = self.sessions().map(|(name, _)| name).collect();
        names.into_iter().for_each(|name| self.report_before(name, peer, shared, now));
        if self.is_renewing(now) {
            self.unconfirmed.doubt();
        }
        self.offer = None;
        self.starting_until = None;
        self.renewal = None;
        let [_, read] = self.loss.report();
        self.end_loss(peer, shared);
        self.give_back(peer, shared);
        if let Some(Ended { at, .. }) = self.ended.take() {
            let change = self.session_change(at, SessionState::Plaintext, false);
            shared.event(peer, change);
        }
        for (name, mut instance) in self.instances.take() {
            instance.forget_former();
            // The session is out of reach before its last message is made: nothing can be sent with it twice.
            let Some(session) = instance.session.take() else { continue };
            let header = session.header();
            let verified = self.known.is_verified(session.fingerprint());
            if let Some(event) = comparing::cut_off(&session, name, verified) {
                shared.event(peer, event);
            }
            // Nothing comes after it that would confirm what was read. Programs of versions 2 and 3 may drop a message with a
            // record that they do not know.
            let is_ours = header.version() == Version::Curve25519 && !read.is_empty();
            let tlvs = is_ours.then(|| Tlv::new(READ, &read).ok()).flatten().into_iter().collect();
            if let Some(message) = session.disconnect(tlvs) {
                shared.transmit_encoded(peer, header, &message);
            }
            let change = self.session_change(name, SessionState::Plaintext, false);
            shared.event(peer, change);
        }
    }

    pub(crate) fn heartbeat(&mut self, peer: &str, shared: &mut Shared, now: Duration) -> Result<(), NotPossible> {
        let session = self.private_session_to_speak_in(peer, shared, now)?;
        outgoing::send_heartbeat(peer, session, shared, now).map_err(NotPossible::Refused)
    }

    /// Tells the contact that the extra symmetric key is put to a use, and returns the key (attack rule XKEY-1).
    pub(crate) fn extra_key(
        &mut self,
        peer: &str,
        usage: u32,
        data: &[u8],
        shared: &mut Shared,
        now: Duration,
    ) -> Result<ExtraSymmetricKey, NotPossible> {
        let session = self.private_session_to_speak_in(peer, shared, now)?;
        let key = session.sending_extra_key().ok_or(NotPossible::NotInPrivate)?;
        let value = [&usage.to_be_bytes(), data].concat();
        let tlv = Tlv::new(TlvType::EXTRA_SYMMETRIC_KEY, &value);
        let tlv = tlv.map_err(|_| NotPossible::Refused(Refusal::TooLong))?;
        let plaintext = Plaintext { tlvs: vec![tlv], ..Plaintext::default() };
        outgoing::send_data(peer, session, plaintext, Flags::IGNORE_UNREADABLE, shared, now)
            .map_err(NotPossible::Refused)?;
        Ok(key)
    }

    fn private_session_to_speak_in(
        &mut self,
        peer: &str,
        shared: &mut Shared,
        now: Duration,
    ) -> Result<&mut Session, NotPossible> {
        if let Destination::Private(name) = self.destination() {
            self.report_before(name, peer, shared, now);
        }
        self.private_session()
    }

    pub(crate) fn private_session(&mut self) -> Result<&mut Session, NotPossible> {
        let Destination::Private(name) = self.destination() else { return Err(NotPossible::NotInPrivate) };
        let session = self.session_mut(name).ok_or(NotPossible::NotInPrivate)?;
        if session.blocked { Err(NotPossible::Refused(Refusal::IdentityChanged)) } else { Ok(session) }
    }
}
