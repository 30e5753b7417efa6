//! Holds `otr chat` against itself over real servers on loopback, and prints a table.

#![expect(clippy::print_stdout, reason = "the table is what this program is for")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use otr_tests::interop::Programs;
use otr_tests::networks::{Carrier, Kind, Plan, Row, measure, run, table};

/// Two `otr chat` on each of Prosody, ngircd and Synapse, which are started on loopback: talks, comparisons, restarts, cut
/// connections, certificates.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask interop --servers")]
struct Arguments {
    /// Only this server
    #[arg(long, value_enum)]
    only: Option<Only>,
    /// Measure instead how many messages a second go over each network, in clear and with OTR, and over TCP
    #[arg(long)]
    rates: bool,
    /// How many messages go each way; for rates, how many a turn has: 20 times that over TCP and IRC, a tenth over Matrix
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    messages: u32,
    /// How often a connection is cut
    #[arg(long, default_value_t = 50)]
    cuts: u32,
    /// What the places of the cuts are drawn from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Keep what is typed and said in each talk, in this directory
    #[arg(long, value_name = "DIR")]
    records: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Only {
    Prosody,
    Ngircd,
    Synapse,
}

impl Only {
    const fn kind(self) -> Kind {
        match self {
            Self::Prosody => Kind::Prosody,
            Self::Ngircd => Kind::Ngircd,
            Self::Synapse => Kind::Synapse,
        }
    }
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
    if arguments.rates {
        return rates(&arguments, &programs.otr.path);
    }
    let kinds = arguments.only.map_or_else(|| Kind::ALL.to_vec(), |only| vec![only.kind()]);
    let Arguments { messages, cuts, seed, records, .. } = arguments;
    println!("{}", table::heading());
    let plan = Plan { otr: programs.otr.path, kinds, messages, cuts, seed, records };
    let rows = run(&plan, |row| println!("{}", table::row(row)));
    summary(&rows)
}

fn rates(arguments: &Arguments, otr: &Path) -> ExitCode {
    let wanted = arguments.only.map(|only| Carrier::Network(only.kind()));
    let carriers = Carrier::ALL.into_iter().filter(|carrier| wanted.is_none_or(|wanted| *carrier == wanted));
    println!("{}", table::rates_heading());
    for carrier in carriers {
        match measure(carrier, otr, carrier.turn(arguments.messages)) {
            Ok(rate) => println!("{}", table::rate(&rate)),
            Err(reason) => {
                eprintln!("interop: {}: {reason}", carrier.name());
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

fn summary(rows: &[Row]) -> ExitCode {
    print!("{}", table::notes(rows));
    let failed = rows.iter().filter(|row| !row.is_good()).count();
    println!("\n{} checks passed, {failed} failed", rows.len().saturating_sub(failed));
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
