//! What the keys of an exchange are bound to, in the Curve25519 suite: everything that was said, and between whom.

use otr_crypto::{Bond, Suite, Transcript};
use otr_wire::{DhKey, InstanceTag};

/// The parts of an exchange, the initiator's first. The version is in the suite.
pub(crate) struct Exchange<'a> {
    pub(crate) suite: Suite,
    /// What else both have to know.
    pub(crate) bond: Option<&'a Bond>,
    pub(crate) tags: [Option<InstanceTag>; 2],
    /// Encrypted and hashed g^x.
    pub(crate) commitment: [&'a [u8]; 2],
    pub(crate) dh_key: &'a DhKey<'a>,
    pub(crate) revealed_key: &'a [u8; 16],
    pub(crate) kem_ciphertext: &'a [u8],
}

/// The transcript, up to what proves the identities; these sign it, and the session's root covers them.
pub(crate) fn of_exchange(exchange: &Exchange<'_>) -> Transcript {
    let [initiator, responder] = exchange.tags.map(|tag| tag.map_or(0, InstanceTag::get).to_be_bytes());
    let [encrypted, hash] = exchange.commitment;
    [
        exchange.bond.map_or([].as_slice(), |bond| bond.as_bytes()),
        &initiator,
        &responder,
        encrypted,
        hash,
        exchange.dh_key.gy.as_bytes(),
        exchange.dh_key.kem_key,
        exchange.revealed_key,
        exchange.kem_ciphertext,
    ]
    .into_iter()
    .fold(Transcript::new(exchange.suite), Transcript::and)
}
