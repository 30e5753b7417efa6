use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::server::ServerError;

/// How a server of one kind is set up and started.
pub(super) struct Recipe {
    /// Its program's name.
    pub(super) name: &'static str,
    /// Writes its configuration.
    pub(super) configure: fn(&Site) -> io::Result<()>,
    /// What starts it.
    pub(super) command: fn(&Site) -> Result<Command, ServerError>,
    /// What it says when it takes connections. With TLS it says so twice.
    pub(super) ready: &'static str,
    /// Makes the accounts, where that takes a running server.
    pub(super) populate: fn(&Site) -> io::Result<()>,
    /// Where it keeps messages, below its directory.
    pub(super) storage: &'static [&'static str],
}

/// Where one server lives.
#[derive(Debug)]
pub(super) struct Site {
    /// All its files.
    pub(super) directory: PathBuf,
    /// Where it speaks without TLS (on XMPP, also with STARTTLS).
    pub(super) port: u16,
    /// Where it speaks TLS from the start, if it does.
    pub(super) tls_port: Option<u16>,
}

impl Site {
    /// In `directory`, with ports of the kernel's choice.
    pub(super) fn new(directory: &Path, with_tls: bool) -> io::Result<Self> {
        // Held together, so that they differ.
        let listeners = [free_port()?, free_port()?];
        let [port, tls_port] = listeners.map(|listener| listener.local_addr().map(|address| address.port()));
        let tls_port = if with_tls { Some(tls_port?) } else { None };
        Ok(Self { directory: directory.to_path_buf(), port: port?, tls_port })
    }

    /// Where it speaks without TLS.
    pub(super) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// A file of its.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Its certificate, in PEM.
    pub(super) fn certificate(&self) -> PathBuf {
        self.file("tls.crt")
    }

    /// The key to it, in PEM.
    pub(super) fn key(&self) -> PathBuf {
        self.file("tls.key")
    }
}

fn free_port() -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
}
