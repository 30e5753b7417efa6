//! A peer's identity key.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use sha1::{Digest, Sha1};
use sha2::Sha256;

use crate::curve25519::ed25519::VerifyingKey;
use crate::dsa::{self, Maker, Numbers, Order, Powers};
use crate::{AkeMac, Error, Fingerprint, Suite, mpi};

/// A checked public key of somebody's identity: DSA, or Ed25519 in the Curve25519 suite. Cloning it is cheap.
#[derive(Clone)]
pub struct PublicKey(Arc<Checked>);

struct Checked {
    encoded: Vec<u8>,
    fingerprint: Fingerprint,
    full_digest: [u8; 32],
    kind: Kind,
}

enum Kind {
    Dsa(Dsa),
    Ed25519(VerifyingKey),
}

/// What a DSA key works with.
pub(crate) struct Dsa {
    /// p, q, g and y, big-endian in their shortest form.
    pub(crate) numbers: [Vec<u8>; 4],
    pub(crate) order: Order,
    pub(crate) powers: Box<dyn Powers>,
}

/// The two bytes before the numbers: a DSA key.
const KEY_TYPE: [u8; 2] = [0, 0];

/// The two bytes before an Ed25519 key.
const ED25519_TYPE: [u8; 2] = 25519_u16.to_be_bytes();

/// Before what the fingerprint of an Ed25519 key is a hash of.
const ED25519_FINGERPRINT: &[u8] = b"OTR-25519 v1 fingerprint";

/// Before what an Ed25519 key signs.
pub(crate) const ED25519_SIGNATURE: &[u8] = b"OTR-25519 v1 identity";

impl PublicKey {
    /// Checks the four numbers of a key, big-endian in their shortest form.
    ///
    /// p is odd, 1024 to 3072 bits and a probable prime; q is 160 bits, a probable prime and
    /// divides p - 1; g and y lie in 2..=p-1 and have order q. Both primes pass the Baillie-PSW
    /// test; on top come Miller-Rabin rounds with bases hashed from the key, 64 for q and, for p,
    /// 64 at 1024 bits, 24 up to 1536, 8 up to 2048 and none above. This takes up to about 50 ms:
    /// use a [`PublicKeyCache`](crate::PublicKeyCache) where keys come back.
    ///
    /// # Errors
    ///
    /// [`Error::Encoding`] for a number that is not in its shortest form or too long, otherwise
    /// the variant that names the part: [`Error::KeyModulus`], [`Error::KeyOrder`],
    /// [`Error::KeyGenerator`], [`Error::KeyPublicValue`], [`Error::KeyNotPrime`].
    pub fn from_parts(p: &[u8], q: &[u8], g: &[u8], y: &[u8]) -> Result<Self, Error> {
        Self::check(&Numbers { p, q, g, y }, Maker::Anybody)
    }

    /// The same with as many rounds as there have to be against this maker.
    pub(crate) fn check(numbers: &Numbers<'_>, maker: Maker) -> Result<Self, Error> {
        let &Numbers { p, q, g, y } = numbers;
        let (order, powers) = dsa::check(numbers, maker)?;
        let encoded = encode(numbers);
        let hashed = encoded.split_at(KEY_TYPE.len()).1;
        Ok(Self(Arc::new(Checked {
            fingerprint: Fingerprint::from_bytes(Sha1::digest(hashed).into()),
            full_digest: Sha256::digest(hashed).into(),
            kind: Kind::Dsa(Dsa { numbers: [p, q, g, y].map(<[u8]>::to_vec), order, powers }),
            encoded,
        })))
    }

    /// Checks the 32 bytes of an Ed25519 key (RFC 8032).
    ///
    /// # Errors
    ///
    /// When they are not the canonical encoding of a point, or one of small order.
    pub fn from_ed25519(bytes: &[u8; 32]) -> Result<Self, Error> {
        VerifyingKey::from_bytes(bytes).map(|key| Self::of_ed25519(&key))
    }

