//! `otr chat`, as a script uses it: through pipes.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use super::ledger::Reader;
use super::record::{Record, Records};
use super::words;
use super::{Account, Kind, Line, Program, Stream, leash};

/// How long anything may take that a person waits for, on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// Who chats with whom, and where.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    /// The program.
    pub(super) otr: &'a Path,
    /// The network.
    pub(super) kind: Kind,
    /// Where its server is to be found.
    pub(super) server: SocketAddr,
    /// Where keys are kept, a directory for each account.
    pub(super) homes: &'a Path,
    /// Whom to trust with certificates: a file in PEM, in place of what this system trusts.
    pub(super) authorities: Option<&'a Path>,
    /// Where to keep what is typed and said.
    pub(super) records: Records<'a>,
}

/// How the connection to the server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encryption {
    /// Not at all.
    None,
    /// From the first byte on; to a server that is called `localhost`.
    Direct,
    /// After a while (XMPP).
    StartTls,
}

/// One side of a chat.
#[derive(Debug)]
pub(super) struct Chatter {
    program: Program,
    me: String,
    peer: String,
    record: Record,
}

impl Place<'_> {
    /// Starts `otr chat` for `me` with `peer`, with further arguments.
    pub(super) fn chat(
        &self,
        me: Account,
        peer: Account,
        encryption: Encryption,
        further: &[String],
    ) -> Result<Chatter, String> {
        let started = self.start(me, peer, encryption, further).and_then(|program| {
            let record = self.records.open(&format!("{}-{}", self.kind.name(), me.name))?;
            Ok(Chatter { program, me: me.address(self.kind), peer: peer.address(self.kind), record })
        });
        started.map_err(|error| format!("otr chat does not start: {error}"))
    }

    fn start(&self, me: Account, peer: Account, encryption: Encryption, further: &[String]) -> io::Result<Program> {
        let home = self.homes.join(me.name);
        fs::create_dir_all(&home)?;
        let config = private_file(&home, "config.toml", &self.config(me, encryption))?;
        private_file(&home, "password", &format!("{}\n", me.password))?;
        let mut command = leash::command(self.otr);
        command.args(["chat", me.name, "--with", &peer.address(self.kind), "--config"]).arg(config).args(further);
        if let Some(authorities) = self.authorities {
            command.env("SSL_CERT_FILE", authorities);
        }
        Program::start(me.name, command)
    }

    /// The config with the one account.
    fn config(&self, me: Account, encryption: Encryption) -> String {
        let Self { kind, server, .. } = self;
        // Certificates are for names.
        let host = match encryption {
            Encryption::None => server.to_string(),
            Encryption::Direct | Encryption::StartTls => format!("localhost:{}", server.port()),
        };
        let address = format!("{}:{}", kind.scheme(), me.address(*kind));
        let network = match kind {
            Kind::Prosody => format!("address = \"{address}\"\nserver = \"{server}\"\n"),
            // Our server punishes nobody for being quick.
            Kind::Ngircd => format!("address = \"{address}@{host}\"\nmessage_interval = 0\n"),
            Kind::Synapse => {
                let scheme = if encryption == Encryption::None { "http" } else { "https" };
                format!("address = \"{address}\"\nserver = \"{scheme}://{host}\"\n")
            }
        };
        let password = if *kind == Kind::Ngircd { "" } else { "password_file = \"password\"\n" };
        let tls = match encryption {
            Encryption::None => "none",
            Encryption::Direct => "direct",
            Encryption::StartTls => "starttls",
        };
        format!("[accounts.{}]\n{network}{password}tls = \"{tls}\"\nhome = \"keys\"\n", me.name)
    }
}

/// A file that nobody else can read.
fn private_file(folder: &Path, name: &str, text: &str) -> io::Result<PathBuf> {
    let file = folder.join(name);
    fs::write(&file, text)?;
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600))?;
    Ok(file)
}

