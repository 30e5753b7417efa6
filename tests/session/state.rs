//! The message state, and that nothing leaves in clear that should not.

use std::time::Duration;

use otr_session::{Config, Event, Incoming, Origin, Policy, Protection, Refusal, Sent, SessionState, Trust, Warning};
use otr_tests::{
    hostile::{Forged, Hostile},
    pair::{Pair, Side, Who, unarmour, unencrypted, with_data},
};
use otr_wire::{Tlv, TlvType, armour};

const SECRET: &str = "the secret that must not leave in clear";

fn never_in_clear(pair: &Pair) {
    for body in pair.alice.sent.iter().chain(&pair.bob.sent) {
        assert!(!body.contains(SECRET), "{body}");
    }
}

// attack: STATE-1
#[test]
fn a_finished_conversation_sends_nothing_until_the_user_acts() {
    let mut pair = Pair::private(50);
    pair.end(Who::Bob);
    pair.run();
    assert_eq!(pair.alice.state(), SessionState::Finished);
    for policy in [Policy::MANUAL, Policy::OPPORTUNISTIC, Policy::ALWAYS] {
        pair.alice.account.set_policy("bob", Some(policy)).expect("a name");
        assert_eq!(pair.send(Who::Alice, SECRET), Sent::Refused(Refusal::Finished));
    }
    never_in_clear(&pair);
    pair.alice.account.set_policy("bob", Some(Policy::MANUAL)).expect("a name");
    pair.end(Who::Alice);
    assert_eq!(pair.alice.state(), SessionState::Plaintext);
    assert_eq!(pair.send(Who::Alice, "now in clear"), Sent::Plain);
}

// attack: STATE-1, STATE-12
#[test]
fn the_ending_that_arrives_between_typing_and_sending_wins() {
    let mut pair = Pair::private(51);
    pair.end(Who::Bob);
    assert_eq!(pair.alice.state(), SessionState::Encrypted);
    pair.deliver(Who::Alice);
    assert_eq!(pair.send(Who::Alice, SECRET), Sent::Refused(Refusal::Finished));
    never_in_clear(&pair);
}

// attack: STATE-2, AKE-3
#[test]
fn a_forged_dh_key_during_a_refresh_does_not_open_the_door() {
    for value in ["honest looking", "one"] {
        let mut pair = Pair::private(52);
        let session = pair.alice.session_id();
        pair.wait(Duration::from_secs(61));
        // The attacker prompts Alice, and answers her commit with Bob's tag.
        pair.inject(Who::Alice, "?OTRv3?");
        let commit = pair.bob.inbox.pop_back().expect("her commit");
        let mut header = unarmour(&commit)[..11].to_vec();
        header[2] = 0x0a;
        header[3..7].copy_from_slice(&0xf000_0002_u32.to_be_bytes());
        header[7..11].copy_from_slice(&0x1001_u32.to_be_bytes());
        let gy: Vec<u8> = if value == "one" { vec![1] } else { vec![4] };
        let forged = [&header[..], &u32::try_from(gy.len()).expect("short").to_be_bytes(), &gy].concat();
        pair.inject(Who::Alice, &armour::encode(&forged));
        assert_eq!(pair.alice.state(), SessionState::Encrypted);
        assert_eq!(pair.alice.session_id(), session);
        assert_eq!(pair.send(Who::Alice, SECRET), Sent::Encrypted);
        never_in_clear(&pair);
        pair.bob.inbox.retain(|body| body.starts_with("?OTR:AAMD"));
        pair.run();
        assert_eq!(pair.bob.shown(), [SECRET]);
    }
}

// attack: STATE-3, AKE-19
#[test]
fn messages_of_another_version_leave_a_session_alone() {
    let mut pair = Pair::private(53);
    let before = pair.alice.snapshot();
    for body in ["?OTRv2?", "?OTRv4?", "?OTR?", "?OTR?v2?", "?OTR:AAICAAAAxA==.", "?OTR:AAQCAAAAxA==."] {
        pair.inject(Who::Alice, body);
        assert_eq!(pair.alice.snapshot(), before, "{body}");
        assert!(pair.bob.inbox.is_empty(), "{body}");
    }
    pair.assert_talk_works();
}

