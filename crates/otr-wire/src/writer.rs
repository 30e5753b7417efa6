//! Appending fields to a message being built.

use alloc::vec::Vec;

use crate::Mpi;

/// Appends the data types of the specification to a buffer.
pub(crate) trait Writer {
    fn put_u16(&mut self, value: u16);
    fn put_u32(&mut self, value: u32);
    /// A DATA field: 4-byte length, bytes.
    fn put_data(&mut self, bytes: &[u8]);
    fn put_mpi(&mut self, mpi: Mpi<'_>) {
        self.put_data(mpi.as_bytes());
    }
}

impl Writer for Vec<u8> {
    fn put_u16(&mut self, value: u16) {
        self.extend_from_slice(&value.to_be_bytes());
    }

    fn put_u32(&mut self, value: u32) {
        self.extend_from_slice(&value.to_be_bytes());
    }

    fn put_data(&mut self, bytes: &[u8]) {
        // A buffer of 4 GiB is never built here: every message is far below it, so the length always fits.
        self.put_u32(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        self.extend_from_slice(bytes);
    }
}
