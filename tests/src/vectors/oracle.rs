//! The formulas of the specification once more, written from it alone with other building blocks than ours: big numbers
//! of arbitrary size, and hashes and ciphers used directly. Slow, not constant-time, for vectors only.

pub(crate) mod curve25519;

use aes::Aes128;
use ctr::{
    Ctr128BE,
    cipher::{KeyIvInit, StreamCipher},
};
use hmac::{Hmac, KeyInit, Mac};
use num_bigint::BigUint;
use sha1::{Digest, Sha1};
use sha2::Sha256;

use super::Problem;

/// The prime of the 1536-bit group (RFC 3526, section 2).
pub const PRIME: &str = "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404\
    ddef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7edee386bfb5a899fa5\
    ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf0598da48361c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb9e\
    d529077096966d670c354e4abc9804f1746c08ca237327ffffffffffffffff";

/// The prime as a number.
///
/// # Errors
///
/// Never: the digits are digits.
pub fn prime() -> Result<BigUint, Problem> {
    BigUint::parse_bytes(PRIME.as_bytes(), 16).ok_or_else(|| Problem::new("the prime is no number"))
}

/// A number from its big-endian bytes.
#[must_use]
pub fn number(bytes: &[u8]) -> BigUint {
    BigUint::from_bytes_be(bytes)
}

/// Big-endian bytes without leading zeros; none for zero.
#[must_use]
pub fn bytes(number: &BigUint) -> Vec<u8> {
    if *number == BigUint::ZERO { Vec::new() } else { number.to_bytes_be() }
}

/// base^exponent in the group, as its shortest bytes.
///
/// # Errors
///
/// Never.
pub fn power(base: &[u8], exponent: &[u8]) -> Result<Vec<u8>, Problem> {
    Ok(bytes(&number(base).modpow(&number(exponent), &prime()?)))
}

/// A DATA or MPI: 4-byte length, bytes.
///
/// # Errors
///
/// Over 4 GiB.
pub fn data(bytes: &[u8]) -> Result<Vec<u8>, Problem> {
    Ok([&u32::try_from(bytes.len())?.to_be_bytes(), bytes].concat())
}

/// h1(b): SHA-1 over `label` and secbytes, which is the MPI of `s`.
///
/// # Errors
///
/// Never.
pub fn h1(label: u8, s: &[u8]) -> Result<Vec<u8>, Problem> {
    Ok(Sha1::digest([&[label], data(s)?.as_slice()].concat()).to_vec())
}

/// h2(b): SHA-256 over `label` and secbytes, which is the MPI of `s`.
///
/// # Errors
///
/// Never.
pub fn h2(label: u8, s: &[u8]) -> Result<Vec<u8>, Problem> {
    Ok(Sha256::digest([&[label], data(s)?.as_slice()].concat()).to_vec())
}

/// SHA-1.
#[must_use]
pub fn sha1(message: &[u8]) -> Vec<u8> {
    Sha1::digest(message).to_vec()
}

/// SHA-256.
#[must_use]
pub fn sha256(message: &[u8]) -> Vec<u8> {
    Sha256::digest(message).to_vec()
}

/// HMAC-SHA-1.
///
/// # Errors
///
/// Never.
pub fn hmac_sha1(key: &[u8], message: &[u8]) -> Result<Vec<u8>, Problem> {
    Ok(Hmac::<Sha1>::new_from_slice(key)?.chain_update(message).finalize().into_bytes().to_vec())
}

/// HMAC-SHA-256.
///
/// # Errors
///
/// Never.
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> Result<Vec<u8>, Problem> {
    Ok(Hmac::<Sha256>::new_from_slice(key)?.chain_update(message).finalize().into_bytes().to_vec())
}

/// AES-128 in counter mode, the first block being `counter` and 8 zero bytes.
///
/// # Errors
///
/// When the key is not of 16 bytes.
pub fn aes_ctr(key: &[u8], counter: u64, message: &[u8]) -> Result<Vec<u8>, Problem> {
    let mut text = message.to_vec();
    let block = (u128::from(counter) << 64).to_be_bytes();
    Ctr128BE::<Aes128>::new_from_slices(key, &block)?.apply_keystream(&mut text);
    Ok(text)
}

/// The public numbers of a DSA key.
#[derive(Debug, Clone)]
pub struct DsaPublic {
    /// The modulus.
    pub p: BigUint,
    /// The order.
    pub q: BigUint,
    /// The generator.
    pub g: BigUint,
    /// The public value.
    pub y: BigUint,
}

impl DsaPublic {
    /// Whether r and s, 20 bytes each, sign `message` taken as an integer modulo q.
    #[must_use]
    pub fn accepts(&self, message: &[u8], signature: &[u8]) -> bool {
        let Some((r, s)) = signature.split_at_checked(20) else { return false };
        let (r, s) = (number(r), number(s));
        let is_legal = |n: &BigUint| *n > BigUint::ZERO && *n < self.q;
        if !is_legal(&r) || !is_legal(&s) {
            return false;
        }
        let Some(w) = s.modinv(&self.q) else { return false };
        let u1 = number(message) * &w % &self.q;
        let u2 = &r * &w % &self.q;
        let v = self.g.modpow(&u1, &self.p) * self.y.modpow(&u2, &self.p) % &self.p % &self.q;
        v == r
    }
}
