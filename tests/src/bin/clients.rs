//! Holds `otr chat` against real clients on real servers, and prints a table.

#![expect(clippy::print_stdout, reason = "the table is what this program is for")]

use std::fs;
use std::io;
use std::process::ExitCode;

use clap::Parser;
use otr_tests::interop::Programs;
use otr_tests::networks::clients::{CLIENTS, Cell, Habits, QUICK, Screens, run, table};
use otr_tests::networks::target_directory;

/// `otr chat` with each client as the other side, over a Prosody or an ngircd that is started on loopback.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask interop --clients")]
struct Arguments {
    /// This client, or all; without it, those that need no window and little time. May be repeated
    #[arg(long, value_parser = names())]
    client: Vec<String>,
}

fn names() -> Vec<&'static str> {
    CLIENTS.iter().map(|client| client.name).chain(["all"]).collect()
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let programs = match Programs::build() {
        Ok(programs) => programs,
        Err(error) => {
            eprintln!("interop: {error}");
            return ExitCode::FAILURE;
        }
    };
    let clients: Vec<_> = CLIENTS.iter().copied().filter(|client| is_meant(client, &arguments.client)).collect();
    let mut cells = Vec::new();
    let mut troubles = Vec::new();
    for client in &clients {
        match run(client, &programs.otr.path, |cell| println!("{}", table::words(cell))) {
            Ok((done, screens)) => {
                if let Err(error) = keep(client.name, &done, &screens) {
                    troubles.push(format!("{}: what was to be seen is not kept: {error}", client.name));
                }
                cells.extend(done);
            }
            Err(failure) => troubles.push(format!("{}: {failure}", client.name)),
        }
    }
    summary(&clients, &cells, &troubles)
}

fn is_meant(client: &Habits, named: &[String]) -> bool {
    if named.is_empty() {
        return QUICK.contains(&client.name);
    }
    named.iter().any(|name| name == client.name || name == "all")
}

/// Keeps what was to be seen on both sides in `target/interop-clients`.
fn keep(client: &str, cells: &[Cell], screens: &Screens) -> io::Result<()> {
    let folder = target_directory()?.join("interop-clients").join(client);
    fs::create_dir_all(&folder)?;
    let write = |name: &str, lines: &[String]| fs::write(folder.join(name), format!("{}\n", lines.join("\n")));
    write("checks.txt", &cells.iter().map(table::words).collect::<Vec<_>>())?;
    write("ours.txt", &screens.ours)?;
    write("theirs.txt", &screens.theirs)
}

fn summary(clients: &[&Habits], cells: &[Cell], troubles: &[String]) -> ExitCode {
    let names: Vec<_> = clients.iter().map(|client| client.name).collect();
    println!("\n{}", table::table(&names, cells));
    for trouble in troubles {
        println!("{trouble}");
    }
    let of = |word: &str| cells.iter().filter(|cell| cell.outcome.word() == word).count();
    println!("{} passed, {} differ as is known, {} failed", of("pass"), of("differs"), of("FAIL"));
    if cells.iter().all(|cell| cell.outcome.is_good()) && troubles.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
