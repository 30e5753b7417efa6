//! The figures of all programs, and the tables of their ratios.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// What our own program is called among the others.
pub(super) const OURS: &str = "ours";

/// Every case that is measured, in the order of the tables, and what it is.
pub(super) const CASES: [(&str, &str); 19] = [
    ("exchange/3", "key exchange, version 3"),
    ("exchange/2", "key exchange, version 2"),
    ("ping-pong/64", "ping-pong, 64 B"),
    ("ping-pong/1024", "ping-pong, 1 KiB"),
    ("burst/64", "burst, 64 B"),
    ("burst/1024", "burst, 1 KiB"),
    ("burst/65536", "burst, 64 KiB"),
    ("smp", "comparing secrets"),
    ("dsa-key", "identity key (mean)"),
    ("public-value", "g^x"),
    ("shared-secret", "shared secret"),
    ("dsa-sign", "signing"),
    ("dsa-verify", "checking a signature"),
    ("memory", "memory of a pair"),
    ("25519/exchange/3", "exchange, 25519"),
    ("25519/kem", "its ML-KEM-768"),
    ("25519/ping-pong/64", "ping-pong, 25519, 64 B"),
    ("25519/burst/1024", "burst, 25519, 1 KiB"),
    ("25519/smp", "secrets, 25519"),
];

/// Before a case of the Curve25519 suite: the rest names what others do for it.
const SUITE: &str = "25519/";

/// What all programs have taken.
#[derive(Default)]
pub(super) struct Report {
    /// Nanoseconds or bytes, by case and program.
    figures: BTreeMap<(String, String), Figures>,
}

/// Of one program at one case: a figure of each round.
#[derive(Default)]
struct Figures {
    least: Vec<f64>,
    typical: Vec<f64>,
}

/// Which figure of a program counts.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// The least of all; for identity keys the mean, for what is measured once that.
    Least,
    /// The median of the rounds' medians.
    Median,
}

impl Report {
    pub(super) fn add(&mut self, case: &str, program: &str, least: f64, typical: f64) {
        let figures = self.figures.entry((case.to_owned(), program.to_owned())).or_default();
        figures.least.push(least);
        figures.typical.push(typical);
    }

    pub(super) fn programs(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.figures.keys().map(|(_, program)| program.as_str()).collect();
        names.sort_unstable_by_key(|name| (*name != OURS, *name));
        names.dedup();
        names
    }

    pub(super) fn figure(&self, case: &str, program: &str, kind: Kind) -> Option<f64> {
        let figures = self.figures.get(&(case.to_owned(), program.to_owned()))?;
        match (kind, case) {
            (Kind::Least, "dsa-key") => {
                Some(figures.least.iter().sum::<f64>() / figures.least.iter().map(|_| 1.0).sum::<f64>())
            }
            (Kind::Least, _) => figures.least.iter().copied().reduce(f64::min),
            (Kind::Median, _) => {
                let mut sorted = figures.typical.clone();
                sorted.sort_by(f64::total_cmp);
                sorted.get(sorted.len() / 2).copied()
            }
        }
    }

    /// Ours divided by theirs.
    pub(super) fn ratio(&self, case: &str, program: &str, kind: Kind) -> Option<f64> {
        let theirs = case.strip_prefix(SUITE).unwrap_or(case);
        Some(self.figure(case, OURS, kind)? / self.figure(theirs, program, kind)?)
    }

    pub(super) fn print(&self, baseline: Option<&Self>) {
        println!("Ours divided by theirs, least figures:");
        self.table(Kind::Least, baseline);
        println!("\nThe same, medians:");
        self.table(Kind::Median, None);
    }

    fn table(&self, kind: Kind, baseline: Option<&Self>) {
        let programs = self.programs();
        let peers = programs.iter().filter(|name| **name != OURS);
        print!("{:<24} {:>10}", "", OURS);
        peers.clone().for_each(|name| print!(" {name:>8}"));
        println!("{}", if baseline.is_some() { "   baseline of libotr" } else { "" });
        for (case, what) in CASES {
            let Some(ours) = self.figure(case, OURS, kind) else { continue };
            print!("{what:<24} {:>10}", shown(case, ours));
            for peer in peers.clone() {
                match self.ratio(case, peer, kind) {
                    Some(ratio) => print!(" {ratio:>8.3}"),
                    None => print!(" {:>8}", "-"),
                }
            }
            let before = baseline.and_then(|baseline| baseline.ratio(case, "libotr", kind));
            println!("{}", before.map_or_else(String::new, |before| format!("   {before:.3}")));
        }
    }

    /// The least figures, for a later run to be compared with.
    pub(super) fn to_json(&self) -> String {
        let mut cases = serde_json::Map::new();
        for (case, _) in CASES {
            let figures: serde_json::Map<String, Value> = self
                .programs()
                .into_iter()
                .filter_map(|program| {
                    let figures = [Kind::Least, Kind::Median].map(|kind| self.figure(case, program, kind));
                    let [Some(least), Some(median)] = figures else { return None };
                    Some((program.to_owned(), json!([least.round(), median.round()])))
                })
                .collect();
            cases.insert(case.to_owned(), Value::Object(figures));
        }
        format!("{:#}\n", Value::Object(cases))
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut report = Self::default();
        for (case, programs) in serde_json::from_str::<Value>(text).ok()?.as_object()? {
            for (program, figures) in programs.as_object()? {
                report.add(case, program, figures.get(0)?.as_f64()?, figures.get(1)?.as_f64()?);
            }
        }
        Some(report)
    }
}

/// A figure with its unit.
pub(super) fn shown(case: &str, figure: f64) -> String {
    match (case, figure) {
        ("memory", bytes) => format!("{:.1} kB", bytes / 1e3),
        (_, time) if time < 1e6 => format!("{:.2} µs", time / 1e3),
        (_, time) => format!("{:.2} ms", time / 1e6),
    }
}
