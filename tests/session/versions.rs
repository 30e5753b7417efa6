//! Versions 2 and 3 beside each other: what is offered, what is chosen, and no quiet step back.

use core::time::Duration;

use otr_session::{Config, Event, Policy, Sent, SessionState, Warning};
use otr_tests::pair::{Pair, Side, Who, unarmour, with_data};
use otr_wire::{Query, Version, Versions};

const TWO: Versions = Versions::only(Version::Two);
const THREE: Versions = Versions::only(Version::Three);

fn speaking(versions: Versions) -> Config {
    Config { versions, ..Config::default() }
}

/// The version of the conversation that Alice is in.
fn version(pair: &Pair) -> Option<Version> {
    pair.alice.account.status("bob").conversation.map(|conversation| conversation.version)
}

#[test]
fn a_conversation_in_version_2_is_whole() {
    let mut pair = Pair::private_with(500, speaking(TWO));
    pair.assert_talk_works();
    let message = pair.encrypt(Who::Alice, "no tags in here");
    assert_eq!(unarmour(&message)[..3], [0, 2, 3]);
    with_data(&message, |data| assert_eq!(data.counter.get(), 1));
    pair.inject(Who::Bob, &message);
    assert_eq!(pair.bob.shown(), ["no tags in here"]);
    pair.end(Who::Alice);
    pair.run();
    assert_eq!((pair.alice.state(), pair.bob.state()), (SessionState::Plaintext, SessionState::Finished));
}

#[test]
fn fragments_of_version_2_carry_no_tags() {
    let config = Config { max_message_size: Some(150), ..speaking(TWO) };
    let mut pair = Pair::private_with(501, config);
    assert_eq!(pair.send(Who::Alice, &"long ".repeat(100)), Sent::Encrypted);
    assert!(pair.bob.inbox.len() > 3);
    for piece in &pair.bob.inbox {
        assert!(piece.starts_with("?OTR,") && piece.len() <= 150, "{piece}");
    }
    pair.run();
    assert_eq!(pair.bob.shown(), ["long ".repeat(100)]);
}

#[test]
fn crossing_starts_complete_in_version_2() {
    for order in 0..16_u32 {
        let mut pair = Pair::new(510 + u64::from(order), speaking(TWO));
        pair.start(Who::Alice);
        pair.start(Who::Bob);
        for step in 0..12 {
            let first = if order >> (step % 4) & 1 == 0 { Who::Alice } else { Who::Bob };
            let _ = pair.deliver(first);
        }
        pair.run();
        assert_eq!(version(&pair), Some(Version::Two));
        assert_eq!(pair.alice.session_id(), pair.bob.session_id(), "order {order:b}");
        pair.assert_talk_works();
    }
}

// attack: VER-3
#[test]
fn the_highest_version_that_both_allow_is_chosen() {
    for (alice, bob, expected) in [
        (Versions::ALL, Versions::ALL, Some(Version::Three)),
        (Versions::ALL, TWO, Some(Version::Two)),
        (TWO, Versions::ALL, Some(Version::Two)),
        (THREE, Versions::ALL, Some(Version::Three)),
        (Versions::ALL, THREE, Some(Version::Three)),
        (TWO, THREE, None),
        (THREE, TWO, None),
    ] {
        let mut pair = Pair::new(520, speaking(alice));
        pair.bob.account.set_versions("alice", Some(bob)).expect("a name");
        pair.start(Who::Alice);
        pair.run();
        assert_eq!(version(&pair), expected, "{alice:?} {bob:?}");
        let older = |side: &Side| {
            side.events.iter().any(|event| matches!(event, Event::OlderVersion { version: Version::Two }))
        };
        let told = (older(&pair.alice), older(&pair.bob));
        let two = expected == Some(Version::Two);
        assert_eq!(told, (two && alice == Versions::ALL, two && bob == Versions::ALL), "{alice:?} {bob:?}");
    }
}

// attack: VER-1
#[test]
fn an_edited_offer_does_not_bring_a_contact_back_to_an_older_version() {
    let mut pair = Pair::private(530);
    pair.wait(Duration::from_secs(120));
    // The adversary edits Bob's offer: Alice's side knows better.
    pair.inject(Who::Alice, &Query { offered: TWO }.encode());
    let refused = Warning::DowngradeRefused { from: Version::Three, to: Version::Two };
    assert_eq!(pair.alice.warnings(), std::slice::from_ref(&refused));
    assert!(pair.bob.inbox.is_empty());
    // The same with a commit of version 2, made by a side that was told that Alice speaks nothing else.
    let mut fooled = Side::new(1, 0xf000_0002, "alice", speaking(TWO), 5);
    let commit = fooled.receive(&Query { offered: TWO }.encode(), pair.now).remove(0);
    let before = pair.alice.snapshot();
    pair.inject(Who::Alice, &commit);
    assert_eq!(pair.alice.snapshot(), before);
    assert_eq!(pair.alice.warnings(), [refused]);
    assert!(pair.bob.inbox.is_empty());
    // Neither do we offer it any more.
    pair.start(Who::Alice);
    assert!(pair.bob.inbox.back().expect("a query").starts_with("?OTRv3? "));
    pair.run();
    assert_eq!(version(&pair), Some(Version::Three));
}

