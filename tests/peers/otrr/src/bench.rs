//! otrr-bench: what the library otrr takes for exchanges, texts, comparisons of secrets and keys. Both sides of a
//! conversation are in this process; the clock is its processor time.

mod bench_meter;
mod bench_pair;
mod keys;

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Duration;

use otrr::crypto::dsa;

use crate::bench_meter::{resident, timed};
use crate::bench_pair::Pair;

/// How many pairs are kept alive for the measurement of memory.
const PAIRS: u32 = 100;

struct Measurement {
    name: &'static str,
    work: Work,
    /// The length of the texts in bytes, where there are any.
    size: usize,
    batches: u32,
    /// How often the work is done in a batch.
    each: u32,
}

/// Does the work so often, with such a text; tells what that took.
type Work = fn(&mut Pair, u32, &[u8]) -> Result<Duration, String>;

const DSA_KEY: &str = "dsa-key";

const MEASUREMENTS: [Measurement; 8] = [
    Measurement::new("exchange/3", meet, 0, 16, 1),
    Measurement::new("ping-pong/64", ping_pong, 64, 16, 2),
    Measurement::new("ping-pong/1024", ping_pong, 1024, 16, 2),
    Measurement::new("burst/64", burst, 64, 40, 32),
    Measurement::new("burst/1024", burst, 1024, 40, 32),
    Measurement::new("burst/65536", burst, 65536, 20, 8),
    Measurement::new("smp", compare, 0, 4, 1),
    Measurement::new(DSA_KEY, make_keys, 0, 12, 1),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let share = match arguments.as_slice() {
        [] => 1,
        [quick] if quick == "--quick" => 4,
        _ => {
            eprintln!("usage: otrr-bench [--quick]");
            return ExitCode::from(2);
        }
    };
    match run(share) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("otrr-bench: {why}");
            ExitCode::FAILURE
        }
    }
}

/// Measures with so small a share of the batches and of the pairs.
fn run(share: u32) -> Result<(), String> {
    let mut pair = Pair::new()?;
    for measurement in &MEASUREMENTS {
        measurement
            .run(&mut pair, measurement.batches / share)
            .map_err(|why| format!("{}: {why}", measurement.name))?;
    }
    let pairs = PAIRS / share;
    let bytes = memory(&mut pair, pairs).map_err(|why| format!("memory: {why}"))?;
    println!(r#"{{"name":"memory","pairs":{pairs},"bytes":{bytes}}}"#);
    Ok(())
}

impl Measurement {
    const fn new(name: &'static str, work: Work, size: usize, batches: u32, each: u32) -> Self {
        Self { name, work, size, batches, each }
    }

    fn run(&self, pair: &mut Pair, batches: u32) -> Result<(), String> {
        let text = vec![b'x'; self.size];
        pair.become_strangers();
        pair.exchange()?;
        let mut batch = || (self.work)(pair, self.each, &text).map(|taken| taken.as_nanos() / u128::from(self.each));
        batch()?; // to warm up
        let mut times = (0..batches).map(|_| batch()).collect::<Result<Vec<u128>, String>>()?;
        times.sort_unstable();
        let (Some(min), Some(median)) = (times.first(), times.get(times.len() / 2)) else {
            return Err("nothing was measured".to_owned());
        };
        let (name, iterations) = (self.name, batches * self.each);
        let mean = match name {
            DSA_KEY => format!(r#","mean_ns":{}"#, times.iter().sum::<u128>() / u128::from(batches)),
            _ => String::new(),
        };
        println!(r#"{{"name":"{name}","iterations":{iterations},"median_ns":{median},"min_ns":{min}{mean}}}"#);
        Ok(())
    }
}

fn meet(pair: &mut Pair, each: u32, _: &[u8]) -> Result<Duration, String> {
    let mut one = || {
        pair.become_strangers();
        timed(|| pair.exchange())
    };
    (0..each).map(|_| one()).sum()
}

/// Each text is answered by the next, so each rotates keys.
fn ping_pong(pair: &mut Pair, each: u32, text: &[u8]) -> Result<Duration, String> {
    timed(|| (0..each).zip([0, 1].into_iter().cycle()).try_for_each(|(_, from)| pair.hand_over(from, text)))
}

/// One side writes, then the other reads; nothing is answered.
fn burst(pair: &mut Pair, each: u32, text: &[u8]) -> Result<Duration, String> {
    timed(|| {
        let sealed = (0..each).map(|_| pair.seal(0, text)).collect::<Result<Vec<_>, String>>()?;
        sealed.iter().try_for_each(|sealed| pair.open(1, sealed, text.len()))
    })
}

fn compare(pair: &mut Pair, each: u32, _: &[u8]) -> Result<Duration, String> {
    timed(|| (0..each).try_for_each(|_| pair.compare()))
}

fn make_keys(_: &mut Pair, each: u32, _: &[u8]) -> Result<Duration, String> {
    timed(|| {
        (0..each).for_each(|_| drop(black_box(dsa::Keypair::generate())));
        Ok(())
    })
}

/// How many bytes of resident memory a pair takes after an exchange and two texts each way.
fn memory(pair: &mut Pair, pairs: u32) -> Result<u64, String> {
    let text = [b'x'; 64];
    let mut open = || {
        pair.become_strangers();
        pair.exchange()?;
        [0, 1, 0, 1].into_iter().try_for_each(|from| pair.hand_over(from, &text))
    };
    open()?;
    let before = resident()?;
    (0..pairs).try_for_each(|_| open())?;
    Ok(resident()?.saturating_sub(before) / u64::from(pairs))
}
