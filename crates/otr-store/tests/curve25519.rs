//! The two files of the Curve25519 suite: what is kept, damaged files, and hostile contents.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

mod common;

use std::fs;

use chacha20::ChaCha20Rng;
use otr_crypto::{Fingerprint, IdentityKey};
use otr_store::{Error, Store, VouchedFingerprint};
use proptest::prelude::*;
use rand_core::SeedableRng;
use tempfile::TempDir;

use common::{empty, names, put};

const KEYS: &str = "otr.ed25519_keys";
const VOUCHED: &str = "otr.vouched";

/// The first test of RFC 8032, section 7.1: a seed and its public key.
const SEED: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
const PUBLIC: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

fn text(dir: &TempDir, name: &str) -> String {
    fs::read_to_string(dir.path().join(name)).unwrap()
}

fn key(number: u8) -> IdentityKey {
    IdentityKey::from_ed25519_seed([number; 32])
}

fn hex(number: u8) -> String {
    format!("{number:02x}").repeat(32)
}

fn found(store: &Store, account: &str, protocol: &str) -> Option<Fingerprint> {
    store.ed25519_identity(account, protocol).unwrap().map(|key| key.public_key().fingerprint())
}

fn print(number: u8) -> Fingerprint {
    key(number).public_key().fingerprint()
}

fn bob(fingerprint: u8, by: u8) -> VouchedFingerprint {
    VouchedFingerprint {
        contact: "bob".to_owned(),
        account: "alice".to_owned(),
        protocol: "xmpp".to_owned(),
        fingerprint: Fingerprint::from_bytes([fingerprint; 20]),
        by: Fingerprint::from_bytes([by; 20]),
    }
}

// attack: NEW-3
#[test]
fn the_file_has_the_seed_and_the_public_key_comes_from_it() {
    let (dir, mut store) = empty();
    put(&dir, KEYS, format!("alice\txmpp\t{SEED}\n"));
    let key = store.ed25519_identity("alice", "xmpp").unwrap().unwrap();
    let public: Vec<String> = key.public_key().encoded().iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(public.concat().ends_with(PUBLIC), "{public:?}");

    // Nothing but the seed is written: no public key that could be another's.
    store.save_ed25519_identity("bob", "xmpp", &key).unwrap();
    assert_eq!(text(&dir, KEYS), format!("alice\txmpp\t{SEED}\nbob\txmpp\t{SEED}\n"));

    // One that somebody has put there is not taken.
    put(&dir, KEYS, format!("alice\txmpp\t{SEED}\t{PUBLIC}\n"));
    assert!(matches!(store.ed25519_identity("alice", "xmpp"), Err(Error::Damaged { line: 1, .. })));
}

#[test]
fn a_key_that_was_saved_comes_back_and_others_stay() {
    let (dir, mut store) = empty();
    assert!(store.ed25519_identity("alice", "xmpp").unwrap().is_none());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "reading creates nothing");

    store.save_ed25519_identity("alice", "xmpp", &key(1)).unwrap();
    store.save_ed25519_identity("", "", &key(2)).unwrap();
    store.save_ed25519_identity("alice", "irc", &key(3)).unwrap();
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(found(&store, "alice", "xmpp"), Some(print(1)));
    assert_eq!(found(&store, "", ""), Some(print(2)));
    assert_eq!(found(&store, "alice", "irc"), Some(print(3)));
    assert_eq!(found(&store, "bob", "xmpp"), None);
    assert!(text(&dir, KEYS).starts_with("# "), "the file says what it is");

    assert!(names(&dir).iter().all(|name| name.starts_with(KEYS)), "no other file: {:?}", names(&dir));
}

#[test]
fn a_change_to_one_key_changes_no_other_line() {
    let (dir, mut store) = empty();
    let file = |alice: u8| {
        let [alice, bob, old] = [alice, 7, 8].map(hex);
        format!("# a comment\r\nbob\txmpp\t{}\r\nalice\txmpp\t{alice}\r\n\nalice\tirc\t{old}\n", bob.to_uppercase())
    };
    put(&dir, KEYS, file(1));
    assert_eq!(found(&store, "bob", "xmpp"), Some(print(7)));
    store.save_ed25519_identity("alice", "xmpp", &key(2)).unwrap();
    assert_eq!(text(&dir, KEYS), file(2));
    assert_eq!(text(&dir, &format!("{KEYS}.previous")), file(1));
    store.save_ed25519_identity("alice", "xmpp", &key(2)).unwrap();
    assert_eq!(text(&dir, &format!("{KEYS}.previous")), file(1), "no change, so nothing is written");
}

