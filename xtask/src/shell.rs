//! Running other programs.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::Error;

/// The workspace's root.
pub(crate) fn root() -> PathBuf {
    let manifest = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    manifest.as_deref().and_then(Path::parent).map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

/// A command that runs in the workspace's root.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    command
}

/// Cargo, the one that runs us.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments);
    command
}

/// Runs to the end; anything but success is an error.
pub(crate) fn run(command: &mut Command) -> Result<(), Error> {
    let name = describe(command);
    let status = command.status().map_err(|error| Error(format!("cannot run {name}: {error}")))?;
    if status.success() { Ok(()) } else { Err(Error(format!("{name}: {status}"))) }
}

/// Runs to the end and returns what was written to standard output.
pub(crate) fn output(command: &mut Command) -> Result<String, Error> {
    let name = describe(command);
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| Error(format!("cannot run {name}: {error}")))?;
    if !output.status.success() {
        return Err(Error(format!("{name}: {}", output.status)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether a command runs and succeeds; what it says is of no interest.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// Where cargo builds.
pub(crate) fn target_directory() -> Result<PathBuf, Error> {
    let metadata = output(&mut cargo(&["metadata", "--no-deps", "--format-version=1"]))?;
    let metadata: serde_json::Value =
        serde_json::from_str(&metadata).map_err(|error| Error(format!("cargo metadata: {error}")))?;
    let directory = metadata.get("target_directory").and_then(serde_json::Value::as_str);
    directory.map(PathBuf::from).ok_or_else(|| Error("cargo metadata names no target directory".to_owned()))
}

fn describe(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    format!("`{}`", words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" "))
}
