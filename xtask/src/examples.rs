//! `cargo xtask examples`: the examples of every crate run to their end.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use crate::error::Error;
use crate::shell::{cargo, command, output, root, run as run_command, target_directory};

pub(crate) fn run() -> Result<(), Error> {
    // All at once, as `cargo test` builds them, so that nothing is built twice.
    run_command(&mut cargo(&["build", "--quiet", "--workspace", "--examples"]))?;
    let target = target_directory()?;
    let programs = target.join("debug/examples");
    let examples = examples()?;
    for name in &examples {
        let program = programs.join(name);
        match name.as_str() {
            // Makes an account there, or finds the one it made before.
            "account" => drop(output(command(&program).arg(target.join("example-account")).arg("alice"))?),
            "echo" => echo(&program)?,
            _ => drop(output(&mut command(&program))?),
        }
        println!("examples: {name} ran");
    }
    if examples.is_empty() { Err(Error("no crate has an example".to_owned())) } else { Ok(()) }
}

/// The example that needs another of its kind: one listens, one speaks.
fn echo(program: &Path) -> Result<(), Error> {
    let listener = command(program).args(["listen", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn()?;
    let mut listener = Killed(listener);
    let mut line = String::new();
    if let Some(stdout) = &mut listener.0.stdout {
        BufReader::new(stdout).read_line(&mut line)?;
    }
    let address = line.split_whitespace().next_back().unwrap_or_default();
    let said = output(command(program).args(["say", address, "hello"]))?;
    if said.trim_end().ends_with("hello") { Ok(()) } else { Err(Error(format!("echo answers: {said}"))) }
}

/// A program that runs until it is killed, whatever happens meanwhile.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The names of crates/*/examples/*.rs.
fn examples() -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    for member in entries(&root().join("crates"))? {
        let folder = member.join("examples");
        if folder.is_dir() {
            let sources = entries(&folder)?.into_iter().filter(|path| path.extension().is_some_and(|e| e == "rs"));
            names.extend(sources.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())));
        }
    }
    names.sort();
    Ok(names)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        paths.push(entry?.path());
    }
    Ok(paths)
}
