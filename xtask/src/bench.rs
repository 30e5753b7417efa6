//! `cargo xtask bench`: what our crates and libotr take for the same work.
//!
//! A time alone says little on a machine that others use too, or that is slow today and fast tomorrow. So ours
//! (benches/src/bin/beside.rs) and theirs (tests/peers/libotr/bench.c) run in turns, several rounds of both, and what
//! counts is the ratio within a round.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::error::Error;
use crate::shell::{cargo, command, output, run as run_command, target_directory};

const ROUNDS: usize = 9;
const QUICK_ROUNDS: usize = 3;

pub(crate) fn run(arguments: &[String]) -> Result<(), Error> {
    let rounds = match arguments {
        [] => ROUNDS,
        [quick] if quick == "--quick" => QUICK_ROUNDS,
        _ => return Err(Error("bench takes --quick or nothing".to_owned())),
    };
    let target = target_directory()?;
    let theirs = target.join("peers/libotr/libotr-bench");
    if !theirs.is_file() {
        return Err(Error(format!("{} is missing; `cargo xtask setup` builds it", theirs.display())));
    }
    run_command(&mut cargo(&["build", "--quiet", "--release", "-p", "otr-benches", "--bin", "beside"]))?;
    let ours = target.join("release/beside");

    let load_before = load();
    let mut rows: Vec<Row> = Vec::new();
    for _ in 0..rounds {
        let ours = measure(&ours, arguments)?;
        let theirs = measure(&theirs, arguments)?;
        add(&mut rows, ours, theirs)?;
    }
    table(&rows);
    println!(
        "\nMedians of {rounds} rounds, in processor time, both sides' work together; the range is that of the rounds."
    );
    println!("A ratio below 1 means that we take less. Load of the machine: {load_before} before, {} after.", load());
    Ok(())
}

/// One kind of work: nanoseconds, ours and libotr's, for each round.
struct Row {
    name: String,
    rounds: Vec<(f64, f64)>,
}

/// A round of one program: the name and the median of each measurement.
fn measure(program: &Path, arguments: &[String]) -> Result<Vec<(String, f64)>, Error> {
    let lines = output(command(program).args(arguments))?;
    let parse = |line: &str| {
        let value: Value = serde_json::from_str(line).ok()?;
        Some((value.get("name")?.as_str()?.to_owned(), value.get("median_ns")?.as_f64()?))
    };
    let parsed = lines.lines().map(|line| parse(line).ok_or_else(|| Error(format!("this is no measurement: {line}"))));
    parsed.collect()
}

fn add(rows: &mut Vec<Row>, ours: Vec<(String, f64)>, theirs: Vec<(String, f64)>) -> Result<(), Error> {
    if rows.is_empty() {
        rows.extend(ours.iter().map(|(name, _)| Row { name: name.clone(), rounds: Vec::new() }));
    }
    if ours.len() != rows.len() || theirs.len() != rows.len() {
        return Err(Error("the two programs do not measure the same".to_owned()));
    }
    for (row, ((name, ours), (same, theirs))) in rows.iter_mut().zip(ours.into_iter().zip(theirs)) {
        if row.name != name || row.name != same {
            return Err(Error(format!("the two programs do not measure the same: {name}, {same}")));
        }
        row.rounds.push((ours, theirs));
    }
    Ok(())
}

fn table(rows: &[Row]) {
    println!("{:<42} {:>10} {:>10} {:>7}   range", "what", "ours", "libotr", "ratio");
    for Row { name, rounds } in rows {
        let ours = sorted(rounds.iter().map(|(ours, _)| *ours));
        let theirs = sorted(rounds.iter().map(|(_, theirs)| *theirs));
        let ratios = sorted(rounds.iter().map(|(ours, theirs)| ours / theirs));
        let (least, most) = (ratios.first().unwrap_or(&f64::NAN), ratios.last().unwrap_or(&f64::NAN));
        let (ours, theirs, ratio) = (time(median(&ours)), time(median(&theirs)), median(&ratios));
        println!("{name:<42} {ours:>10} {theirs:>10} {ratio:>7.3}   {least:.3} to {most:.3}");
    }
}

fn sorted(numbers: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut numbers: Vec<f64> = numbers.collect();
    numbers.sort_by(f64::total_cmp);
    numbers
}

/// Of sorted numbers, an odd number of them.
fn median(numbers: &[f64]) -> f64 {
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}

fn time(nanoseconds: f64) -> String {
    let microseconds = nanoseconds / 1e3;
    if microseconds < 1000.0 { format!("{microseconds:.2} µs") } else { format!("{:.2} ms", microseconds / 1e3) }
}

/// How many programs want a processor, over the last minute, where the system tells.
fn load() -> String {
    let averages = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    averages.split_whitespace().next().unwrap_or("unknown").to_owned()
}
