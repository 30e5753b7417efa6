//! DSA keys, legal or not, that sign.

#![expect(clippy::expect_used, clippy::missing_panics_doc, reason = "test code: a broken expectation is a failed test")]

use num_bigint::BigUint;
use otr_crypto::IdentityKey;
use rand_core::Rng;

use super::numbers::{self, mpi, random};
use crate::vectors::oracle::{self, DsaPublic};

/// Keys that break one rule each, with their secrets; shared with the tests of `otr-crypto`.
const KEYS: &str = include_str!("../../../crates/otr-crypto/tests/data/dsa_keys.txt");

/// How many signatures are made before one is given out that does not verify.
const ATTEMPTS: u32 = 40;

/// A DSA key. Nothing about it has been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DsaKey {
    /// The modulus.
    pub p: BigUint,
    /// The order.
    pub q: BigUint,
    /// The generator.
    pub g: BigUint,
    /// The public value.
    pub y: BigUint,
    /// The secret.
    pub x: BigUint,
}

impl From<&IdentityKey> for DsaKey {
    fn from(key: &IdentityKey) -> Self {
        let parts = key.hazmat_parts().expect("a DSA key");
        let [p, q, g, y, x] = [&parts.p, &parts.q, &parts.g, &parts.y, &*parts.x].map(|n| oracle::number(n));
        Self { p, q, g, y, x }
    }
}

impl DsaKey {
    /// The key with this name in the list of broken ones.
    ///
    /// # Panics
    ///
    /// When there is none.
    #[must_use]
    pub fn broken(name: &str) -> Self {
        let mut lines = KEYS.lines().skip_while(|line| line.strip_prefix("key ") != Some(name)).skip(1);
        let mut number = |letter: &str| {
            let digits = lines.next().and_then(|line| line.strip_prefix(letter)).expect("five numbers a key");
            BigUint::parse_bytes(digits.trim().as_bytes(), 16).expect("hexadecimal digits")
        };
        let [p, q, g, y, x] = ["p", "q", "g", "y", "x"].map(&mut number);
        Self { p, q, g, y, x }
    }

    /// The four numbers as MPIs, which the fingerprint is over.
    #[must_use]
    pub fn numbers(&self) -> Vec<u8> {
        [&self.p, &self.q, &self.g, &self.y].map(mpi).concat()
    }

    /// The key as it stands in a message: its type and the four numbers.
    #[must_use]
    pub fn encoded(&self) -> Vec<u8> {
        [&[0, 0], self.numbers().as_slice()].concat()
    }

    /// The fingerprint.
    #[must_use]
    pub fn fingerprint(&self) -> Vec<u8> {
        oracle::sha1(&self.numbers())
    }

    /// Signs `m` as an integer modulo q: r and s, as numbers. With a broken key not every signature verifies; what
    /// comes out does, if any of many attempts did.
    pub fn sign(&self, m: &[u8], rng: &mut impl Rng) -> (BigUint, BigUint) {
        for _ in 0..ATTEMPTS {
            let (r, s) = self.sign_once(m, rng);
            let public = DsaPublic { p: self.p.clone(), q: self.q.clone(), g: self.g.clone(), y: self.y.clone() };
            if public.accepts(m, &signature(&r, &s)) {
                return (r, s);
            }
        }
        self.sign_once(m, rng)
    }

    fn sign_once(&self, m: &[u8], rng: &mut impl Rng) -> (BigUint, BigUint) {
        loop {
            let k = BigUint::from_bytes_be(&random::<24>(rng)) % &self.q;
            let r = self.g.modpow(&k, &self.p) % &self.q;
            // In a key whose order is not prime a nonce may have no inverse.
            let Some(inverse) = k.modinv(&self.q) else { continue };
            let s = inverse * (oracle::number(m) + &self.x * &r) % &self.q;
            // Each half has 20 bytes to stand in, also where the order is longer.
            let fits = |half: &BigUint| *half != BigUint::ZERO && half.bits() <= 160;
            if fits(&r) && fits(&s) {
                return (r, s);
            }
        }
    }
}

/// r and s, right-aligned in 20 bytes each; what is longer loses its upper end.
#[must_use]
pub fn signature(r: &BigUint, s: &BigUint) -> Vec<u8> {
    let mut signature = Vec::with_capacity(40);
    for number in [r, s] {
        let number = [[0; 20].as_slice(), &numbers::bytes(number)].concat();
        signature.extend_from_slice(number.rchunks(20).next().expect("20 zeros at least"));
    }
    signature
}
