//! Moving over to the Curve25519 suite, from inside a private conversation of version 3 (docs/curve25519.md).
//!
//! Each side names the suite and its identity there in a record of the conversation, where nobody can strip it: at once
//! where the other side seems to have the suite, with the texts where nothing tells. The initiator of the conversation
//! then begins the suite's exchange, which is bound to the conversation and to both records. There is no moment in which
//! text could go astray: the responder reads in both sessions and goes on sending in the old one until the initiator has
//! shown, by a message in the new one, that it has moved; the initiator moves when its exchange is complete, and goes on
//! reading in the old one.

use core::time::Duration;

use otr_ake::{Ake, Established, Offer, Role};
use otr_crypto::{Bond, Fingerprint, PublicKey};
use otr_wire::{Flags, Header, Plaintext, Tlv, TlvType, Version};
use rand_core::CryptoRng;

use crate::{
    Event, SessionState, Warning,
    contact::{Contact, InstanceName},
    outgoing,
    receiving::Turn,
    session::{Carried, Session},
    shared::Shared,
};

/// The record that names the suites of a side: for each the number of its version (2 bytes) and a length (2 bytes) with so
/// many bytes; of the Curve25519 suite these are the Ed25519 key. Other programs pass over it.
pub const SUITES: TlvType = TlvType(0x4f54);

/// How long the old session is read in at least, and how long an attempt has before there is another.
pub const MOVING_TIME: Duration = Duration::from_secs(60);

/// How long the old session is kept for the other side to say what it has read there.
const MOST_MOVING_TIME: Duration = Duration::from_secs(600);

/// What was said in a session of version 3, and what has come of it.
#[derive(Debug)]
pub(crate) struct Moving {
    /// The suite's exchange.
    pub(crate) ake: Ake,
    /// What it is bound to: the session of version 3, and what both sides have said in it.
    pub(crate) bond: Bond,
    /// The identity that the other side has named.
    their_key: PublicKey,
    /// When the last attempt began, or we moved.
    since: Duration,
    /// How many attempts there have been.
    attempts: u32,
    /// The session of the suite, for reading until the other side has spoken in it.
    pub(crate) next: Option<Box<Session>>,
    /// The session of version 3, for reading after we have moved.
    pub(crate) former: Option<Box<Session>>,
    /// Whether the former session is read in no more, and all that was read there has been said.
    is_closed: bool,
    /// Whether the other side has said in the new session what it has read.
    pub(crate) heard_report: bool,
}

/// What a session of version 3 says of the one that took its place.
#[derive(Debug)]
pub(crate) struct Vouched {
    /// The other side's identity in the suite.
    pub(crate) key: Fingerprint,
    /// Whether the other side has spoken in the new session.
    pub(crate) is_shared: bool,
}

