use alloc::collections::VecDeque;

use crate::dsa::Numbers;
use crate::public_key::encode;
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
        let encoded = encode(&Numbers { p, q, g, y });
        let known = self.keys.iter().find(|key| key.encoded() == encoded);
        let key = match known {
            Some(key) => key.clone(),
            None => PublicKey::from_parts(p, q, g, y)?,
        };
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
