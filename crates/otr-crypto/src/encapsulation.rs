//! What the Curve25519 suite adds to a key exchange against computers to come; nothing in versions 2 and 3.

use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::curve25519::kem::{self, KemKeyPair};
use crate::secret::{Secret, opaque_debug};
use crate::{Error, Suite};

/// The responder's ML-KEM-768 key pair (FIPS 203), or nothing in versions 2 and 3. Wiped on drop.
pub struct KemKey(Option<KemKeyPair>);

/// What a ciphertext carries: 32 bytes, or nothing in versions 2 and 3. Wiped on drop.
pub struct KemSecret(Option<Secret<32>>);

opaque_debug!(KemKey, KemSecret);

impl Suite {
    /// Draws the responder's key pair: 64 bytes from `rng`, or none.
    pub fn kem_key(self, rng: &mut (impl CryptoRng + ?Sized)) -> KemKey {
        match self {
            Self::Otr => KemKey(None),
            Self::Curve25519 => KemKey(Some(KemKeyPair::generate(rng))),
        }
    }

    /// A fresh secret for the owner of a received encapsulation key, and the ciphertext of 1088 bytes that carries it
    /// there. In versions 2 and 3 both are empty.
    ///
    /// # Errors
    ///
    /// [`Error::Encoding`] for a key that is none.
    pub fn encapsulate(self, key: &[u8], rng: &mut (impl CryptoRng + ?Sized)) -> Result<(Vec<u8>, KemSecret), Error> {
        match self {
            Self::Otr => Ok((Vec::new(), KemSecret(None))),
            Self::Curve25519 => {
                let (ciphertext, secret) = kem::encapsulate(key, rng)?;
                Ok((ciphertext, KemSecret(Some(secret))))
            }
        }
    }
}

impl KemKey {
    /// The encapsulation key, 1184 bytes, or none.
    pub fn public(&self) -> &[u8] {
        self.0.as_ref().map_or(&[], |pair| pair.public())
    }

    /// What a received ciphertext carries. One that was made for another key carries a secret that its maker does not
    /// know.
    ///
    /// # Errors
    ///
    /// [`Error::Encoding`] for a ciphertext of a wrong length.
    pub fn open(&self, ciphertext: &[u8]) -> Result<KemSecret, Error> {
        self.0.as_ref().map(|pair| pair.open(ciphertext)).transpose().map(KemSecret)
    }
}

impl KemSecret {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_ref().map_or(&[], |secret| secret.as_bytes())
    }
}
