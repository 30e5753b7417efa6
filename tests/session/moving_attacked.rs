//! An attacker on the network while two move over to the Curve25519 suite: they stay where they are or they move, and
//! what they have goes on working.

use std::time::Duration;

use otr_session::{Config, Event, SessionState, Trust, Warning};
use otr_tests::pair::{Pair, Side, Who, ed25519, unarmour, with_byte_changed, with_data};
use otr_wire::{Message, Payload, Version, Versions};

/// The four of the exchange, and the one that shows that its initiator has moved.
const MESSAGES: usize = 5;

/// Whether a body is a message of the suite.
fn is_move(text: &str) -> bool {
    text.starts_with("?OTR:")
        && Message::decode(&unarmour(text)).is_ok_and(|message| message.header.version() == Version::Curve25519)
}

/// The last message on its way to a side.
fn take(pair: &mut Pair, to: Who) -> Option<String> {
    pair.side(to).inbox.pop_front()
}

/// Two in version 3, with what moves them still on its way.
fn about_to_move(seed: u64, config: Config) -> Pair {
    let mut pair = Pair::with_curve25519(seed, config);
    pair.start(Who::Alice);
    while pair.alice.state() != SessionState::Encrypted || pair.bob.state() != SessionState::Encrypted {
        pair.deliver(Who::Bob);
        pair.deliver(Who::Alice);
    }
    pair
}

/// Lets an attacker see each message of the suite's exchange, and everything after, before it is delivered: `strike` is
/// told its number, and what is to become of it.
fn run_with(pair: &mut Pair, mut strike: impl FnMut(&mut Pair, usize, Who, &str) -> bool) {
    let mut number = 0;
    for _ in 0..200 {
        for to in [Who::Bob, Who::Alice] {
            let Some(text) = take(pair, to) else { continue };
            let mut delivered = true;
            if is_move(&text) {
                delivered = strike(pair, number, to, &text);
                number += 1;
            }
            if delivered {
                pair.inject(to, &text);
            }
        }
    }
}

/// Both are in one session, of whichever version, with the right people, and talk. What was stripped may be tried again.
fn assert_sound(pair: &mut Pair, what: &str) {
    for _ in 0..2 {
        pair.run();
        assert_eq!([pair.alice.state(), pair.bob.state()], [SessionState::Encrypted; 2], "{what}");
        for (who, number) in [(Who::Alice, 1), (Who::Bob, 0)] {
            let side = pair.side(who);
            let suite = ed25519(number).public_key().fingerprint();
            let vouched = side.account.vouched_fingerprints(side.peer);
            assert!(vouched.iter().all(|(of, _)| *of == suite), "{what}");
            let conversation = side.account.status(side.peer).conversation.expect("private");
            assert!(conversation.suite_fingerprint.is_none_or(|other| other == suite), "{what}");
        }
        pair.assert_talk_works();
        pair.wait(Duration::from_secs(61));
    }
}

// attack: NEW-15
#[test]
fn whichever_message_is_stripped() {
    for victim in 0..MESSAGES {
        let mut pair = about_to_move(20, Config::default());
        run_with(&mut pair, |_, number, _, _| number != victim);
        assert_sound(&mut pair, &format!("message {victim} was stripped"));
        assert_eq!(pair.alice.version(), Some(Version::Curve25519), "it is tried again");
    }
    let mut pair = about_to_move(21, Config::default());
    run_with(&mut pair, |_, _, _, _| false);
    pair.run();
    assert_eq!([pair.alice.version(), pair.bob.version()], [Some(Version::Three); 2]);
    pair.assert_talk_works();
}

#[test]
fn whichever_message_is_repeated_or_reflected() {
    for (victim, reflected) in (0..MESSAGES).flat_map(|victim| [(victim, false), (victim, true)]) {
        let mut pair = about_to_move(22, Config::default());
        let mut kept = None;
        run_with(&mut pair, |pair, number, to, text| {
            if number == victim {
                kept = Some((to, text.to_owned()));
                let to = if reflected { to.other() } else { to };
                for _ in 0..3 {
                    pair.inject(to, text);
                }
            }
            true
        });
        let (to, text) = kept.expect("there are as many messages");
        assert_eq!([pair.alice.version(), pair.bob.version()], [Some(Version::Curve25519); 2], "{victim} {reflected}");
        for to in [to, to.other()] {
            pair.inject(to, &text);
        }
        assert_sound(&mut pair, &format!("message {victim} came again"));
    }
}

#[test]
fn whichever_message_comes_late() {
    for victim in 0..MESSAGES {
        let mut pair = about_to_move(23, Config::default());
        let mut held = None;
        run_with(&mut pair, |_, number, to, text| {
            if number == victim {
                held = Some((to, text.to_owned()));
            }
            number != victim
        });
        let (to, text) = held.expect("there are as many messages");
        pair.assert_talk_works();
        pair.inject(to, &text);
        assert_sound(&mut pair, &format!("message {victim} came late"));
    }
}

