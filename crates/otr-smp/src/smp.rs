//! The state machine: who may say what, and what ends a run.

use std::time::Duration;
use std::{fmt, mem};

use otr_crypto::{ComparedSecret, Group, Modp1536};
use rand_core::CryptoRng;

use crate::initiator::{Expect2, Expect4};
use crate::message::Numbers;
use crate::proofs::Verdict;
use crate::responder::{Asked, Expect3};
use crate::{DecodeError, Error, Event, MAX_QUESTION, Meaning, Message, RUN_LIFETIME, Received};

/// The comparison of secrets in one private conversation; at most one run is under way.
///
/// It belongs to one pair of identities and one session id. When the conversation ends or is keyed anew to another
/// identity, drop it: everything secret in it is wiped (attack rule SMP-11).
#[derive(Debug)]
pub struct Smp<G: Group = Modp1536> {
    stage: Stage<G>,
    /// When the run last made progress.
    since: Duration,
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// No run; a message 1 would begin one.
    Expect1,
    /// The peer has begun, and the user has to answer.
    AwaitingUser(RunId),
    /// We began and wait for message 2.
    Expect2,
    /// We answered and wait for message 3.
    Expect3,
    /// We wait for message 4.
    Expect4,
}

/// The name of one run that the peer began, drawn at random so that no other run is ever mistaken for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RunId(u64);

/// 16 hexadecimal digits.
impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

#[derive(Debug)]
enum Stage<G: Group> {
    Expect1,
    AwaitingUser(Box<Asked<G>>, RunId, Answered),
    Expect2(Box<Expect2<G>>),
    Expect3(Box<Expect3<G>>, Answered),
    Expect4(Box<Expect4<G>>),
}

/// What the peer began a run with, which decides what its success means.
#[derive(Clone, Copy, Debug)]
enum Answered {
    Question,
    NoQuestion,
}

impl<G: Group> Smp<G> {
    /// No run.
    #[must_use]
    pub const fn new() -> Self {
        Self { stage: Stage::Expect1, since: Duration::ZERO }
    }

    /// Where the run stands.
    #[must_use]
    pub const fn state(&self) -> State {
        match &self.stage {
            Stage::Expect1 => State::Expect1,
            Stage::AwaitingUser(_, run, _) => State::AwaitingUser(*run),
            Stage::Expect2(_) => State::Expect2,
            Stage::Expect3(..) => State::Expect3,
            Stage::Expect4(_) => State::Expect4,
        }
    }

