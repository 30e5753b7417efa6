//! The passphrase of keys that are encrypted: from a file, from the environment, or typed. It is never an argument: those
//! can be seen by every user of the machine.

use std::fs::File;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use otr_store::{Passphrase, Store};
use zeroize::Zeroizing;

use crate::accounts::{Password, PasswordProblem};
use crate::error::Error as ProgramError;

/// The environment variable for it.
const VARIABLE: &str = "OTR_PASSPHRASE";

/// What the user said about where it comes from.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Unlocking {
    /// A file whose first line is the passphrase of keys that are encrypted; otherwise it is in the environment variable
    /// OTR_PASSPHRASE, or it is asked for
    #[arg(long, value_name = "FILE", global = true)]
    passphrase_file: Option<PathBuf>,
}

/// Where a passphrase comes from.
#[derive(Debug)]
pub(crate) struct Source<'a> {
    /// The argument that names the file.
    pub(crate) argument: &'static str,
    /// The file, if it was named.
    pub(crate) file: Option<&'a Path>,
    /// The environment variable where it was not.
    pub(crate) variable: &'static str,
    /// What is asked where there is neither.
    pub(crate) prompt: String,
}

/// Why there is no passphrase.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(
        "the passphrase cannot be asked for, as there is no terminal; use {argument} or the environment variable {variable}"
    )]
    NoTerminal { argument: &'static str, variable: &'static str },
    #[error("no passphrase was typed: {0}")]
    NotTyped(io::ErrorKind),
    #[error("cannot read the passphrase from {}: {kind}", .path.display())]
    File { path: PathBuf, kind: io::ErrorKind },
    #[error("the passphrase from {from} cannot be used: {problem}")]
    Unusable { from: String, problem: PasswordProblem },
    #[error("what was typed the second time is another passphrase; nothing was changed")]
    Different,
}

impl Unlocking {
    /// The store in `directory`, unlocked if it is encrypted.
    pub(crate) fn open(&self, directory: &Path) -> Result<Store, ProgramError> {
        let mut store = Store::open(directory)?;
        if store.is_encrypted() {
            let passphrase = self.source(format!("Passphrase of the keys in {}: ", directory.display())).read()?;
            store.unlock(&passphrase)?;
        }
        Ok(store)
    }

    /// Where the passphrase comes from.
    pub(crate) fn source(&self, prompt: String) -> Source<'_> {
        Source { argument: "--passphrase-file", file: self.passphrase_file.as_deref(), variable: VARIABLE, prompt }
    }
}

impl Source<'_> {
    /// One that is set already.
    pub(crate) fn read(&self) -> Result<Passphrase, ProgramError> {
        let text = match self.given()? {
            Some(given) => given,
            None => typed(&self.prompt)?,
        };
        Ok(Passphrase::new(text)?)
    }

    /// A new one, which has to be typed twice.
    pub(crate) fn read_new(&self) -> Result<Passphrase, ProgramError> {
        let text = match self.given()? {
            Some(given) => given,
            None => {
                let first = typed(&self.prompt)?;
                if typed("Once more: ")? != first {
                    return Err(Error::Different.into());
                }
                first
            }
        };
        Ok(Passphrase::new(text)?)
    }

    /// From the file or the environment; `None` if it has to be typed.
    fn given(&self) -> Result<Option<Zeroizing<String>>, Error> {
        if let Some(path) = self.file {
            let file = File::open(path).map_err(|error| Error::File { path: path.to_owned(), kind: error.kind() })?;
            let unusable = |problem| Error::Unusable { from: path.display().to_string(), problem };
            return Password::first_line(file).map(|line| Some(copy(&line))).map_err(unusable);
        }
        if let Some(value) = std::env::var_os(self.variable) {
            let unusable = |_| Error::Unusable { from: self.variable.to_owned(), problem: PasswordProblem::NotUtf8 };
            return value.into_string().map(|value| Some(Zeroizing::new(value))).map_err(unusable);
        }
        if io::stdin().is_terminal() {
            return Ok(None);
        }
        Err(Error::NoTerminal { argument: self.argument, variable: self.variable })
    }
}

/// What the user types, which is not shown.
pub(crate) fn typed(prompt: &str) -> Result<Zeroizing<String>, Error> {
    rpassword::prompt_password(prompt).map(Zeroizing::new).map_err(|error| Error::NotTyped(error.kind()))
}

fn copy(line: &Password) -> Zeroizing<String> {
    Zeroizing::new(line.reveal().to_owned())
}
