//! The commitment of the D-H Commit message: a public value encrypted and hashed, opened later.

use alloc::vec::Vec;

use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::cipher::{aes_ctr, aes256_ctr};
use crate::curve25519::kdf::kdf;
use crate::group::ELEMENT_BYTES;
use crate::secret::{Secret, opaque_debug};
use crate::{DhPublic, Error, Suite, mpi};

/// The 16-byte key r of a commitment: secret until it is revealed. Wiped on drop.
pub struct CommitmentKey(Secret<16>);

opaque_debug!(CommitmentKey);

/// A public value that its sender can no longer change, and nobody else can read yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commitment {
    /// The public value as an MPI, encrypted with r in counter mode from 0: 5 to 196 bytes.
    pub encrypted: Vec<u8>,
    /// SHA-256 of the MPI; in the Curve25519 suite with a label before it.
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
        let hash = hash(gx.suite(), &encrypted);
        self.apply_cipher(gx.suite(), &mut encrypted);
        Commitment { encrypted, hash }
    }

    /// Opens a commitment of versions 2 and 3 received earlier.
    ///
    /// # Errors
    ///
    /// As [`open_in`](Self::open_in).
    pub fn open(&self, encrypted: &[u8], hash: &[u8; 32]) -> Result<DhPublic, Error> {
        self.open_in(Suite::Otr, encrypted, hash)
    }

    /// Opens a commitment received earlier.
    ///
    /// The hash covers the MPI with its length, and the MPI has to fill the plaintext exactly.
    ///
    /// # Errors
    ///
    /// [`Error::Rejected`] if the hash or the length does not fit; otherwise as
    /// [`DhPublic::from_bytes`].
    pub fn open_in(&self, suite: Suite, encrypted: &[u8], hash: &[u8; 32]) -> Result<DhPublic, Error> {
        if encrypted.len() > 4 + ELEMENT_BYTES {
            return Err(Error::Rejected);
        }
        let mut opened = encrypted.to_vec();
        self.apply_cipher(suite, &mut opened);
        let same = self::hash(suite, &opened).ct_eq(hash);
        if !bool::from(same) {
            return Err(Error::Rejected);
        }
        suite.public(mpi::read_whole(&opened).ok_or(Error::Rejected)?)
    }

    fn apply_cipher(&self, suite: Suite, data: &mut [u8]) {
        match suite {
            Suite::Otr => aes_ctr(self.as_bytes(), 0, data),
            Suite::Curve25519 => {
                let key: Secret<32> = kdf(b"OTR-25519 v1 commitment cipher", &[self.as_bytes()], &[]);
                aes256_ctr(key.as_bytes(), 0, data);
            }
        }
    }
}

fn hash(suite: Suite, mpi: &[u8]) -> [u8; 32] {
    let label: &[u8] = match suite {
        Suite::Otr => &[],
        Suite::Curve25519 => b"OTR-25519 v1 commitment",
    };
    Sha256::new_with_prefix(label).chain_update(mpi).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DhKeyPair;
    use crate::testing::rng;

    /// A commitment to arbitrary bytes, as a cheat could make it.
    fn forge(key: &CommitmentKey, plain: &[u8]) -> Commitment {
        let mut encrypted = plain.to_vec();
        let hash = Sha256::digest(&encrypted).into();
        aes_ctr(key.as_bytes(), 0, &mut encrypted);
        Commitment { encrypted, hash }
    }

    fn reopen(key: &CommitmentKey, commitment: &Commitment) -> Result<DhPublic, Error> {
        key.open(&commitment.encrypted, &commitment.hash)
    }

    // attack: AKE-2
    #[test]
    fn a_commitment_opens_to_its_value_only() {
        let mut rng = rng(7);
        let public = DhKeyPair::generate(&mut rng).public().clone();
        let key = CommitmentKey::generate(&mut rng);
        let commitment = key.commit(&public);
        assert_eq!(reopen(&key, &commitment), Ok(public));

        for bit in 0..8 * commitment.encrypted.len() {
            let mut other = commitment.clone();
            other.encrypted[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(reopen(&key, &other), Err(Error::Rejected));
        }
        for bit in 0..256 {
            let mut other = commitment.clone();
            other.hash[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(reopen(&key, &other), Err(Error::Rejected));
        }
        for bit in 0..128 {
            let mut other = *key.as_bytes();
            other[bit / 8] ^= 1 << (bit % 8);
            let other = CommitmentKey::from_bytes(other);
            assert_eq!(reopen(&other, &commitment), Err(Error::Rejected));
        }
        let other = key.commit(DhKeyPair::generate(&mut rng).public());
        let swapped = key.open(&other.encrypted, &commitment.hash);
        assert_eq!(swapped, Err(Error::Rejected));
    }

    // attack: AKE-2, DH-1
    #[test]
    fn the_number_fills_the_plaintext_and_is_legal() {
        let key = CommitmentKey::generate(&mut rng(8));
        let cases: [(&[u8], Error); 9] = [
            (b"", Error::Rejected),
            (&[0, 0, 0], Error::Rejected),
            (&[0, 0, 0, 1], Error::Rejected),
            (&[0, 0, 0, 1, 2, 0], Error::Rejected),
            (&[0, 0, 0, 2, 2], Error::Rejected),
            (&[0, 0, 0, 0], Error::PublicRange),
            (&[0, 0, 0, 2, 0, 2], Error::Encoding),
            (&[0, 0, 0, 1, 1], Error::PublicRange),
            (&[0; 197], Error::Rejected),
        ];
        for (plain, error) in cases {
            assert_eq!(reopen(&key, &forge(&key, plain)), Err(error), "{plain:?}");
        }
        let good = reopen(&key, &forge(&key, &[0, 0, 0, 1, 2])).unwrap();
        assert_eq!(good.as_bytes(), [2]);
    }
}
