//! Two parties for the tests of the comparison: everything they do follows from a seed.

#![allow(dead_code, reason = "each test file uses its own part of this module")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a broken set-up must stop the test that uses it")]

pub(crate) mod model;

use std::convert::Infallible;
use std::sync::LazyLock;
use std::time::Duration;

use otr_crypto::{Binding, DhKeyPair, Fingerprint, SessionId, Suite};
use otr_smp::{AnySmp, DecodeError, Error, Event, Message, Received, RunId, Secret, State};
use rand_core::{TryCryptoRng, TryRng};
use sha2::{Digest, Sha256};

/// What every test runs with that does not need records of one.
pub(crate) const SUITES: [Suite; 2] = [Suite::Otr, Suite::Curve25519];

pub(crate) const ALICE: [u8; 20] = [0xa1; 20];
pub(crate) const BOB: [u8; 20] = [0xb0; 20];

static SESSION: LazyLock<SessionId> = LazyLock::new(|| session(1));

/// Draws that follow from a seed. A copy draws the same, so that a test can know the exponents of a party.
#[derive(Clone)]
pub(crate) struct Dice {
    seed: u8,
    thrown: u64,
}

pub(crate) fn rng(seed: u8) -> Dice {
    Dice { seed, thrown: 0 }
}

impl TryRng for Dice {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes).map(|()| u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes).map(|()| u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        for block in out.chunks_mut(32) {
            let bytes = Sha256::new().chain_update([self.seed]).chain_update(self.thrown.to_le_bytes()).finalize();
            block.copy_from_slice(&bytes[..block.len()]);
            self.thrown += 1;
        }
        Ok(())
    }
}

impl TryCryptoRng for Dice {}

/// The session id of some key exchange.
pub(crate) fn session(seed: u8) -> SessionId {
    let rng = &mut rng(seed);
    let (one, other) = (DhKeyPair::generate(rng), DhKeyPair::generate(rng));
    one.agree(other.public()).unwrap().ake_keys().session_id()
}

/// The secret `text` in a run that Alice began with Bob.
pub(crate) fn secret(suite: Suite, text: &str) -> Secret {
    secret_of(suite, ALICE, BOB, &SESSION, text)
}

pub(crate) fn secret_of(
    suite: Suite,
    initiator: [u8; 20],
    responder: [u8; 20],
    session: &SessionId,
    text: &str,
) -> Secret {
    let [initiator, responder] = [initiator, responder].map(Fingerprint::from_bytes);
    let binding = match suite {
        Suite::Otr => Binding::otr(*session),
        Suite::Curve25519 => Binding::hazmat_curve25519(*session, [0; 32]),
    };
    Secret::bound(&binding, &initiator, &responder, text.as_bytes())
}

/// One side of a conversation in a suite, with a clock moved by hand.
pub(crate) struct Party {
    pub(crate) suite: Suite,
    pub(crate) smp: AnySmp,
    pub(crate) rng: Dice,
    pub(crate) now: Duration,
}

impl Party {
    pub(crate) fn new(suite: Suite, seed: u8) -> Self {
        Self { suite, smp: AnySmp::new(), rng: rng(seed), now: Duration::from_secs(1000) }
    }

    pub(crate) fn start(&mut self, text: &str, question: Option<&str>) -> Message {
        self.try_start(text, question).unwrap()
    }

    pub(crate) fn try_start(&mut self, text: &str, question: Option<&str>) -> Result<Message, Error> {
        self.smp.start(self.suite, secret(self.suite, text), question, self.now, &mut self.rng)
    }

    /// Receives what must make the user be asked.
    pub(crate) fn asked(&mut self, message: &Message) -> RunId {
        match self.receive(message) {
            Received { reply: None, event: Some(Event::Asked { run, .. }) } => run,
            other => panic!("not asked: {other:?}"),
        }
    }

    pub(crate) fn try_answer(&mut self, run: RunId, text: &str) -> Result<Message, Error> {
        let secret = secret(self.smp.suite().unwrap_or(self.suite), text);
        self.smp.answer(run, secret, self.now, &mut self.rng)
    }

    pub(crate) fn answer(&mut self, run: RunId, text: &str) -> Message {
        self.try_answer(run, text).unwrap()
    }

    /// Receives a message as it comes over the network.
    pub(crate) fn receive(&mut self, message: &Message) -> Received {
        let (kind, value) = message.encode();
        let decoded = Message::decode(kind, &value);
        assert_eq!(decoded.as_ref(), Ok(message));
        self.receive_decoded(&decoded)
    }

    pub(crate) fn receive_decoded(&mut self, message: &Result<Message, DecodeError>) -> Received {
        self.smp.receive(self.suite, message, self.now, &mut self.rng)
    }

    /// Receives a message that must bring forth a reply and this event.
    pub(crate) fn reply(&mut self, message: &Message, event: &Event) -> Message {
        let received = self.receive(message);
        assert_eq!(received.event.as_ref(), Some(event));
        received.reply.unwrap()
    }

    pub(crate) fn state(&self) -> State {
        self.smp.state()
    }
}

pub(crate) const PROGRESS: Event = Event::InProgress { percent: 60 };

/// An abort for the peer, and this for the host.
pub(crate) fn abort(event: impl Into<Option<Event>>) -> Received {
    Received { reply: Some(Message::Abort), event: event.into() }
}

/// What both hosts are told at the end of a whole run.
pub(crate) fn run(alice: &mut Party, bob: &mut Party, question: Option<&str>, texts: [&str; 2]) -> [Event; 2] {
    let one = alice.start(texts[0], question);
    let id = bob.asked(&one);
    let two = bob.answer(id, texts[1]);
    let three = alice.reply(&two, &PROGRESS);
    let received = bob.receive(&three);
    let end = alice.receive(&received.reply.unwrap());
    assert_eq!(end.reply, None);
    assert_eq!((alice.state(), bob.state()), (State::Expect1, State::Expect1));
    [end.event.unwrap(), received.event.unwrap()]
}
