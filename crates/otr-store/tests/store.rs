//! The three files: those of libotr, our own, and hostile contents.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use chacha20::ChaCha20Rng;
use otr_crypto::{Fingerprint, IdentityKey};
use otr_store::{Error, KnownFingerprint, Store};
use rand_core::SeedableRng;
use tempfile::TempDir;

use common::{empty, names, put};

const FILES: [&str; 3] = ["otr.private_key", "otr.fingerprints", "otr.instance_tags"];

/// Account, protocol, fingerprint and instance tag, as libotr itself names them.
const ACCOUNTS: [(&str, &str, &str, u32); 5] = [
    ("alice@example.org/home", "prpl-jabber", "05C195A9 A313C3C9 1E77F3FC B95FCB4B 74A04142", 0xb674_0ff9),
    ("Alice Liddell", "prpl-irc", "98B75A12 51787E7A B3E336CE D3357C69 5573057B", 0x411b_6ccc),
    ("\u{e9}va \"quoted\" \\ name", "xmpp", "84A5AF26 FFD2E3AC C96B0A93 48F057C6 FD1D89D6", 0xebb3_13fd),
    ("1234567", "prpl-icq", "FE9B4866 290F913C E9322E20 F5F78B90 5402A7CC", 0x8e13_6d25),
    ("z\u{f6}e", "irc", "92CE6042 238E8361 3D168E74 0CD4B4ED 292BE8A4", 0x32bc_56cf),
];

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/libotr-4.1.1").join(name)
}

fn bytes(dir: &TempDir, name: &str) -> Vec<u8> {
    fs::read(dir.path().join(name)).unwrap()
}

/// A store that begins with the files of libotr.
fn of_libotr() -> (TempDir, Store) {
    let (dir, store) = empty();
    for name in FILES {
        put(&dir, name, fs::read(data(name)).unwrap());
    }
    (dir, store)
}

/// A key of our own, made once.
fn key() -> &'static IdentityKey {
    static KEY: OnceLock<IdentityKey> = OnceLock::new();
    KEY.get_or_init(|| IdentityKey::generate(&mut ChaCha20Rng::from_seed([5; 32])))
}

fn fingerprint_of(store: &Store, account: &str, protocol: &str) -> Option<Fingerprint> {
    store.identity(account, protocol).unwrap().map(|key| key.public_key().fingerprint())
}

fn bob(trust: &str) -> KnownFingerprint {
    KnownFingerprint {
        contact: "bob".to_owned(),
        account: "alice".to_owned(),
        protocol: "xmpp".to_owned(),
        fingerprint: Fingerprint::from_bytes([0xab; 20]),
        trust: trust.to_owned(),
    }
}

/// Where two texts of the same length before and after a common part differ: what was taken out and what came in.
fn change(old: &[u8], new: &[u8]) -> (String, String) {
    let before = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[before..], &new[before..]);
    let after = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
    let text = |bytes: &[u8]| String::from_utf8(bytes[..bytes.len() - after].to_vec()).unwrap();
    (text(old), text(new))
}

// attack: FILE-8
#[test]
fn keys_of_libotr_are_read_with_the_fingerprints_it_shows() {
    let (_dir, store) = of_libotr();
    for (account, protocol, fingerprint, tag) in ACCOUNTS {
        let found = fingerprint_of(&store, account, protocol);
        assert_eq!(found, Some(fingerprint.parse().unwrap()), "{account}");
        assert_eq!(store.instance_tag(account, protocol), Ok(Some(tag)), "{account}");
    }
    assert_eq!(fingerprint_of(&store, "alice@example.org/home", "xmpp"), None);
    assert_eq!(fingerprint_of(&store, "alice@example.org", "prpl-jabber"), None);
    assert_eq!(store.instance_tag("alice@example.org", "prpl-jabber"), Ok(None));
}

#[test]
fn fingerprints_of_libotr_are_read() {
    let (_dir, store) = of_libotr();
    let known = store.fingerprints().unwrap();
    assert_eq!(known.problems, []);
    let rows: Vec<_> =
        known.records.iter().map(|r| (r.contact.as_str(), r.account.as_str(), r.trust.as_str())).collect();
    let expected = [
        ("bob@example.org", "alice@example.org/home", ""),
        ("bob@example.org", "alice@example.org/home", "verified"),
        ("carol", "Alice Liddell", "smp"),
        ("d\u{f6}rte", "z\u{f6}e", ""),
    ];
    assert_eq!(rows, expected);
    assert_eq!(format!("{:x}", known.records[2].fingerprint), "33404d5a6774818e9ba8b5c2cfdce9f603101d2a");
    assert!(known.records[1].is_trusted() && !known.records[3].is_trusted());
}

