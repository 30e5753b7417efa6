//! When OTR is used.

use serde_json::{Value, json};

use crate::interop::check::check;
use crate::interop::{End, Failure, Meeting};

use super::exchange::a_word_each;

const TEXT: &str = "good morning";

/// Where OTR is off, text passes as it is, and nobody is answered.
pub(crate) fn never(meeting: &mut Meeting<'_>) -> Result<(), Failure> {
    for end in End::BOTH {
        meeting.anew();
        set(meeting, end, "never")?;
        let refused = meeting.attempt(end, "start", json!({}))?;
        check(refused.as_ref().is_err_and(|error| error.code == 2), || format!("start is answered by {refused:?}"))?;
        in_clear(meeting, end)?;
        meeting.start(end.other())?;
        meeting.call(end.other(), "send", json!({"text": "are you there?"}))?;
        meeting.settle()?;
        for either in End::BOTH {
            is_plain(meeting, either)?;
        }
        let [sent, ..] = meeting.wire() else { return Err(Failure("nothing on the network".to_owned())) };
        check(sent == TEXT, || format!("{TEXT:?} goes out as {sent:?}"))?;
    }
    Ok(())
}

/// Where the user asks, only asking starts a private conversation.
pub(crate) fn manual(meeting: &mut Meeting<'_>) -> Result<(), Failure> {
    for end in End::BOTH {
        meeting.anew();
        set(meeting, end, "manual")?;
        // The other side hears no tag, and is heard with one.
        meeting.call(end.other(), "send", json!({"text": TEXT}))?;
        in_clear(meeting, end)?;
        meeting.settle()?;
        let shown = meeting.take(end, "message");
        check(is_shown(&shown, TEXT, false), || format!("{} shows {shown:?}", end.name()))?;
        let untagged = meeting.wire().iter().any(|message| message == TEXT);
        check(untagged && meeting.wire().len() == 2, || format!("on the network: {:?}", meeting.wire()))?;
        for either in End::BOTH {
            is_plain(meeting, either)?;
            meeting.take(either, "message");
        }
        meeting.establish(end.other())?;
        a_word_each(meeting)?;
    }
    Ok(())
}

/// Where nothing may go out in clear, text waits, and what comes in clear is no ordinary text.
// attack: G-2
pub(crate) fn always(meeting: &mut Meeting<'_>) -> Result<(), Failure> {
    for end in End::BOTH {
        meeting.anew();
        set(meeting, end, "always")?;
        set(meeting, end.other(), "manual")?;
        in_clear(meeting, end.other())?;
        meeting.settle()?;
        let warnings = meeting.take(end, "warning");
        let warned = warnings.iter().any(|warning| {
            let carries = warning["text"].as_str().is_some_and(|text| text.contains(TEXT));
            warning["code"] == "unencrypted_received" && carries
        });
        check(warned, || format!("text in clear: {} says {warnings:?}", end.name()))?;
        meeting.take(end, "message");

        let text = meeting.dice.text(1, 20);
        let result = meeting.call(end, "send", json!({"text": text}))?;
        check(result["status"] == "queued", || format!("{} send: {result}", end.name()))?;
        meeting.settle()?;
        meeting.agree(false)?;
        let shown = meeting.take(end.other(), "message");
        check(is_shown(&shown, &text, true), || format!("{} shows {shown:?}", end.other().name()))?;
        meeting.check_secret(&[text])?;
        meeting.take(end, "warning");
        a_word_each(meeting)?;
    }
    Ok(())
}

fn set(meeting: &mut Meeting<'_>, end: End, policy: &str) -> Result<(), Failure> {
    let answer = meeting.call(end, "policy", json!({"policy": policy}))?;
    check(answer["policy"] == policy, || format!("{} policy {policy}: {answer}", end.name()))
}

fn in_clear(meeting: &mut Meeting<'_>, end: End) -> Result<(), Failure> {
    let result = meeting.call(end, "send", json!({"text": TEXT}))?;
    check(result["status"] == "plaintext", || format!("{} send: {result}", end.name()))
}

fn is_plain(meeting: &mut Meeting<'_>, end: End) -> Result<(), Failure> {
    let status = meeting.status(end)?;
    let sessions = meeting.take(end, "session");
    let plain = status["state"] == "plaintext" && sessions.is_empty();
    check(plain, || format!("{}: {status}, {sessions:?}", end.name()))
}

fn is_shown(shown: &[Value], text: &str, encrypted: bool) -> bool {
    matches!(shown, [one] if one["text"] == text && one["encrypted"] == encrypted)
}
