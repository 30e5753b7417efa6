//! What there is besides text.

use std::collections::BTreeSet;

use serde_json::json;

use crate::interop::check::check;
use crate::interop::{End, Failure, Meeting};

use super::attack::covered_by_mac;
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

/// Texts of any length are read, and ours all look the same from outside while they are short.
// attack: DATA-15
pub(crate) fn padding(meeting: &mut Meeting<'_>) -> Result<(), Failure> {
    const SHORT: usize = 200;
    meeting.establish(End::First)?;
    a_word_each(meeting)?;
    for sender in End::BOTH {
        let mut lengths = BTreeSet::new();
        for length in (1..SHORT).step_by(13).chain([255, 256, 257, 5000]) {
            meeting.send(sender, &"x".repeat(length))?;
            let message = meeting.in_flight(sender.other()).back().map(|packet| packet.message.clone());
            if length < SHORT {
                // Old MAC keys come behind, as many as there are.
                lengths.insert(covered_by_mac(&message.unwrap_or_default())?);
            }
            meeting.settle()?;
        }
        let alike = !meeting.is_ours(sender) || lengths.len() == 1;
        check(alike, || format!("the {}'s short texts are of these lengths: {lengths:?}", sender.name()))?;
        let expected = meeting.take_expected(sender.other());
        let shown = meeting.take(sender.other(), "message");
        let same = shown.len() == expected.len()
            && shown.iter().zip(&expected).all(|(shown, text)| shown["text"] == text.as_str());
        check(same, || format!("the {} shows {shown:?}", sender.other().name()))?;
    }
    a_word_each(meeting)
}