#[test]
fn a_change_to_files_of_libotr_changes_nothing_else() {
    let (dir, mut store) = of_libotr();
    let old = FILES.map(|name| bytes(&dir, name));

    // What is there already is written without a difference, so not at all.
    let (account, protocol, _, tag) = ACCOUNTS[1];
    let same = store.identity(account, protocol).unwrap().unwrap();
    store.save_identity(account, protocol, &same).unwrap();
    store.save_instance_tag(account, protocol, tag).unwrap();
    for known in store.fingerprints().unwrap().records {
        store.save_fingerprint(&known).unwrap();
    }
    assert_eq!(FILES.map(|name| bytes(&dir, name)), old);
    assert_eq!(names(&dir).len(), FILES.len(), "nothing was written");

    store.save_instance_tag(account, protocol, 0x411b_6c00).unwrap();
    assert_eq!(change(&old[2], &bytes(&dir, FILES[2])), ("cc".to_owned(), "00".to_owned()));

    let carol = store.fingerprints().unwrap().records[2].clone();
    let set = |store: &mut Store, trust| {
        store.set_trust(&carol.contact, &carol.account, &carol.protocol, &carol.fingerprint, trust)
    };
    set(&mut store, "").unwrap();
    assert_eq!(change(&old[1], &bytes(&dir, FILES[1])), ("smp".to_owned(), String::new()));
    set(&mut store, "smp").unwrap();
    assert_eq!(bytes(&dir, FILES[1]), old[1]);

    store.save_identity("new@example.org", "xmpp", &same).unwrap();
    let (gone, added) = change(&old[0], &bytes(&dir, FILES[0]));
    assert_eq!(gone, "");
    assert!(
        added.starts_with(" (account\n(name \"new@example.org\")\n(protocol xmpp)\n(private-key \n (dsa \n  (p #00")
    );

    store.save_identity("new@example.org", "xmpp", key()).unwrap();
    store.save_identity(account, protocol, key()).unwrap();
    for (other, protocol, fingerprint, _) in ACCOUNTS {
        let expected = if other == account { key().public_key().fingerprint() } else { fingerprint.parse().unwrap() };
        assert_eq!(fingerprint_of(&store, other, protocol), Some(expected), "{other}");
    }
    assert_eq!(fingerprint_of(&store, "new@example.org", "xmpp"), Some(key().public_key().fingerprint()));
}

#[test]
fn a_new_store_gives_back_what_was_saved() {
    let (dir, mut store) = empty();
    assert!(store.identity("a", "p").unwrap().is_none());
    assert_eq!(store.instance_tag("a", "p"), Ok(None));
    assert_eq!(store.fingerprints(), Ok(Default::default()));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "reading creates nothing");

    store.save_identity("a", "p", key()).unwrap();
    store.save_identity("", "", key()).unwrap();
    store.save_instance_tag("a", "p", 0x100).unwrap();
    store.save_instance_tag("b", "p", u32::MAX).unwrap();
    store.save_instance_tag("a", "p", 0x101).unwrap();
    store.save_fingerprint(&bob("")).unwrap();
    store.save_fingerprint(&bob("smp")).unwrap();

    let store = Store::open(dir.path()).unwrap();
    assert_eq!(fingerprint_of(&store, "a", "p"), Some(key().public_key().fingerprint()));
    assert_eq!(fingerprint_of(&store, "", ""), Some(key().public_key().fingerprint()));
    assert_eq!(store.instance_tag("a", "p"), Ok(Some(0x101)));
    assert_eq!(store.instance_tag("b", "p"), Ok(Some(u32::MAX)));
    assert_eq!(store.fingerprints().unwrap().records, [bob("smp")]);
}

#[test]
fn trust_is_set_for_the_fingerprint_that_was_shown_only() {
    let (dir, mut store) = empty();
    let mut other = bob("");
    other.fingerprint = Fingerprint::from_bytes([0xcd; 20]);
    store.save_fingerprint(&bob("")).unwrap();
    store.save_fingerprint(&other).unwrap();
    let before = bytes(&dir, "otr.fingerprints");

    let unknown = Fingerprint::from_bytes([1; 20]);
    assert_eq!(store.set_trust("bob", "alice", "xmpp", &unknown, "verified"), Err(Error::UnknownFingerprint));
    let carol = store.set_trust("carol", "alice", "xmpp", &other.fingerprint, "verified");
    assert_eq!(carol, Err(Error::UnknownFingerprint));
    assert_eq!(bytes(&dir, "otr.fingerprints"), before);

    store.set_trust("bob", "alice", "xmpp", &other.fingerprint, "verified").unwrap();
    other.trust = "verified".to_owned();
    assert_eq!(store.fingerprints().unwrap().records, [bob(""), other]);
}

