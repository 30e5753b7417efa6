//! The one bounded reader: nothing else in this crate takes received bytes apart.

use core::ops::RangeInclusive;

use crate::{DecodeError, KeyId, Mpi};

/// Reads fields from the front of received bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) const fn remaining(&self) -> usize {
        self.rest.len()
    }

    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], DecodeError> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, DecodeError> {
        self.array().map(|&[byte]| byte)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, DecodeError> {
        self.array().map(|&bytes| u16::from_be_bytes(bytes))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, DecodeError> {
        self.array().map(|&bytes| u32::from_be_bytes(bytes))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, DecodeError> {
        self.array().map(|&bytes| u64::from_be_bytes(bytes))
    }

    pub(crate) fn keyid(&mut self) -> Result<KeyId, DecodeError> {
        // attack rule PARSE-12
        KeyId::new(self.u32()?).ok_or(DecodeError::ZeroKeyId)
    }

    /// A DATA field whose length lies in `lengths`. The announced length is compared with what is left, never used
    /// to reserve (attack rule PARSE-2).
    pub(crate) fn data(
        &mut self,
        field: &'static str,
        lengths: RangeInclusive<usize>,
    ) -> Result<&'a [u8], DecodeError> {
        let length = usize::try_from(self.u32()?).map_err(|_| DecodeError::Truncated)?;
        if !lengths.contains(&length) {
            return Err(DecodeError::FieldLength { field, length });
        }
        self.take(length)
    }

    /// A DATA field of exactly `N` bytes.
    pub(crate) fn data_array<const N: usize>(&mut self, field: &'static str) -> Result<&'a [u8; N], DecodeError> {
        self.data(field, N..=N)?.as_array().ok_or(DecodeError::Truncated)
    }

    pub(crate) fn mpi(&mut self, field: &'static str, longest: usize) -> Result<Mpi<'a>, DecodeError> {
        Mpi::new(self.data(field, 0..=longest)?)
    }

    /// Ends the reading; all input must have been consumed.
    pub(crate) const fn finish(self) -> Result<(), DecodeError> {
        if self.rest.is_empty() { Ok(()) } else { Err(DecodeError::TrailingBytes) }
    }
}
