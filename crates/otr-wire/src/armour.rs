//! The base64 clothing of encoded messages: `?OTR:` … `.`

use alloc::{string::String, vec::Vec};

use base64::{
    Engine as _,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use crate::DecodeError;

/// What an encoded message begins with.
pub(crate) const PREFIX: &[u8] = b"?OTR:";

/// Standard alphabet, padding demanded, trailing bits zero: each byte string has exactly one encoding
/// (attack rule PARSE-7).
const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical)
        .with_decode_allow_trailing_bits(false),
);

/// The text that carries the message `bytes` over the network.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    let length = bytes.len().div_ceil(3).saturating_mul(4).saturating_add(6);
    let mut text = String::with_capacity(length);
    text.push_str("?OTR:");
    ENGINE.encode_string(bytes, &mut text);
    text.push('.');
    text
}

/// The bytes of the message that `text` carries.
///
/// # Errors
///
/// When `text` is longer than `limit` characters, does not begin with `?OTR:`, does not end with its dot (white
/// space may follow), or is not canonical base64 in between.
pub fn decode(text: &[u8], limit: usize) -> Result<Vec<u8>, DecodeError> {
    // attack rule PARSE-2: the size is checked before anything is decoded, so it bounds every allocation below.
    if text.len() > limit {
        return Err(DecodeError::TooLong { limit });
    }
    let text = text.strip_prefix(PREFIX).ok_or(DecodeError::NotEncoded)?;
    let text = text.trim_ascii_end().strip_suffix(b".").ok_or(DecodeError::Unterminated)?;
    // attack rule PARSE-1: an empty body is no message.
    if text.is_empty() {
        return Err(DecodeError::Base64);
    }
    ENGINE.decode(text).map_err(|_| DecodeError::Base64)
}
