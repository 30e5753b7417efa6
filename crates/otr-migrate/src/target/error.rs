use std::path::PathBuf;

use otr_crypto::Fingerprint;

use crate::program::Program;

/// Why nothing can be exported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// A file cannot be read or written, or something cannot stand in it.
    #[error(transparent)]
    File(#[from] otr_store::Error),
    /// Files are read from this program and not written for it.
    #[error("nothing is exported to {0}: see the table of docs/keys.md")]
    NotSupported(Program),
    /// The account is not of a network of this program.
    #[error("{program} does not speak the account's protocol, {protocol}")]
    WrongNetwork {
        /// The program.
        program: Program,
        /// The account's protocol.
        protocol: String,
    },
    /// The program has several directories, or none.
    #[error("{program} has {found} directories here; name the one")]
    WhichDirectory {
        /// The program.
        program: Program,
        /// How many.
        found: usize,
    },
    /// What the program calls the account cannot be told.
    #[error("it cannot be told what {program} calls the account; it has to be {wanted}")]
    WhichName {
        /// The program.
        program: Program,
        /// What the name has to be.
        wanted: &'static str,
    },
    /// Neither a program nor a directory was named.
    #[error("neither a program nor a directory is named")]
    NoDirectory,
    /// A name that would have to be one of a file is none.
    #[error("{0:?} cannot be part of the name of a file")]
    NotAFileName(String),
    /// The account has another key there.
    #[error("{}: {account} has another key there, {fingerprint}", .file.display())]
    OtherKey {
        /// The file.
        file: PathBuf,
        /// The account, as the program names it.
        account: String,
        /// The key that is there.
        fingerprint: Fingerprint,
    },
    /// A directory cannot be made.
    #[error("cannot make {}: {kind}", .directory.display())]
    Directory {
        /// The directory.
        directory: PathBuf,
        /// What the system says.
        kind: std::io::ErrorKind,
    },
}
