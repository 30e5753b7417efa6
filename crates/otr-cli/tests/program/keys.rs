//! `otr keys`, as its users run it.

mod encrypting;
#[cfg(target_os = "linux")]
mod generating;
mod moving;
mod others;
mod showing;
mod trusting;

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use super::support::process::otr;

/// A home of a user, and the program in it.
pub(crate) struct User {
    dir: TempDir,
}

impl User {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    /// The user's home directory.
    pub(crate) fn home(&self) -> &Path {
        self.dir.path()
    }

    /// `otr keys` with these arguments.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = otr(&[&["keys"], args].concat());
        for variable in ["XDG_CONFIG_HOME", "APPDATA", "OTR_PASSPHRASE", "OTR_NEW_PASSPHRASE"] {
            command.env_remove(variable);
        }
        command.env("HOME", self.home()).stdin(Stdio::null());
        command
    }

    pub(crate) fn output(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// What it says when it has to succeed.
    pub(crate) fn keys(&self, args: &[&str]) -> String {
        let output = self.output(args);
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{args:?}: {error}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// What it says, and what it complains of, when it has to do a part.
    pub(crate) fn partly(&self, args: &[&str]) -> (String, String) {
        let output = self.output(args);
        assert_eq!(output.status.code(), Some(1), "{args:?}: {}", String::from_utf8_lossy(&output.stdout));
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    }

    /// What it complains of when it has to fail.
    pub(crate) fn refused(&self, args: &[&str]) -> String {
        let output = self.output(args);
        assert_eq!(output.status.code(), Some(1), "{args:?}: {}", String::from_utf8_lossy(&output.stdout));
        assert!(output.stdout.is_empty(), "{args:?}: {}", String::from_utf8_lossy(&output.stdout));
        String::from_utf8(output.stderr).unwrap()
    }

    /// Makes a key: its fingerprint, in groups.
    pub(crate) fn generate(&self, account: &str) -> String {
        own_fingerprint(&self.keys(&["generate", account]))
    }

    /// Writes a file below the home that only its owner can reach.
    pub(crate) fn put(&self, name: &str, contents: &str) {
        let path = self.home().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, contents).unwrap();
        #[cfg(unix)]
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    }

    pub(crate) fn file(&self, name: &str) -> String {
        fs::read_to_string(self.home().join(name)).unwrap()
    }

    /// Every file and directory below the home, and its contents.
    pub(crate) fn everything(&self) -> Vec<(String, Vec<u8>)> {
        fn walk(directory: &Path, all: &mut Vec<(String, Vec<u8>)>) {
            for entry in fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    all.push((path.display().to_string(), Vec::new()));
                    walk(&path, all);
                } else {
                    all.push((path.display().to_string(), fs::read(&path).unwrap()));
                }
            }
        }
        let mut all = Vec::new();
        walk(self.home(), &mut all);
        all.sort();
        all
    }
}

/// The fingerprint in the line about a key.
pub(crate) fn own_fingerprint(text: &str) -> String {
    let line = text.lines().find(|line| line.trim_start().starts_with("key ")).unwrap();
    line.trim_start().trim_start_matches("key ").trim().to_owned()
}

/// A fingerprint as programs tell it to each other: 40 digits of either case.
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    let plain = |text: &str| text.replace(' ', "").to_lowercase();
    plain(one) == plain(other)
}

/// A line of libotr's fingerprints.
pub(crate) fn fingerprint_line(contact: &str, account: &str, protocol: &str, byte: u8, trust: &str) -> String {
    format!("{contact}\t{account}\t{protocol}\t{}\t{trust}\n", format!("{byte:02x}").repeat(20))
}

/// That fingerprint, as it is shown.
pub(crate) fn shown(byte: u8) -> String {
    [(); 5].map(|()| format!("{byte:02X}").repeat(4)).join(" ")
}
