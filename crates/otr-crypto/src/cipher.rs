//! AES-128 in counter mode.

use aes::Aes128;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit, StreamCipher};

/// Encrypts or decrypts `data` in place.
///
/// The first counter block is the 8-byte big-endian `counter` followed by 8 zero bytes; the whole
/// block counts up as one 128-bit number.
pub(crate) fn aes_ctr(key: &[u8; 16], counter: u64, data: &mut [u8]) {
    let block = (u128::from(counter) << 64).to_be_bytes();
    Ctr128BE::<Aes128>::new(key.into(), (&block).into()).apply_keystream(data);
}
