//! Lets the hostile peer loose on our library, or on a program that speaks the engine contract.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "what it says is what this program is for")]

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use otr_tests::deviations::{Driven, InProcess, Outcome, Report, Selection, Victim};
use otr_tests::interop::Programs;

/// Runs every deviation of the hostile peer, and says which did not end as they must.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask hostile")]
struct Arguments {
    /// Against this program of tests/peers, or `otr` for `otr engine`, instead of our library in this process
    #[arg(long)]
    peer: Option<String>,
    /// Run against libotr, and write docs/hostile-peer.md
    #[arg(long, conflicts_with = "peer")]
    bless: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(code) => code,
        Err(reason) => {
            eprintln!("hostile: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let name = if arguments.bless { Some("libotr") } else { arguments.peer.as_deref() };
    let (mut victim, selection): (Box<dyn Victim>, Selection) = match name {
        None => (Box::new(InProcess::default()), Selection::Ours),
        Some(name) => (Box::new(driven(name)?), Selection::Others),
    };
    let report = Report::of(&mut *victim, selection, 0, 1, |deviation, version, outcome| {
        let words = match outcome {
            Outcome::AsRequired => return,
            Outcome::Different(words) => words.as_str(),
            Outcome::NotCarried => "cannot be carried",
        };
        println!("v{}  {:<42}  {words}", version.number(), deviation.name);
    })?;
    let differences = report.differences().count();
    println!("{} runs, {differences} with a difference", report.runs());
    if arguments.bless {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/hostile-peer.md");
        fs::write(&page, report.page()).map_err(|error| format!("{}: {error}", page.display()))?;
        return Ok(ExitCode::SUCCESS);
    }
    // Of others the differences are a matter of record.
    let is_ours = name.is_none_or(|name| name == "otr");
    Ok(if is_ours && differences > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn driven(name: &str) -> Result<Driven, String> {
    let programs = Programs::build().map_err(|error| error.to_string())?;
    if name == "otr" {
        return Ok(Driven::new(programs.otr));
    }
    programs.peer(name).map(Driven::new).map_err(|error| error.to_string())
}
