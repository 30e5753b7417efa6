//! `cargo xtask constant-time`: memcheck watches where secrets go. See tests/constant-time.

use std::path::Path;

use crate::error::Error;
use crate::shell::{cargo, command, root, run as run_command, succeeds, target_directory};

/// What memcheck's program returns where there was a report.
const REPORTED: &str = "--error-exitcode=9";

pub(crate) fn run() -> Result<(), Error> {
    let source = root().join("tests/constant-time");
    let target = target_directory()?.join("constant-time");
    let mut build = cargo(&["build", "--quiet", "--release", "--target-dir"]);
    run_command(build.arg(&target).arg("--manifest-path").arg(source.join("Cargo.toml")))?;
    let program = target.join("marks");
    let mut link = command("cc");
    link.args(["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O2", "-o"]).arg(&program).arg(source.join("marks.c"));
    run_command(link.arg(target.join("release/libotr_constant_time.a")).args(["-lpthread", "-ldl", "-lm"]))?;
    // A watcher that sees nothing would be content with everything.
    if succeeds(memcheck(&source, &program).arg("leak")) {
        return Err(Error("memcheck does not report a leak that is made on purpose".to_owned()));
    }
    run_command(&mut memcheck(&source, &program))?;
    println!("constant-time: nothing jumps or reads by a secret bit; a leak on purpose was reported");
    Ok(())
}

fn memcheck(source: &Path, program: &Path) -> std::process::Command {
    let mut memcheck = command("valgrind");
    memcheck.args(["--quiet", REPORTED, "--num-callers=30"]);
    memcheck.arg(format!("--suppressions={}", source.join("told.supp").display())).arg(program);
    memcheck
}
