//! `otr keys`: identities and trust, looked at, made, verified, moved in and moved out.

mod account;
mod completions;
mod contact;
mod encrypt;
mod error;
mod export;
mod forget;
mod generate;
mod home;
mod import;
mod list;
mod picture;
mod png;
mod show;
mod verify;

use std::io::{self, Write};

use clap::Subcommand;

use crate::error::Error as ProgramError;
use home::Home;

pub(crate) use completions::{Args as CompletionsArgs, run as run_completions};
pub(crate) use error::Error;

/// The arguments of `otr keys`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    home: Home,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// What is kept: accounts with their keys, and contacts with theirs
    List,
    /// Make a key for an account
    Generate(generate::Args),
    /// A fingerprint, to compare it: in digits, in words, or as a QR code
    Show(show::Args),
    /// Say that a contact's fingerprint was compared and is right
    Verify(verify::VerifyArgs),
    /// Take that back
    Distrust(verify::DistrustArgs),
    /// Take a contact's fingerprint off the record
    Forget(forget::Args),
    /// Take over keys and trust from other programs
    Import(import::Args),
    /// Put an account's key and trust into the files of another program
    Export(export::Args),
    /// Encrypt keys and trust with a passphrase
    Encrypt(encrypt::EncryptArgs),
    /// Put keys and trust in the clear again
    Decrypt,
    /// Put another passphrase in place of the one that there is
    Passphrase(encrypt::PassphraseArgs),
}

/// Does what `args` say, and says what came of it.
pub(crate) fn run(args: &Args) -> Result<(), ProgramError> {
    let home = &args.home;
    let report = match &args.action {
        Action::List => list::run(home)?,
        Action::Generate(args) => generate::run(home, args)?,
        Action::Show(args) => show::run(home, args)?,
        Action::Verify(args) => verify::run(home, args)?,
        Action::Distrust(args) => verify::run_distrust(home, args)?,
        Action::Forget(args) => forget::run(home, args)?,
        Action::Import(args) => return import::run(home, args),
        Action::Export(args) => export::run(home, args)?,
        Action::Encrypt(args) => encrypt::run(home, args)?,
        Action::Decrypt => encrypt::run_decrypt(home)?,
        Action::Passphrase(args) => encrypt::run_passphrase(home, args)?,
    };
    say(&report)
}

/// Writes to standard output.
fn say(text: &str) -> Result<(), ProgramError> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| ProgramError::Output(error.kind()))
}
