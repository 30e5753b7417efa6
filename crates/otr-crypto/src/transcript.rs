use sha2::{Digest, Sha256};

use crate::{Suite, mpi};

/// Everything that the two sides of a key exchange have to have seen alike: SHA-256 over a label and each part with its
/// 4-byte big-endian length before it. Versions 2 and 3 have none.
#[derive(Clone, Debug)]
pub struct Transcript(Option<Sha256>);

impl Transcript {
    /// Nothing yet.
    pub fn new(suite: Suite) -> Self {
        match suite {
            Suite::Otr => Self(None),
            Suite::Curve25519 => Self(Some(Sha256::new_with_prefix(b"OTR-25519 v1 transcript"))),
        }
    }

    /// This and one part more.
    #[must_use]
    pub fn and(self, part: &[u8]) -> Self {
        Self(self.0.map(|hash| hash.chain_update(mpi::length(part)).chain_update(part)))
    }

    pub(crate) fn digest(&self) -> [u8; 32] {
        self.0.clone().map_or([0; 32], |hash| hash.finalize().into())
    }
}
