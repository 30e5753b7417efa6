use std::io;
use std::path::PathBuf;

/// Why something could not be read or stored. No variant carries secret bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused.
    #[error("cannot {action} {}: {kind}", .file.display())]
    Io {
        /// The file or directory.
        file: PathBuf,
        /// What we tried to do with it.
        action: &'static str,
        /// What the system said.
        kind: io::ErrorKind,
    },

    /// The file is not what we or libotr would have written. It has not been touched.
    #[error("{}, line {line}: {problem}", .file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong there.
        problem: &'static str,
    },

    /// The numbers of an identity key are not a key.
    #[error("{}, line {line}: {source}", .file.display())]
    Key {
        /// The file.
        file: PathBuf,
        /// The line where the account begins, counted from 1.
        line: usize,
        /// What is wrong with them.
        source: otr_crypto::Error,
    },

    /// A key was given that does not belong into the file: an Ed25519 key for libotr's, or a DSA key for our own.
    #[error("this file is for {wanted} keys only")]
    KeyOfAnotherKind {
        /// The kind of key that it takes.
        wanted: &'static str,
    },

    /// The file is larger than any that is meant to be here.
    #[error("{} is larger than {limit} bytes", .file.display())]
    TooLarge {
        /// The file.
        file: PathBuf,
        /// The largest size allowed, in bytes.
        limit: u64,
    },

    /// Something else stands where the file should be: a directory, a link, a device.
    #[error("{} is not a regular file", .file.display())]
    NotAFile {
        /// The path.
        file: PathBuf,
    },

    /// Others on this machine can read or change the private keys. `chmod 600` on the file mends it, if they have not.
    #[error("{} is open to other users (mode {mode:03o}); make it private (mode 600), or allow it", .file.display())]
    Exposed {
        /// The file.
        file: PathBuf,
        /// Its permission bits.
        mode: u32,
    },

    /// A name or a trust word cannot stand in these files: it is too long or has control characters.
    #[error("the {what} cannot be stored: {problem}")]
    Text {
        /// Which text.
        what: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },

    /// The record as a whole would be longer than a line may be.
    #[error("the record is longer than {limit} bytes")]
    RecordTooLong {
        /// The longest line allowed, in bytes.
        limit: usize,
    },

    /// An instance tag below 0x100 is not one.
    #[error("{0:#x} is not an instance tag")]
    InvalidInstanceTag(u32),

    /// Trust was to be changed for a fingerprint that is not stored for that contact.
    #[error("no such fingerprint is stored for this contact")]
    UnknownFingerprint,
}
