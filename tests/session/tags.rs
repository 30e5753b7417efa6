//! Instance tags and several instances.

use std::{collections::BTreeSet, time::Duration};

use otr_session::{Account, Config, Event, SessionState, Trust, Warning};
use otr_tests::{
    hostile::{Exchange, Hostile, single},
    pair::{Pair, Side, Who, rng, unarmour},
};
use otr_wire::{InstanceTag, armour};

const NOW: Duration = Duration::from_secs(5);

// attack: TAG-3, TAG-2
#[test]
fn a_commit_to_us_by_name_is_answered_and_one_to_another_is_not() {
    for (receiver, answered) in
        [(0_u32, true), (0x1001, true), (0x1002, false), (0xffff_ffff, false), (1, false), (0xff, false)]
    {
        let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
        let mut exchange = Exchange::new(&side, 1, 0x2002, 1);
        let mut commit = unarmour(&exchange.commit(NOW));
        commit[7..11].copy_from_slice(&receiver.to_be_bytes());
        let replies = side.receive(&armour::encode(&commit), NOW);
        assert_eq!(replies.len() == 1, answered, "{receiver:#x}");
    }
}

// attack: FRAG-9, TAG-2
#[test]
fn messages_for_another_instance_are_reported_at_most_once_a_minute() {
    let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
    let mut exchange = Exchange::new(&side, 1, 0x2002, 1);
    let mut commit = unarmour(&exchange.commit(NOW));
    commit[7..11].copy_from_slice(&0x5555_u32.to_be_bytes());
    for _ in 0..5 {
        side.receive(&armour::encode(&commit), NOW);
        side.receive("?OTR|00002002|00005555,1,2,?OTR:AAMD,", NOW);
    }
    assert_eq!(side.warnings(), [Warning::ForOtherInstance]);
    side.receive("?OTR|00002002|00005555,1,2,?OTR:AAMD,", NOW + Duration::from_secs(60));
    assert_eq!(side.warnings(), [Warning::ForOtherInstance]);
}

// attack: TAG-1, TAG-2, FRAG-9
#[test]
fn illegal_tags_are_refused_everywhere() {
    let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
    let mut exchange = Exchange::new(&side, 1, 0x2002, 1);
    let commit = unarmour(&exchange.commit(NOW));
    for tag in (0..=0xff_u32).step_by(15) {
        let mut bytes = commit.clone();
        bytes[3..7].copy_from_slice(&tag.to_be_bytes());
        assert!(side.receive(&armour::encode(&bytes), NOW).is_empty());
        assert!(side.receive(&format!("?OTR|{tag:08x}|00001001,1,1,?OTR:AAMD.,"), NOW).is_empty());
    }
    assert!(side.warnings().iter().all(|warning| *warning == Warning::Malformed));
}

// attack: TAG-4
#[test]
fn the_whole_range_of_tags_is_legal() {
    for tag in [0x100, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff] {
        let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
        let _ = Hostile::connect(&mut side, 1, tag, NOW);
        assert_eq!(side.state(), SessionState::Encrypted);
        assert_eq!(side.account.status("bob").their_instance.map(InstanceTag::get), Some(tag));
    }
}

// attack: TAG-5
#[test]
fn generated_tags_are_legal_and_spread_over_the_range() {
    let mut random = rng(5);
    let tags: BTreeSet<u32> = (0..4096).map(|_| Account::generate_instance_tag(&mut random).get()).collect();
    assert!(tags.len() > 4090);
    assert!(tags.iter().all(|&tag| tag >= 0x100));
    for sixteenth in 0..16_u32 {
        let count = tags.iter().filter(|&&tag| tag >> 28 == sixteenth).count();
        assert!((150..400).contains(&count), "{count} tags begin with {sixteenth:x}");
    }
}

// attack: TAG-6, AKE-11
#[test]
fn a_network_that_mirrors_everything_gets_nowhere() {
    let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
    side.account.start("bob", NOW).expect("allowed");
    let mut waiting = side.drain();
    let mut mirrored = 0;
    while let Some(body) = waiting.pop() {
        mirrored += 1;
        assert!(mirrored < 20, "the mirror is answered for ever");
        waiting.extend(side.receive(&body, NOW));
    }
    assert_eq!(side.state(), SessionState::Plaintext);
    assert!(side.warnings().contains(&Warning::Reflected));
}

