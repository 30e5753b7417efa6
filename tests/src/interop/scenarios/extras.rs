//! What there is besides text.

use serde_json::json;

use crate::interop::check::check;
use crate::interop::{End, Failure, Meeting};

use super::exchange::a_word_each;

// attack: XKEY-1
pub(crate) fn extra_key(meeting: &mut Meeting<'_>) -> Result<(), Failure> {
    meeting.establish(End::First)?;
    for sender in End::BOTH {
        a_word_each(meeting)?;
        let usage = meeting.dice.below(u32::MAX);
        let ours = meeting.call(sender, "extra_key", json!({"use": usage, "data": "00ff7f"}))?["key"].clone();
        meeting.settle()?;
        let told = meeting.take(sender.other(), "extra_key");
        let [theirs] = told.as_slice() else {
            return Err(Failure(format!("the other side is told {} times", told.len())));
        };
        let same = theirs["use"] == usage && theirs["data"] == "00ff7f" && theirs["key"] == ours;
        let whole = ours.as_str().is_some_and(|key| key.len() == 64);
        check(same && whole, || format!("the key is {ours} here, and there {theirs}"))?;
    }
    a_word_each(meeting)
}

// attack: DATA-13
pub(crate) fn heartbeat(meeting: &mut Meeting<'_>) -> Result<(), Failure> {
    meeting.establish(End::First)?;
    for sender in End::BOTH {
        a_word_each(meeting)?;
        meeting.call(sender, "heartbeat", json!({}))?;
        let sent = !meeting.in_flight(sender.other()).is_empty();
        check(sent, || format!("no heartbeat of the {}", sender.name()))?;
        meeting.settle()?;
        meeting.check_read()?;
    }
    a_word_each(meeting)
}
