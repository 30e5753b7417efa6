//! Whole runs: every byte of both sides, by our machine and by the formulas.

use std::time::Duration;

use otr_crypto::{DhKeyPair, Fingerprint, SessionId};
use otr_smp::{Event, Meaning, Message, Received, Secret, Smp, State};
use otr_wire::TlvType;
use serde::{Deserialize, Serialize};

use super::model::{self, Exponents, Honest};
use crate::vectors::{
    Case, Group, Library, Problem,
    derived::ExchangeSecrets,
    file::Nothing,
    kinds::{Problems, each_with},
    oracle,
    problem::{holds, same},
    scripted::Scripted,
    value::Hex,
};

/// A run from beginning to end.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Run {
    pub(crate) session: Keyed,
    /// Asked in message 1.
    pub(crate) question: Option<String>,
    pub(crate) initiator: Side,
    pub(crate) responder: Side,
    /// The values of the records.
    pub(crate) one: Hex,
    pub(crate) two: Hex,
    pub(crate) three: Hex,
    pub(crate) four: Hex,
    /// What both find out.
    pub(crate) equal: bool,
}

/// The session id of two D-H keys.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Keyed {
    pub(crate) private_keys: [Hex; 2],
    pub(crate) id: Hex,
}

/// A side, and what it draws, in order.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Side {
    pub(crate) fingerprint: Hex,
    pub(crate) text: String,
    pub(crate) secret: Hex,
    pub(crate) draws: Vec<Hex>,
}

pub(crate) fn check(group: &Group, _: &Library) -> Problems {
    each_with(group.fields::<Nothing>(), group, |_, case| check_case(case))
}

fn check_case(case: &Case) -> Result<(), Problem> {
    let run: Run = case.fields()?;
    same("equal", run.equal, case.is_valid())?;
    run.check_formulas()?;
    run.check_machine()
}

impl Run {
    /// By the formulas; the messages are still missing.
    pub(crate) fn honest(&self) -> Result<Honest, Problem> {
        let exponents = |side: &Side| Exponents::of(&side.draws.iter().map(|draw| draw.0.clone()).collect::<Vec<_>>());
        let [x, y] = [&self.initiator, &self.responder].map(|side| oracle::number(&side.secret.0));
        Honest::new(exponents(&self.initiator)?, exponents(&self.responder)?, x, y)
    }

    /// Fills in all that follows from identities, texts, keys and draws.
    pub(crate) fn complete(mut self) -> Result<Self, Problem> {
        self.session.id = self.session.id_by_formula()?;
        let [a, b] = [&self.initiator, &self.responder].map(|side| side.fingerprint.0.clone());
        for side in [&mut self.initiator, &mut self.responder] {
            side.secret = Hex(model::secret(&a, &b, &self.session.id.0, side.text.as_bytes()));
        }
        let honest = self.honest()?;
        [self.one, self.two, self.three, self.four] = self.messages(&honest)?;
        self.equal = honest.is_equal();
        Ok(self)
    }

    fn messages(&self, honest: &Honest) -> Result<[Hex; 4], Problem> {
        let mut one = model::value(&honest.one)?;
        if let Some(question) = &self.question {
            one = [question.as_bytes(), &[0], &one].concat();
        }
        let [two, three, four] =
            [model::value(&honest.two)?, model::value(&honest.three)?, model::value(&honest.four)?];
        Ok([one, two, three, four].map(Hex))
    }

    pub(crate) fn check_formulas(&self) -> Result<(), Problem> {
        same("session id by its formula", self.session.id_by_formula()?, self.session.id.clone())?;
        for side in [&self.initiator, &self.responder] {
            let [a, b] = [&self.initiator, &self.responder].map(|side| side.fingerprint.0.as_slice());
            let secret = Hex(model::secret(a, b, &self.session.id.0, side.text.as_bytes()));
            same("secret by its formula", secret, side.secret.clone())?;
            holds("every number is drawn with 192 bytes", side.draws.iter().all(|draw| draw.0.len() == 192))?;
        }
        let honest = self.honest()?;
        let [one, two, three, four] = self.messages(&honest)?;
        same("message 1 by its formulas", one, self.one.clone())?;
        same("message 2 by its formulas", two, self.two.clone())?;
        same("message 3 by its formulas", three, self.three.clone())?;
        same("message 4 by its formulas", four, self.four.clone())?;
        same("equal by the formulas", honest.is_equal(), self.equal)
    }

