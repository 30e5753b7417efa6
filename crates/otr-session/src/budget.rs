//! What may be sent or computed without the user asking.

use core::time::Duration;

use crate::REPLY_INTERVAL;

/// A bucket of tokens that fills with time.
#[derive(Debug, Clone)]
pub(crate) struct Budget {
    /// Time not yet spent, at most that of a full bucket.
    saved: Duration,
    last: Duration,
    rate: &'static Rate,
}

/// How many tokens a bucket holds, and in what time one comes in. Every contact has several buckets of few rates.
#[derive(Debug)]
pub(crate) struct Rate {
    pub(crate) burst: u32,
    pub(crate) each: Duration,
}

impl Rate {
    const fn full(&self) -> Duration {
        self.each.saturating_mul(self.burst)
    }
}

impl Budget {
    /// A full bucket.
    pub(crate) const fn new(rate: &'static Rate) -> Self {
        Self { saved: rate.full(), last: Duration::ZERO, rate }
    }

    /// The key exchange work of one contact (attacks 1.2: burst 10, 1 per 6 s).
    pub(crate) const fn exchanges_of_a_contact() -> Self {
        const RATE: &Rate = &Rate { burst: 10, each: Duration::from_secs(6) };
        Self::new(RATE)
    }

    /// The key exchange work of all contacts together (attacks 1.2: burst 100, 20 per s).
    pub(crate) const fn exchanges_of_an_account() -> Self {
        const RATE: &Rate = &Rate { burst: 100, each: Duration::from_millis(50) };
        Self::new(RATE)
    }

    /// One message per contact and [`REPLY_INTERVAL`].
    pub(crate) const fn one_per_interval() -> Self {
        const RATE: &Rate = &Rate { burst: 1, each: REPLY_INTERVAL };
        Self::new(RATE)
    }

    /// Takes a token, if there is one.
    pub(crate) fn take(&mut self, now: Duration) -> bool {
        let fresh = self.saved.saturating_add(now.saturating_sub(self.last));
        self.saved = fresh.min(self.rate.full());
        self.last = self.last.max(now);
        match self.saved.checked_sub(self.rate.each) {
            Some(rest) => {
                self.saved = rest;
                true
            }
            None => false,
        }
    }

    /// When there is a token at the latest.
    pub(crate) fn ready_at(&self) -> Duration {
        self.last.saturating_add(self.rate.each.saturating_sub(self.saved))
    }

    /// Whether the bucket is full, so that forgetting it changes nothing.
    pub(crate) fn is_full(&self, now: Duration) -> bool {
        self.saved.saturating_add(now.saturating_sub(self.last)) >= self.rate.full()
    }
}
