//! Comparing a secret in the midst of a conversation.

use serde_json::{Value, json};

use super::letter::Content;
use super::talk::Talk;
use crate::interop::check::check;
use crate::interop::{End, Failure};

impl Talk<'_> {
    /// Has `end` ask.
    pub(super) fn ask(&mut self, end: End, secret: &str, question: Option<&str>) -> Result<(), Failure> {
        *self.typed.at_mut(end) = Some(secret.to_owned());
        let mut params = json!({"secret": secret});
        if let Some(question) = question {
            params["question"] = json!(question);
        }
        self.smp(end, "smp.start", params)
    }

    /// Has `end` answer what it was asked.
    pub(super) fn answer(&mut self, end: End, secret: &str) -> Result<(), Failure> {
        *self.typed.at_mut(end) = Some(secret.to_owned());
        self.smp(end, "smp.answer", json!({"secret": secret}))
    }

    /// Whether the user at `end` is asked, and may still answer.
    pub(super) fn asked(&self, end: End) -> bool {
        *self.asked.at(end) && self.standing.at(end).is_private()
    }

    pub(super) fn smp(&mut self, end: End, method: &str, params: Value) -> Result<(), Failure> {
        // Whatever the user does, it was an answer.
        *self.asked.at_mut(end) = false;
        let done = self.request(end, method, params, Content::Nothing)?;
        self.check_quiet(end, method, &done)?;
        self.check_comparison(end, &done)?;
        done.result.map(drop).map_err(|error| Failure(format!("{} {method}: {error}", end.name())))
    }

    /// A comparison that nothing disturbs: both sides learn how it ends.
    pub(super) fn compare_whole(&mut self, asker: End, secret: &str, answer: &str) -> Result<(), Failure> {
        for end in End::BOTH {
            if !self.standing.at(end).smp.is_null() {
                self.smp(end, "smp.abort", json!({}))?;
                self.settle()?;
            }
        }
        for end in End::BOTH {
            self.outcomes.at_mut(end).clear();
        }
        self.ask(asker, secret, None)?;
        self.settle()?;
        check(self.asked(asker.other()), || format!("the {} is not asked", asker.other().name()))?;
        self.answer(asker.other(), answer)?;
        self.settle()?;
        let expected = if secret == answer { "succeeded" } else { "failed" };
        for end in End::BOTH {
            let told = self.outcomes.at(end);
            check(told == &[expected], || format!("the {} hears {told:?} and not {expected}", end.name()))?;
        }
        Ok(())
    }
}
