//! What our crates take for the work that the programs `NAME-bench` of tests/peers have other implementations do.
//! `cargo xtask bench` runs them in turns; all print the same lines, as far as they can do the work.
//!
//! Identity keys are made before the clock starts. The clock is this thread's processor time, so that other work on the
//! machine counts as little as can be.

#![expect(clippy::print_stdout, reason = "the lines printed are what this program is for")]
#![expect(clippy::expect_used, reason = "a benchmark that does not work stops")]

use std::{env, error::Error, fs, time::Duration};

use chacha20::{
    ChaCha20Rng,
    rand_core::{SeedableRng, UnwrapErr},
};
use getrandom::SysRng;
use otr_benches::{Pair, Signing};
use otr_crypto::{DhKeyPair, IdentityKey, Suite};
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
        let mean = times.iter().sum::<u128>() / u128::from(batches);
        let (name, iterations) = (self.name, batches * self.each);
        println!(
            r#"{{"name":"{name}","iterations":{iterations},"median_ns":{median},"min_ns":{min},"mean_ns":{mean}}}"#
        );
    }
}

const MEASUREMENTS: [Measurement; 18] = [
    Measurement::new("exchange/3", meet, Version::Three, 0, 16, 1),
    Measurement::new("exchange/2", meet, Version::Two, 0, 16, 1),
    Measurement::new("ping-pong/64", ping_pong, Version::Three, 64, 16, 2),
    Measurement::new("ping-pong/1024", ping_pong, Version::Three, 1024, 16, 2),
    Measurement::new("burst/64", burst, Version::Three, 64, 40, 32),
    Measurement::new("burst/1024", burst, Version::Three, 1024, 40, 32),
    Measurement::new("burst/65536", burst, Version::Three, 65536, 20, 8),
    Measurement::new("smp", compare, Version::Three, 0, 4, 1),
    Measurement::new("25519/exchange/3", meet, Version::Curve25519, 0, 16, 4),
    Measurement::new("25519/kem", kem, Version::Curve25519, 0, 16, 8),
    Measurement::new("25519/ping-pong/64", ping_pong, Version::Curve25519, 64, 16, 8),
    Measurement::new("25519/burst/1024", burst, Version::Curve25519, 1024, 40, 32),
    Measurement::new("25519/smp", compare, Version::Curve25519, 0, 8, 1),
    Measurement::new("dsa-key", dsa_key, Version::Three, 0, 12, 1),
    Measurement::new("public-value", public_value, Version::Three, 0, 20, 8),
    Measurement::new("shared-secret", shared_secret, Version::Three, 0, 20, 8),
    Measurement::new("dsa-sign", dsa_sign, Version::Three, 0, 20, 8),
    Measurement::new("dsa-verify", dsa_verify, Version::Three, 0, 20, 8),
];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let quick = match arguments.as_slice() {
        [] => false,
        [quick] if quick == "--quick" => true,
        _ => return Err("usage: beside [--quick]".into()),
    };
    let [mut two, mut three, mut suite] = [Version::Two, Version::Three, Version::Curve25519].map(|version| {
        let mut pair = Pair::new(version);
        pair.exchange();
        pair
    });
    for measurement in MEASUREMENTS {
        let batches = if quick { measurement.batches / 4 } else { measurement.batches };
        let pair = match measurement.version {
            Version::Two => &mut two,
            Version::Three => &mut three,
            Version::Curve25519 => &mut suite,
        };
        measurement.run(pair, batches);
    }
    memory(&mut three)
}

fn meet(pair: &mut Pair, each: u32, _: &str) -> Duration {
    let mut one = || {
        pair.become_strangers();
        let begun = now();
        pair.exchange();
        now() - begun
    };
    (0..each).map(|_| one()).sum()
}

fn compare(pair: &mut Pair, each: u32, _: &str) -> Duration {
    let begun = now();
    (0..each).for_each(|_| pair.compare());
    now() - begun
}

