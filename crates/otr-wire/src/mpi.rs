//! Multi-precision integers.

use crate::DecodeError;

/// An unsigned integer as it stands in a message: big-endian, without leading zero bytes; zero is empty.
///
/// The value is untrusted: nothing says that it is a legal group element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mpi<'a>(&'a [u8]);

impl<'a> Mpi<'a> {
    /// The integer with these big-endian bytes.
    ///
    /// # Errors
    ///
    /// [`DecodeError::MpiNotMinimal`] when the first byte is zero: two encodings of one number would have two
    /// fingerprints.
    pub fn new(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        // attack rule PARSE-4
        if bytes.first() == Some(&0) { Err(DecodeError::MpiNotMinimal) } else { Ok(Self(bytes)) }
    }

    /// The big-endian bytes, without leading zeros.
    #[must_use]
    pub const fn as_bytes(self) -> &'a [u8] {
        self.0
    }
}
