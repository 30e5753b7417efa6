//! The 1536-bit group of RFC 3526, section 2, generator 2: the only module, with those under it, that names the
//! arithmetic behind it. Under it is also ristretto255, whose proofs take the place of this group's in the Curve25519
//! suite.
//!
//! Numbers come in and go out as 192 big-endian bytes. p is a safe prime and 2 a square, so every honest public value
//! lies in the subgroup of prime order (p - 1) / 2: the quadratic residues.

mod modp1536;
mod ristretto255;
mod symbol;

pub use modp1536::{Modp1536, Modp1536Base, Modp1536Element, Modp1536Exponent, Modp1536Response};
pub use ristretto255::{Ristretto255, Ristretto255Element, Ristretto255Exponent, Ristretto255Response};

use alloc::boxed::Box;

use crypto_bigint::{JacobiSymbol, Odd, U1536};
use once_cell::race::OnceBox;
use zeroize::Zeroizing;

use crate::Error;
use crate::montgomery::{Comb, Modulus, Number};

/// Bytes of a group element.
pub(crate) const ELEMENT_BYTES: usize = 192;
/// Bytes of a secret exponent.
pub(crate) const EXPONENT_BYTES: usize = 40;

const P: Odd<U1536> = Odd::<U1536>::from_be_hex(
    "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74\
     020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f1437\
     4fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed\
     ee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf05\
     98da48361c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb\
     9ed529077096966d670c354e4abc9804f1746c08ca237327ffffffffffffffff",
);

/// 26 limbs of 60 bits.
type Element = Number<13, 2>;

/// Arithmetic modulo p, set up at its first use.
fn field() -> &'static Modulus<13, 2> {
    static FIELD: OnceBox<Modulus<13, 2>> = OnceBox::new();
    FIELD.get_or_init(|| Box::new(Modulus::new(&modulus_bytes())))
}

/// 2, and what its powers to secret exponents of 320 bits need: 53 KB, made at the first use.
fn short_powers() -> &'static Comb<13, 2, 5> {
    static COMB: OnceBox<Comb<13, 2, 5>> = OnceBox::new();
    COMB.get_or_init(|| Box::new(Comb::new(field(), &generator(), 8 * EXPONENT_BYTES, 8)))
}

/// The same for exponents of 1536 bits: 106 KB.
fn long_powers() -> &'static Comb<13, 2, 6> {
    static COMB: OnceBox<Comb<13, 2, 6>> = OnceBox::new();
    COMB.get_or_init(|| Box::new(Comb::new(field(), &generator(), 8 * ELEMENT_BYTES, 8)))
}

fn generator() -> Element {
    field().number(&[2])
}

/// p, big-endian.
pub(crate) fn modulus_bytes() -> [u8; ELEMENT_BYTES] {
    let mut bytes = [0; ELEMENT_BYTES];
    bytes.copy_from_slice(P.as_ref().to_be_bytes().as_ref());
    bytes
}

/// Accepts exactly the values in 2..=p-2 whose Jacobi symbol over p is 1.
///
/// Runs in variable time: public values only.
pub(crate) fn check(value: &[u8; ELEMENT_BYTES]) -> Result<(), Error> {
    let number = U1536::from_be_slice(value);
    if number < U1536::from_u8(2) || number >= P.wrapping_sub(&U1536::ONE) {
        return Err(Error::PublicRange);
    }
    let is_square = match symbol::jacobi(value, &modulus_bytes()) {
        Some(symbol) => symbol == 1,
        None => number.jacobi_symbol_vartime(&P) == JacobiSymbol::One,
    };
    if is_square { Ok(()) } else { Err(Error::PublicSubgroup) }
}

/// 2 to the secret `exponent`, in constant time.
pub(crate) fn pow_g(exponent: &[u8; EXPONENT_BYTES]) -> [u8; ELEMENT_BYTES] {
    *encode(&short_powers().power(field(), exponent))
}

