//! The formulas of the Curve25519 suite once more: curves over big numbers (RFC 7748, RFC 8032), HKDF from HMAC (RFC 5869),
//! SHA-3 from its permutation (FIPS 202). Slow, not constant-time, for vectors only.

use aes::Aes256;
use ctr::{
    Ctr128BE,
    cipher::{KeyIvInit, StreamCipher},
};
use num_bigint::BigUint;
use sha2::{Digest, Sha512};

use super::{data, hmac_sha256};
use crate::vectors::Problem;

/// u of the base point of X25519.
pub(crate) const BASE: [u8; 32] = {
    let mut nine = [0; 32];
    nine[0] = 9;
    nine
};

/// Every u below p of a point whose order divides 8, little-endian: 0, 1, p - 1, and the two of order 8.
pub(crate) const LOW_ORDER: [&str; 5] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
];

/// p = 2^255 - 19.
pub(crate) fn prime() -> BigUint {
    (BigUint::from(1u8) << 255u32) - 19u8
}

/// The order of the base points.
fn order() -> BigUint {
    (BigUint::from(1u8) << 252u32) + BigUint::from(27_742_317_777_372_353_535_851_937_790_883_648_493u128)
}

fn inverse(number: &BigUint) -> BigUint {
    let p = prime();
    number.modpow(&(&p - 2u8), &p)
}

/// a - b mod p, for numbers below p.
fn minus(a: &BigUint, b: &BigUint) -> BigUint {
    (a + prime() - b) % prime()
}

/// 32 bytes, little-endian.
fn little_endian(number: &BigUint) -> Vec<u8> {
    let mut bytes = number.to_bytes_le();
    bytes.resize(32, 0);
    bytes
}

/// The scalar of 32 bytes, as both curves take it.
fn clamped(bytes: &[u8]) -> BigUint {
    let mut scalar = bytes.to_vec();
    if let [first, .., last] = scalar.as_mut_slice() {
        *first &= 248;
        *last = *last & 127 | 64;
    }
    BigUint::from_bytes_le(&scalar)
}

/// X25519 (RFC 7748, section 5).
pub(crate) fn x25519(scalar: &[u8; 32], u: &[u8; 32]) -> Vec<u8> {
    let p = prime();
    let k = clamped(scalar);
    let mut u = BigUint::from_bytes_le(u);
    u.set_bit(255, false);
    let x1 = u % &p;
    let (mut x2, mut z2, mut x3, mut z3) = (BigUint::from(1u8), BigUint::ZERO, x1.clone(), BigUint::from(1u8));
    for bit in (0..255).rev() {
        let swap = k.bit(bit);
        if swap {
            (x2, x3, z2, z3) = (x3, x2, z3, z2);
        }
        let (a, b) = ((&x2 + &z2) % &p, minus(&x2, &z2));
        let (aa, bb) = (&a * &a % &p, &b * &b % &p);
        let e = minus(&aa, &bb);
        let (c, d) = ((&x3 + &z3) % &p, minus(&x3, &z3));
        let (da, cb) = (&d * &a % &p, &c * &b % &p);
        let (sum, difference) = ((&da + &cb) % &p, minus(&da, &cb));
        x3 = &sum * &sum % &p;
        z3 = &x1 * (&difference * &difference % &p) % &p;
        x2 = &aa * &bb % &p;
        z2 = &e * (&aa + &e * 121_665u32) % &p;
        if swap {
            (x2, x3, z2, z3) = (x3, x2, z3, z2);
        }
    }
    little_endian(&(x2 * inverse(&z2) % p))
}

/// A point of edwards25519 in extended coordinates (RFC 8032, section 5.1.4).
#[derive(Clone)]
struct Point([BigUint; 4]);

impl Point {
    fn base() -> Self {
        let p = prime();
        let y = BigUint::from(4u8) * inverse(&BigUint::from(5u8)) % &p;
        let square = (&y * &y + &p - 1u8) * inverse(&(d() * &y * &y + 1u8)) % &p;
        let eighth: BigUint = (&p + 3u8) >> 3u32;
        let mut x = square.modpow(&eighth, &p);
        if &x * &x % &p != square {
            let quarter: BigUint = (&p - 1u8) >> 2u32;
            x = x * BigUint::from(2u8).modpow(&quarter, &p) % &p;
        }
        if x.bit(0) {
            x = &p - x;
        }
        let t = &x * &y % &p;
        Self([x, y, BigUint::from(1u8), t])
    }

