use std::time::Duration;

use tokio::time::Instant;

/// How fast we may speak: some lines at once after a rest, then one each interval.
///
/// It is the generic cell rate algorithm (ITU-T I.371): one time instead of a count of tokens and a timer.
#[derive(Debug)]
pub(crate) struct FloodControl {
    interval: Duration,
    /// How far ahead of the even pace a line may be.
    ahead: Duration,
    /// When the next line is due at an even pace.
    due: Instant,
}

impl FloodControl {
    pub(crate) fn new(burst: u32, interval: Duration, now: Instant) -> Self {
        Self { interval, ahead: interval.saturating_mul(burst.saturating_sub(1)), due: now }
    }

    /// When the next line may be sent; it may be past.
    pub(crate) fn ready_at(&self, now: Instant) -> Instant {
        self.due.checked_sub(self.ahead).unwrap_or(now)
    }

    /// Counts a line that is sent now, whether or not it was its time.
    pub(crate) fn count(&mut self, now: Instant) {
        let due = self.due.max(now);
        self.due = due.checked_add(self.interval).unwrap_or(due);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_secs(2);

    /// When lines go out, in seconds, if as many as possible do.
    fn times(control: &mut FloodControl, mut now: Instant, count: usize) -> Vec<u64> {
        let start = now;
        let mut times = Vec::new();
        for _ in 0..count {
            now = now.max(control.ready_at(now));
            control.count(now);
            times.push((now - start).as_secs());
        }
        times
    }

    #[test]
    fn a_burst_then_an_even_pace_then_a_burst_after_a_rest() {
        let now = Instant::now();
        let mut control = FloodControl::new(3, INTERVAL, now);
        assert_eq!(times(&mut control, now, 6), [0, 0, 0, 2, 4, 6]);
        assert_eq!(times(&mut control, now + Duration::from_secs(100), 5), [0, 0, 0, 2, 4]);
    }

    #[test]
    fn what_is_sent_out_of_turn_delays_the_rest() {
        let now = Instant::now();
        let mut control = FloodControl::new(1, INTERVAL, now);
        for _ in 0..3 {
            control.count(now);
        }
        assert_eq!(control.ready_at(now), now + 3 * INTERVAL);
    }

    #[test]
    fn zero_sets_no_limit_and_extremes_do_not_overflow() {
        let now = Instant::now();
        let mut free = FloodControl::new(1, Duration::ZERO, now);
        assert_eq!(times(&mut free, now, 100), [0; 100]);
        let mut slow = FloodControl::new(u32::MAX, Duration::MAX, now);
        slow.count(now);
        assert!(slow.ready_at(now) <= now);
    }
}
