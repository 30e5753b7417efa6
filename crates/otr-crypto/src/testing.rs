//! What the unit tests share: vector files, random sources, and a big-integer oracle.

extern crate std;

use alloc::vec::Vec;
use core::convert::Infallible;

use chacha20::ChaCha20Rng;
use num_bigint::BigUint;
use rand_core::{Rng, SeedableRng, TryCryptoRng, TryRng};

use crate::IdentityKey;

pub(crate) const EXCHANGES: &str = include_str!("../tests/data/exchange.txt");
pub(crate) const LIBGCRYPT: &str = include_str!("../tests/data/dsa_libgcrypt.txt");
pub(crate) const KEYS: &str = include_str!("../tests/data/dsa_keys.txt");

/// One entry of a vector file: a named list of lines "name value value ...".
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    lines: Vec<&'static str>,
}

/// The entries of a vector file, each starting with the line "`head` NAME".
pub(crate) fn entries(text: &'static str, head: &str) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        match line.split_once(' ').unwrap() {
            (first, name) if first == head => entries.push(Entry { name, lines: Vec::new() }),
            _ => entries.last_mut().unwrap().lines.push(line),
        }
    }
    assert!(!entries.is_empty());
    entries
}

impl Entry {
    /// All lines of this name, as their values.
    pub(crate) fn all(&self, name: &str) -> Vec<Vec<Vec<u8>>> {
        let mut found = Vec::new();
        for line in &self.lines {
            let mut words = line.split(' ');
            if words.next() == Some(name) {
                found.push(words.map(|word| hex::decode(word).unwrap()).collect());
            }
        }
        found
    }

    /// The single value of the single line of this name.
    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        let mut lines = self.all(name);
        assert_eq!(lines.len(), 1, "{name}");
        let mut values = lines.remove(0);
        assert_eq!(values.len(), 1, "{name}");
        values.remove(0)
    }

    pub(crate) fn array<const N: usize>(&self, name: &str) -> [u8; N] {
        self.bytes(name).try_into().unwrap()
    }

    pub(crate) fn identity(&self) -> IdentityKey {
        let [p, q, g, y, x] = ["p", "q", "g", "y", "x"].map(|name| self.bytes(name));
        IdentityKey::from_parts(&p, &q, &g, &y, &x).unwrap()
    }
}

/// The entry of this name.
pub(crate) fn key(text: &'static str, name: &str) -> Entry {
    let mut keys = entries(text, "key");
    let index = keys.iter().position(|key| key.name == name).unwrap();
    keys.remove(index)
}

pub(crate) fn rng(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}

pub(crate) fn random<const N: usize>(rng: &mut impl Rng) -> [u8; N] {
    let mut bytes = [0; N];
    rng.fill_bytes(&mut bytes);
    bytes
}

pub(crate) fn big(bytes: &[u8]) -> BigUint {
    BigUint::from_bytes_be(bytes)
}

/// Big-endian, padded to `N` bytes.
pub(crate) fn padded<const N: usize>(number: &BigUint) -> [u8; N] {
    let bytes = number.to_bytes_be();
    let mut out = [0; N];
    out[N - bytes.len()..].copy_from_slice(&bytes);
    out
}

/// Gives the same byte for ever, except that the first bytes can be something else; counts what it
/// gave.
pub(crate) struct Stuck {
    pub(crate) first: Vec<u8>,
    pub(crate) then: u8,
    pub(crate) given: usize,
}

impl Stuck {
    pub(crate) fn at(then: u8) -> Self {
        Self { first: Vec::new(), then, given: 0 }
    }
}

impl TryRng for Stuck {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_be_bytes(random(self)))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_be_bytes(random(self)))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        for byte in out {
            *byte = self.first.get(self.given).copied().unwrap_or(self.then);
            self.given += 1;
        }
        Ok(())
    }
}

impl TryCryptoRng for Stuck {}
