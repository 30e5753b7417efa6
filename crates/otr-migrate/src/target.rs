//! Where an export goes: the files of a program, and what it calls the account.

mod error;
mod names;

use std::path::{Path, PathBuf};

use crate::Places;
use crate::found::Name;
use crate::naming::Network;
use crate::program::{LIBOTR, Layout, Names, Program};
use names::{file_name, file_stem, their_name};

pub use error::ExportError;

/// What the user says of the other program.
#[derive(Debug, Clone, Default)]
pub struct Destination<'a> {
    /// The program, or `None` for libotr's own file names.
    pub program: Option<Program>,
    /// The directory, if not where the program keeps its files.
    pub directory: Option<&'a Path>,
    /// What the program calls the account, where that cannot be told.
    pub account: Option<&'a str>,
}

/// Files of one account of one program.
#[derive(Debug)]
pub struct Target {
    program: Option<Program>,
    layout: Layout,
    directory: PathBuf,
    /// For programs with files for each account: what stands before the ending.
    stem: String,
    /// What the program calls the account.
    name: Name,
}

impl Target {
    /// The files of the account `ours`, wherever `to` says. Makes no directory and no file.
    ///
    /// # Errors
    ///
    /// All of [`ExportError`] but [`ExportError::OtherKey`] and [`ExportError::Directory`].
    pub fn find(ours: &Name, to: &Destination<'_>, places: &Places) -> Result<Self, ExportError> {
        let layout = match to.program {
            None => Layout::Files(LIBOTR),
            Some(program) => check(program, ours)?,
        };
        let directory = match (to.directory, to.program) {
            (Some(directory), _) => directory.to_owned(),
            (None, Some(program)) => find_directory(program, ours, places)?,
            (None, None) => return Err(ExportError::NoDirectory),
        };
        let name = match to.program {
            None => Name { account: to.account.unwrap_or(&ours.account).to_owned(), protocol: ours.protocol.clone() },
            Some(program) => their_name(program, ours, to.account, &directory)?,
        };
        let stem = match to.program {
            Some(program) => file_stem(program, ours, &name, to.account, &directory, places)?,
            None => String::new(),
        };
        Ok(Self { program: to.program, layout, directory, stem, name })
    }

    /// Makes the directory, for its owner alone, if it is not there.
    ///
    /// # Errors
    ///
    /// [`ExportError::Directory`].
    pub fn make_directory(&self) -> Result<(), ExportError> {
        if self.directory.is_dir() {
            return Ok(());
        }
        make_private(&self.directory)
            .map_err(|error| ExportError::Directory { directory: self.directory.clone(), kind: error.kind() })
    }

    /// What the program calls the account.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// The directory of the files.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    pub(crate) fn is_potr(&self) -> bool {
        matches!(self.layout, Layout::Potr)
    }

    /// What the program calls a contact: WeeChat adds the server.
    pub(crate) fn contact(&self, contact: &str) -> String {
        match (self.program, self.name.account.split_once('@')) {
            (Some(Program::WeeChat), Some((_, server))) => format!("{contact}@{server}"),
            _ => contact.to_owned(),
        }
    }

    pub(crate) fn keys(&self) -> PathBuf {
        self.path(".key3", |names| Some(names.keys)).unwrap_or_default()
    }

    pub(crate) fn fingerprints(&self) -> PathBuf {
        self.path(".fpr", |names| Some(names.fingerprints)).unwrap_or_default()
    }

    pub(crate) fn instance_tags(&self) -> Option<PathBuf> {
        if self.is_potr() { None } else { self.path("", |names| names.instance_tags) }
    }

    fn path(&self, potr: &str, choose: impl Fn(&Names) -> Option<&'static str>) -> Option<PathBuf> {
        let name = match &self.layout {
            Layout::Files(names) => choose(names)?.to_owned(),
            Layout::PerAccount(names) => format!("{}{}", self.stem, choose(names)?),
            Layout::Potr => format!("{}{potr}", self.stem),
            Layout::Own(_) => return None,
        };
        Some(self.directory.join(name))
    }
}

/// The layout of a program that is written for, if it speaks the protocol of the account.
fn check(program: Program, ours: &Name) -> Result<Layout, ExportError> {
    let speaks: &[Network] = match program {
        Program::Pidgin => &[Network::Xmpp, Network::Irc, Network::Other],
        Program::Irssi | Program::HexChat | Program::XChat | Program::WeeChat => &[Network::Irc],
        Program::Profanity | Program::MCabber | Program::BitlBee | Program::Gajim => &[Network::Xmpp],
        _ => return Err(ExportError::NotSupported(program)),
    };
    if !speaks.contains(&Network::of(&ours.protocol)) {
        return Err(ExportError::WrongNetwork { program, protocol: ours.protocol.clone() });
    }
    program.entry().map(|entry| entry.layout).ok_or(ExportError::NotSupported(program))
}

/// Where the program keeps its files; of several places the one that there is.
fn find_directory(program: Program, ours: &Name, places: &Places) -> Result<PathBuf, ExportError> {
    let patterns = program.entry().map_or(&[][..], |entry| entry.places);
    if program == Program::Profanity {
        // A directory for each account, named after it.
        let name = ours.account.replace('@', "_at_");
        let data = places.data.as_ref().ok_or(ExportError::WhichDirectory { program, found: 0 })?;
        return Ok(data.join("profanity/otr").join(file_name(&name)?));
    }
    let there: Vec<PathBuf> = patterns.iter().flat_map(|pattern| pattern.directories(places)).collect();
    match there.as_slice() {
        [one] => Ok(one.clone()),
        [] => {
            // Made if the program itself has been here.
            let mut possible = patterns.iter().filter_map(|pattern| pattern.default_directory(places));
            let made = possible
                .find(|path| path.parent().is_some_and(Path::is_dir) && Some(path.as_path()) != places.home.as_deref());
            made.ok_or(ExportError::WhichDirectory { program, found: 0 })
        }
        several => Err(ExportError::WhichDirectory { program, found: several.len() }),
    }
}

#[cfg(unix)]
fn make_private(directory: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

#[cfg(not(unix))]
fn make_private(directory: &Path) -> std::io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).create(directory)
}
