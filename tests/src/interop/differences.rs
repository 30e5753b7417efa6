//! What is known of a peer that does not do as the scenarios ask.
//!
//! Each peer may have a file `tests/peers/NAME/differences.toml`:
//!
//! ```toml
//! [[difference]]
//! scenarios = ["restart"]
//! version = 2             # optional: in this version only
//! starts = "peer"         # optional: only where the peer begins; or "otr"
//! reason = "its driver keeps no keys"
//! sometimes = true        # optional: not every run shows it
//! not-alone = "why two of the peer do not show it"   # optional
//! ```
//!
//! A peer that takes long may be played less often than the others:
//!
//! ```toml
//! [share]
//! one-in = 5
//! reason = "a key exchange takes it half a second"
//! ```
//!
//! What is listed is played all the same. It is explained where it fails, and the scenario is played between two of
//! the peer as well, where it has to fail, too: then it cannot be our doing. Where nothing fails the list is wrong,
//! which is an error, unless the difference shows by chance only.

use std::io;
use std::num::NonZeroU32;
use std::path::Path;

use serde::Deserialize;

use super::{SCENARIOS, Spoken};

/// What a peer's file says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Differences {
    /// How much less often it is played.
    pub share: Option<Share>,
    /// Where it does not do as the scenarios ask.
    #[serde(default, rename = "difference")]
    pub list: Vec<Difference>,
}

/// How much less often a peer is played.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Share {
    /// One in so many runs is played, and one at least.
    pub one_in: NonZeroU32,
    /// What takes so long.
    pub reason: String,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Difference {
    /// The scenarios that show it.
    pub scenarios: Vec<String>,
    /// The only version that shows it.
    pub version: Option<u16>,
    /// Who has to begin for it to show.
    pub starts: Option<Starts>,
    /// What the peer does.
    pub reason: String,
    /// Whether it takes luck to see it, so that runs without it prove nothing.
    #[serde(default)]
    pub sometimes: bool,
    /// Why two of the peer do not show it.
    pub not_alone: Option<String>,
}

/// Who begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Starts {
    /// `otr engine` does.
    Otr,
    /// The peer does.
    Peer,
}

/// Why a list cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// It is there but cannot be read.
    #[error("{file}: {source}")]
    Read {
        /// Its path.
        file: String,
        /// Why not.
        source: io::Error,
    },
    /// It is not what it should be.
    #[error("{file}: {reason}")]
    Wrong {
        /// Its path.
        file: String,
        /// In what.
        reason: String,
    },
}

impl Differences {
    /// Those of the peer `name`; without a file there are none.
    ///
    /// # Errors
    ///
    /// When there is a file that is not such a list.
    pub fn of(name: &str) -> Result<Self, ListError> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers").join(name).join("differences.toml");
        let file = format!("tests/peers/{name}/differences.toml");
        match std::fs::read_to_string(path) {
            Ok(text) => parse(&text).map_err(|reason| ListError::Wrong { file, reason }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(ListError::Read { file, source }),
        }
    }
}

impl Difference {
    /// Whether it is about this row. `starts` is `None` between two of the peer, which begin and answer both.
    #[must_use]
    pub fn covers(&self, scenario: &str, spoken: Spoken, starts: Option<Starts>) -> bool {
        let in_version = match (self.version, spoken) {
            (None, _) => true,
            (Some(version), Spoken::Only(spoken)) => version == spoken,
            (Some(_), Spoken::Any) => false,
        };
        let by = self.starts.is_none_or(|wanted| starts.is_none_or(|starts| starts == wanted));
        in_version && by && self.scenarios.iter().any(|name| name == scenario)
    }
}

fn parse(text: &str) -> Result<Differences, String> {
    let differences: Differences = toml::from_str(text).map_err(|error| error.to_string())?;
    if differences.share.as_ref().is_some_and(|share| share.reason.trim().is_empty()) {
        return Err("a share without a reason".to_owned());
    }
    for difference in &differences.list {
        if difference.reason.trim().is_empty() || difference.scenarios.is_empty() {
            return Err("a difference without a reason or without scenarios".to_owned());
        }
        for name in &difference.scenarios {
            if !SCENARIOS.iter().any(|scenario| scenario.name == name) {
                return Err(format!("there is no scenario {name}"));
            }
        }
    }
    Ok(differences)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_says_where_a_difference_shows() {
        let list = parse(
            r#"[[difference]]
               scenarios = ["refresh", "talk"]
               version = 2
               starts = "peer"
               reason = "it forgets""#,
        )
        .unwrap();
        let [difference] = list.list.as_slice() else { panic!("{list:?}") };
        let covers = |scenario, version, starts| difference.covers(scenario, version, starts);
        assert!(covers("talk", Spoken::Only(2), Some(Starts::Peer)));
        assert!(covers("refresh", Spoken::Only(2), None));
        assert!(!covers("exchange", Spoken::Only(2), Some(Starts::Peer)));
        assert!(!covers("talk", Spoken::Only(3), Some(Starts::Peer)));
        assert!(!covers("talk", Spoken::Only(2), Some(Starts::Otr)));
        assert!(!covers("talk", Spoken::Any, Some(Starts::Peer)));
    }

    #[test]
    fn a_list_that_names_nothing_is_refused() {
        assert_eq!(parse("").unwrap(), Differences::default());
        for wrong in [
            "[[difference]]\nscenarios = [\"talk\"]\nreason = \" \"",
            "[[difference]]\nscenarios = []\nreason = \"it forgets\"",
            "[[difference]]\nscenarios = [\"no such\"]\nreason = \"it forgets\"",
            "[[difference]]\nscenario = [\"talk\"]\nreason = \"it forgets\"",
            "[[differences]]\nscenarios = [\"talk\"]\nreason = \"it forgets\"",
            "[share]\none-in = 0\nreason = \"it is slow\"",
            "[share]\none-in = 5\nreason = \" \"",
            "[share]\none-in = 5",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_list_may_say_how_often_the_peer_is_played() {
        let share = parse("[share]\none-in = 5\nreason = \"it is slow\"").unwrap().share.unwrap();
        assert_eq!((share.one_in.get(), share.reason.as_str()), (5, "it is slow"));
    }

    #[test]
    fn every_peer_has_a_list_that_can_be_read() {
        for name in super::super::Programs::peer_names() {
            Differences::of(&name).unwrap();
        }
    }
}
