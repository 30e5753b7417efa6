//! Which versions of the protocol two programs are held to.

use std::fmt;

/// What the programs of a row may speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spoken {
    /// One version: both programs are started with it alone.
    Only(u16),
    /// Every version they have. The scenario chooses.
    Any,
}

/// In which versions a scenario is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Versions {
    /// Once in every version that both programs have.
    Each,
    /// In this version alone: no other has what the scenario is about.
    Only(u16),
    /// Once, with programs that may speak every version they have.
    Any,
}

impl Versions {
    /// What to play between programs that have `common` between them. Empty if they cannot play it.
    #[must_use]
    pub fn to_play(self, common: &[u16]) -> Vec<Spoken> {
        match self {
            Self::Each => common.iter().copied().map(Spoken::Only).collect(),
            Self::Only(version) if common.contains(&version) => vec![Spoken::Only(version)],
            Self::Only(_) => Vec::new(),
            Self::Any => vec![Spoken::Any],
        }
    }
}

impl fmt::Display for Spoken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Only(version) => f.pad(&version.to_string()),
            Self::Any => f.pad("any"),
        }
    }
}

/// The versions in both lists, as the first has them.
#[must_use]
pub(crate) fn common(ours: &[u16], theirs: &[u16]) -> Vec<u16> {
    ours.iter().copied().filter(|version| theirs.contains(version)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_is_played_where_both_sides_can() {
        let both = common(&[2, 3], &[3, 2]);
        assert_eq!(Versions::Each.to_play(&both), [Spoken::Only(2), Spoken::Only(3)]);
        assert_eq!(Versions::Only(3).to_play(&both), [Spoken::Only(3)]);
        assert_eq!(Versions::Any.to_play(&both), [Spoken::Any]);

        let none = common(&[3], &[2]);
        assert_eq!(Versions::Each.to_play(&none), []);
        assert_eq!(Versions::Only(3).to_play(&common(&[2, 3], &[2])), []);
        // That nothing comes of it has to be seen, too.
        assert_eq!(Versions::Any.to_play(&none), [Spoken::Any]);
    }
}
