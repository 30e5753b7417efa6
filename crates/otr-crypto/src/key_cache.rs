use alloc::collections::VecDeque;

use crate::dsa::Numbers;
use crate::public_key::{encode, encode_ed25519};
use crate::{Error, PublicKey};

/// Keys that have been checked already, so that the full check runs once per key.
///
/// Holds the 64 keys used last. A key is found by all of its bytes, never by a hash of them.
#[derive(Debug, Default)]
pub struct PublicKeyCache {
    /// Last used first.
    keys: VecDeque<PublicKey>,
}

/// Enough for the contacts somebody talks to at one time; some kilobytes each.
const CAPACITY: usize = 64;

impl PublicKeyCache {
    /// The key with these numbers, checked now unless it is known.
    ///
    /// # Errors
    ///
    /// As [`PublicKey::from_parts`]; numbers that are no key are not remembered.
    pub fn get(&mut self, p: &[u8], q: &[u8], g: &[u8], y: &[u8]) -> Result<PublicKey, Error> {
        self.known_or(&encode(&Numbers { p, q, g, y }), || PublicKey::from_parts(p, q, g, y))
    }

    /// The Ed25519 key with these bytes, checked now unless it is known.
    ///
    /// # Errors
    ///
    /// As [`PublicKey::from_ed25519`].
    pub fn get_ed25519(&mut self, bytes: &[u8; 32]) -> Result<PublicKey, Error> {
        self.known_or(&encode_ed25519(bytes), || PublicKey::from_ed25519(bytes))
    }

    fn known_or(
        &mut self,
        encoded: &[u8],
        check: impl FnOnce() -> Result<PublicKey, Error>,
    ) -> Result<PublicKey, Error> {
        let known = self.keys.iter().find(|key| key.encoded() == encoded);
        let key = known.cloned().map_or_else(check, Ok)?;
        self.insert(key.clone());
        Ok(key)
    }

    /// Makes `key` known, or moves it to the front.
    pub fn insert(&mut self, key: PublicKey) {
        self.keys.retain(|known| *known != key);
        self.keys.push_front(key);
        self.keys.truncate(CAPACITY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{LIBGCRYPT, big, key};

    // attack: DSA-4
    #[test]
    fn a_key_is_checked_once_and_the_longest_unused_is_forgotten() {
        let entry = key(LIBGCRYPT, "plain");
        let [p, q, g] = ["p", "q", "g"].map(|name| entry.bytes(name));
        let y = |x: u32| big(&g).modpow(&x.into(), &big(&p)).to_bytes_be();
        let mut cache = PublicKeyCache::default();
        let mut get = |x| cache.get(&p, &q, &g, &y(x)).unwrap();

        let first = get(1);
        assert!(first.is_same_allocation(&get(1)));
        let second = get(2);
        for x in 3..=64 {
            get(x);
        }
        assert!(first.is_same_allocation(&get(1)), "64 fit");
        get(65);
        assert!(first.is_same_allocation(&get(1)), "used last but one");
        assert!(!second.is_same_allocation(&get(2)), "used longest ago");
        assert_eq!(cache.keys.len(), CAPACITY);
    }

    // attack: DSA-4
    #[test]
    fn what_is_no_key_is_not_remembered() {
        let entry = key(LIBGCRYPT, "plain");
        let [p, q, g, y] = ["p", "q", "g", "y"].map(|name| entry.bytes(name));
        let mut cache = PublicKeyCache::default();
        for _ in 0..2 {
            let result = cache.get(&p, &q, &g, &[1]);
            assert_eq!(result, Err(Error::KeyPublicValue));
            assert!(cache.keys.is_empty());
        }
        let ours = PublicKey::from_parts(&p, &q, &g, &y).unwrap();
        cache.insert(ours.clone());
        assert!(cache.get(&p, &q, &g, &y).unwrap().is_same_allocation(&ours));
        // The same bytes cut at another place are another key.
        let (head, tail) = g.split_at(g.len() - 1);
        let moved = [tail, &y].concat();
        assert!(cache.get(&p, &q, head, &moved).is_err());
    }
}
