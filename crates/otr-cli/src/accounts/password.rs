//! Passwords: where they come from, and that they do not leak from here.

use std::fmt;
use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use zeroize::Zeroizing;

use super::keyring;

/// The longest password that is taken, in bytes. Tokens that servers hand out can have some thousand.
const MAX_PASSWORD: usize = 16 * 1024;

/// What a program may write after the line with the password, in bytes, before it is stopped.
const MAX_PASSED_OVER: usize = 1024 * 1024;

/// A password, or what a server takes in place of one. It is wiped from memory when it is dropped.
pub(crate) struct Password(Zeroizing<String>);

/// Where a password comes from. It is never an argument: those can be seen by every user of the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// The user types it; it is not shown.
    Prompt,
    /// The first line of a file.
    File(PathBuf),
    /// An environment variable.
    Environment(String),
    /// The kernel's keyring, under this name.
    Keyring(String),
    /// The first line of what a program writes, which is started without a shell.
    Command(Vec<String>),
}

/// Why there is no password.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(
        "the password of {0} cannot be asked for, as there is no terminal; use --password-file, --password-env or \
         --password-keyring, or name a source in the config"
    )]
    NoTerminal(String),
    #[error("no password was typed: {0}")]
    NotTyped(io::ErrorKind),
    #[error("cannot read the password file {}: {source}", .path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("the environment variable {0}, which is to hold the password, is not set")]
    NotSet(String),
    #[error("the program for the password, {program}, cannot be started: {source}")]
    Start { program: String, source: io::Error },
    #[error("the program for the password, {program}, failed: {status}")]
    Failed { program: String, status: std::process::ExitStatus },
    #[error("the password from {from} cannot be used: {problem}")]
    Unusable { from: String, problem: Problem },
    #[error(transparent)]
    Keyring(#[from] keyring::Error),
}

/// What is wrong with a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Problem {
    #[error("it is empty")]
    Empty,
    #[error("it has more than {MAX_PASSWORD} bytes")]
    TooLong,
    #[error("it is not UTF-8")]
    NotUtf8,
    #[error("it cannot be read")]
    Unreadable,
}

impl Source {
    /// Gets the password of `account`. `warn` is told what the user should know, a line each.
    pub(crate) fn read(&self, account: &str, warn: &mut dyn FnMut(&str)) -> Result<Password, Error> {
        let unusable = |from: &str| {
            let from = from.to_owned();
            move |problem| Error::Unusable { from, problem }
        };
        match self {
            Self::Prompt => prompt(account),
            Self::File(path) => {
                let file = open(path, warn).map_err(|source| Error::File { path: path.clone(), source })?;
                Password::first_line(file).map_err(unusable(&path.display().to_string()))
            }
            Self::Environment(name) => {
                let value = std::env::var_os(name).ok_or_else(|| Error::NotSet(name.clone()))?;
                let value = Zeroizing::new(value.into_string().unwrap_or_default());
                Password::new(&value).map_err(unusable(name))
            }
            Self::Keyring(name) => {
                let bytes = keyring::load(name)?;
                let text = std::str::from_utf8(&bytes).map_err(|_| Problem::NotUtf8);
                text.and_then(Password::new).map_err(unusable("the keyring"))
            }
            Self::Command(line) => run(line),
        }
    }
}

/// Asks for the password of `account`.
pub(crate) fn prompt(account: &str) -> Result<Password, Error> {
    if !io::stdin().is_terminal() {
        return Err(Error::NoTerminal(account.to_owned()));
    }
    let typed = rpassword::prompt_password(format!("Password for {account}: "));
    let typed = Zeroizing::new(typed.map_err(|error| Error::NotTyped(error.kind()))?);
    Password::new(&typed).map_err(|problem| Error::Unusable { from: "the terminal".to_owned(), problem })
}

/// Opens a file that should be private.
fn open(path: &Path, warn: &mut dyn FnMut(&str)) -> io::Result<File> {
    let file = File::open(path)?;
    if super::permissions::others_can_read(&file.metadata()?) {
        warn(&format!("other users of this machine can read the password file {}; chmod 600 helps", path.display()));
    }
    Ok(file)
}

fn run(line: &[String]) -> Result<Password, Error> {
    let (program, arguments) = line.split_first().map_or(("", line), |(program, rest)| (program.as_str(), rest));
    let start = |source| Error::Start { program: program.to_owned(), source };
    // What is piped to us is a conversation and not for it.
    let input = if io::stdin().is_terminal() { Stdio::inherit() } else { Stdio::null() };
    let mut child = Command::new(program).args(arguments).stdin(input).stdout(Stdio::piped()).spawn().map_err(start)?;
    let password = child.stdout.take().map(|mut output| {
        let password = Password::first_line(&mut output);
        // It is no failure of the program that we do not want the rest. Where nobody can take that, it fails.
        let _ = thread::Builder::new().spawn(move || pass_over(output));
        password
    });
    let status = child.wait().map_err(start)?;
    if !status.success() {
        return Err(Error::Failed { program: program.to_owned(), status });
    }
    let password = password.unwrap_or(Err(Problem::Unreadable));
    password.map_err(|problem| Error::Unusable { from: program.to_owned(), problem })
}