    pub(crate) fn of_ed25519(key: &VerifyingKey) -> Self {
        let full_digest: [u8; 32] =
            Sha256::new_with_prefix(ED25519_FINGERPRINT).chain_update(key.as_bytes()).finalize().into();
        let mut fingerprint = [0; 20];
        fingerprint.copy_from_slice(full_digest.split_at(20).0);
        Self(Arc::new(Checked {
            encoded: encode_ed25519(key.as_bytes()),
            fingerprint: Fingerprint::from_bytes(fingerprint),
            full_digest,
            kind: Kind::Ed25519(key.clone()),
        }))
    }

    /// Which exchanges the key serves in; never in those of the other suite.
    pub fn suite(&self) -> Suite {
        match self.0.kind {
            Kind::Dsa(_) => Suite::Otr,
            Kind::Ed25519(_) => Suite::Curve25519,
        }
    }

    /// The PUBKEY of the spec: the two type bytes 0x0000 and the MPIs p, q, g and y. Of an Ed25519 key 25519 and its
    /// 32 bytes.
    pub fn encoded(&self) -> &[u8] {
        &self.0.encoded
    }

    /// SHA-1 over the MPIs p, q, g and y, without the type bytes. Of an Ed25519 key the first 20 bytes of SHA-256 over a
    /// label and the key.
    pub fn fingerprint(&self) -> Fingerprint {
        self.0.fingerprint
    }

    /// SHA-256 over the same bytes as the fingerprint, to be stored beside it: two keys made to
    /// share a fingerprint still differ here.
    pub fn full_digest(&self) -> [u8; 32] {
        self.0.full_digest
    }

    /// Checks a signature, r and s of 20 bytes each, over `m` taken as an integer modulo q; with Ed25519 64 bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Rejected`] if r or s is zero or not below q, or the signature does not fit.
    pub fn verify(&self, m: &AkeMac, signature: &[u8]) -> Result<(), Error> {
        match &self.0.kind {
            Kind::Dsa(Dsa { order, powers, .. }) => {
                let signature = signature.try_into().map_err(|_| Error::Rejected)?;
                dsa::verify(order, &**powers, m.as_bytes(), signature)
            }
            Kind::Ed25519(key) => {
                let signature = signature.try_into().map_err(|_| Error::Rejected)?;
                key.verify(ED25519_SIGNATURE, m.as_bytes(), signature)
            }
        }
    }

    /// Whether both are clones of one checked key.
    #[cfg(test)]
    pub(crate) fn is_same_allocation(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// What the key works with if it is a DSA key.
    pub(crate) fn dsa(&self) -> Option<&Dsa> {
        match &self.0.kind {
            Kind::Dsa(dsa) => Some(dsa),
            Kind::Ed25519(_) => None,
        }
    }
}

/// The 32 bytes as a PUBKEY, whether or not they are a key.
pub(crate) fn encode_ed25519(key: &[u8; 32]) -> Vec<u8> {
    [&ED25519_TYPE, key.as_slice()].concat()
}

/// The numbers as a PUBKEY, whether or not they are a key.
pub(crate) fn encode(numbers: &Numbers<'_>) -> Vec<u8> {
    let mut encoded = KEY_TYPE.to_vec();
    for number in [numbers.p, numbers.q, numbers.g, numbers.y] {
        mpi::write(&mut encoded, number);
    }
    encoded
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.encoded == other.0.encoded
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.0.fingerprint)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;
    use alloc::vec::Vec;

    use num_bigint::BigUint;

    use super::*;
    use crate::testing::{Entry, KEYS, LIBGCRYPT, big, entries, key, padded, rng};

    /// p, q, g and y of an entry.
    fn numbers(entry: &Entry) -> [Vec<u8>; 4] {
        ["p", "q", "g", "y"].map(|name| entry.bytes(name))
    }

    fn check([p, q, g, y]: &[Vec<u8>; 4]) -> Result<PublicKey, Error> {
        PublicKey::from_parts(p, q, g, y)
    }

