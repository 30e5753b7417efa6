//! Where programs keep their files.

use std::fs;
use std::path::{Path, PathBuf};

/// The most entries of a directory that are looked at.
const MAX_ENTRIES: usize = 1000;

/// The directories of one user. Those that are not known are not searched.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// The home directory.
    pub home: Option<PathBuf>,
    /// For data of programs: `$XDG_DATA_HOME`, or `~/.local/share`.
    pub data: Option<PathBuf>,
    /// For settings: `$XDG_CONFIG_HOME`, or `~/.config`.
    pub config: Option<PathBuf>,
    /// `%APPDATA%`, on Windows.
    pub roaming: Option<PathBuf>,
    /// The root of the system, for programs that serve several users (BitlBee). What is there may be somebody else's.
    pub system: Option<PathBuf>,
}

impl Places {
    /// Those below a home directory, as they are when the user has set none otherwise.
    pub fn below(home: impl Into<PathBuf>) -> Self {
        let home = home.into();
        Self {
            data: Some(home.join(".local/share")),
            config: Some(home.join(".config")),
            roaming: None,
            system: None,
            home: Some(home),
        }
    }
}

/// Where a path begins.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Base {
    Home,
    Data,
    Config,
    Roaming,
    System,
}

/// A directory, whose path may have the component `*` for any directory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pattern(pub(crate) Base, pub(crate) &'static str);

impl Pattern {
    /// The directories that there are, sorted.
    pub(crate) fn directories(self, places: &Places) -> Vec<PathBuf> {
        let base = match self.0 {
            Base::Home => places.home.as_deref(),
            Base::Data => places.data.as_deref(),
            Base::Config => places.config.as_deref(),
            Base::Roaming => places.roaming.as_deref(),
            Base::System => places.system.as_deref(),
        };
        let mut found: Vec<PathBuf> = base.map(Path::to_owned).into_iter().collect();
        for part in self.1.split('/') {
            found = match part {
                "*" => found.iter().flat_map(|directory| entries(directory)).collect(),
                name => found.iter().map(|directory| directory.join(name)).collect(),
            };
            found.retain(|path| path.is_dir());
        }
        found
    }

    /// The directory that would be made where there is none, if that can be told.
    pub(crate) fn default_directory(self, places: &Places) -> Option<PathBuf> {
        let base = match self.0 {
            Base::Home => places.home.as_deref()?,
            Base::Data => places.data.as_deref()?,
            Base::Config => places.config.as_deref()?,
            Base::Roaming | Base::System => return None,
        };
        (!self.1.contains('*')).then(|| base.join(self.1))
    }
}

/// What is in a directory, sorted by name.
pub(crate) fn entries(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.take(MAX_ENTRIES).flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}
