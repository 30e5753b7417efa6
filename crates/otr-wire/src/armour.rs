//! The base64 clothing of encoded messages: `?OTR:` … `.`

use alloc::{string::String, vec::Vec};

use base64::{
    Engine,
    engine::{DecodePaddingMode, GeneralPurposeConfig},
};

use crate::DecodeError;

/// What an encoded message begins with.
pub(crate) const PREFIX: &[u8] = b"?OTR:";

/// Standard alphabet, padding demanded, trailing bits zero: each byte string has exactly one encoding
/// (attack rule PARSE-7).
const STRICT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::RequireCanonical)
    .with_decode_allow_trailing_bits(false);

/// With the vector instructions that the processor turns out to have.
#[cfg(all(feature = "std", any(target_arch = "x86_64", target_arch = "aarch64")))]
fn engine() -> &'static impl Engine {
    static ENGINE: std::sync::LazyLock<base64::engine::Simd> =
        std::sync::LazyLock::new(|| base64::engine::Simd::standard(STRICT));
    &*ENGINE
}

#[cfg(not(all(feature = "std", any(target_arch = "x86_64", target_arch = "aarch64"))))]
fn engine() -> &'static impl Engine {
    use base64::engine::GeneralPurpose;
    static ENGINE: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::STANDARD, STRICT);
    &ENGINE
}

/// The text that carries the message `bytes` over the network.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    let length = bytes.len().div_ceil(3).saturating_mul(4).saturating_add(6);
    let mut text = String::with_capacity(length);
    text.push_str("?OTR:");
    engine().encode_string(bytes, &mut text);
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
    let mut bytes = Vec::new();
    decode_into(text, limit, &mut bytes)?;
    Ok(bytes)
}

/// The same, in place of what a buffer holds, so that one buffer serves for many messages. After an error what is in
/// it means nothing.
///
/// # Errors
///
/// As [`decode`].
pub fn decode_into(text: &[u8], limit: usize, bytes: &mut Vec<u8>) -> Result<(), DecodeError> {
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
    bytes.clear();
    engine().decode_vec(text, bytes).map_err(|_| DecodeError::Base64)
}
