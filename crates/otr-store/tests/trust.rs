//! How and when identities were verified, and which version was spoken with them: beside libotr's file, which alone says
//! who is trusted.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

mod common;

use std::fs;
use std::time::{Duration, SystemTime};

use otr_crypto::Fingerprint;
use otr_store::{Error, How, KnownFingerprint, KnownIdentity, SpokenVersion, Store, Verification, VouchedFingerprint};
use tempfile::TempDir;

use common::{empty, names, put};

const TRUST: &str = "otr.trust";
const FINGERPRINTS: &str = "otr.fingerprints";

/// The 14th of February 2018, and a fraction of a second, which is not kept.
fn then() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(1_518_563_312_345)
}

fn here(how: How) -> Verification {
    Verification::Here { how, when: SystemTime::UNIX_EPOCH + Duration::from_secs(1_518_563_312) }
}

fn print(number: u8) -> Fingerprint {
    Fingerprint::from_bytes([number; 20])
}

fn bob(number: u8, trust: &str) -> KnownFingerprint {
    KnownFingerprint {
        contact: "bob".to_owned(),
        account: "alice".to_owned(),
        protocol: "xmpp".to_owned(),
        fingerprint: print(number),
        trust: trust.to_owned(),
    }
}

fn verify(store: &mut Store, number: u8, how: How) -> Result<(), Error> {
    store.verify("bob", "alice", "xmpp", &print(number), how, then())
}

fn text(dir: &TempDir, name: &str) -> String {
    fs::read_to_string(dir.path().join(name)).unwrap()
}

/// Word and reason, identity by identity.
fn standing(store: &Store) -> Vec<(String, Verification)> {
    store
        .known_identities()
        .unwrap()
        .into_iter()
        .map(|identity| (identity.known.trust, identity.verification))
        .collect()
}

// attack: ID-5, ID-7
#[test]
fn who_is_verified_is_told_with_the_way_and_the_time() {
    let (dir, mut store) = empty();
    for number in 1..=5 {
        store.save_fingerprint(&bob(number, if number == 4 { "smp" } else { "" })).unwrap();
    }
    verify(&mut store, 1, How::ByHand).unwrap();
    verify(&mut store, 2, How::Smp).unwrap();
    verify(&mut store, 3, How::Imported).unwrap();
    verify(&mut store, 4, How::Imported).unwrap();
    let expected = [
        ("verified", here(How::ByHand)),
        ("smp", here(How::Smp)),
        ("verified", here(How::Imported)),
        ("smp", here(How::Imported)),
        ("", Verification::None),
    ];
    assert_eq!(standing(&store), expected.map(|(word, verification)| (word.to_owned(), verification)));
    let hex = "01".repeat(20);
    let line = format!("\nbob\talice\txmpp\t{hex}\tverified\t2018-02-13T23:08:32Z\n");
    assert!(text(&dir, TRUST).starts_with("# ") && text(&dir, TRUST).contains(&line), "{}", text(&dir, TRUST));

    // The later way and time count.
    verify(&mut store, 1, How::Smp).unwrap();
    assert_eq!(standing(&store)[0], ("smp".to_owned(), here(How::Smp)));
    assert_eq!(text(&dir, TRUST).matches(&hex).count(), 1);
}

// attack: G-8, ID-5, ID-6
#[test]
fn only_the_fingerprint_that_was_shown_is_verified() {
    let (dir, mut store) = empty();
    store.save_fingerprint(&bob(1, "")).unwrap();
    store.save_fingerprint(&KnownFingerprint { contact: "carol".to_owned(), ..bob(1, "") }).unwrap();
    assert_eq!(verify(&mut store, 2, How::ByHand), Err(Error::UnknownFingerprint));
    let other = store.verify("bob", "alice", "irc", &print(1), How::ByHand, then());
    assert_eq!(other, Err(Error::UnknownFingerprint));
    assert!(!names(&dir).contains(&TRUST.to_owned()), "nothing was stored");
    verify(&mut store, 1, How::ByHand).unwrap();
    assert_eq!(standing(&store)[1], (String::new(), Verification::None), "not for another contact with that key");
}

