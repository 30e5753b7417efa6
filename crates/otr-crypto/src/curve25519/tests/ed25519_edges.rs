//! Ed25519 at its edges: every kind of signature that one implementation takes and another refuses, made here. A and R run
//! through every point of small order in every encoding, and through a point of large order with each part of small order
//! added; s through its sum with multiples of the group order.

use alloc::vec::Vec;

use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
use curve25519_dalek::edwards::CompressedEdwardsY;
use curve25519_dalek::traits::IsIdentity;
use curve25519_dalek::{EdwardsPoint, Scalar};
use num_bigint::BigUint;
use sha2::{Digest, Sha512};

use super::super::ed25519::{SigningKey, VerifyingKey};
use crate::Error;
use crate::testing::{random, rng};

/// A point as it is sent: `log` times the generator plus one of small order.
struct Sent {
    bytes: [u8; 32],
    point: EdwardsPoint,
    log: Scalar,
    torsion: usize,
}

impl Sent {
    fn new(bytes: [u8; 32], log: Scalar) -> Self {
        let point = CompressedEdwardsY(bytes).decompress().unwrap();
        let rest = point - log * ED25519_BASEPOINT_POINT;
        let torsion = EIGHT_TORSION.iter().position(|small| *small == rest).unwrap();
        Self { bytes, point, log, torsion }
    }

    fn canonical(&self) -> [u8; 32] {
        self.point.compress().to_bytes()
    }

    fn is_canonical(&self) -> bool {
        self.canonical() == self.bytes
    }

    fn is_small(&self) -> bool {
        self.log == Scalar::ZERO
    }
}

/// p + `above`, little-endian, with the sign of x.
fn beyond_p(above: u8, sign: u8) -> [u8; 32] {
    let mut bytes = [0xff; 32];
    bytes[0] = 0xed + above;
    bytes[31] = 0x7f | sign << 7;
    bytes
}

/// 14 encodings of the 8 points of small order, then 8 points with the logarithm `log` up to small order.
fn kinds(log: Scalar) -> Vec<Sent> {
    let small = EIGHT_TORSION.map(|point| point.compress().to_bytes());
    let marked = [0, 4].map(|index: usize| {
        let mut bytes = small[index];
        assert_eq!(bytes[31] >> 7, 0);
        bytes[31] |= 0x80;
        bytes
    });
    let beyond = [beyond_p(0, 0), beyond_p(0, 1), beyond_p(1, 0), beyond_p(1, 1)];
    let small = small.into_iter().chain(marked).chain(beyond).map(|bytes| Sent::new(bytes, Scalar::ZERO));
    let large = EIGHT_TORSION.map(|small| (log * ED25519_BASEPOINT_POINT + small).compress().to_bytes());
    let kinds: Vec<_> = small.chain(large.into_iter().map(|bytes| Sent::new(bytes, log))).collect();
    assert_eq!(kinds.len(), 14 + 8);
    kinds
}

fn challenge(r: &[u8; 32], a: &[u8; 32], message: u8) -> Scalar {
    let hash = Sha512::new().chain_update(r).chain_update(a).chain_update([message]);
    Scalar::from_bytes_mod_order_wide(&hash.finalize().into())
}

fn outcome(a: &Sent, message: u8, signature: &[u8; 64]) -> Result<(), Error> {
    VerifyingKey::from_bytes(&a.bytes)?.verify(&[message], b"", signature)
}

fn by_the_rule(a: &Sent, r: &Sent, whole: bool) -> Result<(), Error> {
    if !a.is_canonical() {
        Err(Error::Encoding)
    } else if a.is_small() {
        Err(Error::KeyPublicValue)
    } else if !r.is_canonical() || r.is_small() || !whole {
        Err(Error::Rejected)
    } else {
        Ok(())
    }
}

/// s + `times` l, when it fits.
fn moved(s: Scalar, times: u8) -> Option<[u8; 32]> {
    let l = BigUint::from_bytes_le((-Scalar::ONE).as_bytes()) + 1u8;
    let mut bytes = (BigUint::from_bytes_le(s.as_bytes()) + l * times).to_bytes_le();
    (bytes.len() <= 32).then(|| {
        bytes.resize(32, 0);
        bytes.try_into().unwrap()
    })
}

