//! After a private key was let go of, no piece of it is left in the program's memory.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use otr_crypto::IdentityKey;
use otr_store::Store;
use otr_tests::store::memory::Pieces;
use otr_tests::store::{ACCOUNT, key};
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_store-memory");

/// A seed without a pattern that could be somewhere by chance.
const SEED: [u8; 32] = *b"\x9d\x61\xb1\x9d\xef\xfd\x5a\x60\xba\x84\x4a\xf4\x92\xec\x2c\xc4\x44\x49\xc5\x69\x7b\x32\x69\x19\x70\x3b\xac\x03\x1c\xae\x7f\x60";

/// A home with keys, and what must not be left of them.
fn home() -> (TempDir, Pieces) {
    let dir = TempDir::new().unwrap();
    let mut home = Store::open(dir.path()).unwrap();
    let (dsa, ed25519) = (key(1), IdentityKey::from_ed25519_seed(SEED));
    for account in ["somebody else", ACCOUNT.0] {
        home.save_identity(account, ACCOUNT.1, &dsa).unwrap();
        home.save_ed25519_identity(account, ACCOUNT.1, &ed25519).unwrap();
    }
    let mut pieces = Pieces::default();
    pieces.add(&dsa.hazmat_parts().unwrap().x);
    pieces.add(&SEED);
    (dir, pieces)
}

/// Where the program finds what is left.
fn left_after(what: &str, home: &Path, pieces: &Pieces) -> Vec<String> {
    let mut child =
        Command::new(PROGRAM).arg(what).arg(home).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(pieces.to_argument().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{what}: {}", output.status);
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

// attack: SIDE-6
#[test]
fn nothing_is_left_of_a_key_that_was_let_go_of() {
    let (dir, pieces) = home();
    let works = ["load", "sign", "look", "save", "load-ed25519", "sign-ed25519", "save-ed25519", "converse"];
    let left: Vec<_> = works.into_iter().map(|what| (what, left_after(what, dir.path(), &pieces))).collect();
    assert!(left.iter().all(|(_, left)| left.is_empty()), "{left:#?}");
}

#[test]
fn a_key_that_is_kept_is_found() {
    let (dir, pieces) = home();
    assert!(!left_after("keep", dir.path(), &pieces).is_empty(), "the search finds nothing at all");
}

// attack: SIDE-6, FILE-12
#[test]
fn nothing_is_left_where_files_are_encrypted() {
    let (dir, pieces) = home();
    assert_eq!(left_after("encrypt", dir.path(), &pieces), [""; 0]);
}
