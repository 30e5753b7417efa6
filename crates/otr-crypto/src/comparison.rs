//! What a zero-knowledge comparison of secrets is made of: the secret, the group and the challenge.

use alloc::vec::Vec;
use core::fmt::Debug;

use rand_core::CryptoRng;
use sha2::{Digest, Sha256};

use crate::secret::{Secret, opaque_debug};
use crate::{Binding, Error, Fingerprint, SessionId, Suite, mpi};

/// What two users compare: 32 bytes, wiped on drop (spec: "Secret information").
///
/// SHA-256 over the version byte 1, both fingerprints, the secure session id and what the user typed; in the Curve25519
/// suite, over a label and then all that. A secret that somebody passes on between two conversations differs in the
/// identities or in the session, however right the text is.
pub struct ComparedSecret(Secret<32>);

opaque_debug!(ComparedSecret);

impl ComparedSecret {
    /// The secret of a comparison that the owner of `initiator` began with the owner of `responder`, in versions 2
    /// and 3.
    ///
    /// `text` is hashed as it is, by convention UTF-8; whoever wants composed and decomposed letters to be equal
    /// normalises before.
    pub fn new(initiator: &Fingerprint, responder: &Fingerprint, session: &SessionId, text: &[u8]) -> Self {
        Self::bound(&Binding::otr(*session), initiator, responder, text)
    }

    /// The same for the session that `binding` stands for, in either suite. In [`Suite::Curve25519`] the 23 bytes
    /// `OTR-25519 v1 SMP secret` come before all that is hashed, and the 32 bytes of the binding after the session id.
    pub fn bound(binding: &Binding, initiator: &Fingerprint, responder: &Fingerprint, text: &[u8]) -> Self {
        let domain: &[u8] = match binding.suite() {
            Suite::Otr => b"",
            Suite::Curve25519 => b"OTR-25519 v1 SMP secret",
        };
        let mut hash = Sha256::new();
        hash.update(domain);
        hash.update([1]);
        hash.update(initiator.as_bytes());
        hash.update(responder.as_bytes());
        hash.update(binding.session_id().as_bytes());
        hash.update(binding.more());
        hash.update(text);
        let mut secret = Secret::zeroed();
        hash.finalize_into(secret.as_mut().into());
        Self(secret)
    }

    /// The secret with this hash: for test vectors and tools.
    pub fn hazmat_from_bytes(hash: [u8; 32]) -> Self {
        Self(Secret::from_array(hash))
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

/// c of a zero-knowledge proof: a SHA-256 hash, 32 bytes (spec: "SMP Hash function").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge([u8; 32]);

impl Challenge {
    /// SHA-256 over the group's domain, `label` and `numbers`, each of these with a 4-byte big-endian length before
    /// it. The label keeps a proof from serving for another side or step, the domain from serving in another suite.
    pub fn hash<G: Group>(label: u8, numbers: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        hash.update(G::DOMAIN);
        hash.update([label]);
        for number in numbers {
            hash.update(mpi::length(number));
            hash.update(number);
        }
        Self(hash.finalize().into())
    }

    /// A received challenge, big-endian in its shortest form, 0 to 32 bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Encoding`] for a leading zero byte or too many bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        mpi::pad(bytes).map(Self)
    }

    /// The hash as a number, big-endian in its shortest form.
    pub fn as_bytes(&self) -> &[u8] {
        mpi::trim(&self.0)
    }

    pub(crate) fn padded(&self) -> &[u8; 32] {
        &self.0
    }
}

/// A group of prime order q with a generator, in which logarithms are hard to find.
///
/// The types carry the checks: an [`Element`](Self::Element) has order q, thus is never the neutral element; an
/// [`Exponent`](Self::Exponent) is secret and not a multiple of q; a [`Response`](Self::Response) lies in 1..q.
/// Whatever takes an exponent runs in constant time; what takes only responses and challenges may not, for these are
/// sent in the open.
pub trait Group {
    /// An element of order q. Wiped on drop, because some are shared secrets.
    type Element: Clone + Debug + Send + Sync;
    /// A secret exponent, not a multiple of q. Wiped on drop.
    type Exponent: Debug + Send + Sync;
    /// An element of order q of which several powers are wanted. Wiped on drop.
    type Base: Debug + Send + Sync;
    /// D of a proof: a public exponent in 1..q.
    type Response: Clone + Debug + Send + Sync;

    /// What the hash of each proof in this group begins with. The specification has nothing there.
    const DOMAIN: &'static [u8];

    /// Checks a received element.
    ///
    /// # Errors
    ///
    /// When it is not the one encoding of an element of order q.
    fn element(bytes: &[u8]) -> Result<Self::Element, Error>;

    /// The encoding of an element.
    fn encode(element: &Self::Element) -> Vec<u8>;

    /// Checks a received response.
    ///
    /// # Errors
    ///
    /// When it is not the one encoding of a number in 1..q.
    fn response(bytes: &[u8]) -> Result<Self::Response, Error>;

    /// The encoding of a response.
    fn encode_response(response: &Self::Response) -> Vec<u8>;

    /// Draws an exponent from all that there are.
    fn draw<R: CryptoRng + ?Sized>(rng: &mut R) -> Self::Exponent;

