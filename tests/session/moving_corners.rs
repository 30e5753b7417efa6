//! Corners of the move: what is lost, held back, changed or switched in the midst of it.
use std::time::Duration;

use otr_session::{Config, Event, Policy, Sent, SessionState, Trust};
use otr_tests::pair::{Pair, Side, Who, ed25519, unarmour};
use otr_wire::{Message, Payload, Version, Versions};

fn is_suite(text: &str) -> bool {
    text.starts_with("?OTR:")
        && Message::decode(&unarmour(text)).is_ok_and(|message| message.header.version() == Version::Curve25519)
}
fn is_data(text: &str) -> bool {
    text.starts_with("?OTR:") && Message::decode(&unarmour(text)).is_ok_and(|m| matches!(m.payload, Payload::Data(_)))
}
fn about_to_move(seed: u64) -> Pair {
    let mut pair = Pair::with_curve25519(seed, Config::default());
    pair.start(Who::Alice);
    while pair.alice.state() != SessionState::Encrypted || pair.bob.state() != SessionState::Encrypted {
        pair.deliver(Who::Bob);
        pair.deliver(Who::Alice);
    }
    pair
}
fn handed_back(side: &mut Side) -> Vec<(String, bool)> {
    side.events
        .drain(..)
        .filter_map(|event| match event {
            Event::NotDelivered { text, certain } => Some((text, certain)),
            _ => None,
        })
        .collect()
}

/// The bond is for the two ends only.
// attack: G-6, SIDE-8
#[test]
fn debug_shows_no_bond() {
    let mut pair = about_to_move(1);
    pair.run();
    let text = format!("{:?}", pair.bob.account);
    let at = text.find("bond: [");
    assert!(at.is_none(), "{}", &text[at.expect("as the test has it")..][..200]);
}

/// The first messages that name the suites are lost in both directions: the next texts name them again.
#[test]
fn suites_lost_once_is_lost_for_good() {
    let mut pair = Pair::with_curve25519(2, Config::default());
    pair.start(Who::Alice);
    let mut dropped = 0;
    for _ in 0..20 {
        for to in [Who::Bob, Who::Alice] {
            let before = pair.side(to).inbox.len();
            pair.side(to).inbox.retain(|t| !is_data(t));
            dropped += before - pair.side(to).inbox.len();
            pair.deliver(to);
        }
    }
    assert!(dropped > 0);
    let mut told = 0;
    for _ in 0..30 {
        pair.alice.events.clear();
        pair.bob.events.clear();
        assert_eq!(pair.send(Who::Alice, "a"), Sent::Encrypted);
        pair.run();
        assert_eq!(pair.send(Who::Bob, "b"), Sent::Encrypted);
        pair.run();
        pair.wait(Duration::from_secs(61));
        pair.run();
        told += pair
            .alice
            .events
            .iter()
            .chain(&pair.bob.events)
            .filter(|e| matches!(e, Event::Downgrade { .. } | Event::OlderVersion { .. } | Event::Warning(_)))
            .count();
    }
    assert!(pair.alice.version() == Some(Version::Curve25519) || told > 0, "half an hour of talk on v3, in silence");
}

/// Both have named the suite, and all of its exchange is taken off the network.
// attack: NEW-15
#[test]
fn stripping_the_exchange_of_a_first_contact_is_told() {
    let mut pair = about_to_move(3);
    let mut told = 0;
    for _ in 0..30 {
        for _ in 0..20 {
            pair.alice.inbox.retain(|t| !is_suite(t));
            pair.bob.inbox.retain(|t| !is_suite(t));
            pair.deliver(Who::Bob);
            pair.deliver(Who::Alice);
        }
        let _ = pair.send(Who::Alice, "a");
        let _ = pair.send(Who::Bob, "b");
        pair.wait(Duration::from_secs(61));
        told += pair
            .alice
            .events
            .drain(..)
            .chain(pair.bob.events.drain(..))
            .filter(|e| matches!(e, Event::Downgrade { .. } | Event::OlderVersion { .. }))
            .count();
    }
    assert_eq!(pair.alice.version(), Some(Version::Three));
    assert!(told > 0, "no event");
}

