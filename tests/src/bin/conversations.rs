//! Holds random conversations between `otr engine` and a peer, and says what nothing explains.

#![expect(clippy::print_stdout, reason = "the report is what this program is for")]

use std::process::ExitCode;

use clap::Parser;
use otr_tests::interop::Programs;
use otr_tests::interop::conversation::{Act, Crowd, Report, Tally};

/// Random conversations between `otr engine` and a peer, over a network that loses, repeats and delays.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask conversations")]
struct Arguments {
    /// With whom, of those in tests/peers, or `otr`
    #[arg(long, default_value = "libotr")]
    peer: String,
    /// Two of the peer, without `otr`
    #[arg(long)]
    alone: bool,
    /// How many
    #[arg(long, default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..))]
    count: u64,
    /// What the first is drawn from; each further one takes the next number
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many at once
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..))]
    workers: u64,
    /// What is not to happen, to find out what a difference comes from
    #[arg(long, value_delimiter = ',')]
    without: Vec<Act>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match hold(&arguments) {
        Ok(report) => summary(&arguments, &report),
        Err(reason) => {
            eprintln!("conversations: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn hold(arguments: &Arguments) -> Result<Report, String> {
    const EVERY: u64 = 500;
    let programs = Programs::build().map_err(|error| error.to_string())?;
    let second = match arguments.peer.as_str() {
        "otr" => programs.otr.clone(),
        peer => programs.peer(peer).map_err(|error| error.to_string())?,
    };
    let first = if arguments.alone { second.clone() } else { programs.otr };
    let Arguments { count, seed, workers, ref without, .. } = *arguments;
    println!("{count} conversations of {} with {}, seeds from {seed}", first.name, second.name);
    let crowd = Crowd { first, second, count, seed, workers, without: without.clone() };
    let tell = |tally: &Tally| {
        if tally.conversations.is_multiple_of(EVERY) {
            println!("{} of {count}", tally.conversations);
        }
    };
    crowd.hold(tell).map_err(|error| error.to_string())
}

fn summary(arguments: &Arguments, report: &Report) -> ExitCode {
    for strange in &report.strange {
        println!("\nseed {}: {}", strange.seed, strange.reason);
        println!("    again: cargo xtask conversations --peer {} --count 1 --seed {}", arguments.peer, strange.seed);
    }
    println!();
    for (name, count) in report.tally.counts() {
        println!("{count:>9} {name}");
    }
    let seconds = report.time.as_secs_f64();
    let rate = f64::from(u32::try_from(report.tally.conversations).unwrap_or(u32::MAX)) / seconds;
    println!("{seconds:>9.1} seconds, {rate:.1} conversations a second");
    println!("{:>9} unexplained differences", report.strange.len());
    if report.strange.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
