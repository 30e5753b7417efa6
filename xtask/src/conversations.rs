//! `cargo xtask conversations`: random conversations with a peer. The work is done by otr-tests.

use crate::error::Error;
use crate::shell::{cargo, run as run_command};

pub(crate) fn run(arguments: &[String]) -> Result<(), Error> {
    run_command(cargo(&["run", "--quiet", "-p", "otr-tests", "--bin", "conversations", "--"]).args(arguments))
}