/// The file of libotr, as another program leaves it, is what counts.
// attack: REL-8
#[test]
fn what_other_programs_decide_counts() {
    let (dir, mut store) = empty();
    store.save_fingerprint(&bob(1, "")).unwrap();
    verify(&mut store, 1, How::ByHand).unwrap();
    let trusted = text(&dir, FINGERPRINTS);

    put(&dir, FINGERPRINTS, trusted.replace("verified", ""));
    assert_eq!(standing(&store), [(String::new(), Verification::None)], "withdrawn elsewhere");
    put(&dir, FINGERPRINTS, trusted.replace("verified", "smp"));
    assert_eq!(standing(&store), [("smp".to_owned(), Verification::Elsewhere)], "by a way that we know nothing of");
    put(&dir, FINGERPRINTS, trusted.replace("verified", "anything"));
    assert_eq!(standing(&store), [("anything".to_owned(), Verification::Elsewhere)]);
    put(&dir, FINGERPRINTS, &trusted);
    assert_eq!(standing(&store), [("verified".to_owned(), here(How::ByHand))]);

    fs::remove_file(dir.path().join(FINGERPRINTS)).unwrap();
    assert_eq!(standing(&store), [], "a reason for nothing");
    put(&dir, FINGERPRINTS, &trusted);
    fs::remove_file(dir.path().join(TRUST)).unwrap();
    assert_eq!(standing(&store), [("verified".to_owned(), Verification::Elsewhere)]);
}

#[test]
fn trust_that_is_withdrawn_leaves_no_reason_behind() {
    let (dir, mut store) = empty();
    store.save_fingerprint(&bob(1, "")).unwrap();
    store.save_fingerprint(&bob(2, "")).unwrap();
    verify(&mut store, 1, How::ByHand).unwrap();
    verify(&mut store, 2, How::Smp).unwrap();
    let with_both = text(&dir, TRUST);

    store.set_trust("bob", "alice", "xmpp", &print(1), "").unwrap();
    assert!(!text(&dir, TRUST).contains(&"01".repeat(20)) && text(&dir, TRUST).contains(&"02".repeat(20)));
    store.set_trust("bob", "alice", "xmpp", &print(1), "verified").unwrap();
    assert_eq!(standing(&store)[0].1, Verification::Elsewhere, "the old time is not that of the new trust");

    // The same word again is the same trust.
    store.save_fingerprint(&bob(2, "smp")).unwrap();
    assert_eq!(standing(&store)[1].1, here(How::Smp));
    store.save_fingerprint(&bob(2, "verified")).unwrap();
    assert_eq!(standing(&store)[1].1, Verification::Elsewhere);
    assert_eq!(text(&dir, TRUST).lines().count(), 1, "only the first line is left of\n{with_both}");
}

#[test]
fn times_that_cannot_be_stored_are_refused() {
    let (_dir, mut store) = empty();
    store.save_fingerprint(&bob(1, "")).unwrap();
    let second = Duration::from_secs(1);
    let last = SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_799);
    for bad in [SystemTime::UNIX_EPOCH - second, last + second] {
        let refused = store.verify("bob", "alice", "xmpp", &print(1), How::ByHand, bad);
        assert_eq!(refused, Err(Error::Time));
        assert_eq!(standing(&store), [(String::new(), Verification::None)]);
    }
    for good in [SystemTime::UNIX_EPOCH, last] {
        store.verify("bob", "alice", "xmpp", &print(1), How::ByHand, good).unwrap();
        assert_eq!(standing(&store)[0].1, Verification::Here { how: How::ByHand, when: good });
    }
}

