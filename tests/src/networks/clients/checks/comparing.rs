//! Comparing a secret by a question, from either side, with the right answer and with a wrong one.

use super::super::client::{Act, THEIRS, Words};
use super::super::talk::Talk;
use super::Finding;
use crate::interop::Failure;

const QUESTION: &str = "where did we meet?";
const RIGHT: &str = "lighthouse";
const WRONG: &str = "windmill";

const UNEQUAL: &str = "! the secrets are not the same";

pub(super) fn our_question_wrong(talk: &mut Talk) -> Result<Finding, Failure> {
    our_question(talk, WRONG, UNEQUAL, talk.habits.answered_wrong)
}

pub(super) fn our_question_right(talk: &mut Talk) -> Result<Finding, Failure> {
    our_question(talk, RIGHT, &verified(), talk.habits.answered_right)
}

/// We ask, they answer; what both are told of it.
fn our_question(talk: &mut Talk, answer: &str, we: &str, they: Words) -> Result<Finding, Failure> {
    talk.private()?;
    let (mark, seen) = (talk.ours.mark(), talk.seen()?);
    talk.ours.type_line(&format!("/ask \"{QUESTION}\" {RIGHT}"))?;
    talk.they_show(&seen, talk.habits.asked)?;
    talk.they_show(&seen, &[QUESTION])?;
    let seen = talk.seen()?;
    talk.theirs.act(Act::Answer(answer))?;
    talk.ours.wait(mark, &[we])?;
    talk.they_show(&seen, they).map(Finding::Passed)
}

pub(super) fn their_question_wrong(talk: &mut Talk) -> Result<Finding, Failure> {
    their_question(talk, WRONG, UNEQUAL, talk.habits.asked_wrong)
}

pub(super) fn their_question_right(talk: &mut Talk) -> Result<Finding, Failure> {
    // A question verifies nobody but who answers it.
    let we = if talk.habits.no_question.is_some() { verified() } else { "* your answer was right".to_owned() };
    their_question(talk, RIGHT, &we, talk.habits.asked_right)
}

/// They ask, we answer; what both are told of it.
fn their_question(talk: &mut Talk, answer: &str, we: &str, they: Words) -> Result<Finding, Failure> {
    talk.private()?;
    let (mark, seen) = (talk.ours.mark(), talk.seen()?);
    talk.theirs.act(Act::Ask { question: QUESTION, secret: RIGHT })?;
    if talk.habits.no_question.is_none() {
        talk.ours.wait(mark, &[&format!("{THEIRS}: {QUESTION}")])?;
    }
    talk.ours.wait(mark, &["* /answer"])?;
    talk.ours.type_line(&format!("/answer {answer}"))?;
    talk.ours.wait(mark, &[we])?;
    Ok(Finding::new(talk.habits.no_question, talk.they_show(&seen, they)?))
}

fn verified() -> String {
    format!("* the secrets are the same: {THEIRS} is verified")
}
