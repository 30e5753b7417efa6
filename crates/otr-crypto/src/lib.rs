//! The primitives of Off-the-Record Messaging, version 3: the Diffie-Hellman group, the identity
//! keys, the ciphers, the authenticators and the keys derived for them.
//!
//! Everything received turns into a type that exists only when it has passed its checks
//! ([`DhPublic`], [`PublicKey`]); everything secret is a type that cannot be printed, cloned or
//! compared and is wiped when dropped. Randomness always comes in as an argument.
//!
//! | spec section | here |
//! | --- | --- |
//! | D-H keys, "D-H Commit Message" | [`DhKeyPair`], [`DhPublic`], [`CommitmentKey`] |
//! | "Computing AES keys, MAC keys, and the secure session id" | [`SharedSecret`], [`AkeKeys`], [`DataKeys`] |
//! | "Public keys, signatures, and fingerprints" | [`PublicKey`], [`IdentityKey`], [`Fingerprint`] |
//! | "Socialist Millionaires' Protocol (SMP)" | [`ComparedSecret`], [`Challenge`], [`Group`] and its implementations |
//! | "Extra symmetric key", "Revealing MAC keys" | [`ExtraSymmetricKey`], [`RevealedMacKey`] |
//!
//! The same types serve the Curve25519 suite (X25519, ML-KEM-768, Ed25519, ristretto255), which programs of ours speak to
//! each other: [`Suite`] says which is meant, [`KemKey`], [`Transcript`], [`Bond`] and [`SessionRoot`] are what it has more.
//!
//! This crate knows no messages and no states; those live in the crates above it.
//!
//! # Example
//!
//! Two sides agree on keys, and one signs the exchange:
//!
//! ```
//! use otr_crypto::{DhKeyPair, DhPublic, IdentityKey};
//! # fn run(rng: &mut impl rand_core::CryptoRng) -> Result<(), otr_crypto::Error> {
//! let alice = DhKeyPair::generate(rng);
//! let bob = DhKeyPair::generate(rng);
//!
//! // What arrives over the network is checked before it can be used.
//! let bob_public = DhPublic::from_bytes(bob.public().as_bytes())?;
//! let keys = alice.agree(&bob_public)?.ake_keys();
//! let same = bob.agree(alice.public())?.ake_keys();
//! assert_eq!(keys.session_id(), same.session_id());
//!
//! let identity = IdentityKey::generate(rng);
//! let key = identity.public_key();
//! let m = keys.reveal_signature().authenticate(alice.public(), &bob_public, key, 1);
//! let signature = identity.sign(&m, rng)?;
//! key.verify(&m, &signature)?;
//! # Ok(())
//! # }
//! # use rand_core::SeedableRng;
//! # run(&mut chacha20::ChaCha20Rng::from_seed([7; 32])).unwrap();
//! ```
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod ake_keys;
mod cipher;
mod commitment;
mod comparison;
mod curve25519;
mod data_keys;
mod dh;
mod dsa;
mod encapsulation;
mod error;
mod fingerprint;
mod forging;
mod group;
mod identity;
mod kdf;
mod key_cache;
mod mac;
mod montgomery;
mod mpi;
mod public_key;
mod secret;
mod session_root;
mod suite;
#[cfg(test)]
mod testing;
mod told;
mod transcript;
#[cfg(test)]
mod vectors;

pub use ake_keys::{AkeKeys, AkeMac, SessionId, SignatureKeys};
pub use commitment::{Commitment, CommitmentKey};
pub use comparison::{Challenge, ComparedSecret, Group};
pub use curve25519::self_test;
pub use data_keys::{DataKeys, ExtraSymmetricKey, ReceivingKeys, RevealedMacKey, SendingKeys};
pub use dh::{DhKeyPair, DhPublic, SharedSecret};
pub use encapsulation::{KemKey, KemSecret};
pub use error::Error;
pub use fingerprint::Fingerprint;
pub use forging::{HazmatCipherKey, HazmatDataKeys, HazmatMacKey};
pub use group::{Modp1536, Modp1536Base, Modp1536Element, Modp1536Exponent, Modp1536Response};
pub use group::{Ristretto255, Ristretto255Element, Ristretto255Exponent, Ristretto255Response};
pub use identity::{IdentityKey, IdentityParts};
pub use key_cache::PublicKeyCache;
pub use public_key::PublicKey;
pub use session_root::{Binding, Bond, SessionRoot};
pub use suite::Suite;
pub use transcript::Transcript;
