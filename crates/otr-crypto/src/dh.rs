//! Diffie-Hellman key pairs, public values and what two of them share.

use alloc::vec::Vec;
use core::fmt;

use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::group::{self, ELEMENT_BYTES, EXPONENT_BYTES};
use crate::secret::{Secret, opaque_debug};
use crate::{AkeKeys, DataKeys, Error, mpi};

/// A Diffie-Hellman public value that has passed every check.
///
/// It lies between 2 and p - 2 and in the subgroup of prime order, so a power of it is never one
/// of the few values that an attacker could predict, and tells no bit of the exponent.
/// Comparison is numeric.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DhPublic([u8; ELEMENT_BYTES]);

impl DhPublic {
    /// Checks a received value: big-endian in its shortest form, 1 to 192 bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Encoding`] for a leading zero byte or too many bytes, [`Error::PublicRange`] for
    /// 0, 1, p - 1 and above, [`Error::PublicSubgroup`] for a value that is not a square modulo p.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let padded = mpi::pad(bytes)?;
        group::check(&padded)?;
        Ok(Self(padded))
    }

    /// The value, big-endian in its shortest form: 1 to 192 bytes.
    pub fn as_bytes(&self) -> &[u8] {
        mpi::trim(&self.0)
    }
}

impl fmt::Debug for DhPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DhPublic(")?;
        for byte in self.as_bytes() {
            write!(f, "{byte:02x}")?;
        }
        f.write_str(")")
    }
}

/// A secret exponent of 320 bits and its public value.
///
/// The secret is wiped on drop. There is no `Clone`: a key that is replaced is gone.
pub struct DhKeyPair {
    secret: Secret<EXPONENT_BYTES>,
    public: DhPublic,
}

opaque_debug!(DhKeyPair, SharedSecret);

impl DhKeyPair {
    /// Draws a new key pair: exactly 40 bytes from `rng`, and again should they all be zero.
    pub fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        loop {
            if let Ok(pair) = Self::from_secret(Secret::random(rng)) {
                return pair;
            }
        }
    }

    /// The key pair of a given secret, 40 bytes big-endian: for test vectors and tools.
    ///
    /// # Errors
    ///
    /// [`Error::Rejected`] if the secret is zero.
    pub fn hazmat_from_bytes(secret: [u8; 40]) -> Result<Self, Error> {
        Self::from_secret(Secret::from_array(secret))
    }

    /// Our public value, to be sent.
    pub fn public(&self) -> &DhPublic {
        &self.public
    }

    /// The secret shared with the owner of `theirs`.
    ///
    /// # Errors
    ///
    /// [`Error::PublicReflected`] if `theirs` is our own public value; [`Error::Rejected`] if the
    /// shared secret is 0 or 1, which no checked value can bring about.
    pub fn agree(&self, theirs: &DhPublic) -> Result<SharedSecret, Error> {
        if *theirs == self.public {
            return Err(Error::PublicReflected);
        }
        SharedSecret::new(&group::pow(&theirs.0, self.secret.as_bytes()))
    }

    fn from_secret(secret: Secret<EXPONENT_BYTES>) -> Result<Self, Error> {
        if secret.as_bytes().ct_eq(&[0; EXPONENT_BYTES]).into() {
            return Err(Error::Rejected);
        }
        let public = DhPublic(group::pow_g(secret.as_bytes()));
        Ok(Self { secret, public })
    }
}

/// What two key pairs share: "secbytes" of the spec, a 4-byte length and the shortest big-endian
/// form of g^xy.
///
/// The spec hashes the shortest form, so the time taken tells whether g^xy has leading zero bytes.
pub struct SharedSecret {
    secbytes: Zeroizing<Vec<u8>>,
}

impl SharedSecret {
    fn new(power: &[u8; ELEMENT_BYTES]) -> Result<Self, Error> {
        let mut one = [0; ELEMENT_BYTES];
        one[ELEMENT_BYTES - 1] = 1;
        if bool::from(power.ct_eq(&[0; ELEMENT_BYTES]) | power.ct_eq(&one)) {
            return Err(Error::Rejected);
        }
        // Room for the longest form, so that the secret is never moved by growing.
        let mut secbytes = Zeroizing::new(Vec::with_capacity(4 + ELEMENT_BYTES));
        mpi::write(&mut secbytes, mpi::trim(power));
        Ok(Self { secbytes })
    }

    /// The keys of one key exchange.
    pub fn ake_keys(&self) -> AkeKeys {
        AkeKeys::derive(&self.secbytes)
    }

    /// The keys of data messages between these two public values.
    ///
    /// The numerically greater value is the "high" end; `ours` and `theirs` are those this secret
    /// was made from.
    pub fn data_keys(&self, ours: &DhPublic, theirs: &DhPublic) -> DataKeys {
        DataKeys::derive(&self.secbytes, ours > theirs)
    }
}