    /// Our machine sends this and finds out this.
    fn check_machine(&self) -> Result<(), Problem> {
        let (mut alice, mut bob) = (Machine::new(), Machine::new());
        same("message 1", alice.start(self)?, self.message_1())?;
        bob.ask(self)?;
        same("message 2", bob.answer(self)?, (TlvType::SMP_MESSAGE_2, self.two.clone()))?;
        let (event, reply) = alice.receive(TlvType::SMP_MESSAGE_2, &self.two, Duration::ZERO);
        same("what comes of message 2", event, Some(Event::InProgress { percent: 60 }))?;
        same("message 3", reply, Some((TlvType::SMP_MESSAGE_3, self.three.clone())))?;
        let (event, reply) = bob.receive(TlvType::SMP_MESSAGE_3, &self.three, Duration::ZERO);
        same("what comes of message 3", event, Some(self.result(self.responder_learns())))?;
        same("message 4", reply, Some((TlvType::SMP_MESSAGE_4, self.four.clone())))?;
        let (event, reply) = alice.receive(TlvType::SMP_MESSAGE_4, &self.four, Duration::ZERO);
        same("what comes of message 4", event, Some(self.result(Meaning::PeerVerified)))?;
        same("no reply to message 4", reply, None)?;
        same("states at the end", [alice.smp.state(), bob.smp.state()], [State::Expect1; 2])
    }

    pub(crate) fn message_1(&self) -> (TlvType, Hex) {
        let kind = if self.question.is_some() { TlvType::SMP_MESSAGE_1Q } else { TlvType::SMP_MESSAGE_1 };
        (kind, self.one.clone())
    }

    /// Who was asked a question has shown itself, not seen the other.
    const fn responder_learns(&self) -> Meaning {
        if self.question.is_some() { Meaning::AnsweredRightly } else { Meaning::PeerVerified }
    }

    const fn result(&self, meaning: Meaning) -> Event {
        if self.equal { Event::Succeeded(meaning) } else { Event::Failed }
    }

    fn session_id(&self) -> Result<SessionId, Problem> {
        let [one, other] = &self.session.private_keys;
        let one = DhKeyPair::hazmat_from_bytes(one.array()?)?;
        let other = DhKeyPair::hazmat_from_bytes(other.array()?)?;
        let id = one.agree(other.public())?.ake_keys().session_id();
        same("session id", Hex::from(id.as_bytes().as_slice()), self.session.id.clone())?;
        Ok(id)
    }

    fn secret(&self, text: &str) -> Result<Secret, Problem> {
        let [a, b] =
            [&self.initiator, &self.responder].map(|side| side.fingerprint.array().map(Fingerprint::from_bytes));
        Ok(Secret::new(&a?, &b?, &self.session_id()?, text.as_bytes()))
    }
}

impl Keyed {
    fn id_by_formula(&self) -> Result<Hex, Problem> {
        let [one, other] = &self.private_keys;
        let public = oracle::power(&[2], &one.0)?;
        ExchangeSecrets::of(&oracle::power(&public, &other.0)?)?.session_id()
    }
}

/// Our machine, with randomness that is written down.
pub(crate) struct Machine {
    pub(crate) smp: Smp,
    rng: Scripted,
}

impl Machine {
    pub(crate) fn new() -> Self {
        Self { smp: Smp::new(), rng: Scripted::default() }
    }

    /// From now on it draws what a side draws.
    fn draw_as(&mut self, side: &Side) {
        let parts: Vec<&[u8]> = side.draws.iter().map(|draw| draw.0.as_slice()).collect();
        self.rng = Scripted::new(&parts);
    }

    /// As the initiator of the run.
    pub(crate) fn start(&mut self, run: &Run) -> Result<(TlvType, Hex), Problem> {
        self.draw_as(&run.initiator);
        let secret = run.secret(&run.initiator.text)?;
        let message = self.smp.start(secret, run.question.as_deref(), Duration::ZERO, &mut self.rng)?;
        Ok(told(&message))
    }

    /// As the responder, whose user is to be asked.
    pub(crate) fn ask(&mut self, run: &Run) -> Result<(), Problem> {
        let (kind, value) = run.message_1();
        match self.receive(kind, &value, Duration::ZERO) {
            (Some(Event::Asked { question, .. }), None) => {
                let asked = run.question.as_ref().map(|question| question.as_bytes().to_vec());
                same("question", question, asked)
            }
            (event, _) => Err(Problem::new(format!("not asked: {event:?}"))),
        }
    }

    /// As the responder, whose user was asked.
    pub(crate) fn answer(&mut self, run: &Run) -> Result<(TlvType, Hex), Problem> {
        let State::AwaitingUser(id) = self.smp.state() else { return Err(Problem::new("nothing was asked")) };
        self.draw_as(&run.responder);
        let message = self.smp.answer(id, run.secret(&run.responder.text)?, Duration::ZERO, &mut self.rng)?;
        Ok(told(&message))
    }

    pub(crate) fn receive(
        &mut self,
        kind: TlvType,
        value: &Hex,
        now: Duration,
    ) -> (Option<Event>, Option<(TlvType, Hex)>) {
        let Received { reply, event } = self.smp.receive(&Message::decode(kind, &value.0), now, &mut self.rng);
        (event, reply.as_ref().map(told))
    }
}

fn told(message: &Message) -> (TlvType, Hex) {
    let (kind, value) = message.encode();
    (kind, Hex(value))
}
