use std::time::Duration;

use super::Kind;

/// One check on one network.
#[derive(Debug)]
pub struct Row {
    /// The network's server.
    pub kind: Kind,
    /// What is checked.
    pub what: String,
    /// What was seen, or why it failed.
    pub outcome: Result<String, String>,
    /// How long it took.
    pub time: Duration,
}

impl Row {
    /// Whether it holds.
    #[must_use]
    pub const fn is_good(&self) -> bool {
        self.outcome.is_ok()
    }
}
