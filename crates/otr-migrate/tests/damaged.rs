//! Files that are cut, changed or made up: an error that names file and line, never another key, never a panic.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

mod common;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use otr_crypto::Fingerprint;
use otr_migrate::{Found, Problem, Reading, read};
use proptest::prelude::*;
use tempfile::TempDir;
use zeroize::Zeroizing;

use common::*;

const PASSPHRASE: &str = "a passphrase";

/// A whole file of each format.
fn samples() -> Vec<(&'static str, Vec<u8>)> {
    let (properties, _) = jitsi(key(0), key(1));
    let store = chatsecure(key(0), key(1));
    let lines: String = (0..20).map(|n| fingerprint_line(&format!("contact {n}"), "me", "irc", n, "smp")).collect();
    vec![
        ("otr.private_key", libotr_keys(&[("me@example.org/x", "prpl-jabber", key(0)), ("me", "IRC", key(1))])),
        ("otr.fingerprints", lines.into_bytes()),
        ("otr.instance_tags", b"# comment\nme\tirc\t00000100\nyou\tirc\t0000ffff\n".repeat(5)),
        ("me@libera.key3", potr_key(key(0))),
        ("sip-communicator.properties", properties.into_bytes()),
        ("otr_keystore.ofcaes", ofcaes(store.as_bytes(), PASSPHRASE)),
        ("otr_keystore", store.into_bytes()),
        ("accounts.json", coyim(key(0)).into_bytes()),
    ]
}

fn read_with_passphrase(path: &Path) -> Found {
    let how = Reading { passphrase: Some(Zeroizing::new(PASSPHRASE.to_owned())), ..Reading::default() };
    read(&[path.to_owned()], &how)
}

fn fingerprints(found: &Found) -> HashSet<Fingerprint> {
    found.keys.iter().map(|found| fingerprint_of(&found.key)).collect()
}

/// Whether every problem says where it is.
fn check_problems(found: &Found, path: &Path) {
    for problem in &found.problems {
        let text = problem.to_string();
        assert!(text.starts_with(&path.display().to_string()), "{text}");
        assert!(!text.contains(char::is_control), "{text}");
        let line = matches!(problem, Problem::WrongPassphrase { .. }) || text.contains(", line ");
        assert!(line, "{text}");
    }
}

struct Case {
    _dir: TempDir,
    path: PathBuf,
    whole: Vec<u8>,
    keys: HashSet<Fingerprint>,
    records: usize,
}

impl Case {
    fn all() -> Vec<Self> {
        let case = |(name, whole): (&str, Vec<u8>)| {
            let dir = tempfile::tempdir().unwrap();
            let path = put(&dir.path().join(name), &whole);
            let found = read_with_passphrase(&path);
            Self { _dir: dir, path, whole, keys: fingerprints(&found), records: records(&found) }
        };
        samples().into_iter().map(case).collect()
    }

    fn try_with(&self, bytes: &[u8]) -> Found {
        put(&self.path, bytes);
        let found = read_with_passphrase(&self.path);
        check_problems(&found, &self.path);
        assert!(fingerprints(&found).is_subset(&self.keys), "another key in {}", self.path.display());
        found
    }
}

fn records(found: &Found) -> usize {
    found.keys.len() + found.fingerprints.len() + found.instance_tags.len()
}

// attack: FILE-6, FILE-8
#[test]
fn a_file_that_was_cut_gives_what_is_whole_and_says_what_is_not() {
    let mut damaged = 0;
    for case in Case::all() {
        assert!(case.records > 0, "{}", case.path.display());
        for cut in (1..case.whole.len()).step_by(32) {
            let found = case.try_with(&case.whole[..cut]);
            assert!(records(&found) <= case.records);
            damaged += usize::from(!found.problems.is_empty());
        }
    }
    assert!(damaged >= 200, "{damaged} of the files say that they are damaged");
}

// attack: FILE-6, FILE-7
#[test]
fn no_bit_that_flips_makes_another_key() {
    for case in Case::all() {
        for at in (0..case.whole.len()).step_by(case.whole.len() / 25 + 1) {
            let mut bytes = case.whole.clone();
            bytes[at] ^= 1 << (at % 8);
            case.try_with(&bytes);
        }
    }
}

// attack: FILE-5
#[test]
fn overlong_and_hostile_lines_are_passed_over_whole() {
    let dir = tempfile::tempdir().unwrap();
    let hex = "07".repeat(20);
    let good = fingerprint_line("you", "me", "irc", 7, "");
    for bad in [
        format!("{}\tme\tirc\t{hex}\tverified\n", "x".repeat(5000)),
        format!("you\tme\tirc\t{hex}\tverified\tmore\n"),
        format!("you\tme\tirc\t{}\tverified\n", &hex[1..]),
        format!("you\tme\tirc\t{}g\tverified\n", &hex[1..]),
        format!("y\u{1b}ou\tme\tirc\t{hex}\tverified\n"),
    ] {
        let path = put(&dir.path().join("f"), format!("{good}{bad}{good}"));
        let found = read_with_passphrase(&path);
        assert_eq!(found.fingerprints.len(), 1);
        assert_eq!(found.fingerprints[0].trust, "");
        assert_eq!(found.problems.len(), 1);
        assert!(found.problems[0].to_string().contains(", line 2: "), "{}", found.problems[0]);
    }
}

