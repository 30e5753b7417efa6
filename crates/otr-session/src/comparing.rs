//! Comparing a secret with the contact, in a private conversation (spec: "Socialist Millionaires' Protocol (SMP)").

use core::time::Duration;

use otr_crypto::Binding;
use otr_smp::{AnySmp, Event as SmpEvent, Meaning, Message, Received, RunId, Secret, State};
use otr_wire::{Flags, Plaintext, Tlv, TlvType, Version};
use rand_core::CryptoRng;

use crate::{
    Event, Trust, Warning,
    account::NotPossible,
    budget::{Budget, Rate},
    contact::{Contact, Destination, InstanceName},
    event::ComparisonOf,
    outgoing,
    receiving::Turn,
    session::Session,
    shared::Shared,
};

/// How many comparisons in one conversation the other side may lose before it may begin no other, until the user does
/// (attack rule SMP-15).
pub const MAX_FAILED_COMPARISONS: u32 = 3;

/// The records that belong to a comparison.
const KINDS: [TlvType; 6] = [
    TlvType::SMP_MESSAGE_1,
    TlvType::SMP_MESSAGE_1Q,
    TlvType::SMP_MESSAGE_2,
    TlvType::SMP_MESSAGE_3,
    TlvType::SMP_MESSAGE_4,
    TlvType::SMP_ABORT,
];

/// The comparison of secrets in one conversation.
#[derive(Debug)]
pub(crate) struct Comparison {
    smp: AnySmp,
    /// The session in which the run under way began: both sides' secrets are bound to this one, even if the keys are
    /// refreshed before the user has answered.
    binding: Option<Binding>,
    /// How many guesses the other side has had and lost.
    failed: u32,
    /// Runs that the other side may begin (attack rule SMP-22).
    asked: Budget,
}

/// How often the other side may ask.
static ASKED: Rate = Rate { burst: 6, each: Duration::from_secs(10) };

impl Comparison {
    pub(crate) const fn new() -> Self {
        Self { smp: AnySmp::new(), binding: None, failed: 0, asked: Budget::new(&ASKED) }
    }

    pub(crate) const fn state(&self) -> State {
        self.smp.state()
    }

    pub(crate) const fn is_active(&self) -> bool {
        self.smp.is_active()
    }

    pub(crate) fn next_timeout(&self) -> Option<Duration> {
        self.smp.next_timeout()
    }
}

