//! Data messages and key rotation.

use std::time::Duration;

use otr_crypto::DhKeyPair;
use otr_session::{Config, Event, HEARTBEAT_INTERVAL, Policy, Refusal, STALE_KEYS_AFTER, Sent, SessionState, Warning};
use otr_tests::{
    hostile::{Forged, Hostile},
    pair::{Pair, Side, Who, rng, unarmour, with_byte_changed, with_data},
};
use otr_wire::{Flags, Tlv, TlvType, armour};
use rand_core::Rng;

fn victim() -> (Side, Hostile, Duration) {
    let now = Duration::from_secs(5);
    let mut side = Side::new(0, 0x1001, "mallory", Config::default(), 9);
    let hostile = Hostile::connect(&mut side, 2, 0x2002, now);
    side.events.clear();
    (side, hostile, now)
}

// attack: DATA-1
#[test]
fn a_repeated_message_is_dropped_without_an_answer() {
    let mut pair = Pair::private(10);
    let message = pair.encrypt(Who::Alice, "once");
    pair.inject(Who::Bob, &message);
    assert_eq!(pair.bob.shown(), ["once"]);
    let before = pair.bob.snapshot();
    for _ in 0..3 {
        pair.inject(Who::Bob, &message);
        assert_eq!(pair.bob.warnings(), [Warning::Replayed]);
        assert!(pair.alice.inbox.is_empty(), "a replay is not answered");
    }
    assert_eq!(pair.bob.snapshot(), before);
    pair.assert_talk_works();
}

// attack: DATA-1
#[test]
fn a_network_that_doubles_everything_shows_nothing_twice() {
    let mut pair = Pair::private(11);
    let mut random = rng(11);
    let mut expected: [Vec<String>; 2] = Default::default();
    for number in 0..200 {
        let who = if random.next_u32().is_multiple_of(2) { Who::Alice } else { Who::Bob };
        let text = format!("message {number}");
        let message = pair.encrypt(who, &text);
        pair.inject(who.other(), &message);
        pair.inject(who.other(), &message);
        expected[usize::from(who == Who::Alice)].push(text);
    }
    assert_eq!(pair.alice.shown(), expected[0]);
    assert_eq!(pair.bob.shown(), expected[1]);
}

// attack: DATA-2
#[test]
fn the_first_counter_is_one_and_counts_up_by_one() {
    let mut pair = Pair::private(12);
    for expected in 1..=5 {
        let message = pair.encrypt(Who::Alice, "x");
        assert_eq!(with_data(&message, |data| data.counter.get()), expected);
    }
    // The other direction of the same pair of keys counts for itself.
    let message = pair.encrypt(Who::Bob, "y");
    assert_eq!(with_data(&message, |data| data.counter.get()), 1);
}

// attack: DATA-3
#[test]
fn no_key_and_counter_serve_twice_in_a_random_history() {
    let mut pair = Pair::private(13);
    let mut random = rng(13);
    let mut seen = std::collections::BTreeSet::new();
    for step in 0..1500 {
        let who = if random.next_u32().is_multiple_of(2) { Who::Alice } else { Who::Bob };
        match random.next_u32() % 20 {
            0 => {
                pair.wait(Duration::from_secs(61));
                pair.start(who);
                pair.run();
            }
            // A message that is refused must not give its counter back.
            1 => assert_eq!(pair.send(who, &"x".repeat(2_000_000)), Sent::Refused(Refusal::TooLong)),
            _ => {
                let message = pair.encrypt(who, &format!("step {step}"));
                let session = pair.side(who).session_id();
                let named = with_data(&message, |d| {
                    (d.sender_keyid, d.recipient_keyid, d.counter, d.next_dh.as_bytes().to_vec())
                });
                assert!(
                    seen.insert((session, who == Who::Alice, named.0, named.1, named.2)),
                    "a counter was used twice"
                );
                if !random.next_u32().is_multiple_of(4) {
                    pair.inject(who.other(), &message);
                }
            }
        }
    }
}

