//! Numbers modulo q, the 160-bit order of an identity key.

use crypto_bigint::modular::{FixedMontyForm, FixedMontyParams};
use crypto_bigint::{CtGt, CtLt, NonZero, U192, U256, Uint};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::secret::Secret;
use crate::told::told;

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
        let legal = value.ct_gt(&Scalar::ZERO) & value.ct_lt(self.q().as_ref());
        told(legal.to_u8()).then_some(value)
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

#[cfg(test)]
mod tests {
    use num_bigint::BigUint;

    use super::*;
    use crate::testing::{Stuck, big, padded, random, rng};

    /// An odd number of 160 bits, about 0.565 times 2^160: reducing 160 random bits modulo it
    /// would draw the lower three quarters twice as often as the rest.
    const Q: [u8; 20] = [
        0x90, 0xc1, 0xb6, 0xd0, 0xa5, 0xee, 0x4c, 0x32, 0x73, 0x74, 0x8c, 0x38, 0x65, 0x25, 0xa6, 0xb1, 0xb2, 0x75,
        0x22, 0x85,
    ];

    fn plus(number: &[u8; 20], add: u8) -> [u8; 20] {
        padded(&(big(number) + add))
    }

    #[test]
    fn only_odd_numbers_of_160_bits_are_an_order() {
        let mut short = Q;
        short[0] = 0x7f;
        assert!(Order::new(&Q).is_some());
        assert!(Order::new(&short).is_none());
        assert!(Order::new(&plus(&Q, 1)).is_none());
        assert!(Order::new(&[0; 20]).is_none());
    }

    // attack: DSA-3
    #[test]
    fn numbers_lie_between_zero_and_q() {
        let order = Order::new(&Q).unwrap();
        let legal = |bytes: [u8; 20]| order.decode(&bytes).is_some();
        assert!(!legal([0; 20]));
        assert!(legal(plus(&[0; 20], 1)));
        assert!(legal(padded(&(big(&Q) - 1_u8))));
        assert!(!legal(Q));
        assert!(!legal(plus(&Q, 1)));
        assert!(!legal([0xff; 20]));
    }

    // attack: DSA-2
    #[test]
    fn reduction_equals_that_of_an_independent_library() {
        let order = Order::new(&Q).unwrap();
        let mut rng = rng(20);
        let mut values: alloc::vec::Vec<[u8; 32]> = (0..200).map(|_| random(&mut rng)).collect();
        values.extend([[0; 32], [0xff; 32]]);
        for shift in 0..96 {
            values.push(padded(&(big(&Q) << shift)));
            values.push(padded(&((big(&Q) << shift) - 1_u8)));
        }
        for value in values {
            let expected: BigUint = big(&value) % big(&Q);
            let reduced = to_bytes(&order.reduce_bytes(&value));
            assert_eq!(*reduced.as_bytes(), padded(&expected));
        }
    }

    /// Chi-square over 16 equal parts of the range: 15 degrees of freedom, and 60 is exceeded by
    /// chance about once in 5 million seeds. Reduction instead of rejection gives more than 1000.
    // attack: RNG-4
    #[test]
    fn draws_are_uniform() {
        const DRAWS: u32 = 32_000;
        let order = Order::new(&Q).unwrap();
        let mut rng = rng(21);
        let mut counts = [0_u32; 16];
        for _ in 0..DRAWS {
            let value = big(to_bytes(&order.random(&mut rng)).as_bytes());
            let part = value * 16_u8 / big(&Q);
            counts[usize::try_from(part).unwrap()] += 1;
        }
        let expected = DRAWS / 16;
        let squares = counts.iter().map(|count| count.abs_diff(expected).pow(2));
        assert!(squares.sum::<u32>() / expected < 60, "{counts:?}");
    }

    // attack: RNG-4
    #[test]
    fn what_does_not_fit_is_drawn_again() {
        let order = Order::new(&Q).unwrap();
        let mut source = Stuck::at(0x11);
        source.first.extend([0; 20]);
        source.first.extend(Q);
        source.first.extend([0xff; 20]);
        let value = order.random(&mut source);
        assert_eq!(*to_bytes(&value).as_bytes(), [0x11; 20]);
        assert_eq!(source.given, 80);
    }
}
