//! Many conversations, several at once.

use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::{Act, Tally, play};
use crate::interop::{Failure, Pair, Program, Setting, Spoken};

/// How programs are started: most conversations run without fragments. The seed chooses.
const SETTINGS: [Setting; 4] = [Setting::Plain, Setting::Plain, Setting::Plain, Setting::Fragments];

/// After so many conversations both programs are started anew, so that not all they ever knew is searched each time.
const TOGETHER: u32 = 400;

/// Messages of key exchanges that a program gets at once, and in each second after that. How many it takes from all
/// its contacts together is limited (by ours to 100 and 20 a second), and those limits are not what is tried here.
const AT_ONCE: u64 = 60;
const A_SECOND: f64 = 18.0;

/// How many unexplained differences are enough.
const ENOUGH: usize = 5;

/// What to hold.
#[derive(Debug)]
pub struct Crowd {
    /// At the first end.
    pub first: Program,
    /// At the second end.
    pub second: Program,
    /// How many conversations.
    pub count: u64,
    /// The seed of the first; each further one takes the next number.
    pub seed: u64,
    /// How many at once; a multiple of four, or else some stand idle.
    pub workers: u64,
    /// What does not happen.
    pub without: Vec<Act>,
}

/// A conversation that went wrong.
#[derive(Debug)]
pub struct Strange {
    /// Its seed.
    pub seed: u64,
    /// In what, with the trace.
    pub reason: String,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Report {
    /// What happened.
    pub tally: Tally,
    /// What nothing explains.
    pub strange: Vec<Strange>,
    /// How long it took.
    pub time: Duration,
}

/// Why a crowd cannot gather.
#[derive(Debug, thiserror::Error)]
#[error("a program does not start: {0}")]
pub struct CrowdError(String);

impl Crowd {
    /// Holds the conversations, and tells of each so many.
    ///
    /// # Errors
    ///
    /// When a program does not start.
    pub fn hold(&self, tell: impl Fn(&Tally) + Sync) -> Result<Report, CrowdError> {
        let begun = now();
        let report = Mutex::new(Report::default());
        let results: Vec<Result<(), Failure>> = thread::scope(|scope| {
            let (report, tell) = (&report, &tell);
            let workers: Vec<_> =
                (0..self.workers).map(|worker| scope.spawn(move || self.work(worker, report, tell))).collect();
            workers.into_iter().filter_map(|worker| worker.join().ok()).collect()
        });
        for result in results {
            result.map_err(|Failure(reason)| CrowdError(reason))?;
        }
        let mut report = report.into_inner().unwrap_or_else(PoisonError::into_inner);
        report.strange.sort_by_key(|strange| strange.seed);
        report.time = begun.elapsed();
        Ok(report)
    }

    /// The conversations of one worker: those whose seed, divided by the number of workers, leaves its number. So the
    /// programs of a worker are all started alike.
    fn work(&self, worker: u64, report: &Mutex<Report>, tell: &(impl Fn(&Tally) + Sync)) -> Result<(), Failure> {
        let mut pair: Option<(Pair, Pace)> = None;
        let seeds = self.seed..self.seed.saturating_add(self.count);
        for seed in seeds.filter(|seed| seed % self.workers.max(1) == worker) {
            let setting = setting(seed);
            let fits = |(pair, pace): &(Pair, Pace)| pair.setting() == setting && pace.conversations < TOGETHER;
            let (mut running, mut pace) = match pair.take().filter(fits) {
                Some(running) => running,
                None => (Pair::start(&self.first, &self.second, setting, Spoken::Any)?, Pace::new()),
            };
            let result = play(&mut running, seed, &self.without);
            // Whatever state the programs are in after something strange, the next conversation is to have none of it.
            if let Ok(tally) = &result {
                pace.keep(tally.exchange_messages);
                pair = Some((running, pace));
            }
            let mut report = report.lock().unwrap_or_else(PoisonError::into_inner);
            match result {
                Ok(tally) => {
                    report.tally += tally;
                    tell(&report.tally);
                }
                Err(Failure(reason)) => report.strange.push(Strange { seed, reason }),
            }
            if report.strange.len() >= ENOUGH {
                break;
            }
        }
        Ok(())
    }
}

fn setting(seed: u64) -> Setting {
    let index = usize::try_from(seed % 4).unwrap_or(0);
    SETTINGS.get(index).copied().unwrap_or(Setting::Plain)
}

/// Keeps the programs below what they allow.
#[derive(Debug)]
struct Pace {
    begun: Instant,
    messages: u64,
    conversations: u32,
}

impl Pace {
    fn new() -> Self {
        Self { begun: now(), messages: 0, conversations: 0 }
    }

    fn keep(&mut self, messages: u64) {
        self.conversations = self.conversations.saturating_add(1);
        self.messages = self.messages.saturating_add(messages);
        let due = Duration::from_secs(self.messages.saturating_sub(AT_ONCE)).div_f64(A_SECOND);
        thread::sleep(due.saturating_sub(self.begun.elapsed()));
    }
}

#[expect(clippy::disallowed_methods, reason = "how long it takes is part of the report")]
fn now() -> Instant {
    Instant::now()
}
