//! The messages of the protocol and their form in TLV records.

use std::fmt;

use otr_wire::{MAX_GROUP_ELEMENT, Mpi, TlvType};

use crate::DecodeError;

/// One message of the protocol.
///
/// Its values are well-formed but untrusted: only the state machine checks them.
#[derive(Clone, PartialEq, Eq)]
pub enum Message {
    /// SMP message 1, or 1Q with a question.
    One {
        /// What the initiator asks, in bytes that should be UTF-8; from an unverified peer.
        question: Option<Vec<u8>>,
        /// g2a, c2, D2, g3a, c3, D3.
        numbers: Numbers<6>,
    },
    /// SMP message 2: g2b, c2, D2, g3b, c3, D3, Pb, Qb, cP, D5, D6.
    Two(Numbers<11>),
    /// SMP message 3: Pa, Qa, cP, D5, D6, Ra, cR, D7.
    Three(Numbers<8>),
    /// SMP message 4: Rb, cR, D7.
    Four(Numbers<3>),
    /// SMP is given up.
    Abort,
}

/// `N` numbers as they stand in a message: big-endian, without leading zero bytes, of at most 192 bytes each.
#[derive(Clone, PartialEq, Eq)]
pub struct Numbers<const N: usize>(pub(crate) [Vec<u8>; N]);

impl Message {
    /// Decodes the value of a TLV record.
    ///
    /// ```text
    /// question, NUL                only in type 7
    /// count of MPIs                4 bytes, big-endian: 6, 11, 8, 3, 6 in types 2, 3, 4, 5, 7
    /// MPI                          4-byte length, number; as many as announced
    /// ```
    ///
    /// The value of an abort says nothing; whatever it is, it is an abort.
    ///
    /// # Errors
    ///
    /// When the type is none of 2 to 7, or the bytes are not exactly such a message.
    pub fn decode(kind: TlvType, value: &[u8]) -> Result<Self, DecodeError> {
        match kind {
            TlvType::SMP_MESSAGE_1 => Ok(Self::One { question: None, numbers: Numbers::decode(value)? }),
            TlvType::SMP_MESSAGE_1Q => {
                let end = value.iter().position(|&byte| byte == 0).ok_or(DecodeError::Question)?;
                let (question, rest) = value.split_at(end);
                let numbers = Numbers::decode(rest.strip_prefix(&[0]).ok_or(DecodeError::Question)?)?;
                Ok(Self::One { question: Some(question.to_vec()), numbers })
            }
            TlvType::SMP_MESSAGE_2 => Numbers::decode(value).map(Self::Two),
            TlvType::SMP_MESSAGE_3 => Numbers::decode(value).map(Self::Three),
            TlvType::SMP_MESSAGE_4 => Numbers::decode(value).map(Self::Four),
            TlvType::SMP_ABORT => Ok(Self::Abort),
            other => Err(DecodeError::NotSmp(other)),
        }
    }

    /// Type and value of the TLV record that says this: at most 65,535 bytes for all that [`Smp`](crate::Smp) makes.
    #[must_use]
    pub fn encode(&self) -> (TlvType, Vec<u8>) {
        let mut value = Vec::new();
        match self {
            Self::One { question: Some(question), numbers } => {
                value.extend_from_slice(question);
                value.push(0);
                numbers.encode(&mut value);
            }
            Self::One { question: None, numbers } => numbers.encode(&mut value),
            Self::Two(numbers) => numbers.encode(&mut value),
            Self::Three(numbers) => numbers.encode(&mut value),
            Self::Four(numbers) => numbers.encode(&mut value),
            Self::Abort => {}
        }
        (self.kind(), value)
    }

    /// The type of the TLV record.
    #[must_use]
    pub const fn kind(&self) -> TlvType {
        match self {
            Self::One { question: None, .. } => TlvType::SMP_MESSAGE_1,
            Self::One { question: Some(_), .. } => TlvType::SMP_MESSAGE_1Q,
            Self::Two(_) => TlvType::SMP_MESSAGE_2,
            Self::Three(_) => TlvType::SMP_MESSAGE_3,
            Self::Four(_) => TlvType::SMP_MESSAGE_4,
            Self::Abort => TlvType::SMP_ABORT,
        }
    }
}

/// Names the message and shows nothing of it: a question is the users' own business.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::One { question: None, .. } => "One",
            Self::One { question: Some(_), .. } => "One with a question",
            Self::Two(_) => "Two",
            Self::Three(_) => "Three",
            Self::Four(_) => "Four",
            Self::Abort => "Abort",
        };
        f.write_str(name)
    }
}

impl<const N: usize> Numbers<N> {
    /// The numbers, in the order of the message.
    #[must_use]
    pub const fn as_array(&self) -> &[Vec<u8>; N] {
        &self.0
    }

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let (count, mut rest) = int(bytes)?;
        // attack rule SMP-6
        if usize::try_from(count) != Ok(N) {
            return Err(DecodeError::Count(count));
        }
        let mut numbers = [const { Vec::new() }; N];
        for number in &mut numbers {
            let taken;
            (taken, rest) = mpi(rest)?;
            *number = taken.as_bytes().to_vec();
        }
        if rest.is_empty() { Ok(Self(numbers)) } else { Err(DecodeError::TrailingBytes) }
    }

    fn encode(&self, out: &mut Vec<u8>) {
        put_int(out, N);
        for number in &self.0 {
            put_int(out, number.len());
            out.extend_from_slice(number);
        }
    }
}

impl<const N: usize> fmt::Debug for Numbers<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Numbers<{N}>")
    }
}

fn int(bytes: &[u8]) -> Result<(u32, &[u8]), DecodeError> {
    let (int, rest) = bytes.split_first_chunk().ok_or(DecodeError::Truncated)?;
    Ok((u32::from_be_bytes(*int), rest))
}

fn mpi(bytes: &[u8]) -> Result<(Mpi<'_>, &[u8]), DecodeError> {
    let (length, rest) = int(bytes)?;
    let length = usize::try_from(length).map_err(|_| DecodeError::TooLong)?;
    if length > MAX_GROUP_ELEMENT {
        return Err(DecodeError::TooLong);
    }
    let (number, rest) = rest.split_at_checked(length).ok_or(DecodeError::Truncated)?;
    Ok((Mpi::new(number).map_err(|_| DecodeError::NotMinimal)?, rest))
}

fn put_int(out: &mut Vec<u8>, value: usize) {
    // Counts and lengths here are below 200.
    out.extend_from_slice(&u32::try_from(value).unwrap_or(u32::MAX).to_be_bytes());
}
