//! Key exchanges with a contact: beginning them, running them, and what their completion changes.

use core::time::Duration;
use std::sync::Arc;

use otr_ake::{Context, Cost, Established, Offer, Outcome, Role};
use otr_crypto::{Fingerprint, Suite};
use otr_wire::{Header, Message, Payload, Version, Versions};
use rand_core::CryptoRng;

use crate::{
    Event, MAX_INSTANCES, MOVING_TIME, SessionState, Warning, comparing,
    contact::{Contact, InstanceName, OpenOffer},
    moving,
    receiving::Turn,
    session::Session,
    shared::Shared,
};

impl Contact {
    /// Begins an exchange because the other side asked for one. This is unauthenticated prompting, so it is bounded
    /// (attack rules G-7, VER-7).
    pub(crate) fn prompted<R: CryptoRng + ?Sized>(&mut self, offered: Versions, turn: &mut Turn<'_, R>) {
        let Some(version) = offered.common(self.versions(&turn.shared.config)).best() else {
            turn.warn(Warning::UnsupportedVersion);
            return;
        };
        if self.is_step_back(version, turn) {
            return;
        }
        if !turn.may_reply || (self.is_encrypted() && !self.budgets.prompts_in_private.take(turn.now)) {
            return;
        }
        if !self.take_exchange(turn) {
            return;
        }
        self.begin_exchange(version, turn);
    }

    /// Whether an exchange in `version` would be an unwanted step back (attack rule VER-1); the user is told.
    fn is_step_back<R: ?Sized>(&self, version: Version, turn: &mut Turn<'_, R>) -> bool {
        let pinned = self.pinned(&turn.shared.config).filter(|&pinned| version < pinned);
        if let Some(from) = pinned {
            turn.warn(Warning::DowngradeRefused { from, to: version });
        }
        pinned.is_some()
    }

    /// Sends a D-H Commit to every instance of the contact: the one that is already out, or a fresh one.
    pub(crate) fn begin_exchange<R: CryptoRng + ?Sized>(&mut self, version: Version, turn: &mut Turn<'_, R>) {
        if version == Version::Curve25519 && turn.shared.curve25519.is_none() {
            return turn.warn(Warning::UnsupportedVersion);
        }
        let header = Header::new(version, turn.shared.instance_tag, None);
        if let Some(open) = &self.offer
            && Self::can_repeat(open, header, turn.now)
        {
            let offer = open.offer.clone();
            turn.transmit(header, &offer.message(None));
            self.begin_everywhere(&offer);
            return;
        }
        let offer = Offer::new(header, turn.now, turn.rng);
        turn.transmit(header, &offer.message(None));
        self.begin_everywhere(&offer);
        self.offer = Some(OpenOffer { offer, spent: false });
    }

    /// Sends the commit that is out once more, if it still serves.
    pub(crate) fn repeat_offer(&self, peer: &str, shared: &mut Shared, now: Duration) -> bool {
        let Some(open) = self.offer.as_ref().filter(|open| Self::can_repeat(open, open.offer.header(), now)) else {
            return false;
        };
        shared.transmit_encoded(peer, open.offer.header(), &open.offer.message(None));
        true
    }

    /// Lets every instance of the offer's version answer it, unless it is answering already.
    fn begin_everywhere(&mut self, offer: &Arc<Offer>) {
        let version = offer.header().version();
        let fitting = self.instances.iter_mut().filter(|(_, instance)| instance.ake.version() == version);
        for (_, instance) in fitting.filter(|(_, instance)| !instance.ake.is_on(offer)) {
            instance.ake.begin(offer.clone());
        }
    }

    /// Whether the commit that is out serves again: no exchange came of it, and it was opened to nobody.
    fn can_repeat(open: &OpenOffer, header: Header, now: Duration) -> bool {
        !open.spent && !open.offer.is_revealed() && open.offer.header() == header && now < open.ends()
    }

