//! X25519 key agreement (RFC 7748), refusing what adds nothing to a key.

use alloc::boxed::Box;

use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use x25519_dalek::{PublicKey, StaticSecret};

use crate::Error;
use crate::secret::{Secret, opaque_debug};
use crate::told::told;

/// Bytes of a secret scalar, of a public u-coordinate and of what two of them agree on.
pub(crate) const X25519_BYTES: usize = 32;

/// A secret scalar: 32 random bytes, clamped whenever they are used. Wiped on drop.
pub(crate) struct X25519Secret(Box<StaticSecret>);

opaque_debug!(X25519Secret);

impl X25519Secret {
    /// Draws exactly 32 bytes.
    pub(crate) fn random(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        Self(Box::new(StaticSecret::random_from_rng(rng)))
    }

    /// The scalar that these bytes stand for; any 32 bytes are one.
    pub(crate) fn from_bytes(bytes: [u8; X25519_BYTES]) -> Self {
        Self(Box::new(StaticSecret::from(bytes)))
    }

    /// The u-coordinate of the scalar's multiple of the base point, little-endian.
    pub(crate) fn public(&self) -> [u8; X25519_BYTES] {
        PublicKey::from(&*self.0).to_bytes()
    }

    /// The 32 bytes that both sides compute, for a public value that [`check_public`] let pass.
    ///
    /// # Errors
    ///
    /// [`Error::Rejected`] when they are all zero: then the other side's value has brought nothing in (RFC 7748,
    /// section 6.1).
    pub(crate) fn agree(&self, theirs: &[u8; X25519_BYTES]) -> Result<Secret<X25519_BYTES>, Error> {
        let shared = self.0.diffie_hellman(&PublicKey::from(*theirs));
        if told(shared.as_bytes().ct_eq(&[0; X25519_BYTES]).unwrap_u8()) {
            return Err(Error::Rejected);
        }
        let mut secret = Secret::zeroed();
        secret.as_mut().copy_from_slice(shared.as_bytes());
        Ok(secret)
    }
}

/// Refuses, before any secret is used, a public value that no honest side sends.
///
/// RFC 7748 lets a receiver take such values; here each public value has one encoding and is of large order, so that what
/// goes into the transcript is what goes into the key.
///
/// # Errors
///
/// * [`Error::PublicRange`] when the highest bit is set or u is p or more;
/// * [`Error::PublicSubgroup`] when the point, on the curve or on its twist, has an order that divides 8.
pub(crate) fn check_public(theirs: &[u8; X25519_BYTES]) -> Result<(), Error> {
    if !is_reduced(theirs) {
        return Err(Error::PublicRange);
    }
    if LOW_ORDER.contains(theirs) {
        return Err(Error::PublicSubgroup);
    }
    Ok(())
}

/// Whether a little-endian number is below p.
pub(super) fn is_reduced(number: &[u8; X25519_BYTES]) -> bool {
    // Most significant byte first, an array compares as its number does.
    let mut number = *number;
    number.reverse();
    number < P
}

/// p = 2^255 - 19, big-endian.
const P: [u8; X25519_BYTES] = {
    let mut p = [0xff; X25519_BYTES];
    p[0] = 0x7f;
    p[X25519_BYTES - 1] = 0xed;
    p
};

/// All u below p whose point has order 1, 2, 4 or 8, little-endian: 0, 1, the two of order 8, p - 1.
const LOW_ORDER: [[u8; X25519_BYTES]; 5] = [
    [0; X25519_BYTES],
    {
        let mut one = [0; X25519_BYTES];
        one[0] = 1;
        one
    },
    [
        0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09,
        0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00,
    ],
    [
        0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44,
        0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57,
    ],
    {
        let mut minus_one = [0xff; X25519_BYTES];
        minus_one[0] = 0xec;
        minus_one[X25519_BYTES - 1] = 0x7f;
        minus_one
    },
];
