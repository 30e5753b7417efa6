//! The programs: what their files are called and where they are.

mod table;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::places::{self, Pattern, Places};
use table::TABLE;

pub(crate) use table::LIBOTR;

/// A program whose keys can be taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Program {
    /// Pidgin, Finch and others on libpurple, with pidgin-otr.
    Pidgin,
    /// Adium.
    Adium,
    /// irssi, with its OTR plugin or the built-in module.
    Irssi,
    /// HexChat, with hexchat-otr.
    HexChat,
    /// XChat, with xchat-otr.
    XChat,
    /// Profanity.
    Profanity,
    /// MCabber.
    MCabber,
    /// BitlBee.
    BitlBee,
    /// Psi, with its OTR plugin.
    Psi,
    /// Psi+.
    PsiPlus,
    /// Kopete.
    Kopete,
    /// Thunderbird's chat.
    Thunderbird,
    /// Tor Messenger.
    TorMessenger,
    /// WeeChat, with weechat-otr.
    WeeChat,
    /// Gajim, with its OTR plugin.
    Gajim,
    /// Jitsi.
    Jitsi,
    /// ChatSecure for Android, and KeySync's files for it.
    ChatSecure,
    /// CoyIM.
    CoyIm,
}

/// The names of libotr's three files.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Names {
    pub(crate) keys: &'static str,
    pub(crate) fingerprints: &'static str,
    pub(crate) instance_tags: Option<&'static str>,
}

/// What files a program has in its directory.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Layout {
    /// libotr's three files.
    Files(Names),
    /// libotr's three files for each account, of any name with these endings.
    PerAccount(Names),
    /// potr's two files for each account.
    Potr,
    /// Files in a format of their own.
    Own(&'static [&'static str]),
}

/// A line of the table.
pub(crate) struct Entry {
    pub(crate) program: Program,
    pub(crate) name: &'static str,
    pub(crate) layout: Layout,
    pub(crate) places: &'static [Pattern],
}

impl Program {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|entry| entry.program)
    }

    /// The name by which a user chooses it, in small letters.
    pub fn name(self) -> &'static str {
        self.entry().map_or("", |entry| entry.name)
    }

    /// The files of this program that there are, wherever it keeps them.
    pub fn files(self, places: &Places) -> Vec<PathBuf> {
        let Some(entry) = self.entry() else { return Vec::new() };
        let directories = entry.places.iter().flat_map(|place| place.directories(places));
        directories.flat_map(|directory| entry.layout.files(&directory)).collect()
    }

    /// The files in `directory` that would be this program's.
    pub fn files_in(self, directory: &Path) -> Vec<PathBuf> {
        self.entry().map_or_else(Vec::new, |entry| entry.layout.files(directory))
    }

    pub(crate) fn entry(self) -> Option<&'static Entry> {
        TABLE.iter().find(|entry| entry.program == self)
    }
}

impl Layout {
    fn files(self, directory: &Path) -> Vec<PathBuf> {
        let fixed =
            |names: &[&str]| names.iter().map(|name| directory.join(name)).filter(|path| path.exists()).collect();
        let ending = |endings: &[&str]| {
            let has_one = |path: &PathBuf| {
                let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                endings.iter().any(|ending| name.len() > ending.len() && name.ends_with(ending))
            };
            places::entries(directory).into_iter().filter(has_one).collect()
        };
        match self {
            Self::Files(names) => fixed(&names.all()),
            Self::PerAccount(names) => ending(&names.all()),
            Self::Potr => ending(&[".key3", ".fpr"]),
            Self::Own(names) => fixed(names),
        }
    }
}

impl Names {
    fn all(self) -> Vec<&'static str> {
        [self.keys, self.fingerprints].into_iter().chain(self.instance_tags).collect()
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// There is no such program here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is none of the programs whose keys can be taken over")]
pub struct UnknownProgram;

impl FromStr for Program {
    type Err = UnknownProgram;

    fn from_str(name: &str) -> Result<Self, UnknownProgram> {
        let aliases =
            [("finch", Self::Pidgin), ("libpurple", Self::Pidgin), ("purple", Self::Pidgin), ("psi+", Self::PsiPlus)];
        let named = TABLE.iter().find(|entry| entry.name == name).map(|entry| entry.program);
        let alias = || aliases.iter().find(|(alias, _)| *alias == name).map(|(_, program)| *program);
        named.or_else(alias).ok_or(UnknownProgram)
    }
}
