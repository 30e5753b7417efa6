//! Diffie-Hellman key pairs, public values and what two of them share.

use alloc::vec::Vec;
use core::fmt;

use rand_core::CryptoRng;
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use crate::curve25519::x25519::{self, X25519Secret};
use crate::group::{self, ELEMENT_BYTES, EXPONENT_BYTES};
use crate::secret::{Secret, opaque_debug};
use crate::told::{told, told_length};
use crate::{AkeKeys, DataKeys, Error, KemSecret, SessionRoot, Suite, Transcript, mpi};

/// A Diffie-Hellman public value that has passed every check.
///
/// It lies between 2 and p - 2 and in the subgroup of prime order, so a power of it is never one
/// of the few values that an attacker could predict, and tells no bit of the exponent.
/// Comparison is numeric.
///
/// In the Curve25519 suite it is an X25519 key of canonical form and not of small order.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DhPublic(Value);

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Value {
    Modp([u8; ELEMENT_BYTES]),
    /// With [`NATIVE`] before it.
    X25519([u8; 33]),
}

/// What stands before the 32 bytes of an X25519 key, so that it is a number in its shortest form, whatever its bytes
/// are (as in OpenPGP).
const NATIVE: u8 = 0x40;

impl DhPublic {
    /// Checks a received value: big-endian in its shortest form, 1 to 192 bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Encoding`] for a leading zero byte or too many bytes, [`Error::PublicRange`] for
    /// 0, 1, p - 1 and above, [`Error::PublicSubgroup`] for a value that is not a square modulo p.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let padded = mpi::pad(bytes)?;
        group::check(&padded)?;
        Ok(Self(Value::Modp(padded)))
    }

    /// The value, big-endian in its shortest form: 1 to 192 bytes. Of an X25519 key 33: 0x40 and its 32 bytes.
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Value::Modp(value) => mpi::trim(value),
            Value::X25519(value) => value,
        }
    }

    /// Which exchanges the value belongs to.
    pub fn suite(&self) -> Suite {
        match &self.0 {
            Value::Modp(_) => Suite::Otr,
            Value::X25519(_) => Suite::Curve25519,
        }
    }

    fn from_x25519(bytes: &[u8]) -> Result<Self, Error> {
        let whole: [u8; 33] = bytes.try_into().map_err(|_| Error::Encoding)?;
        let key = bytes.strip_prefix(&[NATIVE]).and_then(<[u8]>::first_chunk).ok_or(Error::Encoding)?;
        x25519::check_public(key)?;
        Ok(Self(Value::X25519(whole)))
    }
}

impl Suite {
    /// Checks a received public value of this suite, as [`DhPublic::as_bytes`] gives it.
    ///
    /// # Errors
    ///
    /// As [`DhPublic::from_bytes`].
    pub fn public(self, bytes: &[u8]) -> Result<DhPublic, Error> {
        match self {
            Self::Otr => DhPublic::from_bytes(bytes),
            Self::Curve25519 => DhPublic::from_x25519(bytes),
        }
    }

    /// Draws a new key pair: 40 bytes from `rng`, or 32 for X25519.
    pub fn key_pair(self, rng: &mut (impl CryptoRng + ?Sized)) -> DhKeyPair {
        match self {
            Self::Otr => DhKeyPair::generate(rng),
            Self::Curve25519 => DhKeyPair::of_x25519(X25519Secret::random(rng)),
        }
    }
}

impl fmt::Debug for DhPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DhPublic(")?;
        for byte in self.as_bytes() {
            write!(f, "{byte:02x}")?;
        }
        f.write_str(")")
    }
}

/// A secret exponent of 320 bits, or an X25519 secret, and its public value.
///
/// The secret is wiped on drop. There is no `Clone`: a key that is replaced is gone.
pub struct DhKeyPair {
    secret: Exponent,
    public: DhPublic,
}

enum Exponent {
    Modp(Secret<EXPONENT_BYTES>),
    X25519(X25519Secret),
}

opaque_debug!(DhKeyPair, SharedSecret);

