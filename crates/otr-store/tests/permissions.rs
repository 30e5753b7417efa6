//! Who can read and change the files.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking, its helpers too")]

use std::env;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::SystemTime;

use chacha20::ChaCha20Rng;
use otr_crypto::{Fingerprint, IdentityKey};
use otr_store::{Error, How, KnownFingerprint, SpokenVersion, Store, VouchedFingerprint};
use rand_core::SeedableRng;

/// Names the directory in which this program, started again by a test, is to write.
const DIRECTORY: &str = "OTR_STORE_TEST_DIRECTORY";

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
}

fn key() -> IdentityKey {
    IdentityKey::generate(&mut ChaCha20Rng::from_seed([6; 32]))
}

fn ed25519_key() -> IdentityKey {
    IdentityKey::from_ed25519_seed([6; 32])
}

fn vouched(contact: String) -> VouchedFingerprint {
    VouchedFingerprint {
        contact,
        account: "alice".to_owned(),
        protocol: "xmpp".to_owned(),
        fingerprint: Fingerprint::from_bytes([8; 20]),
        by: Fingerprint::from_bytes([9; 20]),
    }
}

fn record(contact: String) -> KnownFingerprint {
    KnownFingerprint {
        contact,
        account: "alice".to_owned(),
        protocol: "xmpp".to_owned(),
        fingerprint: Fingerprint::from_bytes([9; 20]),
        trust: "verified".to_owned(),
    }
}

/// This program again, in a shell with the given mask, running one test of it as `name`.
fn again(name: &str, umask: &str, directory: &Path) -> Child {
    Command::new("sh")
        .arg("-c")
        .arg(format!("umask {umask}; exec \"$0\" --exact {name}"))
        .arg(env::current_exe().unwrap())
        .env(DIRECTORY, directory)
        .stdout(Stdio::null())
        .spawn()
        .expect("a shell")
}

// attack: FILE-1
#[test]
fn files_are_private_from_the_start_whatever_the_mask() {
    if let Some(directory) = env::var_os(DIRECTORY) {
        return write_everything(Path::new(&directory));
    }
    for umask in ["000", "022", "077", "777"] {
        let parent = tempfile::tempdir().unwrap();
        let directory = parent.path().join("new");
        let name = "files_are_private_from_the_start_whatever_the_mask";
        assert!(again(name, umask, &directory).wait().unwrap().success(), "mask {umask}");
        assert_eq!(mode(&directory), 0o700, "mask {umask}");
        let mut count = 0;
        for entry in fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            assert_eq!(mode(&path), 0o600, "mask {umask}: {}", path.display());
            count += 1;
        }
        assert_eq!(count, 15, "seven files, what each was before its last change, and the lock");
    }
}

fn write_everything(directory: &Path) {
    let mut store = Store::open(directory).unwrap();
    let key = key();
    for account in ["alice", "bob"] {
        store.save_identity(account, "xmpp", &key).unwrap();
        store.save_instance_tag(account, "xmpp", 0x100).unwrap();
        store.save_fingerprint(&record(account.to_owned())).unwrap();
        store.save_ed25519_identity(account, "xmpp", &ed25519_key()).unwrap();
        store.save_vouched_fingerprint(&vouched(account.to_owned())).unwrap();
        store.save_spoken_version(&spoken(account.to_owned())).unwrap();
        let when = SystemTime::UNIX_EPOCH;
        store.verify(account, "alice", "xmpp", &Fingerprint::from_bytes([9; 20]), How::ByHand, when).unwrap();
    }
}

fn spoken(contact: String) -> SpokenVersion {
    SpokenVersion {
        contact,
        account: "alice".to_owned(),
        protocol: "xmpp".to_owned(),
        fingerprint: Fingerprint::from_bytes([9; 20]),
        version: 3,
    }
}

/// Reads or writes somebody's key.
type Read = fn(&Store, &str) -> Result<Option<IdentityKey>, Error>;
type Write = fn(&mut Store, &str) -> Result<(), Error>;

// attack: FILE-1
#[test]
fn keys_and_seeds_that_others_can_reach_are_refused_unless_forced() {
    let kinds: [(&str, Read, Write); 2] = [
        (
            "otr.private_key",
            |store, account| store.identity(account, "xmpp"),
            |store, account| store.save_identity(account, "xmpp", &key()),
        ),
        (
            "otr.ed25519_keys",
            |store, account| store.ed25519_identity(account, "xmpp"),
            |store, account| store.save_ed25519_identity(account, "xmpp", &ed25519_key()),
        ),
    ];
    for (name, read, write) in kinds {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(dir.path()).unwrap();
        write(&mut store, "alice").unwrap();
        let path = dir.path().join(name);
        let before = fs::read(&path).unwrap();
        for exposed in [0o644, 0o640, 0o604, 0o620, 0o602, 0o610] {
            fs::set_permissions(&path, Permissions::from_mode(exposed)).unwrap();
            let refused = Error::Exposed { file: path.clone(), mode: exposed };
            assert_eq!(read(&store, "alice").map(drop), Err(refused.clone()));
            assert_eq!(write(&mut store, "bob"), Err(refused));
            assert_eq!((fs::read(&path).unwrap(), mode(&path)), (before.clone(), exposed));
        }
        let mut store = store.accepting_exposed_keys();
        assert!(read(&store, "alice").unwrap().is_some());
        write(&mut store, "bob").unwrap();
        assert_eq!(mode(&path), 0o600, "a rewrite makes it private");
    }
}

