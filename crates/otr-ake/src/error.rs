//! Why an exchange refused a message.

use otr_wire::DecodeError;

/// Why a message of the exchange was refused. The exchange is then exactly as it was, unless this was the last failed
/// verification that it [survives](crate::MAX_FAILURES).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The version or an instance tag is not the one this exchange runs between.
    #[error("the message belongs to another exchange")]
    OtherExchange,
    /// The Diffie-Hellman value is not a legal group element.
    #[error("the key exchange value is not legal")]
    IllegalValue,
    /// The message is our own, or its sender has our own key.
    #[error("the message is our own, sent back")]
    Reflected,
    /// A hash, a MAC, a signature or what they protect is wrong. Which one is not said.
    #[error("the key exchange message does not verify")]
    Verification,
    /// Our own signature could not be made.
    #[error("the signature could not be made")]
    Signing,
}

/// Broken content behind a correct MAC is still a failed verification.
impl From<DecodeError> for Error {
    fn from(_: DecodeError) -> Self {
        Self::Verification
    }
}
