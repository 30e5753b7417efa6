//! Raw signatures.
//!
//! Our crates sign and verify nothing but the authenticator of an exchange, which cannot be made from bytes. So the
//! recorded signatures are held against the formula, and the formula against our signatures made with the same key.

use chacha20::{ChaCha20Rng, rand_core::SeedableRng};
use otr_crypto::{DhKeyPair, IdentityKey};
use serde::Deserialize;

use crate::vectors::{
    Case, Group, Library, Problem,
    keys::Dsa,
    kinds::{Problems, each_with},
    oracle,
    problem::{holds, same},
    value::Hex,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shared {
    dsa: Dsa,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signed {
    message: Hex,
    signature: Hex,
}

pub(crate) fn check(group: &Group, _: &Library) -> Problems {
    let shared = group.fields::<Shared>().and_then(|shared| check_ours(&shared.dsa).map(|()| shared));
    each_with(shared, group, |shared, case| {
        let signed: Signed = case.fields()?;
        let accepted = shared.dsa.public().accepts(&signed.message.array::<32>()?, &signed.signature.array::<40>()?);
        same("the formula's answer", accepted, case.is_valid())?;
        if case.is_valid() { Ok(()) } else { check_altered(group, case, &signed) }
    })
}

/// What is refused differs from something accepted exactly as its flag says.
fn check_altered(group: &Group, case: &Case, signed: &Signed) -> Result<(), Problem> {
    let originals = group.tests.iter().filter(|other| other.is_valid()).map(Case::fields::<Signed>);
    for original in originals {
        let Signed { message, signature } = original?;
        let found = (case.has_flag("WrongSignature")
            && message == signed.message
            && one_bit(&signature, &signed.signature))
            || (case.has_flag("WrongMessage") && signature == signed.signature && one_bit(&message, &signed.message))
            || (case.has_flag("OddSignature") && message == signed.message && signed.signature.0 == [0; 40]);
        if found {
            return Ok(());
        }
    }
    Err(Problem::new("nothing accepted differs from it in the way its flag says"))
}

fn one_bit(a: &Hex, b: &Hex) -> bool {
    a.0.len() == b.0.len() && a.0.iter().zip(&b.0).map(|(a, b)| (a ^ b).count_ones()).sum::<u32>() == 1
}

/// Our signature with this key is one by the formula.
fn check_ours(dsa: &Dsa) -> Result<(), Problem> {
    let identity: IdentityKey = dsa.get()?;
    let mut rng = ChaCha20Rng::from_seed([0x51; 32]);
    let (own, other) = (DhKeyPair::generate(&mut rng), DhKeyPair::generate(&mut rng));
    let keys = own.agree(other.public())?.ake_keys();
    let m = keys.signature().authenticate(own.public(), other.public(), identity.public_key(), 1);
    let signature = identity.sign(&m, &mut rng)?;
    identity.public_key().verify(&m, &signature)?;

    let mut generator = ChaCha20Rng::from_seed([0x51; 32]);
    let (x, _) = (private(&mut generator), private(&mut generator));
    let s = oracle::power(other.public().as_bytes(), &x)?;
    let mut signed = oracle::data(own.public().as_bytes())?;
    signed.extend(oracle::data(other.public().as_bytes())?);
    signed.extend(identity.public_key().encoded());
    signed.extend(1u32.to_be_bytes());
    let m = oracle::hmac_sha256(&oracle::h2(4, &s)?, &signed)?;
    holds("the formula accepts our signature", dsa.public().accepts(&m, &signature))
}

/// The 40 bytes that a key pair draws.
fn private(rng: &mut ChaCha20Rng) -> [u8; 40] {
    use chacha20::rand_core::Rng;
    let mut bytes = [0; 40];
    rng.fill_bytes(&mut bytes);
    bytes
}
