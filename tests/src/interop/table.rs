//! The table that `cargo xtask interop` prints.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Known, Row, Verdict};

/// What stands above the columns.
#[must_use]
pub fn heading() -> String {
    line(["scenario", "version", "starts", "other", "runs", "passed", "failed", "verdict"])
}

/// A row as a line.
#[must_use]
pub fn row(row: &Row) -> String {
    let runs = u64::from(row.passed).saturating_add(row.failures.len().try_into().unwrap_or(u64::MAX));
    line([
        row.scenario,
        &row.spoken.to_string(),
        &row.first,
        &row.second,
        &runs.to_string(),
        &row.passed.to_string(),
        &row.failures.len().to_string(),
        row.verdict().name(),
    ])
}

fn line([scenario, version, first, second, runs, passed, failed, verdict]: [&str; 8]) -> String {
    format!("{scenario:<18}  {version:<7}  {first:<8}  {second:<8}  {runs:>5}  {passed:>6}  {failed:>6}  {verdict}")
}

/// Below the table: what is explained, with its reason and what was seen; then what is not, with the way to see it
/// again.
#[must_use]
pub fn notes(rows: &[Row]) -> String {
    let mut notes = String::new();
    for (reason, rows) in by_reason(rows) {
        let _ = write!(notes, "\nexplained: {reason}");
        for row in rows {
            let _ = write!(notes, "\n    {} {} {} {}", row.scenario, row.spoken, row.first, row.second);
            let seen = row.failures.first().and_then(|(_, failure)| failure.lines().next());
            let _ = write!(notes, ": {}", seen.unwrap_or_default());
        }
        notes.push('\n');
    }
    for row in rows {
        let (what, of) = (row.verdict().name(), format!("{} {}", row.scenario, row.spoken));
        let of = format!("{of} {} {}", row.first, row.second);
        match (row.verdict(), &row.known) {
            (Verdict::Stale, Some(Known { reason, .. })) => {
                let _ = writeln!(notes, "\n{what}: {of}: this passes, but is listed: {reason}");
            }
            (Verdict::Unconfirmed, Some(Known { reason, .. })) => {
                let _ = writeln!(notes, "\n{what}: {of}: two of the peer do not show it: {reason}");
            }
            (Verdict::Failed, _) => {
                for (seed, reason) in &row.failures {
                    let _ = writeln!(notes, "\n{what}: {of}: {reason}\n    again: {}", again(row, *seed));
                }
            }
            _ => {}
        }
    }
    notes
}

fn by_reason(rows: &[Row]) -> BTreeMap<&str, Vec<&Row>> {
    let mut reasons = BTreeMap::<&str, Vec<&Row>>::new();
    for row in rows.iter().filter(|row| row.verdict() == Verdict::Explained) {
        reasons.entry(row.known.as_ref().map_or("", |known| &known.reason)).or_default().push(row);
    }
    reasons
}

fn again(row: &Row, seed: u64) -> String {
    let peer = [&row.first, &row.second].into_iter().find(|name| *name != "otr");
    let peer = peer.map(|name| format!(" --peer {name}")).unwrap_or_default();
    format!("cargo xtask interop{peer} --scenario {} --count 1 --seed {seed}", row.scenario)
}
