//! More than three hundred damaged files: each is named with its line, or the row is and the rest read; nothing is lost.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::SystemTime;

use chacha20::ChaCha20Rng;
use otr_crypto::{Fingerprint, IdentityKey};
use otr_store::{Error, How, KnownFingerprint, SpokenVersion, Store, VouchedFingerprint};
use rand_core::SeedableRng;
use tempfile::TempDir;

use common::{empty, names, put};

const FILES: [&str; 7] = [
    "otr.private_key",
    "otr.fingerprints",
    "otr.instance_tags",
    "otr.ed25519_keys",
    "otr.vouched",
    "otr.trust",
    "otr.versions",
];

/// Accounts whose DSA keys, Ed25519 keys and tags there are.
const ACCOUNTS: [(&str, &str); 2] = [("\u{e9}va \"the\" \\ good", "xmpp"), ("alice", "IRC")];

fn keys() -> &'static [IdentityKey; 2] {
    static KEYS: OnceLock<[IdentityKey; 2]> = OnceLock::new();
    KEYS.get_or_init(|| [1, 2].map(|number| IdentityKey::generate(&mut ChaCha20Rng::from_seed([number; 32]))))
}

fn print(number: u8) -> Fingerprint {
    Fingerprint::from_bytes([number; 20])
}

/// The whole files, made once.
fn whole() -> &'static [Vec<u8>; 7] {
    static WHOLE: OnceLock<[Vec<u8>; 7]> = OnceLock::new();
    WHOLE.get_or_init(|| {
        let (dir, mut store) = empty();
        for (number, ((account, protocol), key)) in (1..).zip(ACCOUNTS.into_iter().zip(keys())) {
            store.save_identity(account, protocol, key).unwrap();
            store.save_ed25519_identity(account, protocol, &IdentityKey::from_ed25519_seed([number; 32])).unwrap();
            store.save_instance_tag(account, protocol, 0x1000 + u32::from(number)).unwrap();
            let (contact, account, protocol) = (format!("contact {number}"), account.to_owned(), protocol.to_owned());
            let names = || (contact.clone(), account.clone(), protocol.clone());
            let (fingerprint, trust) = (print(number), String::new());
            let (contact, account, protocol) = names();
            store.save_fingerprint(&KnownFingerprint { contact, account, protocol, fingerprint, trust }).unwrap();
            let (contact, account, protocol) = names();
            store.verify(&contact, &account, &protocol, &fingerprint, How::ByHand, SystemTime::UNIX_EPOCH).unwrap();
            let version = 3;
            store.save_spoken_version(&SpokenVersion { contact, account, protocol, fingerprint, version }).unwrap();
            let (contact, account, protocol) = names();
            let by = fingerprint;
            store
                .save_vouched_fingerprint(&VouchedFingerprint { contact, account, protocol, fingerprint, by })
                .unwrap();
        }
        FILES.map(|name| fs::read(dir.path().join(name)).unwrap())
    })
}

/// What a file says, record by record.
fn records(store: &Store, name: &str) -> BTreeSet<String> {
    let of_accounts = |found: &dyn Fn(&str, &str) -> Option<String>| {
        ACCOUNTS
            .iter()
            .filter_map(|(account, protocol)| Some(format!("{account} {}", found(account, protocol)?)))
            .collect()
    };
    let fingerprint = |key: IdentityKey| key.public_key().fingerprint().to_string();
    match name {
        "otr.private_key" => of_accounts(&|account, protocol| store.identity(account, protocol).ok()?.map(fingerprint)),
        "otr.ed25519_keys" => {
            of_accounts(&|account, protocol| store.ed25519_identity(account, protocol).ok()?.map(fingerprint))
        }
        "otr.instance_tags" => {
            of_accounts(&|account, protocol| store.instance_tag(account, protocol).unwrap().map(|tag| tag.to_string()))
        }
        "otr.fingerprints" => debug(store.fingerprints().unwrap().records),
        "otr.vouched" => debug(store.vouched_fingerprints().unwrap().records),
        "otr.versions" => debug(store.spoken_versions().unwrap().records),
        _ => debug(store.known_identities().unwrap()),
    }
}

fn debug<T: std::fmt::Debug>(records: Vec<T>) -> BTreeSet<String> {
    records.into_iter().map(|record| format!("{record:?}")).collect()
}