// attack: DATA-5
#[test]
fn only_the_two_latest_keys_of_each_side_are_accepted() {
    for (sender, recipient, accepted) in [
        (1, 1, true),
        (2, 1, false),
        (1, 2, false),
        (1, 3, false),
        (3, 1, false),
        (u32::MAX, 1, false),
        (1, u32::MAX, false),
    ] {
        let (mut side, mut hostile, now) = victim();
        let message = hostile.data(&Forged {
            text: b"hi",
            sender_keyid: sender,
            recipient_keyid: recipient,
            ..Forged::default()
        });
        side.receive(&message, now);
        assert_eq!(side.shown().len() == 1, accepted, "sender {sender} recipient {recipient}");
    }
}

// attack: DATA-5, AKE-18
#[test]
fn the_previous_key_of_the_peer_counts_only_once_there_is_one() {
    let now = Duration::from_secs(5);
    for (sender_keyid, shown) in [(4, false), (5, true), (6, false)] {
        let mut side = Side::new(0, 0x1001, "mallory", Config::default(), 9);
        let mut hostile = Hostile::connect_with_keyid(&mut side, 5, now).expect("accepted");
        side.events.clear();
        let message = hostile.data(&Forged { text: b"hi", sender_keyid, ..Forged::default() });
        side.receive(&message, now);
        assert_eq!(side.shown().len() == 1, shown, "keyid {sender_keyid}");
    }
}

// attack: AKE-18, DATA-4
#[test]
fn serial_numbers_near_their_end_are_refused() {
    let now = Duration::from_secs(5);
    for (keyid, accepted) in [(1, true), (u32::MAX - 15, true), (u32::MAX - 14, false), (u32::MAX, false)] {
        let mut side = Side::new(0, 0x1001, "mallory", Config::default(), 9);
        let hostile = Hostile::connect_with_keyid(&mut side, keyid, now);
        assert_eq!(hostile.is_some(), accepted, "keyid {keyid}");
        assert_eq!(side.state() == SessionState::Encrypted, accepted, "keyid {keyid}");
    }
}

// attack: DATA-6, G-1
#[test]
fn a_message_with_any_covered_byte_changed_is_refused_and_changes_nothing() {
    let mut pair = Pair::private(14);
    pair.assert_talk_works();
    let message = pair.encrypt(Who::Alice, "the original");
    let length = unarmour(&message).len();
    let revealed = with_data(&message, |data| data.revealed.len());
    let before = pair.bob.snapshot();
    for at in 0..length - revealed - 4 {
        for change in [0x01, 0x80] {
            let changed = with_byte_changed(&message, at, change);
            pair.inject(Who::Bob, &changed);
            assert!(pair.bob.shown().is_empty(), "byte {at}");
            assert_eq!(pair.bob.snapshot(), before, "byte {at}");
        }
    }
    pair.alice.inbox.clear();
    pair.inject(Who::Bob, &message);
    assert_eq!(pair.bob.shown(), ["the original"]);
    pair.assert_talk_works();
}

// attack: DATA-7, REL-1
#[test]
fn a_long_talk_with_losses_reads_exactly_what_arrives() {
    for (seed, lost_in_100) in [(20, 0), (21, 20), (22, 60)] {
        let mut pair = Pair::private(seed);
        let mut random = rng(seed);
        let mut keyids = std::collections::BTreeSet::new();
        for number in 0..600 {
            let who = if random.next_u32().is_multiple_of(3) { Who::Alice } else { Who::Bob };
            let text = format!("number {number}");
            let message = pair.encrypt(who, &text);
            keyids.insert(with_data(&message, |data| data.sender_keyid));
            if random.next_u32() % 100 >= lost_in_100 {
                pair.inject(who.other(), &message);
                assert_eq!(pair.side(who.other()).shown(), [text]);
            }
        }
        assert!(keyids.len() > 10, "keys rotate");
    }
}