/// A text of before the move, and then many messages within the minute.
#[test]
fn a_text_before_the_move_is_not_handed_back_in_a_lively_conversation() {
    for who in [Who::Alice, Who::Bob] {
        let mut pair = about_to_move(4);
        assert_eq!(pair.send(who, "early"), Sent::Encrypted);
        pair.run();
        for number in 0..20 {
            for who in [Who::Alice, Who::Bob] {
                assert_eq!(pair.send(who, &format!("{number}")), Sent::Encrypted);
                assert_eq!(pair.send(who, &format!("{number} more")), Sent::Encrypted);
                pair.run();
            }
        }
        assert_eq!(pair.side(who.other()).shown().first().map(String::as_str), Some("early"));
        for _ in 0..4 {
            pair.wait(Duration::from_secs(31));
            pair.run();
            let _ = pair.send(who.other(), "x");
            pair.run();
        }
        assert_eq!(handed_back(pair.side(who)), [], "{who:?}");
    }
}

/// One text in version 3, read and answered; then the other side ends.
fn early_text_then_end(suite: bool, who: Who, answers: usize) -> Vec<(String, bool)> {
    let mut pair = if suite {
        about_to_move(5)
    } else {
        let mut pair = Pair::new(5, Config::default());
        pair.start(Who::Alice);
        while pair.alice.state() != SessionState::Encrypted || pair.bob.state() != SessionState::Encrypted {
            pair.deliver(Who::Bob);
            pair.deliver(Who::Alice);
        }
        pair
    };
    assert_eq!(pair.send(who, "early"), Sent::Encrypted);
    pair.run();
    for number in 0..answers {
        assert_eq!(pair.send(who.other(), &format!("answer {number}")), Sent::Encrypted);
        pair.run();
        assert_eq!(pair.send(who, &format!("text {number}")), Sent::Encrypted);
        pair.run();
    }
    assert_eq!(pair.send(who.other(), "bye"), Sent::Encrypted);
    pair.run();
    pair.end(who.other());
    pair.run();
    pair.wait(Duration::from_secs(11));
    handed_back(pair.side(who))
}
#[test]
fn an_early_text_that_was_answered_is_not_handed_back_at_the_end() {
    for who in [Who::Alice, Who::Bob] {
        assert_eq!(early_text_then_end(true, who, 3), early_text_then_end(false, who, 3), "{who:?}");
    }
}

/// What is reported as not read is not shown afterwards.
#[test]
fn what_was_reported_as_not_read_is_not_shown_later() {
    let mut pair = about_to_move(7);
    let mut held = None;
    for _ in 0..40 {
        for to in [Who::Bob, Who::Alice] {
            let Some(text) = pair.side(to).inbox.pop_front() else { continue };
            if is_suite(&text) && is_data(&text) && held.is_none() {
                // `to` is the responder. It writes one text in version 3, that the attacker keeps.
                assert_eq!(pair.side(to).version(), Some(Version::Three));
                let kept = pair.encrypt(to, "kept back");
                assert_eq!(
                    Message::decode(&unarmour(&kept)).expect("as the test has it").header.version(),
                    Version::Three
                );
                held = Some((to, kept));
            }
            pair.inject(to, &text);
        }
    }
    let (writer, kept) = held.expect("moved");
    let reader = writer.other();
    assert_eq!(pair.send(writer, "hello"), Sent::Encrypted);
    pair.run();
    assert_eq!(pair.send(reader, "hi"), Sent::Encrypted);
    pair.run();
    // The attacker drops the writer's report, and lets the reader's pass.
    let mut back = Vec::new();
    for _ in 0..5 {
        pair.wait(Duration::from_secs(20));
        pair.side(reader).inbox.clear();
        pair.run();
        back.extend(handed_back(pair.side(writer)));
    }
    pair.side(reader).events.clear();
    pair.inject(reader, &kept);
    let shown = pair.side(reader).shown();
    assert!(back.is_empty() || shown.is_empty(), "told {back:?}, then shown {shown:?}");
}

/// An identity that the user accepts only later.
#[test]
fn an_accepted_identity_moves() {
    let mut pair = Pair::with_curve25519(8, Config::default());
    let other = otr_tests::pair::identity(2).public_key().fingerprint();
    pair.alice.account.remember("bob", other, Trust::Verified).expect("as the test has it");
    pair.start(Who::Alice);
    pair.run();
    assert!(pair.alice.account.status("bob").blocked);
    let bob = pair.bob.account.fingerprint();
    let now = pair.now;
    pair.alice.account.set_trust("bob", bob, Trust::Verified, now).expect("as the test has it");
    pair.flush(Who::Alice);
    for _ in 0..10 {
        pair.assert_talk_works();
        pair.wait(Duration::from_secs(61));
        pair.run();
    }
    assert_eq!(pair.alice.version(), Some(Version::Curve25519));
}

