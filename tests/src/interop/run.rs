//! Running scenarios.

use std::sync::Mutex;
use std::thread;

use super::{Dice, Failure, Pair, Program, Scenario};

/// After so many failures a scenario is given up: they will be alike.
const ENOUGH_FAILURES: usize = 3;

/// What to run.
#[derive(Debug)]
pub struct Plan {
    /// Who begins, and who is the other. Each of these runs on its own thread.
    pub pairings: Vec<(Program, Program)>,
    /// Which scenarios.
    pub scenarios: Vec<&'static Scenario>,
    /// How often; see [`Scenario::every`].
    pub count: u32,
    /// Run number n takes its chances from this plus n.
    pub seed: u64,
}

/// What became of one scenario with one pairing.
#[derive(Debug)]
pub struct Row {
    /// Which scenario.
    pub scenario: &'static str,
    /// Who began.
    pub first: String,
    /// Who was the other.
    pub second: String,
    /// How many runs were as they should be.
    pub passed: u32,
    /// What was wrong in the others, and the seed of each.
    pub failures: Vec<(u64, String)>,
}

/// Runs the plan, and tells each row as soon as it is there.
pub fn run(plan: &Plan, tell: impl FnMut(&Row) + Send) -> Vec<Row> {
    let done = Mutex::new((tell, Vec::new()));
    thread::scope(|scope| {
        for (first, second) in &plan.pairings {
            let done = &done;
            scope.spawn(move || {
                let mut pair = None;
                for scenario in &plan.scenarios {
                    let row = run_scenario(scenario, plan, first, second, &mut pair);
                    let mut done = done.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    (done.0)(&row);
                    done.1.push(row);
                }
            });
        }
    });
    done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner).1
}

fn run_scenario(
    scenario: &'static Scenario,
    plan: &Plan,
    first: &Program,
    second: &Program,
    pair: &mut Option<Pair>,
) -> Row {
    let runs = plan.count.div_ceil(scenario.every.max(1));
    let names = (first.name.clone(), second.name.clone());
    let mut row = Row { scenario: scenario.name, first: names.0, second: names.1, passed: 0, failures: Vec::new() };
    for number in 0..runs {
        let seed = plan.seed.wrapping_add(number.into());
        match run_once(scenario, Dice::new(seed), first, second, pair) {
            Ok(()) => row.passed = row.passed.saturating_add(1),
            Err(failure) => {
                row.failures.push((seed, failure.to_string()));
                // Whatever state the programs are in now, the next run is to have none of it.
                *pair = None;
            }
        }
        if row.failures.len() == ENOUGH_FAILURES {
            break;
        }
    }
    row
}

fn run_once(
    scenario: &Scenario,
    dice: Dice,
    first: &Program,
    second: &Program,
    pair: &mut Option<Pair>,
) -> Result<(), Failure> {
    let running = match pair.take().filter(|pair| pair.setting() == scenario.setting) {
        Some(running) => running,
        None => Pair::start(first, second, scenario.setting)?,
    };
    let mut meeting = pair.insert(running).meet(dice);
    (scenario.play)(&mut meeting).map_err(|Failure(reason)| Failure(format!("{reason}{}", meeting.trace())))
}
