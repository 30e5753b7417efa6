//! ML-KEM-768 (FIPS 203): one side sends an encapsulation key, the other a ciphertext, and both hold a secret.

use alloc::boxed::Box;
use alloc::vec::Vec;

use ml_kem::kem::{Decapsulate, KeyExport, TryKeyInit};
use ml_kem::ml_kem_768::{DecapsulationKey, EncapsulationKey};
use rand_core::CryptoRng;
use zeroize::Zeroize;

use crate::Error;
use crate::secret::{Secret, opaque_debug};

/// Bytes of an encapsulation key.
pub(crate) const KEM_PUBLIC_BYTES: usize = 1184;
/// Bytes of a ciphertext.
pub(crate) const KEM_CIPHERTEXT_BYTES: usize = 1088;
/// Bytes of the secret that an encapsulation carries.
pub(crate) const KEM_SECRET_BYTES: usize = 32;
/// Bytes that a pair of keys is made from: d, then z of FIPS 203, algorithm 16.
const SEED_BYTES: usize = 64;

/// A decapsulation key with its encapsulation key. Wiped on drop.
pub(crate) struct KemKeyPair {
    secret: Box<DecapsulationKey>,
    public: Box<[u8; KEM_PUBLIC_BYTES]>,
}

opaque_debug!(KemKeyPair);

impl KemKeyPair {
    /// Draws exactly 64 bytes.
    pub(crate) fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        Self::from_seed(&Secret::random(rng))
    }

    /// The pair made from d and z.
    pub(super) fn from_seed(seed: &Secret<SEED_BYTES>) -> Self {
        let secret = Box::new(DecapsulationKey::from_seed((*seed.as_bytes()).into()));
        let public = Box::new(secret.encapsulation_key().to_bytes().into());
        Self { secret, public }
    }

    /// The encapsulation key as it is sent.
    pub(crate) fn public(&self) -> &[u8; KEM_PUBLIC_BYTES] {
        &self.public
    }

    /// The secret in `ciphertext`. One that was not made for this key, or was changed, gives a secret that nobody else
    /// knows, and no sign of it: FIPS 203 calls this implicit rejection.
    ///
    /// # Errors
    ///
    /// [`Error::Encoding`] when `ciphertext` is not 1088 bytes long.
    pub(crate) fn open(&self, ciphertext: &[u8]) -> Result<Secret<KEM_SECRET_BYTES>, Error> {
        let ciphertext: &[u8; KEM_CIPHERTEXT_BYTES] = ciphertext.try_into().map_err(|_| Error::Encoding)?;
        Ok(taken(&mut self.secret.decapsulate(ciphertext.into())))
    }
}

/// A new secret and the ciphertext, 1088 bytes, that brings it to the holder of `public`. Draws exactly 32 bytes.
///
/// # Errors
///
/// [`Error::Encoding`] when `public` is not 1184 bytes long or holds a coefficient that is not reduced (FIPS 203,
/// section 7.2: type check and modulus check).
pub(crate) fn encapsulate(
    public: &[u8],
    rng: &mut (impl CryptoRng + ?Sized),
) -> Result<(Vec<u8>, Secret<KEM_SECRET_BYTES>), Error> {
    encapsulate_from(public, &Secret::random(rng))
}

/// The encapsulation made from the random message m of FIPS 203, algorithm 17.
pub(super) fn encapsulate_from(
    public: &[u8],
    m: &Secret<KEM_SECRET_BYTES>,
) -> Result<(Vec<u8>, Secret<KEM_SECRET_BYTES>), Error> {
    let key = EncapsulationKey::new_from_slice(public).map_err(|_| Error::Encoding)?;
    let (ciphertext, mut secret) = key.encapsulate_deterministic(m.as_bytes().into());
    Ok((ciphertext.to_vec(), taken(&mut secret)))
}

/// Moves a secret of the library to where it will be wiped, and wipes it where it stood.
fn taken(secret: &mut ml_kem::SharedKey) -> Secret<KEM_SECRET_BYTES> {
    let mut kept = Secret::zeroed();
    kept.as_mut().copy_from_slice(secret);
    secret.as_mut_slice().zeroize();
    kept
}
