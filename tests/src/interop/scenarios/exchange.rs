//! Key exchanges.

use crate::interop::check::check;
use crate::interop::{End, Failure, Meeting};

/// How an encoded D-H Commit message begins, in version 2 and 3.
const DH_COMMITS: [&str; 2] = ["?OTR:AAIC", "?OTR:AAMC"];

pub(crate) fn one_starts(meeting: &mut Meeting<'_>) -> Result<(), Failure> {
    meeting.establish(End::First)?;
    a_word_each(meeting)
}

// attack: AKE-4
pub(crate) fn both_start(meeting: &mut Meeting<'_>) -> Result<(), Failure> {
    meeting.start(End::First)?;
    meeting.start(End::Second)?;
    meeting.settle()?;
    meeting.agree(false)?;
    a_word_each(meeting)
}

/// Which of the two goes on is decided by chance (the greater hash), so only many runs see every case.
// attack: AKE-4
pub(crate) fn commits_cross(meeting: &mut Meeting<'_>) -> Result<(), Failure> {
    for end in End::BOTH {
        meeting.start(end)?;
    }
    for end in End::BOTH {
        meeting.deliver(end)?;
    }
    for end in End::BOTH {
        let [commit] = meeting.in_flight(end).make_contiguous() else {
            return Err(Failure(format!(
                "the {} answers a query by something else than one message",
                end.other().name()
            )));
        };
        let is_commit = DH_COMMITS.iter().any(|begin| commit.message.starts_with(begin));
        check(is_commit, || format!("the {} answers a query by no D-H Commit", end.other().name()))?;
    }
    meeting.settle()?;
    meeting.agree(false)?;
    a_word_each(meeting)
}

/// Texts that are on their way while the exchange begins still belong to the old keys, and are read. Each side asks
/// once only: in a private conversation a program may answer one query a minute and leave the rest.
pub(crate) fn refresh(meeting: &mut Meeting<'_>) -> Result<(), Failure> {
    let mut ids = vec![meeting.establish(End::First)?];
    for (number, end) in (0..).zip(End::BOTH) {
        a_word_each(meeting)?;
        meeting.start(end)?;
        for sender in End::BOTH {
            let text = meeting.dice.text(number, 30);
            meeting.send(sender, &text)?;
        }
        meeting.settle()?;
        ids.push(meeting.agree(true)?);
        meeting.check_read()?;
    }
    a_word_each(meeting)?;
    let fresh = ids.iter().zip(ids.iter().skip(1)).all(|(old, new)| old != new);
    check(fresh, || format!("the keys are not fresh: {ids:?}"))
}

/// One text each way, and both arrive.
pub(crate) fn a_word_each(meeting: &mut Meeting<'_>) -> Result<(), Failure> {
    for end in End::BOTH {
        let text = meeting.dice.text(1, 20);
        meeting.send(end, &text)?;
        meeting.settle()?;
    }
    meeting.check_read()
}
