//! Comparing a shared secret.

use serde_json::{Value, json};

use crate::interop::check::check;
use crate::interop::{End, Failure, Meeting};

use super::exchange::a_word_each;

/// Not only letters of one alphabet: both sides have to write them as the same bytes.
const SECRET: &str = "Zażółć gęślą jaźń 🔒";
const OTHER: &str = "zażółć gęślą jaźń 🔒";
const QUESTION: &str = "Where did we meet? <Où?>";

/// What two users do who compare a secret.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Comparison<'a> {
    /// Who asks.
    pub(crate) asker: End,
    /// What the asker wants to know.
    pub(crate) question: Option<&'a str>,
    /// What the asker types.
    pub(crate) secret: &'a str,
    /// What the other types.
    pub(crate) answer: &'a str,
}

// attack: SMP-16
pub(crate) fn equal(meeting: &mut Meeting<'_>) -> Result<(), Failure> {
    by_either(meeting, |asker| vec![comparison(asker, None, SECRET)])
}

pub(crate) fn with_question(meeting: &mut Meeting<'_>) -> Result<(), Failure> {
    by_either(meeting, |asker| vec![comparison(asker, Some(QUESTION), SECRET)])
}

/// A comparison that failed stands in nobody's way.
pub(crate) fn unequal(meeting: &mut Meeting<'_>) -> Result<(), Failure> {
    by_either(meeting, |asker| {
        vec![comparison(asker, None, OTHER), comparison(asker, Some(QUESTION), OTHER), comparison(asker, None, SECRET)]
    })
}

/// Who has compared trusts. With a question only the asker has learned something of the other.
// attack: SMP-13
pub(crate) fn trust(meeting: &mut Meeting<'_>) -> Result<(), Failure> {
    for (question, answerer_trusts) in [(None, true), (Some(QUESTION), false)] {
        for asker in End::BOTH {
            meeting.anew();
            meeting.establish(End::First)?;
            for end in End::BOTH {
                is_trusted(meeting, end, false)?;
            }
            meeting.compare(comparison(asker, question, SECRET))?;
            is_trusted(meeting, asker, true)?;
            is_trusted(meeting, asker.other(), answerer_trusts)?;
        }
    }
    Ok(())
}

/// Either side may give up at any time, and can begin again.
pub(crate) fn abort(meeting: &mut Meeting<'_>) -> Result<(), Failure> {
    for (asker, quitter) in End::BOTH.into_iter().flat_map(|asker| End::BOTH.map(|quitter| (asker, quitter))) {
        meeting.anew();
        meeting.establish(End::First)?;
        a_word_each(meeting)?;
        meeting.ask(comparison(asker, None, SECRET))?;
        meeting.call(quitter, "smp.abort", json!({}))?;
        meeting.settle()?;
        let told = meeting.smp_outcomes(quitter.other());
        check(told == ["aborted"], || format!("{} hears of the abort: {told:?}", quitter.other().name()))?;
        meeting.smp_outcomes(quitter);
        let late = meeting.attempt(asker.other(), "smp.answer", json!({"secret": SECRET}))?;
        let refused = late.as_ref().is_err_and(|error| error.code == 1);
        check(refused, || format!("an answer after the abort: {late:?}"))?;
        meeting.compare(comparison(quitter, None, SECRET))?;
    }
    a_word_each(meeting)
}

/// Two questions cross: neither is answered, both sides are told, and either can ask again.
// attack: SMP-8
pub(crate) fn both_ask(meeting: &mut Meeting<'_>) -> Result<(), Failure> {
    for next in End::BOTH {
        meeting.anew();
        meeting.establish(End::First)?;
        a_word_each(meeting)?;
        for end in End::BOTH {
            meeting.call(end, "smp.start", json!({"secret": SECRET}))?;
        }
        meeting.settle()?;
        for end in End::BOTH {
            let told = meeting.smp_outcomes(end);
            let given_up = !told.is_empty() && told.iter().all(|event| event == "aborted");
            check(given_up, || format!("{} hears of crossing questions: {told:?}", end.name()))?;
            meeting.is_idle(end)?;
        }
        meeting.compare(comparison(next, None, SECRET))?;
    }
    a_word_each(meeting)
}

fn by_either<'a>(meeting: &mut Meeting<'_>, comparisons: impl Fn(End) -> Vec<Comparison<'a>>) -> Result<(), Failure> {
    for asker in End::BOTH {
        meeting.anew();
        meeting.establish(End::First)?;
        a_word_each(meeting)?;
        for comparison in comparisons(asker) {
            meeting.compare(comparison)?;
        }
        a_word_each(meeting)?;
    }
    Ok(())
}

const fn comparison<'a>(asker: End, question: Option<&'a str>, answer: &'a str) -> Comparison<'a> {
    Comparison { asker, question, secret: SECRET, answer }
}

fn is_trusted(meeting: &mut Meeting<'_>, end: End, trusted: bool) -> Result<(), Failure> {
    let status = meeting.status(end)?;
    check(status["trusted"] == trusted, || format!("{}, not {trusted}: {status}", end.name()))
}

impl Meeting<'_> {
    /// Runs a comparison that nothing disturbs: both sides learn the outcome, once, and are ready for another.
    pub(crate) fn compare(&mut self, comparison: Comparison<'_>) -> Result<(), Failure> {
        self.ask(comparison)?;
        self.call(comparison.asker.other(), "smp.answer", json!({"secret": comparison.answer}))?;
        self.settle()?;
        let expected = if comparison.secret == comparison.answer { "succeeded" } else { "failed" };
        for end in End::BOTH {
            let told = self.smp_outcomes(end);
            check(told == [expected], || format!("{} hears {told:?} and not {expected}", end.name()))?;
            self.is_idle(end)?;
        }
        self.check_read()
    }

    /// Has one side ask and the other hear of it.
    fn ask(&mut self, comparison: Comparison<'_>) -> Result<(), Failure> {
        let Comparison { asker, question, secret, .. } = comparison;
        let mut params = json!({"secret": secret});
        if let Some(question) = question {
            params["question"] = json!(question);
        }
        self.call(asker, "smp.start", params)?;
        self.settle()?;
        let heard = self.take(asker.other(), "smp");
        let [asked] = heard.as_slice() else {
            return Err(Failure(format!("{} is asked: {heard:?}", asker.other().name())));
        };
        let as_put = asked["event"] == "asked" && asked["question"].as_str() == question;
        check(as_put, || format!("{} is asked {asked} and not {question:?}", asker.other().name()))?;
        let told = self.smp_outcomes(asker);
        check(told.is_empty(), || format!("{} has only asked, and hears {told:?}", asker.name()))
    }

    /// What `end` has said of comparisons, without their progress.
    pub(crate) fn smp_outcomes(&mut self, end: End) -> Vec<Value> {
        let events = self.take(end, "smp").into_iter().map(|mut said| said["event"].take());
        events.filter(|event| event != "in_progress").collect()
    }

    /// No comparison is under way at `end`.
    fn is_idle(&mut self, end: End) -> Result<(), Failure> {
        let status = self.status(end)?;
        check(status["smp"].is_null(), || format!("{} still compares: {status}", end.name()))
    }
}
