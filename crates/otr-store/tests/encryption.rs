//! Files encrypted with a passphrase: turned on and off, interrupted, damaged, and without the passphrase.
#![cfg(feature = "encryption")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]
#![expect(clippy::print_stdout, reason = "how a program that a test starts tells it where it is")]

mod common;

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use chacha20::ChaCha20Rng;
use otr_crypto::{Fingerprint, IdentityKey};
use otr_store::{Error, How, KnownFingerprint, Passphrase, SpokenVersion, Store, VouchedFingerprint, WorkFactor};
use rand_core::{Rng, SeedableRng};
use tempfile::TempDir;
use zeroize::Zeroizing;

use common::{empty, names, put};

const FILES: [&str; 7] = [
    "otr.ed25519_keys",
    "otr.fingerprints",
    "otr.instance_tags",
    "otr.private_key",
    "otr.trust",
    "otr.versions",
    "otr.vouched",
];
const KEY_FILE: &str = "otr.key.age";

/// Names the directory in which this program, started again by a test, is to work.
const DIRECTORY: &str = "OTR_STORE_TEST_DIRECTORY";

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(Zeroizing::new(text.to_owned())).unwrap()
}

/// As little work as there can be.
fn quick() -> WorkFactor {
    WorkFactor::new(1).unwrap()
}

/// Something of each kind; `number` tells one from the next.
fn fill(store: &mut Store, number: u8) {
    let (contact, account, protocol) = (format!("bob{number}"), "alice".to_owned(), "xmpp".to_owned());
    let fingerprint = Fingerprint::from_bytes([number; 20]);
    let names = (contact.clone(), account.clone(), protocol.clone());
    store.save_identity("alice", "xmpp", dsa(number)).unwrap();
    store.save_ed25519_identity("alice", "xmpp", &IdentityKey::from_ed25519_seed([number; 32])).unwrap();
    store.save_instance_tag("alice", "xmpp", 0x100 + u32::from(number)).unwrap();
    let trust = String::new();
    store.save_fingerprint(&KnownFingerprint { contact, account, protocol, fingerprint, trust }).unwrap();
    store.verify(&names.0, "alice", "xmpp", &fingerprint, How::Smp, SystemTime::UNIX_EPOCH).unwrap();
    let (contact, account, protocol) = names.clone();
    store.save_spoken_version(&SpokenVersion { contact, account, protocol, fingerprint, version: 3 }).unwrap();
    let (contact, account, protocol) = names;
    let by = fingerprint;
    store.save_vouched_fingerprint(&VouchedFingerprint { contact, account, protocol, fingerprint, by }).unwrap();
}

/// One of three keys, which are made once.
fn dsa(number: u8) -> &'static IdentityKey {
    static KEYS: [OnceLock<IdentityKey>; 3] = [const { OnceLock::new() }; 3];
    KEYS[usize::from(number) - 1].get_or_init(|| IdentityKey::generate(&mut ChaCha20Rng::from_seed([number; 32])))
}

/// All that a store says.
fn said(store: &Store) -> Result<String, Error> {
    let keys = [store.identity("alice", "xmpp")?, store.ed25519_identity("alice", "xmpp")?];
    let keys = keys.map(|key| key.map(|key| key.public_key().fingerprint()));
    let tag = store.instance_tag("alice", "xmpp")?;
    Ok(format!("{keys:?} {tag:?} {:?} {:?}", store.known_identities()?, store.vouched_fingerprints()?))
}

fn files(dir: &TempDir) -> BTreeMap<String, Vec<u8>> {
    names(dir).into_iter().map(|name| (name.clone(), fs::read(dir.path().join(name)).unwrap())).collect()
}

/// An encrypted directory, what it says, and what stood there before.
fn encrypted() -> (TempDir, Store, String, BTreeMap<String, Vec<u8>>) {
    let (dir, mut store) = empty();
    fill(&mut store, 1);
    fill(&mut store, 2);
    let before = files(&dir);
    let all = said(&store).unwrap();
    store.encrypt(&passphrase("open"), quick()).unwrap();
    (dir, store, all, before)
}

