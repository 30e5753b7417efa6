//! What is looked at with every client, in the order of one talk.

mod comparing;
mod ending;
mod keys;
mod moving;
mod talking;
mod wire;

use super::talk::Talk;
use crate::interop::Failure;

/// One thing that has to hold.
#[derive(Debug)]
pub struct Check {
    /// What the table calls it.
    pub name: &'static str,
    /// Looks at it. It makes what it needs for that itself, so that it does not depend on what the one before left.
    pub(super) play: fn(&mut Talk) -> Result<Finding, Failure>,
}

/// What came of a check that did not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It is as it should be; what was to be seen of it.
    Passed(String),
    /// The client does it in its own way, which is known and was met with.
    Differs {
        /// Its way.
        why: String,
        /// What was to be seen of it.
        saw: String,
    },
}

/// All of them.
pub const CHECKS: &[Check] = &[
    Check { name: "we start", play: talking::we_start },
    Check { name: "text from us", play: talking::text_from_us },
    Check { name: "text from them", play: talking::text_from_them },
    Check { name: "our question, wrong", play: comparing::our_question_wrong },
    Check { name: "our question, right", play: comparing::our_question_right },
    Check { name: "their question, wrong", play: comparing::their_question_wrong },
    Check { name: "their question, right", play: comparing::their_question_right },
    Check { name: "we end", play: ending::we_end },
    Check { name: "their next line", play: ending::their_next_line },
    Check { name: "they start", play: talking::they_start },
    Check { name: "they end", play: ending::they_end },
    Check { name: "our next line", play: ending::our_next_line },
    Check { name: "our new key", play: keys::ours },
    Check { name: "their new key", play: keys::theirs },
    Check { name: "their files, read", play: moving::read },
    Check { name: "our files, read", play: moving::written },
    Check { name: "nothing in clear", play: wire::nothing_in_clear },
];

impl Finding {
    /// What was seen, and the way of the client that makes it different, if there is one.
    fn new(difference: Option<&str>, saw: String) -> Self {
        match difference {
            None => Self::Passed(saw),
            Some(why) => Self::Differs { why: why.to_owned(), saw },
        }
    }
}
