use std::time::SystemTime;

/// What the clock on the wall says, which goes on while the machine sleeps.
#[expect(clippy::disallowed_methods, reason = "a transport runs in real time; nothing secret or stored depends on it")]
pub(crate) fn now() -> SystemTime {
    SystemTime::now()
}
