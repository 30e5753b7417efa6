//! Randomness that was recorded.

use std::convert::Infallible;

use rand_core::{TryCryptoRng, TryRng};

/// Hands out recorded bytes in order, and zeros after the last.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scripted {
    bytes: std::collections::VecDeque<u8>,
}

impl Scripted {
    pub(crate) fn new(parts: &[&[u8]]) -> Self {
        Self { bytes: parts.concat().into() }
    }
}

impl TryRng for Scripted {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_be_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_be_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, destination: &mut [u8]) -> Result<(), Infallible> {
        destination.fill_with(|| self.bytes.pop_front().unwrap_or_default());
        Ok(())
    }
}

/// The recorder's bytes stand in for a secure source.
impl TryCryptoRng for Scripted {}
