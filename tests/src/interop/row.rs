//! What came of a scenario.

use super::Spoken;

/// What became of one scenario with one pairing in one version.
#[derive(Debug)]
pub struct Row {
    /// Which scenario.
    pub scenario: &'static str,
    /// What was spoken.
    pub spoken: Spoken,
    /// Who began.
    pub first: String,
    /// Who was the other.
    pub second: String,
    /// How many runs were as they should be.
    pub passed: u32,
    /// What was wrong in the others, and the seed of each.
    pub failures: Vec<(u64, String)>,
    /// The reason, where the peer is known to be different here.
    pub known: Option<Known>,
}

/// A difference as the peer's list has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// What the peer does.
    pub reason: String,
    /// Whether not every run shows it.
    pub sometimes: bool,
}

/// How a row is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// All is well.
    Passed,
    /// Something is wrong, and nobody knows why.
    Failed,
    /// Something is wrong with the peer, as its list says.
    Explained,
    /// The peer's list says that something is wrong, and nothing is.
    Stale,
    /// Two of the peer can do what the peer's list says it cannot: so it may be our doing.
    Unconfirmed,
}

impl Row {
    /// How this row is to be taken.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match (self.failures.is_empty(), &self.known) {
            (true, None | Some(Known { sometimes: true, .. })) => Verdict::Passed,
            (false, None) => Verdict::Failed,
            (false, Some(_)) => Verdict::Explained,
            (true, Some(_)) if self.first == self.second => Verdict::Unconfirmed,
            (true, Some(_)) => Verdict::Stale,
        }
    }
}

impl Verdict {
    /// Whether all is as it should be.
    #[must_use]
    pub const fn is_good(self) -> bool {
        matches!(self, Self::Passed | Self::Explained)
    }

    /// What the table calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "FAILED",
            Self::Explained => "explained",
            Self::Stale => "STALE",
            Self::Unconfirmed => "UNCONFIRMED",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(first: &str, failed: bool, known: bool) -> Verdict {
        of(first, failed, known, false)
    }

    fn of(first: &str, failed: bool, known: bool, sometimes: bool) -> Verdict {
        let row = Row {
            scenario: "talk",
            spoken: Spoken::Any,
            first: first.to_owned(),
            second: "peer".to_owned(),
            passed: 1,
            failures: if failed { vec![(1, "no".to_owned())] } else { Vec::new() },
            known: known.then(|| Known { reason: "it forgets".to_owned(), sometimes }),
        };
        row.verdict()
    }

    #[test]
    fn only_a_failure_that_is_listed_is_explained() {
        assert_eq!(verdict("otr", false, false), Verdict::Passed);
        assert_eq!(verdict("otr", true, false), Verdict::Failed);
        assert_eq!(verdict("otr", true, true), Verdict::Explained);
        assert_eq!(verdict("otr", false, true), Verdict::Stale);
        assert_eq!(verdict("peer", true, true), Verdict::Explained);
        assert_eq!(verdict("peer", false, true), Verdict::Unconfirmed);
        for first in ["otr", "peer"] {
            assert_eq!(of(first, false, true, true), Verdict::Passed);
            assert_eq!(of(first, true, true, true), Verdict::Explained);
        }
    }
}
