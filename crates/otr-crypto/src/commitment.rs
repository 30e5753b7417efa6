//! The commitment of the D-H Commit message: a public value encrypted and hashed, opened later.

use alloc::vec::Vec;

use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::cipher::aes_ctr;
use crate::group::ELEMENT_BYTES;
use crate::secret::{Secret, opaque_debug};
use crate::{DhPublic, Error, mpi};

/// The 16-byte key r of a commitment: secret until it is revealed. Wiped on drop.
pub struct CommitmentKey(Secret<16>);

opaque_debug!(CommitmentKey);

/// A public value that its sender can no longer change, and nobody else can read yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commitment {
    /// The public value as an MPI, encrypted with r in counter mode from 0: 5 to 196 bytes.
    pub encrypted: Vec<u8>,
    /// SHA-256 of the MPI.
    pub hash: [u8; 32],
}

impl CommitmentKey {
    /// Draws a new key: 16 bytes from `rng`.
    pub fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        Self(Secret::random(rng))
    }

    /// The key as it was revealed.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Secret::from_array(bytes))
    }

    /// The key, to be revealed.
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// Commits to `gx`.
    pub fn commit(&self, gx: &DhPublic) -> Commitment {
        let mut encrypted = Vec::with_capacity(4 + ELEMENT_BYTES);
        mpi::write(&mut encrypted, gx.as_bytes());
        let hash = Sha256::digest(&encrypted).into();
        aes_ctr(self.as_bytes(), 0, &mut encrypted);
        Commitment { encrypted, hash }
    }

    /// Opens a commitment received earlier.
    ///
    /// The hash covers the MPI with its length, and the MPI has to fill the plaintext exactly.
    ///
    /// # Errors
    ///
    /// [`Error::Rejected`] if the hash or the length does not fit; otherwise as
    /// [`DhPublic::from_bytes`].
    pub fn open(&self, encrypted: &[u8], hash: &[u8; 32]) -> Result<DhPublic, Error> {
        if encrypted.len() > 4 + ELEMENT_BYTES {
            return Err(Error::Rejected);
        }
        let mut opened = encrypted.to_vec();
        aes_ctr(self.as_bytes(), 0, &mut opened);
        let same = Sha256::digest(&opened).as_slice().ct_eq(hash);
        if !bool::from(same) {
            return Err(Error::Rejected);
        }
        DhPublic::from_bytes(mpi::read_whole(&opened).ok_or(Error::Rejected)?)
    }
}