/// Reads what nobody wants until it ends, or there is too much.
fn pass_over(mut output: impl Read) {
    let mut rest = Zeroizing::new([0; 4096]);
    for _ in 0..MAX_PASSED_OVER / rest.len() {
        if !matches!(output.read(&mut *rest), Ok(1..)) {
            return;
        }
    }
}

impl Password {
    fn new(text: &str) -> Result<Self, Problem> {
        match text.len() {
            0 => Err(Problem::Empty),
            1..=MAX_PASSWORD => Ok(Self(Zeroizing::new(text.to_owned()))),
            _ => Err(Problem::TooLong),
        }
    }

    /// The whole first line, blanks included.
    pub(crate) fn first_line(mut source: impl Read) -> Result<Self, Problem> {
        // The room is there from the beginning, so that no outgrown copy stays behind.
        let mut bytes = Zeroizing::new(vec![0; MAX_PASSWORD + 2]);
        let mut length = 0;
        let line = loop {
            let (read, room) = bytes.split_at_mut(length);
            // Whoever writes may go on after the line, or keep the pipe open.
            if let Some(end) = read.iter().position(|&byte| byte == b'\n') {
                break &bytes[..end];
            }
            match source.read(room) {
                Ok(0) => break &bytes[..length],
                Ok(more) => length += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Err(Problem::Unreadable),
            }
        };
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        Self::new(std::str::from_utf8(line).map_err(|_| Problem::NotUtf8)?)
    }

    /// The password itself, to be handed to the network's login.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Password").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(source: &Source) -> (Result<String, String>, Vec<String>) {
        let mut warnings = Vec::new();
        let password = source.read("xmpp:me@example.org", &mut |line| warnings.push(line.to_owned()));
        (password.map(|password| password.reveal().to_owned()).map_err(|error| error.to_string()), warnings)
    }

    fn command(line: &[&str]) -> Source {
        Source::Command(line.iter().map(|&word| word.to_owned()).collect())
    }

    #[test]
    fn a_file_gives_its_whole_first_line() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("password");
        let source = Source::File(path.clone());
        for (content, password) in [
            (&b" se cret\t \nsecond line\n"[..], Ok(" se cret\t ")),
            (b"secret\r\nx", Ok("secret")),
            (b"secret", Ok("secret")),
            (b"\nsecret", Err("it is empty")),
            (b"\xff", Err("it is not UTF-8")),
            (&[b'x'; MAX_PASSWORD + 1], Err("it has more than")),
        ] {
            std::fs::write(&path, content).unwrap();
            match (read(&source).0, password) {
                (Ok(read), Ok(password)) => assert_eq!(read, password),
                (Err(error), Err(problem)) => assert!(error.contains(problem), "{error}"),
                (read, _) => panic!("{read:?}"),
            }
        }
        std::fs::remove_file(&path).unwrap();
        assert!(read(&source).0.unwrap_err().contains("cannot read the password file"));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_read_is_told() {
        use std::os::unix::fs::PermissionsExt;

        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("password");
        std::fs::write(&path, "secret\n").unwrap();
        for (mode, told) in [(0o600, false), (0o400, false), (0o640, true), (0o604, true)] {
            std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
            let (password, warnings) = read(&Source::File(path.clone()));
            assert_eq!(password.unwrap(), "secret");
            assert_eq!(!warnings.is_empty(), told, "{mode:o} {warnings:?}");
        }
    }

    #[test]
    fn the_environment_holds_one() {
        // The one variable that tests can count on; its value is as good as a password.
        let path = std::env::var("PATH").unwrap();
        assert_eq!(read(&Source::Environment("PATH".to_owned())).0.unwrap(), path);
        let missing = read(&Source::Environment("OTR_TEST_NO_SUCH_VARIABLE".to_owned())).0.unwrap_err();
        assert!(missing.contains("OTR_TEST_NO_SUCH_VARIABLE") && missing.contains("not set"), "{missing}");
    }

    #[cfg(unix)]
    #[test]
    fn a_program_gives_its_first_line_and_sees_no_shell() {
        assert_eq!(read(&command(&["printf", "%s\\n", "$HOME; *", "more"])).0.unwrap(), "$HOME; *");
        let failed = read(&command(&["false"])).0.unwrap_err();
        assert!(failed.starts_with("the program for the password, false, failed"), "{failed}");
        let missing = read(&command(&["otr-test-no-such-program"])).0.unwrap_err();
        assert!(missing.contains("cannot be started"), "{missing}");
        assert!(read(&command(&["true"])).0.unwrap_err().contains("it is empty"));
        let endless = read(&command(&["yes"])).0.unwrap_err();
        assert!(endless.starts_with("the program for the password, yes, failed"), "{endless}");
        let with_a_helper = command(&["sh", "-c", "echo secret; sleep 100 &"]);
        assert_eq!(read(&with_a_helper).0.unwrap(), "secret");
        assert!(read(&command(&[])).0.unwrap_err().contains("cannot be started"));
    }

    #[test]
    fn a_password_is_never_printed() {
        let password = Password::new("correct horse").unwrap();
        assert_eq!(format!("{password:?}"), "Password { .. }");
    }
}