#[test]
fn instance_tags_that_are_none() {
    let (dir, mut store) = empty();
    assert_eq!(store.save_instance_tag("a", "p", 0xff), Err(Error::InvalidInstanceTag(0xff)));
    let file =
        "# comment\na\tp\t000000ff\na\tp\t0x123456\na\tp\t1234567\na\tp\t+1234567\na\tp\t12345678\t\nab\tp\t12345678\n";
    put(&dir, "otr.instance_tags", file);
    assert_eq!(store.instance_tag("a", "p"), Ok(None));
    store.save_instance_tag("a", "p", 0xabcd_ef01).unwrap();
    assert_eq!(bytes(&dir, "otr.instance_tags"), format!("{file}a\tp\tabcdef01\n").into_bytes());
    put(&dir, "otr.instance_tags", "a\tp\t00000100\r\na\tp\tDEADBEEF\r\n");
    assert_eq!(store.instance_tag("a", "p"), Ok(Some(0xdead_beef)), "the later line counts");
}

// attack: FILE-4
#[test]
fn names_with_control_characters_are_refused_and_change_nothing() {
    let (dir, mut store) = empty();
    store.save_fingerprint(&bob("")).unwrap();
    store.save_instance_tag("alice", "xmpp", 0x100).unwrap();
    store.save_identity("alice", "xmpp", key()).unwrap();
    let before = FILES.map(|name| bytes(&dir, name));

    let forged = format!("x\nbob\talice\txmpp\t{:x}\tverified\nx", bob("").fingerprint);
    for evil in [forged.as_str(), "a\tb", "a\rb", "a\nb", "a\0b", "a\u{7f}", "a\u{85}b", &"x".repeat(1025)] {
        let places: [fn(&mut KnownFingerprint) -> &mut String; 4] =
            [|r| &mut r.contact, |r| &mut r.account, |r| &mut r.protocol, |r| &mut r.trust];
        for place in places {
            let mut record = bob("");
            *place(&mut record) = evil.to_owned();
            assert!(matches!(store.save_fingerprint(&record), Err(Error::Text { .. })), "{evil:?}");
        }
        for (account, protocol) in [(evil, "xmpp"), ("alice", evil)] {
            assert!(matches!(store.save_instance_tag(account, protocol, 0x100), Err(Error::Text { .. })));
            assert!(matches!(store.save_identity(account, protocol, key()), Err(Error::Text { .. })));
        }
        let bob = bob("");
        assert!(store.set_trust("bob", "alice", "xmpp", &bob.fingerprint, evil).is_err());
    }
    assert_eq!(FILES.map(|name| bytes(&dir, name)), before);
}

// attack: FILE-4
#[test]
fn fields_with_control_characters_in_a_file_are_no_record() {
    let (dir, store) = empty();
    let hex = "ab".repeat(20);
    put(&dir, "otr.fingerprints", format!("b\x07ob\ta\tx\t{hex}\t\nbob\ta\tx\t{hex}\tver\rified\nok\ta\tx\t{hex}\t\n"));
    let known = store.fingerprints().unwrap();
    assert_eq!(known.records.len(), 1);
    assert_eq!(known.problems.iter().map(|problem| problem.line).collect::<Vec<_>>(), [1, 2]);
}

// attack: FILE-5
#[test]
fn a_line_that_is_too_long_is_one_line_and_no_record() {
    let (dir, mut store) = empty();
    let hex = "ab".repeat(20);
    let forged = format!("bob\talice\txmpp\t{hex}\tverified\n");
    // Wherever a reader with a small buffer would cut, the rest would be a record of its own.
    for length in [998, 999, 1000, 1023, 1024, 4095, 4096, 8192, 100_000] {
        let mut file = "x".repeat(length);
        file.push_str(&forged);
        put(&dir, "otr.fingerprints", &file);
        let known = store.fingerprints().unwrap();
        assert!(known.records.iter().all(|record| record.contact.len() > 900), "{length}");
        assert_eq!(known.records.len() + known.problems.len(), 1, "{length}");

        store.save_fingerprint(&bob("")).unwrap();
        let known = store.fingerprints().unwrap();
        assert_eq!(known.records.last(), Some(&bob("")));
        assert!(bytes(&dir, "otr.fingerprints").starts_with(file.as_bytes()), "the long line is kept");
    }
}