// attack: STATE-4, G-2
#[test]
fn whatever_fails_while_encrypting_text_is_refused_not_sent_in_clear() {
    // Too long for our own limit, and too long for the network.
    let mut pair = Pair::private(54);
    let long = SECRET.repeat(40_000);
    assert_eq!(pair.send(Who::Alice, &long), Sent::Refused(Refusal::TooLong));
    let mut tiny = Pair::private_with(54, Config { max_message_size: Some(37), ..Config::default() });
    assert_eq!(tiny.send(Who::Alice, &SECRET.repeat(1300)), Sent::Refused(Refusal::TooSmall));
    for limit in [1, 30, 36] {
        let mut pair = Pair::private(54);
        pair.alice = {
            let mut side =
                Side::new(0, 0x1001, "mallory", Config { max_message_size: Some(limit), ..Config::default() }, 1);
            let sent = side.account.send("mallory", "before", pair.now);
            assert_eq!(sent, Sent::Plain);
            side
        };
        assert!(pair.alice.drain().len() == 1);
    }
    never_in_clear(&pair);
    never_in_clear(&tiny);
    pair.assert_talk_works();
    tiny.assert_talk_works();
}

// attack: STATE-5
#[test]
fn a_new_instance_never_inherits_privacy() {
    let mut pair = Pair::private(55);
    // A commit from an unknown instance opens an exchange, not a session.
    let mut other = Side::new(2, 0x7777, "alice", Config::default(), 3);
    let query = "?OTRv3?".to_owned();
    let commit = other.receive(&query, pair.now).remove(0);
    pair.inject(Who::Alice, &commit);
    let status = pair.alice.account.status("bob");
    assert_eq!(status.their_instance.map(otr_wire::InstanceTag::get), Some(0xf000_0002));
    assert_eq!(pair.send(Who::Alice, SECRET), Sent::Encrypted);
    let message = pair.bob.inbox.iter().rev().find(|body| body.starts_with("?OTR:AAMD")).expect("a data message");
    assert_eq!(unarmour(message)[7..11], 0xf000_0002_u32.to_be_bytes());
    assert!(other.receive(&message.clone(), pair.now).is_empty());
    assert!(other.shown().is_empty());
}

// attack: STATE-6, REL-2
#[test]
fn after_a_restart_nothing_goes_out_in_clear_where_encryption_is_required() {
    let mut pair = Pair::private_with(56, Config { policy: Policy::ALWAYS, ..Config::default() });
    pair.alice = Side::new(0, 0x1001, "bob", Config { policy: Policy::ALWAYS, ..Config::default() }, 1234);
    assert_eq!(pair.send(Who::Alice, SECRET), Sent::Queued);
    pair.run();
    assert_eq!(pair.alice.state(), SessionState::Encrypted);
    assert_eq!(pair.bob.shown(), [SECRET]);
    never_in_clear(&pair);
}

// attack: STATE-8
#[test]
fn clear_text_in_a_private_conversation_is_never_shown_as_private() {
    let mut pair = Pair::private(57);
    for body in ["hello", "a\u{20}\u{9}\u{20}\u{20}\u{9}\u{9}\u{9}\u{9}\u{20}\u{9}\u{20}\u{9}\u{20}\u{9}\u{20}\u{20}b"]
    {
        pair.inject(Who::Alice, body);
        let warnings = pair.alice.warnings();
        let [warning] = warnings.as_slice() else { panic!("{warnings:?}") };
        assert!(unencrypted(warning).is_some());
        assert_eq!(pair.alice.state(), SessionState::Encrypted);
    }
    pair.end(Who::Bob);
    pair.run();
    pair.alice.events.clear();
    pair.inject(Who::Alice, "in clear after the end");
    assert!(unencrypted(&pair.alice.warnings()[0]).is_some());
}