    /// The secret as an exponent.
    fn exponent(secret: &ComparedSecret) -> Self::Exponent;

    /// g to the `exponent`.
    fn generator_power(exponent: &Self::Exponent) -> Self::Element;

    /// `base` to the `exponent`.
    fn power(base: &Self::Element, exponent: &Self::Exponent) -> Self::Element;

    /// `element`, or that to the exponent, made ready for several powers.
    fn base(element: &Self::Element, exponent: Option<&Self::Exponent>) -> Self::Base;

    /// `base` to the `exponent`.
    fn base_power(base: &Self::Base, exponent: &Self::Exponent) -> Self::Element;

    /// The product of g to the exponent `of_generator` and of `base` to the exponent `of_base`; nothing if it is the
    /// neutral element.
    fn generator_product(
        of_generator: &Self::Exponent,
        base: &Self::Base,
        of_base: &Self::Exponent,
    ) -> Option<Self::Element>;

    /// `dividend` / `divisor`; nothing if they are equal.
    fn quotient(dividend: &Self::Element, divisor: &Self::Element) -> Option<Self::Element>;

    /// Whether two elements are equal, in constant time.
    fn equal(one: &Self::Element, other: &Self::Element) -> bool;

    /// D = `blinding` - `exponent` * `challenge` mod q; nothing if that is zero.
    fn respond(blinding: &Self::Exponent, exponent: &Self::Exponent, challenge: &Challenge) -> Option<Self::Response>;

    /// What the challenge of a proof was made of, encoded: the product of g to the response `of_generator`, of a base
    /// to its response, and of `public` to the `challenge`.
    fn commitment(
        of_generator: Option<&Self::Response>,
        of_base: Option<(&Self::Base, &Self::Response)>,
        public: &Self::Element,
        challenge: &Challenge,
    ) -> Vec<u8>;
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;
    use crate::testing::rng;
    use crate::{DhKeyPair, Modp1536, Ristretto255};

    fn session() -> SessionId {
        let rng = &mut rng(51);
        let (one, other) = (DhKeyPair::generate(rng), DhKeyPair::generate(rng));
        one.agree(other.public()).unwrap().ake_keys().session_id()
    }

    // attack: SMP-12, SMP-16
    #[test]
    fn the_secret_binds_both_identities_the_session_and_the_text() {
        let session = session();
        let [alice, bob] = [[1; 20], [2; 20]].map(Fingerprint::from_bytes);
        let text = "Z\u{fc}rich";
        let secret = ComparedSecret::new(&alice, &bob, &session, text.as_bytes());
        let input = [&[1][..], &[1; 20], &[2; 20], session.as_bytes(), &[0x5a, 0xc3, 0xbc, 0x72, 0x69, 0x63, 0x68]];
        assert_eq!(secret.as_bytes()[..], Sha256::digest(input.concat())[..]);
        assert_ne!(secret.as_bytes(), ComparedSecret::new(&bob, &alice, &session, text.as_bytes()).as_bytes());
    }

    // attack: NEW-9
    #[test]
    fn the_secret_of_another_suite_is_another_one() {
        let session = session();
        let [alice, bob] = [[1; 20], [2; 20]].map(Fingerprint::from_bytes);
        let secret = |binding| ComparedSecret::bound(&binding, &alice, &bob, b"x");
        assert_eq!(
            secret(Binding::otr(session)).as_bytes(),
            ComparedSecret::new(&alice, &bob, &session, b"x").as_bytes()
        );
        let input = [b"OTR-25519 v1 SMP secret", &[1][..], &[1; 20], &[2; 20], session.as_bytes(), &[3; 32], b"x"];
        assert_eq!(
            secret(Binding::hazmat_curve25519(session, [3; 32])).as_bytes()[..],
            Sha256::digest(input.concat())[..]
        );
    }

    // Computed with Python's hashlib.
    // attack: NEW-9
    #[test]
    fn the_hash_of_a_proof_has_a_known_answer_in_each_group() {
        let hash = Challenge::hash::<Modp1536>(5, &[&[1, 2, 3], &[]]);
        assert_eq!(hex::encode(hash.as_bytes()), "d114f073405b0e26d52e3aa346568511b04112c47b8ca96499f11f219d87586f");
        let hash = Challenge::hash::<Ristretto255>(5, &[&[1, 2, 3], &[]]);
        assert_eq!(hex::encode(hash.as_bytes()), "c375d972d3dfbe403c14c3bb78c23bed6f8776514029f4be6f2eef1d9599a7fd");
    }

    #[test]
    fn a_challenge_has_one_form() {
        let hash = Challenge::hash::<Modp1536>(1, &[b"x"]);
        assert_eq!(Challenge::from_bytes(hash.as_bytes()), Ok(hash));
        assert_eq!(Challenge::from_bytes(&[0, 1]), Err(Error::Encoding));
        assert_eq!(Challenge::from_bytes(&[1; 33]), Err(Error::Encoding));
        assert!(Challenge::from_bytes(&[]).unwrap().as_bytes().is_empty());
    }

    // attack: SMP-20, SIDE-8
    #[test]
    fn a_secret_shows_nothing() {
        assert_eq!(format!("{:?}", ComparedSecret::hazmat_from_bytes([0xc5; 32])), "ComparedSecret { .. }");
    }
}
