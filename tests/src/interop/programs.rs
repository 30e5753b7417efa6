//! Where the programs are.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::process::{Process, ProcessError};

/// A program that speaks the engine contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// What tables call it.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// What comes before the arguments of the contract.
    pub subcommand: Option<&'static str>,
    /// The versions of the protocol that it speaks, as it says itself.
    pub versions: Vec<u16>,
}

/// What tables call ours.
const OURS: &str = "otr";

/// The programs there are.
#[derive(Debug)]
pub struct Programs {
    /// Ours, built from this tree just now.
    pub otr: Program,
    target: PathBuf,
}

/// Why a program is not there.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// Cargo did not build ours.
    #[error("`cargo build --release -p otr-cli` failed: {0}")]
    Build(String),
    /// A peer has not been built.
    #[error("the peer {name} is missing ({}): run `cargo xtask setup`", path.display())]
    Missing {
        /// Its name.
        name: String,
        /// Where it should be.
        path: PathBuf,
    },
    /// It does not say who it is.
    #[error("{name} does not tell its versions: {reason}")]
    Mute {
        /// Its name.
        name: String,
        /// What it says instead.
        reason: String,
    },
}

impl Program {
    fn find(name: &str, path: PathBuf, subcommand: Option<&'static str>) -> Result<Self, ProgramError> {
        let mut program = Self { name: name.to_owned(), path, subcommand, versions: Vec::new() };
        program.versions =
            program.tell_versions().map_err(|reason| ProgramError::Mute { name: name.to_owned(), reason })?;
        Ok(program)
    }

    /// Whether it is the one from this tree.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        self.name == OURS
    }

    /// Starts it.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub fn start(&self, arguments: &[&str]) -> Result<Process, ProcessError> {
        let arguments: Vec<String> = self.subcommand.iter().chain(arguments).copied().map(str::to_owned).collect();
        Process::start(&self.path, &arguments)
    }

    fn tell_versions(&self) -> Result<Vec<u16>, String> {
        let mut process = self.start(&["--ephemeral", "--account", "anyone"]).map_err(|error| error.to_string())?;
        let answer = process.request("identity", &json!({})).map_err(|error| error.to_string())?;
        let identity = answer.outcome.map_err(|error| error.to_string())?;
        let mut versions: Vec<u16> =
            serde_json::from_value(identity["versions"].clone()).map_err(|error| error.to_string())?;
        versions.sort_unstable();
        Ok(versions)
    }
}

impl Programs {
    /// Builds `otr` in the release profile, so that it is never an old one that is tested.
    ///
    /// # Errors
    ///
    /// When it cannot be built, or does not answer.
    pub fn build() -> Result<Self, ProgramError> {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let output = Command::new(cargo)
            .args(["build", "--release", "--quiet", "-p", "otr-cli", "--bin", "otr", "--message-format=json"])
            .current_dir(root)
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| ProgramError::Build(error.to_string()))?;
        if !output.status.success() {
            return Err(ProgramError::Build(output.status.to_string()));
        }
        let messages = String::from_utf8_lossy(&output.stdout);
        let path = messages.lines().filter_map(executable).next_back();
        let path = path.ok_or_else(|| ProgramError::Build("cargo names no program".to_owned()))?;
        // target/release/otr
        let target = path.ancestors().nth(2).map(Path::to_path_buf).unwrap_or_default();
        Ok(Self { otr: Program::find(OURS, path, Some("engine"))?, target })
    }

    /// The peer `name`, as `cargo xtask setup` builds it from `tests/peers`.
    ///
    /// # Errors
    ///
    /// When it is not there, or does not answer.
    pub fn peer(&self, name: &str) -> Result<Program, ProgramError> {
        let path = self.target.join("peers").join(name).join(format!("{name}-driver"));
        if !path.is_file() {
            return Err(ProgramError::Missing { name: name.to_owned(), path });
        }
        Program::find(name, path, None)
    }

    /// Every peer there is a folder for in `tests/peers`.
    #[must_use]
    pub fn peer_names() -> Vec<String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers");
        let entries = folder.read_dir().into_iter().flatten().flatten();
        let peers = entries.filter(|entry| entry.path().join("Makefile").is_file());
        let mut names: Vec<_> = peers.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        names
    }
}

/// The program that a line of cargo's messages says was built.
fn executable(line: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(line).ok()?;
    Some(message.get("executable")?.as_str()?.into())
}
