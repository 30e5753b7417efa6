//! Which version is spoken.

use serde_json::json;

use crate::interop::check::check;
use crate::interop::spoken::common;
use crate::interop::{End, Failure, Meeting};

use super::exchange::a_word_each;

/// Every choice of versions at either end: the highest in both is spoken, and without one nothing comes of it.
// attack: VER-3
pub(crate) fn highest_common(meeting: &mut Meeting<'_>) -> Result<(), Failure> {
    let choices = [choices(&meeting.versions(End::First)), choices(&meeting.versions(End::Second))];
    let [ours, theirs] = &choices;
    for (ours, theirs) in ours.iter().flat_map(|ours| theirs.iter().map(move |theirs| (ours, theirs))) {
        meeting.anew();
        allow(meeting, End::First, ours)?;
        allow(meeting, End::Second, theirs)?;
        meeting.start(End::First)?;
        meeting.settle()?;
        match common(ours, theirs).into_iter().max() {
            Some(version) => {
                meeting.agree_in(version, false)?;
                // A program may have something to say about the version.
                for end in End::BOTH {
                    meeting.take(end, "warning");
                }
                a_word_each(meeting)?;
            }
            None => {
                for end in End::BOTH {
                    let status = meeting.status(end)?;
                    check(status["state"] == "plaintext", || format!("{ours:?} and {theirs:?} lead to {status}"))?;
                }
            }
        }
    }
    Ok(())
}

/// Plain text tells that its sender can do more, in blanks that are not shown, and the other side takes it up.
pub(crate) fn whitespace(meeting: &mut Meeting<'_>) -> Result<(), Failure> {
    for sender in End::BOTH {
        meeting.anew();
        let text = "good morning";
        let result = meeting.call(sender, "send", json!({"text": text}))?;
        check(result["status"] == "plaintext", || format!("{} send: {result}", sender.name()))?;
        let [tagged] = meeting.wire() else {
            return Err(Failure(format!("one text becomes {:?}", meeting.wire())));
        };
        let blanks = tagged.strip_prefix(text).or_else(|| tagged.strip_suffix(text));
        let is_tag = blanks.is_some_and(|blanks| !blanks.is_empty() && blanks.chars().all(char::is_whitespace));
        check(is_tag, || format!("no tag in {tagged:?}"))?;
        meeting.settle()?;
        let shown = meeting.take(sender.other(), "message");
        let as_sent = matches!(shown.as_slice(), [one] if one["text"] == text && one["encrypted"] == false);
        check(as_sent, || format!("{} shows {shown:?}", sender.other().name()))?;
        meeting.agree(false)?;
        a_word_each(meeting)?;
    }
    Ok(())
}

fn allow(meeting: &mut Meeting<'_>, end: End, versions: &[u16]) -> Result<(), Failure> {
    let policy = meeting.call(end, "policy", json!({"versions": versions}))?;
    check(policy["versions"] == json!(versions), || format!("{} {versions:?}: {policy}", end.name()))
}

/// Every choice of at least one of `versions`.
fn choices(versions: &[u16]) -> Vec<Vec<u16>> {
    let mut choices: Vec<Vec<u16>> = vec![Vec::new()];
    for &version in versions {
        let with: Vec<Vec<u16>> = choices.iter().map(|choice| [choice.as_slice(), &[version]].concat()).collect();
        choices.extend(with);
    }
    choices.retain(|choice| !choice.is_empty());
    choices
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_all_there_are() {
        assert_eq!(choices(&[3]), [vec![3]]);
        assert_eq!(choices(&[2, 3]), [vec![2], vec![3], vec![2, 3]]);
    }
}