    /// Handles a message of the exchange.
    pub(crate) fn receive_exchange<R: CryptoRng + ?Sized>(&mut self, message: &Message<'_>, turn: &mut Turn<'_, R>) {
        if !turn.may_reply {
            return;
        }
        let version = message.header.version();
        if self.is_step_back(version, turn) {
            return;
        }
        let name = message.header.sender();
        let header = Header::new(version, turn.shared.instance_tag, name);
        // An instance that is not known yet is made aside: a refused message leaves none behind, and drives none out.
        let mut new = match self.instances.get(name) {
            Some(_) => None,
            None if self.may_begin(message, turn) => Some(self.new_instance(header, turn.now)),
            None => return,
        };
        let Some(instance) = new.as_deref_mut().or_else(|| self.instances.get_mut(name)) else { return };
        // What is not of the version that the two begin in moves them on from there.
        let is_move = instance.ake.version() != version;
        let Some((ake, _)) = instance.exchange(version) else { return };
        let granted = match ake.cost(message) {
            Cost::Nothing => true,
            Cost::Repetition => self.budgets.repetitions.take(turn.now),
            Cost::Work => self.take_exchange(turn),
        };
        if !granted {
            return;
        }
        let shared = &mut *turn.shared;
        let identity = match otr_ake::suite(version) {
            Suite::Otr => &shared.identity,
            Suite::Curve25519 => match &shared.curve25519 {
                Some(identity) => identity,
                None => return,
            },
        };
        let addresses = shared.config.addresses(turn.peer);
        let directly =
            (version == Version::Curve25519).then(|| moving::bind(None, Role::Initiator, [&[]; 2], addresses));
        let Some(instance) = new.as_deref_mut().or_else(|| self.instances.get_mut(name)) else { return };
        let Some((ake, bond)) = instance.exchange(version) else { return };
        let bond = bond.or(directly.as_ref());
        let known_keys = &mut shared.known_keys;
        let mut context = Context { identity, known_keys, bond, now: turn.now, rng: &mut *turn.rng };
        let result = ake.receive(message, &mut context);
        if !matches!(result, Ok(Outcome::Ignored) | Err(_)) {
            instance.touched = turn.now;
            if let Some(instance) = new {
                self.add_instance(name, instance);
            }
        }
        match result {
            Ok(Outcome::Ignored) => {}
            Ok(Outcome::Reply(reply)) => turn.transmit(header, &reply),
            Ok(Outcome::Established(established, reply)) if is_move => {
                self.complete_move(name, *established, reply, turn);
            }
            Ok(Outcome::Established(established, reply)) => {
                if let Some(reply) = reply {
                    turn.transmit(header, &reply);
                }
                self.establish(name, *established, turn);
            }
            Err(otr_ake::Error::Reflected) => turn.warn(Warning::Reflected),
            Err(_) => turn.warn(Warning::Malformed),
        }
    }

    /// Whether a message from an instance that is not known yet can belong to an exchange.
    fn may_begin<R: ?Sized>(&self, message: &Message<'_>, turn: &Turn<'_, R>) -> bool {
        let allowed = self.versions(&turn.shared.config).contains(message.header.version());
        match message.payload {
            _ if !allowed => false,
            Payload::DhCommit(_) => true,
            // attack rule AKE-5: every instance may answer our offer, for as long as it stands.
            Payload::DhKey(_) => self.offer.as_ref().is_some_and(|open| {
                turn.now < open.ends() && open.offer.header().version() == message.header.version()
            }),
            Payload::RevealSignature(_) | Payload::Signature(_) | Payload::Data(_) => false,
        }
    }

