//! Who can end a conversation, and where text goes then.

use super::*;

// attack: G-3, STATE-1, DOS-3
#[test]
fn forged_exchanges_do_not_end_the_finished_state() {
    let mut pair = Pair::private(200);
    pair.end(Who::Bob);
    pair.run();
    pair.wait(Duration::from_secs(1));
    for tag in 0..30 {
        pair.inject(Who::Alice, &forged_commit(0x9000 + tag, 0x1001));
        pair.inject(Who::Alice, &forged_dh_key(0xa000 + tag, 0x1001, &[1]));
        pair.wait(Duration::from_secs(7));
        assert_eq!(pair.alice.state(), SessionState::Finished);
        assert_eq!(pair.send(Who::Alice, SECRET), Sent::Refused(Refusal::Finished));
    }
}

// attack: TAG-8, STATE-1
#[test]
fn when_the_verified_peer_ends_text_does_not_go_to_a_stranger() {
    let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
    let mut mallory = Hostile::connect(&mut side, 2, 0x6666, NOW);
    let mut bob = Hostile::connect(&mut side, 1, 0x2002, NOW + Duration::from_secs(1));
    let shown = side.account.status("bob").conversation.expect("in private").their_fingerprint;
    side.account.set_trust("bob", shown, Trust::Verified, NOW).expect("known");
    assert_eq!(side.account.send("bob", "hello", NOW + Duration::from_secs(1)), Sent::Encrypted);
    side.drain();
    let goodbye = bob.data(&Forged { tlvs: bye(), ..Forged::default() });
    let now = NOW + Duration::from_secs(2);
    side.receive(&goodbye, now);
    let chatter = mallory.say("I am still here");
    side.receive(&chatter, now);
    assert_eq!(side.state(), SessionState::Finished);
    assert_eq!(side.account.send("bob", SECRET, now), Sent::Refused(Refusal::Finished));
}

// attack: TAG-8, STATE-1
#[test]
fn when_the_peer_ends_text_goes_on_to_the_same_identity_only() {
    for (other_identity, goes_on) in [(1, true), (2, false)] {
        let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
        let _other = Hostile::connect(&mut side, other_identity, 0x6666, NOW);
        let mut bob = Hostile::connect(&mut side, 1, 0x2002, NOW + Duration::from_secs(1));
        assert_eq!(side.account.send("bob", "hello", NOW + Duration::from_secs(1)), Sent::Encrypted);
        side.drain();
        let goodbye = bob.data(&Forged { tlvs: bye(), ..Forged::default() });
        side.receive(&goodbye, NOW + Duration::from_secs(2));
        let sent = side.account.send("bob", SECRET, NOW + Duration::from_secs(2));
        assert_eq!(sent == Sent::Encrypted, goes_on);
        assert_eq!(sent == Sent::Refused(Refusal::Finished), !goes_on);
    }
}

// attack: STATE-1
#[test]
fn a_stranger_who_ends_its_own_session_does_not_end_ours() {
    let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
    let mut mallory = Hostile::connect(&mut side, 2, 0x6666, NOW);
    let mut bob = Hostile::connect(&mut side, 1, 0x2002, NOW + Duration::from_secs(1));
    let goodbye = mallory.data(&Forged { tlvs: bye(), ..Forged::default() });
    let hello = bob.say("hello");
    side.receive(&hello, NOW + Duration::from_secs(2));
    side.receive(&goodbye, NOW + Duration::from_secs(3));
    assert_eq!(side.account.send("bob", "hi", NOW + Duration::from_secs(3)), Sent::Encrypted);
}

// attack: G-2, G-3, STATE-15
#[test]
fn a_policy_is_no_way_out_of_a_private_conversation() {
    let mut pair = Pair::private(202);
    pair.alice.account.set_policy("bob", Some(Policy::NEVER)).expect("a name");
    let message = pair.encrypt(Who::Alice, SECRET);
    pair.inject(Who::Bob, &message);
    assert_eq!(pair.bob.shown(), [SECRET]);
    let reply = pair.encrypt(Who::Bob, "read");
    pair.inject(Who::Alice, &reply);
    assert_eq!(pair.alice.shown(), ["read"]);
    pair.end(Who::Bob);
    pair.run();
    assert_eq!(pair.send(Who::Alice, SECRET), Sent::Refused(Refusal::Finished));
    pair.end(Who::Alice);
    assert_eq!(pair.send(Who::Alice, "in clear now"), Sent::Plain);
}

// attack: STATE-1
#[test]
fn a_stranger_who_comes_and_goes_ends_nothing() {
    let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
    let _bob = Hostile::connect(&mut side, 1, 0x2002, NOW);
    assert_eq!(side.account.send("bob", "dear Bob", NOW), Sent::Encrypted);
    side.drain();
    let mut mallory = Hostile::connect(&mut side, 2, 0x6666, after(1));
    let goodbye = mallory.data(&Forged { tlvs: bye(), ..Forged::default() });
    side.receive(&goodbye, after(2));
    assert_eq!(side.state(), SessionState::Encrypted);
    assert_eq!(side.account.status("bob").their_instance.map(otr_wire::InstanceTag::get), Some(0x2002));
}
