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

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use super::super::scalar::to_bytes;
    use super::*;

    fn array<const N: usize>(hex: &str) -> [u8; N] {
        hex::decode(hex).unwrap().try_into().unwrap()
    }

    fn order() -> Order {
        Order::new(&array("996f967f6c8e388d9e28d01e205fba957a5698b1")).unwrap()
    }

    // RFC 6979, appendix A.2.1: DSA of 1024 bits, SHA-256, messages "sample" and "test".
    // attack: DSA-1
    #[test]
    fn without_fresh_bytes_the_nonce_is_that_of_rfc_6979() {
        let x = array("411602cb19a6ccc34494d79d98ef1e7ed5af25f7");
        let cases = [
            (b"sample".as_slice(), "519ba0546d0c39202a7d34d7dfa5e760b318bcfb"),
            (b"test".as_slice(), "5a67592e8128e03a417b0484410fb72c0b630e1a"),
        ];
        for (message, expected) in cases {
            // bits2octets: the leftmost 160 bits of the hash, modulo q.
            use sha2::{Digest, Sha256};
            let mut left = [0; 32];
            left[12..].copy_from_slice(&Sha256::digest(message)[..20]);
            let h = to_bytes(&order().reduce_bytes(&left));
            let nonce = Nonces::new(&x, h.as_bytes(), &[]).next(&order());
            assert_eq!(hex::encode(to_bytes(&nonce).as_bytes()), expected);
        }
    }

    /// Section 3.6: fresh bytes enter both times. Computed with Python's hmac.
    // attack: DSA-1
    #[test]
    fn with_fresh_bytes_the_nonces_are_those_of_another_program() {
        let mut nonces = Nonces::new(&[1; 20], &[2; 20], &[3; 32]);
        for expected in [
            "8ebb0bc2e7d6ffa48a9c39d3ea30cf385bf858bb",
            "1ad57e58768570662a310a9d1808dc086d0cc385",
            "8c615c49fc64950fca00a3022085392453e1d3f1",
        ] {
            let nonce = nonces.next(&order());
            assert_eq!(hex::encode(to_bytes(&nonce).as_bytes()), expected);
        }
    }

    // attack: DSA-1
    #[test]
    fn every_input_changes_the_nonce_and_none_comes_twice() {
        let order = order();
        let mut seen = BTreeSet::new();
        for (x, h, fresh) in [(1, 1, 1), (2, 1, 1), (1, 2, 1), (1, 1, 2)] {
            let mut nonces = Nonces::new(&[x; 20], &[h; 20], &[fresh; 32]);
            for _ in 0..200 {
                assert!(seen.insert(*to_bytes(&nonces.next(&order)).as_bytes()));
            }
        }
    }
}