#[test]
fn of_two_keys_for_one_account_the_later_counts() {
    let (dir, mut store) = empty();
    put(&dir, KEYS, format!("a\tp\t{}\na\tp\t{}\n", hex(1), hex(2)));
    assert_eq!(found(&store, "a", "p"), Some(print(2)));
    store.save_ed25519_identity("a", "p", &key(3)).unwrap();
    assert_eq!(found(&store, "a", "p"), Some(print(3)));
}

#[test]
fn each_file_takes_its_own_kind_of_key() {
    let (dir, mut store) = empty();
    let dsa = IdentityKey::generate(&mut ChaCha20Rng::from_seed([5; 32]));
    let refused = store.save_ed25519_identity("a", "p", &dsa);
    assert_eq!(refused, Err(Error::KeyOfAnotherKind { wanted: "Ed25519" }));
    let refused = store.save_identity("a", "p", &key(1));
    assert_eq!(refused, Err(Error::KeyOfAnotherKind { wanted: "DSA" }));
    assert_eq!(names(&dir), [""; 0]);
}

// attack: FILE-6
#[test]
fn a_damaged_key_file_is_named_with_its_line_and_never_overwritten() {
    let (dir, mut store) = empty();
    let good = format!("alice\txmpp\t{}\n", hex(1));
    let cases = [
        (String::new(), 1),
        (format!("{good}# cut"), 2),
        (format!("{good}bob\txmpp\t{}", hex(2)), 2),
        (format!("{good}bob\txmpp\n"), 2),
        (format!("{good}bob\txmpp\t{}\n", &hex(2)[1..]), 2),
        (format!("{good}bob\txmpp\t{}0\n", hex(2)), 2),
        (format!("{good}bob\txmpp\t{}00\n", hex(2)), 2),
        (format!("{good}bob\txmpp\tx{}\n", &hex(2)[1..]), 2),
        (format!("# x\nb\x07ob\txmpp\t{}\n{good}", hex(2)), 2),
        (format!("bob\txmpp\t\n{good}"), 1),
    ];
    for (file, line) in cases {
        put(&dir, KEYS, &file);
        for account in ["alice", "bob", "carol"] {
            let refused = store.save_ed25519_identity(account, "xmpp", &key(3)).unwrap_err();
            let read = match store.ed25519_identity(account, "xmpp") {
                Ok(key) => {
                    assert!(account == "alice" && file.contains(&good), "only what stands there whole");
                    assert_eq!(key.unwrap().public_key().fingerprint(), print(1));
                    None
                }
                Err(error) => {
                    assert!(account != "alice" || !file.contains(&good), "a whole line is used");
                    Some(error)
                }
            };
            for error in [refused].into_iter().chain(read) {
                let fits = matches!(&error, Error::Damaged { file, line: found, .. }
                    if *file == dir.path().join(KEYS) && *found == line);
                assert!(fits, "{error} for {file:?}");
                assert!(!format!("{error} {error:?}").contains("0202"), "no secret is shown: {error:?}");
            }
        }
        assert_eq!(text(&dir, KEYS), file);
        assert_eq!(names(&dir), [KEYS, "otr.ed25519_keys.damaged"]);
        assert_eq!(text(&dir, "otr.ed25519_keys.damaged"), file);
        fs::remove_file(dir.path().join("otr.ed25519_keys.damaged")).unwrap();
    }
}

// attack: FILE-4, FILE-5
#[test]
fn names_that_cannot_stand_in_a_line_are_refused() {
    let (dir, mut store) = empty();
    store.save_ed25519_identity("alice", "xmpp", &key(1)).unwrap();
    store.save_vouched_fingerprint(&bob(1, 2)).unwrap();
    let before = [KEYS, VOUCHED].map(|name| text(&dir, name));
    for evil in ["a\tb", "a\rb", "a\nb", "a\0b", "a\u{7f}", "a\u{85}b", &"x".repeat(1025)] {
        for (account, protocol) in [(evil, "xmpp"), ("alice", evil)] {
            let refused = store.save_ed25519_identity(account, protocol, &key(2));
            assert!(matches!(refused, Err(Error::Text { .. })), "{evil:?}");
        }
        let places: [fn(&mut VouchedFingerprint) -> &mut String; 3] =
            [|r| &mut r.contact, |r| &mut r.account, |r| &mut r.protocol];
        for place in places {
            let mut record = bob(3, 4);
            *place(&mut record) = evil.to_owned();
            assert!(matches!(store.save_vouched_fingerprint(&record), Err(Error::Text { .. })), "{evil:?}");
        }
    }
    let too_long = store.save_ed25519_identity(&"x".repeat(1000), "xmpp", &key(2));
    assert_eq!(too_long, Err(Error::RecordTooLong { limit: 998 }));
    assert_eq!([KEYS, VOUCHED].map(|name| text(&dir, name)), before);
}

