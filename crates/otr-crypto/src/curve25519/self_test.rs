//! The self-test of the suite's primitives.

use alloc::vec::Vec;

use hmac::Mac;
use sha2::{Digest, Sha256};

use super::ed25519::{SIGNATURE_BYTES, SigningKey};
use super::kdf::kdf;
use super::kem::{KemKeyPair, encapsulate_from};
use super::x25519::X25519Secret;
use crate::cipher::aes256_ctr;
use crate::group::Ristretto255;
use crate::mac::{hmac_sha256, verify};
use crate::secret::Secret;
use crate::{Challenge, ComparedSecret, Error, Group};

/// Runs every primitive of the Curve25519 suite on known input, in the code that this processor is given, and compares
/// what comes out with known answers.
///
/// A library may choose other code for other processors, and one such choice may be wrong on this one. A program
/// calls this once, before it makes or reads any key; it takes less than 5 milliseconds and no randomness.
///
/// # Errors
///
/// [`Error::SelfTest`] when an answer is wrong: the suite must not be used.
pub fn self_test() -> Result<(), Error> {
    judge(&answers(), &EXPECTED)
}

/// Each answer is 32 bytes: the output itself or, of another size, its SHA-256.
type Answers = [[u8; 32]; 17];

fn judge(answers: &Result<Answers, Error>, expected: &Answers) -> Result<(), Error> {
    if answers.as_ref() == Ok(expected) { Ok(()) } else { Err(Error::SelfTest) }
}

fn answers() -> Result<Answers, Error> {
    let text = text();
    let [generator, power, product, three] = ristretto255()?;
    let [public, shared] = x25519()?;
    let [verifying, signature] = ed25519(&text)?;
    let [encapsulation_key, ciphertext, secret, rejected] = ml_kem()?;
    let [code, message] = [authenticated(&text)?, encrypted(&text)];
    Ok([
        sha256(&text),
        code,
        sha256(kdf::<96>(b"label", &[&LOW, &HIGH], b"context").as_bytes()),
        *kdf::<32>(b"label", &[&LOW, &HIGH], b"context").as_bytes(),
        message,
        public,
        shared,
        verifying,
        signature,
        encapsulation_key,
        ciphertext,
        secret,
        rejected,
        generator,
        power,
        product,
        three,
    ])
}

/// The whole of a code; and that `verify` takes the first 20 bytes of it and nothing else.
fn authenticated(text: &[u8]) -> Result<[u8; 32], Error> {
    let (key, _) = LOW.split_first_chunk::<20>().ok_or(Error::SelfTest)?;
    let mac = || hmac_sha256(key).chain_update(text);
    let code: [u8; 32] = mac().finalize().into_bytes().into();
    let mut short = *code.first_chunk::<20>().ok_or(Error::SelfTest)?;
    verify(mac(), &short)?;
    short[19] ^= 1;
    refused(verify(mac(), &short))?;
    Ok(code)
}

/// Long enough for the code that takes many blocks at once.
fn encrypted(text: &[u8]) -> [u8; 32] {
    let mut message = text.to_vec();
    aes256_ctr(&LOW, 0x0102_0304_0506_0708, &mut message);
    sha256(&message)
}

fn x25519() -> Result<[[u8; 32]; 2], Error> {
    let [ours, theirs] = [LOW, HIGH].map(X25519Secret::from_bytes);
    refused(ours.agree(&[0; 32]))?;
    Ok([ours.public(), *ours.agree(&theirs.public())?.as_bytes()])
}

/// A public key and a signature; and that verifying, which signing does as well, also refuses.
fn ed25519(text: &[u8]) -> Result<[[u8; 32]; 2], Error> {
    let key = SigningKey::from_seed(LOW);
    let signature = key.sign(b"label", text)?;
    for altered in [0, SIGNATURE_BYTES - 1] {
        let mut signature = signature;
        signature[altered] ^= 1;
        refused(key.verifying().verify(b"label", text, &signature))?;
    }
    refused(key.verifying().verify(b"other", text, &signature))?;
    Ok([*key.verifying().as_bytes(), sha256(&signature)])
}

/// Both keys, and what opening an altered ciphertext gives.
fn ml_kem() -> Result<[[u8; 32]; 4], Error> {
    let mut seed = Secret::zeroed();
    for (to, from) in seed.as_mut().iter_mut().zip(0..) {
        *to = from;
    }
    let pair = KemKeyPair::from_seed(&seed);
    let (mut ciphertext, secret) = encapsulate_from(pair.public(), &Secret::from_array(HIGH))?;
    let hash = sha256(&ciphertext);
    if pair.open(&ciphertext)?.as_bytes() != secret.as_bytes() {
        return Err(Error::SelfTest);
    }
    ciphertext[0] ^= 1;
    Ok([sha256(pair.public()), hash, *secret.as_bytes(), *pair.open(&ciphertext)?.as_bytes()])
}

/// With a and b for the two scalars, G for the generator and A = aG: A, bA, aA + bG, aA + bG + bA. The third is computed
/// in constant time and not, and the two compared.
fn ristretto255() -> Result<[[u8; 32]; 4], Error> {
    type G = Ristretto255;
    let [a_bytes, b_bytes] = [LOW, HIGH].map(|mut number| {
        number.reverse();
        ComparedSecret::hazmat_from_bytes(number)
    });
    let [a, b] = [G::exponent(&a_bytes), G::exponent(&b_bytes)];
    let generator = G::generator_power(&a);
    let product = G::generator_product(&b, &generator, &a).ok_or(Error::SelfTest)?;
    // In the open: a is the challenge of a proof, b the response.
    let challenge = Challenge::from_bytes(a_bytes.as_bytes())?;
    let response = G::response(&B)?;
    let by_response = G::commitment(Some(&response), None, &generator, &challenge);
    if by_response != G::encode(&product) {
        return Err(Error::SelfTest);
    }
    let three = G::commitment(Some(&response), Some((&generator, &response)), &generator, &challenge);
    let decoded = G::element(&by_response)?;
    if !G::equal(&decoded, &product) || G::equal(&decoded, &generator) {
        return Err(Error::SelfTest);
    }
    let power = G::power(&generator, &b);
    Ok([sha256(&G::encode(&generator)), sha256(&G::encode(&power)), sha256(&by_response), sha256(&three)])
}

