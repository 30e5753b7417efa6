//! Files are read whole, and taken for what their contents say they are.

use std::path::{Path, PathBuf};

use otr_store::ForeignFile;
use zeroize::Zeroizing;

use crate::found::{Found, Problem};
use crate::kind::Kind;
use crate::{Places, Program, chatsecure, coyim, jitsi, libotr, ofcaes, places, potr, private};

/// How files are read.
#[derive(Default)]
pub struct Reading<'a> {
    /// The program whose files they are, if that is known: it helps where a file does not name the account.
    pub program: Option<Program>,
    /// Where programs keep their files, for those that spread an account over several places (Gajim).
    pub places: Option<&'a Places>,
    /// For files that are encrypted.
    pub passphrase: Option<Zeroizing<String>>,
    /// Read private keys even from files that other users of this machine can read.
    pub accept_exposed: bool,
}

impl std::fmt::Debug for Reading<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reading").field("program", &self.program).finish_non_exhaustive()
    }
}

/// Reads `files` and puts together what they hold. Whatever is wrong with one of them, or with a record, becomes a
/// [`Problem`] and hides nothing else. Files that are not there are passed over.
pub fn read(files: &[PathBuf], how: &Reading<'_>) -> Found {
    let mut found = Found::default();
    for path in files {
        if let Err(problem) = read_file(path, how, &mut found) {
            found.problems.push(problem);
        }
    }
    found
}

/// The files in `directory` that are in a format that is known here, whatever they are called. Copies that programs keep
/// of an older state or of a damaged file, `NAME.previous`, `NAME.replaced` and `NAME.damaged` with or without a number,
/// are none: what is in them was overruled. Named alone, they are read like any other.
pub fn files_in(directory: &Path) -> Vec<PathBuf> {
    let is_known = |path: &PathBuf| {
        let is_copy = path.file_name().and_then(|name| name.to_str()).is_some_and(otr_store::is_copy);
        let file = ForeignFile::read(path).ok().flatten().filter(|_| !is_copy);
        file.is_some_and(|file| !matches!(Kind::of(file.bytes()), Kind::Empty | Kind::Unknown))
    };
    places::entries(directory).into_iter().filter(is_known).collect()
}

fn read_file(path: &Path, how: &Reading<'_>, found: &mut Found) -> Result<(), Problem> {
    let Some(file) = ForeignFile::read(path)? else { return Ok(()) };
    found.files.push(path.to_owned());
    let kind = Kind::of(file.bytes());
    if kind.is_secret() && !how.accept_exposed {
        private::check(&file)?;
    }
    match kind {
        Kind::Encrypted => match &how.passphrase {
            None => found.locked.push(path.to_owned()),
            Some(passphrase) => chatsecure::read(&ofcaes::decrypt(&file, passphrase)?, found)?,
        },
        Kind::PrivateKeys => libotr::private_keys(&file, found)?,
        Kind::Fingerprints => libotr::fingerprints(&file, found)?,
        Kind::InstanceTags => libotr::instance_tags(&file, found)?,
        Kind::Potr => potr::read(&file, how, found)?,
        Kind::Jitsi => jitsi::read(&file, found)?,
        Kind::ChatSecure => chatsecure::read(&file, found)?,
        Kind::CoyIm => coyim::read(&file, found)?,
        Kind::CoyImEncrypted => {
            return Err(file
                .damaged(0, "CoyIM has encrypted this; turn that off in its preferences, then import")
                .into());
        }
        Kind::Empty => {}
        Kind::Unknown => return Err(file.damaged(0, "this is in no format of keys that is known here").into()),
    }
    Ok(())
}
