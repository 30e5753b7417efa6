//! Every limit of the wire format, in bytes unless said otherwise.

use core::time::Duration;

/// The longest encoded message accepted by default: 1 MiB of characters.
///
/// The specification has no limit; an unlimited receiver can be made to hold gigabytes.
pub const MAX_MESSAGE: usize = 1024 * 1024;

/// The longest piece inside one fragment: 256 KiB.
pub const MAX_PIECE: usize = 256 * 1024;

/// How many half-received messages are kept for one contact, one for each sender instance.
pub const MAX_PARTIALS: usize = 32;

/// How many bytes of half-received messages are kept for one contact: 2 MiB.
pub const MAX_PARTIAL_BYTES: usize = 2 * 1024 * 1024;

/// How long a half-received message is kept without a further piece.
pub const MAX_PARTIAL_AGE: Duration = Duration::from_secs(300);

/// The characters a version 3 fragment spends around its piece: `?OTR|`, two tags, two numbers, separators.
pub const FRAGMENT_OVERHEAD_V3: usize = 36;

/// The characters a version 2 fragment spends around its piece.
pub const FRAGMENT_OVERHEAD_V2: usize = 18;

/// The longest encoding of an element of the 1536-bit group.
pub const MAX_GROUP_ELEMENT: usize = 192;

/// The longest encoding of a DSA parameter: a modulus of 3072 bits.
pub(crate) const MAX_DSA_PARAMETER: usize = 384;

/// The encrypted g^x of a D-H Commit: an MPI, so a 4-byte length and 1 to 192 bytes.
pub(crate) const ENCRYPTED_GX: core::ops::RangeInclusive<usize> = 5..=196;

/// The encrypted X of Reveal Signature and Signature: from the smallest key that can sign to one of 3072 bits.
pub(crate) const ENCRYPTED_SIGNATURE: core::ops::RangeInclusive<usize> = 212..=1300;

/// The encapsulation key of ML-KEM-768.
pub(crate) const KEM_KEY: core::ops::RangeInclusive<usize> = 1184..=1184;

/// The ciphertext of ML-KEM-768.
pub(crate) const KEM_CIPHERTEXT: core::ops::RangeInclusive<usize> = 1088..=1088;

/// The encrypted X of the Curve25519 suite: 2 bytes of key type, 32 of key, 4 of keyid, 64 of signature.
pub(crate) const ENCRYPTED_ED25519_SIGNATURE: core::ops::RangeInclusive<usize> = 102..=102;

/// How many records of a Data message's plaintext are read: far more than anybody sends, and few enough that the list
/// of them stays small beside the message (attack rule G-5).
pub const MAX_RECORDS: usize = 1024;
