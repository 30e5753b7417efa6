//! Waiting for what can only be seen by looking.

use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::interop::Failure;

/// How long anything may take that a person waits for, on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// How often we look: a screen does not say when it changes.
const LOOK: Duration = Duration::from_millis(50);

/// Looks again and again until there is an answer. `what` says what is looked for.
pub(super) fn until<T>(what: &str, mut look: impl FnMut() -> Result<Option<T>, Failure>) -> Result<T, Failure> {
    let begun = now();
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        if begun.elapsed() >= PATIENCE {
            return Err(Failure(format!("{what}: not within {PATIENCE:?}")));
        }
        sleep(LOOK);
    }
}

#[expect(clippy::disallowed_methods, reason = "programs that are looked at have their own time")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_looks_until_there_is_an_answer_or_a_failure() {
        let mut looks = 0;
        let third = until("the third look", || {
            looks += 1;
            Ok((looks == 3).then_some(looks))
        });
        assert_eq!(third.unwrap(), 3);
        let failed: Result<(), Failure> = until("a failure", || Err(Failure("no".to_owned())));
        assert_eq!(failed.unwrap_err().0, "no");
    }
}