// attack: FILE-8
#[test]
fn a_small_file_that_stands_for_a_product_gives_no_more_than_a_file_may_have() {
    let dir = tempfile::tempdir().unwrap();
    let (all, hex) = (0..1000, "07".repeat(20));
    let accounts: String = all.clone().map(|n| format!("me{n}@example.org.privateKey=x\n")).collect();
    let contacts: String = all.clone().map(|n| format!("you{n}@example.org.fingerprint={hex}\n")).collect();
    let chatsecure = put(&dir.path().join("otr_keystore"), accounts + &contacts);

    let list = all
        .clone()
        .map(|n| format!("<contact account-id=\"Jabber:me{n}@example.org@example.org\" address=\"you@example.org\"/>"));
    put(&dir.path().join("contactlist.xml"), format!("<contactlist>{}</contactlist>", list.collect::<String>()));
    let many: Vec<String> = all.map(|n| format!("{n:040x}")).collect();
    let p = "net.java.sip.communicator.plugin.otr.";
    let jitsi = format!("{p}you_example_org_fingerprints={}\n{p}last_example_org_fingerprints={hex}\n", many.join(","));
    let jitsi = put(&dir.path().join("sip-communicator.properties"), jitsi);
    for path in [chatsecure, jitsi] {
        let found = read_with_passphrase(&path);
        check_problems(&found, &path);
        let count = found.fingerprints.len();
        assert!((5_000..20_000).contains(&count), "{count} of a million in {}", path.display());
        let told = found.problems.iter().filter(|problem| problem.to_string().contains("more than 1 MiB")).count();
        assert_eq!(told, 1);
    }
}

/// Something done to p, q, g, y and x.
type Change = fn(&mut [Vec<u8>; 5]);

// attack: FILE-8
#[test]
fn keys_of_other_sizes_and_numbers_that_do_not_fit_are_refused_with_the_reason() {
    let dir = tempfile::tempdir().unwrap();
    let potr = |change: Change| {
        let parts = parts(key(0));
        let mut numbers = [parts.p.clone(), parts.q.clone(), parts.g.clone(), parts.y.clone(), parts.x.to_vec()];
        change(&mut numbers);
        let mpi = |number: &Vec<u8>| [&u32::try_from(number.len()).unwrap().to_be_bytes()[..], number].concat();
        let bytes = [vec![0, 0], numbers.iter().flat_map(mpi).collect()].concat();
        let found = read_with_passphrase(&put(&dir.path().join("a.key3"), bytes));
        assert!(found.keys.is_empty());
        found.problems[0].to_string()
    };
    let cases: [(Change, &str); 10] = [
        (|numbers| numbers[0][0] = 1, "not DSA of 1024 and 160 bits"),
        (|numbers| numbers[0].push(1), "not DSA of 1024 and 160 bits"),
        (|numbers| numbers[0].clear(), "not DSA of 1024 and 160 bits"),
        (|numbers| numbers[0][127] &= 0xfe, "the key's p"),
        (|numbers| numbers[1].push(7), "the key's q"),
        (|numbers| numbers[1][19] ^= 2, "the key's q"),
        (|numbers| numbers[2] = vec![1], "the key's g"),
        (|numbers| numbers[3] = vec![1], "the key's y"),
        (|numbers| numbers[4][3] ^= 1, "secret does not belong to its public value"),
        (|numbers| numbers[4].clear(), "secret does not belong"),
    ];
    for (change, reason) in cases {
        let problem = potr(change);
        assert!(problem.contains(reason), "{problem}");
    }
    let whole = potr_key(key(0));
    let longer = read_with_passphrase(&put(&dir.path().join("b.key3"), [whole.as_slice(), &[0]].concat()));
    assert!(longer.problems[0].to_string().contains("something follows it"));
}

// attack: FILE-3
#[cfg(unix)]
#[test]
fn links_and_large_files_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let target = put(&dir.path().join("target"), potr_key(key(0)));
    let link = dir.path().join("link.key3");
    std::os::unix::fs::symlink(&target, &link).unwrap();
    let large = put(&dir.path().join("large"), vec![b' '; (1 << 20) + 1]);
    let found = read(&[link.clone(), large.clone(), dir.path().to_owned()], &Reading::default());
    let expected = [
        otr_store::Error::NotAFile { file: link },
        otr_store::Error::TooLarge { file: large, limit: 1 << 20 },
        otr_store::Error::NotAFile { file: dir.path().to_owned() },
    ];
    assert_eq!(found.problems, expected.map(Problem::File));
    assert!(found.files.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    // attack: FILE-6
    #[test]
    fn any_bytes_can_be_read(start in 0_usize..8, bytes: Vec<u8>) {
        let dir = tempfile::tempdir().unwrap();
        let beginnings: [&[u8]; 8] = [
            b"", b"(privkeys ", b"{\"Accounts\":[", b"\0\0\0\0", b"net.java.sip.communicator.plugin.otr.",
            b"a.privateKey=", b"Salted__", b"a\tb\t00000100\n",
        ];
        let path = put(&dir.path().join("file"), [beginnings[start], &bytes].concat());
        let found = read_with_passphrase(&path);
        check_problems(&found, &path);
        prop_assert!(found.keys.is_empty());
    }
}
