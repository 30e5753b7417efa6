/// A set of primitives that an exchange and all that follows from it are made with.
///
/// The state machines above this crate are written once; what they are run with is chosen by the version that a
/// conversation is in, so both sets stand side by side in one program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Suite {
    /// Those of versions 2 and 3: the 1536-bit group, DSA, AES-128, SHA-1 and SHA-256.
    Otr,
    /// X25519 and ML-KEM-768, Ed25519, ristretto255, AES-256, SHA-256. Between programs of ours only.
    Curve25519,
}
