//! Why the program ends with exit code 1: one line for standard error.

use std::io;

/// What ends the program.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The keys or what is known of others cannot be read or stored.
    #[error(transparent)]
    Store(#[from] otr_store::Error),
    /// The account that was named, or its password, cannot be used.
    #[error(transparent)]
    Accounts(#[from] crate::accounts::Error),
    /// Keys and trust cannot be shown or changed as wished.
    #[error(transparent)]
    Keys(#[from] crate::keys::Error),
    /// There is no passphrase for keys that are encrypted.
    #[error(transparent)]
    Passphrase(#[from] crate::passphrase::Error),
    /// There is no place to keep keys in.
    #[error("cannot tell where to keep keys, as HOME is not set; use --home DIR or --ephemeral")]
    NoHome,
    /// The only version that may be spoken is turned off.
    #[error("--versions 25519 allows nothing but the suite that --no-curve25519 turns off; leave one of them out")]
    NoVersionLeft,
    /// Nobody reads what we write.
    #[error("cannot write to standard output: {0}")]
    Output(io::ErrorKind),
    /// The terminal cannot be used.
    #[error("cannot read from the terminal: {0}")]
    Terminal(#[from] rustyline::error::ReadlineError),
    /// The system gives us no thread or no event loop.
    #[error("the system refuses to let us start: {0}")]
    Start(io::ErrorKind),
    /// The address to listen on cannot be had.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// As it was given.
        address: String,
        /// Why not.
        source: otr_transport::Error,
    },
    /// Nobody is named to talk with, or no way to get to him.
    #[error(
        "say who you are and with whom you want to talk: otr chat xmpp:me@example.org --with you@example.org (or \
         matrix:, irc:, tcp:, or the name of an account in the config), or --listen or --connect for TCP"
    )]
    NobodyNamed,
    /// The certificates to trust cannot be used.
    #[error("cannot tell which certificates to trust: {source}")]
    Certificates {
        /// Why not.
        source: otr_transport::Error,
    },
    /// The certificate to trust cannot be read.
    #[error("cannot read the certificate {}: {source}", .path.display())]
    CertificateFile {
        /// Where it should be.
        path: std::path::PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// What is kept of a Matrix account cannot be used.
    #[error(transparent)]
    MatrixState(#[from] otr_transport_matrix::StateError),
    /// The other side cannot be reached.
    #[error("cannot connect to {address}: {source}")]
    Connect {
        /// As it was given.
        address: String,
        /// Why not.
        source: otr_transport::Error,
    },
    /// The network between the two parties of the demonstration failed.
    #[error("the loopback network failed: {0}")]
    Loopback(otr_transport::Error),
    /// What was recorded, or a key for it, is not what it has to be.
    #[error(transparent)]
    Toolkit(#[from] otr_toolkit::Error),
    /// Some of the messages in a recording are none.
    #[error("{broken} of {found} messages in the input cannot be read")]
    NotMessages {
        /// How many.
        broken: usize,
        /// How many there are.
        found: usize,
    },
    /// Version 2 names no clients.
    #[error("a message of version 2 has no instances: give 0 for both")]
    InstancesInVersion2,
    /// Standard input cannot be read.
    #[error("cannot read from standard input: {0}")]
    Input(io::ErrorKind),
    /// The recording of the demonstration cannot be written.
    #[error("cannot write the recording: {0}")]
    Record(io::Error),
    /// The two parties of the demonstration did not come to terms.
    #[error("the demonstration came to a halt: {0}")]
    Demo(&'static str),
}