// attack: FILE-5
#[test]
fn no_line_is_written_that_a_small_buffer_would_cut() {
    let (dir, mut store) = empty();
    let mut record = bob("verified");
    let rest = "\talice\txmpp\t".len() + 40 + "\tverified".len();
    record.contact = "x".repeat(998 - rest);
    store.save_fingerprint(&record).unwrap();
    assert_eq!(bytes(&dir, "otr.fingerprints").len(), 999);
    record.contact.push('x');
    assert_eq!(store.save_fingerprint(&record), Err(Error::RecordTooLong { limit: 998 }));
    let account = "x".repeat(990);
    assert_eq!(store.save_instance_tag(&account, "xmpp", 0x100), Err(Error::RecordTooLong { limit: 998 }));
}

// attack: FILE-6, FILE-7
#[test]
fn lines_that_are_no_records_are_named_and_kept() {
    let (dir, mut store) = empty();
    let good = "ab".repeat(20);
    let lines: Vec<Vec<u8>> = vec![
        b"# a comment".to_vec(),
        b"".to_vec(),
        format!("bob\talice\txmpp\t{good}").into_bytes(),
        b"bob\talice\txmpp".to_vec(),
        format!("bob\talice\txmpp\t{good}\tverified\tmore").into_bytes(),
        format!("bob\talice\txmpp\tzz{}\tverified", &good[2..]).into_bytes(),
        format!("bob\talice\txmpp\t{}\tverified", &good[1..]).into_bytes(),
        format!("bob\talice\txmpp\t{good}0\tverified").into_bytes(),
        format!("bob\talice\txmpp\t{} {}\tverified", &good[..20], &good[20..]).into_bytes(),
        [b"b\xf6b\talice\txmpp\t", good.as_bytes(), b"\tverified"].concat(),
    ];
    let file = [lines.join(&b'\n'), b"\n".to_vec()].concat();
    put(&dir, "otr.fingerprints", &file);

    let known = store.fingerprints().unwrap();
    assert_eq!(known.records, [bob("")]);
    assert_eq!(known.problems.iter().map(|problem| problem.line).collect::<Vec<_>>(), [4, 5, 6, 7, 8, 9, 10]);

    store.save_fingerprint(&bob("smp")).unwrap();
    let (gone, added) = change(&file, &bytes(&dir, "otr.fingerprints"));
    assert_eq!((gone.as_str(), added.as_str()), ("", "\tsmp"), "all other lines stand");
}

// attack: FILE-6
#[test]
fn damaged_files_are_named_with_their_line_and_never_overwritten() {
    let (dir, mut store) = empty();
    let hex = "ab".repeat(20);
    let cases = [
        ("otr.fingerprints", format!("# x\nbob\talice\txmpp\t{hex}\tveri"), 2),
        ("otr.private_key", String::new(), 1),
        ("otr.private_key", "(privkeys\n (account\n(name x)".to_owned(), 3),
        ("otr.private_key", "(keys)\n".to_owned(), 1),
        ("otr.private_key", "(privkeys\n (account (name x) (protocol y)))\n".to_owned(), 2),
        ("otr.private_key", "(privkeys)\n(privkeys)\n".to_owned(), 2),
    ];
    for (name, file, line) in cases {
        put(&dir, name, &file);
        let outcome = match name {
            "otr.fingerprints" => store.save_fingerprint(&bob("")),
            _ => store.save_identity("alice", "xmpp", key()),
        };
        let error = outcome.unwrap_err();
        assert!(
            matches!(&error, Error::Damaged { file, line: found, .. }
            if *file == dir.path().join(name) && *found == line),
            "{error}"
        );
        assert_eq!(bytes(&dir, name), file.as_bytes());
        if name == "otr.private_key" {
            assert!(store.identity("alice", "xmpp").is_err(), "a key in a damaged file is not missing");
        }
        fs::remove_file(dir.path().join(name)).unwrap();
    }
}

