//! Numbers modulo q, the 160-bit order of an identity key.

use crypto_bigint::modular::{FixedMontyForm, FixedMontyParams};
use crypto_bigint::{NonZero, U192, U256, Uint};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::secret::Secret;

/// Bytes of q and of every number below it.
pub(crate) const SCALAR_BYTES: usize = 20;

/// A number of 160 bits; modulo q wherever an [`Order`] made it.
pub(crate) type Scalar = U192;

/// A residue modulo q, ready for multiplication.
pub(super) type Residue = FixedMontyForm<{ U192::LIMBS }>;

/// q: odd, exactly 160 bits. Whether it is prime is checked by its user.
pub(crate) struct Order {
    params: FixedMontyParams<{ U192::LIMBS }>,
}

impl Order {
    pub(crate) fn new(q: &[u8; SCALAR_BYTES]) -> Option<Self> {
        let q = from_bytes(q);
        let odd = q.to_odd().into_option()?;
        (q.bits_vartime() == 160).then(|| Self { params: FixedMontyParams::new_vartime(odd) })
    }

    pub(crate) fn q(&self) -> &NonZero<Scalar> {
        self.params.modulus().as_nz_ref()
    }

    /// A number received or stored, if it lies in 1..=q-1. Constant time.
    pub(crate) fn decode(&self, bytes: &[u8; SCALAR_BYTES]) -> Option<Zeroizing<Scalar>> {
        let value = Zeroizing::new(from_bytes(bytes));
        let legal = *value > Scalar::ZERO && *value < *self.q().as_ref();
        legal.then_some(value)
    }

    /// A uniformly random number in 1..=q-1: 20 bytes at a time until one fits, so without bias.
    pub(crate) fn random(&self, rng: &mut (impl CryptoRng + ?Sized)) -> Zeroizing<Scalar> {
        let mut bytes = Zeroizing::new([0; SCALAR_BYTES]);
        loop {
            rng.fill_bytes(&mut *bytes);
            if let Some(value) = self.decode(&bytes) {
                return value;
            }
        }
    }

    /// A 32-byte big-endian integer modulo q, not truncated. Constant time in the value.
    pub(crate) fn reduce_bytes(&self, bytes: &[u8; 32]) -> Scalar {
        self.reduce(&Zeroizing::new(U256::from_be_slice(bytes)))
    }

    /// An integer modulo q. Constant time in the value.
    pub(crate) fn reduce<const LIMBS: usize>(&self, value: &Uint<LIMBS>) -> Scalar {
        value.rem_vartime(self.q())
    }

    pub(super) fn residue(&self, value: &Scalar) -> Zeroizing<Residue> {
        Zeroizing::new(Residue::new(value, &self.params))
    }
}

pub(crate) fn from_bytes(bytes: &[u8; SCALAR_BYTES]) -> Scalar {
    super::modulus::number(bytes)
}

/// Always 20 bytes, big-endian.
pub(crate) fn to_bytes(value: &Scalar) -> Secret<SCALAR_BYTES> {
    let mut bytes = Secret::zeroed();
    super::modulus::write(value, bytes.as_mut());
    bytes
}
