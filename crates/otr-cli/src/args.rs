//! Arguments that several commands take.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use otr_session::{MAX_NAME, Policy};
use otr_store::Store;
use otr_wire::{FRAGMENT_OVERHEAD_V3, Version, Versions};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::passphrase::Unlocking;

/// The versions that this program offers.
pub(crate) const AVAILABLE: Versions = Versions::ALL;

/// The one version of an account that speaks the Curve25519 suite from the start, with others that do the same.
const SUITE_ALONE: Versions = Versions::only(Version::Curve25519);

/// Where keys are kept.
#[derive(Debug, clap::Args)]
pub(crate) struct Place {
    /// The directory for keys, fingerprints and instance tags, made if missing; by default "otr" in the user's data
    /// directory
    #[arg(long, value_name = "DIR", conflicts_with = "ephemeral")]
    home: Option<PathBuf>,
    /// Use a fresh key and touch no disk; everything is forgotten at the end
    #[arg(long)]
    ephemeral: bool,
    #[command(flatten)]
    unlocking: Unlocking,
}

impl Place {
    /// The directory, or `None` where nothing is to be kept.
    ///
    /// The default follows the XDG Base Directory specification: `$XDG_DATA_HOME`, which counts only if it is absolute,
    /// or `~/.local/share`.
    pub(crate) fn directory(&self) -> Result<Option<PathBuf>, Error> {
        self.directory_or(None)
    }

    /// The same; `configured` stands between what was said here and the default.
    pub(crate) fn directory_or(&self, configured: Option<PathBuf>) -> Result<Option<PathBuf>, Error> {
        if self.ephemeral {
            return Ok(None);
        }
        if let Some(home) = self.home.clone().or(configured) {
            return Ok(Some(home));
        }
        default_home().map(Some)
    }

    /// The store in the directory that [`directory`](Self::directory) gave, unlocked if it is encrypted.
    pub(crate) fn open(&self, directory: Option<&Path>) -> Result<Option<Store>, Error> {
        directory.map(|directory| self.unlocking.open(directory)).transpose()
    }
}

/// The directory for keys where none is named.
pub(crate) fn default_home() -> Result<PathBuf, Error> {
    let data = user_directory("XDG_DATA_HOME").or_else(|| Some(user_directory("HOME")?.join(".local/share")));
    Ok(data.ok_or(Error::NoHome)?.join("otr"))
}

/// A directory that an environment variable names, which counts only if it is absolute.
pub(crate) fn user_directory(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute())
}

/// Which suites of primitives are used.
#[derive(Debug, clap::Args)]
pub(crate) struct Suites {
    /// Stay in version 3; otherwise private conversations move over to the Curve25519 suite by themselves when the other
    /// program has it, too
    #[arg(long)]
    no_curve25519: bool,
}

/// Whether an account has the Curve25519 suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Curve25519 {
    On,
    Off,
}

impl Suites {
    /// Whether an account that speaks `versions` has the suite.
    pub(crate) fn curve25519(&self, versions: Versions) -> Result<Curve25519, Error> {
        match self.no_curve25519 {
            false => Ok(Curve25519::On),
            true if versions == SUITE_ALONE => Err(Error::NoVersionLeft),
            true => Ok(Curve25519::Off),
        }
    }
}

/// A policy by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PolicyName {
    /// OTR is off
    Never,
    /// Private when either side asks for it
    Manual,
    /// Offer it, and start when the other side offers it
    Opportunistic,
    /// Send nothing in clear
    Always,
}

impl PolicyName {
    /// The name of a policy, if it is one of those that have a name.
    pub(crate) fn of(policy: Policy) -> Option<Self> {
        Self::value_variants().iter().copied().find(|&name| Policy::from(name) == policy)
    }
}

impl From<PolicyName> for Policy {
    fn from(name: PolicyName) -> Self {
        match name {
            PolicyName::Never => Self::NEVER,
            PolicyName::Manual => Self::MANUAL,
            PolicyName::Opportunistic => Self::OPPORTUNISTIC,
            PolicyName::Always => Self::ALWAYS,
        }
    }
}

