//! What the user names: addresses, the accounts of the config, and where their passwords come from.

mod address;
mod command;
mod config;
mod error;
mod keyring;
mod password;
mod permissions;
mod server;
mod settings;

pub(crate) use address::{Address, Host, Network, Target};
pub(crate) use command::{Args as PasswordArgs, run as run_password};
pub(crate) use config::Login;
pub(crate) use error::Error;
pub(crate) use password::{Password, Problem as PasswordProblem};
pub(crate) use server::{Server, Tls, TrustedCertificate};
pub(crate) use settings::{Options, Settings};
