//! Beginning a private conversation, and talking in it.

use super::super::talk::Talk;
use super::Finding;
use crate::interop::Failure;

/// What looks like markup and is none, with letters of two and of four bytes.
const TEXT: &str = "<b>&amp; 3 < 4 é 𝄞";

/// We ask for a private conversation, and each side writes a line.
pub(super) fn we_start(talk: &mut Talk) -> Result<Finding, Failure> {
    talk.plain()?;
    let shown = talk.we_start()?;
    talk.a_line_each_way()?;
    Ok(Finding::Passed(shown))
}

/// They do.
pub(super) fn they_start(talk: &mut Talk) -> Result<Finding, Failure> {
    talk.plain()?;
    let shown = talk.they_start()?;
    talk.a_line_each_way()?;
    Ok(Finding::Passed(shown))
}

/// They read what we typed.
pub(super) fn text_from_us(talk: &mut Talk) -> Result<Finding, Failure> {
    talk.private()?;
    let shown = match talk.habits.replaces_entities {
        None => TEXT.to_owned(),
        Some(_) => TEXT.replace("&amp;", "&"),
    };
    Ok(Finding::new(talk.habits.replaces_entities, talk.we_write(TEXT, &shown)?))
}

/// We read what they typed.
pub(super) fn text_from_them(talk: &mut Talk) -> Result<Finding, Failure> {
    talk.private()?;
    talk.they_write(TEXT).map(Finding::Passed)
}
