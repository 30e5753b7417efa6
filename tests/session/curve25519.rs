//! Moving over to the Curve25519 suite.

use std::{collections::BTreeSet, time::Duration};

use otr_session::{Comparison, Config, Event, Meaning, Sent, SessionState, Warning};
use otr_tests::pair::{Pair, Who, ed25519, identity, pick, rng, unarmour, with_byte_changed, with_data};
use otr_wire::{Version, Versions};
use rand_core::Rng;

fn fingerprint_of(number: usize) -> otr_session::Fingerprint {
    identity(number).public_key().fingerprint()
}

/// Two who have moved.
fn moved(seed: u64) -> Pair {
    let mut pair = Pair::with_curve25519(seed, Config::default());
    pair.start(Who::Alice);
    pair.run();
    for side in [&pair.alice, &pair.bob] {
        assert_eq!((side.state(), side.version()), (SessionState::Encrypted, Some(Version::Curve25519)));
    }
    assert_eq!(pair.alice.session_id(), pair.bob.session_id());
    pair
}

#[test]
fn two_with_the_suite_move_by_themselves() {
    for seed in 0..10 {
        let mut pair = moved(seed);
        for (side, other) in [(&mut pair.alice, 1), (&mut pair.bob, 0)] {
            let changes: Vec<_> = side
                .events
                .drain(..)
                .filter_map(|event| match event {
                    Event::Session(change) => Some((change.conversation?.version, change.refreshed)),
                    Event::Warning(warning) => panic!("{warning:?}"),
                    _ => None,
                })
                .collect();
            assert_eq!(changes, [(Version::Three, false), (Version::Curve25519, true)]);
            let conversation = side.account.status(side.peer).conversation.expect("private");
            assert_eq!(conversation.their_fingerprint, fingerprint_of(other));
            assert_eq!(conversation.suite_fingerprint, Some(ed25519(other).public_key().fingerprint()));
        }
        pair.assert_talk_works();
        pair.wait(Duration::from_secs(70));
        pair.run();
        pair.assert_talk_works();
        assert!(pair.alice.warnings().is_empty() && pair.bob.warnings().is_empty());
    }
}

/// Where nothing tells that the other side has the suite, the first text of each names it, and no message goes out that
/// would not have gone out anyway.
#[test]
fn who_cannot_be_seen_to_have_it_is_told_with_the_first_text() {
    let mut pair = Pair::with_curve25519(8, Config::default());
    assert_eq!(pair.send(Who::Alice, "a text with a tag"), Sent::Plain);
    pair.run();
    assert_eq!([pair.alice.version(), pair.bob.version()], [Some(Version::Three); 2]);
    let before = [pair.alice.sent.len(), pair.bob.sent.len()];
    assert_eq!(pair.send(Who::Alice, "first"), Sent::Encrypted);
    assert_eq!([pair.alice.sent.len(), pair.bob.sent.len()], [before[0] + 1, before[1]]);
    pair.run();
    assert_eq!(pair.bob.shown(), ["a text with a tag", "first"]);
    assert_eq!([pair.alice.version(), pair.bob.version()], [Some(Version::Curve25519); 2]);
    pair.assert_talk_works();

    // The next time each knows the other.
    pair.end(Who::Alice);
    pair.run();
    pair.end(Who::Bob);
    pair.wait(Duration::from_secs(120));
    assert_eq!(pair.bob.account.status("alice").state, SessionState::Plaintext);
    pair.inject(Who::Bob, "?OTRv3? as somebody else's program asks");
    pair.run();
    assert_eq!([pair.alice.version(), pair.bob.version()], [Some(Version::Curve25519); 2]);
}

#[test]
fn one_without_the_suite_stays_where_it_is() {
    for with in [Who::Alice, Who::Bob] {
        let mut pair = Pair::new(1, Config::default());
        let number = usize::from(with == Who::Bob);
        pair.side(with).account.use_curve25519(ed25519(number)).expect("an Ed25519 key");
        pair.start(Who::Alice);
        pair.run();
        assert_eq!([pair.alice.version(), pair.bob.version()], [Some(Version::Three); 2]);
        pair.assert_talk_works();
        assert!(pair.alice.warnings().is_empty() && pair.bob.warnings().is_empty());
    }
}

#[test]
fn text_typed_at_every_step_arrives_once_in_order_encrypted() {
    let steps = 24;
    for (at, who) in (0..steps).flat_map(|at| [(at, Who::Alice), (at, Who::Bob)]) {
        let mut pair = Pair::with_curve25519(7, Config::default());
        pair.start(Who::Alice);
        let mut said = Vec::new();
        for step in 0..200 {
            let can = pair.side(who).state() == SessionState::Encrypted;
            if can && step >= at && said.len() < 5 {
                let text = format!("text {step}");
                assert_eq!(pair.send(who, &text), Sent::Encrypted);
                said.push(text);
            }
            let to = if step % 2 == 0 { Who::Bob } else { Who::Alice };
            pair.deliver(to);
        }
        pair.run();
        assert_eq!(pair.side(who.other()).shown(), said, "{who:?} at {at}");
        assert_eq!([pair.alice.version(), pair.bob.version()], [Some(Version::Curve25519); 2]);
    }
}

