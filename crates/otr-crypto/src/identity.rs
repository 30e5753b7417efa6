//! Our own identity key.

use alloc::vec::Vec;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::dsa;
use crate::secret::{Secret, opaque_debug};
use crate::{AkeMac, Error, PublicKey, mpi};

/// A DSA identity key with its secret part. Wiped on drop.
pub struct IdentityKey {
    public: PublicKey,
    x: Secret<20>,
}

/// The numbers of an identity key, big-endian in their shortest form, for storing it.
pub struct IdentityParts {
    /// The prime modulus, 128 to 384 bytes.
    pub p: Vec<u8>,
    /// The prime order, 20 bytes.
    pub q: Vec<u8>,
    /// The generator.
    pub g: Vec<u8>,
    /// The public value, g^x mod p.
    pub y: Vec<u8>,
    /// The secret, at most 20 bytes, wiped on drop.
    pub x: Zeroizing<Vec<u8>>,
}

opaque_debug!(IdentityKey, IdentityParts);

impl IdentityKey {
    /// Makes a new key: p of 1024 bits and q of 160, both of its own. Takes about 0.1 s.
    pub fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        loop {
            let key = dsa::generate(rng);
            // A key that does not pass our own check must not be used, whatever the reason.
            let public = PublicKey::from_parts(&key.p, &key.q, &key.g, &key.y);
            if let Ok(key) = public.and_then(|public| Self::new(public, key.x)) {
                return key;
            }
        }
    }

    /// Checks a stored key: the four public numbers as [`PublicKey::from_parts`] does, and x.
    ///
    /// # Errors
    ///
    /// As [`PublicKey::from_parts`]; [`Error::Rejected`] if x is not in 1..=q-1, has a leading
    /// zero byte or does not belong to y.
    pub fn from_parts(p: &[u8], q: &[u8], g: &[u8], y: &[u8], x: &[u8]) -> Result<Self, Error> {
        let public = PublicKey::from_parts(p, q, g, y)?;
        let x = mpi::pad(x).map_err(|_| Error::Rejected)?;
        Self::new(public, Secret::from_array(x))
    }

    /// All numbers of the key, the secret among them, for storing it.
    pub fn hazmat_parts(&self) -> IdentityParts {
        let [p, q, g, y] = self.public.numbers().clone();
        let x = Zeroizing::new(mpi::trim(self.x.as_bytes()).to_vec());
        IdentityParts { p, q, g, y, x }
    }

    /// The public part.
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// Signs `m` as an integer modulo q: r and s, 20 bytes each.
    ///
    /// The nonce comes from x, `m` and 32 bytes of `rng` together, so that a failing source does
    /// not give x away.
    ///
    /// # Errors
    ///
    /// [`Error::Rejected`] if the finished signature does not verify: the machine made a mistake,
    /// and the wrong signature, which could tell x, is withheld.
    pub fn sign(&self, m: &AkeMac, rng: &mut (impl CryptoRng + ?Sized)) -> Result<[u8; 40], Error> {
        let order = self.public.order();
        let fresh = Secret::random(rng);
        let x = order.decode(self.x.as_bytes()).ok_or(Error::Rejected)?;
        let signature = dsa::sign(order, self.public.powers(), &x, m.as_bytes(), fresh.as_bytes());
        self.public.verify(m, &signature)?;
        Ok(signature)
    }

    fn new(public: PublicKey, x: Secret<20>) -> Result<Self, Error> {
        let value = public.order().decode(x.as_bytes()).ok_or(Error::Rejected)?;
        if !public.powers().is_secret(&value) {
            return Err(Error::Rejected);
        }
        Ok(Self { public, x })
    }
}
