//! Our own identity key.

use alloc::vec::Vec;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::curve25519::ed25519::SigningKey;
use crate::dsa::{self, Maker, Numbers};
use crate::public_key::{Dsa, ED25519_SIGNATURE};
use crate::secret::{Secret, opaque_debug};
use crate::{AkeMac, Error, PublicKey, mpi};

/// An identity key with its secret part: DSA, or Ed25519 for the Curve25519 suite. Wiped on drop.
pub struct IdentityKey {
    public: PublicKey,
    private: Private,
}

enum Private {
    /// x.
    Dsa(Secret<20>),
    Ed25519(SigningKey),
}

/// The numbers of a DSA identity key, big-endian in their shortest form, for storing it.
pub struct IdentityParts {
    /// The prime modulus, 128 to 384 bytes.
    pub p: Vec<u8>,
    /// The prime order, 20 bytes.
    pub q: Vec<u8>,
    /// The generator.
    pub g: Vec<u8>,
    /// The public value, g^x mod p.
    pub y: Vec<u8>,
    /// The secret, at most 20 bytes, wiped on drop.
    pub x: Zeroizing<Vec<u8>>,
}

opaque_debug!(IdentityKey, IdentityParts);

impl IdentityKey {
    /// Makes a new DSA key: p of 1024 bits and q of 160, both of its own. Takes some hundredths of a second.
    pub fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        loop {
            let key = dsa::generate(rng);
            // A key that does not pass our own check must not be used, whatever the reason.
            let numbers = Numbers { p: &key.p, q: &key.q, g: &key.g, y: &key.y };
            let public = PublicKey::check(&numbers, Maker::Ourselves);
            if let Ok(key) = public.and_then(|public| Self::new(public, key.x)) {
                return key;
            }
        }
    }

    /// Checks a stored key: the four public numbers as [`PublicKey::from_parts`] does, and x.
    ///
    /// # Errors
    ///
    /// As [`PublicKey::from_parts`]; [`Error::Rejected`] if x is not in 1..=q-1, has a leading
    /// zero byte or does not belong to y.
    pub fn from_parts(p: &[u8], q: &[u8], g: &[u8], y: &[u8], x: &[u8]) -> Result<Self, Error> {
        let public = PublicKey::from_parts(p, q, g, y)?;
        let x = mpi::pad(x).map_err(|_| Error::Rejected)?;
        Self::new(public, Secret::from_array(x))
    }

    /// Makes a new Ed25519 key: exactly 32 bytes from `rng`.
    pub fn generate_ed25519(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        Self::of_ed25519(SigningKey::generate(rng))
    }

    /// The Ed25519 key of a stored seed. The public key always comes from the seed (attack rule NEW-3).
    pub fn from_ed25519_seed(seed: [u8; 32]) -> Self {
        Self::of_ed25519(SigningKey::from_seed(seed))
    }

    fn of_ed25519(key: SigningKey) -> Self {
        Self { public: PublicKey::of_ed25519(key.verifying()), private: Private::Ed25519(key) }
    }

    /// All numbers of a DSA key, the secret among them, for storing it; nothing of other keys.
    pub fn hazmat_parts(&self) -> Option<IdentityParts> {
        let (Some(Dsa { numbers, .. }), Private::Dsa(x)) = (self.public.dsa(), &self.private) else { return None };
        let [p, q, g, y] = numbers.clone();
        let x = Zeroizing::new(mpi::trim(x.as_bytes()).to_vec());
        Some(IdentityParts { p, q, g, y, x })
    }

    /// The seed of an Ed25519 key, for storing it; nothing of other keys.
    pub fn hazmat_ed25519_seed(&self) -> Option<&[u8; 32]> {
        match &self.private {
            Private::Dsa(_) => None,
            Private::Ed25519(key) => Some(key.seed()),
        }
    }

    /// The public part.
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// Signs `m` as an integer modulo q: r and s, 20 bytes each. With Ed25519 the signature has 64 bytes, and `rng` is not
    /// used.
    ///
    /// The nonce comes from x, `m` and 32 bytes of `rng` together, so that a failing source does
    /// not give x away.
    ///
    /// # Errors
    ///
    /// [`Error::Rejected`] if the finished signature does not verify: the machine made a mistake,
    /// and the wrong signature, which could tell x, is withheld.
    pub fn sign(&self, m: &AkeMac, rng: &mut (impl CryptoRng + ?Sized)) -> Result<Vec<u8>, Error> {
        let x = match &self.private {
            Private::Dsa(x) => x,
            Private::Ed25519(key) => return Ok(key.sign(ED25519_SIGNATURE, m.as_bytes())?.to_vec()),
        };
        let Dsa { order, powers, .. } = self.public.dsa().ok_or(Error::Rejected)?;
        let fresh = Secret::random(rng);
        let x = order.decode(x.as_bytes()).ok_or(Error::Rejected)?;
        let signature = dsa::sign(order, &**powers, &x, m.as_bytes(), fresh.as_bytes());
        self.public.verify(m, &signature)?;
        Ok(signature.to_vec())
    }

    fn new(public: PublicKey, x: Secret<20>) -> Result<Self, Error> {
        let Dsa { order, powers, .. } = public.dsa().ok_or(Error::Rejected)?;
        let value = order.decode(x.as_bytes()).ok_or(Error::Rejected)?;
        if !powers.is_secret(&value) {
            return Err(Error::Rejected);
        }
        Ok(Self { public, private: Private::Dsa(x) })
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use super::*;
    use crate::testing::{KEYS, LIBGCRYPT, Stuck, big, entries, key, random, rng};

    fn x_of(identity: &mut IdentityKey) -> &mut Secret<20> {
        match &mut identity.private {
            Private::Dsa(x) => x,
            Private::Ed25519(_) => panic!("a DSA key"),
        }
    }

    // attack: DSA-1
    #[test]
    fn a_source_that_repeats_does_not_repeat_a_nonce() {
        let identity = key(LIBGCRYPT, "plain").identity();
        let r = |m: u8, source: u8| {
            let m = AkeMac::from_bytes([m; 32]);
            let signature = identity.sign(&m, &mut Stuck::at(source)).unwrap();
            signature.split_at(20).0.to_vec()
        };
        let constant: BTreeSet<_> = (0..200).map(|m| r(m, 0)).collect();
        assert_eq!(constant.len(), 200, "another nonce for each m");
        assert_eq!(r(1, 7), r(1, 7), "the same inputs give the same nonce");
        let fresh: BTreeSet<_> = (0..200).map(|source| r(1, source)).collect();
        assert_eq!(fresh.len(), 200, "and fresh bytes another one");
    }

    // attack: DSA-1
    #[test]
    fn a_signature_takes_32_bytes_of_the_source() {
        let identity = key(LIBGCRYPT, "plain").identity();
        let mut source = Stuck::at(1);
        identity.sign(&AkeMac::from_bytes([1; 32]), &mut source).unwrap();
        assert_eq!(source.given, 32);
    }

    /// A secret damaged in memory makes a signature that would give it away: none comes out.
    // attack: DSA-6
    #[test]
    fn a_faulty_signature_is_withheld() {
        let mut identity = key(LIBGCRYPT, "plain").identity();
        let m = AkeMac::from_bytes([1; 32]);
        for bit in 0..150 {
            x_of(&mut identity).as_mut()[19 - bit / 8] ^= 1 << (bit % 8);
            let result = identity.sign(&m, &mut rng(27));
            assert_eq!(result, Err(Error::Rejected));
            x_of(&mut identity).as_mut()[19 - bit / 8] ^= 1 << (bit % 8);
        }
        assert!(identity.sign(&m, &mut rng(27)).is_ok());
        x_of(&mut identity).as_mut().fill(0);
        assert_eq!(identity.sign(&m, &mut rng(27)), Err(Error::Rejected));
    }

    #[test]
    fn a_stored_key_is_checked_against_its_secret() {
        let entry = key(LIBGCRYPT, "plain");
        let [p, q, g, y, x] = ["p", "q", "g", "y", "x"].map(|name| entry.bytes(name));
        let with = |x: &[u8]| IdentityKey::from_parts(&p, &q, &g, &y, x).map(|_| ());
        assert_eq!(with(&x), Ok(()));
        assert_eq!(with(&(big(&x) + 1_u8).to_bytes_be()), Err(Error::Rejected));
        assert_eq!(with(&(big(&x) + big(&q)).to_bytes_be()), Err(Error::Rejected));
        assert_eq!(with(&[&[0], &*x].concat()), Err(Error::Rejected));
        assert_eq!(with(&[]), Err(Error::Rejected));
        assert_eq!(with(&q), Err(Error::Rejected));
        assert_eq!(with(&[1; 21]), Err(Error::Rejected));
        let other = IdentityKey::from_parts(&p, &q, &g, &[1], &x);
        assert_eq!(other.err(), Some(Error::KeyPublicValue));
    }

    #[test]
    fn keys_of_every_size_sign_and_come_back_from_their_parts() {
        let mut keys = entries(KEYS, "key");
        keys.retain(|key| key.name.starts_with("legal-"));
        keys.extend(entries(LIBGCRYPT, "key"));
        for entry in keys {
            let identity = entry.identity();
            let m = AkeMac::from_bytes(random(&mut rng(28)));
            let signature = identity.sign(&m, &mut rng(29)).unwrap();
            assert_eq!(identity.public_key().verify(&m, &signature), Ok(()));
            let parts = identity.hazmat_parts().unwrap();
            assert_eq!(parts.p, entry.bytes("p"));
            assert_eq!(parts.q, entry.bytes("q"));
            assert_eq!(parts.g, entry.bytes("g"));
            assert_eq!(parts.y, entry.bytes("y"));
            assert_eq!(*parts.x, entry.bytes("x"));
        }
    }

    #[test]
    fn a_new_key_is_legal_and_its_own() {
        let [first, second] = [30, 31].map(|seed| IdentityKey::generate(&mut rng(seed)));
        let parts = [&first, &second].map(|key| key.hazmat_parts().unwrap());
        for parts in &parts {
            assert_eq!(big(&parts.p).bits(), 1024);
            assert_eq!(big(&parts.q).bits(), 160);
            let (p, g) = (big(&parts.p), big(&parts.g));
            assert_eq!(g.modpow(&big(&parts.x), &p), big(&parts.y));
            assert_eq!(g.modpow(&big(&parts.q), &p), 1_u8.into());
        }
        let [a, b] = &parts;
        assert!(a.p != b.p && a.q != b.q && a.g != b.g && a.y != b.y && a.x != b.x);
        let again = IdentityKey::generate(&mut rng(30));
        assert_eq!(first.public_key(), again.public_key(), "replays from a seed");
    }
}
