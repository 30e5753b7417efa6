//! Checks the test vectors under `tests/vectors` against our crates, or makes ours anew.

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use clap::Parser;
use otr_tests::vectors::{Library, Problem, Report, library};

/// Checks the test vectors, recorded and our own, against our crates.
#[derive(Debug, Parser)]
struct Arguments {
    /// Make our own vectors anew and write them, then check everything.
    #[arg(long, conflicts_with = "check")]
    bless: bool,
    /// Check everything and write nothing (the default).
    #[arg(long)]
    check: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => {
            // Nothing is left to do if not even this can be written.
            let _ = writeln!(io::stderr(), "error: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<bool, Problem> {
    let directory = library::directory();
    let mut vectors = Library::load(&directory)?;
    if arguments.bless {
        vectors.bless(&directory)?;
    }
    let report = vectors.check();
    print(&report)?;
    Ok(report.failures.is_empty())
}

fn print(report: &Report) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let (mut valid, mut invalid) = (0, 0);
    for file in &report.files {
        let verdict = if file.failures == 0 { "ok" } else { "FAILED" };
        writeln!(out, "{:<34} {:>4} valid {:>4} invalid  {verdict}", file.file, file.valid, file.invalid)?;
        valid += file.valid;
        invalid += file.invalid;
    }
    for failure in &report.failures {
        writeln!(out, "{failure}")?;
    }
    let (files, failures) = (report.files.len(), report.failures.len());
    writeln!(out, "{files} files, {valid} valid and {invalid} invalid cases, {failures} failures")
}
