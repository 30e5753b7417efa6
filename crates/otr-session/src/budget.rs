//! What may be sent or computed without the user asking.

use core::time::Duration;

use crate::REPLY_INTERVAL;

/// A bucket of tokens that fills with time.
#[derive(Debug, Clone)]
pub(crate) struct Budget {
    /// Time not yet spent, in units of `each` per token; at most `each * burst`.
    saved: Duration,
    full: Duration,
    each: Duration,
    last: Duration,
}

impl Budget {
    /// `burst` at once, and one more for every `each`.
    pub(crate) const fn new(burst: u32, each: Duration) -> Self {
        let full = each.saturating_mul(burst);
        Self { saved: full, full, each, last: Duration::ZERO }
    }

    /// The key exchange work of one contact (attacks 1.2: burst 10, 1 per 6 s).
    pub(crate) const fn exchanges_of_a_contact() -> Self {
        Self::new(10, Duration::from_secs(6))
    }

    /// The key exchange work of all contacts together (attacks 1.2: burst 100, 20 per s).
    pub(crate) const fn exchanges_of_an_account() -> Self {
        Self::new(100, Duration::from_millis(50))
    }

    /// One message per contact and [`REPLY_INTERVAL`].
    pub(crate) const fn one_per_interval() -> Self {
        Self::new(1, REPLY_INTERVAL)
    }

    /// Takes a token, if there is one.
    pub(crate) fn take(&mut self, now: Duration) -> bool {
        let fresh = self.saved.saturating_add(now.saturating_sub(self.last));
        self.saved = fresh.min(self.full);
        self.last = self.last.max(now);
        match self.saved.checked_sub(self.each) {
            Some(rest) => {
                self.saved = rest;
                true
            }
            None => false,
        }
    }

    /// When there is a token at the latest.
    pub(crate) fn ready_at(&self) -> Duration {
        self.last.saturating_add(self.each.saturating_sub(self.saved))
    }

    /// Whether the bucket is full, so that forgetting it changes nothing.
    pub(crate) fn is_full(&self, now: Duration) -> bool {
        self.saved.saturating_add(now.saturating_sub(self.last)) >= self.full
    }
}
