//! The project's tasks: `cargo xtask <task>`.

#![expect(clippy::print_stdout, reason = "a task says what it does")]

mod bench;
mod ci;
mod constant_time;
mod conversations;
mod error;
mod examples;
mod hostile;
mod interop;
mod no_std;
mod setup;
mod shell;
mod test_vectors;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask setup [--clients|--client NAME]
                                          install and build what the tests need beyond Rust
cargo xtask ci                            everything that has to hold, in the order of its cost
cargo xtask interop [--peer NAME] [--scenario NAME] [--version V] [--count N] [--seed S] [--list]
                                          hold `otr engine` against its peers
cargo xtask interop --servers [--only prosody|ngircd|synapse] [--messages N] [--cuts N] [--seed S] [--rates]
                                          hold `otr chat` over real servers on loopback, or measure them
cargo xtask interop --clients [--client NAME|all]
                                          hold `otr chat` against real clients on these servers
cargo xtask conversations [--count N] [--seed S] [--peer NAME]
                                          random conversations with a peer; --count 10000 for the full number
cargo xtask hostile [--peer NAME|--bless]  let the hostile peer strike, against ours or a peer; write its page
cargo xtask test-vectors [--bless|--check] run every crate against tests/vectors
cargo xtask constant-time                 let memcheck watch where secrets go
cargo xtask no-std                        show that otr-wire and otr-crypto need no std
cargo xtask examples                      run the examples of every crate
cargo xtask bench [--quick] [--save]      our crates and the peers at the same work, in turns; --save: a new baseline";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (task, rest) = arguments.split_first().map_or(("", [].as_slice()), |(task, rest)| (task.as_str(), rest));
    let done = match task {
        "setup" => setup::run(rest),
        "bench" => bench::run(rest),
        "ci" => ci::run(),
        "hostile" => hostile::run(rest),
        "interop" => interop::run(rest),
        "conversations" => conversations::run(rest),
        "test-vectors" => test_vectors::run(rest),
        "constant-time" => constant_time::run(),
        "no-std" => no_std::run(),
        "examples" => examples::run(),
        "help" | "--help" | "-h" | "" => {
            println!("{USAGE}");
            return if task.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
        }
        _ => Err(error::Error(format!("there is no task {task}; these there are:\n{USAGE}"))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}
