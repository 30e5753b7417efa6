//! One side comes back with another key.

use super::super::client::{Key, THEIRS};
use super::super::talk::{ANEW, Talk};
use super::Finding;
use crate::interop::Failure;

/// We come back with another key; how they are told.
pub(super) fn ours(talk: &mut Talk) -> Result<Finding, Failure> {
    talk.private()?;
    talk.we_come_back("ours-anew")?;
    let seen = talk.seen()?;
    talk.we_start()?;
    let saw = talk.they_show(&seen, talk.habits.new_key)?;
    talk.a_line_each_way()?;
    Ok(Finding::new(talk.habits.starts_anew, saw))
}

/// They come back with another key, and we had verified the old one: nothing goes to the new one before we say so.
pub(super) fn theirs(talk: &mut Talk) -> Result<Finding, Failure> {
    // With the key that they know from before.
    talk.we_come_back("ours")?;
    talk.private()?;
    talk.verify()?;
    talk.they_end()?;
    talk.they_come_back(ANEW, Key::Made)?;
    let (mark, seen) = (talk.ours.mark(), talk.seen()?);
    talk.they_start()?;
    let changed = talk.ours.wait(mark, &[&format!("! {THEIRS}'s identity has changed")])?;
    let held = talk.fresh_line("not for a stranger");
    talk.ours.type_line(&held)?;
    let refused = talk.ours.wait(mark, &["! not sent"])?;
    let mark = talk.ours.mark();
    talk.ours.type_line("/accept")?;
    talk.ours.wait(mark, &["* "])?;
    talk.a_line_each_way()?;
    talk.they_do_not_show(&seen, &held)?;
    Ok(Finding::Passed(format!("{changed} / {refused}")))
}
