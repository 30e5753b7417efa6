//! The 1536-bit group of RFC 3526, section 2, generator 2: the only module, with those under it, that names the
//! arithmetic behind it.
//!
//! Numbers come in and go out as 192 big-endian bytes, so that a faster kernel can stand here
//! without anybody noticing. p is a safe prime and 2 a square, so every honest public value lies
//! in the subgroup of prime order (p - 1) / 2: the quadratic residues.

mod generator;
mod modp1536;

pub use modp1536::{Modp1536, Modp1536Element, Modp1536Exponent, Modp1536Response};

use crypto_bigint::modular::{ConstMontyForm, ConstMontyParams};
use crypto_bigint::{JacobiSymbol, U1536, const_monty_params};
use zeroize::Zeroizing;

use crate::Error;

/// Bytes of a group element.
pub(crate) const ELEMENT_BYTES: usize = 192;
/// Bytes of a secret exponent.
pub(crate) const EXPONENT_BYTES: usize = 40;

const_monty_params!(
    Modulus,
    U1536,
    "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74\
     020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f1437\
     4fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed\
     ee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf05\
     98da48361c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb\
     9ed529077096966d670c354e4abc9804f1746c08ca237327ffffffffffffffff"
);

type Element = ConstMontyForm<Modulus, { U1536::LIMBS }>;

const P: &U1536 = Modulus::PARAMS.modulus().as_ref();
const G: Element = Element::new(&U1536::from_u8(2));
const EXPONENT_BITS: u32 = 320;

/// Accepts exactly the values in 2..=p-2 whose Jacobi symbol over p is 1.
///
/// Runs in variable time: public values only.
pub(crate) fn check(value: &[u8; ELEMENT_BYTES]) -> Result<(), Error> {
    let value = U1536::from_be_slice(value);
    if value < U1536::from_u8(2) || value >= P.wrapping_sub(&U1536::ONE) {
        return Err(Error::PublicRange);
    }
    match value.jacobi_symbol_vartime(Modulus::PARAMS.modulus()) {
        JacobiSymbol::One => Ok(()),
        JacobiSymbol::Zero | JacobiSymbol::MinusOne => Err(Error::PublicSubgroup),
    }
}

/// 2 to the secret `exponent`, in constant time.
pub(crate) fn pow_g(exponent: &[u8; EXPONENT_BYTES]) -> [u8; ELEMENT_BYTES] {
    *encode(&power(&G, exponent))
}

/// `base` to the secret `exponent`, in constant time; the result is as secret as the exponent.
pub(crate) fn pow(base: &[u8; ELEMENT_BYTES], exponent: &[u8; EXPONENT_BYTES]) -> Zeroizing<[u8; ELEMENT_BYTES]> {
    encode(&power(&Element::new(&U1536::from_be_slice(base)), exponent))
}

/// Always runs 320 bits: fixed windows, each entry selected by reading the whole table.
fn power(base: &Element, exponent: &[u8; EXPONENT_BYTES]) -> Zeroizing<Element> {
    let mut padded = Zeroizing::new([0; ELEMENT_BYTES]);
    for (to, from) in padded.iter_mut().rev().zip(exponent.iter().rev()) {
        *to = *from;
    }
    let exponent = Zeroizing::new(U1536::from_be_slice(&*padded));
    Zeroizing::new(base.pow_amm_bounded_exp(&exponent, EXPONENT_BITS))
}

fn encode(element: &Element) -> Zeroizing<[u8; ELEMENT_BYTES]> {
    let number = Zeroizing::new(element.retrieve());
    let mut bytes = Zeroizing::new([0; ELEMENT_BYTES]);
    for (chunk, word) in bytes.rchunks_mut(size_of_word()).zip(number.as_words()) {
        chunk.copy_from_slice(&word.to_be_bytes());
    }
    bytes
}

const fn size_of_word() -> usize {
    size_of::<crypto_bigint::Word>()
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use crypto_primes::{Flavor, is_prime};
    use num_bigint::BigUint;

    use super::*;
    use crate::testing::{big, padded, random, rng};

    fn p() -> BigUint {
        big(P.to_be_bytes().as_ref())
    }

    #[test]
    fn the_modulus_is_a_safe_prime_of_which_2_is_a_square() {
        assert!(is_prime(Flavor::Safe, P));
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

    /// The number of steps is a constant of the code: no variable-time call stands between the
    /// exponent and the result, and the length given to the power is always 320.
    // attack: DH-6
    #[test]
    fn the_length_of_the_loop_does_not_depend_on_the_exponent() {
        let source = include_str!("group.rs");
        let start = source.find("pub(crate) fn pow_g").unwrap();
        let end = source.find("#[cfg(test)]").unwrap();
        let secret_paths = &source[start..end];
        assert!(!secret_paths.contains("vartime"));
        assert!(secret_paths.contains("pow_amm_bounded_exp(&exponent, EXPONENT_BITS)"));
        assert_eq!(EXPONENT_BITS, 320);
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
