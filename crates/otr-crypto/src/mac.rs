//! HMAC with the two hashes of the protocol, keyed with fixed-size keys.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::Error;

/// HMAC-SHA-1 for data messages.
pub(crate) fn hmac_sha1(key: &[u8; 20]) -> Hmac<Sha1> {
    Hmac::new((&*block(key)).into())
}

/// HMAC-SHA-256 for the key exchange and the signing nonce.
pub(crate) fn hmac_sha256(key: &[u8; 32]) -> Hmac<Sha256> {
    Hmac::new((&*block(key)).into())
}

/// Compares in constant time; `code` may be shorter than the full output.
pub(crate) fn verify(mac: impl Mac, code: &[u8; 20]) -> Result<(), Error> {
    mac.verify_truncated_left(code).map_err(|_| Error::Rejected)
}

/// HMAC pads short keys with zeros to one block of the hash, so this is the same key.
fn block<const N: usize>(key: &[u8; N]) -> Zeroizing<[u8; 64]> {
    const { assert!(N <= 64, "a longer key would have to be hashed first") };
    let mut block = Zeroizing::new([0; 64]);
    for (to, from) in block.iter_mut().zip(key) {
        *to = *from;
    }
    block
}
