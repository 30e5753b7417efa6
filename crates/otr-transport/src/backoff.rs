use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// How finely the spread of one waiting time is divided.
const SPREAD_STEPS: u32 = 1024;

/// Waiting times before attempts to reconnect: they double up to a bound, each spread over its upper half.
///
/// The spread keeps many clients of one server from coming back in step. It needs to differ between clients, not to be
/// secret, so it is computed from their names instead of drawn from a random source.
#[derive(Debug)]
pub struct Backoff {
    first: Duration,
    max: Duration,
    spread: u64,
    failures: u32,
}

impl Backoff {
    /// Waits of at most `first` at the beginning and at most `max` later on, for the client that `client` names.
    pub fn new(first: Duration, max: Duration, client: &impl Hash) -> Self {
        let mut hasher = DefaultHasher::new();
        client.hash(&mut hasher);
        Self { first, max, spread: hasher.finish(), failures: 0 }
    }

    /// How long to wait now, given how often it was asked since the last [`reset`](Self::reset).
    pub fn next_delay(&mut self) -> Duration {
        let factor = 2_u32.checked_pow(self.failures).unwrap_or(u32::MAX);
        let longest = self.first.saturating_mul(factor).min(self.max);
        let half = longest / 2;
        let delay = half + half * self.step() / SPREAD_STEPS;
        self.failures = self.failures.saturating_add(1);
        delay
    }

    /// Starts over: the connection proved good.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    fn step(&self) -> u32 {
        let mut hasher = DefaultHasher::new();
        (self.spread, self.failures).hash(&mut hasher);
        u32::try_from(hasher.finish() % u64::from(SPREAD_STEPS)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_millis(500);
    const MAX: Duration = Duration::from_secs(30);

    fn delays(client: &str, count: usize) -> Vec<Duration> {
        let mut backoff = Backoff::new(FIRST, MAX, &client);
        (0..count).map(|_| backoff.next_delay()).collect()
    }

    #[test]
    fn doubles_up_to_the_bound_within_the_upper_half() {
        let mut longest = FIRST;
        for delay in delays("alice", 100) {
            assert!(delay >= longest / 2 && delay <= longest, "{delay:?} for {longest:?}");
            longest = (longest * 2).min(MAX);
        }
    }

    #[test]
    fn clients_spread_and_each_is_reproducible() {
        assert_eq!(delays("alice", 10), delays("alice", 10));
        let first: std::collections::BTreeSet<_> = (0..100).map(|n| delays(&format!("client {n}"), 1)).collect();
        assert!(first.len() > 80, "{} distinct delays of 100", first.len());
    }

    #[test]
    fn reset_starts_over() {
        let mut backoff = Backoff::new(FIRST, MAX, &"alice");
        let first = backoff.next_delay();
        assert!(backoff.next_delay() >= FIRST);
        backoff.reset();
        assert_eq!(backoff.next_delay(), first);
    }

    #[test]
    fn extreme_settings_do_not_overflow() {
        let mut backoff = Backoff::new(Duration::MAX, Duration::MAX / 4096, &"alice");
        for _ in 0..70 {
            assert!(backoff.next_delay() <= Duration::MAX / 4096);
        }
        assert_eq!(Backoff::new(Duration::ZERO, MAX, &"alice").next_delay(), Duration::ZERO);
    }
}