// attack: VER-1
#[test]
fn a_step_back_that_the_user_allows_is_told() {
    for by_flag in [true, false] {
        let mut pair = Pair::private(531);
        pair.end(Who::Alice);
        pair.run();
        pair.end(Who::Bob);
        for side in [&mut pair.alice, &mut pair.bob] {
            if by_flag {
                side.account.set_allow_downgrade(side.peer, true).expect("a name");
            } else {
                side.account.set_versions(side.peer, Some(TWO)).expect("a name");
            }
        }
        pair.bob.account.set_versions("alice", Some(TWO)).expect("a name");
        pair.start(Who::Alice);
        pair.run();
        assert_eq!(version(&pair), Some(Version::Two));
        let step = |event: &Event| matches!(event, Event::Downgrade { from: Version::Three, to: Version::Two });
        assert!(pair.alice.events.iter().any(step) && pair.bob.events.iter().any(step));
        pair.assert_talk_works();
    }
}

#[test]
fn a_running_conversation_in_version_2_goes_on_beside_a_newer_one() {
    // The contact uses two programs at once; the older one is not cut off by the newer.
    let mut pair = Pair::private_with(532, speaking(TWO));
    pair.alice.account.set_versions("bob", Some(Versions::ALL)).expect("a name");
    let mut newer = Side::new(1, 0xf000_0003, "alice", speaking(THREE), 9);
    newer.account.start("alice", pair.now).expect("allowed");
    let mut to_alice = newer.drain();
    while let Some(body) = to_alice.pop() {
        for reply in pair.alice.receive(&body, pair.now) {
            to_alice.extend(newer.receive(&reply, pair.now));
        }
    }
    assert_eq!(newer.state(), SessionState::Encrypted);
    let message = pair.encrypt(Who::Bob, "from the older program");
    pair.alice.events.clear();
    pair.inject(Who::Alice, &message);
    assert_eq!(pair.alice.shown(), ["from the older program"]);
}

// attack: DATA-17
#[test]
fn in_version_2_an_unreadable_message_is_not_answered_because_another_client_may_read_it() {
    let mut pair = Pair::private_with(533, speaking(TWO));
    let message = pair.encrypt(Who::Alice, "for some client of Bob's");
    let mut stranger = Side::new(1, 0xf000_0002, "alice", speaking(TWO), 77);
    assert!(stranger.receive(&message, pair.now).is_empty());
    assert_eq!(stranger.warnings(), [Warning::NotInPrivate]);
    let alice = pair.alice.account.fingerprint();
    stranger.account.remember("alice", alice, otr_session::Trust::Unverified).expect("a name");
    assert!(stranger.receive(&message, pair.now).is_empty());
}

#[test]
fn each_flag_of_a_policy_does_its_own_part() {
    let error = "?OTR Error: something";
    for (policy, tags, waits, on_tag, on_error) in [
        (Policy::MANUAL, false, false, false, false),
        (Policy::ALLOW.with(Policy::SEND_WHITESPACE_TAG), true, false, false, false),
        (Policy::ALLOW.with(Policy::REQUIRE_ENCRYPTION), false, true, false, false),
        (Policy::ALLOW.with(Policy::WHITESPACE_START_AKE), false, false, true, false),
        (Policy::ALLOW.with(Policy::ERROR_START_AKE), false, false, false, true),
        (Policy::OPPORTUNISTIC, true, false, true, false),
        (Policy::ALWAYS, false, true, true, false),
        // Without permission the others mean nothing.
        (Policy::ALWAYS.with(Policy::OPPORTUNISTIC).without(Policy::ALLOW), false, false, false, false),
    ] {
        let config = Config { policy, ..Config::default() };
        let mut side = Side::new(0, 0x1001, "bob", config.clone(), 1);
        let sent = side.account.send("bob", "hi", Duration::ZERO);
        assert_eq!(sent, if waits { Sent::Queued } else { Sent::Plain }, "{policy:?}");
        assert_eq!(side.drain()[0].contains(" \t  \t\t\t\t"), tags, "{policy:?}");
        let exchange = |messages: Vec<String>| messages.iter().any(|message| message.starts_with("?OTR:AAMC"));
        let tagged = String::from_utf8(otr_wire::Tagged::append(b"hello", THREE)).expect("text");
        let mut side = Side::new(0, 0x1001, "bob", config.clone(), 2);
        assert_eq!(exchange(side.receive(&tagged, Duration::ZERO)), on_tag, "{policy:?}");
        let mut side = Side::new(0, 0x1001, "bob", config, 3);
        assert_eq!(exchange(side.receive(error, Duration::ZERO)), on_error, "{policy:?}");
    }
}