// attack: FILE-12
#[test]
fn all_files_are_encrypted_and_come_back_byte_for_byte() {
    let (dir, mut store, all, before) = encrypted();
    let mut expected: Vec<String> = FILES.iter().map(|name| format!("{name}.age")).collect();
    expected.extend(FILES.iter().map(|name| format!("{name}.age.previous")));
    expected.extend([KEY_FILE.to_owned(), "otr.private_key.age.replaced".to_owned()]);
    expected.sort();
    assert_eq!(names(&dir), expected);
    for (name, bytes) in files(&dir) {
        assert!(bytes.starts_with(b"age-encryption.org/v1\n"), "{name}");
        for secret in ["bob", "alice", "privkeys", "0202020202"] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret} in {name}");
        }
    }
    assert_eq!(said(&store).unwrap(), all, "the one that encrypted them goes on");

    let mut other = Store::open(dir.path()).unwrap();
    assert!(other.is_encrypted());
    other.unlock(&passphrase("open")).unwrap();
    assert_eq!(said(&other).unwrap(), all);
    let again = other.encrypt(&passphrase("open"), quick());
    assert_eq!(again, Err(Error::Encrypted { directory: dir.path().to_owned() }));

    store.decrypt().unwrap();
    assert_eq!(files(&dir), before);
    assert_eq!(said(&store).unwrap(), all);
    assert_eq!(store.decrypt(), Err(Error::NotEncrypted { directory: dir.path().to_owned() }));
    assert_eq!(
        said(&other),
        Err(Error::NotEncrypted { directory: dir.path().to_owned() }),
        "who had it unlocked is told"
    );
}

// attack: FILE-12
#[test]
fn changes_stay_encrypted_and_so_does_what_was_before() {
    let (dir, _, _, _) = encrypted();
    let mut store = Store::open(dir.path()).unwrap();
    store.unlock(&passphrase("open")).unwrap();
    let before = files(&dir);
    fill(&mut store, 3);
    let after = files(&dir);
    let new: Vec<_> = after.keys().filter(|name| !before.contains_key(*name)).collect();
    assert_eq!(new, ["otr.private_key.age.replaced.2"], "no file in the clear");
    assert_eq!(after["otr.private_key.age.replaced.2"], before["otr.private_key.age"]);
    for name in FILES {
        assert_ne!(before[&format!("{name}.age")], after[&format!("{name}.age")], "{name}");
    }
    assert_eq!(before["otr.private_key.age"], after["otr.private_key.age.previous"]);
    let all = said(&store).unwrap();
    assert!(all.contains("bob1") && all.contains("bob3"));
    assert_eq!(store.identity("alice", "xmpp").unwrap().map(|key| key.public_key().fingerprint()), {
        Some(dsa(3).public_key().fingerprint())
    });
}

// attack: FILE-12
#[test]
fn without_the_passphrase_nothing_is_read_and_nothing_changed() {
    let (dir, _, _, _) = encrypted();
    let before = files(&dir);
    let mut store = Store::open(dir.path()).unwrap();
    let wrong = store.unlock(&passphrase("Open"));
    assert_eq!(wrong, Err(Error::WrongPassphrase { file: dir.path().join(KEY_FILE) }));
    let refused = || Error::Encrypted { directory: dir.path().to_owned() };
    assert_eq!(said(&store), Err(refused()));
    assert_eq!(store.accounts(), Err(refused()));
    assert_eq!(store.damage(), Err(refused()));
    assert_eq!(store.save_identity("alice", "xmpp", dsa(3)), Err(refused()));
    assert_eq!(store.identity_or("carol", "xmpp", || unreachable!("no key is made")).map(drop), Err(refused()));
    assert_eq!(store.save_instance_tag("alice", "xmpp", 0x100), Err(refused()));
    assert_eq!(store.change_passphrase(&passphrase("new"), quick()), Err(refused()));
    assert_eq!(store.decrypt(), Err(refused()));
    assert_eq!(files(&dir), before);

    let (dir, mut store) = empty();
    let none = store.unlock(&passphrase("open"));
    assert_eq!(none, Err(Error::NotEncrypted { directory: dir.path().to_owned() }));
}