/// Changes something in the file that none of its records is about.
fn change(store: &mut Store, name: &str) -> Result<(), Error> {
    let (contact, account, protocol) = ("new".to_owned(), "account".to_owned(), "irc".to_owned());
    let (fingerprint, trust) = (print(99), "smp".to_owned());
    match name {
        "otr.private_key" => store.save_identity("new", "irc", &keys()[0]),
        "otr.ed25519_keys" => store.save_ed25519_identity("new", "irc", &IdentityKey::from_ed25519_seed([9; 32])),
        "otr.instance_tags" => store.save_instance_tag("new", "irc", 0x999),
        "otr.fingerprints" => {
            store.save_fingerprint(&KnownFingerprint { contact, account, protocol, fingerprint, trust })
        }
        "otr.vouched" => {
            let by = fingerprint;
            store.save_vouched_fingerprint(&VouchedFingerprint { contact, account, protocol, fingerprint, by })
        }
        "otr.versions" => {
            store.save_spoken_version(&SpokenVersion { contact, account, protocol, fingerprint, version: 2 })
        }
        _ => {
            let (account, protocol) = ACCOUNTS[0];
            store.verify("contact 1", account, protocol, &print(1), How::Smp, SystemTime::UNIX_EPOCH)
        }
    }
}

/// A home in which one file is damaged.
fn home(name: &str, damaged: &[u8]) -> (TempDir, Store) {
    let (dir, store) = empty();
    for (other, bytes) in FILES.iter().zip(whole()) {
        if *other == name || (name == "otr.trust" && *other == "otr.fingerprints") {
            put(&dir, other, if *other == name { damaged } else { bytes });
        }
    }
    (dir, store)
}

/// The line that an error names, in the file that it is about.
fn line(error: &Error, path: &Path) -> usize {
    match error {
        Error::Damaged { file, line, .. } | Error::Key { file, line, .. } if file == path => *line,
        error => panic!("{error:?}"),
    }
}

/// Reads, changes and reads again; returns the lines that are complained of.
fn examine(name: &str, damaged: &[u8]) -> (BTreeSet<usize>, BTreeSet<String>) {
    let (dir, mut store) = home(name, damaged);
    let path: PathBuf = dir.path().join(name);
    let complaints: BTreeSet<usize> = store.damage().unwrap().iter().map(|error| line(error, &path)).collect();
    let found = records(&store, name);
    assert_eq!(fs::read(&path).unwrap(), damaged, "reading changes nothing");

    let outcome = change(&mut store, name);
    let after = fs::read(&path).unwrap();
    match outcome {
        // All bytes that were there still are, but for the one record that was changed on purpose in otr.trust.
        Ok(()) if name != "otr.trust" => assert!(is_kept(damaged, &after), "{name}: a byte is lost"),
        Ok(()) => {}
        Err(error) => {
            assert!(complaints.contains(&line(&error, &path)), "{name}: {error}: {complaints:?}");
            assert_eq!(after, damaged, "{name}: a damaged file is left alone");
            assert!(names(&dir).contains(&format!("{name}.damaged")), "{name}: a copy is kept");
            assert_eq!(fs::read(dir.path().join(format!("{name}.damaged"))).unwrap(), damaged);
        }
    }
    (complaints, found)
}

/// Whether `new` is `old` with something put in at one place.
fn is_kept(old: &[u8], new: &[u8]) -> bool {
    let before = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let after = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
    new.len() >= old.len() && before + after >= old.len()
}

/// What the file says that is whole.
fn all(name: &str) -> BTreeSet<String> {
    let index = FILES.iter().position(|file| *file == name).unwrap();
    let (_dir, store) = home(name, &whole()[index]);
    records(&store, name)
}

/// Whether a line of `otr.instance_tags` has all that belongs to a tag.
fn is_tag(line: &[u8]) -> bool {
    line.split(|byte| *byte == b'\t').nth(2).is_some_and(|digits| digits.len() == 8)
}

