//! Running scenarios.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::spoken::common;
use super::{Dice, Difference, Differences, Failure, Known, Pair, Program, Row, Scenario, Spoken, Starts};

/// After so many failures a scenario is given up: they will be alike.
const ENOUGH_FAILURES: usize = 3;

/// How many pairings are played at once. More would be in each other's way.
const AT_ONCE: usize = 4;

/// Who begins, and who is the other.
#[derive(Debug, Clone)]
pub struct Pairing {
    /// Who begins.
    pub first: Program,
    /// Who is the other.
    pub second: Program,
    /// What is known of the peer in it.
    pub differences: Vec<Difference>,
    /// One in so many runs is played; see [`Share`](super::Share).
    pub one_in: u32,
}

/// What to run.
#[derive(Debug)]
pub struct Plan {
    /// Who with whom.
    pub pairings: Vec<Pairing>,
    /// Which scenarios.
    pub scenarios: Vec<&'static Scenario>,
    /// In which version only.
    pub version: Option<u16>,
    /// How often; see [`Scenario::every`].
    pub count: u32,
    /// Run number n takes its chances from this plus n.
    pub seed: u64,
}

impl Pairing {
    /// A program with itself, about which nothing is excused.
    #[must_use]
    pub fn alone(program: &Program) -> Self {
        Self { first: program.clone(), second: program.clone(), differences: Vec::new(), one_in: 1 }
    }

    /// `otr` with `peer`, either beginning, and two of the peer, to confirm what is listed.
    #[must_use]
    pub fn with_peer(otr: &Program, peer: &Program, differences: &Differences) -> Vec<Self> {
        let Differences { share, list } = differences;
        let one_in = share.as_ref().map_or(1, |share| share.one_in.get());
        let pairing = |first: &Program, second: &Program, differences: Vec<Difference>| Self {
            first: first.clone(),
            second: second.clone(),
            differences,
            one_in,
        };
        let shown: Vec<_> = list.iter().filter(|known| known.not_alone.is_none()).cloned().collect();
        let mut pairings = vec![pairing(otr, peer, list.clone()), pairing(peer, otr, list.clone())];
        if !shown.is_empty() {
            pairings.push(pairing(peer, peer, shown));
        }
        pairings
    }

    /// The peer that is only to confirm its list.
    fn confirms(&self) -> bool {
        self.first == self.second && !self.differences.is_empty()
    }

    /// How often `scenario` is played of `count` times.
    fn runs(&self, scenario: &Scenario, count: u32) -> u32 {
        count.div_ceil(scenario.every.max(1).saturating_mul(self.one_in.max(1)))
    }

    /// The reason why `scenario` may fail.
    fn known(&self, scenario: &Scenario, spoken: Spoken) -> Option<Known> {
        let starts = match (self.first.is_ours(), self.second.is_ours()) {
            (true, false) => Some(Starts::Otr),
            (false, true) => Some(Starts::Peer),
            (true, true) | (false, false) => None,
        };
        let known = self.differences.iter().find(|known| known.covers(scenario.name, spoken, starts));
        known.map(|known| Known { reason: known.reason.clone(), sometimes: known.sometimes })
    }

    /// In which versions `scenario` is played.
    fn to_play(&self, scenario: &Scenario, version: Option<u16>) -> Vec<Spoken> {
        let mut versions = common(&self.first.versions, &self.second.versions);
        versions.retain(|one| version.is_none_or(|only| *one == only));
        let mut played = scenario.versions.to_play(&versions);
        played.retain(|&spoken| version.is_none() || spoken != Spoken::Any);
        played.retain(|&spoken| !self.confirms() || self.known(scenario, spoken).is_some());
        played
    }
}

/// Runs the plan, and tells each row as soon as it is there.
pub fn run(plan: &Plan, tell: impl FnMut(&Row) + Send) -> Vec<Row> {
    let waiting = Mutex::new(plan.pairings.iter().collect::<VecDeque<_>>());
    let done = Mutex::new((tell, Vec::new()));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(plan.pairings.len()) {
            scope.spawn(|| {
                while let Some(pairing) = next(&waiting) {
                    run_pairing(pairing, plan, |row| {
                        let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                        (done.0)(&row);
                        done.1.push(row);
                    });
                }
            });
        }
    });
    done.into_inner().unwrap_or_else(PoisonError::into_inner).1
}

fn next<'p>(waiting: &Mutex<VecDeque<&'p Pairing>>) -> Option<&'p Pairing> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
}

/// The pair of programs is kept as long as what it was started for is what is played.
fn run_pairing(pairing: &Pairing, plan: &Plan, mut tell: impl FnMut(Row)) {
    let mut all = Vec::new();
    for scenario in &plan.scenarios {
        all.extend(pairing.to_play(scenario, plan.version).into_iter().map(|spoken| (*scenario, spoken)));
    }
    let version = |spoken: &Spoken| match spoken {
        Spoken::Only(version) => *version,
        Spoken::Any => u16::MAX,
    };
    all.sort_by_key(|(_, spoken)| version(spoken));
    let mut pair = None;
    for (scenario, spoken) in all {
        tell(run_scenario(scenario, spoken, plan, pairing, &mut pair));
    }
}

fn run_scenario(
    scenario: &'static Scenario,
    spoken: Spoken,
    plan: &Plan,
    pairing: &Pairing,
    pair: &mut Option<Pair>,
) -> Row {
    let mut row = Row {
        scenario: scenario.name,
        spoken,
        first: pairing.first.name.clone(),
        second: pairing.second.name.clone(),
        passed: 0,
        failures: Vec::new(),
        known: pairing.known(scenario, spoken),
    };
    for number in 0..pairing.runs(scenario, plan.count) {
        let seed = plan.seed.wrapping_add(number.into());
        match run_once(scenario, spoken, Dice::new(seed), pairing, pair) {
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
    spoken: Spoken,
    dice: Dice,
    pairing: &Pairing,
    pair: &mut Option<Pair>,
) -> Result<(), Failure> {
    let fits = |pair: &Pair| pair.setting() == scenario.setting && pair.spoken() == spoken;
    let running = match pair.take().filter(fits) {
        Some(running) => running,
        None => Pair::start(&pairing.first, &pairing.second, scenario.setting, spoken)?,
    };
    let mut meeting = pair.insert(running).meet(dice);
    (scenario.play)(&mut meeting).map_err(|Failure(reason)| Failure(format!("{reason}{}", meeting.trace())))
}
