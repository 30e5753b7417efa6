//! Every security rule in force has a test that names it: docs/security-rules.md against the tests.
//!
//! A test says which rules it proves in a comment of its own, `attack:` and their ids.

#![expect(clippy::panic, reason = "a test fails by panicking, its helpers too")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Where tests are, and scenarios that tests run.
const FOLDERS: [&str; 3] = ["crates", "tests", "xtask"];

/// How the comment begins that names rules.
const MARK: &str = "attack:";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    InForce,
    Later,
}

#[test]
fn every_rule_in_force_is_tested_and_every_tested_rule_is_written_down() {
    let rules = rules(&read(&root().join("docs/security-rules.md"))).unwrap_or_else(|reason| panic!("{reason}"));
    let mut named = BTreeMap::new();
    for folder in FOLDERS {
        for path in files(&root().join(folder)) {
            for id in named_in(&read(&path)) {
                named.entry(id).or_insert_with(|| path.clone());
            }
        }
    }
    let untested: Vec<_> = rules
        .iter()
        .filter(|(id, state)| **state == State::InForce && !named.contains_key(*id))
        .map(|(id, _)| id.as_str())
        .collect();
    let unknown: Vec<_> = named.iter().filter(|(id, _)| !rules.contains_key(*id)).collect();
    assert!(
        untested.is_empty() && unknown.is_empty(),
        "{} rules in force without a test: {}\nnamed by a test, but not in docs/security-rules.md: {unknown:?}",
        untested.len(),
        untested.join(" "),
    );
}

#[test]
fn a_table_is_read_row_by_row() {
    let table = "# Rules\n\n| id | rule | state |\n| --- | --- | --- |\n\
                 | A-1 | Do this. | in force |\n| B-22 | And that. | later: with the toolkit |\n";
    let expected = [("A-1".to_owned(), State::InForce), ("B-22".to_owned(), State::Later)];
    assert_eq!(rules(table), Ok(expected.into()));
    for bad in [
        "| A-1 | Do this. | perhaps |",
        "| A-1 | Do this. |",
        "| A-1 | | in force |",
        "| A-1 | Do this. | later |",
        "| A-1 | Do. | in force |\n| A-1 | Do. | in force |",
    ] {
        assert!(rules(bad).is_err(), "{bad}");
    }
}

#[test]
fn ids_are_found_in_comments_of_any_language_and_nowhere_else() {
    let mark = |comment: &str, rest: &str| format!("{comment} {MARK} {rest}\n");
    let text = [
        mark("    //", "A-1, B-22"),
        mark("#", "C-3"),
        mark("/*", "D-4 */"),
        format!("// the {MARK} E-5\n"),
        format!("let text = \"{MARK} F-6\";\n"),
    ];
    let expected = ["A-1", "B-22", "C-3", "D-4"].map(str::to_owned);
    assert_eq!(named_in(&text.concat()), expected.into());
}

/// The rows `| id | rule | state |` of a page.
fn rules(page: &str) -> Result<BTreeMap<String, State>, String> {
    let mut rules = BTreeMap::new();
    for line in page.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<_> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [id, rule, state] = cells.as_slice() else { return Err(format!("not three cells: {line}")) };
        if *id == "id" || id.starts_with("---") {
            continue;
        }
        let state = match state.split_once(": ") {
            None if *state == "in force" => State::InForce,
            Some(("later", why)) if !why.is_empty() => State::Later,
            _ => return Err(format!("neither in force nor later for a reason: {line}")),
        };
        if rule.is_empty() {
            return Err(format!("no rule: {line}"));
        }
        if rules.insert((*id).to_owned(), state).is_some() {
            return Err(format!("twice: {line}"));
        }
    }
    Ok(rules)
}

/// The ids in comments that consist of the mark and ids.
fn named_in(text: &str) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for line in text.lines() {
        let comment = ["///", "//", "/*", "#"].iter().find_map(|start| line.trim_start().strip_prefix(start));
        let Some(list) = comment.and_then(|comment| comment.trim_start().strip_prefix(MARK)) else { continue };
        let list = list.trim_end().trim_end_matches("*/");
        ids.extend(list.split(',').map(|id| id.trim().to_owned()));
    }
    ids
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The sources under `folder`.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut found = Vec::new();
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            if !path.ends_with("target") {
                found.extend(files(&path));
            }
        } else if path.extension().is_some_and(|extension| ["rs", "c", "h", "py", "sh"].iter().any(|e| extension == *e))
        {
            found.push(path);
        }
    }
    found
}
