//! What our crates take for the work that `tests/peers/libotr/bench.c` has libotr do. `cargo xtask bench` runs the two
//! in turns; both have the same table of measurements and print the same lines.
//!
//! Keys are made before the clock starts. The clock is this thread's processor time, so that other work on the machine
//! counts as little as can be.

#![expect(clippy::print_stdout, reason = "the lines printed are what this program is for")]

use std::{env, error::Error, time::Duration};

use otr_benches::Pair;
use otr_wire::Version;
use rustix::time::{ClockId, clock_gettime};

struct Measurement {
    name: &'static str,
    work: Work,
    version: Version,
    /// The length of the texts in bytes, where there are any.
    size: usize,
    batches: u32,
    /// How often the work is done in a batch.
    each: u32,
}

/// Does the work so often, with such a text; returns what that took.
type Work = fn(&mut Pair, u32, &str) -> Duration;

impl Measurement {
    const fn new(name: &'static str, work: Work, version: Version, size: usize, batches: u32, each: u32) -> Self {
        Self { name, work, version, size, batches, each }
    }

    fn run(&self, pair: &mut Pair, batches: u32) {
        let text = "x".repeat(self.size);
        pair.become_strangers();
        pair.exchange();
        let mut batch = || (self.work)(pair, self.each, &text);
        batch(); // to warm up
        let mut times: Vec<u128> = (0..batches).map(|_| batch().as_nanos() / u128::from(self.each)).collect();
        times.sort_unstable();
        let (Some(min), Some(median)) = (times.first(), times.get(times.len() / 2)) else { return };
        let (name, iterations) = (self.name, batches * self.each);
        println!(r#"{{"name":"{name}","iterations":{iterations},"median_ns":{median},"min_ns":{min}}}"#);
    }
}

const KIB: usize = 1024;

const MEASUREMENTS: [Measurement; 13] = [
    Measurement::new("handshake, version 3", meet, Version::Three, 0, 16, 1),
    Measurement::new("handshake, version 2", meet, Version::Two, 0, 16, 1),
    Measurement::new("handshake, a text each way, version 3", meet, Version::Three, 64, 16, 1),
    Measurement::new("handshake, a text each way, version 2", meet, Version::Two, 64, 16, 1),
    Measurement::new("handshake, met before, version 3", meet_again, Version::Three, 0, 16, 1),
    Measurement::new("handshake, met before, version 2", meet_again, Version::Two, 0, 16, 1),
    Measurement::new("SMP, a whole run", compare, Version::Three, 0, 4, 1),
    Measurement::new("data message, one way, seal 1 KiB", seal_one_way, Version::Three, KIB, 40, 32),
    Measurement::new("data message, one way, open 1 KiB", open_one_way, Version::Three, KIB, 40, 32),
    Measurement::new("data message, one way, seal 16 KiB", seal_one_way, Version::Three, 16 * KIB, 20, 8),
    Measurement::new("data message, one way, open 16 KiB", open_one_way, Version::Three, 16 * KIB, 20, 8),
    Measurement::new("data message, ping-pong, 1 KiB", ping_pong, Version::Three, KIB, 16, 2),
    Measurement::new("data message, ping-pong, 16 KiB", ping_pong, Version::Three, 16 * KIB, 16, 2),
];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let quick = match arguments.as_slice() {
        [] => false,
        [quick] if quick == "--quick" => true,
        _ => return Err("usage: beside [--quick]".into()),
    };
    let [mut two, mut three] = [Version::Two, Version::Three].map(|version| {
        let mut pair = Pair::new(version);
        pair.exchange();
        pair
    });
    for measurement in MEASUREMENTS {
        let batches = if quick { measurement.batches / 4 } else { measurement.batches };
        let pair = match measurement.version {
            Version::Two => &mut two,
            Version::Three => &mut three,
        };
        measurement.run(pair, batches);
    }
    Ok(())
}

fn meet(pair: &mut Pair, each: u32, text: &str) -> Duration {
    let mut one = || {
        pair.become_strangers();
        let begun = now();
        pair.exchange();
        if !text.is_empty() {
            talk(pair, text);
        }
        now() - begun
    };
    (0..each).map(|_| one()).sum()
}

fn meet_again(pair: &mut Pair, each: u32, _: &str) -> Duration {
    let mut one = || {
        pair.end();
        let begun = now();
        pair.exchange();
        now() - begun
    };
    (0..each).map(|_| one()).sum()
}

/// Texts that cross: who receives one has written one, so nobody answers by a heartbeat.
fn talk(pair: &mut Pair, text: &str) {
    let there = pair.encrypt(0, text);
    let back = pair.encrypt(1, text);
    assert_eq!([pair.decrypt(1, &there), pair.decrypt(0, &back)], [text.len(); 2]);
}

fn compare(pair: &mut Pair, each: u32, _: &str) -> Duration {
    let begun = now();
    (0..each).for_each(|_| pair.compare());
    now() - begun
}

fn seal_one_way(pair: &mut Pair, each: u32, text: &str) -> Duration {
    one_way(pair, each, text).0
}

fn open_one_way(pair: &mut Pair, each: u32, text: &str) -> Duration {
    one_way(pair, each, text).1
}

/// One side writes so many texts, the other reads them all. What either takes.
fn one_way(pair: &mut Pair, each: u32, text: &str) -> (Duration, Duration) {
    let begun = now();
    let messages: Vec<String> = (0..each).map(|_| pair.encrypt(0, text)).collect();
    let sealed = now();
    for message in messages {
        assert_eq!(pair.decrypt(1, &message), text.len());
    }
    (sealed - begun, now() - sealed)
}

/// Each message is answered by the next, so each rotates keys.
fn ping_pong(pair: &mut Pair, each: u32, text: &str) -> Duration {
    let begun = now();
    for (_, writer) in (0..each).zip([0, 1].into_iter().cycle()) {
        hand_over(pair, writer, text);
    }
    now() - begun
}

fn hand_over(pair: &mut Pair, writer: usize, text: &str) {
    let message = pair.encrypt(writer, text);
    assert_eq!(pair.decrypt(1 - writer, &message), text.len());
}

fn now() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}
