//! Programs that die, or find the disk full, while they write the files of a home: each file is the old one or the new.

#![cfg(target_os = "linux")]
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::collections::BTreeMap;
use std::env;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use chacha20::ChaCha20Rng;
use otr_store::{ForeignFile, Store, Verification};
use otr_tests::store::traced::Traced;
use otr_tests::store::{self, ACCOUNT, CONTACTS, Writer, contact, files, restore, step, stranger, verify};
use rand_core::{Rng, SeedableRng};
use tempfile::TempDir;

const WRITER: &str = env!("CARGO_BIN_EXE_store-writer");

/// How often a writer is killed at random, if not the usual number.
const RUNS: &str = "OTR_TEST_RUNS";

type Files = BTreeMap<String, Vec<u8>>;

/// A home with something in each file, and no copies of older states.
fn home() -> TempDir {
    let dir = TempDir::new().unwrap();
    let mut home = Store::open(dir.path()).unwrap();
    home.save_identity(ACCOUNT.0, ACCOUNT.1, &store::keys()[0]).unwrap();
    home.save_ed25519_identity(ACCOUNT.0, ACCOUNT.1, &store::ed25519(0)).unwrap();
    home.save_fingerprint(&stranger("bob")).unwrap();
    home.save_fingerprint(&stranger("carol")).unwrap();
    home.save_instance_tag(ACCOUNT.0, ACCOUNT.1, 0x100).unwrap();
    verify(&mut home, "carol", 0).unwrap();
    let mut state = files(dir.path());
    state.retain(|name, _| !name.ends_with(".previous"));
    restore(dir.path(), &state);
    dir
}

fn is_temporary(name: &str) -> bool {
    name.starts_with('.')
}

/// Each file as it was or as it was to be, the copy of the older state too; no other but one that was never finished.
fn assert_old_or_new(before: &Files, after: &Files, found: &Files, point: &str) {
    for (name, bytes) in found.iter().filter(|(name, _)| !is_temporary(name)) {
        let older = name.strip_suffix(".previous").and_then(|name| before.get(name));
        let fits = [before.get(name), after.get(name), older].into_iter().flatten().any(|state| state == bytes);
        assert!(fits, "{point}: {name} is neither old nor new: {}", bytes.escape_ascii());
    }
    for name in before.keys() {
        assert!(found.contains_key(name), "{point}: {name} is gone");
    }
    assert!(found.keys().filter(|name| is_temporary(name)).count() <= 1, "{point}: {:?}", found.keys());
}

/// Every program is killed before and after each of its system calls, once each.
// attack: FILE-2
#[test]
fn killed_before_and_after_each_system_call_of_a_change() {
    let dir = home();
    let path = dir.path().display().to_string();
    let before = files(dir.path());
    let mut points = 0;
    for what in ["identity", "ed25519", "fingerprint", "trust", "forget", "tag"] {
        let mut writer = Writer::start(WRITER, &["once", &path, what]);
        writer.go();
        writer.finish();
        let after = files(dir.path());
        assert_ne!(before, after, "{what} changes something");
        let mut renamed = 0;
        for calls in 1.. {
            restore(dir.path(), &before);
            let mut writer = Writer::start(WRITER, &["once", &path, what]);
            let mut traced = Traced::begin(writer.id()).unwrap_or_else(|error| panic!("ptrace: {error}"));
            writer.go();
            let mut lives = true;
            for _ in 0..calls {
                lives = lives && traced.step().unwrap();
            }
            traced.kill().unwrap();
            drop(writer);
            let found = files(dir.path());
            let point = format!("{what}, {calls} ends of system calls");
            assert_old_or_new(&before, &after, &found, &point);
            // What is trusted is on record with the reason.
            if what == "trust" && found["otr.fingerprints"] == after["otr.fingerprints"] {
                assert_eq!(found["otr.trust"], after["otr.trust"], "{point}");
            }
            renamed += usize::from(found != before);

            // Whoever comes next finishes it, and clears up.
            if calls % 8 == 0 || !lives {
                let mut writer = Writer::start(WRITER, &["once", &path, what]);
                writer.go();
                // Who was to be forgotten may be gone already, which is told.
                let _ = if what == "forget" { writer.kill() } else { writer.finish() };
            }
            points += 1;
            if !lives {
                break;
            }
        }
        assert!(renamed > 0, "{what}: no kill came after the first rename");
        restore(dir.path(), &before);
    }
    println!("{points} points");
    assert!(points >= 200, "{points} points");
}

