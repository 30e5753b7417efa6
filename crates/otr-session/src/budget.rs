//! What may be sent or computed without the user asking.

use core::time::Duration;

use crate::REPLY_INTERVAL;

/// A bucket of tokens that fills with time.
#[derive(Debug, Clone)]
pub(crate) struct Budget {
    /// When it is full, if no token is taken until then.
    full_at: Duration,
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
        Self { full_at: Duration::ZERO, rate }
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
        let full_at = self.full_at.max(now).saturating_add(self.rate.each);
        let has_token = full_at.saturating_sub(now) <= self.rate.full();
        if has_token {
            self.full_at = full_at;
        }
        has_token
    }

    /// When there is a token at the latest.
    pub(crate) fn ready_at(&self) -> Duration {
        self.full_at.saturating_add(self.rate.each).saturating_sub(self.rate.full())
    }

    /// Whether the bucket is full, so that forgetting it changes nothing.
    pub(crate) fn is_full(&self, now: Duration) -> bool {
        self.full_at <= now
    }
}
