//! Warnings that come again and again: the first ones pass, the rest is told together (attack rule DOS-6).
//!
//! Whoever can send can cause warnings, as many as it sends messages. Each of the first ten of a kind within a minute
//! tells of a message that the user may miss; what comes beyond them only fills the screen, so it is counted and told
//! as one event when the minute is over. Texts are never counted away: a warning that carries one passes always,
//! except for the other side's error messages, which are no texts of its user.

use core::{mem, time::Duration};
use std::collections::BTreeMap;

use crate::{Event, Warning};

/// How many warnings of one kind about one contact pass one by one within [`JOINED_WITHIN`].
pub const MAX_SINGLE_WARNINGS: u64 = 10;

/// From the first warning of a kind until those beyond [`MAX_SINGLE_WARNINGS`] are told together.
pub const JOINED_WITHIN: Duration = Duration::from_secs(60);

/// The warnings of the last minute, by contact. There is an entry for each kind of warning at most.
#[derive(Debug, Default)]
pub(crate) struct Repeats {
    contacts: BTreeMap<String, Vec<Run>>,
}

/// Warnings of one kind.
#[derive(Debug)]
struct Run {
    /// The last one that came.
    warning: Warning,
    since: Duration,
    count: u64,
}

impl Run {
    const fn ends(&self) -> Duration {
        self.since.saturating_add(JOINED_WITHIN)
    }

    const fn beyond(&self) -> u64 {
        self.count.saturating_sub(MAX_SINGLE_WARNINGS)
    }
}

impl Repeats {
    /// Whether this warning is told now. Runs that are over have been taken before, by [`take_over`](Self::take_over).
    pub(crate) fn passes(&mut self, peer: &str, warning: &Warning, now: Duration) -> bool {
        if is_text(warning) {
            return true;
        }
        let runs = self.contacts.entry(peer.to_owned()).or_default();
        match runs.iter_mut().find(|run| mem::discriminant(&run.warning) == mem::discriminant(warning)) {
            None => {
                runs.push(Run { warning: warning.clone(), since: now, count: 1 });
                true
            }
            Some(run) => {
                run.count = run.count.saturating_add(1);
                run.warning = warning.clone();
                run.beyond() == 0
            }
        }
    }

    /// Ends the runs of `peer` whose minute is over, and says what was joined in them.
    pub(crate) fn take_over(&mut self, peer: &str, now: Duration) -> Vec<Event> {
        let Some(runs) = self.contacts.get_mut(peer) else { return Vec::new() };
        let over: Vec<Run> = runs.extract_if(.., |run| run.ends() <= now).collect();
        if runs.is_empty() {
            self.contacts.remove(peer);
        }
        let joined = over.into_iter().filter(|run| run.beyond() > 0);
        joined.map(|run| Event::Repeated { count: run.beyond(), warning: run.warning }).collect()
    }

    /// The contacts with a run that is over.
    pub(crate) fn due(&self, now: Duration) -> Vec<String> {
        let due = self.contacts.iter().filter(|(_, runs)| runs.iter().any(|run| run.ends() <= now));
        due.map(|(peer, _)| peer.clone()).collect()
    }

    /// When something is told together.
    pub(crate) fn next_timeout(&self) -> Option<Duration> {
        self.contacts.values().flatten().filter(|run| run.beyond() > 0).map(Run::ends).min()
    }
}

/// Whether the warning brings a text that is told nowhere else.
const fn is_text(warning: &Warning) -> bool {
    matches!(warning, Warning::UnencryptedReceived(_) | Warning::Resent(_))
}