/// Each combination is signed so that the equation multiplied by the cofactor holds; without the cofactor it holds for some
/// messages and, when small orders are about, not for others. Both are tried, with the challenge over the bytes as
/// sent and over the canonical encodings of the same points.
// attack: NEW-2
#[test]
fn every_combination_of_orders_and_encodings() {
    let [log_a, log_r] = [51, 52].map(|seed| Scalar::from_bytes_mod_order(random(&mut rng(seed))));
    let [mut taken, mut no_key, mut weak_key, mut rejected, mut moved_s] = [0; 5];
    for a in &kinds(log_a) {
        for r in &kinds(log_r) {
            let mut encodings = Vec::from([(r.bytes, a.bytes)]);
            if !(r.is_canonical() && a.is_canonical()) {
                encodings.push((r.canonical(), a.canonical()));
            }
            for (hashed_r, hashed_a) in encodings {
                // Without the cofactor, R + kA - sB = 0 is left to the parts of small order.
                let residue = |message: &u8| {
                    let k = challenge(&hashed_r, &hashed_a, *message);
                    (r.torsion + usize::from(k.as_bytes()[0] & 7) * a.torsion) % 8
                };
                let whole = (0..=255).find(|message| residue(message) == 0).map(|message| (message, true));
                let torn = (0..=255).find(|message| residue(message) != 0).map(|message| (message, false));
                assert!(whole.is_some() || torn.is_some());
                for (message, whole) in whole.into_iter().chain(torn) {
                    let k = challenge(&hashed_r, &hashed_a, message);
                    let s = r.log + k * a.log;
                    let rest = r.point + k * a.point - s * ED25519_BASEPOINT_POINT;
                    assert!(rest.is_small_order());
                    assert_eq!(rest.is_identity(), whole);

                    let mut signature = [0; 64];
                    signature[..32].copy_from_slice(&r.bytes);
                    signature[32..].copy_from_slice(s.as_bytes());
                    let result = outcome(a, message, &signature);
                    assert_eq!(result, by_the_rule(a, r, whole), "{} {}", hex::encode(a.bytes), hex::encode(r.bytes));
                    match result {
                        Ok(()) => taken += 1,
                        Err(Error::Encoding) => no_key += 1,
                        Err(Error::KeyPublicValue) => weak_key += 1,
                        Err(_) => rejected += 1,
                    }
                    for s in (1..16).filter_map(|times| moved(s, times)) {
                        signature[32..].copy_from_slice(&s);
                        assert!(outcome(a, message, &signature).is_err());
                        moved_s += 1;
                    }
                }
            }
        }
    }
    // Taken is one for each pair of small orders such that a multiple of A's is the negative of R's: 1 + 2 + 2 * 4 + 4 * 8.
    assert_eq!((taken, no_key, weak_key, rejected), (43, 336, 388, 345));
    assert_eq!(moved_s, 15 * (43 + 336 + 388 + 345));
}

/// s from 0 to l - 1, and not l, for a point of which anything is known only by its owner.
// attack: NEW-2
#[test]
fn s_is_below_the_group_order() {
    let key = SigningKey::generate(&mut rng(53));
    let mut signature = key.sign(b"", b"message").unwrap();
    let s = Scalar::from_canonical_bytes(signature[32..].try_into().unwrap()).unwrap();
    let mut tried = 0;
    for s in (1..16).filter_map(|times| moved(s, times)) {
        signature[32..].copy_from_slice(&s);
        assert_eq!(key.verifying().verify(b"", b"message", &signature), Err(Error::Rejected));
        tried += 1;
    }
    assert!(tried >= 14);
}

/// All 38 encodings with y of p or more, the two with an x of 0 marked negative, the 8 canonical ones of small order, and
/// many y that no point has.
// attack: NEW-2
#[test]
fn a_key_has_one_encoding_and_large_order() {
    for (above, sign) in (0..19).flat_map(|above| [(above, 0), (above, 1)]) {
        assert_eq!(VerifyingKey::from_bytes(&beyond_p(above, sign)), Err(Error::Encoding));
    }
    for kind in kinds(Scalar::ONE) {
        let expected = match (kind.is_canonical(), kind.is_small()) {
            (false, _) => Some(Error::Encoding),
            (true, true) => Some(Error::KeyPublicValue),
            (true, false) => None,
        };
        assert_eq!(VerifyingKey::from_bytes(&kind.bytes).err(), expected);
    }
    let [mut keys, mut none] = [0; 2];
    for y in 2..=255 {
        let mut bytes = [0; 32];
        bytes[0] = y;
        let on_the_curve = CompressedEdwardsY(bytes).decompress().is_some();
        match VerifyingKey::from_bytes(&bytes) {
            Ok(key) => {
                assert!(on_the_curve && *key.as_bytes() == bytes);
                keys += 1;
            }
            Err(error) => {
                assert_eq!((on_the_curve, error), (false, Error::Encoding));
                none += 1;
            }
        }
    }
    assert!(keys > 100 && none > 100);
}
