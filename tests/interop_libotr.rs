//! The interop scenarios with libotr, a few runs of each: `cargo xtask interop` runs many, with every peer.

use otr_tests::interop::conversation::Crowd;
use otr_tests::interop::{Differences, Pairing, Plan, Programs, SCENARIOS, run, table};

/// Runs of a key exchange; longer scenarios run once.
const COUNT: u32 = 4;

#[test]
fn otr_with_itself() {
    let programs = Programs::build().unwrap_or_else(|error| panic!("{error}"));
    play(vec![Pairing::alone(&programs.otr)]);
}

#[test]
fn otr_and_libotr() {
    let programs = Programs::build().unwrap_or_else(|error| panic!("{error}"));
    let libotr = programs.peer("libotr").unwrap_or_else(|error| panic!("{error}"));
    let differences = Differences::of("libotr").unwrap_or_else(|error| panic!("{error}"));
    play(Pairing::with_peer(&programs.otr, &libotr, &differences));
}

fn play(pairings: Vec<Pairing>) {
    let plan = Plan { pairings, scenarios: SCENARIOS.iter().collect(), version: None, count: COUNT, seed: 1000 };
    let rows = run(&plan, |_| ());
    for scenario in SCENARIOS {
        let played = rows.iter().any(|row| row.scenario == scenario.name && row.first != row.second)
            || rows.iter().any(|row| row.scenario == scenario.name && plan.pairings.len() == 1);
        assert!(played, "{} has not run", scenario.name);
    }
    assert!(rows.iter().all(|row| row.verdict().is_good()), "{}", table::notes(&rows));
}

/// A few random conversations: `cargo xtask conversations` holds many.
#[test]
fn random_conversations() {
    let programs = Programs::build().unwrap_or_else(|error| panic!("{error}"));
    let libotr = programs.peer("libotr").unwrap_or_else(|error| panic!("{error}"));
    let crowd = Crowd { first: programs.otr, second: libotr, count: 40, seed: 5000, workers: 4, without: Vec::new() };
    let report = crowd.hold(|_| ()).unwrap_or_else(|error| panic!("{error}"));
    for strange in &report.strange {
        eprintln!("seed {}: {}", strange.seed, strange.reason);
    }
    assert!(report.strange.is_empty(), "unexplained differences");
    for (name, count) in report.tally.counts() {
        assert!(count > 0, "no {name}, so nothing is shown about that");
    }
}