/// `base` to the secret `exponent`, in constant time; the result is as secret as the exponent.
pub(crate) fn pow(base: &[u8; ELEMENT_BYTES], exponent: &[u8; EXPONENT_BYTES]) -> Zeroizing<[u8; ELEMENT_BYTES]> {
    encode(&field().power(&field().number(base), exponent))
}

fn encode(element: &Element) -> Zeroizing<[u8; ELEMENT_BYTES]> {
    let mut bytes = Zeroizing::new([0; ELEMENT_BYTES]);
    field().write(element, &mut *bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use crypto_primes::{Flavor, is_prime};
    use num_bigint::BigUint;

    use super::*;
    use crate::testing::{big, padded, random, rng};

    fn p() -> BigUint {
        big(P.as_ref().to_be_bytes().as_ref())
    }

    #[test]
    fn the_modulus_is_a_safe_prime_of_which_2_is_a_square() {
        assert!(is_prime(Flavor::Safe, P.as_ref()));
        assert_eq!(p() % 8_u8, BigUint::from(7_u8));
        assert_eq!(p().bits(), 1536);
    }

    // attack: DH-6
    #[test]
    fn every_power_equals_that_of_an_independent_library() {
        let mut rng = rng(1);
        let mut exponents: Vec<[u8; EXPONENT_BYTES]> = (0..40).map(|_| random(&mut rng)).collect();
        exponents.push([0xff; EXPONENT_BYTES]);
        exponents.push([0; EXPONENT_BYTES]);
        exponents.extend((0..40).map(|i| padded(&(BigUint::from(1_u8) << (8 * i)))));
        exponents.extend((0..20_u8).map(|n| padded(&BigUint::from(n))));

        let mut bases: Vec<BigUint> = [1_u8, 2, 3, 255].map(BigUint::from).to_vec();
        bases.extend([p() - 1_u8, p() - 2_u8, BigUint::from(1_u8) << 1535]);
        bases.extend((0..20).map(|_| big(&random::<ELEMENT_BYTES>(&mut rng)) % p()));

        for (index, exponent) in exponents.iter().enumerate() {
            let base = &bases[index % bases.len()];
            let expected = base.modpow(&big(exponent), &p());
            assert_eq!(*pow(&padded(base), exponent), padded(&expected));
            let expected = BigUint::from(2_u8).modpow(&big(exponent), &p());
            assert_eq!(pow_g(exponent), padded(&expected));
        }
    }

    /// No variable-time call stands between the exponent and the result; the length of the loops is that of the type.
    // attack: DH-6
    #[test]
    fn no_power_of_a_secret_runs_in_variable_time() {
        let source = include_str!("group.rs");
        let start = source.find("pub(crate) fn pow_g").unwrap();
        let end = source.find("mod tests").unwrap();
        assert!(!source[start..end].contains("vartime"));
    }

    // attack: DH-1
    #[test]
    fn values_outside_2_to_p_minus_2_are_refused() {
        let zero = BigUint::from(0_u8);
        let top = (BigUint::from(1_u8) << 1536) - 1_u8;
        for value in [zero.clone(), zero + 1_u8, p() - 1_u8, p(), p() + 1_u8, top] {
            assert_eq!(check(&padded(&value)), Err(Error::PublicRange));
        }
        assert_eq!(check(&padded(&BigUint::from(2_u8))), Ok(()));
    }

    // attack: DH-3
    #[test]
    fn exactly_the_squares_are_accepted() {
        assert_eq!(check(&padded(&(p() - 2_u8))), Err(Error::PublicSubgroup));
        assert_eq!(check(&padded(&(p() - 4_u8))), Err(Error::PublicSubgroup));
        let mut rng = rng(2);
        let q = (p() - 1_u8) >> 1;
        let mut squares = 0;
        for _ in 0..60 {
            let value = big(&random::<ELEMENT_BYTES>(&mut rng)) % p();
            let is_square = value.modpow(&q, &p()) == BigUint::from(1_u8);
            assert_eq!(check(&padded(&value)).is_ok(), is_square);
            squares += u32::from(is_square);
        }
        assert!((15..45).contains(&squares));
    }
}