    // attack: DSA-4
    #[test]
    fn keys_of_every_legal_size_are_accepted_and_others_are_not() {
        let expect = |name: &str| match name {
            "modulus-1023" | "modulus-3073" => Err(Error::KeyModulus),
            "order-159" | "order-161" | "order-no-divisor" => Err(Error::KeyOrder),
            "composite-order" | "composite-modulus" => Err(Error::KeyNotPrime),
            "generator-order" => Err(Error::KeyGenerator),
            "public-order" => Err(Error::KeyPublicValue),
            name => {
                assert!(name.starts_with("legal-"), "{name}");
                Ok(())
            }
        };
        let keys = entries(KEYS, "key");
        assert_eq!(keys.len(), 15);
        for entry in keys {
            let result = check(&numbers(&entry)).map(|_| ());
            assert_eq!(result, expect(entry.name), "{}", entry.name);
        }
    }

    // attack: DSA-4
    #[test]
    fn each_number_is_checked_alone() {
        let good = numbers(&key(LIBGCRYPT, "plain"));
        assert!(check(&good).is_ok());
        let p = big(&good[0]);
        let plus = |index: usize, add: u8| (big(&good[index]) + add).to_bytes_be();
        let minus_one = (&p - 1_u8).to_bytes_be();
        // Legal once the part beyond the width of p is cut off.
        let beyond = BigUint::from(1_u8) << 1024_u32;
        let wide = |index: usize| (big(&good[index]) + &beyond).to_bytes_be();
        let cases = [
            (0, vec![], Error::KeyModulus),
            (0, vec![3], Error::KeyModulus),
            (0, plus(0, 1), Error::KeyModulus),
            (0, plus(0, 2), Error::KeyOrder),
            (0, vec![0xff; 384], Error::KeyOrder),
            (0, vec![0xff; 385], Error::KeyModulus),
            (0, vec![0xff; 100_000], Error::KeyModulus),
            (1, vec![], Error::KeyOrder),
            (1, vec![3], Error::KeyOrder),
            (1, plus(1, 1), Error::KeyOrder),
            (1, plus(1, 2), Error::KeyOrder),
            (1, vec![0xff; 21], Error::KeyOrder),
            (2, vec![], Error::KeyGenerator),
            (2, vec![1], Error::KeyGenerator),
            (2, minus_one.clone(), Error::KeyGenerator),
            (2, good[0].clone(), Error::KeyGenerator),
            (2, plus(0, 1), Error::KeyGenerator),
            (2, (&p + big(&good[2])).to_bytes_be(), Error::KeyGenerator),
            (2, wide(2), Error::KeyGenerator),
            (3, vec![], Error::KeyPublicValue),
            (3, vec![1], Error::KeyPublicValue),
            (3, minus_one, Error::KeyPublicValue),
            (3, good[0].clone(), Error::KeyPublicValue),
            (3, plus(0, 1), Error::KeyPublicValue),
            (3, (&p + big(&good[3])).to_bytes_be(), Error::KeyPublicValue),
            (3, wide(3), Error::KeyPublicValue),
        ];
        for (index, bytes, error) in cases {
            let mut numbers = good.clone();
            numbers[index] = bytes;
            assert_eq!(check(&numbers), Err(error), "{index} {:?}", numbers[index]);
        }
    }

    // attack: PARSE-4, DSA-4
    #[test]
    fn a_leading_zero_byte_is_refused_in_each_number() {
        let good = numbers(&key(LIBGCRYPT, "plain"));
        for index in 0..4 {
            let mut numbers = good.clone();
            numbers[index].insert(0, 0);
            assert_eq!(check(&numbers), Err(Error::Encoding));
        }
    }

    // attack: DSA-3
    #[test]
    fn r_and_s_outside_their_range_are_refused() {
        let entry = key(LIBGCRYPT, "plain");
        let identity = entry.identity();
        let q = big(&entry.bytes("q"));
        let m = AkeMac::from_bytes([5; 32]);
        let good = identity.sign(&m, &mut rng(25)).unwrap();
        let (r, s) = good.split_at(20);
        let verify = |r: &[u8], s: &[u8]| identity.public_key().verify(&m, &[r, s].concat());
        assert_eq!(verify(r, s), Ok(()));

        let zero = BigUint::from(0_u8);
        let hostile = [zero.clone(), zero + 1_u8, q.clone(), &q + 1_u8, &q - 1_u8];
        let mut values: Vec<[u8; 20]> = hostile.iter().map(padded).collect();
        values.push([0xff; 20]);
        for value in &values {
            assert_eq!(verify(value, s), Err(Error::Rejected));
            assert_eq!(verify(r, value), Err(Error::Rejected));
            for other in &values {
                assert_eq!(verify(value, other), Err(Error::Rejected));
            }
        }
        assert_eq!(verify(s, r), Err(Error::Rejected));
        for bit in 0..320 {
            let mut other = good.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            let result = identity.public_key().verify(&m, &other);
            assert_eq!(result, Err(Error::Rejected));
        }
    }