/// As other programs write it, and libotr reads it.
// attack: FILE-6
#[test]
fn the_last_tag_needs_no_line_end() {
    let (dir, mut store) = empty();
    put(&dir, "otr.instance_tags", "alice\txmpp\t00001234\nalice\tirc\t00005678");
    assert_eq!(store.damage(), Ok(vec![]));
    assert_eq!(store.instance_tag("alice", "irc"), Ok(Some(0x5678)));
    assert_eq!(store.instance_tag_or("alice", "irc", || unreachable!("it has one")), Ok(0x5678));
    store.save_instance_tag("bob", "irc", 0x9abc).unwrap();
    let file = fs::read_to_string(dir.path().join("otr.instance_tags")).unwrap();
    assert_eq!(file, "alice\txmpp\t00001234\nalice\tirc\t00005678\nbob\tirc\t00009abc\n");

    // What was cut short is not half a tag; the account gets another, and the rest is in use.
    put(&dir, "otr.instance_tags", "alice\txmpp\t00001234\nalice\tirc\t0000567");
    assert_eq!(store.damage().unwrap().len(), 1);
    assert_eq!(store.instance_tag("alice", "xmpp"), Ok(Some(0x1234)));
    assert_eq!(store.instance_tag_or("alice", "irc", || 0x4321), Ok(0x4321));
    let file = fs::read_to_string(dir.path().join("otr.instance_tags")).unwrap();
    assert_eq!(file, "alice\txmpp\t00001234\nalice\tirc\t0000567\nalice\tirc\t00004321\n");
}

// attack: FILE-6, FILE-7
#[test]
fn files_cut_short() {
    let mut count = 0;
    for (name, bytes) in FILES.iter().zip(whole()) {
        for end in (32..bytes.len()).step_by(32) {
            let cut = &bytes[..end];
            let (complaints, found) = examine(name, cut);
            let last = 1 + cut.iter().filter(|byte| **byte == b'\n').count();
            let end_of_cut = cut.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
            let mid_record = match *name {
                "otr.private_key" => true,
                // All eight digits are a tag, with a line end or without one.
                "otr.instance_tags" => end_of_cut.contains(&b'\t') && !is_tag(end_of_cut),
                _ => !end_of_cut.is_empty(),
            };
            if mid_record {
                assert_eq!(complaints, [last].into(), "{name} cut at {end}");
            }
            // What stood before is read.
            let whole_lines = cut.iter().filter(|byte| **byte == b'\n').count();
            let comments = usize::from(cut.starts_with(b"#"));
            let expected = match *name {
                "otr.private_key" => String::from_utf8_lossy(cut).matches("\n )\n").count(),
                "otr.trust" => ACCOUNTS.len(),
                "otr.instance_tags" => cut.split(|byte| *byte == b'\n').filter(|line| is_tag(line)).count(),
                _ => whole_lines - comments.min(whole_lines),
            };
            assert_eq!(found.len(), expected, "{name} cut at {end}");
            count += 1;
        }
    }
    println!("{count} files cut short");
    assert!(count >= 90, "{count}");
}

// attack: FILE-6, FILE-7, FILE-8
#[test]
fn files_with_a_flipped_bit() {
    let mut count = 0;
    for (name, bytes) in FILES.iter().zip(whole()) {
        let all = all(name);
        let step = if *name == "otr.private_key" { 131 } else { 11 };
        for place in (0..bytes.len()).step_by(step) {
            let mut flipped = bytes.clone();
            flipped[place] ^= 1 << (place % 7);
            let (complaints, found) = examine(name, &flipped);
            // A line end that is gone joins two lines; anything else is a matter of one record.
            let joined = bytes[place] == b'\n';
            let most = if *name == "otr.private_key" && !complaints.is_empty() {
                ACCOUNTS.len()
            } else {
                1 + usize::from(joined)
            };
            assert!(all.difference(&found).count() <= most, "{name}, byte {place}: {found:?}");
            let lines = 1 + bytes[..place].iter().filter(|byte| **byte == b'\n').count();
            let near = |line: &usize| *name == "otr.private_key" || (lines..=lines + 1).contains(line);
            assert!(complaints.iter().all(near), "{name}, byte {place} in line {lines}: {complaints:?}");
            count += 1;
        }
    }
    println!("{count} files with a flipped bit");
    assert!(count >= 120, "{count}");
}

/// What is done to a line.
type Spoil = fn(&str) -> String;