#[test]
fn the_debug_form_of_a_key_shows_nothing_of_the_seed() {
    let (_dir, mut store) = empty();
    store.save_ed25519_identity("alice", "xmpp", &key(0xa7)).unwrap();
    let shown = format!("{store:?} {:?}", store.ed25519_identity("alice", "xmpp"));
    assert!(!shown.contains("a7a7") && !shown.contains("167") && shown.len() < 300, "{shown}");
}

#[test]
fn what_a_key_vouches_for_is_kept_and_the_latest_counts() {
    let (dir, mut store) = empty();
    assert_eq!(store.vouched_fingerprints(), Ok(Default::default()));
    let mut other_account = bob(9, 2);
    other_account.account = "carol".to_owned();
    for record in [bob(1, 2), other_account.clone(), bob(3, 4)] {
        store.save_vouched_fingerprint(&record).unwrap();
    }
    let line = |record: &VouchedFingerprint| {
        let VouchedFingerprint { contact, account, protocol, fingerprint, by } = record;
        format!("{contact}\t{account}\t{protocol}\t{fingerprint:x}\t{by:x}\n")
    };
    let lines = |records: [VouchedFingerprint; 3]| records.iter().map(line).collect::<String>();
    assert_eq!(text(&dir, VOUCHED), lines([bob(1, 2), other_account.clone(), bob(3, 4)]));

    // Another Ed25519 key of the same DSA key takes the place of the first.
    store.save_vouched_fingerprint(&bob(5, 2)).unwrap();
    assert_eq!(text(&dir, VOUCHED), lines([bob(5, 2), other_account.clone(), bob(3, 4)]));
    assert_eq!(store.vouched_fingerprints().unwrap().records, [bob(5, 2), other_account, bob(3, 4)]);

    put(&dir, VOUCHED, [line(&bob(1, 2)), line(&bob(7, 2))].concat());
    assert_eq!(store.vouched_fingerprints().unwrap().records, [bob(7, 2)], "the later line counts");
    assert!(names(&dir).iter().all(|name| name.starts_with(VOUCHED)), "no other file: {:?}", names(&dir));
}

// attack: FILE-6, FILE-7
#[test]
fn lines_that_vouch_for_nothing_are_named_and_kept() {
    let (dir, mut store) = empty();
    let [one, two] = [1, 2].map(|number: u8| format!("{number:02x}").repeat(20));
    let lines = [
        "# a comment".to_owned(),
        format!("bob\talice\txmpp\t{one}\t{two}"),
        format!("bob\talice\txmpp\t{one}"),
        format!("bob\talice\txmpp\t{one}\t{two}\tmore"),
        format!("bob\talice\txmpp\t{one}\t{}", &two[1..]),
        format!("bob\talice\txmpp\tx{}\t{two}", &one[1..]),
        format!("b\x07ob\talice\txmpp\t{one}\t{two}"),
        String::new(),
    ];
    let file = lines.join("\n");
    put(&dir, VOUCHED, &file);
    let known = store.vouched_fingerprints().unwrap();
    assert_eq!(known.records, [bob(1, 2)]);
    assert_eq!(known.problems.iter().map(|problem| problem.line).collect::<Vec<_>>(), [3, 4, 5, 6, 7]);
    store.save_vouched_fingerprint(&bob(1, 3)).unwrap();
    assert!(text(&dir, VOUCHED).starts_with(&file), "all lines stand");

    let cut = file.trim_end();
    put(&dir, VOUCHED, cut);
    assert!(matches!(store.save_vouched_fingerprint(&bob(1, 3)), Err(Error::Damaged { line: 7, .. })));
    assert_eq!(text(&dir, VOUCHED), cut);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    // attack: FILE-6
    #[test]
    fn any_bytes_can_be_read(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let (dir, mut store) = empty();
        for name in [KEYS, VOUCHED] {
            put(&dir, name, &bytes);
        }
        store.vouched_fingerprints().unwrap();
        if store.ed25519_identity("a", "b").is_err() {
            prop_assert!(store.save_ed25519_identity("a", "b", &key(1)).is_err());
            prop_assert_eq!(fs::read(dir.path().join(KEYS)).unwrap(), bytes);
        }
    }

    // attack: FILE-4
    #[test]
    fn what_is_saved_is_loaded(account in "[^\\p{Cc}]{0,40}", protocol in "[^\\p{Cc}]{0,12}", seed in any::<[u8; 32]>()) {
        let (_dir, mut store) = empty();
        let key = IdentityKey::from_ed25519_seed(seed);
        store.save_ed25519_identity(&account, &protocol, &key).unwrap();
        prop_assert_eq!(found(&store, &account, &protocol), Some(key.public_key().fingerprint()));
        prop_assert_eq!(found(&store, &format!("{account}x"), &protocol), None);
    }
}
