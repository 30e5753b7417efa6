//! Ending a private conversation, and what becomes of the next line on the side that did not end it.

use super::super::client::AfterEnd;
use super::super::talk::Talk;
use super::Finding;
use crate::interop::Failure;

/// They are told that we have ended.
pub(super) fn we_end(talk: &mut Talk) -> Result<Finding, Failure> {
    talk.private()?;
    Ok(match talk.we_end()? {
        Some(told) => Finding::Passed(told),
        None => Finding::new(Some("it does not show that we have ended"), String::new()),
    })
}

/// What they type once we have ended must not go out in clear, nor be lost to them unseen.
pub(super) fn their_next_line(talk: &mut Talk) -> Result<Finding, Failure> {
    talk.private()?;
    talk.we_end()?;
    let line = talk.fresh_line("after our end");
    let (mark, seen) = (talk.ours.mark(), talk.seen()?);
    talk.theirs.type_line(&line)?;
    let finding = match talk.habits.after_end {
        AfterEnd::Refused(words) => Finding::Passed(talk.they_show(&seen, words)?),
        AfterEnd::Lost => Finding::new(Some("the line looks sent and is not"), talk.they_show(&seen, &[&line])?),
        AfterEnd::InClear => Finding::new(Some("the line is sent in clear"), talk.they_wrote_in_clear(mark, &line)?),
    };
    // Whatever was on its way has arrived when something later has.
    talk.we_start()?;
    talk.a_line_each_way()?;
    let arrived = talk.ours.record().iter().any(|shown| shown.contains(&line));
    if arrived == (talk.habits.after_end == AfterEnd::InClear) {
        return Ok(finding);
    }
    Err(Failure(format!("what they typed after our end {}", if arrived { "arrived" } else { "is lost" })))
}

/// We are told that they have ended.
pub(super) fn they_end(talk: &mut Talk) -> Result<Finding, Failure> {
    talk.private()?;
    talk.they_end().map(Finding::Passed)
}

/// What we type once they have ended is refused, and does not come to them later.
pub(super) fn our_next_line(talk: &mut Talk) -> Result<Finding, Failure> {
    talk.private()?;
    talk.they_end()?;
    let line = talk.fresh_line("after their end");
    let (mark, seen) = (talk.ours.mark(), talk.seen()?);
    talk.ours.type_line(&line)?;
    let refused = talk.ours.wait(mark, &["! not sent"])?;
    talk.we_start()?;
    talk.a_line_each_way()?;
    talk.they_do_not_show(&seen, &line)?;
    Ok(Finding::Passed(refused))
}
