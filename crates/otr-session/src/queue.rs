//! Text that waits for a private conversation.

use std::collections::VecDeque;

/// How many texts may wait for one contact.
pub const MAX_QUEUED_TEXTS: usize = 32;

/// How many bytes of text may wait for one contact: 64 KiB.
pub const MAX_QUEUED_BYTES: usize = 64 * 1024;

/// The texts waiting for one contact, in the order they were typed.
#[derive(Default)]
pub(crate) struct Queue(VecDeque<String>);

impl Queue {
    /// Takes in a text, if there is room.
    pub(crate) fn push(&mut self, text: &str) -> bool {
        let bytes: usize = self.0.iter().map(String::len).sum();
        let room = self.0.len() < MAX_QUEUED_TEXTS && bytes.saturating_add(text.len()) <= MAX_QUEUED_BYTES;
        if room {
            self.0.push_back(text.to_owned());
        }
        room
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn take(&mut self) -> VecDeque<String> {
        std::mem::take(&mut self.0)
    }
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Queue({} texts)", self.0.len())
    }
}
