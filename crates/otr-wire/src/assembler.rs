//! Putting fragments together again.

use alloc::{collections::BTreeMap, vec::Vec};
use core::time::Duration;

use crate::{
    Fragment, Header, InstanceTag,
    limits::{MAX_PARTIAL_AGE, MAX_PARTIAL_BYTES, MAX_PARTIALS},
};

/// The half-received messages of one contact, one for each sending client (and one for version 2, which names none).
///
/// Memory is bounded by [`MAX_PARTIALS`] and [`MAX_PARTIAL_BYTES`] whatever arrives; the message limit given to
/// [`Assembler::new`] bounds each one.
#[derive(Debug)]
pub struct Assembler {
    partials: BTreeMap<Option<InstanceTag>, Partial>,
    message_limit: usize,
}

#[derive(Debug)]
struct Partial {
    header: Header,
    k: u16,
    n: u16,
    bytes: Vec<u8>,
    touched: Duration,
}

/// What became of a fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assembled {
    /// More pieces are needed.
    Incomplete,
    /// The message is whole. Its own header must equal the fragments' (attack rule FRAG-8).
    Complete(Vec<u8>),
    /// The fragment, and what was stored before it, was dropped.
    Dropped(Dropped),
}

/// Why a half-received message was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Dropped {
    /// The piece is not the next one.
    #[error("a piece of a long message is missing")]
    OutOfOrder,
    /// The message would be longer than the limit.
    #[error("a long message is longer than the limit")]
    TooLong,
}

impl Assembler {
    /// An empty store for messages of at most `message_limit` bytes each.
    #[must_use]
    pub const fn new(message_limit: usize) -> Self {
        Self { partials: BTreeMap::new(), message_limit }
    }

    /// Takes in one fragment, by the rules of the specification: piece 1 begins anew, the next piece is appended,
    /// anything else forgets what was there (attack rule FRAG-3). `now` is the host's monotonic time.
    pub fn push(&mut self, fragment: &Fragment<'_>, now: Duration) -> Assembled {
        self.expire(now);
        let sender = fragment.header.sender();
        let earlier = self.partials.remove(&sender);
        let partial = if fragment.k.get() == 1 {
            Partial::first(fragment, now)
        } else {
            match earlier.and_then(|partial| partial.followed_by(fragment, now)) {
                Some(partial) => partial,
                None => return Assembled::Dropped(Dropped::OutOfOrder),
            }
        };
        if partial.bytes.len() > self.message_limit {
            return Assembled::Dropped(Dropped::TooLong);
        }
        if partial.k == partial.n {
            return Assembled::Complete(partial.bytes);
        }
        self.make_room(partial.bytes.len());
        self.partials.insert(sender, partial);
        Assembled::Incomplete
    }

    /// Forgets what is stored for `sender`, because a message of its own came whole (attack rule FRAG-6);
    /// `None` stands for version 2 and plain text.
    pub fn forget(&mut self, sender: Option<InstanceTag>) {
        self.partials.remove(&sender);
    }

    /// Forgets what had no further piece for [`MAX_PARTIAL_AGE`].
    pub fn expire(&mut self, now: Duration) {
        self.partials.retain(|_, partial| now.saturating_sub(partial.touched) < MAX_PARTIAL_AGE);
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.partials.clear();
    }

    /// When [`expire`](Self::expire) next has something to do.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Duration> {
        self.partials.values().map(|partial| partial.touched.saturating_add(MAX_PARTIAL_AGE)).min()
    }

    /// Whether nothing is stored.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.partials.is_empty()
    }

    /// How many bytes are stored.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.partials.values().map(|partial| partial.bytes.len()).fold(0, usize::saturating_add)
    }

    /// Drops the longest untouched partials until one more of `length` bytes, at most the message limit, fits
    /// (attack rules FRAG-4, FRAG-10).
    fn make_room(&mut self, length: usize) {
        let most = MAX_PARTIAL_BYTES.max(self.message_limit);
        while self.partials.len() >= MAX_PARTIALS || self.bytes().saturating_add(length) > most {
            let oldest = self.partials.iter().min_by_key(|(_, partial)| partial.touched).map(|(&sender, _)| sender);
            let Some(oldest) = oldest else { return };
            self.partials.remove(&oldest);
        }
    }
}

impl Partial {
    fn first(fragment: &Fragment<'_>, now: Duration) -> Self {
        Self { header: fragment.header, k: 1, n: fragment.n.get(), bytes: fragment.piece.to_vec(), touched: now }
    }

    fn followed_by(mut self, fragment: &Fragment<'_>, now: Duration) -> Option<Self> {
        let is_next = fragment.header == self.header
            && fragment.n.get() == self.n
            && self.k.checked_add(1) == Some(fragment.k.get());
        if !is_next {
            return None;
        }
        self.k = fragment.k.get();
        self.bytes.extend_from_slice(fragment.piece);
        self.touched = now;
        Some(self)
    }
}
