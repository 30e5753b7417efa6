//! Accepted, blocked and changed identities.

use super::*;

/// A contact whose verified key is Alice's; identity 1 is at the other end now, accepted but not verified.
fn accepted_without_verifying() -> Side {
    let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
    let verified = side.account.fingerprint();
    side.account.remember("bob", verified, Trust::Verified).expect("a name");
    let _ = Hostile::connect(&mut side, 1, 0x2002, NOW);
    let there = side.account.status("bob").conversation.expect("in private").their_fingerprint;
    assert_eq!(side.account.send("bob", "hi", NOW), Sent::Refused(Refusal::IdentityChanged));
    side.account.accept_identity("bob", there, NOW).expect("known");
    assert_eq!(side.account.send("bob", "hi", NOW), Sent::Encrypted);
    side.drain();
    side.events.clear();
    side
}

// attack: AKE-13
#[test]
fn an_accepted_identity_stays_accepted_over_a_refresh() {
    let mut side = accepted_without_verifying();
    let later = NOW + Duration::from_secs(61);
    let _ = Hostile::connect(&mut side, 1, 0x2002, later);
    assert!(!side.events.iter().any(|event| matches!(event, Event::IdentityChanged { .. })));
    assert_eq!(side.account.send("bob", "hi", later), Sent::Encrypted);
}

// attack: AKE-13, TAG-8
#[test]
fn a_blocked_newcomer_does_not_stop_the_accepted_session() {
    let mut side = accepted_without_verifying();
    let _mallory = Hostile::connect(&mut side, 2, 0x6666, NOW + Duration::from_secs(1));
    assert_eq!(side.account.send("bob", "hi", NOW + Duration::from_secs(2)), Sent::Encrypted);
    assert_eq!(side.account.status("bob").their_instance.map(otr_wire::InstanceTag::get), Some(0x2002));
}

// attack: AKE-13, DATA-13
#[test]
fn a_blocked_session_sends_nothing_by_itself() {
    let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
    let verified = side.account.fingerprint();
    side.account.remember("bob", verified, Trust::Verified).expect("a name");
    let mut mallory = Hostile::connect(&mut side, 2, 0x6666, NOW);
    let message = mallory.say("are you there?");
    assert!(side.receive(&message, NOW + Duration::from_secs(120)).is_empty());
}

fn changed_identity(side: &Side) -> bool {
    side.events.iter().any(|event| matches!(event, Event::IdentityChanged { .. }))
}

// attack: AKE-13, G-3
#[test]
fn a_stranger_who_takes_over_is_told_of() {
    // After the conversation with Bob was ended, by a refresh of a session that nobody talked in.
    let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
    let _mallory = Hostile::connect(&mut side, 2, 0x6666, NOW);
    let mut bob = Hostile::connect(&mut side, 1, 0x2002, after(1));
    assert_eq!(side.account.send("bob", "hello", after(1)), Sent::Encrypted);
    side.drain();
    let goodbye = bob.data(&Forged { tlvs: bye(), ..Forged::default() });
    side.receive(&goodbye, after(2));
    side.events.clear();
    let _mallory = Hostile::connect(&mut side, 2, 0x6666, after(3));
    assert!(changed_identity(&side));
    assert!(!side.events.iter().any(|event| matches!(event, Event::Session(change) if change.refreshed)));

    // While it runs, by somebody whose key has been seen before.
    let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
    let mallory = Pair::new(1, Config::default()).bob.account.fingerprint();
    side.account.remember("bob", mallory, Trust::Unverified).expect("a name");
    let _bob = Hostile::connect(&mut side, 2, 0x2002, NOW);
    side.events.clear();
    let _mallory = Hostile::connect(&mut side, 1, 0x6666, after(1));
    assert!(changed_identity(&side));
}
