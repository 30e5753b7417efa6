//! The one place where the program reads the clock and draws randomness. All else gets them as arguments.

use std::time::{Duration, Instant, SystemTime};

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

/// The time of day, for what is kept on record.
pub(crate) fn wall_clock() -> SystemTime {
    #[expect(clippy::disallowed_methods, reason = "the one place where time comes in")]
    SystemTime::now()
}

/// Sees to it that no dump of this program's memory, which has keys in it, is written should it crash. Where the system
/// does not let us, it is as it was.
pub(crate) fn refuse_core_dumps() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    }
}