// attack: TAG-7
#[test]
fn tags_changed_in_transit_fail_the_exchange_or_are_bound_to_the_session() {
    // A middle-man renames Bob's instance in every message that Bob sends, and back in what he gets.
    for renamed_from in 0..4 {
        let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
        let mut bob = Side::new(1, 0x2002, "alice", Config::default(), 2);
        let mut to_alice = bob.receive("?OTRv3?", NOW);
        let mut to_bob: Vec<String> = Vec::new();
        let mut step = 0;
        for _ in 0..10 {
            for body in std::mem::take(&mut to_alice) {
                let mut bytes = unarmour(&body);
                if step >= renamed_from {
                    bytes[3..7].copy_from_slice(&0x3003_u32.to_be_bytes());
                }
                step += 1;
                to_bob.extend(side.receive(&armour::encode(&bytes), NOW));
            }
            for body in std::mem::take(&mut to_bob) {
                let mut bytes = unarmour(&body);
                bytes[7..11].copy_from_slice(&0x2002_u32.to_be_bytes());
                to_alice.extend(bob.receive(&armour::encode(&bytes), NOW));
            }
        }
        // Where both got through, each side's data messages name the pair of tags it is bound to, under the MAC: a
        // message whose name is changed back is refused.
        if side.state() == SessionState::Encrypted {
            let sent = bob.account.send("alice", "who am I?", NOW);
            assert_eq!(sent, otr_session::Sent::Encrypted);
            let body = single(bob.drain());
            let mut bytes = unarmour(&body);
            bytes[3..7].copy_from_slice(&0x3003_u32.to_be_bytes());
            side.events.clear();
            side.receive(&armour::encode(&bytes), NOW);
            assert!(side.shown().is_empty());
        }
    }
}

// attack: TAG-8
#[test]
fn an_unverified_new_instance_does_not_take_over() {
    let mut pair = Pair::private(80);
    let bob = pair.bob.account.fingerprint();
    pair.alice.account.set_trust("bob", bob, Trust::Verified, pair.now).expect("known");
    pair.now += Duration::from_secs(10);
    let mut mallory = Hostile::connect(&mut pair.alice, 2, 0x6666, pair.now);
    let chatter = mallory.say("I am the newest");
    pair.alice.receive(&chatter, pair.now);
    let status = pair.alice.account.status("bob");
    assert_eq!(status.their_instance.map(InstanceTag::get), Some(0xf000_0002));
    assert_eq!(status.conversation.expect("in private").trust, Trust::Verified);
    pair.alice.events.clear();
    pair.assert_talk_works();
}

// attack: TAG-8
#[test]
fn among_equals_the_one_heard_from_last_is_answered() {
    let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
    let mut first = Hostile::connect(&mut side, 1, 0x2002, NOW);
    let mut second = Hostile::connect(&mut side, 1, 0x3003, NOW + Duration::from_secs(1));
    let talking_to = |side: &Side| side.account.status("bob").their_instance.map(InstanceTag::get);
    assert_eq!(talking_to(&side), Some(0x3003));
    let message = first.say("back at this machine");
    side.receive(&message, NOW + Duration::from_secs(2));
    assert_eq!(talking_to(&side), Some(0x2002));
    let message = second.say("and at that");
    side.receive(&message, NOW + Duration::from_secs(3));
    assert_eq!(talking_to(&side), Some(0x3003));
    // An unauthenticated message with the other's tag changes nothing.
    let mut forged = unarmour(&first.say("x"));
    let last = forged.len() - 30;
    forged[last] ^= 1;
    side.receive(&armour::encode(&forged), NOW + Duration::from_secs(4));
    assert_eq!(talking_to(&side), Some(0x3003));
}

