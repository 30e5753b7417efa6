//! The keys of an account.

use std::cell::RefCell;

use otrr::crypto::{dsa, ed448, otr};

/// They are made anew at each start: the library can neither save nor load them.
pub(crate) struct Keys {
    pub(crate) dsa: dsa::Keypair,
    /// Those of the draft of version 4, which the library wants although they are not used.
    pub(crate) identity: ed448::EdDSAKeyPair,
    pub(crate) forging: ed448::EdDSAKeyPair,
    /// The profile that carries the instance tag, as the library wrote it.
    pub(crate) profile: RefCell<Vec<u8>>,
}

impl Keys {
    pub(crate) fn generate() -> Self {
        Self {
            dsa: dsa::Keypair::generate(),
            identity: ed448::EdDSAKeyPair::generate(),
            forging: ed448::EdDSAKeyPair::generate(),
            profile: RefCell::default(),
        }
    }

    /// 40 hex digits.
    pub(crate) fn fingerprint(&self) -> String {
        hex(&otr::fingerprint(&self.dsa.public_key()))
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