#[test]
fn a_program_that_has_the_files_open_is_told_when_another_encrypts_them() {
    let (dir, mut store) = empty();
    fill(&mut store, 1);
    Store::open(dir.path()).unwrap().encrypt(&passphrase("open"), quick()).unwrap();
    let refused = || Error::Encrypted { directory: dir.path().to_owned() };
    assert_eq!(said(&store), Err(refused()));
    assert_eq!(store.save_instance_tag("alice", "xmpp", 0x999), Err(refused()));
    assert!(names(&dir).iter().all(|name| name.contains(".age")), "{:?}", names(&dir));
}

#[test]
fn the_passphrase_can_be_changed() {
    let (dir, mut store, all, _) = encrypted();
    let before = files(&dir);
    store.change_passphrase(&passphrase("sesame"), quick()).unwrap();
    let changed: Vec<_> = files(&dir).into_iter().filter(|(name, bytes)| before.get(name) != Some(bytes)).collect();
    assert_eq!(changed.len(), 1, "only the file with the key, and no copy for the old passphrase");
    let mut store = Store::open(dir.path()).unwrap();
    assert!(matches!(store.unlock(&passphrase("open")), Err(Error::WrongPassphrase { .. })));
    store.unlock(&passphrase("sesame")).unwrap();
    assert_eq!(said(&store).unwrap(), all);
}

// attack: FILE-6, FILE-12
#[test]
fn a_damaged_encrypted_file_is_named_and_never_overwritten() {
    let (dir, mut store, _, _) = encrypted();
    for name in ["otr.private_key.age", "otr.fingerprints.age", KEY_FILE] {
        let whole = fs::read(dir.path().join(name)).unwrap();
        let cuts = (0..whole.len()).step_by(32).map(|end| whole[..end].to_vec());
        let flips = (0..whole.len()).step_by(37).map(|place| {
            let mut flipped = whole.clone();
            flipped[place] ^= 1 << (place % 8);
            flipped
        });
        for damaged in cuts.chain(flips) {
            put(&dir, name, &damaged);
            let refused = Error::Undecryptable { file: dir.path().join(name) };
            match name {
                KEY_FILE => {
                    let refused = Store::open(dir.path()).unwrap().unlock(&passphrase("open")).unwrap_err();
                    assert!(
                        matches!(refused, Error::Undecryptable { .. } | Error::WrongPassphrase { .. }),
                        "{refused}"
                    );
                }
                "otr.fingerprints.age" => {
                    assert_eq!(store.fingerprints().map(drop), Err(refused.clone()));
                    assert_eq!(store.forget("b", "a", "x", &Fingerprint::from_bytes([1; 20])), Err(refused.clone()));
                }
                _ => {
                    assert_eq!(store.identity("alice", "xmpp").map(drop), Err(refused.clone()));
                    assert_eq!(store.save_identity("alice", "xmpp", dsa(1)), Err(refused));
                }
            }
            assert_eq!(fs::read(dir.path().join(name)).unwrap(), damaged);
        }
        if name != KEY_FILE {
            assert_eq!(store.damage(), Ok(vec![Error::Undecryptable { file: dir.path().join(name) }]));
        }
        put(&dir, name, &whole);
    }
}

// attack: FILE-12
#[test]
fn what_cannot_be_decrypted_leaves_all_else_encrypted() {
    for name in ["otr.private_key", "otr.vouched", "otr.versions.age.previous", "otr.private_key.age.replaced"] {
        let (dir, mut store, _, _) = encrypted();
        let name = if name.contains(".age") { name.to_owned() } else { format!("{name}.age") };
        let mut bytes = fs::read(dir.path().join(&name)).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        put(&dir, &name, &bytes);
        let before = files(&dir);
        assert_eq!(store.decrypt(), Err(Error::Undecryptable { file: dir.path().join(&name) }));
        assert_eq!(files(&dir), before, "{name}: nothing in the clear");
    }
}

