//! What the tests of the store have in common: homes, changes to them, and programs that make these.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test fails by panicking, its helpers too")]

pub mod memory;
pub mod traced;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use chacha20::ChaCha20Rng;
use otr_crypto::{Fingerprint, IdentityKey};
use otr_store::{Error, How, KnownFingerprint, Store};
use rand_core::SeedableRng;

/// The names of the account whose home it is.
pub const ACCOUNT: (&str, &str) = ("alice", "xmpp");

/// The key with this number, the same in every program.
#[must_use]
pub fn key(number: u8) -> IdentityKey {
    IdentityKey::generate(&mut ChaCha20Rng::from_seed([number; 32]))
}

/// Two keys for the account, made once.
#[must_use]
pub fn keys() -> &'static [IdentityKey; 2] {
    static KEYS: OnceLock<[IdentityKey; 2]> = OnceLock::new();
    KEYS.get_or_init(|| [key(1), key(2)])
}

/// A fingerprint that nobody has verified, of a contact by that name.
#[must_use]
pub fn stranger(contact: &str) -> KnownFingerprint {
    let mut digits = [0x5a; 20];
    for (digit, byte) in digits.iter_mut().zip(contact.bytes().rev()) {
        *digit = byte;
    }
    KnownFingerprint {
        contact: contact.to_owned(),
        account: ACCOUNT.0.to_owned(),
        protocol: ACCOUNT.1.to_owned(),
        fingerprint: Fingerprint::from_bytes(digits),
        trust: String::new(),
    }
}

/// Marks the fingerprint of a contact as verified at the second `number`.
///
/// # Errors
///
/// Those of the store.
pub fn verify(store: &mut Store, contact: &str, number: u32) -> Result<(), Error> {
    let known = stranger(contact);
    let when = SystemTime::UNIX_EPOCH + Duration::from_secs(number.into());
    store.verify(contact, ACCOUNT.0, ACCOUNT.1, &known.fingerprint, How::ByHand, when)
}

/// How many contacts a home has that is written again and again.
pub const CONTACTS: u32 = 20;

/// The contact that step `number` adds.
#[must_use]
pub fn contact(number: u32) -> String {
    format!("contact {number}")
}

/// The step that a home has come to.
///
/// # Errors
///
/// Those of the store.
pub fn steps(store: &Store) -> Result<u32, Error> {
    Ok(store.instance_tag(ACCOUNT.0, ACCOUNT.1)?.map_or(0, |tag| tag - 0x100))
}

/// The Ed25519 key that step `number` stores.
#[must_use]
pub fn ed25519(number: u32) -> IdentityKey {
    let mut seed = [0xe5; 32];
    for (digit, byte) in seed.iter_mut().zip(number.to_be_bytes()) {
        *digit = byte;
    }
    IdentityKey::from_ed25519_seed(seed)
}

/// Step `number`: a new contact, verified; an old one gone; another key, of DSA too if there are two; and at last the
/// instance tag, which counts. Can be taken again when it was not finished.
///
/// # Errors
///
/// Those of the store.
pub fn step(store: &mut Store, number: u32, dsa: Option<&[IdentityKey; 2]>) -> Result<(), Error> {
    store.save_fingerprint(&stranger(&contact(number)))?;
    verify(store, &contact(number), number)?;
    if let Some(old) = number.checked_sub(CONTACTS) {
        let old = stranger(&contact(old));
        match store.forget(&old.contact, ACCOUNT.0, ACCOUNT.1, &old.fingerprint) {
            Ok(()) | Err(Error::UnknownFingerprint) => {}
            Err(error) => return Err(error),
        }
    }
    if let Some([even, odd]) = dsa {
        store.save_identity(ACCOUNT.0, ACCOUNT.1, if number.is_multiple_of(2) { even } else { odd })?;
    }
    store.save_ed25519_identity(ACCOUNT.0, ACCOUNT.1, &ed25519(number))?;
    store.save_instance_tag(ACCOUNT.0, ACCOUNT.1, 0x100 + number)
}

/// The files of a home by name, without the lock.
#[must_use]
pub fn files(home: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(home).unwrap().map(|entry| entry.unwrap());
    let named = entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()));
    named.filter(|(name, _)| name != "otr.lock").collect()
}

/// Puts a home into a state that it was in.
pub fn restore(home: &Path, state: &BTreeMap<String, Vec<u8>>) {
    for name in files(home).keys().filter(|name| !state.contains_key(*name)) {
        fs::remove_file(home.join(name)).unwrap();
    }
    for (name, bytes) in state {
        fs::write(home.join(name), bytes).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        fs::set_permissions(home.join(name), mode).unwrap();
    }
}

/// A program that works on a home: `store-writer`, with what it was told to do.
#[derive(Debug)]
pub struct Writer {
    child: Child,
    input: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Writer {
    /// Starts it, by the path of the program.
    #[must_use]
    pub fn start(program: &str, arguments: &[&str]) -> Self {
        Self::spawn(Command::new(program).args(arguments))
    }

    /// Starts it by a command that is made up already.
    #[must_use]
    pub fn spawn(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let input = child.stdin.take().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, input, lines }
    }

    /// The next line that it says; `None` when it has ended.
    pub fn line(&mut self) -> Option<String> {
        self.lines.next().map(|line| line.unwrap())
    }

    /// Tells it to go on.
    pub fn go(&mut self) {
        self.input.write_all(b"go\n").unwrap();
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> i32 {
        i32::try_from(self.child.id()).unwrap()
    }

    /// Kills it at once, and gives what it had still said.
    pub fn kill(mut self) -> Vec<String> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.lines.map_while(Result::ok).collect()
    }

    /// Waits for its good end, and gives what it has still said.
    pub fn finish(mut self) -> Vec<String> {
        drop(self.input);
        let said = self.lines.map_while(Result::ok).collect();
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}: {said:?}");
        said
    }
}