    fn plus(&self, other: &Self) -> Self {
        let p = prime();
        let ([x1, y1, z1, t1], [x2, y2, z2, t2]) = (&self.0, &other.0);
        let a = minus(y1, x1) * minus(y2, x2) % &p;
        let b = (y1 + x1) * (y2 + x2) % &p;
        let c = t1 * BigUint::from(2u8) * d() * t2 % &p;
        let d = z1 * BigUint::from(2u8) * z2 % &p;
        let (e, f, g, h) = (minus(&b, &a), minus(&d, &c), (&d + &c) % &p, (&b + &a) % &p);
        Self([&e * &f % &p, &g * &h % &p, &f * &g % &p, e * h % p])
    }

    fn times(&self, scalar: &BigUint) -> Self {
        let mut result = Self([BigUint::ZERO, BigUint::from(1u8), BigUint::from(1u8), BigUint::ZERO]);
        for bit in (0..scalar.bits()).rev() {
            result = result.plus(&result);
            if scalar.bit(bit) {
                result = result.plus(self);
            }
        }
        result
    }

    fn encoded(&self) -> Vec<u8> {
        let p = prime();
        let [x, y, z, _] = &self.0;
        let z = inverse(z);
        let (x, mut y) = (x * &z % &p, y * &z % &p);
        y.set_bit(255, x.bit(0));
        little_endian(&y)
    }
}

/// d of the curve equation.
fn d() -> BigUint {
    let p = prime();
    (&p - BigUint::from(121_665u32)) * inverse(&BigUint::from(121_666u32)) % p
}

/// An Ed25519 key (RFC 8032, section 5.1.5).
pub(crate) struct SigningKey {
    scalar: BigUint,
    prefix: Vec<u8>,
    pub(crate) public: Vec<u8>,
}

impl SigningKey {
    pub(crate) fn of(seed: &[u8; 32]) -> Self {
        let mut scalar = Sha512::digest(seed).to_vec();
        let prefix = scalar.split_off(32);
        let scalar = clamped(&scalar);
        let public = Point::base().times(&scalar).encoded();
        Self { scalar, prefix, public }
    }

    /// R and S (RFC 8032, section 5.1.6).
    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let hash = |parts: &[&[u8]]| BigUint::from_bytes_le(&Sha512::digest(parts.concat())) % order();
        let nonce = hash(&[&self.prefix, message]);
        let mut signature = Point::base().times(&nonce).encoded();
        let challenge = hash(&[&signature, &self.public, message]);
        signature.extend(little_endian(&((nonce + challenge * &self.scalar) % order())));
        signature
    }
}

/// HKDF with SHA-256 (RFC 5869), `label` as salt, `context` as info, and each secret with its 4-byte length before it.
pub(crate) fn kdf(label: &str, secrets: &[&[u8]], context: &[u8], length: usize) -> Result<Vec<u8>, Problem> {
    let mut input = Vec::new();
    for secret in secrets {
        input.extend(data(secret)?);
    }
    let key = hmac_sha256(label.as_bytes(), &input)?;
    let (mut output, mut block) = (Vec::new(), Vec::new());
    for number in 1.. {
        if output.len() >= length {
            break;
        }
        block = hmac_sha256(&key, &[block.as_slice(), context, &[number]].concat())?;
        output.extend(&block);
    }
    output.truncate(length);
    Ok(output)
}

/// AES-256 in counter mode, the first block being `counter` and 8 zero bytes.
pub(crate) fn aes256_ctr(key: &[u8], counter: u64, message: &[u8]) -> Result<Vec<u8>, Problem> {
    let mut text = message.to_vec();
    let block = (u128::from(counter) << 64).to_be_bytes();
    Ctr128BE::<Aes256>::new_from_slices(key, &block)?.apply_keystream(&mut text);
    Ok(text)
}

/// HMAC-SHA-256, its first 20 bytes.
pub(crate) fn mac(key: &[u8], message: &[u8]) -> Result<Vec<u8>, Problem> {
    let mut code = hmac_sha256(key, message)?;
    code.truncate(20);
    Ok(code)
}

/// The secret that a ciphertext of ML-KEM-768 carries, by FIPS 203, algorithm 17: the first half of SHA3-512 over the
/// random message and SHA3-256 of the encapsulation key.
pub(crate) fn encapsulated(message: &[u8], key: &[u8]) -> Vec<u8> {
    let mut secret = sha3(&[message, &sha3(key, 32)].concat(), 64);
    secret.truncate(32);
    secret
}

/// What stands in its place for a ciphertext that was changed, by FIPS 203, algorithm 18: SHAKE256 over z and it.
pub(crate) fn rejected(z: &[u8], ciphertext: &[u8]) -> Vec<u8> {
    sponge(&[z, ciphertext].concat(), 136, 0x1f, 32)
}

