//! What goes wrong, and what is said about it.

use serde_json::json;

use crate::interop::check::check;
use crate::interop::{End, Failure, Meeting};

use super::exchange::a_word_each;

/// An error message of the other side is shown as such. It is not authenticated, so it ends nothing.
// attack: ERR-1
pub(crate) fn error_message(meeting: &mut Meeting<'_>) -> Result<(), Failure> {
    for end in End::BOTH {
        meeting.anew();
        meeting.establish(End::First)?;
        a_word_each(meeting)?;
        meeting.inject(end, "?OTR Error: the goat ate it")?;
        let warnings = meeting.take(end, "warning");
        let [warning] = warnings.as_slice() else {
            return Err(Failure(format!("{} says of an error message: {warnings:?}", end.name())));
        };
        let quoted = warning["text"].as_str().is_some_and(|text| text.contains("the goat ate it"));
        check(warning["code"] == "peer_error" && quoted, || format!("{} says {warning}", end.name()))?;
        check_nothing_shown(meeting, end)?;
        // A program may ask for new keys now, and send again what it said last.
        meeting.settle()?;
        meeting.in_agreement()?;
        for either in End::BOTH {
            let shown = meeting.take(either, "message");
            let private = shown.iter().all(|message| message["encrypted"] == true);
            check(private, || format!("{} shows {shown:?}", either.name()))?;
            meeting.take(either, "session");
            meeting.take(either, "warning");
        }
        a_word_each(meeting)?;
    }
    Ok(())
}

/// Text in clear in a private conversation can come from anybody: it is not shown as part of it.
// attack: STATE-8
pub(crate) fn text_in_clear(meeting: &mut Meeting<'_>) -> Result<(), Failure> {
    meeting.establish(End::First)?;
    for end in End::BOTH {
        a_word_each(meeting)?;
        let before = meeting.status(end)?;
        meeting.inject(end, "this is not encrypted")?;
        let warnings = meeting.take(end, "warning");
        let warned = warnings.iter().any(|warning| {
            let carries = warning["text"].as_str().is_some_and(|text| text.contains("this is not encrypted"));
            warning["code"] == "unencrypted_received" && carries
        });
        check(warned, || format!("{} says of text in clear: {warnings:?}", end.name()))?;
        let shown = meeting.take(end, "message");
        let as_private = shown.iter().any(|message| message["encrypted"] == true);
        check(!as_private, || format!("{} shows {shown:?}", end.name()))?;
        let after = meeting.status(end)?;
        check(before["session_id"] == after["session_id"], || format!("from {before} to {after}"))?;
    }
    a_word_each(meeting)
}

/// One side ends the conversation, and the other never hears of it. What it goes on to say is not shown, and a new
/// conversation can begin.
pub(crate) fn lost_end(meeting: &mut Meeting<'_>) -> Result<(), Failure> {
    for gone in End::BOTH {
        meeting.anew();
        meeting.establish(End::First)?;
        a_word_each(meeting)?;
        meeting.call(gone, "end", json!({}))?;
        meeting.in_flight(gone.other()).clear();
        let text = meeting.dice.text(1, 20);
        let result = meeting.call(gone.other(), "send", json!({"text": text}))?;
        check(result["status"] == "sent", || format!("{} send: {result}", gone.other().name()))?;
        let message = meeting.in_flight(gone).pop_front();
        let message = message.ok_or_else(|| Failure("nothing is on its way".to_owned()))?.message;
        meeting.inject(gone, &message)?;
        check_nothing_shown(meeting, gone)?;
        let warnings = meeting.take(gone, "warning");
        let said = warnings.iter().any(|warning| warning["code"] == "not_in_private");
        check(said, || format!("{} says of what it cannot read: {warnings:?}", gone.name()))?;
        meeting.settle()?;
        meeting.check_secret(&[text])?;
        if meeting.in_agreement().is_err() {
            meeting.start(gone)?;
            meeting.settle()?;
        }
        meeting.in_agreement()?;
        for end in End::BOTH {
            for kind in ["session", "warning", "message", "fingerprint"] {
                meeting.take(end, kind);
            }
        }
        a_word_each(meeting)?;
    }
    Ok(())
}

fn check_nothing_shown(meeting: &mut Meeting<'_>, end: End) -> Result<(), Failure> {
    let shown = meeting.take(end, "message");
    check(shown.is_empty(), || format!("{} shows {shown:?}", end.name()))
}
