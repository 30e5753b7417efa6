//! Every deviation against one victim, and the page that says what came of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use otr_wire::Version;

use super::{
    deviation::{Audience, Deviation},
    deviations,
    trial::{Outcome, run},
    victim::{Trouble, Victim},
};

/// What stands above the tables of the page.
const INTRODUCTION: &str = "\
# The hostile peer

A peer that is correct in everything but one thing at a time, and what must come of each. `cargo xtask hostile` lets every
deviation strike against this implementation, `cargo xtask hostile --peer NAME` against another program, and
`cargo xtask hostile --bless` writes this page anew; `tests/hostile_peer.rs` holds it to be true.

Before a deviation strikes, everything is correct, and afterwards the exchange or the conversation has to go on: the next
correct message is understood, in both directions. What is dropped changes nothing that is remembered. An error message may
go back for a Data message that cannot be read, never for anything else. The rules are those of
[security-rules.md](security-rules.md).

The last column says what libotr 4.1.1 does with its defaults: `as ours` where it does what is demanded here, otherwise what
it does instead. A difference is no verdict: the specification leaves much of this open. A dash stands where a deviation is run
against ours alone, as where a pipe cannot carry it, the victim's own keys are needed, or the outcome would be chance,
and where nothing is recorded.
";

/// What came of every deviation against one victim, by name and version.
#[derive(Debug, Default)]
pub struct Report {
    outcomes: BTreeMap<(String, u16), Outcome>,
}

/// Which deviations are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selection {
    /// Those for everyone and those for ours alone.
    Ours,
    /// Those for everyone.
    Others,
}

impl Report {
    /// Lets every deviation strike; of `parts` equal parts of the list, only part number `part`, counted from 0.
    ///
    /// # Errors
    ///
    /// When a correct conversation is impossible with this victim; the message names the deviation.
    pub fn of(
        victim: &mut dyn Victim,
        selection: Selection,
        part: usize,
        parts: usize,
        mut tell: impl FnMut(&Deviation, Version, &Outcome),
    ) -> Result<Self, String> {
        let mut report = Self::default();
        let list = deviations().into_iter().flat_map(|(_, list)| list);
        let selected = list.filter(|one| selection == Selection::Ours || one.audience == Audience::Everyone);
        for (number, deviation) in selected.enumerate().filter(|(number, _)| number % parts == part) {
            for &version in deviation.versions {
                let seed = u64::try_from(number).unwrap_or_default();
                let outcome = run(&deviation, version, victim, seed).map_err(|trouble: Trouble| {
                    format!("{} in version {}: {trouble}", deviation.name, version.number())
                })?;
                tell(&deviation, version, &outcome);
                report.outcomes.insert((deviation.name.clone(), version.number()), outcome);
            }
        }
        Ok(report)
    }

    /// How many runs there were.
    #[must_use]
    pub fn runs(&self) -> usize {
        self.outcomes.len()
    }

    /// The runs that did not end as required: name, version, and what came of it.
    pub fn differences(&self) -> impl Iterator<Item = (&str, u16, &Outcome)> {
        let all = self.outcomes.iter().map(|((name, version), outcome)| (name.as_str(), *version, outcome));
        all.filter(|(_, _, outcome)| **outcome != Outcome::AsRequired)
    }

    /// The page, with the outcomes of this report in its last column.
    #[must_use]
    pub fn page(&self) -> String {
        let mut page = INTRODUCTION.to_owned();
        let mut count = 0_usize;
        let mut tables = String::new();
        for (area, list) in deviations() {
            let _ = write!(tables, "\n## {area}\n\n| deviation | rules | what | when | a victim | libotr |\n");
            tables.push_str("| --- | --- | --- | --- | --- | --- |\n");
            for one in list {
                count = count.saturating_add(1);
                let cells =
                    [&one.name, &one.rows.join(", "), &what(&one), &one.stage.to_string(), &one.must.to_string()];
                let cells = cells.map(|cell| cell.replace('|', "\\|")).join(" | ");
                let _ = writeln!(tables, "| {cells} | {} |", self.cell(&one));
            }
        }
        let _ = writeln!(page, "\nThere are {count} deviations.");
        page + &tables
    }

    /// What the last column says of a deviation.
    fn cell(&self, deviation: &Deviation) -> String {
        if deviation.audience == Audience::Ours {
            return "-".to_owned();
        }
        let cut_short =
            |outcome: &&Outcome| matches!(outcome, Outcome::Different(what) if what.contains("does not go on"));
        let runs = deviation
            .versions
            .iter()
            .filter_map(|version| self.outcomes.get(&(deviation.name.clone(), version.number())));
        if runs.into_iter().any(|outcome| cut_short(&outcome)) {
            return "-".to_owned();
        }
        let mut outcomes: Vec<(u16, String)> = Vec::new();
        for version in deviation.versions {
            let number = version.number();
            outcomes.push((
                number,
                match self.outcomes.get(&(deviation.name.clone(), number)) {
                    Some(Outcome::AsRequired) => "as ours".to_owned(),
                    Some(Outcome::Different(what)) => what.clone(),
                    Some(Outcome::NotCarried) => "not carried".to_owned(),
                    None => "not run".to_owned(),
                },
            ));
        }
        match outcomes.as_slice() {
            [(_, first), rest @ ..] if rest.iter().all(|(_, other)| other == first) => first.clone(),
            _ => outcomes.iter().map(|(number, what)| format!("v{number}: {what}")).collect::<Vec<_>>().join("; "),
        }
    }
}

/// What a deviation is, and in which version alone it can be.
fn what(deviation: &Deviation) -> String {
    match deviation.versions {
        [only] => format!("{} (version {})", deviation.about, only.number()),
        _ => deviation.about.clone(),
    }
}