/// SHA3 with so many bytes of output (FIPS 202, section 6.1).
fn sha3(message: &[u8], length: usize) -> Vec<u8> {
    sponge(message, 200 - 2 * length, 0x06, length)
}

/// Up to `rate` bytes from the sponge (FIPS 202, section 4), `suffix` being the bits between message and padding.
fn sponge(message: &[u8], rate: usize, suffix: u8, length: usize) -> Vec<u8> {
    let mut padded = message.to_vec();
    padded.push(suffix);
    padded.resize(padded.len().next_multiple_of(rate), 0);
    if let Some(last) = padded.last_mut() {
        *last |= 0x80;
    }
    let mut state = [0u64; 25];
    for block in padded.chunks_exact(rate) {
        for (lane, bytes) in state.iter_mut().zip(block.as_chunks::<8>().0) {
            *lane ^= u64::from_le_bytes(*bytes);
        }
        permute(&mut state);
    }
    let mut digest: Vec<u8> = state.iter().flat_map(|lane| lane.to_le_bytes()).collect();
    digest.truncate(length);
    digest
}

/// Keccak-f\[1600\] (FIPS 202, section 3), the lanes by 5 y + x.
fn permute(state: &mut [u64; 25]) {
    let mut bits = 1u8;
    for _ in 0..24 {
        let column = |x: usize| (0..5).fold(0, |sum, y| sum ^ state[5 * y + x]);
        let columns: [u64; 5] = std::array::from_fn(column);
        for (at, lane) in state.iter_mut().enumerate() {
            *lane ^= columns[(at + 4) % 5] ^ columns[(at % 5 + 1) % 5].rotate_left(1);
        }
        let (mut x, mut y, mut moved) = (1, 0, state[1]);
        for step in 0..24 {
            (x, y) = (y, (2 * x + 3 * y) % 5);
            moved = std::mem::replace(&mut state[5 * y + x], moved.rotate_left((step + 1) * (step + 2) / 2 % 64));
        }
        for row in state.as_chunks_mut::<5>().0 {
            let old = *row;
            for (x, lane) in row.iter_mut().enumerate() {
                *lane ^= !old[(x + 1) % 5] & old[(x + 2) % 5];
            }
        }
        for power in 0..7 {
            if bits & 1 == 1 {
                state[0] ^= 1 << ((1u32 << power) - 1);
            }
            bits = bits << 1 ^ if bits & 0x80 == 0 { 0 } else { 0x71 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes<const N: usize>(text: &str) -> [u8; N] {
        let mut bytes = [0; N];
        hex::decode_to_slice(text, &mut bytes).expect("hex digits");
        bytes
    }

    // RFC 7748, section 5.2.
    #[test]
    fn x25519_is_that_of_the_rfc() {
        let scalar = bytes("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4");
        let u = bytes("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c");
        let expected = "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552";
        assert_eq!(hex::encode(x25519(&scalar, &u)), expected);
        for u in LOW_ORDER {
            assert_eq!(x25519(&scalar, &bytes(u)), [0; 32]);
        }
    }

    // RFC 8032, section 7.1, tests 1 and 2.
    #[test]
    fn ed25519_is_that_of_the_rfc() {
        let one = SigningKey::of(&bytes("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"));
        assert_eq!(hex::encode(&one.public), "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
        let two = SigningKey::of(&bytes("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"));
        let signature = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
                         085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
        assert_eq!(hex::encode(two.sign(&[0x72])), signature);
    }

    // FIPS 202: the digests of nothing, and of "abc"; SHAKE256 of nothing.
    #[test]
    fn sha3_is_that_of_the_standard() {
        let empty = "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a";
        assert_eq!(hex::encode(sha3(b"", 32)), empty);
        let abc = "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e\
                   10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0";
        assert_eq!(hex::encode(sha3(b"abc", 64)), abc);
        let shake = "46b9dd2b0ba88d13233b3feb743eeb243fcd52ea62b81b82b50c27646ed5762f";
        assert_eq!(hex::encode(rejected(b"", b"")), shake);
    }

    // RFC 5869 has no lengths before its secrets, so this is its formula written out.
    #[test]
    fn the_kdf_is_two_steps_of_hmac() {
        let key = hmac_sha256(b"label", b"\0\0\0\x03one\0\0\0\0").expect("any key will do");
        let first = hmac_sha256(&key, b"info\x01").expect("any key will do");
        let second = hmac_sha256(&key, &[first.as_slice(), b"info\x02"].concat()).expect("any key will do");
        let expected = [first, second[..20].to_vec()].concat();
        assert_eq!(kdf("label", &[b"one", b""], b"info", 52).expect("it is short"), expected);
    }
}
