use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;

use super::recipe::{Recipe, Site};
use super::{Program, Silent, ngircd, prosody, synapse};

/// How long a server may take to come up, on a busy machine.
const COMING_UP: Duration = Duration::from_secs(120);
/// How long it may take to leave in good order.
const LEAVING: Duration = Duration::from_secs(30);
/// Between a port that the kernel names and its use somebody else may take it.
const ATTEMPTS: u32 = 3;

/// Which server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// XMPP.
    Prosody,
    /// IRC.
    Ngircd,
    /// Matrix.
    Synapse,
}

/// A certificate and the key to it, both in PEM.
#[derive(Debug, Clone, Copy)]
pub struct Papers<'a> {
    /// The certificate, or a chain that begins with it.
    pub certificate: &'a str,
    /// The key.
    pub key: &'a str,
}

/// A server on loopback, with the accounts [`ALICE`](super::ALICE) and [`BOB`](super::BOB). It and its files are gone when
/// it is dropped.
#[derive(Debug)]
pub struct Server {
    kind: Kind,
    site: Site,
    program: Option<Program>,
    /// Its files; to be dropped last.
    _directory: TempDir,
}

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// It is not installed.
    #[error("the server {name} is missing ({}): run `cargo xtask setup`", path.display())]
    Missing {
        /// Its name.
        name: &'static str,
        /// Where it should be.
        path: PathBuf,
    },
    /// It does not come up.
    #[error(transparent)]
    Silent(#[from] Silent),
    /// It is there, but does not do what it should.
    #[error("the server {name} is not usable: {what}")]
    Unusable {
        /// Its name.
        name: &'static str,
        /// What it does.
        what: String,
    },
    /// Its files, or the system.
    #[error("a server's files: {0}")]
    Files(#[source] io::Error),
}

impl Kind {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Prosody, Self::Ngircd, Self::Synapse];

    /// The name of the server's program.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.recipe().name
    }

    /// The name of the network as `otr chat` writes it before an address.
    #[must_use]
    pub const fn scheme(self) -> &'static str {
        match self {
            Self::Prosody => "xmpp",
            Self::Ngircd => "irc",
            Self::Synapse => "matrix",
        }
    }

    const fn recipe(self) -> &'static Recipe {
        match self {
            Self::Prosody => &prosody::RECIPE,
            Self::Ngircd => &ngircd::RECIPE,
            Self::Synapse => &synapse::RECIPE,
        }
    }
}

impl Server {
    /// Starts one without TLS, and waits until it takes connections and has its accounts.
    ///
    /// # Errors
    ///
    /// When it is not installed or does not come up.
    pub fn start(kind: Kind) -> Result<Self, ServerError> {
        Self::start_with(kind, None)
    }

    /// The same, with TLS besides.
    ///
    /// # Errors
    ///
    /// The same.
    pub fn start_with_tls(kind: Kind, papers: Papers<'_>) -> Result<Self, ServerError> {
        Self::start_with(kind, Some(papers))
    }

    fn start_with(kind: Kind, papers: Option<Papers<'_>>) -> Result<Self, ServerError> {
        let mut attempt = 1;
        loop {
            let mut server = Self::settled(kind, papers).map_err(ServerError::Files)?;
            match server.up() {
                Ok(()) => {
                    (kind.recipe().populate)(&server.site).map_err(ServerError::Files)?;
                    return Ok(server);
                }
                Err(ServerError::Silent(_)) if attempt < ATTEMPTS => attempt += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// One with its files and ports, not yet running.
    fn settled(kind: Kind, papers: Option<Papers<'_>>) -> io::Result<Self> {
        let directory = tempfile::Builder::new().prefix("otr-").tempdir()?;
        // A server may run as somebody else.
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755))?;
        let site = Site::new(directory.path(), papers.is_some())?;
        let server = Self { kind, site, program: None, _directory: directory };
        if let Some(papers) = papers {
            server.write(papers)?;
        }
        (kind.recipe().configure)(&server.site)?;
        Ok(server)
    }

    /// Which it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Where it speaks without TLS; on XMPP also with STARTTLS, if it has TLS.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.site.address()
    }

    /// Where it speaks TLS from the first byte on, if it does.
    #[must_use]
    pub fn tls_address(&self) -> Option<SocketAddr> {
        self.site.tls_port.map(|port| (Ipv4Addr::LOCALHOST, port).into())
    }

    /// Its own directory, with all its files.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.site.directory
    }

    /// Stops it in good order, and waits until it is gone.
    ///
    /// # Errors
    ///
    /// When it stays.
    pub fn stop(&mut self) -> Result<(), ServerError> {
        let Some(mut program) = self.program.take() else { return Ok(()) };
        program.signal(Signal::TERM).map_err(ServerError::Files)?;
        program.wait_end(LEAVING)?;
        Ok(())
    }

    /// Kills it where it stands.
    pub fn kill(&mut self) {
        self.program = None;
    }

    /// Starts it again, at the same ports and with what it had stored; a running one is stopped first.
    ///
    /// # Errors
    ///
    /// When it does not stop or does not come up.
    pub fn restart(&mut self) -> Result<(), ServerError> {
        self.stop()?;
        self.up()
    }

    /// Gives it another certificate: it is started again with it.
    ///
    /// # Errors
    ///
    /// When it does not stop or does not come up.
    pub fn present(&mut self, papers: Papers<'_>) -> Result<(), ServerError> {
        self.write(papers).map_err(ServerError::Files)?;
        self.restart()
    }

    /// All that it has stored of messages, as bytes: each file's path and content.
    ///
    /// # Errors
    ///
    /// When a file cannot be read.
    pub fn stored(&self) -> io::Result<Vec<(PathBuf, Vec<u8>)>> {
        let mut files = Vec::new();
        for part in self.kind.recipe().storage {
            collect(&self.site.file(part), &mut files)?;
        }
        Ok(files)
    }

    fn up(&mut self) -> Result<(), ServerError> {
        let recipe = self.kind.recipe();
        let command = (recipe.command)(&self.site)?;
        let program = Program::start(recipe.name, command).map_err(ServerError::Files)?;
        let listening = 1 + usize::from(self.site.tls_port.is_some());
        let is_up = |line: &super::Line| line.text.contains(recipe.ready);
        program.wait_until(COMING_UP, "that it takes connections", |lines| {
            lines.iter().filter(|line| is_up(line)).count() >= listening
        })?;
        self.program = Some(program);
        Ok(())
    }

    fn write(&self, papers: Papers<'_>) -> io::Result<()> {
        fs::write(self.site.certificate(), papers.certificate)?;
        fs::write(self.site.key(), papers.key)
    }
}

/// The files at and below `path`, if there is anything.
fn collect(path: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) -> io::Result<()> {
    if path.is_file() {
        files.push((path.to_path_buf(), fs::read(path)?));
    } else if path.is_dir() {
        for entry in fs::read_dir(path)? {
            collect(&entry?.path(), files)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_comes_up_and_comes_back() {
        for kind in Kind::ALL {
            let mut server = Server::start(kind).unwrap();
            let address = server.address();
            std::net::TcpStream::connect(address).unwrap();
            server.restart().unwrap();
            assert_eq!(server.address(), address);
            std::net::TcpStream::connect(address).unwrap();
            server.kill();
            std::net::TcpStream::connect(address).unwrap_err();
        }
    }
}