/// A whitespace tag without versions tells nobody anything.
#[test]
fn the_suite_alone_sends_no_empty_whitespace_tag() {
    let config =
        Config { versions: Versions::only(Version::Curve25519), policy: Policy::OPPORTUNISTIC, ..Config::default() };
    let mut pair = Pair::with_curve25519(9, config);
    assert_eq!(pair.send(Who::Alice, "hi"), Sent::Plain);
    assert_eq!(pair.alice.sent, ["hi"]);
}

/// An attacker holds messages back, and drops none that matters: Signature 1 comes after exchange 2.
#[test]
fn a_signature_held_back_over_a_second_attempt() {
    let mut pair = about_to_move(10);
    let mut sig1 = None;
    let mut commit1_at = None;
    // The move's exchange: the commit passes; 5 s later the DH key; signature is kept.
    let mut number = 0;
    for _ in 0..40 {
        for to in [Who::Bob, Who::Alice] {
            let Some(text) = pair.side(to).inbox.pop_front() else { continue };
            if is_suite(&text) {
                match number {
                    0 => commit1_at = Some(pair.now),
                    1 => {
                        pair.now += Duration::from_secs(20);
                        pair.alice.account.tick(pair.now);
                        pair.bob.account.tick(pair.now);
                    }
                    3 => {
                        sig1 = Some((to, text));
                        number += 1;
                        continue;
                    }
                    _ => {}
                }
                number += 1;
            }
            pair.inject(to, &text);
        }
    }
    let (initiator, sig1) = sig1.expect("a signature");
    let responder = initiator.other();
    assert_eq!([pair.alice.version(), pair.bob.version()], [Some(Version::Three); 2]);
    // A minute after the commit the responder says something.
    let wait = commit1_at.expect("as the test has it") + Duration::from_secs(60) - pair.now;
    pair.wait(wait);
    assert_eq!(pair.send(responder, "nudge"), Sent::Encrypted);
    let mut kept_back = Vec::new();
    for _ in 0..20 {
        for to in [Who::Bob, Who::Alice] {
            let Some(text) = pair.side(to).inbox.pop_front() else { continue };
            let is_signature = is_suite(&text)
                && matches!(
                    Message::decode(&unarmour(&text)).expect("as the test has it").payload,
                    Payload::Signature(_)
                );
            if is_signature {
                kept_back.push((to, text));
                continue;
            }
            pair.inject(to, &text);
        }
    }
    assert_eq!(kept_back.len(), 1, "a second exchange");
    // Now the first signature arrives.
    pair.inject(initiator, &sig1);
    for (to, text) in kept_back {
        pair.inject(to, &text);
    }
    pair.run();
    pair.side(responder).events.clear();
    assert_eq!(pair.send(initiator, "do you read me?"), Sent::Encrypted);
    pair.run();
    let shown = pair.side(responder).shown();
    assert_eq!(shown, ["do you read me?"]);
}

/// A conversation is bound to addresses also where the suite is spoken alone.
#[test]
fn the_suite_alone_binds_addresses() {
    let config = |address: &str| Config {
        versions: Versions::only(Version::Curve25519),
        address: Some(address.into()),
        ..Config::default()
    };
    let mut pair = Pair::with_curve25519(11, Config::default());
    pair.alice = Side::new(0, 0x1001, "bob", config("alice"), 1).with_curve25519(0);
    pair.bob = Side::new(1, 0x2002, "alice", config("bob@elsewhere"), 2).with_curve25519(1);
    pair.start(Who::Alice);
    pair.run();
    assert_ne!(pair.alice.state(), SessionState::Encrypted, "Alice's bob is not bob@elsewhere");
}

/// Every timer that is due is done by one tick or two.
#[test]
fn no_timer_stays_in_the_past() {
    let mut pair = about_to_move(12);
    pair.run();
    for _ in 0..400 {
        for side in [&mut pair.alice, &mut pair.bob] {
            for round in 0.. {
                let Some(at) = side.account.next_timeout() else { break };
                if at > pair.now {
                    break;
                }
                assert!(round < 5, "busy");
                side.account.tick(pair.now);
            }
        }
        pair.flush(Who::Alice);
        pair.flush(Who::Bob);
        pair.run();
        pair.now += Duration::from_secs(7);
    }
}

