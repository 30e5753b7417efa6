//! What the cases are made from: randomness and identities by name.

use chacha20::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};
use otr_crypto::IdentityKey;

use crate::vectors::{
    Problem,
    keys::{Dsa, Ed25519},
    oracle,
};

/// A generator of its own for every name and number.
pub(crate) fn rng(name: &str, number: u32) -> ChaCha20Rng {
    ChaCha20Rng::from_seed(seed(name, number))
}

/// The seed of [`rng`].
pub(crate) fn seed(name: &str, number: u32) -> [u8; 32] {
    let digest = oracle::sha256(format!("otr vectors {name} {number}").as_bytes());
    let mut seed = [0; 32];
    seed.copy_from_slice(&digest);
    seed
}

/// Bytes by name.
pub(crate) fn bytes(name: &str, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    rng(name, 0).fill_bytes(&mut bytes);
    bytes
}

/// The identity of a name, made once per run.
pub(crate) fn identity(name: &str) -> Result<IdentityKey, Problem> {
    Ok(dsa(name)?.get()?)
}

/// The identity of a name in the Curve25519 suite.
pub(crate) fn ed25519(name: &str) -> Ed25519 {
    Ed25519::of(seed(&format!("{name} in the suite"), 0))
}

/// The identity's numbers.
pub(crate) fn dsa(name: &str) -> Result<Dsa, Problem> {
    use std::{
        collections::BTreeMap,
        sync::{Mutex, PoisonError},
    };
    static MADE: Mutex<BTreeMap<String, Dsa>> = Mutex::new(BTreeMap::new());
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(key) = made.get(name) {
        return Ok(key.clone());
    }
    let key = Dsa::try_from(&IdentityKey::generate(&mut rng(name, 0)))?;
    made.insert(name.into(), key.clone());
    Ok(key)
}