    /// Takes one token of key exchange work, of the account's and of the contact's. While the user waits for this
    /// contact there are some more, so that what others have used up does not stand in the user's way.
    pub(crate) fn take_exchange<R: ?Sized>(&mut self, turn: &mut Turn<'_, R>) -> bool {
        let wanted = self.starting_until.is_some() || self.renewal.is_some();
        // The contact's share first: who has used it up takes nothing from the others.
        let has_share =
            self.budgets.exchanges.take(turn.now) || (wanted && self.budgets.wanted_exchanges.take(turn.now));
        let granted = has_share && turn.shared.take_exchange(turn.now);
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
        let best = self.best().and_then(|best| self.session(best)).map(Session::fingerprint);
        let talking_to = self.ended.map(|ended| ended.by).or(best);
        let Some(instance) = self.instances.get_mut(name) else { return };
        let key = established.their_key.clone();
        let fingerprint = key.fingerprint();
        let before = instance.fingerprint();
        let version = established.header.version();
        instance.forget_former();
        let bond = match (version, &turn.shared.curve25519) {
            (Version::Three, Some(_)) => Some(established.bond(turn.shared.identity.public_key())),
            (Version::Three, None) | (Version::Two | Version::Curve25519, _) => None,
        };
        let old = instance.session.take();
        let cut_off = old.as_deref().filter(|old| old.fingerprint() != fingerprint);
        let cut_off = cut_off.and_then(|old| comparing::cut_off(old, name, self.known.is_verified(old.fingerprint())));
        let carried = old.map(|old| old.supersede()).unwrap_or_default();
        self.sessions = self.sessions.saturating_add(1);
        let mut session = Session::new(self.sessions, established, carried, turn.now, turn.rng);

        // attack rules AKE-13, ID-3: the identity is compared with the conversation's so far and with the one the
        // user has verified, and in full.
        let verified = self.known.verified();
        let collides = self.known.collides(&key);
        let accepted = self.known.is_accepted(fingerprint) && !collides;
        let differs = |old: &Fingerprint| *old != fingerprint || collides;
        let old = talking_to.filter(differs).or(before.filter(differs)).or(verified);
        let changed = old.filter(|&old| collides || (old != fingerprint && !accepted));
        let blocked = collides || (verified.is_some() && !accepted);
        session.blocked = blocked;
        session.bond = bond;
        let refreshed = before == Some(fingerprint) && self.ended.is_none();
        let other_known = self.known.iter().any(|known| known.fingerprint != fingerprint);
        let is_meant = !other_known || accepted || self.talked_to == Some(fingerprint);

        instance.session = Some(Box::new(session));
        instance.touched = turn.now;
        instance.unreadable = 0;
        if let Some(open) = &mut self.offer {
            open.spent = true;
        }
        if !blocked {
            self.starting_until = None;
        }
        self.renewal = None;
        self.ended = None;

        if let Some(event) = cut_off {
            turn.event(event);
        }
        let seems_alike = self.asked_as_we_ask || self.known.version(fingerprint) == Some(Version::Curve25519);
        self.note_version(name, fingerprint, version, turn);
        let is_new = self.known.trust(fingerprint).is_none();
        if is_new {
            turn.event(Event::NewFingerprint { fingerprint, other_known });
            turn.shared.new_identity = Some(fingerprint);
        }
        self.known.see(&key);
        self.known.spoke(fingerprint, version);
        if let Some(old) = changed {
            turn.event(Event::IdentityChanged { old, new: fingerprint, blocked });
        }
        let change = self.session_change(name, SessionState::Plaintext, refreshed);
        turn.event(change);
        self.drop_one_session(name, turn);
        if !is_meant && !blocked {
            // What waits was not written for this identity; the user decides (attack rules STATE-10, RESEND-1).
            self.give_back(turn.peer, turn.shared);
        }
        self.recover(name, is_new || !is_meant, turn);
        self.flush_queue(turn.peer, turn.shared, turn.now);
        if seems_alike && turn.may_reply {
            self.name_suites(name, turn.peer, turn.shared, turn.now);
        }
    }

    /// Remembers the version of a completed exchange, and tells of one that is older than it could be
    /// (attack rules VER-1, VER-3).
    fn note_version<R: ?Sized>(
        &mut self,
        name: InstanceName,
        fingerprint: Fingerprint,
        version: Version,
        turn: &mut Turn<'_, R>,
    ) {
        match self.known.version(fingerprint) {
            // It moves on from there, if nobody hinders it.
            Some(Version::Curve25519) if version == Version::Three => {
                let until = turn.shared.curve25519.as_ref().map(|_| turn.now.saturating_add(MOVING_TIME));
                if let Some(session) = self.session_mut(name) {
                    session.moves_until = until;
                }
            }
            Some(from) if version < from => turn.event(Event::Downgrade { from, to: version }),
            None if Some(version) < self.versions(&turn.shared.config).best() => {
                turn.event(Event::OlderVersion { version });
            }
            _ => {}
        }
    }

    /// Keeps the number of sessions within its limit. A verified session goes last, then one that may be sent to,
    /// then the one heard from last.
    fn drop_one_session<R: ?Sized>(&mut self, newest: InstanceName, turn: &mut Turn<'_, R>) {
        let sessions = self.instances.iter().filter_map(|(name, instance)| {
            let session = instance.session.as_ref()?;
            Some(((self.known.is_verified(session.fingerprint()), !session.blocked, session.last_received), name))
        });
        if sessions.clone().count() <= MAX_INSTANCES {
            return;
        }
        let worst = sessions.filter(|&(_, name)| name != newest).min().map(|(_, name)| name);
        let events = worst.and_then(|name| self.finish(name, self.best()));
        events.into_iter().flatten().for_each(|event| turn.event(event));
    }
}
