//! The rules that hold for everything.

use std::time::Duration;

use otr_session::{Config, Event, Policy, Sent, SessionState, Trust, Warning};
use otr_tests::{
    hostile::{Exchange, Forged, Hostile},
    pair::{Pair, Side, Who, pick, rng, unarmour},
};
use otr_wire::armour;
use rand_core::Rng;

const NOW: Duration = Duration::from_secs(5);

// attack: G-1
#[test]
fn a_refused_message_of_the_exchange_changes_nothing() {
    // Each message of an exchange, at the point where it would be accepted, with one byte changed.
    for step in 0..4 {
        let (mut pair, to, message) = before_step(step);
        let now = pair.now;
        let bytes = unarmour(&message);
        let before = pair.side(to).snapshot();
        let mut refused = 0;
        for at in (0..bytes.len()).step_by(5) {
            let mut changed = bytes.clone();
            changed[at] ^= 0x10;
            let replies = pair.side(to).receive(&armour::encode(&changed), now);
            if replies.is_empty() && pair.side(to).state() == SessionState::Plaintext {
                refused += 1;
                assert_eq!(pair.side(to).snapshot(), before, "step {step} byte {at}");
            } else {
                // Some changes make another valid message: a commitment is only checked when it is opened.
                pair = before_step(step).0;
            }
            if refused % 6 == 5 {
                // An attempt is given up after eight failures, so it gets a fresh start before.
                pair = before_step(step).0;
            }
        }
        assert!(refused > if step == 0 { 1 } else { 10 }, "step {step}: {refused} refused");
        let (mut pair, to, message) = before_step(step);
        pair.inject(to, &message);
        pair.run();
        assert_eq!(pair.alice.state(), SessionState::Encrypted);
    }
}

/// An exchange with its message number `step`, 0 for the D-H Commit, on the way to somebody.
fn before_step(step: usize) -> (Pair, Who, String) {
    let mut pair = Pair::new(120, Config::default());
    pair.start(Who::Alice);
    let mut to = Who::Bob;
    for _ in 0..=step {
        pair.deliver(to);
        to = to.other();
    }
    let message = pair.side(to).inbox.pop_back().expect("the next message");
    (pair, to, message)
}

// attack: G-2, G-3, STATE-15
#[test]
fn random_histories_follow_the_table_of_transitions() {
    let mut random = rng(121);
    for seed in 0..12 {
        let policy = [Policy::MANUAL, Policy::OPPORTUNISTIC, Policy::ALWAYS][usize::try_from(seed % 3).expect("small")];
        let mut pair = Pair::new(1000 + seed, Config { policy, ..Config::default() });
        let mut recorded: Vec<String> = vec!["?OTRv3?".into(), "hello".into(), "?OTR Error: what?".into()];
        for _ in 0..250 {
            let who = if random.next_u32().is_multiple_of(2) { Who::Alice } else { Who::Bob };
            let before = pair.side(who).state();
            pair.side(who).events.clear();
            let action = random.next_u32() % 12;
            match action {
                0 => pair.start(who),
                1 => pair.end(who),
                2..=4 => {
                    let sent = pair.send(who, "text");
                    match before {
                        SessionState::Encrypted => assert_eq!(sent, Sent::Encrypted),
                        SessionState::Finished => assert!(matches!(sent, Sent::Refused(_))),
                        SessionState::Plaintext => {
                            assert!(matches!(sent, Sent::Plain | Sent::Queued | Sent::Refused(_)))
                        }
                    }
                    if policy == Policy::ALWAYS {
                        assert_ne!(sent, Sent::Plain);
                    }
                }
                5 => {
                    let old = pick(&recorded, &mut random).clone();
                    pair.inject(who, &old);
                }
                6 => {
                    let mut junk = pick(&recorded, &mut random).clone().into_bytes();
                    let at = usize::try_from(random.next_u32()).expect("small") % junk.len();
                    junk[at] = junk[at].wrapping_add(1) & 0x7f;
                    pair.inject(who, &String::from_utf8_lossy(&junk));
                }
                7 => pair.wait(Duration::from_secs(u64::from(random.next_u32() % 90))),
                _ => {
                    if let Some(body) = pair.side(who).inbox.front() {
                        recorded.push(body.clone());
                    }
                    pair.deliver(who);
                }
            }
            let side = pair.side(who);
            let after = side.state();
            let completed = side
                .events
                .iter()
                .any(|event| matches!(event, Event::Session(change) if change.state == SessionState::Encrypted));
            let disconnected = side
                .events
                .iter()
                .any(|event| matches!(event, Event::Session(change) if change.state == SessionState::Finished));
            let allowed = match (before, after) {
                (SessionState::Plaintext | SessionState::Finished, SessionState::Encrypted) => completed,
                (SessionState::Encrypted, SessionState::Finished) => disconnected,
                (SessionState::Encrypted | SessionState::Finished, SessionState::Plaintext) => action == 1,
                (SessionState::Plaintext, SessionState::Finished) => false,
                (SessionState::Plaintext, SessionState::Plaintext)
                | (SessionState::Encrypted, SessionState::Encrypted)
                | (SessionState::Finished, SessionState::Finished) => true,
            };
            assert!(allowed, "seed {seed}: {before:?} -> {after:?} by action {action}");
        }
    }
}

