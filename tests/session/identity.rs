//! Identities, trust, and changed keys.

use std::time::Duration;

use otr_session::{Config, Event, Fingerprint, Refusal, Sent, Trust};
use otr_tests::{
    hostile::Hostile,
    pair::{Pair, Side, Who},
};

const NOW: Duration = Duration::from_secs(5);

// attack: ID-5, G-8
#[test]
fn verifying_marks_the_fingerprint_that_was_shown_and_no_other() {
    let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
    let first = Hostile::connect(&mut side, 1, 0x2002, NOW);
    let shown = side.account.status("bob").conversation.expect("in private").their_fingerprint;
    // While the user compares, the conversation is re-keyed to somebody else.
    let second = Hostile::connect(&mut side, 2, 0x2002, NOW + Duration::from_secs(1));
    side.account.set_trust("bob", shown, Trust::Verified, NOW).expect("known");
    let known = side.account.known_fingerprints("bob");
    let trust_of = |print: Fingerprint| known.iter().find(|known| known.fingerprint == print).map(|known| known.trust);
    assert_eq!(trust_of(shown), Some(Trust::Verified));
    let now_at_the_other_end = side.account.status("bob").conversation.expect("in private");
    assert_ne!(now_at_the_other_end.their_fingerprint, shown);
    assert_eq!(now_at_the_other_end.trust, Trust::Unverified);
    drop((first, second));
}

// attack: ID-5
#[test]
fn a_fingerprint_that_was_never_seen_cannot_be_verified() {
    let mut pair = Pair::private(100);
    let own = pair.alice.account.fingerprint();
    assert!(pair.alice.account.set_trust("bob", own, Trust::Verified, pair.now).is_err());
    assert!(pair.alice.account.accept_identity("bob", own, pair.now).is_err());
    assert!(pair.alice.account.known_fingerprints("bob").iter().all(|known| known.trust == Trust::Unverified));
}

// attack: ID-6
#[test]
fn trust_belongs_to_the_fingerprint_not_to_the_name() {
    let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
    let mallory = {
        let mut other = Side::new(0, 0x1001, "bob", Config::default(), 1);
        let _ = Hostile::connect(&mut other, 2, 0x2002, NOW);
        other.account.status("bob").conversation.expect("in private").their_fingerprint
    };
    let bob = Pair::new(1, Config::default()).bob.account.fingerprint();
    side.account.remember("bob", bob, Trust::Verified).expect("a name");
    // Mallory takes Bob's name.
    let _ = Hostile::connect(&mut side, 2, 0x2002, NOW);
    assert!(side.events.iter().any(
        |event| matches!(event, Event::NewFingerprint { fingerprint, other_known: true } if *fingerprint == mallory)
    ));
    assert_eq!(side.account.status("bob").conversation.expect("in private").trust, Trust::Unverified);
    assert_eq!(side.account.send("bob", "hi", NOW), Sent::Refused(Refusal::IdentityChanged));
}

// attack: ID-6
#[test]
fn an_identity_that_is_known_for_somebody_else_is_told_and_no_more_trusted() {
    let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
    let _ = Hostile::connect(&mut side, 1, 0x2002, NOW);
    let print = side.account.status("bob").conversation.expect("in private").their_fingerprint;
    let told = |side: &Side| {
        let events = side.events.iter().filter_map(|event| match event {
            Event::IdentityOfAnother { fingerprint, other, trust } => Some((*fingerprint, other.clone(), *trust)),
            _ => None,
        });
        events.collect::<Vec<_>>()
    };
    assert_eq!(told(&side), [], "nobody else has it");

    let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
    side.account.remember("anna", print, Trust::Unverified).expect("a name");
    side.account.remember("carol", print, Trust::Verified).expect("a name");
    side.account.remember("dave", print, Trust::Unverified).expect("a name");
    side.account.remember("eve", Fingerprint::from_bytes([9; 20]), Trust::Verified).expect("a name");
    let _ = Hostile::connect(&mut side, 1, 0x2002, NOW);
    assert_eq!(told(&side), [(print, "carol".to_owned(), Trust::Verified)], "once, and the verified one");
    assert_eq!(side.account.status("bob").conversation.expect("in private").trust, Trust::Unverified);

    // It is known for this contact from now on.
    side.events.clear();
    let _ = Hostile::connect(&mut side, 1, 0x2002, NOW + Duration::from_secs(1));
    assert_eq!(told(&side), []);
}

// attack: AKE-13, ID-7
#[test]
fn a_changed_identity_is_told_and_blocks_sending_when_the_old_one_was_verified() {
    for verified in [false, true] {
        let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
        let _ = Hostile::connect(&mut side, 1, 0x2002, NOW);
        let old = side.account.status("bob").conversation.expect("in private").their_fingerprint;
        if verified {
            side.account.set_trust("bob", old, Trust::Verified, NOW).expect("known");
        }
        side.events.clear();
        let _ = Hostile::connect(&mut side, 2, 0x2002, NOW + Duration::from_secs(1));
        let new = side.account.status("bob").conversation.expect("in private").their_fingerprint;
        // The change is told before the new conversation is.
        let position = |wanted: fn(&Event) -> bool| side.events.iter().position(wanted);
        let changed = position(|event| matches!(event, Event::IdentityChanged { .. })).expect("told");
        assert!(changed < position(|event| matches!(event, Event::Session(_))).expect("told"));
        assert!(
            matches!(side.events[changed], Event::IdentityChanged { old: o, new: n, blocked } if o == old && n == new && blocked == verified)
        );
        let sent = side.account.send("bob", "is it you?", NOW);
        if verified {
            assert_eq!(sent, Sent::Refused(Refusal::IdentityChanged));
            assert!(side.account.status("bob").blocked);
            assert!(side.account.heartbeat("bob", NOW).is_err());
            assert!(side.account.extra_key("bob", 1, b"", NOW).is_err());
            side.account.accept_identity("bob", new, NOW).expect("known");
            assert!(!side.account.status("bob").blocked);
            assert_eq!(side.account.send("bob", "is it you?", NOW), Sent::Encrypted);
        } else {
            assert_eq!(sent, Sent::Encrypted);
        }
    }
}

// attack: AKE-13
#[test]
fn a_refresh_with_the_same_identity_changes_nothing_about_it() {
    let mut pair = Pair::private(101);
    let bob = pair.bob.account.fingerprint();
    pair.alice.account.set_trust("bob", bob, Trust::Verified, pair.now).expect("known");
    let before = pair.alice.session_id();
    pair.wait(Duration::from_secs(61));
    pair.start(Who::Bob);
    pair.run();
    assert_ne!(pair.alice.session_id(), before);
    let changes: Vec<_> = pair
        .alice
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Session(change) => Some(change.refreshed),
            Event::IdentityChanged { .. } | Event::NewFingerprint { .. } => panic!("nothing is new"),
            _ => None,
        })
        .collect();
    assert_eq!(changes, [true]);
    pair.assert_talk_works();
}

// attack: AKE-16, ID-1
#[test]
fn the_whole_fingerprint_is_there_to_compare() {
    let pair = Pair::private(102);
    let shown = pair.alice.account.status("bob").conversation.expect("in private").their_fingerprint;
    assert_eq!(shown, pair.bob.account.fingerprint());
    let text = shown.to_string();
    assert_eq!(text.len(), 44);
    assert_eq!(text.split(' ').map(str::len).collect::<Vec<_>>(), [8; 5]);
}