// attack: NEW-6, NEW-7
#[test]
fn whichever_message_is_changed() {
    for victim in 0..4 {
        for at in 0..40 {
            let mut pair = about_to_move(24, Config::default());
            let mut changed = false;
            run_with(&mut pair, |pair, number, to, text| {
                if number != victim {
                    return true;
                }
                let length = unarmour(text).len();
                // All of the beginning, then spread over the rest.
                let at = if at < 12 { at } else { at * (length - 1) / 39 };
                pair.inject(to, &with_byte_changed(text, at, 0x11));
                changed = true;
                false
            });
            assert!(changed);
            assert_sound(&mut pair, &format!("byte {at} of message {victim} was changed"));
        }
    }
}

/// Somebody who was not named inside the conversation runs the suite's exchange, as either side, with the tags of the
/// right one.
// attack: NEW-8
#[test]
fn a_stranger_moves_nobody() {
    let alone = Config { versions: Versions::only(Version::Curve25519), ..Config::default() };
    for mallory_begins in [true, false] {
        let mut pair = about_to_move(25, Config::default());
        // The offers arrive, and nothing else.
        run_with(&mut pair, |_, _, _, _| false);
        let tag = pair.alice.account.instance_tag().get();
        let mut mallory = Side::new(2, tag, "bob", alone.clone(), 9).with_curve25519(2);
        pair.wait(Duration::from_secs(61));
        let now = pair.now;
        let mut to_bob = Vec::new();
        if mallory_begins {
            // A query makes Mallory begin; Bob sees a commit from Alice's tag.
            to_bob.extend(mallory.receive("?OTRv9?", now));
        } else {
            // A text from Alice makes Bob, who began the conversation, begin again; Mallory answers.
            let text = pair.encrypt(Who::Alice, "hello");
            pair.inject(Who::Bob, &text);
            let commits: Vec<_> = pair.alice.inbox.drain(..).filter(|text| is_move(text)).collect();
            to_bob.extend(commits.iter().flat_map(|commit| mallory.receive(commit, now)));
        }
        assert!(!to_bob.is_empty(), "Mallory begins: {mallory_begins}");
        for _ in 0..6 {
            let replies: Vec<_> = to_bob.drain(..).flat_map(|text| pair.bob.receive(&text, now)).collect();
            to_bob.extend(replies.iter().flat_map(|text| mallory.receive(text, now)));
        }
        assert_ne!(mallory.state(), SessionState::Encrypted, "Mallory begins: {mallory_begins}");
        assert_eq!(pair.bob.version(), Some(Version::Three));
        assert_sound(&mut pair, "Mallory was there");
    }
}

/// Messages of the suite mean nothing where nobody has named it.
#[test]
fn without_offers_there_is_no_exchange() {
    let alone = Config { versions: Versions::only(Version::Curve25519), ..Config::default() };
    let mut mallory = Side::new(2, 0xf000_0002, "alice", alone, 9).with_curve25519(2);
    let mut pair = Pair::private(26);
    pair.alice.account.use_curve25519(ed25519(0)).expect("an Ed25519 key");
    let commits = mallory.receive("?OTRv9?", pair.now);
    assert!(commits.iter().all(|text| is_move(text)));
    for commit in &commits {
        assert!(pair.alice.receive(commit, pair.now).is_empty());
    }
    pair.assert_talk_works();
}

/// Addresses that the two do not see alike keep them where they are; alike ones do not.
// attack: NEW-7
#[test]
fn both_addresses_are_bound() {
    for (alice, bob, version) in [
        (Some("alice"), Some("bob"), Version::Curve25519),
        (None, None, Version::Curve25519),
        (Some("alice"), Some("bob@elsewhere"), Version::Three),
        (Some("somebody"), Some("bob"), Version::Three),
        (Some("alice"), None, Version::Three),
    ] {
        let mut pair = Pair::with_curve25519(27, Config::default());
        let config = |address: Option<&str>| Config { address: address.map(str::to_owned), ..Config::default() };
        pair.alice = Side::new(0, 0x1001, "bob", config(alice), 1).with_curve25519(0);
        pair.bob = Side::new(1, 0x2002, "alice", config(bob), 2).with_curve25519(1);
        pair.start(Who::Alice);
        pair.run();
        assert_eq!([pair.alice.version(), pair.bob.version()], [Some(version); 2], "{alice:?} {bob:?}");
        pair.assert_talk_works();
    }
}

