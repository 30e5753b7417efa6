//! `otr password`: puts the password of an account into the keyring, and takes it out.

use std::io::{self, IsTerminal};
use std::path::PathBuf;

use clap::Subcommand;

use super::address::Target;
use super::error::Error;
use super::keyring;
use super::password::{self, Password};
use super::settings::{Options, Settings};
use crate::profile::log;

/// The arguments of `otr password`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Keep a password in the kernel's keyring; it is asked for, or is the first line of standard input
    ///
    /// It is kept until the machine restarts, or until nobody has asked for a password there for some days. For longer,
    /// use password_command in the config, with the tool of a password manager or of the desktop's keyring:
    /// ["secret-tool", "lookup", "service", "otr", "account", "work"] finds what was stored once with
    /// secret-tool store --label "otr work" service otr account work
    Set(Account),
    /// Take a password out of the kernel's keyring
    Forget(Account),
}

#[derive(Debug, clap::Args)]
struct Account {
    /// An address such as xmpp:me@example.org, or the name of an account in the config
    account: Target,
    /// The config with the named accounts [default: otr/config.toml in the user's config directory]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Does what `args` say.
pub(crate) fn run(args: &Args) -> Result<(), Error> {
    match &args.action {
        Action::Set(account) => {
            let name = account.keyring_name()?;
            let password = read(&name)?;
            keyring::store(&name, password.reveal()).map_err(password::Error::from)?;
            log(&format!("the kernel's keyring has the password of {name} now, at most until this machine restarts"));
        }
        Action::Forget(account) => {
            let name = account.keyring_name()?;
            keyring::forget(&name).map_err(password::Error::from)?;
            log(&format!("the password of {name} is forgotten"));
        }
    }
    Ok(())
}

impl Account {
    fn keyring_name(&self) -> Result<String, Error> {
        Ok(Settings::find(&self.account, &Options::with_config(self.config.clone()), &mut log)?.keyring_name())
    }
}

fn read(name: &str) -> Result<Password, password::Error> {
    if io::stdin().is_terminal() {
        return password::prompt(name);
    }
    let unusable = |problem| password::Error::Unusable { from: "standard input".to_owned(), problem };
    Password::first_line(io::stdin().lock()).map_err(unusable)
}
