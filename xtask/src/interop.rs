//! `cargo xtask interop`: `otr engine` and its peers against each other, `otr chat` over real servers and with real
//! clients. The work is done by otr-tests.

use crate::error::Error;
use crate::shell::{cargo, run as run_command};

/// The first argument that says what is held against what, and the program that does it.
const PROGRAMS: [(&str, &str); 2] = [("--servers", "networks"), ("--clients", "clients")];

pub(crate) fn run(arguments: &[String]) -> Result<(), Error> {
    let named = PROGRAMS.into_iter().find(|(name, _)| arguments.iter().any(|argument| argument == name));
    let program = named.map_or("interop", |(_, program)| program);
    let rest = arguments.iter().filter(|argument| named.is_none_or(|(name, _)| *argument != name));
    run_command(cargo(&["run", "--quiet", "-p", "otr-tests", "--bin", program, "--"]).args(rest))
}
