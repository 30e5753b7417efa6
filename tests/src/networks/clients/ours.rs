//! Our side of the talk: `otr chat`, through pipes.

use std::net::SocketAddr;
use std::path::Path;

use super::super::{ALICE, BOB, Kind, Program};
use super::client::{OURS, THEIRS};
use super::home::Home;
use super::wait::PATIENCE;
use crate::interop::Failure;

/// A running `otr chat`.
#[derive(Debug)]
pub(super) struct Ours {
    program: Program,
    /// What it has shown, as far as it was taken down, and what was typed.
    record: Vec<String>,
    taken: usize,
}

/// How far its lines had been read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark(usize);

impl Ours {
    /// Starts it with its keys in `home`, and waits until it is logged in.
    pub(super) fn start(otr: &Path, home: &Home, kind: Kind, server: SocketAddr) -> Result<Self, Failure> {
        home.write("password", &format!("{}\n", ALICE.password))?;
        home.write("config.toml", &config(kind, server))?;
        let mut command = home.command(&otr.display().to_string());
        command.args(["chat", OURS, "--config", "config.toml", "--peer", THEIRS, "--with", &BOB.address(kind)]);
        let mut ours = Self { program: Home::start("otr", command)?, record: Vec::new(), taken: 0 };
        ours.wait(Mark(0), &["* connected"])?;
        Ok(ours)
    }

    /// What it has said so far ends here.
    pub(super) fn mark(&self) -> Mark {
        Mark(self.program.said())
    }

    /// All that it has shown, and what was typed.
    pub(super) fn record(&mut self) -> &[String] {
        let lines = self.program.lines(self.taken);
        self.taken = self.taken.saturating_add(lines.len());
        self.record.extend(lines.into_iter().map(|line| line.text));
        &self.record
    }

    /// Types a line.
    pub(super) fn type_line(&mut self, line: &str) -> Result<(), Failure> {
        self.record();
        self.record.push(format!("> {line}"));
        self.program.tell(line).map_err(|error| Failure(format!("otr chat takes no input: {error}")))
    }

    /// Waits for a line after the mark that begins with one of these words.
    pub(super) fn wait(&mut self, mark: Mark, words: &[&str]) -> Result<String, Failure> {
        let mut found = String::new();
        let waited = self.program.wait(mark.0, PATIENCE, &format!("{words:?}"), |line| {
            let is_it = words.iter().any(|words| line.text.starts_with(words));
            if is_it {
                found.clone_from(&line.text);
            }
            is_it
        });
        waited.map(|_| found).map_err(|silent| Failure(silent.to_string()))
    }

    /// Waits until it says that it has sent this line encrypted, after the mark.
    pub(super) fn wait_sent(&mut self, mark: Mark, line: &str) -> Result<(), Failure> {
        let is_it = |shown: &str| {
            let rest = shown.strip_suffix(line).and_then(|shown| shown.strip_suffix(": "));
            rest.is_some_and(|rest| rest.starts_with(OURS) && rest.contains(" -> "))
        };
        let waited = self.program.wait(mark.0, PATIENCE, &format!("that it sent {line:?}"), |shown| is_it(&shown.text));
        waited.map(|_| ()).map_err(|silent| Failure(silent.to_string()))
    }

    /// Leaves in good order: the private conversation is ended, and the other side told.
    pub(super) fn quit(&mut self) -> Result<(), Failure> {
        self.type_line("/quit")?;
        let status = self.program.wait_end(PATIENCE).map_err(|silent| Failure(silent.to_string()))?;
        if status.success() { Ok(()) } else { Err(Failure(format!("otr chat left with {status}"))) }
    }
}

/// The config with the one account. Our servers punish nobody for being quick.
fn config(kind: Kind, server: SocketAddr) -> String {
    let address = format!("{}:{}", kind.scheme(), ALICE.address(kind));
    let network = match kind {
        Kind::Ngircd => format!("address = \"{address}@{server}\"\nmessage_interval = 0\n"),
        Kind::Prosody | Kind::Synapse => {
            format!("address = \"{address}\"\nserver = \"{server}\"\npassword_file = \"password\"\n")
        }
    };
    format!("[accounts.{OURS}]\n{network}tls = \"none\"\nhome = \"keys\"\n")
}