/// Two that have the files open, of which one then gives them another key.
fn encrypted_anew() -> (TempDir, Store, Store, String, BTreeMap<String, Vec<u8>>) {
    let (dir, mut store, all, _) = encrypted();
    let mut stale = Store::open(dir.path()).unwrap();
    stale.unlock(&passphrase("open")).unwrap();
    store.decrypt().unwrap();
    store.encrypt(&passphrase("open"), quick()).unwrap();
    let before = files(&dir);
    (dir, stale, store, all, before)
}

// attack: FILE-12
#[test]
fn a_key_that_is_not_the_one_any_more_destroys_nothing() {
    let (dir, mut stale, store, all, before) = encrypted_anew();
    let refused = || Error::EncryptedAnew { directory: dir.path().to_owned() };
    assert_eq!(stale.change_passphrase(&passphrase("other"), quick()), Err(refused()));
    assert_eq!(stale.save_instance_tag("alice", "xmpp", 0x999), Err(refused()));
    assert_eq!(stale.save_identity("alice", "xmpp", dsa(3)), Err(refused()));
    assert_eq!(stale.decrypt(), Err(refused()));
    assert_eq!(said(&stale), Err(refused()), "and it is not called damage");
    assert_eq!(files(&dir), before);
    assert_eq!(said(&store).unwrap(), all);

    // Nor is a file made that is not there, which nobody could open.
    for name in FILES {
        fs::remove_file(dir.path().join(format!("{name}.age"))).unwrap();
    }
    let before = files(&dir);
    assert_eq!(stale.save_instance_tag("alice", "xmpp", 0x999), Err(refused()));
    assert_eq!(files(&dir), before);
    stale.unlock(&passphrase("open")).unwrap();
    stale.save_instance_tag("alice", "xmpp", 0x999).unwrap();
    assert_eq!(store.instance_tag("alice", "xmpp"), Ok(Some(0x999)));
}

#[test]
fn another_passphrase_for_the_same_key_stops_nobody() {
    let (dir, mut store, _, _) = encrypted();
    let mut other = Store::open(dir.path()).unwrap();
    other.unlock(&passphrase("open")).unwrap();
    store.change_passphrase(&passphrase("sesame"), quick()).unwrap();
    other.save_instance_tag("alice", "xmpp", 0x999).unwrap();
    assert_eq!(store.instance_tag("alice", "xmpp"), Ok(Some(0x999)));
    other.change_passphrase(&passphrase("mellon"), quick()).unwrap();
    store.save_instance_tag("alice", "xmpp", 0x99a).unwrap();
    assert_eq!(other.instance_tag("alice", "xmpp"), Ok(Some(0x99a)));
}

#[test]
fn what_another_program_puts_beside_encrypted_files_is_neither_taken_nor_lost() {
    let (dir, mut store, all, _) = encrypted();
    let file = dir.path().join("otr.fingerprints");
    let sealed = fs::read(dir.path().join("otr.fingerprints.age")).unwrap();
    put(&dir, "otr.fingerprints", "bob\talice\txmpp\n");
    assert_eq!(said(&store).unwrap(), all, "what is encrypted counts");
    let differ = Error::BothForms { plain: file.clone(), encrypted: dir.path().join("otr.fingerprints.age") };
    assert_eq!(store.save_instance_tag("alice", "xmpp", 0x999), Err(differ.clone()));
    assert_eq!(Store::open(dir.path()).unwrap().unlock(&passphrase("open")), Err(differ));
    assert_eq!(fs::read(&file).unwrap(), b"bob\talice\txmpp\n");

    fs::remove_file(dir.path().join("otr.fingerprints.age")).unwrap();
    let alone = Error::Unencrypted { file: file.clone() };
    assert_eq!(store.fingerprints(), Err(alone.clone()));
    assert_eq!(store.decrypt(), Err(alone));
    fs::remove_file(&file).unwrap();
    put(&dir, "otr.fingerprints.age", sealed);
    store.decrypt().unwrap();
    assert_eq!(said(&store).unwrap(), all);
}

