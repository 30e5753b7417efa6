//! Holds programs that speak the engine contract against each other, and prints a table.

#![expect(clippy::print_stdout, reason = "the table is what this program is for")]

use std::process::ExitCode;

use clap::Parser;
use otr_tests::interop::{Plan, Program, Programs, Row, SCENARIOS, Scenario, run};

/// Runs scenarios between `otr engine` and its peers, in both directions, and between two of `otr`.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask interop")]
struct Arguments {
    /// Only this peer, of those in tests/peers
    #[arg(long)]
    peer: Option<String>,
    /// Only this scenario
    #[arg(long, value_parser = SCENARIOS.iter().map(|scenario| scenario.name).collect::<Vec<_>>())]
    scenario: Option<String>,
    /// How often a key exchange is run; longer scenarios run less often, but once at least
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    count: u32,
    /// What order and loss are drawn from: run number n takes this plus n
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Say what the scenarios are, and run nothing
    #[arg(long)]
    list: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let scenarios: Vec<&'static Scenario> = SCENARIOS
        .iter()
        .filter(|scenario| arguments.scenario.as_ref().is_none_or(|name| name == scenario.name))
        .collect();
    if arguments.list {
        for scenario in scenarios {
            println!("{:<18}  {}", scenario.name, scenario.about);
        }
        return ExitCode::SUCCESS;
    }
    let Found { pairings, missing } = match find(arguments.peer.as_deref()) {
        Ok(found) => found,
        Err(reason) => {
            eprintln!("interop: {reason}");
            return ExitCode::FAILURE;
        }
    };
    println!("{:<18}  {:<8}  {:<8}  {:>5}  {:>6}  {:>6}", "scenario", "starts", "other", "runs", "passed", "failed");
    let plan = Plan { pairings, scenarios, count: arguments.count, seed: arguments.seed };
    let rows = run(&plan, tell);
    summary(&rows, &missing)
}

/// Who there is.
struct Found {
    /// Ours with itself, and with each peer, either beginning.
    pairings: Vec<(Program, Program)>,
    /// What is to be said of each peer that is not there.
    missing: Vec<String>,
}

fn find(peer: Option<&str>) -> Result<Found, String> {
    let programs = Programs::build().map_err(|error| error.to_string())?;
    let names = peer.map_or_else(Programs::peer_names, |name| vec![name.to_owned()]);
    let mut found = Found { pairings: vec![(programs.otr.clone(), programs.otr.clone())], missing: Vec::new() };
    for name in names {
        match programs.peer(&name) {
            Ok(peer) => {
                found.pairings.push((programs.otr.clone(), peer.clone()));
                found.pairings.push((peer, programs.otr.clone()));
            }
            Err(error) => found.missing.push(error.to_string()),
        }
    }
    Ok(found)
}

fn tell(row: &Row) {
    let runs = u64::from(row.passed).saturating_add(row.failures.len().try_into().unwrap_or(u64::MAX));
    println!(
        "{:<18}  {:<8}  {:<8}  {runs:>5}  {:>6}  {:>6}",
        row.scenario,
        row.first,
        row.second,
        row.passed,
        row.failures.len()
    );
}

fn summary(rows: &[Row], missing: &[String]) -> ExitCode {
    let mut failed = 0_usize;
    for row in rows {
        for (seed, reason) in &row.failures {
            failed = failed.saturating_add(1);
            println!("\n{} {} {}: {reason}", row.scenario, row.first, row.second);
            println!("    again: cargo xtask interop --scenario {} --count 1 --seed {seed}", row.scenario);
        }
    }
    for peer in missing {
        println!("\n{peer}");
    }
    let passed: u64 = rows.iter().map(|row| u64::from(row.passed)).sum();
    println!("\n{passed} runs passed, {failed} failed, {} peers missing", missing.len());
    if failed == 0 && missing.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