// attack: STATE-9, VER-5
#[test]
fn nothing_goes_out_in_clear_to_a_verified_contact() {
    let mut pair = Pair::new(58, Config { policy: Policy::OPPORTUNISTIC, ..Config::default() });
    let bob = pair.bob.account.fingerprint();
    pair.alice.account.remember("bob", bob, Trust::Verified).expect("a name");
    // An attacker who strips every tag and query achieves silence, not clear text.
    assert_eq!(pair.send(Who::Alice, SECRET), Sent::Queued);
    pair.bob.inbox.clear();
    assert_eq!(pair.send(Who::Alice, SECRET), Sent::Queued);
    never_in_clear(&pair);
    // A change of policy for this contact is the user's to make. What waited under the old one is given back.
    pair.alice.account.set_policy("bob", Some(Policy::MANUAL)).expect("a name");
    pair.flush(Who::Alice);
    let given_back = pair.alice.events.iter().filter(|event| matches!(event, Event::NotDelivered { .. })).count();
    assert_eq!(given_back, 2);
    assert_eq!(pair.send(Who::Alice, "as you wish"), Sent::Plain);
    pair.alice.account.set_policy("bob", None).expect("a name");
    assert_eq!(pair.send(Who::Alice, SECRET), Sent::Queued);
    pair.start(Who::Alice);
    assert_eq!(pair.send(Who::Alice, SECRET), Sent::Queued);
    pair.run();
    assert_eq!(pair.bob.shown().iter().filter(|text| *text == SECRET).count(), 2);
    never_in_clear(&pair);
}

// attack: STATE-10, TAG-9
#[test]
fn waiting_text_is_not_handed_to_another_identity() {
    let mut pair = Pair::new(59, Config::default());
    let bob = pair.bob.account.fingerprint();
    pair.alice.account.remember("bob", bob, Trust::Verified).expect("a name");
    assert_eq!(pair.send(Who::Alice, SECRET), Sent::Queued);
    pair.bob.inbox.clear();
    // Mallory completes an exchange in Bob's name.
    let mut mallory = Hostile::connect(&mut pair.alice, 2, 0x6666, pair.now);
    assert!(pair.alice.events.iter().any(|event| matches!(event, Event::IdentityChanged { blocked: true, .. })));
    let data = pair.alice.sent.iter().filter(|body| body.starts_with("?OTR:AAMD")).count();
    assert_eq!(data, 0, "nothing was encrypted to Mallory");
    assert_eq!(pair.send(Who::Alice, SECRET), Sent::Refused(Refusal::IdentityChanged));
    let _ = mallory.say("send it again please");
    // Bob comes, and gets what was written for him.
    pair.start(Who::Bob);
    pair.run();
    assert_eq!(pair.bob.shown(), [SECRET]);
    never_in_clear(&pair);
}

// attack: STATE-11
#[test]
fn a_disconnect_beside_other_records_is_the_last_thing_done() {
    let now = Duration::from_secs(5);
    let mut side = Side::new(0, 0x1001, "mallory", Config::default(), 9);
    let mut hostile = Hostile::connect(&mut side, 2, 0x2002, now);
    side.events.clear();
    let tlv = |kind, value: &'static [u8]| Tlv::new(kind, value).expect("short");
    let tlvs = vec![
        tlv(TlvType::DISCONNECTED, b""),
        tlv(TlvType::EXTRA_SYMMETRIC_KEY, &[0, 0, 0, 1]),
        tlv(TlvType::SMP_ABORT, b""),
        tlv(TlvType::DISCONNECTED, b""),
    ];
    let message = hostile.data(&Forged { text: b"goodbye", tlvs, ..Forged::default() });
    assert!(side.receive(&message, now).is_empty());
    assert!(matches!(
        side.events.as_slice(),
        [Event::Message(_), Event::ExtraKey { .. }, Event::Session(change)] if change.state == SessionState::Finished
    ));
    assert_eq!(side.state(), SessionState::Finished);
    // After it there is nothing left to talk to.
    side.events.clear();
    let late = hostile.say("late");
    side.receive(&late, now);
    assert_eq!(side.warnings(), [Warning::NotInPrivate]);
}

// attack: STATE-12
#[test]
fn only_an_authentic_fresh_disconnect_ends_a_conversation() {
    let mut pair = Pair::private(60);
    let mut other = Pair::private(61);
    other.end(Who::Bob);
    let foreign = other.alice.inbox.pop_back().expect("a disconnect");
    pair.inject(Who::Alice, &foreign);
    assert_eq!(pair.alice.state(), SessionState::Encrypted);

    pair.end(Who::Bob);
    let disconnect = pair.alice.inbox.pop_back().expect("a disconnect");
    pair.inject(Who::Alice, &disconnect);
    assert_eq!(pair.alice.state(), SessionState::Finished);
    pair.start(Who::Alice);
    pair.run();
    assert_eq!(pair.alice.state(), SessionState::Encrypted);
    pair.inject(Who::Alice, &disconnect);
    assert_eq!(pair.alice.state(), SessionState::Encrypted, "a replayed disconnect does nothing");
    pair.bob.inbox.clear();
    pair.assert_talk_works();
}