impl Contact {
    /// Begins a comparison, in place of one that may be under way. It is also what tells the identity at the other end
    /// after a change, so it does not wait for that to be accepted.
    pub(crate) fn start_comparison(
        &mut self,
        peer: &str,
        secret: &str,
        question: Option<&str>,
        shared: &mut Shared,
        now: Duration,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<(), NotPossible> {
        let Destination::Private(name) = self.destination() else { return Err(NotPossible::NotInPrivate) };
        let session = self.session(name).ok_or(NotPossible::NotInPrivate)?;
        let (ours, theirs) = (shared.identity_in(session), session.fingerprint());
        let binding = session.binding();
        if !self.known.may_guess(theirs, now) {
            return Err(NotPossible::TooManyComparisons);
        }
        let secret = Secret::bound(&binding, &ours, &theirs, secret.as_bytes());
        let mut smp = AnySmp::new();
        let message = smp.start(binding.suite(), secret, question, now, rng).map_err(NotPossible::Comparison)?;
        // What cannot begin does not end what is under way; this one begins.
        self.end_comparison(name, peer, shared, now);
        let session = self.session_mut(name).ok_or(NotPossible::NotInPrivate)?;
        session.comparison.smp = smp;
        session.comparison.binding = Some(binding);
        session.comparison.failed = 0;
        self.send_step(name, peer, &message, shared, now);
        Ok(())
    }

    /// Answers the comparison `run` that the other side began (attack rule SMP-10).
    pub(crate) fn answer_comparison(
        &mut self,
        peer: &str,
        run: RunId,
        secret: &str,
        shared: &mut Shared,
        now: Duration,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<(), NotPossible> {
        let asked = |session: &Session| session.comparison.state() == State::AwaitingUser(run);
        let name = self.sessions().find(|(_, session)| asked(session)).map(|(name, _)| name);
        let name = name.ok_or(NotPossible::Comparison(otr_smp::Error::NotAsked))?;
        let session = self.session_mut(name).ok_or(NotPossible::NotInPrivate)?;
        let binding = session.comparison.binding.unwrap_or_else(|| session.binding());
        let ours = shared.identity_in(session);
        let secret = Secret::bound(&binding, &session.fingerprint(), &ours, secret.as_bytes());
        let message = session.comparison.smp.answer(run, secret, now, rng).map_err(NotPossible::Comparison)?;
        self.send_step(name, peer, &message, shared, now);
        Ok(())
    }

    /// Gives up every comparison under way.
    pub(crate) fn abort_comparisons(
        &mut self,
        peer: &str,
        shared: &mut Shared,
        now: Duration,
    ) -> Result<(), NotPossible> {
        let active = |session: &Session| session.comparison.is_active();
        let names: Vec<_> = self.sessions().filter(|(_, session)| active(session)).map(|(name, _)| name).collect();
        if names.is_empty() {
            return Err(NotPossible::Comparison(otr_smp::Error::NotAsked));
        }
        for name in names {
            self.end_comparison(name, peer, shared, now);
        }
        Ok(())
    }

    /// The comparison that the next answer would be about: the one where a user is asked first of all.
    pub(crate) fn comparison(&self) -> State {
        let mut active: Vec<State> = self.sessions().map(|(_, session)| session.comparison.state()).collect();
        active.sort_by_key(|state| match state {
            State::AwaitingUser(_) => 0,
            State::Expect2 | State::Expect3 | State::Expect4 => 1,
            State::Expect1 => 2,
        });
        active.first().copied().unwrap_or(State::Expect1)
    }

    /// Handles the records of an accepted message that belong to a comparison: at most one (attack rule TLV-4). A run
    /// that they begin is bound to the session that the message came in, of this version.
    pub(crate) fn receive_comparison<R: CryptoRng + ?Sized>(
        &mut self,
        name: InstanceName,
        version: Version,
        tlvs: &[Tlv<'_>],
        turn: &mut Turn<'_, R>,
    ) {
        let mut steps = tlvs.iter().filter(|tlv| KINDS.contains(&tlv.kind()));
        let Some(step) = steps.next() else { return };
        if steps.next().is_some() {
            turn.warn(Warning::Malformed);
            self.end_comparison(name, turn.peer, turn.shared, turn.now);
            return;
        }
        if step.kind() != TlvType::SMP_ABORT && !self.may_compare(name, step.kind(), turn) {
            return;
        }
        let reading = self.instances.get_mut(name).and_then(|instance| instance.reading(version));
        let Some(binding) = reading.map(|session| session.binding()) else { return };
        let Some(session) = self.session_mut(name) else { return };
        let before = session.comparison.state();
        let message = Message::decode(step.kind(), step.value());
        let received = session.comparison.smp.receive(binding.suite(), &message, turn.now, turn.rng);
        if matches!(received.event, Some(SmpEvent::Asked { .. })) {
            session.comparison.binding = Some(binding);
        }
        // attack rule G-7: without leave to answer, only a run that the user has a part in goes on.
        let may_reply = turn.may_reply || before != State::Expect1;
        let reply = received.reply.filter(|_| may_reply);
        let received = Received { reply, event: received.event };
        self.conclude(name, before, received, turn.peer, turn.shared, turn.now);
    }

    /// What time does to comparisons: one that the other side leaves hanging has no result (attack rule SMP-9).
    pub(crate) fn expire_comparisons(&mut self, peer: &str, shared: &mut Shared, now: Duration) {
        let due = |session: &Session| session.comparison.next_timeout().is_some_and(|at| at <= now);
        let names: Vec<_> = self.sessions().filter(|(_, session)| due(session)).map(|(name, _)| name).collect();
        for name in names {
            let Some(session) = self.session_mut(name) else { continue };
            let before = session.comparison.state();
            let received = session.comparison.smp.expire(now);
            self.conclude(name, before, received, peer, shared, now);
        }
    }

    /// Whether a step may be taken. Who has lost too often may not begin again by itself (attack rules SMP-15, SMP-22).
    fn may_compare<R: ?Sized>(&mut self, name: InstanceName, kind: TlvType, turn: &mut Turn<'_, R>) -> bool {
        if !matches!(kind, TlvType::SMP_MESSAGE_1 | TlvType::SMP_MESSAGE_1Q) {
            return true;
        }
        let Some(session) = self.instances.get_mut(name).and_then(|instance| instance.session.as_deref_mut()) else {
            return false;
        };
        let guesses_left =
            session.comparison.failed < MAX_FAILED_COMPARISONS && self.known.may_guess(session.fingerprint(), turn.now);
        if guesses_left && session.comparison.asked.take(turn.now) {
            return true;
        }
        turn.warn(Warning::TooManyComparisons);
        self.end_comparison(name, turn.peer, turn.shared, turn.now);
        if turn.may_reply {
            self.send_step(name, turn.peer, &Message::Abort, turn.shared, turn.now);
        }
        false
    }

    /// Gives up the run at an instance, if there is one, and tells both sides.
    fn end_comparison(&mut self, name: InstanceName, peer: &str, shared: &mut Shared, now: Duration) {
        let Some(session) = self.session_mut(name) else { return };
        let before = session.comparison.state();
        if let Some(abort) = session.comparison.smp.abort() {
            let received = Received { reply: Some(abort), event: Some(SmpEvent::Aborted) };
            self.conclude(name, before, received, peer, shared, now);
        }
    }

    /// Sends the reply, tells the host, and draws the consequences: trust in the identity, or a guess used up.
    fn conclude(
        &mut self,
        name: InstanceName,
        before: State,
        received: Received,
        peer: &str,
        shared: &mut Shared,
        now: Duration,
    ) {
        if let Some(reply) = received.reply {
            self.send_step(name, peer, &reply, shared, now);
        }
        let Some(event) = received.event else { return };
        let Some(session) = self.session_mut(name) else { return };
        let their_fingerprint = session.fingerprint();
        // Who has our last numbers can tell whether the guess was right, and may keep the answer to itself.
        let guessed = match event {
            SmpEvent::Failed => true,
            SmpEvent::Succeeded(_) | SmpEvent::Asked { .. } | SmpEvent::InProgress { .. } => false,
            SmpEvent::Aborted | SmpEvent::Cheated | SmpEvent::TimedOut => before == State::Expect4,
        };
        if guessed {
            session.comparison.failed = session.comparison.failed.saturating_add(1);
            self.known.guessed(their_fingerprint, now);
        }
        let verified = event == SmpEvent::Succeeded(Meaning::PeerVerified);
        if verified {
            // attack rules SMP-13, SMP-14: success verifies, and failure takes nothing away.
            self.known.set(their_fingerprint, Trust::Verified);
            self.apply_trust();
        }
        let is_verified = self.known.is_verified(their_fingerprint);
        shared.event(peer, Event::Comparison(ComparisonOf { event, their_fingerprint, is_verified, instance: name }));
        if verified {
            self.flush_queue(peer, shared, now);
            self.release_queue(peer, shared);
        }
    }

    fn send_step(&mut self, name: InstanceName, peer: &str, message: &Message, shared: &mut Shared, now: Duration) {
        let (kind, value) = message.encode();
        let Ok(tlv) = Tlv::new(kind, &value) else { return };
        self.report_before(name, peer, shared, now);
        let Some(session) = self.session_mut(name) else { return };
        let plaintext = Plaintext { tlvs: vec![tlv], ..Plaintext::default() };
        // A session that cannot send any more is replaced soon; the run then ends for want of time.
        let _ = outgoing::send_data(peer, session, plaintext, Flags::IGNORE_UNREADABLE, shared, now);
    }

    /// The private conversations there are.
    pub(crate) fn sessions(&self) -> impl Iterator<Item = (InstanceName, &Session)> {
        self.instances.iter().filter_map(|(name, instance)| Some((name, instance.session.as_deref()?)))
    }
}

/// The event that a run ended because its conversation did (attack rule SMP-11).
pub(crate) fn cut_off(session: &Session, name: InstanceName, is_verified: bool) -> Option<Event> {
    let their_fingerprint = session.fingerprint();
    let event = SmpEvent::Aborted;
    session.comparison.is_active().then_some(Event::Comparison(ComparisonOf {
        event,
        their_fingerprint,
        is_verified,
        instance: name,
    }))
}
