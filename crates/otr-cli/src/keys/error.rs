//! Why `otr keys` ends with exit code 1.

use std::io;
use std::path::PathBuf;

use otr_crypto::Fingerprint;

use crate::accounts::PasswordProblem;

/// What ends it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The account cannot be told from what was given.
    #[error(
        "it cannot be told which account {0:?} is: write it as xmpp:me@example.org, irc:nick@irc.example.org or \
         matrix:@me:example.org, or add --protocol"
    )]
    WhichAccount(String),
    /// There are several.
    #[error("there are several accounts of that name, with the protocols {}; add --protocol", .0.join(", "))]
    SeveralProtocols(Vec<String>),
    /// There are several, and one has to be chosen.
    #[error("there are several accounts, {}; name one with --account", .0.join(", "))]
    SeveralAccounts(Vec<String>),
    /// The account has no key.
    #[error("{0} has no key here; \"otr keys list\" shows what there is")]
    NoKey(String),
    /// There is nothing at all.
    #[error(
        "there are no keys here yet; \"otr keys generate\" makes one, \"otr keys import\" takes them from elsewhere"
    )]
    Nothing,
    /// A key is there already.
    #[error("{account} has a key already, {fingerprint}; nothing was changed")]
    HasKey {
        /// The account.
        account: String,
        /// Its key.
        fingerprint: Fingerprint,
    },
    /// The user has had enough.
    #[error("no key was made")]
    Cancelled,
    /// The system gives us no thread.
    #[error("the system gives no thread to make the key in")]
    NoThread,
    /// A name that is neither ours nor that of somebody we know.
    #[error("{0:?} is neither an account here nor a contact of one; \"otr keys list\" shows what there is")]
    Unknown(String),
    /// A contact that nobody here has met.
    #[error("nobody here has met {0:?}; to trust the fingerprint beforehand, say for which account with --account")]
    UnknownContact(String),
    /// Something that is no fingerprint.
    #[error("a fingerprint has 40 hexadecimal digits, all of which have to be given; blanks do not matter")]
    NotAFingerprint,
    /// Another fingerprint than the contact has.
    #[error("this is not a key of {contact}, and nothing was changed; on record: {}", join(.known))]
    OtherFingerprint {
        /// The contact.
        contact: String,
        /// What is on record.
        known: Vec<Fingerprint>,
    },
    /// Several fingerprints, where one is needed.
    #[error("{contact} has several keys; name the fingerprint: {}", join(.known))]
    SeveralFingerprints {
        /// The contact, or the account.
        contact: String,
        /// What is on record.
        known: Vec<Fingerprint>,
    },
    /// A text that no QR code can hold.
    #[error("the address is too long for a QR code")]
    Picture,
    /// A picture cannot be written.
    #[error("cannot write {}: {kind}", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        kind: io::ErrorKind,
    },
    /// There is nothing to import.
    #[error("no keys, fingerprints or instance tags of other programs were found{0}")]
    NothingFound(String),
    /// What was named cannot be looked at.
    #[error("cannot read {}: {kind}", .path.display())]
    Read {
        /// The file or directory.
        path: PathBuf,
        /// What the system says.
        kind: io::ErrorKind,
    },
    /// One name for several accounts.
    #[error("{0}; choose one with --account")]
    Several(#[from] otr_migrate::SeveralAccounts),
    /// Nothing can be exported, or not like that.
    #[error("{source}{}", advice(.source))]
    Export {
        /// Why not.
        #[from]
        source: otr_migrate::ExportError,
    },
    /// Some of what was found cannot be read.
    #[error("what is called \"not read\" above was left aside, in {0} place(s)")]
    NotAllRead(usize),
    /// There is nothing left to encrypt.
    #[error("the files in {} are encrypted already; \"otr keys passphrase\" changes the passphrase", .0.display())]
    EncryptedAlready(PathBuf),
    /// The passphrase of a file that is to be read is none.
    #[error("the passphrase on standard input cannot be used: {0}")]
    Passphrase(PasswordProblem),
}

fn join(fingerprints: &[Fingerprint]) -> String {
    fingerprints.iter().map(Fingerprint::to_string).collect::<Vec<_>>().join(", ")
}

/// Which argument helps.
fn advice(error: &otr_migrate::ExportError) -> &'static str {
    use otr_migrate::ExportError as E;
    match error {
        E::WhichDirectory { .. } => " with --file",
        E::WhichName { .. } => "; say it with --as",
        E::OtherKey { .. } => "; --replace puts this one in its place, and keeps what was there",
        _ => "",
    }
}
