//! The comparison of secrets: its messages, whole runs, and single steps from somebody who may lie.

mod liar;
pub(crate) mod messages;
pub(crate) mod steps;
mod tables;

use otr_crypto::{DhKeyPair, Fingerprint};

use super::fixtures;
use crate::vectors::{
    Library, Problem, VectorFile, Verdict,
    file::{Builder, Nothing},
    smp::run::{Keyed, Run, Side},
    value::Hex,
};

/// A run from fixed randomness.
fn run(number: u32, question: Option<&str>, [one, other]: [&str; 2]) -> Result<Run, Problem> {
    let side = |name: &str, text: &str| -> Result<Side, Problem> {
        let fingerprint: Fingerprint = fixtures::identity(name)?.public_key().fingerprint();
        let draws = (0..8).map(|draw| Hex(fixtures::bytes(&format!("comparison {number} of {name}: {draw}"), 192)));
        let fingerprint = Hex::from(fingerprint.as_bytes().as_slice());
        Ok(Side { fingerprint, text: text.into(), secret: Hex::default(), draws: draws.collect() })
    };
    let private_keys = ["alice", "bob"].map(|name| Hex(fixtures::bytes(&format!("D-H key {number} of {name}"), 40)));
    for key in &private_keys {
        DhKeyPair::hazmat_from_bytes(key.array()?)?;
    }
    let run = Run {
        session: Keyed { private_keys, id: Hex::default() },
        question: question.map(Into::into),
        initiator: side("alice", one)?,
        responder: side("bob", other)?,
        one: Hex::default(),
        two: Hex::default(),
        three: Hex::default(),
        four: Hex::default(),
        equal: false,
    };
    run.complete()
}

const LONG: &str = "a secret that is as long as a sentence, which is what people should use, but hardly anybody does";

/// Questions and what both sides say.
const RUNS: &[(&str, Option<&str>, [&str; 2])] = &[
    ("equal secrets", None, ["the lighthouse", "the lighthouse"]),
    ("a question, answered rightly", Some("Where did we meet?"), ["the lighthouse", "the lighthouse"]),
    ("an empty question", Some(""), ["x", "x"]),
    ("a question beyond ASCII", Some("Wo war's? \u{1f511} \u{202e}"), ["x", "x"]),
    ("secrets beyond ASCII", None, ["Zürich ☃ 🔑", "Zürich ☃ 🔑"]),
    ("empty secrets", None, ["", ""]),
    ("a NUL in both secrets", None, ["a\0b", "a\0b"]),
    ("a long secret", None, [LONG, LONG]),
    ("another secret", None, ["the lighthouse", "the windmill"]),
    ("a question, answered wrongly", Some("Where did we meet?"), ["the lighthouse", "the windmill"]),
    ("a letter in another case", None, ["the lighthouse", "The lighthouse"]),
    ("a blank at the end", None, ["the lighthouse", "the lighthouse "]),
    ("no secret on one side", None, ["the lighthouse", ""]),
    ("nothing and a NUL", None, ["", "\0"]),
    ("composed and decomposed letters", None, ["\u{fc}", "u\u{308}"]),
    ("a secret that is the start of the other", None, ["the light", "the lighthouse"]),
];

pub(crate) fn generate(_: &Library) -> Result<VectorFile, Problem> {
    let mut file = Builder::new(
        "OTRv3-SMP",
        &[
            "OtrSmpMessage: type and value of a TLV record, and its numbers. error is what is wrong with it.",
            "OtrSmpRun: two sides, the 192-byte numbers each draws, in order (a2, a3, r2, r3, r4, r5, r6, r7), and the",
            "values of the four records. invalid: the secrets differ, and both find that out. With a question, message 1",
            "is of type 7, and only the initiator has verified somebody at the end.",
            "OtrSmpStep: run has been gone through until state; so many seconds later a record arrives. breaks is the",
            "first rule that it breaks, event what the user is told, reply what goes back (type 6 is an abort), then the",
            "state afterwards. Where it can be done, a false value has a proof that fits it, made with both sides' secrets.",
        ],
    );
    file.group("OtrSmpMessage", &Nothing {})?;
    messages::add(&mut file)?;
    file.group("OtrSmpRun", &Nothing {})?;
    for (number, (comment, question, texts)) in (0..).zip(RUNS) {
        let run = run(number, *question, *texts)?;
        let verdict = if run.equal { Verdict::Valid } else { Verdict::Invalid };
        file.case(*comment, &[], verdict, &run)?;
    }
    tables::add(&mut file, run(100, None, ["the lighthouse"; 2])?, tables::equal)?;
    tables::add(&mut file, run(101, Some("Where?"), ["the lighthouse", "the windmill"])?, tables::different)?;
    Ok(file.finish())
}
