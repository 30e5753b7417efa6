//! Single steps of a run: what a record brings about in a state.

use std::time::Duration;

use num_bigint::BigUint;
use otr_smp::{Event, State};
use otr_wire::TlvType;
use serde::{Deserialize, Serialize};

use crate::vectors::{
    Case, Group, Library, Problem,
    kinds::{Problems, each_with},
    oracle,
    problem::same,
    smp::{
        model::Honest,
        run::{Machine, Run},
    },
    value::Hex,
};

/// The run that all steps of a group belong to.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shared {
    pub(super) run: Run,
}

/// A record arrives.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    pub(super) state: Stage,
    /// Seconds since the state was entered.
    pub(super) waited: u64,
    #[serde(flatten)]
    pub(super) record: Record,
    pub(super) breaks: Option<String>,
    pub(super) event: Option<String>,
    pub(super) reply: Option<Record>,
    pub(super) then: Stage,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) r#type: u16,
    pub(super) value: Hex,
}

/// Where a run stands; the first, third and fifth are the initiator's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Stage {
    Expect1,
    AwaitingUser,
    Expect2,
    Expect3,
    Expect4,
}

impl Stage {
    pub(super) const ALL: [Self; 5] = [Self::Expect1, Self::AwaitingUser, Self::Expect2, Self::Expect3, Self::Expect4];

    const fn of(state: State) -> Self {
        match state {
            State::Expect1 => Self::Expect1,
            State::AwaitingUser(_) => Self::AwaitingUser,
            State::Expect2 => Self::Expect2,
            State::Expect3 => Self::Expect3,
            State::Expect4 => Self::Expect4,
        }
    }

    /// A machine that has come so far in a run.
    fn reach(self, run: &Run) -> Result<Machine, Problem> {
        let mut machine = Machine::new();
        match self {
            Self::Expect1 => {}
            Self::AwaitingUser => machine.ask(run)?,
            Self::Expect2 => {
                machine.start(run)?;
            }
            Self::Expect3 => {
                machine.ask(run)?;
                machine.answer(run)?;
            }
            Self::Expect4 => {
                machine.start(run)?;
                machine.receive(TlvType::SMP_MESSAGE_2, &run.two, Duration::ZERO);
            }
        }
        same("state reached", Self::of(machine.smp.state()), self)?;
        Ok(machine)
    }

    /// Whether a message has its place here.
    const fn takes(self, kind: TlvType) -> bool {
        matches!(
            (self, kind),
            (_, TlvType::SMP_ABORT)
                | (Self::Expect1, TlvType::SMP_MESSAGE_1 | TlvType::SMP_MESSAGE_1Q)
                | (Self::Expect2, TlvType::SMP_MESSAGE_2)
                | (Self::Expect3, TlvType::SMP_MESSAGE_3)
                | (Self::Expect4, TlvType::SMP_MESSAGE_4)
        )
    }
}

/// After so many seconds of silence a run is over.
const LIFETIME: u64 = 300;

pub(super) const MALFORMED: &str = "the form of the record";
pub(super) const TOO_LATE: &str = "in time";
pub(super) const OUT_OF_PLACE: &str = "a message that belongs here";

/// The first rule that a record breaks, by the rules alone.
pub(super) fn broken_rule(
    honest: &Honest,
    state: Stage,
    waited: u64,
    record: &Record,
) -> Result<Option<&'static str>, Problem> {
    let kind = TlvType(record.r#type);
    if state != Stage::Expect1 && waited >= LIFETIME {
        return Ok(Some(TOO_LATE));
    }
    let Some(numbers) = numbers(kind, &record.value.0) else { return Ok(Some(MALFORMED)) };
    if !state.takes(kind) {
        return Ok(Some(OUT_OF_PLACE));
    }
    if kind == TlvType::SMP_ABORT { Ok(None) } else { honest.broken_rule(kind, &numbers) }
}

/// The numbers of a well-formed record; none in an abort.
fn numbers(kind: TlvType, value: &[u8]) -> Option<Vec<BigUint>> {
    let (count, mut rest): (u8, &[u8]) = match kind {
        TlvType::SMP_ABORT => return Some(Vec::new()),
        TlvType::SMP_MESSAGE_1 => (6, value),
        TlvType::SMP_MESSAGE_1Q => (6, value.get(value.iter().position(|&byte| byte == 0)? + 1..)?),
        TlvType::SMP_MESSAGE_2 => (11, value),
        TlvType::SMP_MESSAGE_3 => (8, value),
        TlvType::SMP_MESSAGE_4 => (3, value),
        _ => return None,
    };
    let mut take = |length: usize| {
        let (taken, left) = rest.split_at_checked(length)?;
        rest = left;
        Some(oracle::number(taken))
    };
    if take(4)? != BigUint::from(count) {
        return None;
    }
    let mut numbers = Vec::new();
    for _ in 0..count {
        let length = usize::try_from(&take(4)?).ok().filter(|&length| length <= 192)?;
        let number = take(length)?;
        if oracle::bytes(&number).len() != length {
            return None;
        }
        numbers.push(number);
    }
    rest.is_empty().then_some(numbers)
}

pub(crate) fn check(group: &Group, _: &Library) -> Problems {
    let shared = group.fields::<Shared>().and_then(|shared| {
        shared.run.check_formulas()?;
        let honest = shared.run.honest()?;
        Ok((shared.run, honest))
    });
    each_with(shared, group, |(run, honest), case| check_case(run, honest, case))
}

fn check_case(run: &Run, honest: &Honest, case: &Case) -> Result<(), Problem> {
    let step: Step = case.fields()?;
    let broken = broken_rule(honest, step.state, step.waited, &step.record)?;
    same("the rule it breaks", broken.map(Into::into), step.breaks.clone())?;
    same("result", case.is_valid(), step.breaks.is_none())?;
    let mut machine = step.state.reach(run)?;
    let now = Duration::from_secs(step.waited);
    let (event, reply) = machine.receive(TlvType(step.record.r#type), &step.record.value, now);
    same("event", event.as_ref().map(told).transpose()?, step.event)?;
    same("reply", reply.map(|(kind, value)| Record { r#type: kind.0, value }), step.reply)?;
    same("state afterwards", Stage::of(machine.smp.state()), step.then)
}

/// An event, without the name of the run.
fn told(event: &Event) -> Result<String, Problem> {
    Ok(match event {
        Event::Asked { question: None, .. } => "Asked".into(),
        Event::Asked { question: Some(question), .. } => format!("Asked: {}", std::str::from_utf8(question)?),
        Event::InProgress { percent } => format!("InProgress({percent})"),
        Event::Succeeded(meaning) => format!("Succeeded({meaning:?})"),
        Event::Failed | Event::Aborted | Event::Cheated | Event::TimedOut => format!("{event:?}"),
    })
}