#[test]
fn who_speaks_the_suite_alone_starts_in_it() {
    let config = Config { versions: Versions::only(Version::Curve25519), ..Config::default() };
    let mut pair = Pair::with_curve25519(3, config);
    pair.start(Who::Alice);
    assert!(pair.alice.sent[0].starts_with("?OTRv9?"));
    pair.run();
    assert_eq!([pair.alice.version(), pair.bob.version()], [Some(Version::Curve25519); 2]);
    let conversation = pair.alice.account.status("bob").conversation.expect("private");
    assert_eq!(conversation.their_fingerprint, ed25519(1).public_key().fingerprint());
    pair.assert_talk_works();
}

/// A text that its writer's account took, and whether the network carried it.
struct Typed {
    text: String,
    carried: bool,
}

/// A network that loses one message in five while two move; whatever it carries is read, once and in order, and what it
/// loses is handed back, or confirmed by nobody. `OTR_TEST_RUNS` sets how often.
#[test]
fn seeded_runs_with_loss() {
    let runs = std::env::var("OTR_TEST_RUNS").map_or(40, |runs| runs.parse().expect("a number"));
    let mut moved_within = [0; 2];
    let (mut needless, mut told) = (0, 0);
    for seed in 0..runs {
        let mut pair = Pair::with_curve25519(seed, Config::default());
        let mut random = rng(seed.wrapping_mul(77));
        pair.start(Who::Alice);
        while pair.alice.state() != SessionState::Encrypted || pair.bob.state() != SessionState::Encrypted {
            pair.deliver(Who::Bob);
            pair.deliver(Who::Alice);
        }
        let mut typed = [Vec::<Typed>::new(), Vec::new()];
        let mut shown = [Vec::new(), Vec::new()];
        let mut returned = [Vec::<(String, bool)>::new(), Vec::new()];
        let collect = |pair: &mut Pair, shown: &mut [Vec<String>; 2], returned: &mut [Vec<(String, bool)>; 2]| {
            for (index, who) in [Who::Alice, Who::Bob].into_iter().enumerate() {
                for event in pair.side(who).events.drain(..) {
                    match event {
                        Event::Message(message) => shown[1 - index].push(message.text.to_string()),
                        Event::NotDelivered { text, certain } => returned[index].push((text, certain)),
                        Event::Warning(warning) => panic!("{seed}: {warning:?}"),
                        _ => {}
                    }
                }
            }
        };
        for step in 0..120 {
            let who = *pick(&[Who::Alice, Who::Bob], &mut random);
            match random.next_u32() % 16 {
                0..4 => {
                    // What waits is carried first, so that the text is the last one on the line.
                    let text = format!("{seed} {step}");
                    assert_eq!(pair.send(who, &text), Sent::Encrypted);
                    let carried = !random.next_u32().is_multiple_of(5);
                    if !carried {
                        pair.side(who.other()).inbox.pop_back();
                    }
                    typed[usize::from(who == Who::Bob)].push(Typed { text, carried });
                }
                4..6 if step < 80 => {
                    // Anything else that is on its way may be lost as well, as long as no text is behind it.
                    let index = usize::from(who == Who::Alice);
                    let texts = typed[index].iter().filter(|typed| typed.carried).count();
                    collect(&mut pair, &mut shown, &mut returned);
                    if shown[index].len() == texts {
                        pair.side(who).inbox.pop_front();
                    }
                }
                6 => pair.wait(Duration::from_secs(u64::from(random.next_u32() % 6))),
                _ => {
                    pair.deliver(who);
                }
            }
        }
        pair.run();
        collect(&mut pair, &mut shown, &mut returned);
        moved_within[usize::from(pair.alice.version() == Some(Version::Curve25519))] += 1;
        for index in [0, 1] {
            let carried: Vec<_> = typed[index].iter().filter(|typed| typed.carried).map(|typed| &typed.text).collect();
            assert_eq!(shown[index].iter().collect::<Vec<_>>(), carried, "run {seed}, texts of {index}");
            let lost = |text: &String| typed[index].iter().any(|typed| typed.text == *text && !typed.carried);
            assert!(returned[index].iter().all(|(text, certain)| !certain || lost(text)), "run {seed}");
            needless += returned[index].iter().filter(|(text, _)| !lost(text)).count();
            told += returned[index].iter().filter(|(text, _)| lost(text)).count();
        }
        // When nothing is lost any more they end up in the suite, and in one session.
        for _ in 0..3 {
            pair.wait(Duration::from_secs(61));
            pair.assert_talk_works();
        }
        assert_eq!([pair.alice.version(), pair.bob.version()], [Some(Version::Curve25519); 2], "run {seed}");
        assert_eq!(pair.alice.session_id(), pair.bob.session_id());
    }
    assert!(moved_within.iter().all(|count| *count > 0), "{moved_within:?}");
    assert_eq!(needless, 0, "of {told} texts handed back, so many were read");
}

