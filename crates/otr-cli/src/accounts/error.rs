//! Why an account cannot be used.

use std::io;
use std::path::PathBuf;

use super::address::{InvalidAddress, Network};
use super::password;

/// What is wrong with what the user named.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// There is no file to look the account up in.
    #[error("there is no config at {}; --config FILE names another, or name an address such as xmpp:me@example.org", .path.display())]
    NoConfig { path: PathBuf },
    /// Nor a place to look for one.
    #[error("cannot tell where the config is, as HOME is not set; use --config FILE")]
    NoPlace,
    /// The file cannot be read.
    #[error("cannot read the config {}: {source}", .path.display())]
    Config { path: PathBuf, source: io::Error },
    /// The file says what it must not say.
    #[error("{}, line {line}: {message}", .path.display())]
    Syntax { path: PathBuf, line: usize, message: String },
    /// It names an account as none can be named.
    #[error("{}: {name:?} is no name for an account: use letters, digits, -, _ and .", .path.display())]
    AccountName { path: PathBuf, name: String },
    /// It has no such account.
    #[error("{} has no account {name:?}; {}", .path.display(), choice(.there_are))]
    NoAccount { path: PathBuf, name: String, there_are: String },
    /// Options that do not go together, or not with the network.
    #[error("{account}: {problem}")]
    Account { account: String, problem: String },
    /// An option that another network has.
    #[error("{account}: {option} is not for {network}")]
    NotFor { account: String, option: &'static str, network: Network },
    /// Nobody to talk to, or nobody there could be.
    #[error(transparent)]
    Address(#[from] InvalidAddress),
    /// There is no password.
    #[error(transparent)]
    Password(#[from] password::Error),
}

fn choice(names: &str) -> String {
    if names.is_empty() { "it has none".to_owned() } else { format!("there are {names}") }
}
