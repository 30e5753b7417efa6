//! The primitives of the Curve25519 suite: key agreement, identities, the encapsulation that a quantum computer does not
//! open, and key derivation. The group of its SMP is in [`crate::group`], cipher and authenticator are in
//! [`crate::cipher`] and [`crate::mac`].

pub(crate) mod ed25519;
pub(crate) mod kdf;
pub(crate) mod kem;
mod self_test;
pub(crate) mod x25519;

#[cfg(test)]
mod tests;

pub use self_test::self_test;