/// Ways to spoil a line of fields separated by tabs so that it is no record of any file.
const SPOILED: [(&str, Spoil); 13] = [
    ("a control character", |line| line.replacen('a', "\x07", 1)),
    ("a carriage return", |line| line.replacen('a', "\r", 1)),
    ("a NUL", |line| line.replacen('a', "\0", 1)),
    ("a C1 control character", |line| line.replacen('a', "\u{85}", 1)),
    ("a field too many", |line| format!("{line}\tmore\tand more")),
    ("a field twice", |line| line.replacen('\t', "\tx\ty\t", 1)),
    ("one field", |line| format!("{}\t", line.replace('\t', " "))),
    ("no digits", |line| line.replace(|c: char| c.is_ascii_digit(), "z")),
    ("a name of 1025 bytes", |line| format!("{}{line}", "x".repeat(1025))),
    ("a line of 4097 bytes", |line| format!("{}\t{line}", "x".repeat(4097 - line.len()))),
    ("a line of 100000 bytes", |line| format!("{}{line}", "x".repeat(100_000))),
    ("only tabs", |_| "\t\t\t\t\t\t".to_owned()),
    ("nothing but a fingerprint", |_| format!("\t{}", "ab".repeat(20))),
];

// attack: FILE-4, FILE-5, FILE-6, FILE-7
#[test]
fn rows_that_are_none_are_named_and_the_rest_is_read() {
    let mut count = 0;
    for (name, bytes) in FILES.iter().zip(whole()).filter(|(name, _)| **name != "otr.private_key") {
        let text = str::from_utf8(bytes).unwrap();
        let first = 1 + text.lines().filter(|line| !line.contains('\t')).count();
        let all = all(name);
        for (what, spoil) in SPOILED {
            let spoiled: Vec<String> = text
                .lines()
                .enumerate()
                .map(|(index, line)| if index + 1 == first + 1 { spoil(line) } else { line.to_owned() })
                .collect();
            let (complaints, found) = examine(name, format!("{}\n", spoiled.join("\n")).as_bytes());
            assert_eq!(complaints, [first + 1].into(), "{name}: {what}");
            let expected = if *name == "otr.trust" { ACCOUNTS.len() } else { ACCOUNTS.len() - 1 };
            assert_eq!(found.len(), expected, "{name}: {what}");
            assert_eq!(all.difference(&found).count(), 1, "{name}: {what}");
            count += 1;
        }
    }
    assert_eq!(count, 6 * SPOILED.len());
}

// attack: FILE-8
#[test]
fn key_files_of_the_wrong_shape() {
    let text = str::from_utf8(&whole()[0]).unwrap();
    let second = text.match_indices("(account").nth(1).unwrap().0;
    let line_of = |place: usize| 1 + text[..place].matches('\n').count();
    let in_second = |from: &str, to: &str| format!("{}{}", &text[..second], text[second..].replacen(from, to, 1));
    // What is wrong with one account, and the line where it is said: that of the account.
    let accounts = [
        ("a symbol for a number", in_second("(q #00", "(q x) (r #00")),
        ("a list for a number", in_second("(y #", "(y (x) #")),
        ("another algorithm", in_second("(dsa", "(rsa")),
        ("no name", in_second("(name", "(nome")),
        ("no protocol", in_second("(protocol", "(protocal")),
        ("no key", in_second("(private-key", "(public-key")),
        ("not an account", in_second("(account", "(accounts")),
        ("a number missing", in_second("(x #", "(z #")),
        ("an empty number", in_second("(g #", "(g ##) (h #")),
        ("a control character in the name", in_second("(name alice)", "(name \"al\\x07ice\")")),
        ("a line end in the name", in_second("(name alice)", "(name \"al\\nice\")")),
        ("a name that is not UTF-8", in_second("(name alice)", "(name #FF#)")),
        ("p even", in_second("#)\n  (q", "00#)\n  (q")),
    ];
    for (what, file) in accounts {
        let (complaints, found) = examine("otr.private_key", file.as_bytes());
        assert_eq!(found.len(), ACCOUNTS.len() - 1, "{what}: {found:?}");
        assert_eq!(complaints, [line_of(second)].into(), "{what}");
    }
    // What is wrong with the file as a whole.
    let files: [(&str, String, usize); 9] = [
        ("empty", String::new(), 1),
        ("blank", "\n\n\n".to_owned(), 4),
        ("another list", text.replacen("(privkeys", "(pubkeys", 1), 1),
        ("an atom", "privkeys\n".to_owned(), 1),
        ("a file of fingerprints", String::from_utf8(whole()[1].clone()).unwrap(), 1),
        ("nested too deeply", format!("(privkeys\n{}\n", "(".repeat(10_000)), 2),
        ("a length that lies", "(privkeys\n(account (name 99:x)))\n".to_owned(), 2),
        ("a hash without end", "(privkeys\n(account (name #41)))\n".to_owned(), 2),
        ("a quotation mark without end", "(privkeys\n\n(account (name \"41)))\n".to_owned(), 3),
    ];
    for (what, file, line) in files {
        let (complaints, found) = examine("otr.private_key", file.as_bytes());
        assert_eq!((complaints, found.len()), ([line].into(), 0), "{what}");
    }
    let (complaints, found) = examine("otr.private_key", format!("{text}\n(privkeys)").as_bytes());
    assert_eq!((complaints, found.len()), ([text.lines().count() + 2].into(), ACCOUNTS.len()), "two lists");
}

