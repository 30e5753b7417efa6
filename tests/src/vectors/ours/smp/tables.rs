//! The steps that stand in the file.

use num_bigint::BigUint;
use otr_wire::TlvType;

use super::{
    liar::{Hidden, Liar, Lie, Numbers},
    steps::{MALFORMED, OUT_OF_PLACE, Record, Shared, Stage, Step, TOO_LATE, broken_rule},
};
use crate::vectors::{
    Problem, Verdict,
    file::Builder,
    smp::{
        model::{self, Exponents, Honest},
        run::Run,
    },
    value::Hex,
};

/// A step, and what is to come of it.
pub(super) struct Row {
    comment: String,
    flag: &'static str,
    state: Stage,
    waited: u64,
    record: Record,
    outcome: Outcome,
}

enum Outcome {
    /// The user is told this, this goes back, and this is the state then.
    Accepted(Option<String>, Option<Record>, Stage),
    /// It breaks this rule.
    Breaks(&'static str),
}

type Rows = Result<Vec<Row>, Problem>;

/// Adds a group of steps of one run.
pub(super) fn add(file: &mut Builder, run: Run, rows: fn(&Run, &Honest) -> Rows) -> Result<(), Problem> {
    let honest = run.honest()?;
    let rows = rows(&run, &honest)?;
    file.group("OtrSmpStep", &Shared { run })?;
    for row in rows {
        let broken = broken_rule(&honest, row.state, row.waited, &row.record)?;
        let (event, reply, then) = match (row.outcome, broken) {
            (Outcome::Accepted(event, reply, then), None) => (event, reply, then),
            (Outcome::Breaks(rule), Some(broken)) if rule == broken => refused(&row.state, &row.record, rule),
            (_, broken) => return Err(Problem::new(format!("{}: it breaks {broken:?}", row.comment))),
        };
        let verdict = if broken.is_none() { Verdict::Valid } else { Verdict::Invalid };
        let Row { comment, flag, state, waited, record, .. } = row;
        let step = Step { state, waited, record, breaks: broken.map(Into::into), event, reply, then };
        file.case(comment, &[flag], verdict, &step)?;
    }
    Ok(())
}

/// What comes of a broken rule: an abort, never in reply to an abort.
fn refused(state: &Stage, record: &Record, rule: &str) -> (Option<String>, Option<Record>, Stage) {
    let event = match rule {
        TOO_LATE => Some("TimedOut"),
        OUT_OF_PLACE if *state == Stage::Expect1 => None,
        OUT_OF_PLACE => Some("Aborted"),
        _ => Some("Cheated"),
    };
    let reply = (record.r#type != TlvType::SMP_ABORT.0).then(abort);
    (event.map(Into::into), reply, Stage::Expect1)
}

fn abort() -> Record {
    Record { r#type: TlvType::SMP_ABORT.0, value: Hex::default() }
}

/// Each number of a record by its place.
const ONE: &[&str] = &["g2a", "c2", "D2", "g3a", "c3", "D3"];
const TWO: &[&str] = &["g2b", "c2", "D2", "g3b", "c3", "D3", "Pb", "Qb", "cP", "D5", "D6"];
const THREE: &[&str] = &["Pa", "Qa", "cP", "D5", "D6", "Ra", "cR", "D7"];
const FOUR: &[&str] = &["Rb", "cR", "D7"];

/// The four messages, where each is awaited, and the names of its numbers.
const MESSAGES: [(TlvType, Stage, &[&str], &str); 4] = [
    (TlvType::SMP_MESSAGE_1, Stage::Expect1, ONE, "message 1"),
    (TlvType::SMP_MESSAGE_2, Stage::Expect2, TWO, "message 2"),
    (TlvType::SMP_MESSAGE_3, Stage::Expect3, THREE, "message 3"),
    (TlvType::SMP_MESSAGE_4, Stage::Expect4, FOUR, "message 4"),
];

/// The steps of a run between equal secrets.
pub(super) fn equal(run: &Run, honest: &Honest) -> Rows {
    let mut rows = honest_steps(run);
    rows.extend(unusual(honest)?);
    rows.extend(places(run));
    rows.extend(times(run));
    rows.extend(elements(honest)?);
    rows.extend(unproved(honest)?);
    rows.extend(challenges(honest)?);
    rows.extend(responses(honest)?);
    rows.extend(labels(honest)?);
    rows.extend(moved(honest)?);
    rows.extend(same_values(honest)?);
    Ok(rows)
}

/// The steps of a run with a question between different secrets.
pub(super) fn different(run: &Run, honest: &Honest) -> Rows {
    let mut rows = honest_steps(run);
    let others = super::run(102, None, ["the lighthouse"; 2])?;
    for ((kind, state, ..), value) in MESSAGES.into_iter().zip([&others.one, &others.two, &others.three, &others.four])
    {
        let record = Record { r#type: kind.0, value: value.clone() };
        let outcome = match kind {
            TlvType::SMP_MESSAGE_1 => Outcome::Accepted(Some("Asked".into()), None, Stage::AwaitingUser),
            TlvType::SMP_MESSAGE_4 => Outcome::Breaks("the proof of R"),
            _ => Outcome::Breaks("the proof of P and Q"),
        };
        rows.push(Row { comment: "a message of another run".into(), flag: "Moved", state, waited: 0, record, outcome });
    }
    for (name, form) in [("without its end", b"Where?".to_vec()), ("without numbers", b"Where?\0".to_vec())] {
        let record = Record { r#type: TlvType::SMP_MESSAGE_1Q.0, value: Hex(form) };
        let comment = format!("a question {name}");
        let outcome = Outcome::Breaks(MALFORMED);
        rows.push(Row { comment, flag: "Malformed", state: Stage::Expect1, waited: 0, record, outcome });
    }
    for (at, name) in [(0, "g2a"), (3, "g3a")] {
        let mut numbers = honest.one.clone();
        numbers[at] = honest.field.negative(&numbers[at]);
        let value = [b"Where?\0".as_slice(), &model::value(&numbers)?].concat();
        let record = Record { r#type: TlvType::SMP_MESSAGE_1Q.0, value: Hex(value) };
        let comment = format!("message 1Q with {name} of order 2q");
        let outcome = Outcome::Breaks(element_rule(name));
        rows.push(Row { comment, flag: "Element", state: Stage::Expect1, waited: 0, record, outcome });
    }
    Ok(rows)
}

fn record(kind: TlvType, value: &Hex) -> Record {
    Record { r#type: kind.0, value: value.clone() }
}

fn row(comment: impl Into<String>, flag: &'static str, at: usize, numbers: &[BigUint], outcome: Outcome) -> Rows {
    let (kind, state, ..) = MESSAGES[at];
    let record = Record { r#type: kind.0, value: Hex(model::value(numbers)?) };
    Ok(vec![Row { comment: comment.into(), flag, state, waited: 0, record, outcome }])
}

fn messages_of(honest: &Honest) -> [&Vec<BigUint>; 4] {
    [&honest.one, &honest.two, &honest.three, &honest.four]
}

/// What honest sides do, step by step.
fn honest_steps(run: &Run) -> Vec<Row> {
    let (question, meaning) = match &run.question {
        None => ("Asked".to_owned(), "PeerVerified"),
        Some(question) => (format!("Asked: {question}"), "AnsweredRightly"),
    };
    let result = |meaning: &str| if run.equal { format!("Succeeded({meaning})") } else { "Failed".into() };
    let three = record(TlvType::SMP_MESSAGE_3, &run.three);
    let four = record(TlvType::SMP_MESSAGE_4, &run.four);
    let (first, one) = run.message_1();
    let step = |comment: &str, state, record, event: String, reply, then| Row {
        comment: comment.into(),
        flag: "Honest",
        state,
        waited: 0,
        record,
        outcome: Outcome::Accepted(Some(event), reply, then),
    };
    vec![
        step("message 1", Stage::Expect1, record(first, &one), question, None, Stage::AwaitingUser),
        step(
            "message 2",
            Stage::Expect2,
            record(TlvType::SMP_MESSAGE_2, &run.two),
            "InProgress(60)".into(),
            Some(three.clone()),
            Stage::Expect4,
        ),
        step("message 3", Stage::Expect3, three, result(meaning), Some(four.clone()), Stage::Expect1),
        step("message 4", Stage::Expect4, four, result("PeerVerified"), None, Stage::Expect1),
    ]
}

/// What honest programs might send, but ours does not.
fn unusual(honest: &Honest) -> Rows {
    let asked = || Outcome::Accepted(Some("Asked".into()), None, Stage::AwaitingUser);
    let other = |change: fn(&mut Exponents, &mut Exponents)| {
        let (mut a, mut b) = (honest.a.clone(), honest.b.clone());
        change(&mut a, &mut b);
        Honest::new(a, b, honest.x.clone(), honest.y.clone())
    };
    let answered = |run: &Honest| -> Result<Outcome, Problem> {
        let reply = Record { r#type: TlvType::SMP_MESSAGE_3.0, value: Hex(model::value(&run.three)?) };
        Ok(Outcome::Accepted(Some("InProgress(60)".into()), Some(reply), Stage::Expect4))
    };
    let mut rows = Vec::new();
    let twice = other(|a, _| a.three = a.two.clone())?;
    rows.extend(row("message 1 with one half for both, each with its proof", "Unusual", 0, &twice.one, asked())?);
    let short = other(|a, _| a.two = BigUint::from(100_u8))?;
    rows.extend(row("message 1 with a short number", "Unusual", 0, &short.one, asked())?);
    let challenge = short_challenge(honest)?;
    rows.extend(row("message 1 with a challenge of 31 bytes", "Unusual", 0, &challenge, asked())?);
    let mirrored = other(|a, b| (b.two, b.three) = (a.two.clone(), a.three.clone()))?;
    let outcome = answered(&mirrored)?;
    rows.extend(row("message 2 with the halves of message 1, proved anew", "Unusual", 1, &mirrored.two, outcome)?);
    let low = other(|_, b| b.r4 = BigUint::from(1_u8))?;
    let outcome = answered(&low)?;
    rows.extend(row("message 2 with the generators as they are", "Unusual", 1, &low.two, outcome)?);
    Ok(rows)
}

/// Message 1 with a c2 of 31 bytes: its first byte is zero, and left out.
fn short_challenge(honest: &Honest) -> Result<Vec<BigUint>, Problem> {
    const MOST: u32 = 10_000;
    let field = &honest.field;
    let mut commitment = BigUint::from(1_u8);
    for r in 1..MOST {
        commitment = field.times(&commitment, &BigUint::from(2_u8));
        let c = model::hash(1, &[&commitment])?;
        if c.bits().div_ceil(8) == 31 {
            let d = field.response(&BigUint::from(r), &honest.a.two, &c);
            let mut numbers = honest.one.clone();
            (numbers[1], numbers[2]) = (c, d);
            return Ok(numbers);
        }
    }
    Err(Problem::new("no short challenge"))
}

/// Every message in every state, and one that is no message.
fn places(run: &Run) -> Vec<Row> {
    let question = Hex([b"Who?\0".as_slice(), &run.one.0].concat());
    let all = [
        ("message 1", record(TlvType::SMP_MESSAGE_1, &run.one)),
        ("message 1Q", record(TlvType::SMP_MESSAGE_1Q, &question)),
        ("message 2", record(TlvType::SMP_MESSAGE_2, &run.two)),
        ("message 3", record(TlvType::SMP_MESSAGE_3, &run.three)),
        ("message 4", record(TlvType::SMP_MESSAGE_4, &run.four)),
        ("an abort", abort()),
        ("message 1 cut short", record(TlvType::SMP_MESSAGE_1, &Hex(run.one.0[..run.one.0.len() - 1].to_vec()))),
        ("message 4 and a byte", record(TlvType::SMP_MESSAGE_4, &Hex([run.four.0.as_slice(), &[0]].concat()))),
        ("message 2 under the type of message 3", record(TlvType::SMP_MESSAGE_3, &run.two)),
    ];
    let mut rows = Vec::new();
    for state in Stage::ALL {
        for (name, record) in &all {
            let outcome = match (*name, state) {
                ("message 1", Stage::Expect1)
                | ("message 2", Stage::Expect2)
                | ("message 3", Stage::Expect3)
                | ("message 4", Stage::Expect4) => continue,
                ("message 1Q", Stage::Expect1) => {
                    Outcome::Accepted(Some("Asked: Who?".into()), None, Stage::AwaitingUser)
                }
                ("an abort", Stage::Expect1) => Outcome::Accepted(None, None, Stage::Expect1),
                ("an abort", _) => Outcome::Accepted(Some("Aborted".into()), None, Stage::Expect1),
                ("message 1 cut short" | "message 4 and a byte" | "message 2 under the type of message 3", _) => {
                    Outcome::Breaks(MALFORMED)
                }
                _ => Outcome::Breaks(OUT_OF_PLACE),
            };
            let comment = format!("{name} in state {state:?}");
            rows.push(Row { comment, flag: "State", state, waited: 0, record: record.clone(), outcome });
        }
    }
    rows
}

/// The last moment, and the one after it.
fn times(run: &Run) -> Vec<Row> {
    let mut rows = Vec::new();
    let values = [&run.one, &run.two, &run.three, &run.four];
    for ((honest, (kind, state, _, name)), value) in honest_steps(run).into_iter().zip(MESSAGES).zip(values) {
        if state == Stage::Expect1 {
            continue;
        }
        let last = format!("{name} at the last moment");
        rows.push(Row { comment: last, flag: "Time", waited: 299, ..honest });
        for (waited, comment) in [(300, "too late"), (1_000_000, "much too late")] {
            let comment = format!("{name} {comment}");
            let outcome = Outcome::Breaks(TOO_LATE);
            rows.push(Row { comment, flag: "Time", state, waited, record: record(kind, value), outcome });
        }
    }
    for state in Stage::ALL.into_iter().filter(|&state| state != Stage::Expect1) {
        let comment = format!("an abort too late in state {state:?}");
        let outcome = Outcome::Breaks(TOO_LATE);
        rows.push(Row { comment, flag: "Time", state, waited: 300, record: abort(), outcome });
    }
    rows
}

/// Where elements of the group stand: message, place among its numbers, name.
const ELEMENTS: [(usize, usize, &str); 10] = [
    (0, 0, "g2a"),
    (0, 3, "g3a"),
    (1, 0, "g2b"),
    (1, 3, "g3b"),
    (1, 6, "Pb"),
    (1, 7, "Qb"),
    (2, 0, "Pa"),
    (2, 1, "Qa"),
    (2, 5, "Ra"),
    (3, 0, "Rb"),
];

fn element_rule(name: &str) -> &'static str {
    match name {
        "g2a" => "g2a is no element of order q",
        "g3a" => "g3a is no element of order q",
        "g2b" => "g2b is no element of order q",
        "g3b" => "g3b is no element of order q",
        "Pa" => "Pa is no element of order q",
        "Pb" => "Pb is no element of order q",
        "Qa" => "Qa is no element of order q",
        "Qb" => "Qb is no element of order q",
        "Ra" => "Ra is no element of order q",
        _ => "Rb is no element of order q",
    }
}

/// Every value outside the group, with a proof that fits where there is one.
fn elements(honest: &Honest) -> Rows {
    let mut rows = Vec::new();
    for (at, _, name) in ELEMENTS {
        for (lie, words) in Lie::ALL {
            let (numbers, fits) = lying(honest, name, Some(lie))?;
            let proof = if fits { "with a proof that fits" } else { "with no proof" };
            let comment = format!("{name} is {words}, {proof}");
            rows.extend(row(comment, "Element", at, &numbers, Outcome::Breaks(element_rule(name)))?);
        }
    }
    Ok(rows)
}

/// The message with a lie about one of its values.
fn lying(honest: &Honest, name: &str, lie: Option<Lie>) -> Result<Numbers, Problem> {
    let mut liar = Liar::new(honest, super::fixtures::rng(&format!("lies about {name}"), 0));
    let a = || Hidden { r4: honest.a.r4.clone(), secret: honest.x.clone() };
    let b = || Hidden { r4: honest.b.r4.clone(), secret: honest.y.clone() };
    let exponents = [&honest.a.two, &honest.a.three];
    match name {
        "g2a" => liar.halves([lie, None], exponents, [1, 2]),
        "g3a" => liar.halves([None, lie], exponents, [1, 2]),
        "g2b" => liar.message_2([lie, None, None, None], b(), [3, 4, 5]),
        "g3b" => liar.message_2([None, lie, None, None], b(), [3, 4, 5]),
        "Pb" => liar.message_2([None, None, lie, None], b(), [3, 4, 5]),
        "Qb" => liar.message_2([None, None, None, lie], b(), [3, 4, 5]),
        "Pa" => liar.message_3([lie, None, None], a(), [6, 7]),
        "Qa" => liar.message_3([None, lie, None], a(), [6, 7]),
        "Ra" => liar.message_3([None, None, lie], a(), [6, 7]),
        _ => liar.message_4(lie, 8),
    }
}

/// Other elements of the group, beside the proof of the honest one.
fn unproved(honest: &Honest) -> Rows {
    let mut rows = Vec::new();
    for (at, place, name) in ELEMENTS {
        let rule = match name {
            "g2a" => "the proof of g2a",
            "g3a" => "the proof of g3a",
            "g2b" => "the proof of g2b",
            "g3b" => "the proof of g3b",
            "Ra" | "Rb" => "the proof of R",
            _ => "the proof of P and Q",
        };
        let value = &messages_of(honest)[at][place];
        let others = [
            ("another element", honest.field.times(value, &BigUint::from(4_u8))),
            ("its own inverse", honest.field.quotient(&BigUint::from(1_u8), value)),
            ("the generator", BigUint::from(2_u8)),
        ];
        for (words, other) in others {
            let mut numbers = messages_of(honest)[at].clone();
            numbers[place] = other;
            rows.extend(row(
                format!("{name} is {words}, without a proof"),
                "Proof",
                at,
                &numbers,
                Outcome::Breaks(rule),
            )?);
        }
    }
    Ok(rows)
}

/// Where challenges and responses stand: message, place, what is proved, and the rules for them.
const CHALLENGES: [(usize, usize, &str, &str); 8] = [
    (0, 1, "the proof of g2a", "c2 is too long"),
    (0, 4, "the proof of g3a", "c3 is too long"),
    (1, 1, "the proof of g2b", "c2 is too long"),
    (1, 4, "the proof of g3b", "c3 is too long"),
    (1, 8, "the proof of P and Q", "cP is too long"),
    (2, 2, "the proof of P and Q", "cP is too long"),
    (2, 6, "the proof of R", "cR is too long"),
    (3, 1, "the proof of R", "cR is too long"),
];

fn challenges(honest: &Honest) -> Rows {
    let mut rows = Vec::new();
    for (at, place, wrong, long) in CHALLENGES {
        let c = &messages_of(honest)[at][place];
        let above = BigUint::from(1_u8) << 256;
        for (words, other, rule) in [
            ("0", BigUint::ZERO, wrong),
            ("another number", c ^ BigUint::from(1_u8), wrong),
            ("of 33 bytes", c + &above, long),
            ("the least number of 33 bytes", above, long),
            ("greater by q", c + &honest.field.q, long),
        ] {
            let mut numbers = messages_of(honest)[at].clone();
            numbers[place] = other;
            let (_, _, names, message) = MESSAGES[at];
            let comment = format!("{} of {message} is {words}", names[place]);
            rows.extend(row(comment, "Challenge", at, &numbers, Outcome::Breaks(rule))?);
        }
    }
    Ok(rows)
}

const RESPONSES: [(usize, usize, &str, &str); 10] = [
    (0, 2, "the proof of g2a", "D2 is not in 1..q"),
    (0, 5, "the proof of g3a", "D3 is not in 1..q"),
    (1, 2, "the proof of g2b", "D2 is not in 1..q"),
    (1, 5, "the proof of g3b", "D3 is not in 1..q"),
    (1, 9, "the proof of P and Q", "D5 is not in 1..q"),
    (1, 10, "the proof of P and Q", "D6 is not in 1..q"),
    (2, 3, "the proof of P and Q", "D5 is not in 1..q"),
    (2, 4, "the proof of P and Q", "D6 is not in 1..q"),
    (2, 7, "the proof of R", "D7 is not in 1..q"),
    (3, 2, "the proof of R", "D7 is not in 1..q"),
];

fn responses(honest: &Honest) -> Rows {
    let mut rows = Vec::new();
    let field = &honest.field;
    for (at, place, wrong, outside) in RESPONSES {
        let d = &messages_of(honest)[at][place];
        let one = BigUint::from(1_u8);
        for (words, other, rule) in [
            ("0", BigUint::ZERO, outside),
            ("1", one.clone(), wrong),
            ("q - 1", &field.q - &one, wrong),
            ("q", field.q.clone(), outside),
            ("q + 1", &field.q + &one, outside),
            ("greater by q, to which the proof fits", d + &field.q, outside),
            ("the longest number", (one.clone() << 1536) - &one, outside),
            ("another number", d ^ &one, wrong),
        ] {
            let mut numbers = messages_of(honest)[at].clone();
            numbers[place] = other;
            let (_, _, names, message) = MESSAGES[at];
            let comment = format!("{} of {message} is {words}", names[place]);
            rows.extend(row(comment, "Response", at, &numbers, Outcome::Breaks(rule))?);
        }
    }
    Ok(rows)
}

/// Proofs for another side, step or value: all is right but the byte that the hash begins with.
fn labels(honest: &Honest) -> Rows {
    let mut rows = Vec::new();
    let mut liar = Liar::new(honest, super::fixtures::rng("labels", 0));
    let a = || Hidden { r4: honest.a.r4.clone(), secret: honest.x.clone() };
    let b = || Hidden { r4: honest.b.r4.clone(), secret: honest.y.clone() };
    let own = [&honest.a.two, &honest.a.three];
    for (right, wrong, at, rule) in [
        (1, 3, 0, "the proof of g2a"),
        (1, 2, 0, "the proof of g2a"),
        (1, 0, 0, "the proof of g2a"),
        (2, 4, 0, "the proof of g3a"),
        (2, 1, 0, "the proof of g3a"),
        (3, 1, 1, "the proof of g2b"),
        (3, 4, 1, "the proof of g2b"),
        (4, 2, 1, "the proof of g3b"),
        (4, 3, 1, "the proof of g3b"),
        (5, 6, 1, "the proof of P and Q"),
        (6, 5, 2, "the proof of P and Q"),
        (7, 8, 2, "the proof of R"),
        (8, 7, 3, "the proof of R"),
        (8, 0, 3, "the proof of R"),
    ] {
        let label = |own: u8| if own == right { wrong } else { own };
        let (numbers, _) = match at {
            0 => liar.halves([None; 2], own, [label(1), label(2)])?,
            1 => liar.message_2([None; 4], b(), [label(3), label(4), label(5)])?,
            2 => liar.message_3([None; 3], a(), [label(6), label(7)])?,
            _ => liar.message_4(None, label(8))?,
        };
        let comment = format!("the hash of proof {right} begins with {wrong}");
        rows.extend(row(comment, "Label", at, &numbers, Outcome::Breaks(rule))?);
    }
    Ok(rows)
}

/// Proofs and values from elsewhere in the same run.
fn moved(honest: &Honest) -> Rows {
    let swapped = |numbers: &[BigUint]| {
        let mut numbers = numbers.to_vec();
        numbers.swap(1, 4);
        numbers.swap(2, 5);
        numbers
    };
    let exchanged = |numbers: &[BigUint], one: usize, other: usize| {
        let mut numbers = numbers.to_vec();
        numbers.swap(one, other);
        numbers
    };
    let Honest { one, two, three, four, .. } = honest;
    let cases: Vec<(&str, usize, Vec<BigUint>, &'static str)> = vec![
        ("the proofs of g2a and g3a exchanged", 0, swapped(one), "the proof of g2a"),
        ("the proofs of g2b and g3b exchanged", 1, swapped(two), "the proof of g2b"),
        ("g2a and g3a exchanged", 0, exchanged(one, 0, 3), "the proof of g2a"),
        ("g2b and g3b exchanged", 1, exchanged(two, 0, 3), "the proof of g2b"),
        ("Pa and Qa exchanged", 2, exchanged(three, 0, 1), "the proof of P and Q"),
        ("Pb and Qb exchanged", 1, exchanged(two, 6, 7), "the proof of P and Q"),
        ("D5 and D6 of message 2 exchanged", 1, exchanged(two, 9, 10), "the proof of P and Q"),
        ("D5 and D6 of message 3 exchanged", 2, exchanged(three, 3, 4), "the proof of P and Q"),
        ("c and D of message 1 exchanged", 0, exchanged(one, 1, 2), "c2 is too long"),
        ("message 1 back, in message 2", 1, [one, &two[6..]].concat(), "the proof of g2b"),
        ("P and Q of message 2 back, in message 3", 2, [&two[6..], &three[5..]].concat(), "the proof of P and Q"),
        ("R of message 3 back, in message 4", 3, three[5..].to_vec(), "the proof of R"),
        ("the proof of Ra beside Rb", 3, vec![four[0].clone(), three[6].clone(), three[7].clone()], "the proof of R"),
    ];
    let mut rows = Vec::new();
    for (comment, at, numbers, rule) in cases {
        rows.extend(row(comment, "Moved", at, &numbers, Outcome::Breaks(rule))?);
    }
    Ok(rows)
}

/// P and Q of one side made equal to those of the other, with right proofs.
fn same_values(honest: &Honest) -> Rows {
    let mut rows = Vec::new();
    let mut liar = Liar::new(honest, super::fixtures::rng("same", 0));
    let step = &honest.a.two * &honest.b.two;
    for (at, victim, secret) in [(1, &honest.a, &honest.x), (2, &honest.b, &honest.y)] {
        let next = secret + 1_u8;
        // With the secret greater by one, the same Q is reached by a smaller r4.
        let for_same_q = honest.field.response(&victim.r4, &step, &BigUint::from(1_u8));
        for (comment, r4, secret, rule) in [
            ("P is the other side's, Q is not", victim.r4.clone(), next.clone(), "Pa is Pb"),
            ("Q is the other side's, P is not", for_same_q, next.clone(), "Qa is Qb"),
            ("P and Q are the other side's", victim.r4.clone(), secret.clone(), "Pa is Pb"),
        ] {
            let hidden = Hidden { r4, secret };
            let (numbers, _) = if at == 1 {
                liar.message_2([None; 4], hidden, [3, 4, 5])?
            } else {
                liar.message_3([None; 3], hidden, [6, 7])?
            };
            let comment = format!("{}: {comment}", MESSAGES[at].3);
            rows.extend(row(comment, "Equal", at, &numbers, Outcome::Breaks(rule))?);
        }
    }
    Ok(rows)
}
