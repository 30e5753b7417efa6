//! Where the programs are.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// A program that speaks the engine contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// What tables call it.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// What comes before the arguments of the contract.
    pub subcommand: Option<&'static str>,
}

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
}

impl Programs {
    /// Builds `otr` in the release profile, so that it is never an old one that is tested.
    ///
    /// # Errors
    ///
    /// When it cannot be built.
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
        Ok(Self { otr: Program { name: "otr".to_owned(), path, subcommand: Some("engine") }, target })
    }

    /// The peer `name`, as `cargo xtask setup` builds it from `tests/peers`.
    ///
    /// # Errors
    ///
    /// When it is not there.
    pub fn peer(&self, name: &str) -> Result<Program, ProgramError> {
        let path = self.target.join("peers").join(name).join(format!("{name}-driver"));
        if !path.is_file() {
            return Err(ProgramError::Missing { name: name.to_owned(), path });
        }
        Ok(Program { name: name.to_owned(), path, subcommand: None })
    }

    /// Every peer there is a folder for in `tests/peers`.
    #[must_use]
    pub fn peer_names() -> Vec<String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers");
        let entries = folder.read_dir().into_iter().flatten().flatten();
        let mut names: Vec<_> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        names
    }
}

/// The program that a line of cargo's messages says was built.
fn executable(line: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(line).ok()?;
    Some(message.get("executable")?.as_str()?.into())
}
