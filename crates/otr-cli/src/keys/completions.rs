//! `otr completions`: what a shell needs to complete the arguments of this program.

use std::io::{self, Write};

use clap::ValueEnum;
use clap_complete::Shell as Generator;

use crate::error::Error;

/// The arguments of `otr completions`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
}

/// Writes the script to standard output.
pub(crate) fn run(args: &Args, mut command: clap::Command) -> Result<(), Error> {
    let generator = match args.shell {
        Shell::Bash => Generator::Bash,
        Shell::Zsh => Generator::Zsh,
        Shell::Fish => Generator::Fish,
    };
    let mut script = Vec::new();
    clap_complete::generate(generator, &mut command, "otr", &mut script);
    let mut out = io::stdout().lock();
    out.write_all(&script).and_then(|()| out.flush()).map_err(|error| Error::Output(error.kind()))
}
