use otr_transport::Error;

use crate::api::Token;

/// What the half that listens lets the rest know: how to get in, and whether that works.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) token: Token,
    /// Grows each time the connection is there again, so that whoever waits to try again does.
    pub(crate) epoch: u64,
    /// Why nothing will work any more.
    pub(crate) gave_up: Option<Error>,
}

impl Link {
    pub(crate) const fn new(token: Token) -> Self {
        Self { token, epoch: 0, gave_up: None }
    }
}