impl DhKeyPair {
    /// Draws a new key pair: exactly 40 bytes from `rng`, and again should they all be zero.
    pub fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        loop {
            if let Ok(pair) = Self::from_secret(Secret::random(rng)) {
                return pair;
            }
        }
    }

    /// The key pair of a given secret, 40 bytes big-endian: for test vectors and tools.
    ///
    /// # Errors
    ///
    /// [`Error::Rejected`] if the secret is zero.
    pub fn hazmat_from_bytes(secret: [u8; 40]) -> Result<Self, Error> {
        Self::from_secret(Secret::from_array(secret))
    }

    /// The X25519 key pair of a given secret: for test vectors and tools.
    pub fn hazmat_from_x25519(secret: [u8; 32]) -> Self {
        Self::of_x25519(X25519Secret::from_bytes(secret))
    }

    fn of_x25519(secret: X25519Secret) -> Self {
        let mut public = [NATIVE; 33];
        public.split_at_mut(1).1.copy_from_slice(&secret.public());
        Self { secret: Exponent::X25519(secret), public: DhPublic(Value::X25519(public)) }
    }

    /// Our public value, to be sent.
    pub fn public(&self) -> &DhPublic {
        &self.public
    }

    /// The secret shared with the owner of `theirs`.
    ///
    /// # Errors
    ///
    /// [`Error::PublicReflected`] if `theirs` is our own public value; [`Error::Rejected`] if the
    /// shared secret is 0 or 1, which no checked value can bring about, or `theirs` is of the other suite.
    pub fn agree(&self, theirs: &DhPublic) -> Result<SharedSecret, Error> {
        if *theirs == self.public {
            return Err(Error::PublicReflected);
        }
        match (&self.secret, &theirs.0) {
            (Exponent::Modp(secret), Value::Modp(theirs)) => SharedSecret::new(&group::pow(theirs, secret.as_bytes())),
            (Exponent::X25519(secret), Value::X25519([_, theirs @ ..])) => {
                let secbytes = Zeroizing::new(secret.agree(theirs)?.as_bytes().to_vec());
                Ok(SharedSecret { suite: Suite::Curve25519, secbytes })
            }
            (Exponent::Modp(_), Value::X25519(_)) | (Exponent::X25519(_), Value::Modp(_)) => Err(Error::Rejected),
        }
    }

    fn from_secret(secret: Secret<EXPONENT_BYTES>) -> Result<Self, Error> {
        if told(secret.as_bytes().ct_eq(&[0; EXPONENT_BYTES]).unwrap_u8()) {
            return Err(Error::Rejected);
        }
        let public = DhPublic(Value::Modp(group::pow_g(secret.as_bytes())));
        Ok(Self { secret: Exponent::Modp(secret), public })
    }
}

/// What two key pairs share: "secbytes" of the spec, a 4-byte length and the shortest big-endian
/// form of g^xy.
///
/// The spec hashes the shortest form, so the time taken tells whether g^xy has leading zero bytes. Of X25519 it is the 32
/// bytes of the result.
pub struct SharedSecret {
    suite: Suite,
    secbytes: Zeroizing<Vec<u8>>,
}

impl SharedSecret {
    fn new(power: &[u8; ELEMENT_BYTES]) -> Result<Self, Error> {
        let mut one = [0; ELEMENT_BYTES];
        one[ELEMENT_BYTES - 1] = 1;
        if told((power.ct_eq(&[0; ELEMENT_BYTES]) | power.ct_eq(&one)).unwrap_u8()) {
            return Err(Error::Rejected);
        }
        // Room for the longest form, so that the secret is never moved by growing.
        let mut secbytes = Zeroizing::new(Vec::with_capacity(4 + ELEMENT_BYTES));
        mpi::write(&mut secbytes, shortest(power));
        Ok(Self { suite: Suite::Otr, secbytes })
    }

    /// The keys of one key exchange, in versions 2 and 3.
    pub fn ake_keys(&self) -> AkeKeys {
        AkeKeys::derive(&self.secbytes)
    }

    /// The keys of one key exchange, and what its session's keys will rest on. In versions 2 and 3 they come from this
    /// secret alone.
    pub fn exchange_keys(&self, kem: &KemSecret, transcript: &Transcript) -> (AkeKeys, SessionRoot) {
        match self.suite {
            Suite::Otr => (self.ake_keys(), SessionRoot::otr()),
            Suite::Curve25519 => AkeKeys::derive_curve25519(&self.secbytes, kem, transcript),
        }
    }

    /// The keys of data messages between these two public values, in versions 2 and 3;
    /// [`SessionRoot::data_keys`] has those of either suite.
    ///
    /// The numerically greater value is the "high" end; `ours` and `theirs` are those this secret
    /// was made from.
    pub fn data_keys(&self, ours: &DhPublic, theirs: &DhPublic) -> DataKeys {
        DataKeys::derive(&self.secbytes, ours > theirs)
    }

    pub(crate) const fn suite(&self) -> Suite {
        self.suite
    }

    /// What the spec hashes, for the derivations of this crate.
    pub(crate) fn secbytes(&self) -> &[u8] {
        &self.secbytes
    }
}

