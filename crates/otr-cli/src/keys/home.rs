//! Where keys are kept.

use std::path::PathBuf;

use otr_store::Store;
use tempfile::TempDir;

use crate::args::default_home;
use crate::error::Error;
use crate::passphrase::Unlocking;

/// The directory.
#[derive(Debug, clap::Args)]
pub(super) struct Home {
    /// The directory for keys, fingerprints and instance tags, made if missing; by default "otr" in the user's data
    /// directory
    #[arg(long, value_name = "DIR", global = true)]
    home: Option<PathBuf>,
    #[command(flatten)]
    pub(super) unlocking: Unlocking,
}

impl Home {
    /// The store, unlocked if it is encrypted.
    pub(super) fn open(&self) -> Result<Store, Error> {
        self.unlocking.open(&self.directory()?)
    }

    /// The same to look at only: where there is none yet, an empty one elsewhere, which goes with what is returned beside.
    pub(super) fn look(&self) -> Result<(Store, Option<TempDir>), Error> {
        if self.directory()?.exists() {
            return Ok((self.open()?, None));
        }
        let elsewhere = tempfile::tempdir().map_err(|error| Error::Start(error.kind()))?;
        Ok((Store::open(elsewhere.path())?, Some(elsewhere)))
    }

    /// The store, locked if it is encrypted.
    pub(super) fn open_as_it_is(&self) -> Result<Store, Error> {
        Ok(Store::open(self.directory()?)?)
    }

    fn directory(&self) -> Result<PathBuf, Error> {
        self.home.clone().map_or_else(default_home, Ok)
    }
}