/// Why a list of versions is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidVersions {
    /// It names none.
    #[error("no version is named; available: {}", list(AVAILABLE))]
    Empty,
    /// It names one that is not spoken here.
    #[error("version {0} is not available; available: {available}, or 25519 alone", available = list(AVAILABLE))]
    NotAvailable(String),
    /// It names the Curve25519 suite beside others.
    #[error("25519 stands alone: conversations of version 3 move over to it by themselves")]
    NotAlone,
}

/// The versions of a list such as `2,3`, or `25519` alone.
pub(crate) fn parse_versions(text: &str) -> Result<Versions, InvalidVersions> {
    versions(text.split(',').map(str::trim).filter(|name| !name.is_empty()))
}

/// The versions with these numbers.
pub(crate) fn versions<T: ToString>(numbers: impl IntoIterator<Item = T>) -> Result<Versions, InvalidVersions> {
    let mut chosen = Versions::NONE;
    for number in numbers {
        let number = number.to_string();
        let mut available = AVAILABLE.iter().chain([Version::Curve25519]);
        let version = available.find(|version| version.number().to_string() == number);
        chosen = chosen.with(version.ok_or(InvalidVersions::NotAvailable(number))?);
    }
    match chosen {
        Versions::NONE => Err(InvalidVersions::Empty),
        chosen if chosen.contains(Version::Curve25519) && chosen != SUITE_ALONE => Err(InvalidVersions::NotAlone),
        chosen => Ok(chosen),
    }
}

fn list(versions: Versions) -> String {
    versions.iter().map(|version| version.number().to_string()).collect::<Vec<_>>().join(",")
}

/// A message size in bytes; 0 for no limit.
pub(crate) fn parse_message_size(text: &str) -> Result<usize, String> {
    let size: usize = text.parse().map_err(|_| "not a number of bytes".to_owned())?;
    if (1..=FRAGMENT_OVERHEAD_V3).contains(&size) {
        return Err(format!(
            "a fragment needs {FRAGMENT_OVERHEAD_V3} bytes besides its piece; use more, or 0 for no limit"
        ));
    }
    Ok(size)
}

/// Whether `name` can be that of an account or a contact: 1 to [`MAX_NAME`] bytes without control characters.
pub(crate) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= MAX_NAME && !name.contains(char::is_control)
}

/// A name of an account or a contact.
pub(crate) fn parse_name(name: &str) -> Result<String, String> {
    let refused = || format!("a name is 1 to {MAX_NAME} bytes without control characters");
    is_name(name).then(|| name.to_owned()).ok_or_else(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_those_available() {
        assert_eq!(parse_versions("2,3"), Ok(AVAILABLE));
        assert_eq!(parse_versions(" 3 , 3 "), Ok(Versions::only(Version::Three)));
        let one = parse_versions("1").unwrap_err();
        assert_eq!(one.to_string(), "version 1 is not available; available: 2,3, or 25519 alone");
        assert_eq!(parse_versions("2,4"), Err(InvalidVersions::NotAvailable("4".to_owned())));
        assert_eq!(parse_versions(","), Err(InvalidVersions::Empty));
    }

    #[test]
    fn the_suite_stands_alone() {
        assert_eq!(parse_versions("25519"), Ok(SUITE_ALONE));
        assert_eq!(versions([25519]), Ok(SUITE_ALONE));
        for list in ["3,25519", "25519,2", "2,3,25519"] {
            assert_eq!(parse_versions(list), Err(InvalidVersions::NotAlone));
        }
        assert_eq!(parse_versions("9"), Err(InvalidVersions::NotAvailable("9".to_owned())), "that is its query digit");
        let off = Suites { no_curve25519: true };
        assert_eq!(off.curve25519(AVAILABLE).unwrap(), Curve25519::Off);
        assert!(matches!(off.curve25519(SUITE_ALONE), Err(Error::NoVersionLeft)));
    }

    #[test]
    fn message_sizes_leave_room_for_a_piece() {
        assert_eq!(parse_message_size("0"), Ok(0));
        assert!(parse_message_size("36").is_err());
        assert_eq!(parse_message_size("37"), Ok(37));
        assert!(parse_message_size("-1").is_err());
    }
}