// attack: STATE-13
#[test]
fn both_ending_at_once_is_quiet() {
    let mut pair = Pair::private(62);
    pair.end(Who::Alice);
    pair.end(Who::Bob);
    assert_eq!(pair.alice.inbox.len(), 1);
    pair.alice.events.clear();
    pair.bob.events.clear();
    pair.run();
    assert!(pair.alice.events.is_empty());
    assert!(pair.bob.events.is_empty());
    assert_eq!(pair.alice.state(), SessionState::Plaintext);
    assert_eq!(pair.bob.state(), SessionState::Plaintext);
}

// attack: STATE-13
#[test]
fn the_disconnect_is_one_quiet_message_and_the_keys_are_gone_with_it() {
    let mut pair = Pair::private(63);
    pair.end(Who::Alice);
    let disconnect = pair.bob.inbox.back().cloned().expect("a disconnect");
    assert!(with_data(&disconnect, |data| data.flags.ignore_unreadable()));
    assert!(!pair.alice.snapshot().contains("KeyRing"));
}

// attack: STATE-14, SIDE-8
#[test]
fn no_text_shows_in_any_debug_output() {
    let mut pair = Pair::private_with(64, Config { policy: Policy::ALWAYS, ..Config::default() });
    let mut seen = String::new();
    let message = pair.encrypt(Who::Alice, SECRET);
    pair.inject(Who::Bob, &message);
    seen += &format!("{:?}{:?}", pair.bob.events, pair.alice.account);
    pair.bob.receive(SECRET, pair.now);
    seen += &format!("{:?}", pair.bob.events);
    pair.bob = Side::new(1, 0xf000_0002, "alice", Config { policy: Policy::ALWAYS, ..Config::default() }, 5);
    let _ = pair.bob.account.send("alice", SECRET, pair.now);
    seen += &format!("{:?}", pair.bob.account);
    assert!(!seen.contains("secret that"));
    let as_numbers: Vec<String> = SECRET.bytes().take(8).map(|byte| byte.to_string()).collect();
    assert!(!seen.contains(&as_numbers.join(", ")));
}

// attack: STATE-15, ID-7
#[test]
fn the_status_says_encrypted_exactly_when_the_next_text_is() {
    let mut pair = Pair::new(65, Config::default());
    let check = |pair: &mut Pair| {
        for who in [Who::Alice, Who::Bob] {
            let side = pair.side(who);
            let status = side.account.status(side.peer);
            let now = pair.now;
            let side = pair.side(who);
            let sent = side.account.send(side.peer, "probe", now);
            side.drain();
            let encrypted = status.state == SessionState::Encrypted && !status.blocked;
            assert_eq!(encrypted, sent == Sent::Encrypted, "{status:?} {sent:?}");
            assert_eq!(status.conversation.is_some(), status.state == SessionState::Encrypted);
        }
    };
    check(&mut pair);
    pair.start(Who::Alice);
    check(&mut pair);
    while pair.deliver(Who::Bob) || pair.deliver(Who::Alice) {
        check(&mut pair);
    }
    let conversation = pair.alice.account.status("bob").conversation.expect("in private");
    assert_eq!(conversation.trust, Trust::Unverified);
    let bob = pair.bob.account.fingerprint();
    pair.alice.account.set_trust("bob", bob, Trust::Verified, pair.now).expect("known");
    let conversation = pair.alice.account.status("bob").conversation.expect("in private");
    assert_eq!(conversation.trust, Trust::Verified);
    check(&mut pair);
    pair.end(Who::Bob);
    check(&mut pair);
    pair.run();
    check(&mut pair);
}

// attack: STATE-7
#[test]
fn there_is_one_door_for_text_and_it_encrypts() {
    // Whatever kind of text a host sends - actions, notices, commands - it has one way out.
    let mut pair = Pair::private(66);
    for text in ["/me waves", "\u{1}ACTION waves\u{1}", "?OTRv3?", "?OTR Error: no", "?OTR:AAMD.", "\u{feff}", " "] {
        let message = pair.encrypt(Who::Alice, text);
        assert!(message.starts_with("?OTR:AAMD"));
        pair.inject(Who::Bob, &message);
        assert_eq!(pair.bob.shown(), [text]);
        assert!(pair.alice.inbox.is_empty(), "what was encrypted is never read as a message of the protocol");
    }
}