/// One side writes so many texts, the other reads them all.
fn burst(pair: &mut Pair, each: u32, text: &str) -> Duration {
    let begun = now();
    let messages: Vec<String> = (0..each).map(|_| pair.encrypt(0, text)).collect();
    for message in messages {
        assert_eq!(pair.decrypt(1, &message), text.len());
    }
    now() - begun
}

/// Each message is answered by the next, so each rotates keys.
fn ping_pong(pair: &mut Pair, each: u32, text: &str) -> Duration {
    let begun = now();
    for (_, writer) in (0..each).zip([0, 1].into_iter().cycle()) {
        let message = pair.encrypt(writer, text);
        assert_eq!(pair.decrypt(1 - writer, &message), text.len());
    }
    now() - begun
}

/// Keys that nobody has chosen: how long the search for primes takes is chance.
fn dsa_key(_: &mut Pair, each: u32, _: &str) -> Duration {
    let begun = now();
    for _ in 0..each {
        IdentityKey::generate(&mut UnwrapErr(SysRng));
    }
    now() - begun
}

fn public_value(_: &mut Pair, each: u32, _: &str) -> Duration {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let begun = now();
    for _ in 0..each {
        DhKeyPair::generate(&mut rng);
    }
    now() - begun
}

fn shared_secret(_: &mut Pair, each: u32, _: &str) -> Duration {
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let pairs: Vec<_> = (0..=each).map(|_| DhKeyPair::generate(&mut rng)).collect();
    let begun = now();
    for (ours, theirs) in pairs.iter().zip(pairs.iter().skip(1)) {
        ours.agree(theirs.public()).expect("an honest value");
    }
    now() - begun
}

/// The encapsulation of an exchange, all three parts of it.
fn kem(_: &mut Pair, each: u32, _: &str) -> Duration {
    let mut rng = ChaCha20Rng::seed_from_u64(4);
    let begun = now();
    for _ in 0..each {
        let key = Suite::Curve25519.kem_key(&mut rng);
        let (ciphertext, _) = Suite::Curve25519.encapsulate(key.public(), &mut rng).expect("a key of our own");
        key.open(&ciphertext).expect("a ciphertext of our own");
    }
    now() - begun
}

fn dsa_sign(_: &mut Pair, each: u32, _: &str) -> Duration {
    signatures(each).0
}

fn dsa_verify(_: &mut Pair, each: u32, _: &str) -> Duration {
    signatures(each).1
}

/// Signs what a key exchange signs, and checks the signatures as somebody does who has the public key only.
fn signatures(each: u32) -> (Duration, Duration) {
    let mut pen = Signing::new();
    let (mut signing, mut checking) = (Duration::ZERO, Duration::ZERO);
    for keyid in 1..=each {
        let m = pen.value(keyid);
        let begun = now();
        let signature = pen.sign(&m);
        let signed = now();
        pen.stranger.verify(&m, &signature).expect("our own signature");
        checking += now() - signed;
        signing += signed - begun;
    }
    (signing, checking)
}

/// How much memory two ends of a conversation take, after two texts each way.
fn memory(pair: &mut Pair) -> Result<(), Box<dyn Error>> {
    const PAIRS: usize = 500;
    let mut before = 0;
    for i in 0..=PAIRS {
        // The first is only there so that everything that is shared has been set up.
        if i == 1 {
            before = resident_bytes()?;
        }
        pair.meet_somebody_else();
        pair.exchange();
        ping_pong(pair, 4, "x");
    }
    let bytes = (resident_bytes()? - before) / PAIRS;
    println!(r#"{{"name":"memory","pairs":{PAIRS},"bytes":{bytes}}}"#);
    Ok(())
}

fn resident_bytes() -> Result<usize, Box<dyn Error>> {
    let statm = fs::read_to_string("/proc/self/statm")?;
    let pages: usize = statm.split(' ').nth(1).unwrap_or_default().parse()?;
    Ok(pages * rustix::param::page_size())
}

fn now() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}
