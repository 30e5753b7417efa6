//! Why bytes are not a message.

use crate::InvalidInstanceTag;

/// Why bytes are not a well-formed message. All of it is about public bytes, so it is told in detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The text does not begin with `?OTR:`.
    #[error("the text is not an encoded message")]
    NotEncoded,
    /// The final dot is missing, or something other than white space follows it.
    #[error("the encoded message does not end with its dot")]
    Unterminated,
    /// The base64 between `?OTR:` and the dot is empty, or not canonical standard base64.
    #[error("the encoded message is not canonical base64")]
    Base64,
    /// The message is longer than the limit in force.
    #[error("the message is longer than {limit} bytes")]
    TooLong {
        /// The limit, in characters of the encoded message.
        limit: usize,
    },
    /// The bytes end before the message does.
    #[error("the message is cut short")]
    Truncated,
    /// Bytes follow where the message has ended.
    #[error("bytes follow the end of the message")]
    TrailingBytes,
    /// The protocol version is none of 2 and 3.
    #[error("protocol version {0} is not spoken")]
    UnknownVersion(u16),
    /// The message type is none of the five.
    #[error("message type {0:#04x} is not known")]
    UnknownType(u8),
    /// The sender or receiver instance tag is not legal here.
    #[error("the instance tag is not legal: {0}")]
    InstanceTag(#[from] InvalidInstanceTag),
    /// A field has a length that it cannot have.
    #[error("the field {field} cannot be {length} bytes long")]
    FieldLength {
        /// The field's name in the specification.
        field: &'static str,
        /// The length found, in bytes.
        length: usize,
    },
    /// A multi-precision integer starts with a zero byte.
    #[error("a number is not in its shortest form")]
    MpiNotMinimal,
    /// A keyid is zero.
    #[error("a keyid is zero")]
    ZeroKeyId,
    /// The counter of a Data message is zero.
    #[error("the counter is zero")]
    ZeroCounter,
    /// The public key is of a type other than DSA.
    #[error("public key type {0:#06x} is not known")]
    UnknownKeyType(u16),
}