/// Turns a refusal into success: a check that lets everything pass is found here.
fn refused<T>(result: Result<T, Error>) -> Result<(), Error> {
    match result {
        Err(Error::Rejected) => Ok(()),
        Ok(_) | Err(_) => Err(Error::SelfTest),
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// 384 bytes: 0 to 255, then 0 to 127.
fn text() -> Vec<u8> {
    (0..=255).chain(0..128).collect()
}

/// The bytes 0 to 31.
const LOW: [u8; 32] = counting(0);
/// The bytes 64 to 95.
const HIGH: [u8; 32] = counting(64);
/// The number that [`HIGH`] stands for, modulo the order of the group, big-endian.
const B: [u8; 32] = hex(b"0f5e5d5c5b5a5958575655545352514fe6f36bf31c7439188eea55c072751d9f");

/// From other programs: OpenSSL for everything up to the signature, kyber-py 1.2.0 for ML-KEM-768, and for ristretto255 the
/// formulas of RFC 9496 in affine coordinates.
const EXPECTED: Answers = [
    hex(b"f34de92ca27e7ff56382c81bd4a42873e539b113f4263bee46af7ccecf2df759"),
    hex(b"48bbebb8d638f0fb052e71af04e494b3f9d0d493ed7b1035a05870a3d6f0be6e"),
    hex(b"f2d962fe3de81d090373bae68bc10af77edb8e06a0964e44364f81800d98c8df"),
    hex(b"86c8800a99224cfbec47c8cc4b8f84323d5ebc7ba0c3d2e7c6be1077ab776b6c"),
    hex(b"623459afd015f9aa45a938596134b10711dc52b0703675737122a555859e532e"),
    hex(b"8f40c5adb68f25624ae5b214ea767a6ec94d829d3d7b5e1ad1ba6f3e2138285f"),
    hex(b"6d54cc9c397e31691401110f58da1e182a635d7e44c21dc2d7be93624652ab15"),
    hex(b"03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"),
    hex(b"f775428b0ec16b7932fecc7d15cbb7603c698b7b170609494d847b5a006ed189"),
    hex(b"0b7934c83125c788995e2ba6bd761e33046b3e40571be53e023309a29f398cc9"),
    hex(b"dbf4e9aa48b078ad46ec1c9c47bda8c2d2fec9d0e7a21bd48d2238a2abedb856"),
    hex(b"9cddd089ffe70e3996e76f7c8d06746df34d07e8657bc0fcf2bb0e1c3084aea1"),
    hex(b"dcfc80c6db46ff7028e3a4398651c063ae7a42c107a6dc8cb07141861698ab92"),
    hex(b"73edfd1fe9780fb0a84c04939ccb7837c333ec81c36ba544b9e3fd70e5a7f7ce"),
    hex(b"179911c1a06a832f0e88adf587d12004607479d24ff672338d1a244b88739c17"),
    hex(b"a67abe6e47bc9c07e91e93c71824638bb6a6e33cb3101a5bfc41018bdfa07aef"),
    hex(b"0e396e9a0fb55d17beda3ec361469659c8dae4d137372860fc52fa0d30419810"),
];

const fn counting(first: u8) -> [u8; 32] {
    let mut bytes = [first; 32];
    let mut index = 1;
    while index < 32 {
        bytes[index] = bytes[index - 1] + 1;
        index += 1;
    }
    bytes
}

const fn hex(digits: &[u8; 64]) -> [u8; 32] {
    const fn value(digit: u8) -> u8 {
        match digit {
            b'0'..=b'9' => digit - b'0',
            _ => digit - b'a' + 10,
        }
    }
    let mut bytes = [0; 32];
    let mut index = 0;
    while index < 32 {
        bytes[index] = value(digits[2 * index]) << 4 | value(digits[2 * index + 1]);
        index += 1;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    // attack: NEW-14
    #[test]
    fn every_primitive_gives_its_known_answers() {
        assert_eq!(answers().map(|answers| answers.map(hex::encode)), Ok(EXPECTED.map(hex::encode)));
        assert_eq!(self_test(), Ok(()));
    }

    // attack: NEW-14
    #[test]
    fn one_wrong_bit_fails_the_test() {
        for index in 0..EXPECTED.len() {
            let mut wrong = EXPECTED;
            wrong[index][31] ^= 1;
            assert_eq!(judge(&Ok(wrong), &EXPECTED), Err(Error::SelfTest));
        }
        assert_eq!(judge(&Err(Error::Rejected), &EXPECTED), Err(Error::SelfTest));
    }

    /// The comparison that is always true, and the check that refuses for another reason.
    // attack: NEW-14
    #[test]
    fn a_check_that_lets_all_pass_fails_the_test() {
        assert_eq!(refused::<()>(Err(Error::Rejected)), Ok(()));
        assert_eq!(refused(Ok(())), Err(Error::SelfTest));
        assert_eq!(refused::<()>(Err(Error::Encoding)), Err(Error::SelfTest));
    }
}
