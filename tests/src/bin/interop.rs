//! Holds programs that speak the engine contract against each other, and prints a table.

#![expect(clippy::print_stdout, reason = "the table is what this program is for")]

use std::process::ExitCode;

use clap::Parser;
use otr_tests::interop::{
    Differences, Pairing, Plan, Program, Programs, Row, SCENARIOS, Scenario, Share, Verdict, run, table,
};

/// Runs scenarios between `otr engine` and its peers, in both directions, and between two of `otr`.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask interop")]
struct Arguments {
    /// Only this peer, of those in tests/peers
    #[arg(long)]
    peer: Option<String>,
    /// Two of the peer, without `otr`; nothing is excused
    #[arg(long, requires = "peer")]
    alone: bool,
    /// Only this scenario
    #[arg(long, value_parser = SCENARIOS.iter().map(|scenario| scenario.name).collect::<Vec<_>>())]
    scenario: Option<String>,
    /// Only this version of the protocol
    #[arg(long)]
    version: Option<u16>,
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
    let Found { pairings, missing } = match find(arguments.peer.as_deref(), arguments.alone) {
        Ok(found) => found,
        Err(reason) => {
            eprintln!("interop: {reason}");
            return ExitCode::FAILURE;
        }
    };
    println!("{}", table::heading());
    let Arguments { version, count, seed, .. } = arguments;
    let rows = run(&Plan { pairings, scenarios, version, count, seed }, |row| println!("{}", table::row(row)));
    summary(&rows, &missing)
}

/// Who there is.
struct Found {
    /// Ours with itself, and with each peer, either beginning.
    pairings: Vec<Pairing>,
    /// What is to be said of each peer that is not there.
    missing: Vec<String>,
}

fn find(peer: Option<&str>, alone: bool) -> Result<Found, String> {
    let programs = Programs::build().map_err(|error| error.to_string())?;
    let names = peer.map_or_else(Programs::peer_names, |name| vec![name.to_owned()]);
    let mut found = Found { pairings: Vec::new(), missing: Vec::new() };
    if !alone {
        tell(&programs.otr);
        found.pairings.push(Pairing::alone(&programs.otr));
    }
    for name in names {
        match programs.peer(&name) {
            Ok(peer) => {
                tell(&peer);
                let differences = Differences::of(&name).map_err(|error| error.to_string())?;
                tell_share(&name, differences.share.as_ref());
                let pairings = Pairing::with_peer(&programs.otr, &peer, &differences);
                found.pairings.extend(if alone { vec![Pairing::alone(&peer)] } else { pairings });
            }
            Err(error) => found.missing.push(error.to_string()),
        }
    }
    Ok(found)
}

fn tell(program: &Program) {
    let versions: Vec<_> = program.versions.iter().map(ToString::to_string).collect();
    println!("{} speaks version {}", program.name, versions.join(" and "));
}

fn tell_share(name: &str, share: Option<&Share>) {
    if let Some(Share { one_in, reason }) = share {
        println!("{name} plays one in {one_in} of the runs: {reason}");
    }
}

fn summary(rows: &[Row], missing: &[String]) -> ExitCode {
    print!("{}", table::notes(rows));
    for peer in missing {
        println!("\n{peer}");
    }
    let passed: u64 = rows.iter().map(|row| u64::from(row.passed)).sum();
    let of = |verdict| rows.iter().filter(|row| row.verdict() == verdict).count();
    println!(
        "\n{passed} runs passed; {} rows passed, {} explained, {} failed, {} out of date; {} peers missing",
        of(Verdict::Passed),
        of(Verdict::Explained),
        of(Verdict::Failed),
        of(Verdict::Stale).saturating_add(of(Verdict::Unconfirmed)),
        missing.len()
    );
    let good = rows.iter().all(|row| row.verdict().is_good()) && missing.is_empty();
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