#[test]
fn new_instances_are_bounded_and_sessions_outlive_floods() {
    let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
    let mut friend = Hostile::connect(&mut side, 1, 0x2002, NOW);
    let mut now = NOW;
    for number in 0..300_u32 {
        now += Duration::from_secs(7);
        let mut stranger = Exchange::new(&side, 2, 0x9000 + number, u64::from(number));
        let commit = stranger.commit(now);
        side.receive(&commit, now);
    }
    assert!(side.snapshot().matches("AwaitingRevealSignature {").count() <= otr_session::MAX_NEW_INSTANCES);
    side.events.clear();
    let message = friend.say("still here");
    side.receive(&message, now);
    assert_eq!(side.shown(), ["still here"]);
}

// attack: FRAG-6, FRAG-8, FRAG-10, FRAG-12, FRAG-13, PARSE-11
#[test]
fn fragments_reach_the_session_only_whole_and_consistent() {
    let config = Config { max_message_size: Some(150), ..Config::default() };
    let mut pair = Pair::private_with(81, config);
    assert_eq!(pair.send(Who::Alice, "in many pieces"), otr_session::Sent::Encrypted);
    let pieces: Vec<String> = pair.bob.inbox.drain(..).collect();
    assert!(pieces.len() > 3);
    assert!(pieces.iter().all(|piece| piece.len() <= 150));

    // Another sender's pieces between ours do no harm, and make no instance.
    let before = pair.bob.snapshot();
    for (number, piece) in pieces.iter().enumerate() {
        pair.inject(Who::Bob, &format!("?OTR|0000abcd|f0000002,{},9,?OTR:AAMD,", number + 1));
        pair.inject(Who::Bob, piece);
    }
    assert_eq!(pair.bob.shown(), ["in many pieces"]);
    assert!(!before.contains("abcd"));

    // The header outside must be the one inside.
    assert_eq!(pair.send(Who::Alice, "renamed"), otr_session::Sent::Encrypted);
    let renamed: Vec<String> =
        pair.bob.inbox.drain(..).map(|piece| piece.replace("|00001001|", "|00001002|")).collect();
    for piece in &renamed {
        pair.inject(Who::Bob, piece);
    }
    assert_eq!(pair.bob.warnings(), [Warning::Malformed]);

    // A fragment in a fragment, and anything else that is no encoded message, is refused.
    for inner in ["?OTR|00001001|f0000002", "hello", "?OTRv3?"] {
        pair.inject(Who::Bob, &format!("?OTR|00001001|f0000002,1,1,{inner},"));
        assert_eq!(pair.bob.warnings(), [Warning::Malformed], "{inner}");
    }

    // An adversary's pieces at any point destroy at most the message they hit.
    for at in 0..4 {
        assert_eq!(pair.send(Who::Alice, "hit"), otr_session::Sent::Encrypted);
        let pieces: Vec<String> = pair.bob.inbox.drain(..).collect();
        for (number, piece) in pieces.iter().enumerate() {
            if number == at {
                pair.inject(Who::Bob, "?OTR|00001001|f0000002,7,9,junk,");
            }
            pair.inject(Who::Bob, piece);
        }
        pair.bob.events.clear();
        pair.alice.inbox.clear();
        pair.assert_talk_works();
    }
}

// attack: FRAG-4
#[test]
fn half_received_messages_of_many_contacts_are_bounded() {
    let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
    let mut random = rng(1);
    let piece = "x".repeat(200_000);
    let mut dropped = 0;
    for number in 0..400 {
        let body = format!("?OTR|0000abcd|00001001,1,9,{piece},");
        side.account.receive(
            &format!("peer{number}"),
            otr_session::Incoming::direct(body.as_bytes()),
            NOW,
            &mut random,
        );
        side.drain();
        dropped +=
            side.events.drain(..).filter(|event| matches!(event, Event::Warning(Warning::FragmentDropped))).count();
    }
    // 32 MiB hold 167 pieces of this size.
    assert!((230..240).contains(&dropped), "{dropped}");
    side.account.tick(NOW + otr_wire::MAX_PARTIAL_AGE);
    side.account.receive(
        "last",
        otr_session::Incoming::direct(format!("?OTR|0000abcd|00001001,1,9,{piece},").as_bytes()),
        NOW + otr_wire::MAX_PARTIAL_AGE,
        &mut random,
    );
    side.drain();
    assert!(side.events.is_empty(), "old ones have made room");
}
