//! The 1536-bit group of RFC 3526, section 2, generator 2: the only module that names the
//! arithmetic behind it.
//!
//! Numbers come in and go out as 192 big-endian bytes, so that a faster kernel can stand here
//! without anybody noticing. p is a safe prime and 2 a square, so every honest public value lies
//! in the subgroup of prime order (p - 1) / 2: the quadratic residues.

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
