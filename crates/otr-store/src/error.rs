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

    /// The file is not what we or libotr would have written. It has not been touched; when it was to be changed, a copy
    /// was made as `NAME.damaged`.
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

    /// The file belongs to another user, who can change it, and could give us keys that he knows, or trust in his own.
    #[error("{} belongs to another user ({owner}); take it over (chown), or allow it", .file.display())]
    NotOurs {
        /// The file.
        file: PathBuf,
        /// The number of its owner.
        owner: u32,
    },

    /// The directory belongs to another user, who can put files into it that say whom to trust.
    #[error("{} belongs to another user ({owner}); take it over (chown), or use another", .directory.display())]
    DirectoryNotOurs {
        /// The directory.
        directory: PathBuf,
        /// The number of its owner.
        owner: u32,
    },

    /// Others on this machine can put files into the directory that say whom to trust. `chmod 700` on it mends that, if
    /// they have not.
    #[error("other users can put files into {} (mode {mode:03o}); make it private (mode 700)", .directory.display())]
    OpenDirectory {
        /// The directory.
        directory: PathBuf,
        /// Its permission bits.
        mode: u32,
    },

    /// Another program is changing the files in this directory, and did not finish. Nothing was changed.
    #[error("another program is changing the files in {}; try again when it is done", .directory.display())]
    Locked {
        /// The directory.
        directory: PathBuf,
    },

    /// The files are encrypted, and were not unlocked.
    #[error("the files in {} are encrypted: their passphrase is needed", .directory.display())]
    Encrypted {
        /// The directory.
        directory: PathBuf,
    },

    /// The files were to be unlocked or decrypted, but are not encrypted, or not any more.
    #[error("the files in {} are not encrypted", .directory.display())]
    NotEncrypted {
        /// The directory.
        directory: PathBuf,
    },

    /// The files were put in the clear and encrypted with another key since they were unlocked. Nothing was changed.
    #[error("the files in {} were encrypted anew by another program; unlock them again", .directory.display())]
    EncryptedAnew {
        /// The directory.
        directory: PathBuf,
    },

    /// The passphrase is not the one that the files were encrypted with. (A damaged key file cannot be told from that.)
    #[error("the passphrase does not open {}", .file.display())]
    WrongPassphrase {
        /// The file with the key.
        file: PathBuf,
    },

    /// A passphrase of nothing protects nothing.
    #[error("the passphrase is empty")]
    EmptyPassphrase,

    /// An encrypted file is damaged, or was encrypted for another directory. It has not been touched.
    #[error("{} cannot be decrypted: it is damaged, or does not belong here", .file.display())]
    Undecryptable {
        /// The file.
        file: PathBuf,
    },

    /// A file stands in the clear where all are encrypted: another program may have put it there. It has not been touched.
    #[error("{} is not encrypted, as all others here are; move it away", .file.display())]
    Unencrypted {
        /// The file.
        file: PathBuf,
    },

    /// A file is there twice, encrypted and in the clear, and not the same. Neither has been touched.
    #[error("{} and {} differ, and only one can be right; move the other away", .plain.display(), .encrypted.display())]
    BothForms {
        /// The one in the clear.
        plain: PathBuf,
        /// The encrypted one.
        encrypted: PathBuf,
    },

    /// A private key was to be replaced, and every name for a copy of the one that is there is taken. Nothing was changed.
    #[error("there is no name left for a copy of {}; move the files away that are called the same and .replaced", .file.display())]
    CopiesFull {
        /// The file with the key.
        file: PathBuf,
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

    /// Protocol versions below 2 are not spoken.
    #[error("{0} is not a protocol version that is spoken")]
    InvalidVersion(u16),

    /// A time before 1970 or after 9999 cannot be stored.
    #[error("the time cannot be stored: it is not between 1970 and 9999")]
    Time,

    /// Trust was to be changed for a fingerprint that is not stored for that contact.
    #[error("no such fingerprint is stored for this contact")]
    UnknownFingerprint,
}

impl Error {
    /// Whether it is about what a file holds.
    pub(crate) fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged { .. } | Self::Key { .. })
    }
}
