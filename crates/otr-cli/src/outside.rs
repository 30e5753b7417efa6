//! The one place where the program reads the clock and draws randomness. All else gets them as arguments.

use std::time::{Duration, Instant};

use getrandom::SysRng;
use rand_core::UnwrapErr;

/// The system's random source.
///
/// Should it fail, the program ends on the spot: there is no safe way on without it.
pub(crate) type Randomness = UnwrapErr<SysRng>;

/// The system's random source.
pub(crate) const fn randomness() -> Randomness {
    UnwrapErr(SysRng)
}

/// Monotonic time since the program began.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn start() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the one place where time comes in")]
        Self(Instant::now())
    }

    pub(crate) fn now(self) -> Duration {
        self.0.elapsed()
    }
}
