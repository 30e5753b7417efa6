//! The end of a conversation.

use serde_json::json;

use crate::interop::check::check;
use crate::interop::{End, Failure, Meeting};

use super::exchange::a_word_each;

// attack: STATE-1
pub(crate) fn one_ends(meeting: &mut Meeting<'_>) -> Result<(), Failure> {
    meeting.establish(End::First)?;
    a_word_each(meeting)?;
    meeting.call(End::First, "end", json!({}))?;
    meeting.settle()?;
    is_now(meeting, End::First, "plaintext")?;
    is_now(meeting, End::Second, "finished")?;

    // What is typed now was meant to be private: it does not go out at all.
    let result = meeting.call(End::Second, "send", json!({"text": "not for everybody"}))?;
    check(result["status"] == "refused", || format!("after the end: {result}"))?;
    let silent = meeting.in_flight(End::First).is_empty();
    check(silent, || "a refused text put something on the network".to_owned())?;

    meeting.call(End::Second, "end", json!({}))?;
    is_now(meeting, End::Second, "plaintext")?;
    again(meeting)
}

// attack: STATE-13
pub(crate) fn both_end(meeting: &mut Meeting<'_>) -> Result<(), Failure> {
    meeting.establish(End::First)?;
    a_word_each(meeting)?;
    for end in End::BOTH {
        meeting.call(end, "end", json!({}))?;
    }
    meeting.settle()?;
    for end in End::BOTH {
        is_now(meeting, end, "plaintext")?;
    }
    again(meeting)
}

/// The end left nothing behind: they can begin anew.
fn again(meeting: &mut Meeting<'_>) -> Result<(), Failure> {
    meeting.check_read()?;
    meeting.establish(End::Second)?;
    a_word_each(meeting)
}

/// `end` has said so, once.
fn is_now(meeting: &mut Meeting<'_>, end: End, state: &str) -> Result<(), Failure> {
    let sessions = meeting.take(end, "session");
    let status = meeting.status(end)?;
    let [session] = sessions.as_slice() else {
        return Err(Failure(format!("{} says {} times that the conversation ended", end.name(), sessions.len())));
    };
    let as_expected = session["state"] == state && status["state"] == state && status["session_id"].is_null();
    check(as_expected, || format!("{} is not {state}: {session}, {status}", end.name()))
}