#[test]
fn the_policy_never_passes_everything_as_it_is() {
    let mut pair = Pair::new(67, Config { policy: Policy::NEVER, ..Config::default() });
    assert_eq!(pair.send(Who::Alice, "?OTRv3? is a marker"), Sent::Plain);
    pair.run();
    assert_eq!(pair.bob.shown(), ["?OTRv3? is a marker"]);
    assert!(pair.alice.inbox.is_empty());
    assert!(pair.alice.account.start("bob", pair.now).is_err());
}

#[test]
fn text_typed_after_asking_waits_and_is_given_back_when_nobody_answers() {
    let mut pair = Pair::new(68, Config { policy: Policy::MANUAL, ..Config::default() });
    pair.start(Who::Alice);
    assert_eq!(pair.send(Who::Alice, SECRET), Sent::Queued);
    pair.bob.inbox.clear();
    pair.wait(otr_session::START_PATIENCE);
    let given_back: Vec<_> = pair
        .alice
        .events
        .iter()
        .filter_map(|event| match event {
            Event::NotDelivered { text, .. } => Some(text.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(given_back, [SECRET]);
    never_in_clear(&pair);

    pair.start(Who::Alice);
    assert_eq!(pair.send(Who::Alice, SECRET), Sent::Queued);
    pair.run();
    assert_eq!(pair.bob.shown(), [SECRET]);
    never_in_clear(&pair);
    let bob = pair.bob.account.fingerprint();
    let sent = |event: &&Event| matches!(event, Event::QueuedSent { text, to } if text == SECRET && *to == bob);
    assert_eq!(pair.alice.events.iter().filter(sent).count(), 1, "it is said when it goes out, and to whom");
}

#[test]
fn the_size_of_messages_follows_the_network() {
    let mut pair = Pair::private(70);
    // A padded text makes 686 bytes; a version 3 fragment has 36 of its own.
    for (limit, pieces) in [(Some(200), 5), (None, 1), (Some(120), 9)] {
        pair.alice.account.set_max_message_size(limit);
        let before = pair.alice.sent.len();
        assert_eq!(pair.send(Who::Alice, "x"), Sent::Encrypted);
        let sent = &pair.alice.sent[before..];
        assert!(sent.iter().all(|body| limit.is_none_or(|limit| body.len() <= limit)));
        assert_eq!(sent.len(), pieces);
        pair.run();
        assert_eq!(pair.bob.shown(), ["x"]);
    }
}

// attack: RESEND-2
#[test]
fn the_queue_is_bounded_and_says_so() {
    let mut pair = Pair::new(69, Config { policy: Policy::ALWAYS, ..Config::default() });
    for _ in 0..otr_session::MAX_QUEUED_TEXTS {
        assert_eq!(pair.send(Who::Alice, "x"), Sent::Queued);
    }
    assert_eq!(pair.send(Who::Alice, "x"), Sent::Refused(Refusal::QueueFull));
    let mut pair = Pair::new(69, Config { policy: Policy::ALWAYS, ..Config::default() });
    let big = "x".repeat(otr_session::MAX_QUEUED_BYTES / 2);
    assert_eq!(pair.send(Who::Alice, &big), Sent::Queued);
    assert_eq!(pair.send(Who::Alice, &big), Sent::Queued);
    assert_eq!(pair.send(Who::Alice, "x"), Sent::Refused(Refusal::QueueFull));
    pair.wait(Duration::from_secs(3600));
    pair.bob.inbox.clear();
    pair.now += Duration::from_secs(60);
    assert_eq!(pair.send(Who::Alice, ""), Sent::Queued, "waiting text outlives the hour");
    pair.run();
    assert_eq!(pair.bob.shown(), [big.as_str(), big.as_str()]);
}

#[test]
fn plain_text_is_shown_as_plain() {
    let mut side = Side::new(0, 0x1001, "bob", Config { policy: Policy::MANUAL, ..Config::default() }, 1);
    side.receive_incoming(Incoming { body: b"caf\xe9", origin: Origin::Delayed }, Duration::ZERO);
    let [Event::Message(message)] = side.events.as_slice() else { panic!("{:?}", side.events) };
    assert_eq!(message.protection, Protection::Plain);
    assert!(!message.text.is_clean());
    assert_eq!(message.text.as_bytes(), b"caf\xe9");
}
