//! Ed25519 signatures (RFC 8032) under labels, with one strict rule for what verifies.

use alloc::boxed::Box;
use alloc::vec::Vec;

use ed25519_dalek::{Signature, Signer, Verifier};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::x25519;
use crate::Error;
use crate::secret::{Secret, opaque_debug};

/// Bytes of a seed, which is all of a secret key.
pub(crate) const SEED_BYTES: usize = 32;
/// Bytes of an encoded public key.
pub(crate) const VERIFYING_BYTES: usize = 32;
/// Bytes of a signature: R, then s.
pub(crate) const SIGNATURE_BYTES: usize = 64;

/// A secret key. Its public key is computed from the seed and never comes from elsewhere: a signer that takes both
/// could be made to sign one message under two public keys, which gives the secret away.
pub(crate) struct SigningKey {
    key: Box<ed25519_dalek::SigningKey>,
    verifying: VerifyingKey,
}

opaque_debug!(SigningKey);

impl SigningKey {
    /// Draws a seed of exactly 32 bytes.
    pub(crate) fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        Self::new(&Secret::random(rng))
    }

    /// The key of a stored seed; any 32 bytes are one.
    pub(crate) fn from_seed(seed: [u8; SEED_BYTES]) -> Self {
        Self::new(&Secret::from_array(seed))
    }

    fn new(seed: &Secret<SEED_BYTES>) -> Self {
        let key = Box::new(ed25519_dalek::SigningKey::from_bytes(seed.as_bytes()));
        let verifying = VerifyingKey(key.verifying_key());
        Self { key, verifying }
    }

    /// The secret itself, for storing it.
    pub(crate) fn seed(&self) -> &[u8; SEED_BYTES] {
        self.key.as_bytes()
    }

    pub(crate) fn verifying(&self) -> &VerifyingKey {
        &self.verifying
    }

    /// Signs `label`, which says what the signature is for, followed by `message`.
    ///
    /// No label may be the beginning of another, else one message could be read as another kind's.
    ///
    /// # Errors
    ///
    /// [`Error::Rejected`] when the new signature does not verify: a computer that miscalculated would publish enough to
    /// find the secret.
    pub(crate) fn sign(&self, label: &[u8], message: &[u8]) -> Result<[u8; SIGNATURE_BYTES], Error> {
        let message = labelled(label, message);
        let signature = self.key.sign(&message);
        self.verifying.verify_own(&message, &signature)?;
        Ok(signature.to_bytes())
    }
}

/// A public key in its one encoding, not of small order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VerifyingKey(ed25519_dalek::VerifyingKey);

impl VerifyingKey {
    /// Decodes y, little-endian, with the sign of x in the highest bit.
    ///
    /// # Errors
    ///
    /// * [`Error::Encoding`] when no point has this y, when y is p or more, or when x is 0 and marked negative;
    /// * [`Error::KeyPublicValue`] when the point's order divides 8: under such a key, others than its owner can sign.
    pub(crate) fn from_bytes(bytes: &[u8; VERIFYING_BYTES]) -> Result<Self, Error> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| Error::Encoding)?;
        // Decoding reduces y. It ignores a needless sign, too, which only the points with x = 0 can have.
        let mut y = *bytes;
        y[VERIFYING_BYTES - 1] &= 0x7f;
        let is_marked_zero = key.is_weak() && key.to_edwards().compress().as_bytes() != bytes;
        if !x25519::is_reduced(&y) || is_marked_zero {
            return Err(Error::Encoding);
        }
        if key.is_weak() {
            return Err(Error::KeyPublicValue);
        }
        Ok(Self(key))
    }

    pub(crate) fn as_bytes(&self) -> &[u8; VERIFYING_BYTES] {
        self.0.as_bytes()
    }

    /// Checks a signature that was made with the secret of this very key: what strangers could do to R is no question.
    ///
    /// A function of its own for the check of what secrets decide, which has to know it: the signature is public.
    #[inline(never)]
    fn verify_own(&self, message: &[u8], signature: &Signature) -> Result<(), Error> {
        self.0.verify(message, signature).map_err(|_| Error::Rejected)
    }

    /// Checks a signature of `label` followed by `message`, without multiplying by the cofactor.
    ///
    /// # Errors
    ///
    /// [`Error::Rejected`] when s is not below the group order, R is not canonical or of small order, or the signature is
    /// not of this message by this key.
    pub(crate) fn verify(&self, label: &[u8], message: &[u8], signature: &[u8; SIGNATURE_BYTES]) -> Result<(), Error> {
        let signature = Signature::from_bytes(signature);
        self.0.verify_strict(&labelled(label, message), &signature).map_err(|_| Error::Rejected)
    }
}

/// What is signed may depend on secrets of the exchange, so it is wiped.
fn labelled(label: &[u8], message: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new([label, message].concat())
}
