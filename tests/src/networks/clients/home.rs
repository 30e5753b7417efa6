//! Homes for programs, with nothing of ours in them.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::super::{Program, leash};
use crate::interop::Failure;

/// A home directory, and the environment that programs get with it.
#[derive(Debug, Clone)]
pub(super) struct Home(PathBuf);

impl Home {
    /// Makes the directory, or takes the one that is there.
    pub(super) fn make(path: PathBuf) -> Result<Self, Failure> {
        fs::create_dir_all(&path).map_err(|error| trouble(&path, &error))?;
        Ok(Self(path))
    }

    /// The directory.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Makes a folder in it, for nobody else to read: some programs insist.
    pub(super) fn make_folder(&self, folder: &str) -> Result<(), Failure> {
        let path = self.0.join(folder);
        let made = fs::create_dir_all(&path).and_then(|()| close_to_others(&path, 0o700));
        made.map_err(|error| trouble(&path, &error))
    }

    /// Removes a folder in it, if it is there.
    pub(super) fn remove_folder(&self, folder: &str) -> Result<(), Failure> {
        let path = self.0.join(folder);
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(trouble(&path, &error)),
            _ => Ok(()),
        }
    }

    /// Writes a file in it, for nobody else to read.
    pub(super) fn write(&self, file: &str, text: &str) -> Result<(), Failure> {
        if let Some((folder, _)) = file.rsplit_once('/') {
            self.make_folder(folder)?;
        }
        let path = self.0.join(file);
        let written = fs::write(&path, text).and_then(|()| close_to_others(&path, 0o600));
        written.map_err(|error| trouble(&path, &error))
    }

    /// Reads a file in it.
    pub(super) fn read(&self, file: &str) -> Result<String, Failure> {
        let path = self.0.join(file);
        let bytes = fs::read(&path).map_err(|error| trouble(&path, &error))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Reads every file in a folder of it.
    pub(super) fn read_folder(&self, folder: &str) -> Vec<String> {
        let files = fs::read_dir(self.0.join(folder)).into_iter().flatten().flatten();
        files
            .filter_map(|file| fs::read(file.path()).ok())
            .map(|file| String::from_utf8_lossy(&file).into_owned())
            .collect()
    }

    /// A command that lives here and ends with us. Of our own environment it gets the path.
    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = leash::command(Path::new(program));
        command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command.env("HOME", &self.0).env("LC_ALL", "C.UTF-8").env("TZ", "UTC");
        command.current_dir(&self.0).stdin(Stdio::null());
        command
    }

    /// Starts a program in the background.
    pub(super) fn start(name: &str, command: Command) -> Result<Program, Failure> {
        Program::start(name, command).map_err(|error| Failure(format!("cannot start {name}: {error}")))
    }
}

/// Runs a command to its end, and gives what it wrote.
pub(super) fn output(command: &mut Command) -> Result<String, Failure> {
    let what: Vec<_> = command.get_args().map(|argument| argument.to_string_lossy()).collect();
    let what = what.join(" ");
    let done = command.output().map_err(|error| Failure(format!("{what}: {error}")))?;
    if !done.status.success() {
        return Err(Failure(format!("{what}: {}", String::from_utf8_lossy(&done.stderr).trim())));
    }
    String::from_utf8(done.stdout).map_err(|error| Failure(format!("{what}: {error}")))
}

fn close_to_others(path: &Path, mode: u32) -> io::Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

fn trouble(path: &Path, error: &io::Error) -> Failure {
    Failure(format!("{}: {error}", path.display()))
}
