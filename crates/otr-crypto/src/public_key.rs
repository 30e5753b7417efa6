//! A peer's identity key.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use sha1::{Digest, Sha1};
use sha2::Sha256;

use crate::dsa::{self, Numbers, Order, Powers};
use crate::{AkeMac, Error, Fingerprint, mpi};

/// A checked DSA public key. Cloning it is cheap.
#[derive(Clone)]
pub struct PublicKey(Arc<Checked>);

struct Checked {
    /// p, q, g and y, big-endian in their shortest form.
    numbers: [Vec<u8>; 4],
    encoded: Vec<u8>,
    fingerprint: Fingerprint,
    full_digest: [u8; 32],
    order: Order,
    powers: Box<dyn Powers>,
}

/// The two bytes before the numbers: a DSA key.
const KEY_TYPE: [u8; 2] = [0, 0];

impl PublicKey {
    /// Checks the four numbers of a key, big-endian in their shortest form.
    ///
    /// p is odd, 1024 to 3072 bits and a probable prime; q is 160 bits, a probable prime and
    /// divides p - 1; g and y lie in 2..=p-1 and have order q. Both primes pass the Baillie-PSW
    /// test; on top come Miller-Rabin rounds with bases hashed from the key, 64 for q and, for p,
    /// 64 up to 1024 bits, 16 up to 1536, 6 up to 2048 and 1 above. This takes up to about 50 ms:
    /// use a [`PublicKeyCache`](crate::PublicKeyCache) where keys come back.
    ///
    /// # Errors
    ///
    /// [`Error::Encoding`] for a number that is not in its shortest form or too long, otherwise
    /// the variant that names the part: [`Error::KeyModulus`], [`Error::KeyOrder`],
    /// [`Error::KeyGenerator`], [`Error::KeyPublicValue`], [`Error::KeyNotPrime`].
    pub fn from_parts(p: &[u8], q: &[u8], g: &[u8], y: &[u8]) -> Result<Self, Error> {
        let numbers = Numbers { p, q, g, y };
        let (order, powers) = dsa::check(&numbers)?;
        let encoded = encode(&numbers);
        let hashed = encoded.split_at(KEY_TYPE.len()).1;
        Ok(Self(Arc::new(Checked {
            fingerprint: Fingerprint::from_bytes(Sha1::digest(hashed).into()),
            full_digest: Sha256::digest(hashed).into(),
            numbers: [p, q, g, y].map(<[u8]>::to_vec),
            encoded,
            order,
            powers,
        })))
    }

    /// The PUBKEY of the spec: the two type bytes 0x0000 and the MPIs p, q, g and y.
    pub fn encoded(&self) -> &[u8] {
        &self.0.encoded
    }

    /// SHA-1 over the MPIs p, q, g and y, without the type bytes.
    pub fn fingerprint(&self) -> Fingerprint {
        self.0.fingerprint
    }

    /// SHA-256 over the same bytes as the fingerprint, to be stored beside it: two keys made to
    /// share a fingerprint still differ here.
    pub fn full_digest(&self) -> [u8; 32] {
        self.0.full_digest
    }

    /// Checks a signature, r and s of 20 bytes each, over `m` taken as an integer modulo q.
    ///
    /// # Errors
    ///
    /// [`Error::Rejected`] if r or s is zero or not below q, or the signature does not fit.
    pub fn verify(&self, m: &AkeMac, signature: &[u8; 40]) -> Result<(), Error> {
        dsa::verify(self.order(), self.powers(), m.as_bytes(), signature)
    }

    pub(crate) fn numbers(&self) -> &[Vec<u8>; 4] {
        &self.0.numbers
    }

    pub(crate) fn order(&self) -> &Order {
        &self.0.order
    }

    pub(crate) fn powers(&self) -> &dyn Powers {
        &*self.0.powers
    }
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
