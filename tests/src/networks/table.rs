//! The table that `cargo xtask interop --servers` prints.

use std::fmt::Write as _;

use super::{Rate, Row, Turn, middle};

/// How much of what was seen stands in a row.
const SEEN: usize = 110;

/// What stands above the columns.
#[must_use]
pub fn heading() -> String {
    line("server", "check", "seconds", "verdict", "seen")
}

/// A row as a line.
#[must_use]
pub fn row(row: &Row) -> String {
    let (verdict, seen) = match &row.outcome {
        Ok(seen) => ("passed", seen),
        Err(reason) => ("FAILED", reason),
    };
    let seen: String = seen.lines().next().unwrap_or_default().chars().take(SEEN).collect();
    let seconds = format!("{:.1}", row.time.as_secs_f64());
    line(row.kind.name(), &row.what, &seconds, verdict, &seen)
}

fn line(server: &str, check: &str, seconds: &str, verdict: &str, seen: &str) -> String {
    format!("{server:<8}  {check:<28}  {seconds:>7}  {verdict:<7}  {seen}").trim_end().to_owned()
}

/// Below the table: why rows failed, in full.
#[must_use]
pub fn notes(rows: &[Row]) -> String {
    let mut notes = String::new();
    for row in rows {
        if let Err(reason) = &row.outcome {
            let _ = writeln!(notes, "\nfailed: {}, {}: {reason}", row.kind.name(), row.what);
        }
    }
    notes
}

/// What stands above the rates.
#[must_use]
pub fn rates_heading() -> String {
    let cells = ["network", "messages", "in clear/s", "with OTR/s", "us in clear", "us with OTR", "share of OTR"];
    rates_line(cells.map(str::to_owned), "messages a second in each turn")
}

/// The rates of one network as a line.
#[must_use]
pub fn rate(rate: &Rate) -> String {
    let (clear, private) = (middle(&rate.clear), middle(&rate.private));
    let turns = |turns: &[Turn]| turns.iter().map(|turn| format!("{:.0}", turn.rate)).collect::<Vec<_>>().join(" ");
    let cells = [
        rate.carrier.name().to_owned(),
        rate.messages.to_string(),
        format!("{:.0}", clear.rate),
        format!("{:.0}", private.rate),
        format!("{:.1}", clear.cost),
        format!("{:.1}", private.cost),
        format!("{:.0} %", rate.share() * 100.0),
    ];
    rates_line(cells, &format!("{} | {}", turns(&rate.clear), turns(&rate.private)))
}

fn rates_line([network, numbers @ ..]: [String; 7], turns: &str) -> String {
    let numbers: String = numbers.iter().map(|cell| format!("  {cell:>12}")).collect();
    format!("{network:<17}{numbers}  {turns}")
}