// attack: DATA-7
#[test]
fn crossing_messages_are_read_by_both() {
    let mut pair = Pair::private(23);
    for round in 0..50 {
        for number in 0..3 {
            assert_eq!(pair.send(Who::Alice, &format!("a {round} {number}")), Sent::Encrypted);
            assert_eq!(pair.send(Who::Bob, &format!("b {round} {number}")), Sent::Encrypted);
        }
        pair.run();
        assert_eq!(pair.bob.shown(), [0, 1, 2].map(|number| format!("a {round} {number}")));
        assert_eq!(pair.alice.shown(), [0, 1, 2].map(|number| format!("b {round} {number}")));
    }
}

// attack: DATA-8
#[test]
fn a_peer_cannot_announce_two_different_keys_under_one_number() {
    let (mut side, mut hostile, now) = victim();
    let first = hostile.say("my next key is this");
    side.receive(&first, now);
    side.events.clear();
    let before = side.snapshot();
    let other = DhKeyPair::generate(&mut rng(99)).public().as_bytes().to_vec();
    let second = hostile.data(&Forged { text: b"no, that", next_dh: Some(other), ..Forged::default() });
    side.receive(&second, now);
    assert_eq!(side.warnings(), [Warning::Unreadable]);
    assert_eq!(side.snapshot(), before);
}

// attack: DH-2, DH-3, DH-1
#[test]
fn an_illegal_next_key_is_refused_before_anything_rotates() {
    let modulus = otr_tests::modulus();
    let minus = |n: u8| {
        let mut bytes = modulus.clone();
        let last = bytes.len() - 1;
        bytes[last] -= n;
        bytes
    };
    for illegal in [vec![], vec![1], minus(2), minus(1), modulus.clone(), vec![0xff; 192]] {
        let (mut side, mut hostile, now) = victim();
        let before = side.snapshot();
        let message = hostile.data(&Forged { text: b"hi", next_dh: Some(illegal), ..Forged::default() });
        side.receive(&message, now);
        assert_eq!(side.warnings(), [Warning::Unreadable]);
        assert_eq!(side.snapshot(), before);
        // The counter of the refused message was not used up either.
        let honest = hostile.data(&Forged { text: b"honest", counter: Some(1), ..Forged::default() });
        side.receive(&honest, now);
        assert_eq!(side.shown(), ["honest"]);
    }
}

// attack: DH-4
#[test]
fn our_own_public_key_is_refused_as_theirs() {
    let (mut side, mut hostile, now) = victim();
    let before = side.snapshot();
    let ours = hostile.established().their_dh.as_bytes().to_vec();
    let message = hostile.data(&Forged { text: b"hi", next_dh: Some(ours), ..Forged::default() });
    side.receive(&message, now);
    assert_eq!(side.warnings(), [Warning::Unreadable]);
    assert_eq!(side.snapshot(), before);
}

// attack: DATA-9
#[test]
fn a_tampered_message_with_the_quiet_flag_is_counted_and_not_answered() {
    let mut pair = Pair::private(24);
    let message = pair.encrypt(Who::Alice, "x");
    let mut bytes = unarmour(&message);
    bytes[11] = Flags::IGNORE_UNREADABLE.0;
    pair.inject(Who::Bob, &armour::encode(&bytes));
    assert!(pair.bob.events.is_empty());
    assert!(pair.alice.inbox.is_empty());
    assert_eq!(pair.bob.account.status("alice").unreadable, 1);
}

// attack: DATA-10
#[test]
fn two_sides_with_broken_keys_do_not_shout_at_each_other() {
    let mut pair = Pair::private(25);
    let mut other = Pair::private(26);
    // Each side talks to somebody it has no keys with.
    let mut sent = 0;
    for minute in 0..5 {
        for _ in 0..20 {
            let to_bob = other.encrypt(Who::Alice, "a");
            let to_alice = other.encrypt(Who::Bob, "b");
            pair.inject(Who::Bob, &to_bob);
            pair.inject(Who::Alice, &to_alice);
            while pair.deliver(Who::Alice) || pair.deliver(Who::Bob) {}
        }
        sent += pair
            .alice
            .sent
            .drain(..)
            .chain(pair.bob.sent.drain(..))
            .filter(|body| body.starts_with("?OTR Error:"))
            .count();
        assert!(sent <= 2 * (minute + 1), "{sent} error messages in {} minutes", minute + 1);
        pair.wait(Duration::from_secs(60));
    }
    assert!(sent >= 2, "the other side is told");
}

