//! Fragments: one piece of a message that is too long for its network.

use alloc::{format, string::String, vec::Vec};
use core::num::NonZeroU16;

use crate::{Header, InstanceTag, InvalidInstanceTag, limits::MAX_PIECE};

const PREFIX_V2: &[u8] = b"?OTR,";
const PREFIX_V3: &[u8] = b"?OTR|";

/// One piece of a longer message (spec: "Fragmentation").
///
/// ```text
/// version 3   ?OTR|sender|receiver,k,n,piece,      tags 1 to 8 hex digits
/// version 2   ?OTR,k,n,piece,                      k and n 1 to 5 decimal digits
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fragment<'a> {
    /// Version and instance tags, as unauthenticated as everything in a fragment.
    pub header: Header,
    /// Which piece this is, 1 for the first.
    pub k: NonZeroU16,
    /// How many pieces there are, at least `k`.
    pub n: NonZeroU16,
    /// The piece, 1 byte to 256 KiB, without a comma.
    pub piece: &'a [u8],
}

/// Why a body that begins as a fragment is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidFragment {
    /// It does not follow the grammar.
    #[error("the fragment does not follow the grammar")]
    Grammar,
    /// The numbers are zero, too large or in the wrong order.
    #[error("the fragment's numbers make no sense")]
    Numbers,
    /// An instance tag is not legal.
    #[error("the fragment's instance tag is not legal: {0}")]
    InstanceTag(#[from] InvalidInstanceTag),
    /// The piece is empty or longer than 256 KiB.
    #[error("the fragment's piece is empty or too long")]
    Piece,
}

pub(crate) fn looks_like(body: &[u8]) -> bool {
    body.starts_with(PREFIX_V3) || body.starts_with(PREFIX_V2)
}

impl<'a> Fragment<'a> {
    /// Parses exactly the grammar above (attack rules FRAG-1, FRAG-2).
    pub(crate) fn parse(body: &'a [u8]) -> Result<Self, InvalidFragment> {
        let (header, rest) = if let Some(rest) = body.strip_prefix(PREFIX_V3) {
            let (sender, rest) = split_at_byte(rest, b'|')?;
            let (receiver, rest) = split_at_byte(rest, b',')?;
            let (sender, receiver) = (number(sender, 16, 8)?, number(receiver, 16, 8)?);
            (Header::V3 { sender: InstanceTag::new(sender)?, receiver: InstanceTag::receiver(receiver)? }, rest)
        } else {
            (Header::V2, body.strip_prefix(PREFIX_V2).ok_or(InvalidFragment::Grammar)?)
        };
        let (k, rest) = split_at_byte(rest, b',')?;
        let (n, rest) = split_at_byte(rest, b',')?;
        let (piece, rest) = split_at_byte(rest, b',')?;
        if !rest.is_empty() {
            return Err(InvalidFragment::Grammar);
        }
        let (k, n) = (piece_number(k)?, piece_number(n)?);
        if k > n {
            return Err(InvalidFragment::Numbers);
        }
        if piece.is_empty() || piece.len() > MAX_PIECE {
            return Err(InvalidFragment::Piece);
        }
        Ok(Self { header, k, n, piece })
    }
}

fn split_at_byte(bytes: &[u8], separator: u8) -> Result<(&[u8], &[u8]), InvalidFragment> {
    let mut parts = bytes.splitn(2, |&byte| byte == separator);
    match (parts.next(), parts.next()) {
        (Some(first), Some(rest)) => Ok((first, rest)),
        (None | Some(_), _) => Err(InvalidFragment::Grammar),
    }
}

/// Digits only, 1 to `longest` of them: no sign, no blank, no prefix.
fn number(digits: &[u8], radix: u32, longest: usize) -> Result<u32, InvalidFragment> {
    let well_formed =
        (1..=longest).contains(&digits.len()) && digits.iter().all(|&byte| char::from(byte).is_digit(radix));
    if !well_formed {
        return Err(InvalidFragment::Grammar);
    }
    let text = core::str::from_utf8(digits).map_err(|_| InvalidFragment::Grammar)?;
    u32::from_str_radix(text, radix).map_err(|_| InvalidFragment::Numbers)
}

fn piece_number(digits: &[u8]) -> Result<NonZeroU16, InvalidFragment> {
    let number = u16::try_from(number(digits, 10, 5)?).map_err(|_| InvalidFragment::Numbers)?;
    NonZeroU16::new(number).ok_or(InvalidFragment::Numbers)
}

/// The limit leaves no room for a piece, or the message would need more than 65,535 of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the network's message size of {limit} bytes is too small for this message")]
pub struct TooSmall {
    /// The size of message the network carries, in bytes.
    pub limit: usize,
}

/// Splits an encoded message into what a network of at most `limit` bytes a message carries; a message that fits
/// stays whole.
///
/// # Errors
///
/// [`TooSmall`] when `limit` leaves no room (attack rule FRAG-11).
pub fn split(header: Header, message: &str, limit: usize) -> Result<Vec<String>, TooSmall> {
    if message.len() <= limit {
        return Ok(Vec::from([String::from(message)]));
    }
    let size = limit
        .checked_sub(header.fragment_overhead())
        .filter(|&size| size > 0)
        .ok_or(TooSmall { limit })?
        .min(MAX_PIECE);
    let n = u16::try_from(message.len().div_ceil(size)).map_err(|_| TooSmall { limit })?;
    let pieces = message.as_bytes().chunks(size);
    // An encoded message is ASCII, so every cut falls between characters.
    Ok((1..=n).zip(pieces).map(|(k, piece)| fragment(header, k, n, &String::from_utf8_lossy(piece))).collect())
}

fn fragment(header: Header, k: u16, n: u16, piece: &str) -> String {
    match header {
        Header::V2 => format!("?OTR,{k:05},{n:05},{piece},"),
        Header::V3 { sender, receiver } | Header::Curve25519 { sender, receiver } => {
            let receiver = receiver.map_or(0, InstanceTag::get);
            format!("?OTR|{sender}|{receiver:08x},{k:05},{n:05},{piece},")
        }
    }
}
