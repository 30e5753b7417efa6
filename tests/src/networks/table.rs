//! The table that `cargo xtask interop --servers` prints.

use std::fmt::Write as _;

use super::{Rate, Row};

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
    rates_line("network", "messages", "in clear/s", "with OTR/s", "share of OTR", "turns")
}

/// The rates of one network as a line.
#[must_use]
pub fn rate(rate: &Rate) -> String {
    let (clear, private) = rate.middle();
    let turns = |values: &[f64]| values.iter().map(|value| format!("{value:.0}")).collect::<Vec<_>>().join(" ");
    rates_line(
        rate.carrier.name(),
        &rate.messages.to_string(),
        &format!("{clear:.0}"),
        &format!("{private:.0}"),
        &format!("{:.0} %", rate.share() * 100.0),
        &format!("{} | {}", turns(&rate.clear), turns(&rate.private)),
    )
}

fn rates_line(network: &str, messages: &str, clear: &str, private: &str, share: &str, turns: &str) -> String {
    format!("{network:<17}  {messages:>8}  {clear:>10}  {private:>10}  {share:>12}  {turns}").trim_end().to_owned()
}