// attack: DATA-11
#[test]
fn our_own_message_sent_back_is_refused_like_any_other() {
    let mut pair = Pair::private(27);
    let message = pair.encrypt(Who::Alice, "echo");
    let before = pair.alice.snapshot();
    pair.inject(Who::Alice, &message);
    assert_eq!(pair.alice.warnings(), [Warning::Reflected]);
    // Also with the tags turned round, which nothing authenticates by itself.
    let mut bytes = unarmour(&message);
    let (ours, theirs) = (bytes[3..7].to_vec(), bytes[7..11].to_vec());
    bytes[3..7].copy_from_slice(&theirs);
    bytes[7..11].copy_from_slice(&ours);
    pair.inject(Who::Alice, &armour::encode(&bytes));
    assert_eq!(pair.alice.warnings(), [Warning::Unreadable]);
    assert_eq!(pair.alice.snapshot(), before);
}

// attack: DATA-12
#[test]
fn a_text_with_a_nul_is_refused_whole() {
    let mut pair = Pair::private(28);
    let before = pair.alice.snapshot();
    assert_eq!(pair.send(Who::Alice, "bye\0\0\u{1}\0\0"), Sent::Refused(Refusal::NulInText));
    assert!(pair.bob.inbox.is_empty());
    assert_eq!(pair.alice.snapshot(), before);
    let mut clear = Pair::new(28, Config { policy: Policy::MANUAL, ..Config::default() });
    assert_eq!(clear.send(Who::Alice, "a\0b"), Sent::Refused(Refusal::NulInText));
    assert!(clear.bob.inbox.is_empty());
}

// attack: DATA-13
#[test]
fn heartbeats_are_not_shown_and_answer_shown_messages_only() {
    let mut pair = Pair::private(29);
    let now = pair.now;
    pair.alice.account.heartbeat("bob", now).expect("in private");
    pair.flush(Who::Alice);
    let heartbeat = pair.bob.inbox.back().cloned().expect("a heartbeat");
    assert!(with_data(&heartbeat, |data| data.flags.ignore_unreadable()));
    pair.wait(HEARTBEAT_INTERVAL);
    pair.run();
    assert!(pair.bob.shown().is_empty());
    assert!(pair.alice.inbox.is_empty(), "a heartbeat does not answer a heartbeat");

    // Bob has said nothing for a minute: a shown message makes him.
    let message = pair.encrypt(Who::Alice, "are you there?");
    pair.inject(Who::Bob, &message);
    assert_eq!(pair.alice.inbox.len(), 1);
    pair.run();
    assert!(pair.alice.shown().is_empty());
    // But not again at once.
    let message = pair.encrypt(Who::Alice, "hello?");
    pair.inject(Who::Bob, &message);
    assert!(pair.alice.inbox.is_empty());
}

// attack: DATA-14
#[test]
fn keys_that_never_rotate_are_reported_once_a_day() {
    let mut pair = Pair::private(30);
    pair.wait(STALE_KEYS_AFTER - Duration::from_secs(1));
    assert!(pair.alice.events.is_empty());
    pair.wait(Duration::from_secs(1));
    pair.wait(Duration::from_secs(60));
    assert_eq!(pair.alice.events.iter().filter(|event| matches!(event, Event::StaleKeys)).count(), 1);
}