impl Chatter {
    /// One that needs no server: it listens or calls, at an address of the kind `tcp:`.
    pub(super) fn over_tcp(
        otr: &Path,
        homes: &Path,
        me: Account,
        peer: Account,
        address: &str,
        further: &[String],
    ) -> Result<Self, String> {
        let home = homes.join(me.name);
        let mut command = leash::command(otr);
        command.args(["chat", address, "--with", peer.name, "--name", me.name, "--home"]).arg(home).args(further);
        let program = Program::start(me.name, command);
        let program = program.map_err(|error| format!("otr chat does not start: {error}"))?;
        Ok(Self { program, me: me.name.to_owned(), peer: peer.name.to_owned(), record: Record::default() })
    }

    /// How long the program has computed.
    pub(super) fn processor_time(&self) -> Result<Duration, String> {
        self.program.processor_time().map_err(|error| format!("no processor time: {error}"))
    }

    /// The other side's address.
    pub(super) fn peer(&self) -> &str {
        &self.peer
    }

    /// Types a line.
    pub(super) fn say(&mut self, line: &str) -> Result<(), String> {
        self.record.typed(self.program.said(), line);
        let told = self.program.tell(line);
        told.map_err(|error| format!("{} takes no more lines: {error}", self.program.name()))
    }

    /// How many lines it has said so far.
    pub(super) fn said(&self) -> usize {
        self.program.said()
    }

    /// Waits for a line, beginning with line number `from`, and returns the number of the one after it.
    pub(super) fn wait(&self, from: usize, what: &str, wanted: impl Fn(&str) -> bool) -> Result<usize, String> {
        let waited = self.program.wait(from, PATIENCE, what, |line| wanted(&line.text));
        waited.map_err(|silent| silent.to_string())
    }

    /// The same, without complaint where none comes within `patience`.
    pub(super) fn hears(&self, from: usize, patience: Duration, wanted: impl Fn(&str) -> bool) -> bool {
        self.program.wait(from, patience, "", |line| wanted(&line.text)).is_ok()
    }

    /// Waits until the number of lines that are `wanted` is `count`. That takes as long as some come within `patience`.
    pub(super) fn wait_many(&self, what: &str, count: usize, wanted: impl Fn(&str) -> bool) -> Result<(), String> {
        let (mut next, mut found) = (0, 0_usize);
        while found < count {
            next = self.wait(next, &format!("{what}: {found} of {count} came"), &wanted)?;
            found = found.saturating_add(1);
        }
        Ok(())
    }

    /// All it has said, in order, on whatever stream.
    pub(super) fn lines(&self) -> Vec<String> {
        self.program.lines(0).into_iter().map(|line| line.text).collect()
    }

    /// What it has said to standard error.
    pub(super) fn errors(&self) -> Vec<String> {
        let lines = self.program.lines(0).into_iter();
        lines.filter(|line: &Line| line.stream == Stream::Errors).map(|line| line.text).collect()
    }

    /// Its lines, to be read with `lines` as they were taken.
    pub(super) fn reader<'a>(&'a self, lines: &'a [String]) -> Reader<'a> {
        Reader { me: &self.me, peer: &self.peer, lines }
    }

    /// What a line says of a text that begins with `marker`.
    pub(super) fn word<'a>(&self, line: &'a str, marker: &str) -> Option<words::Word<'a>> {
        words::read(line, marker, &self.me, &self.peer)
    }

    /// Waits until it has left by itself.
    pub(super) fn wait_end(&mut self, patience: Duration) -> Result<ExitStatus, String> {
        self.program.wait_end(patience).map_err(|silent| silent.to_string())
    }

    /// Ends the input, and waits until the program has left with success.
    pub(super) fn leave(&mut self) -> Result<(), String> {
        let status = self.program.finish(PATIENCE).map_err(|silent| silent.to_string())?;
        if status.success() {
            return Ok(());
        }
        Err(format!("{} leaves with {status}: {}", self.program.name(), self.errors().join(" / ")))
    }
}

impl Drop for Chatter {
    fn drop(&mut self) {
        if let Err(error) = self.record.close(&self.lines()) {
            eprintln!("interop: what {} said is not kept: {error}", self.program.name());
        }
    }
}