/// A contact who had the suite and does not move any more: the user is told, once.
// attack: NEW-15, VER-1
#[test]
fn who_had_the_suite_and_has_it_no_more_is_told_of() {
    let mut pair = about_to_move(28, Config::default());
    pair.run();
    assert_eq!(pair.alice.version(), Some(Version::Curve25519));
    pair.restart(Who::Alice);
    pair.start(Who::Alice);
    run_with(&mut pair, |_, _, _, _| false);
    let told = |side: &mut Side| {
        let downgrade =
            |event: &Event| matches!(event, Event::Downgrade { from: Version::Curve25519, to: Version::Three });
        side.events.drain(..).filter(downgrade).count()
    };
    assert_eq!([told(&mut pair.alice), told(&mut pair.bob)], [0, 0], "it may still move");
    for expected in [1, 0, 0] {
        pair.wait(Duration::from_secs(61));
        assert_eq!([told(&mut pair.alice), told(&mut pair.bob)], [expected; 2]);
    }
    pair.assert_talk_works();
}

/// Trust in the DSA key is trust in what it vouched for, and never the other way round.
// attack: NEW-9
#[test]
fn trust_goes_one_way() {
    let mut pair = about_to_move(29, Config::default());
    pair.run();
    let dsa = pair.bob.account.fingerprint();
    let suite = ed25519(1).public_key().fingerprint();
    let trust = |pair: &Pair| pair.alice.account.status("bob").conversation.expect("private").trust;
    assert_eq!(pair.alice.account.vouched_fingerprints("bob"), [(suite, dsa)]);
    assert_eq!(trust(&pair), Trust::Unverified);
    pair.alice.account.remember("bob", suite, Trust::Verified).expect("a name");
    assert_eq!(trust(&pair), Trust::Unverified, "the conversation goes by the DSA key");
    pair.alice.account.remember("bob", suite, Trust::Unverified).expect("a name");
    let now = pair.now;
    pair.alice.account.set_trust("bob", dsa, Trust::Verified, now).expect("on record");
    assert_eq!(trust(&pair), Trust::Verified);
}

/// The MAC keys of the session that was left are published in the new one, all of them, once nothing can come any more.
#[test]
fn what_verified_messages_before_the_move_is_published_after_it() {
    let mut pair = about_to_move(30, Config::default());
    pair.assert_talk_works();
    pair.run();
    let revealed = |text: &str| with_data(text, |data| data.revealed.len());
    let before: usize = pair.encrypt(Who::Alice, "at once").len();
    assert!(before > 0);
    pair.run();
    for _ in 0..3 {
        pair.wait(Duration::from_secs(61));
        pair.run();
    }
    let data = |text: &&String| Message::decode(&unarmour(text)).is_ok_and(|m| matches!(m.payload, Payload::Data(_)));
    let moved = |side: &Side| -> usize {
        let sent = side.sent.iter().filter(|text| is_move(text)).filter(data);
        sent.map(|text| revealed(text)).sum()
    };
    // Each side has used at least one receiving key of version 3 that was live when it moved.
    let text = pair.encrypt(Who::Alice, "after");
    pair.inject(Who::Bob, &text);
    let text = pair.encrypt(Who::Bob, "after");
    pair.inject(Who::Alice, &text);
    assert!(moved(&pair.alice) >= 20 && moved(&pair.bob) >= 20, "{} {}", moved(&pair.alice), moved(&pair.bob));
}

/// Whoever ends or restarts in the midst of it: both know where they stand, and nothing goes out in clear.
#[test]
fn an_end_or_a_restart_in_the_midst() {
    for (victim, who, restart) in (0..MESSAGES)
        .flat_map(|victim| [Who::Alice, Who::Bob].map(|who| (victim, who)))
        .flat_map(|(victim, who)| [true, false].map(|restart| (victim, who, restart)))
    {
        let mut pair = about_to_move(31, Config::default());
        run_with(&mut pair, |pair, number, _, _| {
            if number == victim {
                if restart { pair.restart(who) } else { pair.end(who) }
            }
            true
        });
        let what = format!("{who:?}, restart: {restart}, at {victim}");
        if restart {
            pair.wait(Duration::from_secs(61));
            let _ = pair.send(who.other(), "hello?");
            pair.run();
            pair.wait(Duration::from_secs(61));
            pair.run();
            pair.start(who);
            pair.run();
            pair.alice.events.clear();
            pair.bob.events.clear();
            assert_sound(&mut pair, &what);
        } else {
            assert_eq!(pair.side(who).state(), SessionState::Plaintext, "{what}");
            assert_eq!(pair.side(who.other()).state(), SessionState::Finished, "{what}");
            let clear = pair.side(who.other()).warnings();
            assert!(!clear.contains(&Warning::Malformed), "{what}: {clear:?}");
        }
    }
}