    /// The same residues written with q added: the formula would hold, the range does not.
    // attack: DSA-3
    #[test]
    fn a_signature_has_one_form_only() {
        let entry = key(LIBGCRYPT, "plain");
        let identity = entry.identity();
        let q = big(&entry.bytes("q"));
        let mut tried = 0;
        for values in entry.all("signature") {
            let [m, r, s]: [Vec<u8>; 3] = values.try_into().unwrap();
            let m = AkeMac::from_bytes(m.try_into().unwrap());
            let (more_r, more_s) = (big(&r) + &q, big(&s) + &q);
            for (r, s) in [(more_r, big(&s)), (big(&r), more_s)] {
                if r.bits() <= 160 && s.bits() <= 160 {
                    let signature = [padded::<20>(&r), padded(&s)].concat();
                    let result = identity.public_key().verify(&m, &signature);
                    assert_eq!(result, Err(Error::Rejected));
                    tried += 1;
                }
            }
        }
        assert!(tried >= 4);
    }

    // attack: DSA-2
    #[test]
    fn m_counts_as_a_whole_integer() {
        let entry = key(LIBGCRYPT, "plain");
        let identity = entry.identity();
        let q = big(&entry.bytes("q"));
        let m = [0x5a; 32];
        let signature = identity.sign(&AkeMac::from_bytes(m), &mut rng(26)).unwrap();
        let verify = |m: [u8; 32]| {
            let m = AkeMac::from_bytes(m);
            identity.public_key().verify(&m, &signature)
        };
        // Equal modulo q, so the same; the leftmost 20 bytes alone are something else.
        assert_eq!(verify(padded(&(big(&m) + &q * 1000_u32))), Ok(()));
        assert_eq!(verify(padded(&(big(&m) % &q))), Ok(()));
        assert_eq!(verify(padded(&big(&m[..20]))), Err(Error::Rejected));
        for bit in 0..256 {
            let mut other = m;
            other[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(verify(other), Err(Error::Rejected));
        }
    }

    /// Two keys that somebody made to share a fingerprint would still differ in the digest.
    // attack: ID-3
    #[test]
    fn the_full_digest_covers_what_the_fingerprint_covers() {
        let keys = entries(LIBGCRYPT, "key");
        let publics = keys.iter().map(|entry| check(&numbers(entry)).unwrap());
        let publics: Vec<PublicKey> = publics.collect();
        for key in &publics {
            let hashed = &key.encoded()[2..];
            let digest: [u8; 32] = Sha256::digest(hashed).into();
            assert_eq!(key.full_digest(), digest);
            let fingerprint: [u8; 20] = Sha1::digest(hashed).into();
            assert_eq!(*key.fingerprint().as_bytes(), fingerprint);
            let same = |other: &&PublicKey| other.full_digest() == key.full_digest();
            assert_eq!(publics.iter().filter(same).count(), 1);
        }
    }

    // attack: ID-4
    #[test]
    fn keys_are_equal_only_as_a_whole() {
        let plain = check(&numbers(&key(LIBGCRYPT, "plain"))).unwrap();
        let other = check(&numbers(&key(LIBGCRYPT, "y-one-zero-byte"))).unwrap();
        assert_eq!(plain, plain.clone());
        assert_ne!(plain, other, "the same p, q and g");
        let again = check(&numbers(&key(LIBGCRYPT, "plain"))).unwrap();
        assert_eq!(plain, again);
    }
}
