//! The interop scenarios with libotr, a few runs of each: `cargo xtask interop` runs many.

#![expect(clippy::panic, reason = "a test fails by panicking, its helper too")]

use otr_tests::interop::{Plan, Program, Programs, SCENARIOS, run};

/// Runs of a key exchange; longer scenarios run once.
const COUNT: u32 = 4;

#[test]
fn otr_with_itself() {
    let programs = Programs::build().unwrap_or_else(|error| panic!("{error}"));
    play(programs.otr.clone(), programs.otr);
}

#[test]
fn otr_begins_with_libotr() {
    let (otr, libotr) = both();
    play(otr, libotr);
}

#[test]
fn libotr_begins_with_otr() {
    let (otr, libotr) = both();
    play(libotr, otr);
}

fn both() -> (Program, Program) {
    let programs = Programs::build().unwrap_or_else(|error| panic!("{error}"));
    let libotr = programs.peer("libotr").unwrap_or_else(|error| panic!("{error}"));
    (programs.otr, libotr)
}

fn play(first: Program, second: Program) {
    let plan =
        Plan { pairings: vec![(first, second)], scenarios: SCENARIOS.iter().collect(), count: COUNT, seed: 1000 };
    let rows = run(&plan, |_| ());
    assert_eq!(rows.len(), SCENARIOS.len(), "every scenario has run");
    for row in &rows {
        for (seed, reason) in &row.failures {
            eprintln!("{} {} {} (seed {seed}): {reason}", row.scenario, row.first, row.second);
        }
    }
    assert!(rows.iter().all(|row| row.failures.is_empty()), "a scenario failed");
}