/// A secret number without its leading zero bytes, of which only the count is told.
fn shortest(number: &[u8; ELEMENT_BYTES]) -> &[u8] {
    let mut leads = Choice::from(1);
    let mut zeros = 0;
    for byte in number {
        leads &= byte.ct_eq(&0);
        zeros += usize::from(leads.unwrap_u8());
    }
    number.split_at(told_length(zeros)).1
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use super::*;
    use crate::testing::{Stuck, random, rng};

    fn pair(secret: u8) -> DhKeyPair {
        let mut bytes = [0; 40];
        bytes[39] = secret;
        DhKeyPair::hazmat_from_bytes(bytes).unwrap()
    }

    // attack: DH-1
    #[test]
    fn a_received_value_is_in_its_shortest_form() {
        assert_eq!(DhPublic::from_bytes(&[]), Err(Error::PublicRange));
        assert_eq!(DhPublic::from_bytes(&[0, 2]), Err(Error::Encoding));
        assert_eq!(DhPublic::from_bytes(&[0]), Err(Error::Encoding));
        assert_eq!(DhPublic::from_bytes(&[1; 193]), Err(Error::Encoding));
        assert_eq!(DhPublic::from_bytes(&[2]).unwrap().as_bytes(), [2]);
    }

    // attack: DH-3
    #[test]
    fn honest_values_always_pass() {
        let mut rng = rng(3);
        for _ in 0..200 {
            let pair = DhKeyPair::generate(&mut rng);
            let read = DhPublic::from_bytes(pair.public().as_bytes());
            assert_eq!(read.as_ref(), Ok(pair.public()));
        }
    }

    // attack: DH-4
    #[test]
    fn our_own_value_is_not_accepted_as_theirs() {
        let ours = DhKeyPair::generate(&mut rng(4));
        let result = ours.agree(&ours.public().clone());
        assert_eq!(result.err(), Some(Error::PublicReflected));
    }

    // attack: DH-5
    #[test]
    fn a_shared_secret_of_0_or_1_is_refused() {
        let mut power = [0; ELEMENT_BYTES];
        assert_eq!(SharedSecret::new(&power).err(), Some(Error::Rejected));
        power[ELEMENT_BYTES - 1] = 1;
        assert_eq!(SharedSecret::new(&power).err(), Some(Error::Rejected));
        power[ELEMENT_BYTES - 1] = 2;
        let secret = SharedSecret::new(&power).unwrap();
        assert_eq!(**secret.secbytes, [0, 0, 0, 1, 2]);
        power[ELEMENT_BYTES - 1] = 1;
        power[0] = 1;
        assert!(SharedSecret::new(&power).is_ok());
    }

    // attack: DH-7
    #[test]
    fn what_one_side_sends_the_other_receives() {
        let mut rng = rng(5);
        let mut orders = BTreeSet::new();
        for _ in 0..40 {
            let (a, b) = (DhKeyPair::generate(&mut rng), DhKeyPair::generate(&mut rng));
            let a_keys = a.agree(b.public()).unwrap().data_keys(a.public(), b.public());
            let b_keys = b.agree(a.public()).unwrap().data_keys(b.public(), a.public());
            for (from, to) in [(&a_keys, &b_keys), (&b_keys, &a_keys)] {
                let text: [u8; 33] = random(&mut rng);
                let mut data = text;
                from.sending.encrypt(9, &mut data);
                to.receiving.verify(&data, &from.sending.mac(&data)).unwrap();
                to.receiving.decrypt(9, &mut data);
                assert_eq!(data, text);
            }
            assert!(a_keys.receiving.verify(b"", &a_keys.sending.mac(b"")).is_err());
            assert_eq!(a_keys.extra.as_bytes(), b_keys.extra.as_bytes());
            orders.insert(a.public() > b.public());
        }
        assert_eq!(orders.len(), 2, "both ends were high at times");
    }

    // attack: DH-7
    #[test]
    fn public_values_compare_as_numbers() {
        // 2^9 has the greater first byte but 2^16 is the greater number.
        let (short, long) = (pair(9), pair(16));
        assert_eq!(short.public().as_bytes(), [2, 0]);
        assert_eq!(long.public().as_bytes(), [1, 0, 0]);
        assert!(long.public() > short.public());
    }

    // attack: DH-8, PARSE-4
    #[test]
    fn a_secret_is_exactly_40_bytes_of_the_source() {
        let mut source = Stuck::at(0xa5);
        let drawn = DhKeyPair::generate(&mut source);
        assert_eq!(source.given, 40);
        let same = DhKeyPair::hazmat_from_bytes([0xa5; 40]).unwrap();
        assert_eq!(drawn.public(), same.public());
    }

    // attack: DH-8
    #[test]
    fn a_zero_secret_is_drawn_again_and_refused_when_given() {
        let mut source = Stuck::at(3);
        source.first.resize(40, 0);
        let drawn = DhKeyPair::generate(&mut source);
        assert_eq!(source.given, 80);
        assert!(matches!(&drawn.secret, Exponent::Modp(secret) if *secret.as_bytes() == [3; 40]));
        let zero = DhKeyPair::hazmat_from_bytes([0; 40]);
        assert_eq!(zero.err(), Some(Error::Rejected));
    }

    // attack: DH-8
    #[test]
    fn every_bit_of_a_secret_is_used_equally() {
        const DRAWS: u32 = 100_000;
        let mut rng = rng(6);
        let mut ones = [0_u32; 320];
        for _ in 0..DRAWS {
            let secret = Secret::<EXPONENT_BYTES>::random(&mut rng);
            for (bit, count) in ones.iter_mut().enumerate() {
                *count += u32::from(secret.as_bytes()[bit / 8] >> (bit % 8) & 1);
            }
        }
        // Half of the draws, within five standard deviations of sqrt(DRAWS) / 2.
        let sigma = DRAWS.isqrt() / 2;
        for count in ones {
            assert!(count.abs_diff(DRAWS / 2) < 5 * sigma, "{count}");
        }
    }
}
