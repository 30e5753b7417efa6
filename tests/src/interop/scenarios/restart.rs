//! A program that ends without a word and comes back.

use serde_json::{Value, json};

use crate::interop::check::check;
use crate::interop::{Both, Dice, End, Failure, Meeting, Setting};

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

/// How long the talk is, in texts.
const STEPS: u64 = 200;

/// What programs put before a text that they send again.
const RESENT: &str = "[resent] ";

/// The run's seed says at which step, and which end: as many runs as there are of both play each of them.
///
/// One text is on its way at a time. From the moment that each side has spoken once since the restart both are in the
/// same private conversation; no text is shown twice; and of a text that is not shown somebody is told: ours gets it
/// back; a peer that sends shows an error message, or who cannot read it says so.
// attack: REL-2, RESEND-3
pub(crate) fn at_a_step(meeting: &mut Meeting<'_>) -> Result<(), Failure> {
    const SPREAD: u64 = 151; // prime to 2 * STEPS, so that the first few runs are not all early steps
    let case = meeting.dice.seed().wrapping_mul(SPREAD).checked_rem(2 * STEPS).unwrap_or(0);
    let (at, gone) = (case / 2, if case.is_multiple_of(2) { End::First } else { End::Second });
    let mut script = Dice::new(STEPS);
    let mut sent: Both<Vec<String>> = Both::default();
    let mut spoken: Both<bool> = Both::default();
    meeting.establish(End::First)?;
    for step in 0..STEPS {
        if step == at {
            meeting.restart(gone)?;
            spoken = Both::default();
        }
        let speaker = script.one_of(End::BOTH);
        let text = script.text(u32::try_from(step).unwrap_or(0), 20);
        let result = meeting.call(speaker, "send", json!({"text": text}))?;
        let kept = result["status"] == "sent" || result["status"] == "queued";
        check(kept, || format!("step {step}: {} send: {result}", speaker.name()))?;
        sent.at_mut(speaker).push(text);
        *spoken.at_mut(speaker) = true;
        meeting.settle()?;
        if step >= at && *spoken.at(End::First) && *spoken.at(End::Second) {
            meeting.in_agreement()?;
        }
    }
    // Who has not spoken since has not shown what became of it.
    for end in End::BOTH {
        let text = script.text(999, 20);
        meeting.call(end, "send", json!({"text": text}))?;
        sent.at_mut(end).push(text);
        meeting.settle()?;
    }
    let warnings = Both::try_new::<Failure>(|end| Ok(meeting.take(end, "warning")))?;
    for sender in End::BOTH {
        let count = |end, code: &str| warnings.at(end).iter().filter(|warning| warning["code"] == code).count();
        let complaints = count(sender, "peer_error") + count(sender.other(), "not_in_private");
        check_fate(meeting, sender, sent.at(sender), complaints)
            .map_err(|Failure(reason)| Failure(format!("restart of {} before step {at}: {reason}", gone.name())))?;
    }
    Ok(())
}

/// What became of the texts that `sender` sent; `complaints` of them were told of at either end.
fn check_fate(meeting: &mut Meeting<'_>, sender: End, sent: &[String], complaints: usize) -> Result<(), Failure> {
    let back = meeting.take(sender, "not_delivered");
    let shown = meeting.take(sender.other(), "message");
    check(shown.iter().all(|message| message["encrypted"] == true), || format!("shown as plain text: {shown:?}"))?;
    let read: Vec<&str> = shown.iter().map(shown_text).collect();
    let (read_in_time, missing): (Vec<&String>, Vec<&String>) =
        sent.iter().partition(|text| read.contains(&text.as_str()));
    check(read == read_in_time, || format!("{} shows {read:?}", sender.other().name()))?;
    let is_told = |text: &&String| back.iter().any(|told| told["text"] == ***text);
    let untold = missing.iter().filter(|text| !is_told(text)).count();
    let allowed = if meeting.is_ours(sender) { 0 } else { complaints };
    check(untold <= allowed, || format!("{} is not told of all of {missing:?}: {back:?}", sender.name()))?;
    meeting.check_secret(sent)
}

fn shown_text(message: &Value) -> &str {
    let text = message["text"].as_str().unwrap_or_default();
    text.strip_prefix(RESENT).unwrap_or(text)
}