/// The numbers of a Data message that keys depend on, and the key it announces.
fn numbers(text: &str) -> ((u32, u32, u64), Vec<u8>) {
    with_data(text, |data| {
        let numbers = (data.sender_keyid.get(), data.recipient_keyid.get(), data.counter.get());
        (numbers, data.next_dh.as_bytes().to_vec())
    })
}

// attack: NEW-4, NEW-10
#[test]
fn every_turn_has_new_keys_and_no_key_a_counter_twice() {
    let mut pair = moved(40);
    let mut random = rng(40);
    let mut used = [BTreeSet::new(), BTreeSet::new()];
    let mut last = [Vec::new(), Vec::new()];
    let mut before = None;
    for number in 0..400 {
        let who = *pick(&[Who::Alice, Who::Bob], &mut random);
        let text = pair.encrypt(who, &number.to_string());
        pair.inject(who.other(), &text);
        let index = usize::from(who == Who::Bob);
        let (numbers, announced) = numbers(&text);
        assert!(used[index].insert(numbers), "{numbers:?} again");
        if before == Some(who.other()) {
            assert_ne!(last[index], announced, "a turn without a new key");
        }
        last[index] = announced;
        before = Some(who);
    }
}

// attack: NEW-11, NEW-13
#[test]
fn what_is_old_is_refused() {
    let mut pair = moved(41);
    let skipped = pair.encrypt(Who::Alice, "held back");
    let read = pair.encrypt(Who::Alice, "read");
    pair.inject(Who::Bob, &read);
    assert_eq!(pair.bob.shown(), ["read"]);
    for (old, warning) in [(&skipped, Warning::Replayed), (&read, Warning::Replayed)] {
        pair.inject(Who::Bob, old);
        assert_eq!(pair.bob.warnings(), [warning]);
    }
    // Two turns later the keys are gone.
    for _ in 0..2 {
        pair.assert_talk_works();
    }
    pair.bob.events.clear();
    pair.inject(Who::Bob, &skipped);
    assert_eq!(pair.bob.warnings(), [Warning::Unreadable]);
    pair.assert_talk_works();
}

/// Every byte that is authenticated, and the authenticator.
// attack: NEW-6
#[test]
fn a_changed_message_changes_nothing() {
    let mut pair = moved(42);
    let text = pair.encrypt(Who::Alice, "hello");
    let bytes = unarmour(&text);
    let end = bytes.len() - 4;
    let before = pair.bob.snapshot();
    for at in 0..end {
        pair.inject(Who::Bob, &with_byte_changed(&text, at, 0x10));
        assert!(pair.bob.shown().is_empty(), "byte {at}");
        assert_eq!(pair.bob.snapshot(), before, "byte {at}");
    }
    pair.inject(Who::Bob, &text);
    assert_eq!(pair.bob.shown(), ["hello"]);
}

/// Whoever asks, and wherever the move comes in between, both learn the same.
// attack: SMP-11
#[test]
fn secrets_are_compared_before_during_and_after_the_move() {
    for (at, who) in (0..14).flat_map(|at| [(at, Who::Alice), (at, Who::Bob)]) {
        for (theirs, right) in [("in the bakery", true), ("in the library", false)] {
            let mut pair = Pair::with_curve25519(43, Config::default());
            pair.start(Who::Alice);
            while pair.alice.state() != SessionState::Encrypted || pair.bob.state() != SessionState::Encrypted {
                pair.deliver(Who::Bob);
                pair.deliver(Who::Alice);
            }
            for step in 0..at {
                pair.deliver(if step % 2 == 0 { Who::Bob } else { Who::Alice });
            }
            pair.compare(who, "in the bakery", theirs);
            for side in [&mut pair.alice, &mut pair.bob] {
                let mut told = side.events.drain(..).filter_map(|event| match event {
                    Event::Comparison(comparison) => Some(comparison.event),
                    _ => None,
                });
                let last = told.next_back().expect("an outcome");
                let expected = if right { Comparison::Succeeded(Meaning::PeerVerified) } else { Comparison::Failed };
                assert_eq!(last, expected, "{who:?} at {at}");
            }
            assert_eq!([pair.alice.version(), pair.bob.version()], [Some(Version::Curve25519); 2]);
        }
    }
}

#[test]
fn what_was_read_is_not_handed_back_when_the_reader_ends_it() {
    for (seed, who) in [(44, Who::Alice), (45, Who::Bob)] {
        let mut pair = moved(seed);
        assert_eq!(pair.send(who, "the first text, and the last"), Sent::Encrypted);
        pair.run();
        assert_eq!(pair.side(who.other()).shown(), ["the first text, and the last"]);
        pair.end(who.other());
        pair.run();
        pair.end(who);
        let returned = |event: &Event| matches!(event, Event::NotDelivered { .. });
        assert!(!pair.side(who).events.iter().any(returned), "{:?}", pair.side(who).events);
    }
}
