//! The table that `cargo xtask interop --clients` prints.

use super::checks::{CHECKS, Finding};
use super::run::{Cell, Outcome};

/// The checks below each other, the clients side by side.
#[must_use]
pub fn table(clients: &[&str], cells: &[Cell]) -> String {
    let mut table = line("check", clients.iter().copied());
    for check in CHECKS {
        let words = clients.iter().map(|client| {
            let found = cells.iter().find(|cell| cell.check == check.name && cell.client == *client);
            found.map_or("FAIL", |cell| cell.outcome.word())
        });
        table.push_str(&line(check.name, words));
    }
    table
}

/// How much stands in a line of what was seen. All of it is kept with the screens.
const SEEN: usize = 120;

/// What stands behind a field of the table.
#[must_use]
pub fn words(cell: &Cell) -> String {
    let place = format!("{:<8} {:<10} {:<22}", cell.outcome.word(), cell.client, cell.check);
    match &cell.outcome {
        Outcome::Found(Finding::Passed(saw)) => format!("{place} {}", shortened(saw)),
        Outcome::Found(Finding::Differs { why, saw }) if saw.is_empty() => format!("{place} {why}"),
        Outcome::Found(Finding::Differs { why, saw }) => format!("{place} {why}: {}", shortened(saw)),
        Outcome::Failed(reason) => format!("{place} {reason}"),
    }
}

impl Outcome {
    /// What the table calls it.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Found(Finding::Passed(_)) => "pass",
            Self::Found(Finding::Differs { .. }) => "differs",
            Self::Failed(_) => "FAIL",
        }
    }
}

fn shortened(saw: &str) -> String {
    saw.chars().take(SEEN).collect()
}

fn line<'a>(first: &str, words: impl Iterator<Item = &'a str>) -> String {
    let words: String = words.map(|word| format!("{word:<11}")).collect();
    format!("{}\n", format!("{first:<24}{words}").trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_that_was_not_made_counts_as_failed() {
        let cell = |client, outcome| Cell { check: "we start", client, outcome };
        let cells = [
            cell("irssi", Outcome::Found(Finding::Passed("x".to_owned()))),
            cell("mcabber", Outcome::Found(Finding::Differs { why: "y".to_owned(), saw: "z".to_owned() })),
        ];
        let table = table(&["irssi", "mcabber", "gone"], &cells);
        let mut lines = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        assert_eq!(lines.next().unwrap(), ["check", "irssi", "mcabber", "gone"]);
        assert_eq!(lines.next().unwrap(), ["we", "start", "pass", "differs", "FAIL"]);
        assert_eq!(table.lines().count(), CHECKS.len() + 1);
    }
}
