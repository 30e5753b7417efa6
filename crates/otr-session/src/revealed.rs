//! MAC keys waiting to be published.

use otr_crypto::RevealedMacKey;

use crate::row::Row;

/// Receiving MAC keys of ended rows, to go out with the next Data message (spec: "Revealing MAC Keys"). Each leaves
/// exactly once (attack rule REV-2).
#[derive(Debug, Default)]
pub(crate) struct PendingReveals(Vec<RevealedMacKey>);

impl PendingReveals {
    /// Ends `rows` and takes in their used keys.
    pub(crate) fn retire(&mut self, rows: impl IntoIterator<Item = Row>) {
        self.0.extend(rows.into_iter().filter_map(Row::retire));
    }

    /// The field *old MAC keys*, and an empty list afterwards.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        self.0.drain(..).flat_map(|key| *key.as_bytes()).collect()
    }

    /// Takes in those of another list.
    pub(crate) fn join(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// How many bytes [`take`](Self::take) gives.
    pub(crate) fn len(&self) -> usize {
        self.0.len().saturating_mul(20)
    }
}