// attack: FILE-1
#[test]
fn other_files_that_others_can_reach_are_named_and_become_private() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    assert_eq!(store.exposed_files(), Ok(vec![]));
    for name in ["otr.fingerprints", "otr.instance_tags", "otr.vouched", "otr.trust", "otr.versions"] {
        fs::write(dir.path().join(name), "# comment\n").unwrap();
        fs::set_permissions(dir.path().join(name), Permissions::from_mode(0o644)).unwrap();
    }
    assert_eq!(store.exposed_files().unwrap().len(), 5);
    store.save_vouched_fingerprint(&vouched("bob".to_owned())).unwrap();
    store.save_fingerprint(&record("bob".to_owned())).unwrap();
    store.save_instance_tag("alice", "xmpp", 0x100).unwrap();
    store.save_spoken_version(&spoken("bob".to_owned())).unwrap();
    let verified =
        store.verify("bob", "alice", "xmpp", &record(String::new()).fingerprint, How::Smp, SystemTime::UNIX_EPOCH);
    assert_eq!(verified, Ok(()));
    assert_eq!(store.exposed_files(), Ok(vec![]));
    assert_eq!(mode(&dir.path().join("otr.fingerprints")), 0o600);
}

#[test]
fn a_directory_that_is_there_keeps_its_mode_and_a_file_is_none() {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
    Store::open(dir.path()).unwrap();
    assert_eq!(mode(dir.path()), 0o755);
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(matches!(Store::open(&file), Err(Error::Io { .. })));
}

/// Who can put files into it tells us whom to trust.
// attack: FILE-3
#[test]
fn a_directory_that_others_can_write_to_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let refused = |mode: u32| {
        fs::set_permissions(dir.path(), Permissions::from_mode(mode)).unwrap();
        Store::open(dir.path()).map(drop)
    };
    for mode in [0o777, 0o1777, 0o770, 0o702, 0o720] {
        let expected = Error::OpenDirectory { directory: dir.path().to_owned(), mode };
        assert_eq!(refused(mode), Err(expected), "{mode:o}");
    }
    for mode in [0o700, 0o755, 0o750, 0o711] {
        assert_eq!(refused(mode), Ok(()), "{mode:o}");
    }
}

#[test]
fn a_link_in_place_of_a_file_is_neither_followed_nor_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let outside = dir.path().join("outside");
    fs::write(&outside, "").unwrap();
    let home = dir.path().join("home");
    let mut store = Store::open(&home).unwrap();
    let names = ["otr.private_key", "otr.fingerprints", "otr.instance_tags", "otr.ed25519_keys", "otr.vouched"];
    for name in names.into_iter().chain(["otr.trust", "otr.versions"]) {
        std::os::unix::fs::symlink(&outside, home.join(name)).unwrap();
    }
    assert!(matches!(store.save_identity("a", "p", &key()), Err(Error::NotAFile { .. })));
    assert!(matches!(store.save_fingerprint(&record("bob".to_owned())), Err(Error::NotAFile { .. })));
    assert!(matches!(store.save_instance_tag("a", "p", 0x100), Err(Error::NotAFile { .. })));
    assert!(matches!(store.save_ed25519_identity("a", "p", &ed25519_key()), Err(Error::NotAFile { .. })));
    let vouched = store.save_vouched_fingerprint(&vouched("bob".to_owned()));
    assert!(matches!(vouched, Err(Error::NotAFile { .. })));
    assert!(matches!(store.save_spoken_version(&spoken("bob".to_owned())), Err(Error::NotAFile { .. })));
    assert!(store.known_identities().is_err() && store.spoken_versions().is_err());
    assert!(store.ed25519_identity("a", "p").is_err() && store.vouched_fingerprints().is_err());
    assert!(store.identity("a", "p").is_err() && store.fingerprints().is_err());
    assert!(fs::symlink_metadata(home.join("otr.private_key")).unwrap().is_symlink());
    assert_eq!(fs::read(&outside).unwrap(), b"");
}

#[test]
fn a_link_in_place_of_the_lock_is_not_followed() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    let nowhere = dir.path().join("nowhere");
    std::os::unix::fs::symlink(&nowhere, dir.path().join("otr.lock")).unwrap();
    let refused = store.save_instance_tag("a", "p", 0x100);
    assert_eq!(refused, Err(Error::NotAFile { file: dir.path().join("otr.lock") }));
    assert!(!nowhere.exists());
}
