//! Whose key the user of another program has verified, where that takes some reading.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

mod common;

use otr_crypto::Fingerprint;
use otr_migrate::{Problem, Reading, read};

use common::*;

/// Each key that is read and whether it is verified, and what is wrong.
fn verified(file: &str) -> (Vec<(Fingerprint, bool)>, Vec<String>) {
    let home = tempfile::tempdir().unwrap();
    let found = read(&[put(&home.path().join("otr_keystore"), file)], &Reading::default());
    let all = found.fingerprints.iter().map(|one| {
        assert_eq!(one.contact, "you@example.org");
        (one.fingerprint, one.trust == "verified")
    });
    (all.collect(), found.problems.iter().map(Problem::to_string).collect())
}

// attack: ID-5
#[test]
fn what_chatsecure_verified_of_one_resource_holds_for_no_other() {
    let public = |resource: &str, key| format!("you@example.org/{resource}.publicKey={}\n", java_pair(key).1);
    let sorted = |mut all: Vec<(Fingerprint, bool)>| {
        all.sort();
        (all, Vec::<String>::new())
    };
    let (one, other) = (fingerprint_of(key(0)), fingerprint_of(key(1)));
    let phone = public("phone", key(0)) + "you@example.org/phone.publicKey.verified=true\n";
    let laptop = public("laptop", key(1));
    let expected = sorted(vec![(one, true), (other, false)]);
    assert_eq!(verified(&format!("{phone}{laptop}")), expected);
    assert_eq!(verified(&format!("{laptop}{phone}")), expected);

    // What names the fingerprint is about the key wherever it is, and what was taken back stays so.
    let named = |key: Fingerprint, verified: bool| format!("you@example.org.{key:x}.publicKey.verified={verified}\n");
    let both = sorted(vec![(one, true), (other, true)]);
    assert_eq!(verified(&format!("{}{phone}{laptop}", named(other, true))), both);
    let none = sorted(vec![(one, false), (other, false)]);
    assert_eq!(verified(&format!("{phone}{laptop}{}", named(one, false))), none);
    assert_eq!(verified(&format!("{}{phone}{laptop}{0}", named(one, false))), none);
}

// attack: ID-5
#[test]
fn a_fingerprint_that_is_not_of_the_key_is_none_and_verifies_nothing() {
    let you = "you@example.org/phone";
    let public = java_pair(key(0)).1;
    let file =
        format!("{you}.publicKey={public}\n{you}.fingerprint={:x}\n{you}.publicKey.verified=true\n", fingerprint(7));
    let (keys, problems) = verified(&file);
    assert_eq!(keys, [(fingerprint_of(key(0)), false)]);
    assert_eq!(problems.len(), 1);
    assert!(problems[0].contains("line 2: the fingerprint is not that of the public key"), "{}", problems[0]);
}

/// Jitsi's name for `a_b@example.org` and for `a.b@example.org` is one.
// attack: ID-6
#[test]
fn a_name_of_jitsis_for_several_people_verifies_none_of_them() {
    let home = tempfile::tempdir().unwrap();
    let p = "net.java.sip.communicator.plugin.otr.";
    let hex = format!("{:x}", fingerprint(7));
    let name = "a_b_example_org";
    let properties = put(
        &home.path().join("sip-communicator.properties"),
        format!("{p}{name}_fingerprints={hex}\n{p}{name}{hex}_fingerprint_verified=true\n"),
    );
    let contacts = |all: &[(&str, &str)]| {
        let contact = |(account, address): &(&str, &str)| {
            format!("<contact account-id=\"{account}:me@example.org@example.org\" address=\"{address}\"/>")
        };
        let all: String = all.iter().map(contact).collect();
        put(&home.path().join("contactlist.xml"), format!("<contactlist>{all}</contactlist>"));
        read(std::slice::from_ref(&properties), &Reading::default())
    };
    let shared = "line 1: several contacts share this name, so their keys are taken as not verified";
    for others in [("Jabber", "a_b@example.org"), ("SIP", "a.b@example.org")] {
        let found = contacts(&[("Jabber", "a.b@example.org"), others]);
        let trust: Vec<&str> = found.fingerprints.iter().map(|one| one.trust.as_str()).collect();
        assert_eq!(trust, ["", ""]);
        assert_eq!(found.problems.len(), 1);
        assert!(found.problems[0].to_string().ends_with(shared), "{}", found.problems[0]);
    }
    // The same person in two groups of the list is one.
    let found = contacts(&[("Jabber", "a.b@example.org"); 2]);
    assert_eq!(found.problems, []);
    assert!(found.fingerprints.iter().all(|one| one.trust == "verified"));
}