// attack: FILE-4, FILE-6
#[test]
fn lines_that_are_no_reasons_are_named_and_kept() {
    let (dir, mut store) = empty();
    store.save_fingerprint(&bob(1, "verified")).unwrap();
    let hex = "01".repeat(20);
    let good = format!("bob\talice\txmpp\t{hex}\tverified\t2018-02-13T23:08:32Z");
    let bad = [
        format!("bob\talice\txmpp\t{hex}\tverified"),
        format!("{good}\tmore"),
        good.replace("\tverified", "\tperhaps"),
        good.replace("\tverified", "\tVerified"),
        good.replace("2018", "0018"),
        good.replace("-02-13", "-02-30"),
        good.replace('Z', ""),
        good.replace('Z', "+01:00"),
        good.replace("T23", "T24"),
        good.replace(&hex, &hex[1..]),
        good.replace("bob", "b\x07b"),
        "1518563312\tbob".to_owned(),
    ];
    let file = format!("# x\n{}\n{good}\n", bad.join("\n"));
    put(&dir, TRUST, &file);
    assert_eq!(standing(&store)[0].1, here(How::ByHand));
    let lines: Vec<_> = store
        .damage()
        .unwrap()
        .into_iter()
        .map(|error| match error {
            Error::Damaged { file, line, .. } if file == dir.path().join(TRUST) => line,
            error => panic!("{error}"),
        })
        .collect();
    assert_eq!(lines, (2..=1 + bad.len()).collect::<Vec<_>>());

    store.save_fingerprint(&bob(1, "")).unwrap();
    assert_eq!(text(&dir, TRUST), file.replace(&format!("{good}\n"), ""), "what is no record stays");
    let mut evil = bob(1, "");
    evil.contact = format!("x\nbob\talice\txmpp\t{hex}");
    assert!(store.save_fingerprint(&evil).is_err());
}

fn spoken(number: u8, version: u16) -> SpokenVersion {
    SpokenVersion {
        contact: "bob".to_owned(),
        account: "alice".to_owned(),
        protocol: "xmpp".to_owned(),
        fingerprint: print(number),
        version,
    }
}

// attack: VER-1, G-12
#[test]
fn the_highest_version_that_was_spoken_stays() {
    let (dir, mut store) = empty();
    assert_eq!(store.spoken_versions(), Ok(Default::default()));
    for version in [2, 3, 2, 3] {
        store.save_spoken_version(&spoken(1, version)).unwrap();
    }
    store.save_spoken_version(&spoken(2, 2)).unwrap();
    assert_eq!(store.spoken_versions().unwrap().records, [spoken(1, 3), spoken(2, 2)]);
    let before = text(&dir, "otr.versions");
    for version in [0, 1] {
        assert_eq!(store.save_spoken_version(&spoken(1, version)), Err(Error::InvalidVersion(version)));
    }
    assert_eq!(text(&dir, "otr.versions"), before);

    store.save_fingerprint(&bob(1, "smp")).unwrap();
    store.save_fingerprint(&bob(3, "")).unwrap();
    let known = store.known_identities().unwrap();
    assert_eq!(known.iter().map(|identity| identity.version).collect::<Vec<_>>(), [Some(3), None]);
}