    /// Whether a run is under way.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        !matches!(self.stage, Stage::Expect1)
    }

    /// Begins a run and returns message 1. The secret has us as its initiator.
    ///
    /// With a question, success will prove who the peer is to us, but not us to the peer.
    ///
    /// # Errors
    ///
    /// [`Error::UnderWay`] if a run is under way: [`abort`](Self::abort) it first, and send that too.
    /// [`Error::QuestionTooLong`] and [`Error::QuestionHasNul`] for a question that would not arrive whole.
    pub fn start(
        &mut self,
        secret: ComparedSecret,
        question: Option<&str>,
        now: Duration,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Message, Error> {
        if self.is_active() {
            return Err(Error::UnderWay);
        }
        // attack rule SMP-17
        if question.is_some_and(|question| question.len() > MAX_QUESTION) {
            return Err(Error::QuestionTooLong);
        }
        if question.is_some_and(|question| question.contains('\0')) {
            return Err(Error::QuestionHasNul);
        }
        let (stage, numbers) = Expect2::start(&secret, rng);
        self.enter(Stage::Expect2(Box::new(stage)), now);
        Ok(Message::One { question: question.map(|question| question.as_bytes().to_vec()), numbers })
    }

    /// Answers the run that [`Event::Asked`] named and returns message 2. The secret has the peer as its initiator.
    ///
    /// # Errors
    ///
    /// [`Error::NotAsked`] if that run does not wait for an answer any more (attack rule SMP-10).
    pub fn answer(
        &mut self,
        run: RunId,
        secret: ComparedSecret,
        now: Duration,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Message, Error> {
        if self.state() != State::AwaitingUser(run) || self.is_stale(now) {
            return Err(Error::NotAsked);
        }
        match mem::replace(&mut self.stage, Stage::Expect1) {
            Stage::AwaitingUser(asked, _, answered) => {
                let (stage, numbers) = asked.answer(&secret, rng);
                self.enter(Stage::Expect3(Box::new(stage), answered), now);
                Ok(Message::Two(numbers))
            }
            Stage::Expect1 | Stage::Expect2(_) | Stage::Expect3(..) | Stage::Expect4(_) => Err(Error::NotAsked),
        }
    }

    /// Gives up the run and returns the abort to be sent, if one was under way.
    pub fn abort(&mut self) -> Option<Message> {
        let stage = mem::replace(&mut self.stage, Stage::Expect1);
        (!matches!(stage, Stage::Expect1)).then_some(Message::Abort)
    }

    /// Ends a run in which nothing has happened for [`RUN_LIFETIME`] (attack rule SMP-9).
    pub fn expire(&mut self, now: Duration) -> Received {
        if self.is_stale(now) { self.end(Event::TimedOut) } else { Received::default() }
    }

    /// When [`expire`](Self::expire) next has something to do.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Duration> {
        self.is_active().then(|| self.since.saturating_add(RUN_LIFETIME))
    }

    /// Handles what came in a TLV record of one of the types 2 to 7.
    ///
    /// Whatever has no place in the present state, or is no message at all, ends the run; an abort then goes to the
    /// peer, but never in reply to an abort (attack rule SMP-7).
    pub fn receive(
        &mut self,
        message: &Result<Message, DecodeError>,
        now: Duration,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Received {
        if self.is_stale(now) {
            let reply = (*message != Ok(Message::Abort)).then_some(Message::Abort);
            return Received { reply, ..self.end(Event::TimedOut) };
        }
        let Ok(message) = message else { return self.end(Event::Cheated) };
        // Taken out: whatever returns early leaves no run behind.
        match (mem::replace(&mut self.stage, Stage::Expect1), message) {
            (Stage::Expect1, Message::Abort) => Received::default(),
            (_, Message::Abort) => Received { reply: None, event: Some(Event::Aborted) },
            (Stage::Expect1, Message::One { question, numbers }) => {
                self.on_message_1(question.as_deref(), numbers, now, rng)
            }
            (Stage::Expect2(stage), Message::Two(numbers)) => match stage.advance(numbers, rng) {
                Ok((stage, numbers)) => {
                    self.enter(Stage::Expect4(Box::new(stage)), now);
                    let event = Event::InProgress { percent: 60 };
                    Received { reply: Some(Message::Three(numbers)), event: Some(event) }
                }
                Err(_) => self.end(Event::Cheated),
            },
            (Stage::Expect3(stage, answered), Message::Three(numbers)) => match stage.finish(numbers, rng) {
                Ok((verdict, numbers)) => {
                    let event = result(verdict, answered.meaning());
                    Received { reply: Some(Message::Four(numbers)), event: Some(event) }
                }
                Err(_) => self.end(Event::Cheated),
            },
            (Stage::Expect4(stage), Message::Four(numbers)) => match stage.finish(numbers) {
                Ok(verdict) => Received { reply: None, event: Some(result(verdict, Meaning::PeerVerified)) },
                Err(_) => self.end(Event::Cheated),
            },
            // Nothing was under way, so there is nothing to tell the user of.
            (Stage::Expect1, Message::Two(_) | Message::Three(_) | Message::Four(_)) => {
                Received { reply: Some(Message::Abort), event: None }
            }
            (Stage::AwaitingUser(..), Message::One { .. } | Message::Two(_) | Message::Three(_) | Message::Four(_))
            | (Stage::Expect2(_), Message::One { .. } | Message::Three(_) | Message::Four(_))
            | (Stage::Expect3(..), Message::One { .. } | Message::Two(_) | Message::Four(_))
            | (Stage::Expect4(_), Message::One { .. } | Message::Two(_) | Message::Three(_)) => {
                self.end(Event::Aborted)
            }
        }
    }

    fn on_message_1(
        &mut self,
        question: Option<&[u8]>,
        numbers: &Numbers<6>,
        now: Duration,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Received {
        let Ok(asked) = Asked::check(numbers) else { return self.end(Event::Cheated) };
        let run = RunId(rng.next_u64());
        let answered = if question.is_some() { Answered::Question } else { Answered::NoQuestion };
        self.enter(Stage::AwaitingUser(Box::new(asked), run, answered), now);
        Received { reply: None, event: Some(Event::Asked { run, question: question.map(<[u8]>::to_vec) }) }
    }

    fn enter(&mut self, stage: Stage<G>, now: Duration) {
        self.stage = stage;
        self.since = now;
    }

    /// Back to the start, with an abort for the peer.
    fn end(&mut self, event: Event) -> Received {
        self.stage = Stage::Expect1;
        Received { reply: Some(Message::Abort), event: Some(event) }
    }

    fn is_stale(&self, now: Duration) -> bool {
        self.is_active() && now.saturating_sub(self.since) >= RUN_LIFETIME
    }
}

impl<G: Group> Default for Smp<G> {
    fn default() -> Self {
        Self::new()
    }
}

impl Answered {
    // attack rule SMP-13
    const fn meaning(self) -> Meaning {
        match self {
            Self::Question => Meaning::AnsweredRightly,
            Self::NoQuestion => Meaning::PeerVerified,
        }
    }
}

const fn result(verdict: Verdict, meaning: Meaning) -> Event {
    match verdict {
        Verdict::Equal => Event::Succeeded(meaning),
        Verdict::Different => Event::Failed,
    }
}
