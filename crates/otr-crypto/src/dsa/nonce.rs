//! The secret numbers of one signature, after RFC 6979, section 3.2 and 3.6.

use hmac::Mac;
use hmac::digest::FixedOutput;
use zeroize::Zeroizing;

use super::scalar::{Order, SCALAR_BYTES, Scalar};
use crate::mac::hmac_sha256;
use crate::secret::Secret;

/// HMAC-SHA-256 as a deterministic generator, fed with the secret key, the value to be signed and
/// fresh randomness: a bad random source cannot repeat a nonce for another value, and a good one
/// keeps it from repeating for the same.
pub(super) struct Nonces {
    k: Secret<32>,
    v: Secret<32>,
}

impl Nonces {
    pub(super) fn new(x: &[u8; SCALAR_BYTES], h: &[u8; SCALAR_BYTES], fresh: &[u8]) -> Self {
        let mut nonces = Self { k: Secret::zeroed(), v: Secret::from_array([1; 32]) };
        nonces.absorb(&[&[0x00], x, h, fresh]);
        nonces.absorb(&[&[0x01], x, h, fresh]);
        nonces
    }

    /// The next number in 1..=q-1. Candidates that do not fit are thrown away, not reduced.
    pub(super) fn next(&mut self, order: &Order) -> Zeroizing<Scalar> {
        loop {
            self.step();
            // q has 160 bits, so the leftmost 160 bits are the candidate.
            let mut bytes = Zeroizing::new([0; SCALAR_BYTES]);
            let (left, _) = self.v.as_bytes().split_at(SCALAR_BYTES);
            bytes.copy_from_slice(left);
            self.absorb(&[&[0x00]]);
            if let Some(value) = order.decode(&bytes) {
                return value;
            }
        }
    }

    /// K = HMAC(K, V || parts), then V = HMAC(K, V).
    fn absorb(&mut self, parts: &[&[u8]]) {
        let mut hmac = hmac_sha256(self.k.as_bytes()).chain_update(self.v.as_bytes());
        for part in parts {
            hmac.update(part);
        }
        hmac.finalize_into(self.k.as_mut().into());
        self.step();
    }

    /// V = HMAC(K, V).
    fn step(&mut self) {
        let hmac = hmac_sha256(self.k.as_bytes()).chain_update(self.v.as_bytes());
        hmac.finalize_into(self.v.as_mut().into());
    }
}