// attack: FILE-8
#[test]
fn the_numbers_of_a_key_are_checked() {
    let (dir, mut store) = empty();
    store.save_identity("alice", "xmpp", key()).unwrap();
    let file = String::from_utf8(bytes(&dir, "otr.private_key")).unwrap();
    for name in ["p", "q", "g", "y", "x"] {
        let place = file.find(&format!("({name} #")).unwrap() + 20;
        let mut changed = file.clone();
        let digit = if &file[place..=place] == "0" { "1" } else { "0" };
        changed.replace_range(place..=place, digit);
        put(&dir, "otr.private_key", &changed);
        assert!(matches!(store.identity("alice", "xmpp"), Err(Error::Key { line: 2, .. })), "{name}");

        put(&dir, "otr.private_key", file.replace(&format!("({name} #"), "(z #"));
        assert!(matches!(store.identity("alice", "xmpp"), Err(Error::Damaged { line: 2, .. })), "{name}");
    }
    put(&dir, "otr.private_key", file.replace("(dsa ", "(rsa "));
    assert!(matches!(store.identity("alice", "xmpp"), Err(Error::Damaged { line: 2, .. })));
}

#[test]
fn of_two_keys_for_one_account_the_later_counts_and_is_replaced() {
    let (dir, mut store) = of_libotr();
    let first = fs::read_to_string(data("otr.private_key")).unwrap();
    // Zoe's account goes by the name of Alice as well.
    put(
        &dir,
        "otr.private_key",
        first.replace("z\u{f6}e", "Alice Liddell").replace("(protocol irc)", "(protocol prpl-irc)"),
    );
    let before = bytes(&dir, "otr.private_key");
    assert_eq!(fingerprint_of(&store, "Alice Liddell", "prpl-irc"), Some(ACCOUNTS[4].2.parse().unwrap()));
    store.save_identity("Alice Liddell", "prpl-irc", key()).unwrap();
    assert_eq!(fingerprint_of(&store, "Alice Liddell", "prpl-irc"), Some(key().public_key().fingerprint()));
    let (gone, _) = change(&before, &bytes(&dir, "otr.private_key"));
    assert_eq!(gone.matches("(q ").count(), 1, "the earlier one stays");
}

#[test]
fn the_debug_form_of_a_store_shows_no_key() {
    let (_dir, store) = of_libotr();
    let shown = format!("{store:?} {:?}", store.identity(ACCOUNTS[0].0, ACCOUNTS[0].1).unwrap());
    assert!(!shown.contains("A8DA59F5") && shown.len() < 300, "{shown}");
}

// attack: FILE-9
#[test]
fn an_instance_tag_is_made_once() {
    let (dir, mut store) = empty();
    assert_eq!(store.instance_tag_or("a", "p", || 0x100), Ok(0x100));
    let mut other = Store::open(dir.path()).unwrap();
    assert_eq!(other.instance_tag_or("a", "p", || unreachable!("there is one")), Ok(0x100));
    assert_eq!(other.instance_tag_or("b", "p", || 0xff), Err(Error::InvalidInstanceTag(0xff)));
    assert_eq!(store.instance_tag("b", "p"), Ok(None));
}

#[test]
fn a_key_that_was_replaced_is_never_overwritten() {
    let (dir, mut store) = of_libotr();
    let first = bytes(&dir, "otr.private_key");
    let replaced = |number: u8| match number {
        1 => "otr.private_key.replaced".to_owned(),
        number => format!("otr.private_key.replaced.{number}"),
    };
    // A new account replaces nothing, nor does a key itself.
    store.save_identity("new", "xmpp", key()).unwrap();
    store.save_identity("new", "xmpp", key()).unwrap();
    assert!(!names(&dir).contains(&replaced(1)));
    let second = bytes(&dir, "otr.private_key");
    store.save_identity(ACCOUNTS[0].0, ACCOUNTS[0].1, key()).unwrap();
    let third = bytes(&dir, "otr.private_key");
    store.save_identity(ACCOUNTS[1].0, ACCOUNTS[1].1, key()).unwrap();
    store.save_identity("newer", "xmpp", key()).unwrap();
    assert_eq!([1, 2].map(|number| bytes(&dir, &replaced(number))), [second.clone(), third]);
    assert!(!names(&dir).contains(&replaced(3)));

    // A state that is kept already is not kept twice.
    put(&dir, "otr.private_key", &second);
    store.save_identity(ACCOUNTS[0].0, ACCOUNTS[0].1, key()).unwrap();
    assert!(!names(&dir).contains(&replaced(3)));

    // Without a name for a copy there is none of the change.
    (3..=99).for_each(|number| put(&dir, &replaced(number), [number]));
    put(&dir, "otr.private_key", &first);
    let refused = store.save_identity(ACCOUNTS[0].0, ACCOUNTS[0].1, key());
    assert_eq!(refused, Err(Error::CopiesFull { file: dir.path().join("otr.private_key") }));
    assert_eq!(bytes(&dir, "otr.private_key"), first);
}
