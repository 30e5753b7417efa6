//! Why something was refused.

use otr_wire::TlvType;

/// Why the caller was refused. The state is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A run is under way. It has to be aborted before another can start.
    #[error("a comparison is already under way")]
    UnderWay,
    /// The question is longer than [`MAX_QUESTION`](crate::MAX_QUESTION).
    #[error("the question is too long")]
    QuestionTooLong,
    /// The question contains a NUL, which would end it on the wire.
    #[error("the question contains a NUL")]
    QuestionHasNul,
    /// Nothing waits for an answer, or something else than what was answered.
    #[error("no such comparison waits for an answer")]
    NotAsked,
}

/// Why the value of a TLV record is no message. All of it is about public bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The record is of none of the types 2 to 7.
    #[error("TLV type {} does not belong to the comparison", .0.0)]
    NotSmp(TlvType),
    /// The question of a message 1Q does not end.
    #[error("the question is not terminated")]
    Question,
    /// The message announces another number of MPIs than it has.
    #[error("the message has {0} numbers, which is not what its type has")]
    Count(u32),
    /// An MPI is longer than any value of the protocol: 192 bytes.
    #[error("a number is too long")]
    TooLong,
    /// An MPI is not in its shortest form.
    #[error("a number is not in its shortest form")]
    NotMinimal,
    /// The value ends before the message does.
    #[error("the message is cut short")]
    Truncated,
    /// Bytes follow where the message has ended.
    #[error("bytes follow the end of the message")]
    TrailingBytes,
}