/// The Ed25519 key in a record, if it is there.
fn decode(mut record: &[u8]) -> Option<PublicKey> {
    loop {
        let (number, rest) = record.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let (value, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        if Version::from_number(u16::from_be_bytes(*number)) == Some(Version::Curve25519) {
            return PublicKey::from_ed25519(value.try_into().ok()?).ok();
        }
        record = rest;
    }
}

fn encode(key: &PublicKey) -> Vec<u8> {
    // The type number in front of an encoded key is the suite's.
    let (number, key) = key.encoded().split_at(2);
    [number, &[0, 32], key].concat()
}

impl Contact {
    /// Names our suites in a session of version 3, in a message of its own. There are programs that a message which
    /// nobody asked for throws out of step, so it goes only where the other side seems to have the suite, too.
    pub(crate) fn name_suites(&mut self, name: InstanceName, peer: &str, shared: &mut Shared, now: Duration) {
        self.report_before(name, peer, shared, now);
        let Some(session) = self.session_mut(name) else { return };
        let Some(record) = suites(session, shared) else { return };
        let plaintext = Plaintext { tlvs: Tlv::new(SUITES, &record).into_iter().collect(), ..Plaintext::default() };
        // Nothing waits for this message; without it the conversation stays as it is.
        let _ = outgoing::send_data(peer, session, plaintext, Flags::IGNORE_UNREADABLE, shared, now);
        session.named = true;
    }

    /// The other side names its suites, or time has come to try again what came to nothing before.
    pub(crate) fn hear_suites<R: CryptoRng + ?Sized>(
        &mut self,
        name: InstanceName,
        tlvs: &[Tlv<'_>],
        turn: &mut Turn<'_, R>,
    ) {
        let Some(ours) = turn.shared.curve25519.as_ref().map(|key| key.public_key().clone()) else { return };
        let Some(instance) = self.instances.get_mut(name) else { return };
        let Some(session) = instance.session.as_deref().filter(|session| may_move(session) && turn.may_reply) else {
            return;
        };
        let header = Header::new(Version::Curve25519, turn.shared.instance_tag, name);
        let record = tlvs.iter().find(|tlv| tlv.kind() == SUITES).map(Tlv::value);
        let theirs = record.and_then(decode);
        let names = match (record.zip(theirs), &instance.moving) {
            (Some((record, theirs)), moving) if moving.as_ref().is_none_or(|moving| moving.their_key != theirs) => {
                // attack rule AKE-11
                let Some(bond) = session.bond.as_ref().filter(|_| theirs != ours) else { return };
                let addresses = turn.shared.config.addresses(turn.peer);
                let bond = bind(Some(bond), session.role(), [&encode(&ours), record], addresses);
                instance.moving = Some(Box::new(Moving {
                    ake: Ake::new(header),
                    bond,
                    their_key: theirs,
                    since: turn.now,
                    attempts: 0,
                    next: None,
                    former: None,
                    is_closed: false,
                    heard_report: false,
                }));
                // attack rule NEW-15: both have it now, so that who withholds it is told of.
                instance.session.as_mut().is_some_and(|session| {
                    session.moves_until.get_or_insert(turn.now.saturating_add(MOVING_TIME));
                    !session.named
                })
            }
            // Ours may have been lost.
            (_, Some(moving)) if turn.now >= moving.again_at() => true,
            _ => return,
        };
        if names {
            self.name_suites(name, turn.peer, turn.shared, turn.now);
        }
        let Some(role) = self.session(name).map(Session::role) else { return };
        let begins = role == Role::Initiator && self.take_exchange(turn);
        let Some(moving) = self.instances.get_mut(name).and_then(|instance| instance.moving.as_deref_mut()) else {
            return;
        };
        moving.since = turn.now;
        moving.attempts = moving.attempts.saturating_add(1);
        if begins {
            let offer = Offer::new(header, turn.now, turn.rng);
            turn.transmit(header, &offer.message(None));
            // What is left of an attempt before would lead elsewhere.
            moving.ake.abandon();
            moving.ake.begin(offer);
        }
    }

    /// The suite's exchange with an instance is complete. The responder reads in the new session from now on; the
    /// initiator moves.
    pub(crate) fn complete_move<R: CryptoRng + ?Sized>(
        &mut self,
        name: InstanceName,
        established: Established,
        reply: Option<Vec<u8>>,
        turn: &mut Turn<'_, R>,
    ) {
        let Some(moving) = self.instances.get_mut(name).and_then(|instance| instance.moving.as_deref_mut()) else {
            return;
        };
        if established.their_key != moving.their_key {
            return turn.warn(Warning::Malformed);
        }
        self.sessions = self.sessions.saturating_add(1);
        let (header, role) = (established.header, established.role);
        let key = established.their_key.fingerprint();
        let mut session = Box::new(Session::new(self.sessions, established, Carried::default(), turn.now, turn.rng));
        session.vouched = Some(Box::new(Vouched { key, is_shared: false }));
        if let Some(reply) = reply {
            turn.transmit(header, &reply);
        }
        moving.next = Some(session);
        if role == Role::Initiator {
            self.move_over(name, turn);
        }
    }

    /// Lets the new session with an instance take the place of the old one. What was read in the old one is said first of
    /// all in the new one, which also shows the other side that we have moved.
    pub(crate) fn move_over<R: ?Sized>(&mut self, name: InstanceName, turn: &mut Turn<'_, R>) {
        let Some(instance) = self.instances.get_mut(name) else { return };
        let Some(moving) = instance.moving.as_deref_mut().filter(|_| instance.session.is_some()) else { return };
        let Some(mut next) = moving.next.take() else { return };
        let Some(mut old) = instance.session.take() else { return };
        next.take_over(&mut old);
        moving.since = turn.now;
        moving.former = Some(old);
        let fingerprint = next.fingerprint();
        if let Some(vouched) = &next.vouched {
            self.known.vouch(vouched.key, fingerprint);
        }
        self.known.spoke(fingerprint, Version::Curve25519);
        instance.session = Some(next);
        let change = self.session_change(name, SessionState::Plaintext, true);
        turn.event(change);
        self.say_what_was_read(name, turn);
    }

    /// Says in the new session what was read in the old one. If it is lost, whatever is said next shows the move, and at
    /// the end of it this is said again.
    fn say_what_was_read<R: ?Sized>(&mut self, name: InstanceName, turn: &mut Turn<'_, R>) {
        if turn.may_reply {
            self.report(name, turn.peer, turn.shared, turn.now);
        }
    }

    /// A message was read, in the present session, the next one, or the former one: the other side has moved, or does
    /// not know that we have.
    pub(crate) fn note_move<R: ?Sized>(&mut self, name: InstanceName, version: Version, turn: &mut Turn<'_, R>) {
        let Some(instance) = self.instances.get_mut(name).filter(|instance| instance.moving.is_some()) else { return };
        if version == Version::Curve25519 && instance.moving.as_ref().is_some_and(|moving| moving.next.is_some()) {
            self.move_over(name, turn);
        }
        let Some(session) = self.session_mut(name) else { return };
        session.last_received = turn.now;
        match &mut session.vouched {
            Some(vouched) if version == Version::Curve25519 => vouched.is_shared = true,
            // It came after what we have said of the old session, or the other side has not heard that.
            Some(_) => self.say_what_was_read(name, turn),
            None => {}
        }
    }

    /// Ends what time has come to end: old sessions that nothing comes from any more, and the hope that a contact who
    /// once had the suite still has it (attack rules VER-1, NEW-15).
    pub(crate) fn expire_moving(&mut self, peer: &str, shared: &mut Shared, now: Duration) {
        let (mut read, mut over) = (Vec::new(), false);
        for (name, instance) in self.instances.iter_mut() {
            let due = instance.moved_at().is_some_and(|at| at <= now);
            if let Some(moving) = &mut instance.moving {
                moving.ake.expire(now);
                if due && moving.is_closed {
                    instance.forget_former();
                    over = true;
                } else if due {
                    moving.is_closed = true;
                    read.push(name);
                }
            }
            if let Some(session) = &mut instance.session
                && session.moves_until.take_if(|until| *until <= now).is_some()
            {
                let (from, to) = (Version::Curve25519, session.header().version());
                shared.event(peer, Event::Downgrade { from, to });
            }
        }
        // attack rule G-7
        let may_report = !self.settings.silent;
        for name in read.into_iter().filter(|_| may_report) {
            self.report(name, peer, shared, now);
        }
        if over {
            self.wait_for_report(now);
        }
    }
}

impl crate::instance::Instance {
    /// The session that messages of a version are read in.
    pub(crate) fn reading(&mut self, version: Version) -> Option<&mut Session> {
        let moving = self.moving.as_deref_mut();
        let (next, former) = moving.map_or((None, None), |moving| {
            // What was said not to have been read is not read later.
            (moving.next.as_mut(), moving.former.as_mut().filter(|_| !moving.is_closed))
        });
        let sessions = self.session.as_mut().into_iter().chain(next).chain(former);
        sessions.map(Box::as_mut).find(|session| session.header().version() == version)
    }

    /// The exchange that messages of a version belong to, and what it is bound to if it is a move.
    pub(crate) fn exchange(&mut self, version: Version) -> Option<(&mut Ake, Option<&Bond>)> {
        if self.ake.version() == version {
            return Some((&mut self.ake, None));
        }
        let moving = self.moving.as_deref_mut().filter(|moving| moving.ake.version() == version)?;
        Some((&mut moving.ake, Some(&moving.bond)))
    }

    /// When the next thing is due about the session that we moved from: to read in it no more, then to end it.
    pub(crate) fn moved_at(&self) -> Option<Duration> {
        let moving = self.moving.as_ref().filter(|moving| moving.former.is_some())?;
        let is_shared = self.session.as_ref()?.vouched.as_ref()?.is_shared;
        let time = if moving.is_closed && !moving.heard_report { MOST_MOVING_TIME } else { MOVING_TIME };
        is_shared.then(|| moving.since.saturating_add(time))
    }

    /// When [`Contact::expire_moving`] next has something to do.
    pub(crate) fn next_move(&self) -> Option<Duration> {
        let exchange = self.moving.as_ref().and_then(|moving| moving.ake.next_timeout());
        let hope = self.session.as_ref().and_then(|session| session.moves_until);
        self.moved_at().into_iter().chain(exchange).chain(hope).min()
    }

    /// Ends the move; what the old session has left to publish goes to the present one.
    pub(crate) fn forget_former(&mut self) {
        let former = self.moving.take().and_then(|moving| moving.former);
        if let (Some(session), Some(former)) = (&mut self.session, former) {
            session.inherit(former.supersede());
        }
    }
}

/// What names our suites in a session, if they are to be named there.
pub(crate) fn suites(session: &Session, shared: &Shared) -> Option<Vec<u8>> {
    shared.curve25519.as_ref().filter(|_| may_move(session)).map(|key| encode(key.public_key()))
}

/// Whether a session is one to move from, to somebody whom the user has nothing to decide about.
fn may_move(session: &Session) -> bool {
    session.header().version() == Version::Three && !session.blocked
}

/// What the suite's exchange is bound to: the session of version 3 and what both have named in it, ours first, where there
/// is one, and both addresses where they are known (attack rules NEW-7, NEW-8).
pub(crate) fn bind(before: Option<&Bond>, role: Role, records: [&[u8]; 2], addresses: [&str; 2]) -> Bond {
    let [ours, theirs] = records;
    let [initiator, responder] = match role {
        Role::Initiator => [ours, theirs],
        Role::Responder => [theirs, ours],
    };
    let mut addresses = addresses.map(str::as_bytes);
    addresses.sort_unstable();
    let [low, high] = addresses;
    Bond::of(before, &[initiator, responder, low, high])
}

impl Moving {
    /// When there may be another attempt. Each doubles the time, to a quarter of an hour: it is not always the network that
    /// they fail for.
    fn again_at(&self) -> Duration {
        self.since.saturating_add(MOVING_TIME.saturating_mul(1 << self.attempts.saturating_sub(1).min(4)))
    }
}