/// Who sees the addresses differently tries again ever more rarely.
#[test]
fn addresses_that_differ_do_not_warn_for_ever() {
    let config = |address: &str| Config { address: Some(address.into()), ..Config::default() };
    let mut pair = Pair::with_curve25519(13, Config::default());
    pair.alice = Side::new(0, 0x1001, "bob", config("alice"), 1).with_curve25519(0);
    pair.bob = Side::new(1, 0x2002, "alice", config("bob@elsewhere"), 2).with_curve25519(1);
    pair.start(Who::Alice);
    pair.run();
    let mut warned = 0;
    for _ in 0..30 {
        let _ = pair.send(Who::Alice, "a");
        pair.run();
        let _ = pair.send(Who::Bob, "b");
        pair.run();
        warned += pair.alice.warnings().len() + pair.bob.warnings().len();
        pair.wait(Duration::from_secs(61));
        pair.run();
    }
    assert!(warned <= 6, "{warned} warnings in half an hour");
}

/// Versions changed while there is a conversation that has moved: it can be refreshed.
#[test]
fn a_moved_conversation_can_be_refreshed_after_the_versions_were_changed() {
    let mut pair = about_to_move(14);
    pair.run();
    let only = Some(Versions::only(Version::Curve25519));
    pair.alice.account.set_versions("bob", only).expect("as the test has it");
    pair.bob.account.set_versions("alice", only).expect("as the test has it");
    let before = pair.alice.session_id();
    pair.start(Who::Alice);
    pair.run();
    assert_ne!(pair.alice.session_id(), before, "a refresh that both users allow");
}

#[test]
fn a_conversation_begun_in_the_suite_can_be_replaced_after_the_versions_were_changed() {
    let config = Config { versions: Versions::only(Version::Curve25519), ..Config::default() };
    let mut pair = Pair::with_curve25519(15, config);
    pair.start(Who::Alice);
    pair.run();
    pair.alice.account.set_versions("bob", Some(Versions::ALL)).expect("as the test has it");
    pair.bob.account.set_versions("alice", Some(Versions::ALL)).expect("as the test has it");
    pair.bob.account.set_allow_downgrade("alice", true).expect("as the test has it");
    pair.alice.account.set_allow_downgrade("bob", true).expect("as the test has it");
    let before = pair.alice.session_id();
    pair.start(Who::Alice);
    pair.run();
    assert_ne!(pair.alice.session_id(), before);
}

/// attack rule G-7: to whom nothing may be sent by itself, nothing is.
#[test]
fn a_silent_contact_gets_no_report() {
    let mut pair = about_to_move(16);
    pair.run();
    pair.assert_talk_works();
    pair.alice.account.set_may_reply("bob", false).expect("as the test has it");
    let now = pair.now + Duration::from_secs(61);
    pair.alice.account.tick(now);
    assert_eq!(pair.alice.drain().len(), 0, "sent by a timer");
}

/// Where the suite is spoken alone, version 3 is not spoken.
#[test]
fn the_suite_alone_does_not_answer_version_3() {
    let mut other = Pair::private(17);
    let text = other.encrypt(Who::Bob, "version 3");
    let config = Config { versions: Versions::only(Version::Curve25519), ..Config::default() };
    let mut side = Side::new(0, 0x1001, "bob", config, 1).with_curve25519(0);
    let replies = side.receive(&text, Duration::from_secs(5));
    let events: Vec<_> = side.events.iter().map(|event| format!("{event:?}")).collect();
    assert!(replies.is_empty(), "{replies:?} {events:?}");
}

/// The versions are changed while the move is under way: its key is checked against the one that was named all the same.
#[test]
fn versions_changed_in_the_midst_of_the_move() {
    let mut pair = about_to_move(18);
    let only = Some(Versions::only(Version::Curve25519));
    pair.alice.account.set_versions("bob", only).expect("as the test has it");
    pair.bob.account.set_versions("alice", only).expect("as the test has it");
    pair.run();
    for (who, number) in [(Who::Alice, 1), (Who::Bob, 0)] {
        let side = pair.side(who);
        let conversation = side.account.status(side.peer).conversation.expect("as the test has it");
        let vouched = ed25519(number).public_key().fingerprint();
        assert!(conversation.version == Version::Three || conversation.suite_fingerprint == Some(vouched));
    }
}