// attack: DATA-15
#[test]
fn padding_hides_the_length() {
    let mut pair = Pair::private(31);
    let mut lengths = std::collections::BTreeSet::new();
    for length in 1..200 {
        let message = pair.encrypt(Who::Alice, &"x".repeat(length));
        lengths.insert(with_data(&message, |data| data.encrypted.len()));
        pair.inject(Who::Bob, &message);
        assert_eq!(pair.bob.shown(), ["x".repeat(length)]);
    }
    assert_eq!(lengths.into_iter().collect::<Vec<_>>(), [256]);
    let mut bare = Pair::private_with(31, Config { padding: 0, ..Config::default() });
    let message = bare.encrypt(Who::Alice, "four");
    assert_eq!(with_data(&message, |data| data.encrypted.len()), 5);
}

// attack: DATA-16
#[test]
fn a_message_under_the_old_session_is_unreadable_after_a_refresh() {
    let mut pair = Pair::private(32);
    let late = pair.encrypt(Who::Alice, "late");
    pair.wait(Duration::from_secs(61));
    pair.start(Who::Bob);
    pair.run();
    pair.bob.events.clear();
    pair.inject(Who::Bob, &late);
    assert_eq!(pair.bob.warnings(), [Warning::Unreadable]);
    pair.run();
    pair.assert_talk_works();
}

// attack: DATA-17
#[test]
fn an_encrypted_message_without_a_session_is_reported_and_answered_once_a_minute() {
    let mut pair = Pair::private(33);
    let mut stranger = Side::new(1, 0xf000_0002, "alice", Config::default(), 77);
    let mut answers = 0;
    for _ in 0..10 {
        let message = pair.encrypt(Who::Alice, "hello?");
        answers += stranger.receive(&message, pair.now).len();
        assert_eq!(stranger.warnings(), [Warning::NotInPrivate]);
    }
    assert_eq!(answers, 1);
    assert_eq!(stranger.state(), SessionState::Plaintext);
    let message = pair.encrypt(Who::Alice, "hello?");
    assert_eq!(stranger.receive(&message, pair.now + Duration::from_secs(60)).len(), 1);
}

// attack: XKEY-1, XKEY-2, TLV-5
#[test]
fn the_extra_key_is_the_same_at_both_ends_and_comes_with_its_message() {
    let mut pair = Pair::private(34);
    pair.assert_talk_works();
    let now = pair.now;
    let key = pair.alice.account.extra_key("bob", 0x1234, b"a file", now).expect("in private");
    pair.flush(Who::Alice);
    pair.bob.events.clear();
    pair.run();
    let [Event::ExtraKey { usage: 0x1234, data, key: theirs }] = pair.bob.events.as_slice() else {
        panic!("{:?}", pair.bob.events)
    };
    assert_eq!(data, b"a file");
    assert_eq!(theirs.as_bytes(), key.as_bytes());
    assert_ne!(key.as_bytes(), &[0; 32]);
}

#[test]
fn each_use_of_the_extra_key_in_one_message_is_told_and_short_ones_are_not() {
    let (mut side, mut hostile, now) = victim();
    let tlv = |value: &'static [u8]| Tlv::new(TlvType::EXTRA_SYMMETRIC_KEY, value).expect("short");
    let tlvs = vec![tlv(&[0, 0, 0, 1]), tlv(&[0, 0, 0]), tlv(&[0, 0, 0, 2, 9])];
    let message = hostile.data(&Forged { tlvs, ..Forged::default() });
    side.receive(&message, now);
    let uses: Vec<_> = side
        .events
        .iter()
        .map(|event| match event {
            Event::ExtraKey { usage, key, .. } => (*usage, *key.as_bytes()),
            other => panic!("{other:?}"),
        })
        .collect();
    let key = *hostile.keys().extra.as_bytes();
    assert_eq!(uses, [(1, key), (2, key)]);
}

#[test]
fn unknown_records_are_passed_over() {
    let (mut side, mut hostile, now) = victim();
    let tlvs = vec![Tlv::new(TlvType(0x0100), b"?").expect("short"), Tlv::new(TlvType(0xffff), b"").expect("short")];
    let message = hostile.data(&Forged { text: b"text", tlvs, ..Forged::default() });
    side.receive(&message, now);
    assert_eq!(side.shown(), ["text"]);
}
