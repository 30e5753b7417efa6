//! What a cheat computes with: numbers of any size and in any range, and keys from any secret. Our own types refuse most
//! of what is needed here, so it is all made of the formulas of the specification, with `num-bigint`.

#![expect(clippy::expect_used, clippy::missing_panics_doc, reason = "test code: keys here have the size of keys")]

use num_bigint::BigUint;
use rand_core::Rng;

use crate::vectors::oracle;

/// The modulus of the group.
#[must_use]
pub fn prime() -> BigUint {
    oracle::prime().expect("the prime is a number")
}

/// The order of the group that honest values are in: (p - 1) / 2.
#[must_use]
pub fn order() -> BigUint {
    (prime() - 1_u8) >> 1
}

/// Big-endian bytes without leading zeros; none for zero.
#[must_use]
pub fn bytes(number: &BigUint) -> Vec<u8> {
    oracle::bytes(number)
}

/// A DATA or MPI: 4-byte length, bytes.
#[must_use]
pub fn data(bytes: &[u8]) -> Vec<u8> {
    oracle::data(bytes).expect("less than 4 GiB")
}

/// An MPI.
#[must_use]
pub fn mpi(number: &BigUint) -> Vec<u8> {
    data(&bytes(number))
}

/// `N` random bytes.
pub fn random<const N: usize>(rng: &mut impl Rng) -> [u8; N] {
    let mut bytes = [0; N];
    rng.fill_bytes(&mut bytes);
    bytes
}

/// A Diffie-Hellman key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dh {
    /// The exponent.
    pub secret: BigUint,
    /// g^secret, if it is an honest one.
    pub public: BigUint,
}

impl Dh {
    /// An honest key.
    pub fn generate(rng: &mut impl Rng) -> Self {
        let secret = BigUint::from_bytes_be(&random::<40>(rng));
        Self { public: BigUint::from(2_u8).modpow(&secret, &prime()), secret }
    }

    /// The secret shared with whoever has `theirs`.
    #[must_use]
    pub fn agree(&self, theirs: &BigUint) -> BigUint {
        theirs.modpow(&self.secret, &prime())
    }
}

/// The keys of one half of the key exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofKeys {
    /// c or c', 16 bytes.
    pub cipher: Vec<u8>,
    /// m1 or m1', 32 bytes: what is signed is made with it.
    pub m1: Vec<u8>,
    /// m2 or m2', 32 bytes: the encrypted part is authenticated with it.
    pub m2: Vec<u8>,
}

/// What the shared secret of a key exchange gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExchangeKeys {
    /// The session id, 8 bytes.
    pub session_id: Vec<u8>,
    /// For the Reveal Signature message.
    pub reveal: ProofKeys,
    /// For the Signature message: the primed keys.
    pub signature: ProofKeys,
}

impl ExchangeKeys {
    /// The keys from the secret `s`.
    #[must_use]
    pub fn of(s: &BigUint) -> Self {
        let h2 = |label| oracle::h2(label, &bytes(s)).expect("a hash");
        let (mut c, mut session_id) = (h2(1), h2(0));
        let primed = c.split_off(16);
        session_id.truncate(8);
        Self {
            session_id,
            reveal: ProofKeys { cipher: c, m1: h2(2), m2: h2(3) },
            signature: ProofKeys { cipher: primed, m1: h2(4), m2: h2(5) },
        }
    }
}

/// The keys of one direction of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectionKeys {
    /// The AES key, 16 bytes.
    pub cipher: Vec<u8>,
    /// The MAC key, 20 bytes.
    pub mac: Vec<u8>,
}

impl DirectionKeys {
    /// The keys that `from` sends to `to` with, given the secret they share.
    #[must_use]
    pub fn of(s: &BigUint, from: &BigUint, to: &BigUint) -> Self {
        let label = if from > to { 1 } else { 2 };
        let mut cipher = oracle::h1(label, &bytes(s)).expect("a hash");
        cipher.truncate(16);
        Self { mac: oracle::sha1(&cipher), cipher }
    }
}

/// AES in counter mode; the counter is the upper half of the first block.
#[must_use]
pub fn aes(key: &[u8], counter: u64, text: &[u8]) -> Vec<u8> {
    oracle::aes_ctr(key, counter, text).expect("a key of 16 bytes")
}

/// HMAC-SHA-1.
#[must_use]
pub fn hmac_sha1(key: &[u8], text: &[u8]) -> Vec<u8> {
    oracle::hmac_sha1(key, text).expect("any key will do")
}

/// HMAC-SHA-256.
#[must_use]
pub fn hmac_sha256(key: &[u8], text: &[u8]) -> Vec<u8> {
    oracle::hmac_sha256(key, text).expect("any key will do")
}

/// The first 20 bytes of HMAC-SHA-256.
#[must_use]
pub fn hmac_sha256_160(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut mac = hmac_sha256(key, text);
    mac.truncate(20);
    mac
}
