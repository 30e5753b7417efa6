//! HMAC with the two hashes of the protocol, keyed with fixed-size keys.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::Error;
use crate::told::told;

/// HMAC-SHA-1 for data messages.
pub(crate) fn hmac_sha1(key: &[u8; 20]) -> Hmac<Sha1> {
    Hmac::new((&*block(key)).into())
}

/// HMAC-SHA-256 for the key exchange, the signing nonce and, with a key of 20 bytes, the data messages of the Curve25519
/// suite.
pub(crate) fn hmac_sha256<const N: usize>(key: &[u8; N]) -> Hmac<Sha256> {
    Hmac::new((&*block(key)).into())
}

/// The first 20 bytes.
pub(crate) fn truncated(mac: impl Mac) -> [u8; 20] {
    let mut code = [0; 20];
    code.copy_from_slice(mac.finalize().into_bytes().split_at(20).0);
    code
}

/// Compares in constant time; `code` may be shorter than the full output.
pub(crate) fn verify(mac: impl Mac, code: &[u8; 20]) -> Result<(), Error> {
    let right = mac.finalize().into_bytes();
    if told(right.split_at(code.len()).0.ct_eq(code).unwrap_u8()) { Ok(()) } else { Err(Error::Rejected) }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(mac: impl Mac) -> alloc::string::String {
        hex::encode(mac.finalize().into_bytes())
    }

    // RFC 2202, cases 1 to 3; a key shorter than 20 bytes is the same key padded with zeros.
    #[test]
    fn hmac_sha1_known_answers() {
        let mut jefe = [0; 20];
        jefe[..4].copy_from_slice(b"Jefe");
        let cases: [([u8; 20], &[u8], &str); 3] = [
            ([0x0b; 20], b"Hi There", "b617318655057264e28bc0b6fb378c8ef146be00"),
            (jefe, b"what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
            ([0xaa; 20], &[0xdd; 50], "125d7342b9ac11cd91a39af48aa17b4f63f175d3"),
        ];
        for (key, data, expected) in cases {
            assert_eq!(hex(hmac_sha1(&key).chain_update(data)), expected);
        }
    }

    // RFC 4231, cases 1 to 3.
    #[test]
    fn hmac_sha256_known_answers() {
        let key = |bytes: &[u8]| {
            let mut key = [0; 32];
            key[..bytes.len()].copy_from_slice(bytes);
            key
        };
        let cases: [([u8; 32], &[u8], &str); 3] = [
            (key(&[0x0b; 20]), b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            (
                key(b"Jefe"),
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (key(&[0xaa; 20]), &[0xdd; 50], "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
        ];
        for (key, data, expected) in cases {
            assert_eq!(hex(hmac_sha256(&key).chain_update(data)), expected);
        }
    }

    // RFC 4231, cases 1 and 3, whose keys have 20 bytes.
    #[test]
    fn hmac_sha256_takes_a_key_of_20_bytes() {
        let cases: [([u8; 20], &[u8], &str); 2] = [
            ([0x0b; 20], b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            ([0xaa; 20], &[0xdd; 50], "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
        ];
        for (key, data, expected) in cases {
            assert_eq!(hex(hmac_sha256(&key).chain_update(data)), expected);
        }
    }

    // attack: SIDE-1
    #[test]
    fn a_truncated_code_is_compared_whole() {
        let mac = || hmac_sha256(&[1; 32]).chain_update(b"data");
        let mut code = [0; 20];
        code.copy_from_slice(&mac().finalize().into_bytes()[..20]);
        assert_eq!(verify(mac(), &code), Ok(()));
        for bit in 0..160 {
            let mut other = code;
            other[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(verify(mac(), &other), Err(Error::Rejected));
        }
    }
}
