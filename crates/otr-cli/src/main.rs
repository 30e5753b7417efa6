//! `otr`: private conversations at a terminal, OTR as a co-process for any program, and a demonstration.
//!
//! The protocol lives in the crates below; here are arguments, prompts, and the loops that join an account with a
//! network, a store, the clock and the system's randomness.

mod accounts;
mod args;
mod chat;
mod demo;
mod engine;
mod error;
mod keys;
mod outside;
mod passphrase;
mod profile;
mod readable;
mod text_form;
mod toolkit;

use std::io::Write;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

/// Off-the-Record Messaging: conversations that are encrypted, authenticated and deniable.
#[derive(Debug, Parser)]
#[command(name = "otr", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// A private chat over Matrix, XMPP, IRC or TCP
    Chat(chat::Args),
    /// Shows in a few seconds what OTR does, with two parties in one process
    Demo(demo::Args),
    /// OTR as a co-process: JSON-RPC on standard input and output, for programs
    Engine(engine::Args),
    /// Keys and trust: looked at, made, verified, moved in from other programs and out to them
    Keys(keys::Args),
    /// What a shell needs to complete the arguments of this program
    Completions(keys::CompletionsArgs),
    /// Puts the password of an account into the keyring, or takes it out
    Password(accounts::PasswordArgs),
    /// Reads and forges recorded messages, so that a recording proves nothing
    Toolkit(toolkit::Args),
}

fn main() -> ExitCode {
    outside::refuse_core_dumps();
    let result = match Cli::parse().command {
        Command::Chat(args) => chat::run(&args),
        Command::Demo(args) => demo::run(&args),
        Command::Engine(args) => engine::run(&args),
        Command::Keys(args) => keys::run(&args),
        Command::Completions(args) => keys::run_completions(&args, Cli::command()),
        Command::Password(args) => accounts::run_password(&args).map_err(error::Error::from),
        Command::Toolkit(args) => toolkit::run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where even this cannot be said, the exit code is all that is left.
            let _ = writeln!(std::io::stderr(), "otr: {error}");
            ExitCode::FAILURE
        }
    }
}
