//! A program that ends without a word and comes back.

use serde_json::json;

use crate::interop::check::check;
use crate::interop::{End, Failure, Meeting, Setting};

use super::exchange::a_word_each;

// attack: STATE-6, REL-2
pub(crate) fn restart(meeting: &mut Meeting<'_>) -> Result<(), Failure> {
    check(meeting.setting() == Setting::Homes, || "this needs programs that keep their keys".to_owned())?;
    meeting.establish(End::First)?;
    for gone in End::BOTH {
        a_word_each(meeting)?;
        meeting.restart(gone)?;
        let status = meeting.status(gone)?;
        check(status["state"] != "encrypted", || format!("encrypted without keys: {status}"))?;

        // The other side does not know yet. Its program may or may not repair this by itself, and send it again.
        let survivor = gone.other();
        let text = meeting.dice.text(99, 20);
        meeting.call(survivor, "send", json!({"text": text}))?;
        meeting.settle()?;
        if meeting.in_agreement().is_err() {
            meeting.start(gone)?;
            meeting.settle()?;
        }
        meeting.in_agreement()?;
        for message in meeting.take(gone, "message") {
            let resent = message["text"].as_str().is_some_and(|shown| shown.ends_with(&text));
            check(resent && message["encrypted"] == true, || format!("shown after the restart: {message}"))?;
        }
        meeting.check_secret(&[text])?;
        for end in End::BOTH {
            meeting.take(end, "warning");
            meeting.take(end, "session");
            let strange = meeting.take(end, "fingerprint");
            check(strange.is_empty(), || format!("{} has forgotten a fingerprint: {strange:?}", end.name()))?;
        }
        a_word_each(meeting)?;
    }
    Ok(())
}
