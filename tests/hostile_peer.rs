//! The hostile peer against our library, and against libotr, whose differences are on record.

#![expect(clippy::panic, reason = "a test fails by panicking, its helpers too")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::thread;

use otr_tests::deviations::{Deviation, Driven, InProcess, Report, Selection, deviations};
use otr_tests::interop::Programs;

/// How many parts the list is run in at once.
const PARTS: usize = 2;

// attack: AKE-1, AKE-2, AKE-3, AKE-8, AKE-9, AKE-10, AKE-11, AKE-12, AKE-18, AKE-19, DATA-1, DATA-5, DATA-6
// attack: DATA-8, DATA-9, DATA-10, DATA-11, DATA-13, DATA-16, DATA-17, DH-1, DH-2, DH-3, DH-4, DH-5, DOS-4
// attack: DSA-3, DSA-4, ERR-1, ERR-2, ERR-3, FRAG-1, FRAG-2, FRAG-3, FRAG-6, FRAG-7, FRAG-8, FRAG-9, FRAG-12
// attack: FRAG-13, G-1, G-3, G-4, G-5, G-7, G-12, PARSE-1, PARSE-2, PARSE-3, PARSE-4, PARSE-5, PARSE-6
// attack: PARSE-7, PARSE-8, PARSE-9, PARSE-10, PARSE-11, PARSE-12, REV-5, SMP-1, SMP-2, SMP-3, SMP-4, SMP-5
// attack: SMP-6, SMP-7, SMP-10, SMP-12, STATE-1, STATE-2, STATE-3, STATE-8, STATE-12, TAG-1, TAG-2, TAG-3
// attack: TAG-6, TAG-7, TEXT-3, TLV-1, TLV-2, TLV-4, VER-2, VER-4, VER-5, VER-7, XKEY-1
#[test]
fn ours_withstands_every_deviation() {
    let parts: Vec<_> = (0..PARTS)
        .map(|part| {
            thread::spawn(move || Report::of(&mut InProcess::default(), Selection::Ours, part, PARTS, |_, _, _| ()))
        })
        .collect();
    let mut runs = 0;
    let mut differences = Vec::new();
    for part in parts {
        let report = part.join().unwrap_or_else(|_| panic!("a deviation stopped the test"));
        let report = report.unwrap_or_else(|reason| panic!("{reason}"));
        runs += report.runs();
        let described = report.differences().map(|(name, version, outcome)| format!("v{version} {name}: {outcome:?}"));
        differences.extend(described);
    }
    let listed: usize = all().iter().map(|deviation| deviation.versions.len()).sum();
    assert_eq!(runs, listed, "every deviation has run in each of its versions");
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn libotr_does_what_is_on_record() {
    let programs = Programs::build().unwrap_or_else(|error| panic!("{error}"));
    let libotr = programs.peer("libotr").unwrap_or_else(|error| panic!("{error}"));
    let report = Report::of(&mut Driven::new(libotr), Selection::Others, 0, 1, |_, _, _| ());
    let page = report.unwrap_or_else(|reason| panic!("{reason}")).page();
    let recorded = read("docs/hostile-peer.md");
    let changed: Vec<_> = page.lines().filter(|line| !recorded.lines().any(|other| other == *line)).collect();
    assert!(
        page == recorded,
        "docs/hostile-peer.md is not true (`cargo xtask hostile --bless`):\n{}",
        changed.join("\n")
    );
}

#[test]
fn the_list_is_long_and_every_deviation_has_a_name_and_rules() {
    let rules = read("docs/security-rules.md");
    let rules: BTreeSet<_> = rules.lines().filter_map(|line| line.strip_prefix("| ")?.split(' ').next()).collect();
    let all = all();
    assert!(all.len() >= 120, "{} deviations", all.len());
    let names: BTreeSet<_> = all.iter().map(|deviation| deviation.name.as_str()).collect();
    assert_eq!(names.len(), all.len(), "each name is there once");
    for deviation in &all {
        let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(deviation.name.chars().all(legal), "{}", deviation.name);
        assert!(!deviation.rows.is_empty(), "{} has no rule", deviation.name);
        for row in deviation.rows {
            assert!(rules.contains(row), "{}: there is no rule {row}", deviation.name);
        }
    }
}

fn all() -> Vec<Deviation> {
    deviations().into_iter().flat_map(|(_, list)| list).collect()
}

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
