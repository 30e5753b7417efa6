//! Why something cannot be read, forged or made.

use otr_wire::{DecodeError, Dropped, InvalidFragment, InvalidInstanceTag, MessageType};

/// Why something cannot be read, forged or made. No text in it shows an argument, which may be a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An argument is not hexadecimal.
    #[error("{0} must be pairs of hexadecimal digits")]
    NotHex(&'static str),
    /// A key or a counter has the wrong size.
    #[error("{name} must be {digits} hexadecimal digits")]
    Digits {
        /// What the argument is called.
        name: &'static str,
        /// How many digits it has to have.
        digits: usize,
    },
    /// A number is too long to be one of the group.
    #[error("{name} must be at most {digits} hexadecimal digits")]
    TooManyDigits {
        /// What the argument is called.
        name: &'static str,
        /// How many digits it may have.
        digits: usize,
    },
    /// An argument is not a decimal number in its range.
    #[error("{name} must be a number from {least} to {most}")]
    Number {
        /// What the argument is called.
        name: &'static str,
        /// The smallest that is accepted.
        least: u64,
        /// The greatest that is accepted.
        most: u64,
    },
    /// The instance tag is reserved.
    #[error("the instance tag is not legal: {0}")]
    InstanceTag(#[from] InvalidInstanceTag),
    /// The secret exponent is zero, or the public value is no legal one.
    #[error("no keys follow from these two numbers: {0}")]
    Agreement(otr_crypto::Error),
    /// The recording holds no message.
    #[error("there is no encoded message in the input")]
    NoMessage,
    /// The first message of the recording is not the one wanted.
    #[error("the message is not a Data message but {0:?}")]
    NotData(MessageType),
    /// A message is not well-formed.
    #[error("not a well-formed message: {0}")]
    Message(#[from] DecodeError),
    /// A fragment is not well-formed.
    #[error("not a well-formed piece of a message: {0}")]
    Fragment(#[from] InvalidFragment),
    /// A fragment does not follow the one before it.
    #[error("a message in pieces is lost: {0}")]
    Dropped(Dropped),
    /// The recording ends before a message in pieces does.
    #[error("a message in pieces is not complete")]
    Incomplete,
    /// The authenticator was not made with this key.
    #[error("the authenticator does not verify: this is not the key of the message")]
    WrongKey,
    /// The text that is to be replaced and the one in its place differ in length.
    #[error("the old and the new text must have the same length in bytes")]
    TextLengths,
    /// The text that is to be replaced lies outside the message.
    #[error("offset and text reach beyond the {length} bytes of the message")]
    Outside {
        /// How many bytes are encrypted in the message.
        length: usize,
    },
}
