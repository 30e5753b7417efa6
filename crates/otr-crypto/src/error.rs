/// Why a value was refused.
///
/// Numbers that travel in the open are described; whatever depends on a secret is
/// [`Error::Rejected`] and nothing more, so that all such failures look the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A number has a leading zero byte or is longer than its kind may be; a key or ciphertext of the Curve25519 suite has
    /// a wrong length or is not the one encoding of its value.
    #[error("value is not in its one form or has a wrong length")]
    Encoding,
    /// A Diffie-Hellman public value is not between 2 and p - 2, or, with X25519, not below p.
    #[error("public value is out of range")]
    PublicRange,
    /// A Diffie-Hellman public value lies outside the subgroup of prime order, or, with X25519, is of small order.
    #[error("public value is outside the prime-order subgroup")]
    PublicSubgroup,
    /// The peer's Diffie-Hellman public value is our own.
    #[error("public value is our own")]
    PublicReflected,
    /// An identity key's p is even or has a size other than 1024 to 3072 bits.
    #[error("modulus of the identity key has a wrong size")]
    KeyModulus,
    /// An identity key's q is even, is not exactly 160 bits or does not divide p - 1.
    #[error("order of the identity key does not fit")]
    KeyOrder,
    /// An identity key's g does not have order q.
    #[error("generator of the identity key does not have the right order")]
    KeyGenerator,
    /// An identity key's y does not have order q; an Ed25519 key is of small order.
    #[error("public value of the identity key does not have the right order")]
    KeyPublicValue,
    /// An identity key's p or q is composite.
    #[error("identity key is not built on primes")]
    KeyNotPrime,
    /// A text is not a fingerprint of 40 hexadecimal digits.
    #[error("text is not a fingerprint")]
    FingerprintText,
    /// A check that depends on a secret failed.
    #[error("check failed")]
    Rejected,
    /// A primitive of the Curve25519 suite gave a wrong answer on this computer.
    #[error("self-test of the primitives failed")]
    SelfTest,
}
