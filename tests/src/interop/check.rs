//! What a scenario says when something is not as it should be.

use crate::process::{ErrorAnswer, ProcessError};

/// Why a scenario failed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Failure(pub String);

impl From<ProcessError> for Failure {
    fn from(error: ProcessError) -> Self {
        Self(error.to_string())
    }
}

impl From<ErrorAnswer> for Failure {
    fn from(error: ErrorAnswer) -> Self {
        Self(error.to_string())
    }
}

/// Fails with `reason` unless `holds`.
pub(crate) fn check(holds: bool, reason: impl FnOnce() -> String) -> Result<(), Failure> {
    if holds { Ok(()) } else { Err(Failure(reason())) }
}
