//! `cargo xtask ci`: everything that has to hold. It stops at the first step that fails.

use std::time::{Duration, Instant};

use crate::error::Error;
use crate::shell::{cargo, run as run_command};
use crate::{constant_time, conversations, examples, interop, no_std, setup, test_vectors};

type Step = (&'static str, fn() -> Result<(), Error>);

/// What costs little comes first. `cargo test --workspace` builds in one go what the steps after it run.
const STEPS: [Step; 13] = [
    ("format", || run_command(&mut cargo(&["fmt", "--all", "--check"]))),
    ("setup", || setup::run(&strings(&["--client", "irssi"]))),
    ("rules", || {
        let tests = ["--test", "layers", "--test", "attack_rules", "--test", "dependencies"];
        run_command(cargo(&["test", "--quiet", "--workspace"]).args(tests))
    }),
    ("no-std", no_std::run),
    ("lints", || {
        run_command(&mut cargo(&["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"]))
    }),
    ("documents", || {
        let mut doc = cargo(&["doc", "--quiet", "--workspace", "--no-deps"]);
        run_command(doc.env("RUSTDOCFLAGS", "-D warnings"))
    }),
    ("tests", || run_command(&mut cargo(&["test", "--workspace", "--no-fail-fast"]))),
    ("constant-time", constant_time::run),
    ("examples", examples::run),
    ("test-vectors", || test_vectors::run(&strings(&["--check"]))),
    ("interop", || interop::run(&strings(&["--count", "100"]))),
    ("conversations", || conversations::run(&[])),
    // One of them, which needs a few seconds and no window.
    ("client", || interop::run(&strings(&["--clients", "--client", "irssi"]))),
];

pub(crate) fn run() -> Result<(), Error> {
    let mut times = Vec::new();
    for (name, step) in STEPS {
        println!("\n== {name}");
        let begun = now();
        let done = step();
        times.push((name, begun.elapsed()));
        if let Err(error) = done {
            summary(&times);
            return Err(Error(format!("{name}: {error}")));
        }
    }
    summary(&times);
    println!("ci: all {} steps passed", STEPS.len());
    Ok(())
}

fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

fn summary(times: &[(&str, Duration)]) {
    println!();
    for (name, time) in times {
        println!("ci: {name:<14} {:>7.1} s", time.as_secs_f64());
    }
    let whole: Duration = times.iter().map(|(_, time)| *time).sum();
    println!("ci: {:<14} {:>7.1} s", "in all", whole.as_secs_f64());
}

#[expect(clippy::disallowed_methods, reason = "how long a step takes is for whoever waits for it")]
fn now() -> Instant {
    Instant::now()
}