// attack: FILE-4
#[test]
fn rows_forged_through_names_are_never_written() {
    let (dir, mut store) = empty();
    let forged = [
        format!("x\nbob\talice\txmpp\t{:x}\tverified", print(7)),
        format!("x\r\nbob\talice\txmpp\t{:x}\tverified", print(7)),
        format!("x\talice\txmpp\t{:x}\tverified\nx", print(7)),
        "x\u{0}".to_owned(),
        "x\u{1b}[2J".to_owned(),
        "x".repeat(1025),
    ];
    let (alice, xmpp) = (|| "alice".to_owned(), || "xmpp".to_owned());
    let (fingerprint, by, trust) = (print(7), print(8), String::new);
    for name in &forged {
        let contact = || name.clone();
        let refused = [
            store.save_fingerprint(&KnownFingerprint {
                contact: contact(),
                account: alice(),
                protocol: xmpp(),
                fingerprint,
                trust: trust(),
            }),
            store.save_vouched_fingerprint(&VouchedFingerprint {
                contact: contact(),
                account: alice(),
                protocol: xmpp(),
                fingerprint,
                by,
            }),
            store.save_spoken_version(&SpokenVersion {
                contact: contact(),
                account: alice(),
                protocol: xmpp(),
                fingerprint,
                version: 3,
            }),
            store.save_identity(name, "xmpp", &keys()[0]),
            store.save_ed25519_identity("alice", name, &IdentityKey::from_ed25519_seed([1; 32])),
            store.save_instance_tag(name, "xmpp", 0x100),
        ];
        for refused in refused {
            assert!(matches!(refused, Err(Error::Text { .. })), "{name:?}: {refused:?}");
        }
    }
    assert_eq!(names(&dir), [""; 0], "nothing was written");
}

// attack: FILE-6
#[test]
fn of_records_that_are_there_twice_the_later_counts_and_both_stay() {
    for (name, bytes) in FILES.iter().zip(whole()).filter(|(name, _)| **name != "otr.private_key") {
        let text = str::from_utf8(bytes).unwrap();
        let first = text.lines().find(|line| line.contains('\t')).unwrap();
        let (complaints, found) = examine(name, format!("{text}{first}\n").as_bytes());
        assert!(complaints.is_empty(), "{name}: {complaints:?}");
        assert_eq!(found.len(), ACCOUNTS.len(), "{name}");
    }
}

#[test]
fn copies_are_kept_when_asked_for() {
    let (dir, mut store) = home("otr.fingerprints", b"bob\talice\n");
    put(&dir, "otr.private_key", "(privkeys");
    put(&dir, "otr.vouched", &whole()[4]);
    let copies = store.keep_damaged().unwrap();
    let expected = ["otr.private_key.damaged", "otr.fingerprints.damaged"].map(|name| dir.path().join(name));
    assert_eq!(copies, expected);
    assert_eq!(store.keep_damaged().unwrap(), expected, "once is enough");
    assert_eq!(names(&dir).iter().filter(|name| name.contains("damaged")).count(), 2);
}