// attack: FILE-6, FILE-7
#[test]
fn lines_that_are_no_versions_are_named_and_kept() {
    let (dir, mut store) = empty();
    let line = |version: &str| format!("bob\talice\txmpp\t{}\t{version}\n", "01".repeat(20));
    let bad: Vec<_> = ["", "0", "1", "+3", "03", " 3", "3.0", "65536", "three", "3\t3"].map(line).into();
    put(&dir, "otr.versions", format!("{}{}", bad.concat(), line("3")));
    let versions = store.spoken_versions().unwrap();
    assert_eq!(versions.records, [spoken(1, 3)]);
    assert_eq!(
        versions.problems.iter().map(|problem| problem.line).collect::<Vec<_>>(),
        [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    );
    store.save_spoken_version(&spoken(1, 25519)).unwrap();
    assert_eq!(text(&dir, "otr.versions"), format!("{}{}", bad.concat(), line("25519")));
}

// attack: FILE-9
#[test]
fn a_fingerprint_that_is_seen_takes_no_trust_away() {
    let (dir, mut store) = empty();
    assert_eq!(store.add_fingerprint(&bob(1, "")), Ok(bob(1, "")));
    // Another program verifies it, and writes one that we are about to see.
    verify(&mut Store::open(dir.path()).unwrap(), 1, How::ByHand).unwrap();
    Store::open(dir.path()).unwrap().save_fingerprint(&bob(2, "smp")).unwrap();
    let before = text(&dir, FINGERPRINTS);
    assert_eq!(store.add_fingerprint(&bob(1, "")), Ok(bob(1, "verified")));
    assert_eq!(store.add_fingerprint(&bob(2, "")), Ok(bob(2, "smp")));
    assert_eq!(text(&dir, FINGERPRINTS), before);
    assert_eq!(standing(&store)[0].1, here(How::ByHand));
}

#[test]
fn a_revision_lasts_until_somebody_changes_the_fingerprints() {
    let (dir, mut store) = empty();
    let none = store.fingerprints_revision().unwrap();
    let mut seen = vec![none.clone()];
    store.save_instance_tag("alice", "xmpp", 0x100).unwrap();
    assert_eq!(store.fingerprints_revision(), Ok(none), "that is another file");
    let mut other = Store::open(dir.path()).unwrap();
    for trust in ["", "smp", "verified"] {
        other.save_fingerprint(&bob(1, trust)).unwrap();
        let now = store.fingerprints_revision().unwrap();
        assert!(!seen.contains(&now), "{trust}");
        assert_eq!(store.fingerprints_revision(), Ok(now.clone()));
        other.save_fingerprint(&bob(1, trust)).unwrap();
        assert_eq!(store.fingerprints_revision(), Ok(now.clone()), "nothing was changed");
        seen.push(now);
    }
}

#[test]
fn what_is_forgotten_is_gone_from_every_file_and_nothing_else_is() {
    let (dir, mut store) = empty();
    let vouched = |number| VouchedFingerprint {
        contact: "bob".to_owned(),
        account: "alice".to_owned(),
        protocol: "xmpp".to_owned(),
        fingerprint: print(number + 100),
        by: print(number),
    };
    for number in [1, 2] {
        store.save_fingerprint(&bob(number, "")).unwrap();
        verify(&mut store, number, How::Smp).unwrap();
        store.save_spoken_version(&spoken(number, 3)).unwrap();
        store.save_vouched_fingerprint(&vouched(number)).unwrap();
    }
    put(&dir, "otr.fingerprints", format!("# mine\nnot a\trecord\n{}", text(&dir, FINGERPRINTS)));
    store.forget("bob", "alice", "xmpp", &print(1)).unwrap();
    let left = KnownIdentity { known: bob(2, "smp"), verification: here(How::Smp), version: Some(3) };
    assert_eq!(store.known_identities().unwrap(), [left]);
    assert_eq!(store.vouched_fingerprints().unwrap().records, [vouched(2)]);
    for name in [FINGERPRINTS, TRUST, "otr.versions", "otr.vouched"] {
        assert!(!text(&dir, name).contains(&"01".repeat(20)), "{name}");
    }
    assert!(text(&dir, FINGERPRINTS).starts_with("# mine\nnot a\trecord\n"));
    assert_eq!(store.forget("bob", "alice", "xmpp", &print(1)), Err(Error::UnknownFingerprint));
    assert_eq!(store.forget("bob", "alice", "irc", &print(2)), Err(Error::UnknownFingerprint));
}

#[test]
fn accounts_are_listed_once_each() {
    let (_dir, mut store) = empty();
    assert_eq!(store.accounts(), Ok(vec![]));
    let key =
        otr_crypto::IdentityKey::generate(&mut <chacha20::ChaCha20Rng as rand_core::SeedableRng>::from_seed([8; 32]));
    for (account, protocol) in [("b", "irc"), ("a", "xmpp"), ("b", "irc")] {
        store.save_identity(account, protocol, &key).unwrap();
    }
    let names: Vec<_> = store.accounts().unwrap().into_iter().map(|name| (name.account, name.protocol)).collect();
    assert_eq!(names, [("b".to_owned(), "irc".to_owned()), ("a".to_owned(), "xmpp".to_owned())]);
}

/// Rows of a file, so many, of one contact.
fn rows(contact: &str, numbers: std::ops::Range<u32>, trust: &str) -> String {
    numbers.map(|number| format!("{contact}\talice\txmpp\t{number:040x}\t{trust}\n")).collect()
}

fn numbered(contact: &str, number: u32) -> KnownFingerprint {
    let mut bytes = [0; 20];
    bytes[16..].copy_from_slice(&number.to_be_bytes());
    KnownFingerprint { contact: contact.to_owned(), fingerprint: Fingerprint::from_bytes(bytes), ..bob(0, "") }
}

#[test]
fn who_makes_ever_new_keys_loses_his_oldest_and_nobody_else_any() {
    let (dir, mut store) = empty();
    let kept = format!("# mine\n{}not a\trecord\n{}", rows("bob", 0..9, "verified"), rows("carol", 0..300, ""));
    put(&dir, FINGERPRINTS, format!("{kept}{}", rows("bob", 100..356, "")));
    for number in [100, 101] {
        let KnownFingerprint { contact, account, protocol, fingerprint, .. } = numbered("bob", number);
        store.save_spoken_version(&SpokenVersion { contact, account, protocol, fingerprint, version: 3 }).unwrap();
    }
    store.add_fingerprint(&numbered("bob", 355)).unwrap();
    assert_eq!(text(&dir, FINGERPRINTS), format!("{kept}{}", rows("bob", 100..356, "")), "it is there");
    store.add_fingerprint(&numbered("bob", 356)).unwrap();
    assert_eq!(text(&dir, FINGERPRINTS), format!("{kept}{}", rows("bob", 101..357, "")), "the oldest is gone");
    let spoken = store.spoken_versions().unwrap().records;
    assert_eq!(spoken.iter().map(|spoken| spoken.fingerprint).collect::<Vec<_>>(), [numbered("bob", 101).fingerprint]);
    // What the user asks for is not a matter of numbers.
    store.save_fingerprint(&numbered("bob", 357)).unwrap();
    assert_eq!(text(&dir, FINGERPRINTS), format!("{kept}{}", rows("bob", 101..358, "")));
}

#[test]
fn strangers_together_do_not_fill_the_file_either() {
    let (dir, mut store) = empty();
    let verified = rows("carol", 0..500, "smp");
    let strangers: String =
        (0..9000).map(|number| rows(&format!("stranger {number}"), number..number + 1, "")).collect();
    put(&dir, FINGERPRINTS, format!("{verified}{strangers}"));
    store.add_fingerprint(&numbered("the last one", 1)).unwrap();
    let file = text(&dir, FINGERPRINTS);
    assert!((520_000..=1 << 19).contains(&file.len()), "as many as there is room for, or nearly: {}", file.len());
    assert!(file.starts_with(&verified) && file.ends_with(&rows("the last one", 1..2, "")));
    let left = &file[verified.len()..file.len() - rows("the last one", 1..2, "").len()];
    assert!(strangers.ends_with(left), "the oldest went");
}

#[test]
fn a_file_of_nobody_says_so() {
    let (dir, mut store) = empty();
    assert!(matches!(store.fingerprints_and_doubt().unwrap().1, Some(Error::Damaged { .. })), "there is no file");
    store.save_fingerprint(&bob(1, "")).unwrap();
    assert_eq!(store.fingerprints_and_doubt().unwrap().1, None);
    store.forget("bob", "alice", "xmpp", &print(1)).unwrap();
    let (known, doubt) = store.fingerprints_and_doubt().unwrap();
    assert_eq!((known.records, known.problems, doubt), (vec![], vec![], None));
    for damaged in ["", "bob\talice\n", "bob\talice\txmpp"] {
        put(&dir, FINGERPRINTS, damaged);
        let doubt = store.fingerprints_and_doubt().unwrap().1;
        assert!(matches!(doubt, Some(Error::Damaged { line: 1, .. })), "{damaged:?}: {doubt:?}");
    }
}