/// What a home must be after step `done` was finished and the next perhaps begun.
fn assert_whole(home: &Path, done: u32) -> u32 {
    let store = Store::open(home).unwrap();
    let reached = store::steps(&store).unwrap();
    assert!((done..=done + 1).contains(&reached), "finished {done}, and found {reached}");
    let mut contacts = BTreeMap::new();
    for known in store.known_identities().unwrap() {
        contacts.insert(known.known.contact.clone(), known);
    }
    for number in (reached + 1).saturating_sub(CONTACTS).max(1)..=reached {
        let known = contacts.remove(&contact(number));
        // The oldest goes while the next step is made.
        if number + CONTACTS > reached + 1 || known.is_some() {
            let known = known.unwrap_or_else(|| panic!("{} is lost", contact(number)));
            assert!(matches!(known.verification, Verification::Here { .. }), "{known:?}");
        }
    }
    contacts.remove(&contact(reached + 1));
    let seed = store.ed25519_identity(ACCOUNT.0, ACCOUNT.1).unwrap().unwrap().public_key().fingerprint();
    let possible = [reached, reached + 1].map(|number| store::ed25519(number).public_key().fingerprint());
    assert!(possible.contains(&seed), "neither the old key nor the new");
    assert!(contacts.is_empty(), "{contacts:?}");
    for (name, bytes) in files(home).iter().filter(|(name, _)| !is_temporary(name)) {
        let file = ForeignFile::read(&home.join(name)).unwrap().unwrap();
        let problems = match name.trim_end_matches(".previous") {
            // Its numbers are not checked each time; they are one of two keys.
            "otr.private_key" => {
                let parts = |key: usize| store::keys()[key].hazmat_parts().unwrap().x;
                let shown = [0, 1].map(|key| hex::encode_upper(&*parts(key)));
                let text = String::from_utf8(bytes.clone()).unwrap();
                let is_one = shown.iter().filter(|x| text.contains(*x)).count() == 1 && text.ends_with(")\n)\n");
                usize::from(!is_one)
            }
            "otr.fingerprints" => file.fingerprints().problems.len(),
            "otr.instance_tags" => file.instance_tags().problems.len(),
            _ => usize::from(!bytes.ends_with(b"\n")),
        };
        assert_eq!(problems, 0, "{name}: {}", bytes.escape_ascii());
    }
    assert!(files(home).keys().filter(|name| is_temporary(name)).count() <= 1, "{:?}", files(home).keys());
    reached
}

/// A program that writes all the time is killed at any time, and started again.
// attack: FILE-2
#[test]
fn killed_at_random_times() {
    let runs: u32 = env::var(RUNS).ok().and_then(|runs| runs.parse().ok()).unwrap_or(200);
    let dir = TempDir::new().unwrap();
    step(&mut Store::open(dir.path()).unwrap(), 1, Some(store::keys())).unwrap();
    let path = dir.path().display().to_string();
    let keys = TempDir::new().unwrap();
    let mut kept = Store::open(keys.path()).unwrap();
    for (account, key) in ["even", "odd"].into_iter().zip(store::keys()) {
        kept.save_identity(account, ACCOUNT.1, key).unwrap();
    }
    let keys = keys.path().display().to_string();
    let mut times = ChaCha20Rng::from_seed([17; 32]);
    let (mut reached, mut begun) = (1, 0);
    for run in 0..runs {
        // To check DSA keys takes longer than all else, so only some of them have any.
        let arguments = ["steps", &path, &keys];
        let mut writer = Writer::start(WRITER, if run % 8 == 0 { &arguments } else { &arguments[..2] });
        let mut done = writer.line().and_then(|line| line.parse().ok()).unwrap_or_else(|| panic!("it ended by itself"));
        assert_eq!(done, reached + 1, "it goes on where the last one was");
        // There is nothing to wait for: the time itself is what is tried.
        sleep(Duration::from_micros(u64::from(times.next_u32() % 20_000)));
        if let Some(last) = writer.kill().last() {
            done = last.parse().unwrap_or_else(|_| panic!("{last}"));
        }
        let before = files(dir.path());
        reached = assert_whole(dir.path(), done);
        begun += u32::from(before.keys().any(|name| is_temporary(name)));
    }
    println!("{runs} runs, {reached} steps, {begun} of the kills came while a file was written");
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.damage(), Ok(vec![]));
    assert!(store.identity(ACCOUNT.0, ACCOUNT.1).unwrap().is_some());
}

// attack: FILE-2
#[test]
fn a_full_disk_costs_the_change_and_nothing_else() {
    for what in ["identity", "ed25519", "fingerprint", "tag"] {
        let dir = home();
        // A program that ignores the signal is told by an error instead, as when a disk is full.
        let mut shell = Command::new("sh");
        shell.args(["-c", "trap '' XFSZ; exec \"$0\" full \"$1\" \"$2\"", WRITER]).arg(dir.path()).arg(what);
        let said = Writer::spawn(&mut shell).finish();
        let tries: usize = said[0].parse().unwrap();
        assert!(tries > 5, "{what}: {tries} tries");
    }
}
