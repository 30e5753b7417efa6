//! `otr keys encrypt`, `otr keys decrypt` and `otr keys passphrase`: keys and trust at rest, with a passphrase (attack rule
//! FILE-12). What a Matrix account keeps beside them, `matrix.USER` with its access token, stays in the clear.

use std::path::PathBuf;

use otr_store::WorkFactor;

use super::Error;
use super::home::Home;
use crate::error::Error as ProgramError;
use crate::passphrase::Source;
use crate::readable::one_line;

/// The arguments of `otr keys encrypt`.
#[derive(Debug, clap::Args)]
pub(super) struct EncryptArgs {
    #[command(flatten)]
    work: Work,
}

/// The arguments of `otr keys passphrase`.
#[derive(Debug, clap::Args)]
pub(super) struct PassphraseArgs {
    /// A file whose first line is the new passphrase; otherwise it is in the environment variable OTR_NEW_PASSPHRASE, or it
    /// is asked for
    #[arg(long, value_name = "FILE")]
    new_passphrase_file: Option<PathBuf>,
    #[command(flatten)]
    work: Work,
}

#[derive(Debug, clap::Args)]
struct Work {
    /// How much work a try of the passphrase is: 2 to this power KiB of memory, and with 18 about a second
    #[arg(long, value_name = "1..20", default_value = "18", value_parser = work_factor)]
    work_factor: WorkFactor,
}

fn work_factor(text: &str) -> Result<WorkFactor, String> {
    text.parse().ok().and_then(WorkFactor::new).ok_or_else(|| "it is a number from 1 to 20".to_owned())
}

pub(super) fn run(home: &Home, args: &EncryptArgs) -> Result<String, ProgramError> {
    // Asked before there is a passphrase to be thought of.
    let mut store = home.open_as_it_is()?;
    if store.is_encrypted() {
        return Err(Error::EncryptedAlready(store.path().to_owned()).into());
    }
    let passphrase = home.unlocking.source("New passphrase: ".to_owned()).read_new()?;
    store.encrypt(&passphrase, args.work.work_factor)?;
    Ok(format!(
        "the files in {} are encrypted from now on, but not what Matrix accounts keep there (matrix.*, with the access \
         token); nobody can help whoever forgets the passphrase\n",
        one_line(&store.path().display().to_string())
    ))
}

pub(super) fn run_decrypt(home: &Home) -> Result<String, ProgramError> {
    let mut store = home.open()?;
    store.decrypt()?;
    Ok(format!("the files in {} are not encrypted any more\n", one_line(&store.path().display().to_string())))
}

pub(super) fn run_passphrase(home: &Home, args: &PassphraseArgs) -> Result<String, ProgramError> {
    let mut store = home.open()?;
    if !store.is_encrypted() {
        return Err(otr_store::Error::NotEncrypted { directory: store.path().to_owned() }.into());
    }
    let source = Source {
        argument: "--new-passphrase-file",
        file: args.new_passphrase_file.as_deref(),
        variable: "OTR_NEW_PASSPHRASE",
        prompt: "New passphrase: ".to_owned(),
    };
    store.change_passphrase(&source.read_new()?, args.work.work_factor)?;
    Ok(format!("the files in {} have a new passphrase\n", one_line(&store.path().display().to_string())))
}