#[test]
fn a_lost_key_file_makes_no_new_keys() {
    let (dir, _, _, _) = encrypted();
    fs::remove_file(dir.path().join(KEY_FILE)).unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    assert!(matches!(
        store.identity_or("alice", "xmpp", || unreachable!("no key is made")),
        Err(Error::Encrypted { .. })
    ));
    let refused = store.encrypt(&passphrase("new"), quick());
    assert!(matches!(refused, Err(Error::Undecryptable { .. })), "{refused:?}");
    assert!(dir.path().join("otr.private_key.age").exists());
}

/// What a program leaves behind that dies while it encrypts or decrypts, before and after the one moment that counts.
// attack: FILE-2, FILE-12
#[test]
fn what_was_left_half_done_is_in_the_way_of_nothing() {
    let (dir, mut store, all, before) = encrypted();
    let sealed = files(&dir);
    // Killed while it decrypted, before the key file went.
    for name in FILES {
        put(&dir, name, &before[name]);
    }
    assert_eq!(said(&store).unwrap(), all);
    Store::open(dir.path()).unwrap().unlock(&passphrase("open")).unwrap();
    assert_eq!(files(&dir), sealed, "back to what was");
    // Killed after it went; or while it encrypted, before it came.
    store.decrypt().unwrap();
    for name in FILES {
        put(&dir, &format!("{name}.age"), &sealed[&format!("{name}.age")]);
    }
    let mut store = Store::open(dir.path()).unwrap();
    assert_eq!(said(&store).unwrap(), all);
    store.save_instance_tag("bob", "xmpp", 0x1234).unwrap();
    store.encrypt(&passphrase("other"), quick()).unwrap();
    assert_eq!(said(&store).unwrap(), all);
    assert_eq!(store.instance_tag("bob", "xmpp"), Ok(Some(0x1234)), "nothing of the older files is taken");
}

// attack: FILE-2, FILE-12
#[test]
fn killed_at_any_time_the_files_are_all_encrypted_or_all_in_the_clear() {
    if let Some(directory) = env::var_os(DIRECTORY) {
        return turn_on_and_off(Path::new(&directory));
    }
    let (dir, mut store) = empty();
    fill(&mut store, 1);
    let all = said(&store).unwrap();
    let mut forms = [0, 0];
    let mut delays = ChaCha20Rng::from_seed([9; 32]);
    for _ in 0..24 {
        let name = "killed_at_any_time_the_files_are_all_encrypted_or_all_in_the_clear";
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", name, "--nocapture"])
            .env(DIRECTORY, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // Once it is at it, at whatever place it is.
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(|line| line.unwrap());
        let turns = usize::try_from(delays.next_u32() % 2).unwrap();
        assert!(lines.by_ref().filter(|line| line.ends_with("turned")).nth(turns).is_some());
        std::thread::sleep(Duration::from_micros(u64::from(delays.next_u32() % 20_000)));
        child.kill().unwrap();
        child.wait().unwrap();

        let mut store = Store::open(dir.path()).unwrap();
        forms[usize::from(store.is_encrypted())] += 1;
        if store.is_encrypted() {
            store.unlock(&passphrase("open")).unwrap();
            assert!(names(&dir).iter().all(|name| name.contains(".age")), "{:?}", names(&dir));
        }
        assert_eq!(said(&store).unwrap(), all);
    }
    assert!(forms[0] > 0 && forms[1] > 0, "the kills hit nothing: {forms:?}");
}

fn turn_on_and_off(directory: &Path) {
    let mut store = Store::open(directory).unwrap();
    if store.is_encrypted() {
        store.unlock(&passphrase("open")).unwrap();
        store.decrypt().unwrap();
    }
    loop {
        println!("\nturned");
        store.encrypt(&passphrase("open"), quick()).unwrap();
        println!("\nturned");
        store.decrypt().unwrap();
    }
}

#[test]
fn nothing_of_it_is_shown() {
    let (_dir, store, _, _) = encrypted();
    let shown = format!("{store:?} {:?}", passphrase("open"));
    assert!(
        !shown.contains("open\"") && shown.contains("Seal { .. }") && shown.contains("Passphrase { .. }"),
        "{shown}"
    );
    assert!(!shown.contains("AGE-SECRET"), "{shown}");
}
