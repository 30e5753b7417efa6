//! Several programs on one home: no update is lost, no key is made twice, and who has to wait too long is told.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use otr_store::{Error, Store, Verification};
use otr_tests::store::{self, ACCOUNT, Writer, stranger};
use tempfile::TempDir;

const WRITER: &str = env!("CARGO_BIN_EXE_store-writer");

/// Starts a program for each, waits until all are ready, and lets them go.
fn together(arguments: &[Vec<&str>]) -> Vec<Vec<String>> {
    let mut writers: Vec<_> = arguments.iter().map(|arguments| Writer::start(WRITER, arguments)).collect();
    for writer in &mut writers {
        assert_eq!(writer.line().as_deref(), Some("ready"));
    }
    for writer in &mut writers {
        writer.go();
    }
    writers.into_iter().map(Writer::finish).collect()
}

// attack: FILE-9
#[test]
fn two_programs_that_write_all_the_time_lose_nothing() {
    const COUNT: u32 = 40;
    let dir = TempDir::new().unwrap();
    let path = dir.path().display().to_string();
    Store::open(dir.path()).unwrap().save_fingerprint(&stranger("bob")).unwrap();
    let count = COUNT.to_string();
    together(&[vec!["hammer", &path, "one", &count], vec!["hammer", &path, "two", &count]]);

    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.damage(), Ok(vec![]));
    let known = store.known_identities().unwrap();
    for (name, number) in ["one", "two"].into_iter().flat_map(|name| (0..COUNT).map(move |number| (name, number))) {
        let contact = format!("{name} {number}");
        let of_contact: Vec<_> = known.iter().filter(|known| known.known.contact == contact).collect();
        assert_eq!(of_contact.len(), 1, "{contact}");
        assert!(matches!(of_contact[0].verification, Verification::Here { .. }), "{contact}: {of_contact:?}");
        assert_eq!(store.instance_tag(&contact, ACCOUNT.1), Ok(Some(0x100 + number)), "{contact}");
    }
    assert_eq!(known.len(), 1 + 2 * usize::try_from(COUNT).unwrap());
    let bob = known.iter().find(|known| known.known.contact == "bob").unwrap();
    let last = COUNT - 1;
    assert!(
        [format!("one {last}"), format!("two {last}")].contains(&bob.known.trust),
        "the last decision counts: {bob:?}"
    );
}

// attack: FILE-10
#[test]
fn of_programs_that_need_a_key_one_makes_it_and_all_have_it() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().display().to_string();
    let said = together(&[vec!["key", &path, "1"], vec!["key", &path, "2"], vec!["key", &path, "3"]]);
    let words: Vec<_> = said.iter().map(|said| said[0].split_once(' ').unwrap()).collect();
    assert_eq!(words.iter().filter(|(made, _)| *made == "made").count(), 1, "{words:?}");
    assert_eq!(words.iter().map(|(_, fingerprint)| fingerprint).collect::<BTreeSet<_>>().len(), 1, "{words:?}");
    let key = Store::open(dir.path()).unwrap().identity(ACCOUNT.0, ACCOUNT.1).unwrap().unwrap();
    assert_eq!(key.public_key().fingerprint().to_string(), words[0].1);
}

// attack: FILE-9
#[test]
fn who_waits_too_long_is_told_and_has_changed_nothing() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().display().to_string();
    let mut holder = Writer::start(WRITER, &["hold", &path]);
    assert_eq!(holder.line().as_deref(), Some("held"));

    let mut home = Store::open(dir.path()).unwrap().waiting_at_most(Duration::from_millis(50));
    let refused = home.save_fingerprint(&stranger("bob")).unwrap_err();
    assert_eq!(refused, Error::Locked { directory: dir.path().to_owned() });
    assert!(refused.to_string().contains(&path), "{refused}");
    assert!(home.identity_or(ACCOUNT.0, ACCOUNT.1, || store::key(2)).is_err(), "no key is made");
    assert_eq!(home.identity(ACCOUNT.0, ACCOUNT.1).map(|key| key.is_none()), Ok(true), "reading does not wait");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "only the lock");

    holder.go();
    assert_eq!(holder.finish(), [""; 0]);
    home.save_fingerprint(&stranger("bob")).unwrap();
    let key = home.identity_or(ACCOUNT.0, ACCOUNT.1, || store::key(2)).unwrap();
    assert_eq!(key.public_key().fingerprint(), store::key(1).public_key().fingerprint());
}

// attack: FILE-9
#[test]
fn the_lock_of_a_program_that_was_killed_is_free() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().display().to_string();
    let mut holder = Writer::start(WRITER, &["hold", &path]);
    assert_eq!(holder.line().as_deref(), Some("held"));
    holder.kill();
    let mut home = Store::open(dir.path()).unwrap().waiting_at_most(Duration::ZERO);
    home.save_fingerprint(&stranger("bob")).unwrap();
}
