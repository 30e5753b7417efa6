//! Key exchanges with a contact: beginning them, running them, and what their completion changes.

use otr_ake::{Context, Established, Offer, Outcome};
use otr_wire::{Header, InstanceTag, Message, Payload, Version, Versions};
use rand_core::CryptoRng;

use crate::{
    Event, MAX_INSTANCES, Warning,
    contact::{Contact, InstanceName, OpenOffer},
    instance::{Instance, MessageState},
    receiving::Turn,
    revealed::PendingReveals,
    session::Session,
};

impl Contact {
    /// Begins an exchange because the other side asked for one. This is unauthenticated prompting, so it is bounded
    /// (attack rules G-7, VER-7).
    pub(crate) fn prompted<R: CryptoRng + ?Sized>(&mut self, offered: Versions, turn: &mut Turn<'_, R>) {
        let Some(version) = offered.common(self.versions(&turn.shared.config)).best() else {
            turn.warn(Warning::UnsupportedVersion);
            return;
        };
        if !turn.may_reply || (self.is_encrypted() && !self.budgets.prompts_in_private.take(turn.now)) {
            return;
        }
        if !self.take_exchange(turn) {
            return;
        }
        self.begin_exchange(version, turn);
    }

    /// Sends a D-H Commit to every instance of the contact: the one that is already out, or a fresh one.
    pub(crate) fn begin_exchange<R: CryptoRng + ?Sized>(&mut self, version: Version, turn: &mut Turn<'_, R>) {
        let header = match version {
            Version::Two => Header::V2,
            Version::Three => Header::V3 { sender: turn.shared.instance_tag, receiver: None },
        };
        if let Some(open) = &self.offer
            && !open.spent
            && open.offer.header() == header
            && turn.now < open.ends()
        {
            turn.transmit(header, &open.offer.message(None));
            return;
        }
        let offer = Offer::new(header, turn.now, turn.rng);
        turn.transmit(header, &offer.message(None));
        for instance in self.instances.values_mut() {
            instance.ake.begin(offer.clone());
        }
        self.offer = Some(OpenOffer { offer, spent: false });
    }

    /// Handles a message of the exchange.
    pub(crate) fn receive_exchange<R: CryptoRng + ?Sized>(&mut self, message: &Message<'_>, turn: &mut Turn<'_, R>) {
        if !turn.may_reply {
            return;
        }
        let costs = matches!(message.payload, Payload::DhCommit(_) | Payload::DhKey(_));
        if costs && !self.take_exchange(turn) {
            return;
        }
        let name = message.header.sender();
        let is_new = !self.instances.contains_key(&name);
        if is_new && !self.may_begin(message, turn) {
            return;
        }
        let header = reply_header(turn.shared.instance_tag, name);
        let instance = match self.instances.get_mut(&name) {
            Some(instance) => instance,
            None => self.add_instance(name, header, turn.now),
        };
        let shared = &mut *turn.shared;
        let mut context = Context {
            identity: &shared.identity,
            known_keys: &mut shared.known_keys,
            now: turn.now,
            rng: &mut *turn.rng,
        };
        match instance.ake.receive(message, &mut context) {
            Ok(Outcome::Ignored) => self.forget_if(is_new, name),
            Ok(Outcome::Reply(reply)) => {
                instance.touched = turn.now;
                turn.transmit(header, &reply);
            }
            Ok(Outcome::Established(established, reply)) => {
                if let Some(reply) = reply {
                    turn.transmit(header, &reply);
                }
                self.establish(name, *established, turn);
            }
            Err(error) => {
                self.forget_if(is_new, name);
                turn.warn(match error {
                    otr_ake::Error::Reflected => Warning::Reflected,
                    _ => Warning::Malformed,
                });
            }
        }
    }

    /// Whether a message from an instance that is not known yet can belong to an exchange.
    fn may_begin<R: ?Sized>(&self, message: &Message<'_>, turn: &Turn<'_, R>) -> bool {
        match message.payload {
            Payload::DhCommit(_) => true,
            // attack rule AKE-5: every instance may answer our offer, for as long as it stands.
            Payload::DhKey(_) => self.offer.as_ref().is_some_and(|open| turn.now < open.ends()),
            Payload::RevealSignature(_) | Payload::Signature(_) | Payload::Data(_) => false,
        }
    }

    /// A refused message leaves no instance behind.
    fn forget_if(&mut self, is_new: bool, name: InstanceName) {
        if is_new {
            self.instances.remove(&name);
        }
    }

    /// Takes one token of key exchange work, of the contact's and of the account's.
    fn take_exchange<R: ?Sized>(&mut self, turn: &mut Turn<'_, R>) -> bool {
        let granted = self.budgets.exchanges.take(turn.now) && turn.shared.take_exchange(turn.now);
        if !granted {
            turn.warn(Warning::TooManyExchanges);
        }
        granted
    }

    /// Puts a completed exchange into force: the only way into the encrypted state (attack rule G-3).
    fn establish<R: CryptoRng + ?Sized>(
        &mut self,
        name: InstanceName,
        established: Established,
        turn: &mut Turn<'_, R>,
    ) {
        let Some(instance) = self.instances.get_mut(&name) else { return };
        let key = established.their_key.clone();
        let fingerprint = key.fingerprint();
        let before = instance.fingerprint();
        let carried = match std::mem::replace(&mut instance.state, MessageState::Plaintext) {
            MessageState::Encrypted(old) => old.supersede(),
            MessageState::Plaintext | MessageState::Finished => PendingReveals::default(),
        };
        let mut session = Session::new(established, carried, turn.now, turn.rng);

        // attack rules AKE-13, ID-3: the identity is compared with the conversation's so far and with the one the
        // user has verified, and in full.
        let verified = self.known.verified();
        let collides = self.known.collides(&key);
        let old = before.filter(|&before| before != fingerprint || collides).or(verified);
        let changed = old.filter(|&old| collides || (old != fingerprint && !self.known.is_verified(fingerprint)));
        session.blocked = changed.is_some() && (collides || verified.is_some());
        let blocked = session.blocked;

        instance.state = MessageState::Encrypted(Box::new(session));
        instance.touched = turn.now;
        instance.unreadable = 0;
        if let Some(open) = &mut self.offer {
            open.spent = true;
        }
        self.starting_until = None;

        if self.known.trust(fingerprint).is_none() {
            let other_known = !self.known.is_empty();
            turn.event(Event::NewFingerprint { fingerprint, other_known });
        }
        self.known.see(&key);
        if let Some(old) = changed {
            turn.event(Event::IdentityChanged { old, new: fingerprint, blocked });
        }
        let change = self.session_change(name, before == Some(fingerprint));
        turn.event(change);
        self.drop_oldest_session(name);
        self.flush_queue(turn.peer, turn.shared, turn.now);
    }

    /// Keeps the number of sessions within its limit; the one heard from longest ago goes.
    fn drop_oldest_session(&mut self, newest: InstanceName) {
        let heard = |instance: &Instance| instance.session().map(|session| session.last_received);
        let sessions = self.instances.iter().filter_map(|(&name, instance)| Some((heard(instance)?, name)));
        if sessions.clone().count() > MAX_INSTANCES
            && let Some((_, oldest)) = sessions.filter(|&(_, name)| name != newest).min()
        {
            self.instances.remove(&oldest);
        }
    }
}

/// The header of what we send to an instance.
pub(crate) const fn reply_header(ours: InstanceTag, theirs: InstanceName) -> Header {
    match theirs {
        None => Header::V2,
        Some(_) => Header::V3 { sender: ours, receiver: theirs },
    }
}
