//! `cargo xtask bench`: what our crates and other implementations take for the same work.
//!
//! A time alone says little on a machine that others use too, or that is slow today and fast tomorrow. So ours
//! (benches/src/bin/beside.rs) and theirs (tests/peers/NAME, the program NAME-bench) run in turns, several rounds of
//! all, and what counts is the ratio: of the minima, and beside it of the medians.

mod growth;
mod picture;
mod report;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::error::Error;
use crate::shell::{cargo, command, output, root, run as run_command, target_directory};
use report::Report;

const ROUNDS: usize = 3;
const PEERS: [&str; 5] = ["libotr", "otr3", "otrjs", "otrr", "potr"];
/// What is compared with, and the picture of it.
const BASELINE: &str = "docs/performance.json";
const PICTURE: &str = "docs/performance.svg";

pub(crate) fn run(arguments: &[String]) -> Result<(), Error> {
    let (mut quick, mut save) = (false, false);
    for argument in arguments {
        match argument.as_str() {
            "--quick" => quick = true,
            "--save" => save = true,
            "--growth" => return growth::measure(),
            _ => {
                let known = "--quick (one short round), --save (a new baseline), --growth (ours alone, as things grow)";
                return Err(Error(format!("bench takes {known}")));
            }
        }
    }
    let programs = programs()?;
    let rounds = if quick { 1 } else { ROUNDS };
    let load_before = load();
    let mut report = Report::default();
    for round in 1..=rounds {
        for (name, program) in &programs {
            eprintln!("round {round} of {rounds}: {name}");
            measure(name, program, quick, &mut report)?;
        }
    }
    let baseline = fs::read_to_string(root().join(BASELINE)).ok().and_then(|text| Report::parse(&text));
    report.print(baseline.as_ref());
    println!(
        "\nRounds: {rounds}, all programs in turns, in processor time, both sides' work together. Load of the machine: {load_before} before, {} after.",
        load()
    );
    if save {
        fs::write(root().join(BASELINE), report.to_json())?;
        fs::write(root().join(PICTURE), picture::draw(&report))?;
        println!("{BASELINE} and {PICTURE} are written.");
    }
    Ok(())
}

/// Ours first, then those of the peers; each that is missing is named.
fn programs() -> Result<Vec<(&'static str, PathBuf)>, Error> {
    let target = target_directory()?;
    run_command(&mut cargo(&["build", "--quiet", "--release", "-p", "otr-benches", "--bin", "beside"]))?;
    let mut programs = vec![(report::OURS, target.join("release/beside"))];
    programs.extend(PEERS.map(|peer| (peer, target.join(format!("peers/{peer}/{peer}-bench")))));
    match programs.iter().find(|(_, program)| !program.is_file()) {
        Some((_, program)) => Err(Error(format!("{} is missing; `cargo xtask setup` builds it", program.display()))),
        None => Ok(programs),
    }
}

/// A run of one program.
fn measure(name: &str, program: &Path, quick: bool, report: &mut Report) -> Result<(), Error> {
    let arguments: &[&str] = if quick { &["--quick"] } else { &[] };
    for line in output(command(program).args(arguments))?.lines() {
        let wrong = || Error(format!("{name}: this is no measurement: {line}"));
        let value: Value = serde_json::from_str(line).map_err(|_| wrong())?;
        let case = value.get("name").and_then(Value::as_str).ok_or_else(wrong)?;
        let number = |field: &str| value.get(field).and_then(Value::as_f64);
        // Of memory there is one figure; how long a search for primes takes is chance, so that its mean counts.
        let typical = number("median_ns").or(number("bytes")).ok_or_else(wrong)?;
        let least = match case {
            "dsa-key" => number("mean_ns"),
            _ => number("min_ns").or(number("bytes")),
        };
        report.add(case, name, least.ok_or_else(wrong)?, typical);
    }
    Ok(())
}

/// How many programs want a processor, over the last minute, where the system tells.
fn load() -> String {
    let averages = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    averages.split_whitespace().next().unwrap_or("unknown").to_owned()
}
