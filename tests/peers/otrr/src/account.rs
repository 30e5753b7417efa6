//! The keys of the one account a driver serves, and what may be asked of conversations.

use std::cell::RefCell;

use otrr::crypto::{dsa, ed448, otr};

/// The keys, made anew at each start: the library can neither save nor load them.
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

/// What may be asked of a conversation. Of versions there is only the third.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rules {
    pub(crate) policy: Policy,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Policy {
    Never,
    Manual,
    Opportunistic,
    Always,
}

impl Policy {
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Never, Self::Manual, Self::Opportunistic, Self::Always].into_iter().find(|policy| policy.name() == name)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Manual => "manual",
            Self::Opportunistic => "opportunistic",
            Self::Always => "always",
        }
    }

    /// As the library has it.
    pub(crate) fn bits(self) -> otrr::Policy {
        use otrr::Policy as P;
        let starting = P::ALLOW_V3 | P::WHITESPACE_START_AKE | P::ERROR_START_AKE;
        match self {
            Self::Never => P::empty(),
            Self::Manual => P::ALLOW_V3,
            Self::Opportunistic => starting | P::SEND_WHITESPACE_TAG,
            Self::Always => starting | P::REQUIRE_ENCRYPTION,
        }
    }
}
