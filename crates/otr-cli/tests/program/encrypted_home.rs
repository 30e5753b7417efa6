//! Keys that are encrypted with a passphrase: who has it goes on as before, and who has not is told.

use std::fs;
use std::path::Path;

use otr_store::{Passphrase, Store, WorkFactor};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::engine::{Engine, Pair, only};
use crate::support::process::{Process, otr};

const PASSPHRASE: &str = "correct horse battery staple";

/// A home that is encrypted, a file with its passphrase, and who has the key in it.
struct Sealed {
    dir: TempDir,
    identity: Value,
}

impl Sealed {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("home");
        let mut engine = Engine::spawn(&["--home", home.to_str().unwrap(), "--account", "alice"]);
        let identity = engine.ask("identity", json!({}));
        assert!(engine.finish().1.success());
        let passphrase = Passphrase::new(PASSPHRASE.to_owned().into()).unwrap();
        Store::open(&home).unwrap().encrypt(&passphrase, WorkFactor::new(1).unwrap()).unwrap();
        fs::write(dir.path().join("passphrase"), format!("{PASSPHRASE}\n")).unwrap();
        fs::write(dir.path().join("wrong"), "incorrect horse\n").unwrap();
        Self { dir, identity }
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    fn engine(&self) -> Engine {
        let [home, file] = ["home", "passphrase"].map(|name| self.path(name));
        Engine::spawn(&["--home", &home, "--account", "alice", "--passphrase-file", &file])
    }

    /// The names of the files that are not encrypted.
    fn in_clear(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("home")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name != "otr.lock" && !name.contains(".age")).collect()
    }
}

fn only_error(process: Process) -> String {
    let (output, errors, status) = process.finish();
    assert_eq!((status.code(), errors.len(), output.len()), (Some(1), 1, 0), "{errors:?} {output:?}");
    errors[0].clone()
}

// attack: FILE-12
#[test]
fn an_engine_with_the_passphrase_goes_on_as_before() {
    let home = Sealed::new();
    let mut pair = Pair::of(home.engine(), Engine::ephemeral("bob", &[]));
    assert_eq!(pair.alice.ask("identity", json!({})), home.identity);
    let seen = pair.start();
    let bob = only(&seen.alice, "fingerprint")["fingerprint"].clone();
    pair.alice("trust", json!({"peer": "bob", "fingerprint": bob, "trusted": true}));
    assert_eq!(home.in_clear(), [""; 0]);

    // And the next one knows what this one has stored.
    let (notes, _) = std::mem::replace(&mut pair.alice, home.engine()).finish();
    let goodbye = only(&notes, "inject")["message"].clone();
    pair.bob("receive", json!({"peer": "alice", "message": goodbye}));
    pair.start();
    assert_eq!(pair.alice.status("bob")["trusted"], true);

    // The environment does as well as a file.
    let mut command = otr(&["engine", "--home", &home.path("home"), "--account", "alice"]);
    command.env("OTR_PASSPHRASE", PASSPHRASE);
    assert_eq!(Engine::of(Process::spawn(command)).ask("identity", json!({})), home.identity);
}

// attack: FILE-12
#[test]
fn without_the_passphrase_nothing_begins() {
    let home = Sealed::new();
    let path = home.path("home");
    let state = |path: &Path| {
        let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap());
        let mut files: Vec<_> = entries.map(|entry| (entry.file_name(), fs::read(entry.path()).unwrap())).collect();
        files.sort();
        files
    };
    let before = state(path.as_ref());
    let wrong = home.path("wrong");
    for args in
        [&["engine", "--home", &path, "--account", "alice"][..], &["chat", "--listen", "127.0.0.1:0", "--home", &path]]
    {
        let none = only_error(Process::spawn(otr(args)));
        assert!(none.contains("--passphrase-file") && none.contains("OTR_PASSPHRASE"), "{none}");
        let refused = only_error(Process::spawn(otr(&[args, &["--passphrase-file", &wrong]].concat())));
        assert!(refused.contains("otr.key.age") && !refused.contains("incorrect"), "{refused}");
    }
    assert_eq!(state(path.as_ref()), before);
}

// attack: FILE-12
#[test]
fn a_chat_with_the_passphrase_has_the_key_of_the_home() {
    let home = Sealed::new();
    let [path, file] = ["home", "passphrase"].map(|name| home.path(name));
    let args = ["chat", "--listen", "127.0.0.1:0", "--home", &path, "--passphrase-file", &file, "--name", "me"];
    let first = Process::spawn(otr(&args)).expect("your fingerprint");
    assert_eq!(Process::spawn(otr(&args)).expect("your fingerprint"), first);
    assert_eq!(home.in_clear(), [""; 0]);
}

// attack: SIDE-9
#[cfg(target_os = "linux")]
#[test]
fn a_crash_leaves_no_dump_with_keys() {
    let mut engine = Engine::ephemeral("alice", &[]);
    engine.ask("identity", json!({}));
    let limits = fs::read_to_string(format!("/proc/{}/limits", engine.process.id())).unwrap();
    let cores = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(cores.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"]);
}