// attack: G-7
#[test]
fn no_input_makes_us_send_more_than_the_budget() {
    let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
    let mut exchange = Exchange::new(&side, 1, 0x2002, 1);
    let commit = exchange.commit(NOW);
    let mut foreign = Pair::private(122);
    let data = foreign.encrypt(Who::Bob, "x");
    let data = {
        let mut bytes = unarmour(&data);
        bytes[7..11].copy_from_slice(&0x1001_u32.to_be_bytes());
        armour::encode(&bytes)
    };
    let bodies = [
        "?OTRv3?",
        "?OTRv23?",
        "?OTR Error: x",
        commit.as_str(),
        data.as_str(),
        "hi \t  \t\t\t\t \t \t \t    \t\t  \t\t",
    ];
    let mut random = rng(122);
    let mut sent = 0;
    for _ in 0..2000 {
        sent += side.receive(pick::<&str>(&bodies, &mut random), NOW).len();
        side.events.clear();
    }
    assert!(sent <= 10 + 10 + 1, "{sent} messages: ten of exchanges, ten repeated ones, and one error");
}

// attack: G-7
#[test]
fn in_private_a_peer_cannot_make_us_send_more_than_the_budget_either() {
    let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
    let mut hostile = Hostile::connect(&mut side, 1, 0x2002, NOW);
    let mut sent = 0;
    for number in 0..500 {
        let revealed = if number % 2 == 0 { vec![0; 20] } else { Vec::new() };
        let message = hostile.data(&Forged { text: b"x", revealed, ..Forged::default() });
        sent += side.receive(&message, NOW + Duration::from_secs(61)).len();
        sent += side.receive("?OTRv3?", NOW + Duration::from_secs(61)).len();
        let mut broken = unarmour(&message);
        broken[40] ^= 1;
        sent += side.receive(&armour::encode(&broken), NOW + Duration::from_secs(61)).len();
        side.events.clear();
    }
    assert!(sent <= 3, "{sent}: a heartbeat, an error, a commit");
}

// attack: G-8
#[test]
fn trust_is_set_for_the_named_fingerprint_only() {
    let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
    let _ = Hostile::connect(&mut side, 1, 0x2002, NOW);
    let first = side.account.status("bob").conversation.expect("in private").their_fingerprint;
    let _ = Hostile::connect(&mut side, 2, 0x2002, NOW + Duration::from_secs(1));
    side.account.set_trust("bob", first, Trust::Verified, NOW).expect("known");
    let verified: Vec<_> = side
        .account
        .known_fingerprints("bob")
        .into_iter()
        .filter(|known| known.trust == Trust::Verified)
        .map(|known| known.fingerprint)
        .collect();
    assert_eq!(verified, [first]);
}

// attack: G-11, ERR-4
#[test]
fn the_network_cannot_tell_why_a_message_was_refused() {
    type Make = fn(&mut Hostile) -> String;
    let causes: [(&str, Make); 5] = [
        ("MAC", |hostile| {
            let mut bytes = unarmour(&hostile.say("x"));
            let last = bytes.len() - 5;
            bytes[last] ^= 1;
            armour::encode(&bytes)
        }),
        ("sender keyid", |hostile| hostile.data(&Forged { sender_keyid: 7, ..Forged::default() })),
        ("recipient keyid", |hostile| hostile.data(&Forged { recipient_keyid: 7, ..Forged::default() })),
        ("next key", |hostile| hostile.data(&Forged { next_dh: Some(vec![1]), ..Forged::default() })),
        ("ciphertext", |hostile| {
            let mut bytes = unarmour(&hostile.say("x"));
            let at = bytes.len() - 24 - 1;
            bytes[at] ^= 1;
            armour::encode(&bytes)
        }),
    ];
    let mut answers = std::collections::BTreeSet::new();
    for (cause, make) in causes {
        let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
        let mut hostile = Hostile::connect(&mut side, 1, 0x2002, NOW);
        side.events.clear();
        let message = make(&mut hostile);
        let replies = side.receive(&message, NOW);
        assert_eq!(side.warnings(), [Warning::Unreadable], "{cause}");
        answers.insert(replies);
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
}

// attack: REL-6
#[test]
fn a_clock_that_jumps_back_does_no_harm() {
    let mut pair = Pair::private(123);
    pair.assert_talk_works();
    pair.now = Duration::from_secs(1);
    pair.assert_talk_works();
    pair.start(Who::Bob);
    pair.run();
    pair.now = Duration::MAX;
    pair.alice.account.tick(pair.now);
    pair.assert_talk_works();
}
