//! A connection breaks: what was lost on the way is handed back, what was read is not said to be lost for certain.

use core::time::Duration;
use std::collections::BTreeMap;

use otr_session::{Config, Event, MessageReceived, NotPossible, RENEW_PATIENCE, RESENT, Sent, SessionState, Warning};
use otr_tests::pair::{Pair, Who, pick, rng};
use rand_core::Rng;

/// What a side hears of its texts and of the other's.
#[derive(Default)]
struct Heard {
    read: Vec<String>,
    returned: Vec<(String, bool)>,
}

fn hear(pair: &mut Pair, who: Who, heard: &mut Heard) {
    for event in pair.side(who).events.drain(..) {
        match event {
            Event::Message(MessageReceived { text, .. }) => heard.read.push(text.to_string()),
            Event::NotDelivered { text, certain } => heard.returned.push((text, certain)),
            _ => {}
        }
    }
}

fn renew(pair: &mut Pair, who: Who, seed: u64) -> Result<(), NotPossible> {
    let peer = if who == Who::Alice { "bob" } else { "alice" };
    let now = pair.now;
    let done = pair.side(who).account.renew(peer, now, &mut rng(seed));
    pair.flush(who);
    done
}

/// The connection of one side is cut: what is under way to it is lost, and the last of what it has said.
fn cut(pair: &mut Pair, who: Who, of_its_own: usize, seed: u64) {
    pair.side(who).inbox.clear();
    for _ in 0..of_its_own {
        pair.side(who.other()).inbox.pop_back();
    }
    renew(pair, who, seed).expect("in private");
}

#[test]
fn a_text_lost_alone_is_handed_back_whoever_lost_it() {
    for (seed, who) in [(800, Who::Alice), (801, Who::Bob)] {
        let mut pair = Pair::private(seed);
        assert_eq!(pair.send(Who::Alice, "read"), Sent::Encrypted);
        pair.run();
        assert_eq!(pair.send(Who::Alice, "lost"), Sent::Encrypted);
        pair.bob.inbox.clear();
        cut(&mut pair, who, 0, seed);
        // Whoever renews says nothing with the old keys; the other side does not know yet.
        let sent = pair.send(Who::Bob, "an answer");
        assert_eq!(sent, if who == Who::Bob { Sent::Queued } else { Sent::Encrypted });
        let _ = pair.send(Who::Alice, "more");
        pair.run();
        for _ in 0..3 {
            pair.wait(Duration::from_secs(61));
            pair.run();
        }
        let mut heard = [Heard::default(), Heard::default()];
        hear(&mut pair, Who::Alice, &mut heard[0]);
        hear(&mut pair, Who::Bob, &mut heard[1]);
        assert_eq!(heard[0].returned, [("lost".to_owned(), false)], "{who:?}");
        assert!(heard[1].returned.is_empty());
        for text in ["read", "more"] {
            assert_eq!(heard[1].read.iter().filter(|read| *read == text).count(), 1, "{text}");
        }
        assert!(heard[0].read.iter().any(|read| read == "an answer"));
    }
}

#[test]
fn new_keys_are_asked_for_again_and_in_the_end_text_goes_on_without_them() {
    let mut pair = Pair::private(802);
    renew(&mut pair, Who::Alice, 802).expect("in private");
    assert_eq!(pair.send(Who::Alice, "patience"), Sent::Queued);
    let commits = |pair: &Pair| pair.bob.inbox.iter().filter(|body| body.starts_with("?OTR:AAMC")).count();
    for asked in 1..=4 {
        assert_eq!(commits(&pair), asked);
        assert_eq!(pair.bob.inbox.len(), asked, "nothing else goes out");
        pair.wait(RENEW_PATIENCE);
    }
    assert_eq!(commits(&pair), 4);
    pair.bob.inbox.retain(|body| body.starts_with("?OTR:AAMD"));
    pair.run();
    assert_eq!(pair.bob.shown(), ["patience"]);
}

#[test]
fn what_goes_on_with_old_keys_does_not_confirm_what_was_lost() {
    for curve25519 in [false, true] {
        let mut pair = if curve25519 {
            let mut pair = Pair::with_curve25519(806, Config::default());
            pair.start(Who::Alice);
            pair.run();
            pair
        } else {
            Pair::private(806)
        };
        pair.assert_talk_works();
        for who in [Who::Alice, Who::Bob] {
            pair.side(who).events.clear();
        }
        assert_eq!(pair.send(Who::Bob, "lost"), Sent::Encrypted);
        cut(&mut pair, Who::Alice, 0, 806);
        assert_eq!(pair.send(Who::Alice, "after it"), Sent::Queued);
        // What Alice asks for does not come through.
        for _ in 0..4 {
            pair.bob.inbox.clear();
            pair.wait(RENEW_PATIENCE);
        }
        pair.run();
        pair.wait(Duration::from_secs(75));
        pair.run();
        let mut heard = [Heard::default(), Heard::default()];
        hear(&mut pair, Who::Alice, &mut heard[0]);
        hear(&mut pair, Who::Bob, &mut heard[1]);
        assert_eq!(heard[1].read, ["after it"]);
        assert_eq!(heard[1].returned, [("lost".to_owned(), false)]);
        assert!(heard[0].read.is_empty());
        pair.assert_talk_works();
    }
}

#[test]
fn who_ends_before_new_keys_come_does_not_confirm_what_was_lost() {
    for (seed, ender) in [(808, Who::Alice), (809, Who::Bob)] {
        let mut pair = Pair::private(seed);
        pair.assert_talk_works();
        assert_eq!(pair.send(Who::Alice, "an answer"), Sent::Encrypted);
        pair.run();
        for who in [Who::Alice, Who::Bob] {
            pair.side(who).events.clear();
        }
        assert_eq!(pair.send(Who::Bob, "lost"), Sent::Encrypted);
        cut(&mut pair, Who::Alice, 0, seed);
        // What Alice asks for reaches Bob, and no further; what he says then arrives.
        while pair.deliver(Who::Bob) {}
        pair.alice.inbox.clear();
        assert_eq!(pair.send(Who::Bob, "after it"), Sent::Encrypted);
        while pair.deliver(Who::Alice) {}
        pair.end(ender);
        pair.run();
        pair.end(ender.other());
        let mut heard = Heard::default();
        hear(&mut pair, Who::Bob, &mut heard);
        assert!(heard.returned.contains(&("lost".to_owned(), false)), "{ender:?} ends: {:?}", heard.returned);
    }
}

#[test]
fn there_is_nothing_to_renew_in_clear() {
    let mut pair = Pair::new(803, Config::default());
    assert_eq!(renew(&mut pair, Who::Alice, 803), Err(NotPossible::NotInPrivate));
    assert!(pair.bob.inbox.is_empty());
    assert_eq!(pair.alice.account.next_timeout(), None);
}

// attack: STATE-10, RESEND-1
#[test]
fn what_waits_for_new_keys_does_not_go_to_somebody_else() {
    let mut pair = Pair::private(804);
    renew(&mut pair, Who::Alice, 804).expect("in private");
    assert_eq!(pair.send(Who::Alice, "for Bob alone"), Sent::Queued);
    pair.bob.inbox.clear();
    let mut stranger = otr_tests::pair::Side::new(2, 0x6666, "alice", Config::default(), 904);
    let now = pair.now;
    let mut to_stranger = vec!["?OTRv3?".to_owned()];
    for _ in 0..8 {
        let answers: Vec<_> = to_stranger.drain(..).flat_map(|body| stranger.receive(&body, now)).collect();
        to_stranger = answers.iter().flat_map(|body| pair.alice.receive(body, now)).collect();
    }
    assert!(stranger.shown().is_empty());
    let mut heard = Heard::default();
    hear(&mut pair, Who::Alice, &mut heard);
    assert_eq!(heard.returned, [("for Bob alone".to_owned(), true)]);
}

/// Cuts at random points of a talk: each text is read once, or handed back; none that was read is said to be lost for
/// certain. `OTR_TEST_RUNS` sets how often.
#[test]
fn nothing_is_lost_in_silence_however_often_connections_break() {
    let runs = std::env::var("OTR_TEST_RUNS").map_or(40, |runs| runs.parse().expect("a number"));
    let (mut lost, mut needless) = ([0; 2], [0; 2]);
    for seed in 0..runs {
        let mut pair = if seed % 2 == 0 {
            Pair::private(seed)
        } else {
            let mut pair = Pair::with_curve25519(seed, Config::default());
            pair.start(Who::Alice);
            pair.run();
            pair
        };
        let mut random = rng(seed.wrapping_mul(97));
        // In every other pair of runs connections break more often than new keys may be asked for.
        let dense = seed % 4 > 1;
        let cuts = if dense { 3 } else { 1 };
        let mut typed = BTreeMap::new();
        let mut heard = BTreeMap::from([(0, Heard::default()), (1, Heard::default())]);
        for step in 0..250 {
            let who = *pick(&[Who::Alice, Who::Bob], &mut random);
            match random.next_u32() % 40 {
                0..8 => {
                    let text = format!("{seed} {step}");
                    if matches!(pair.send(who, &text), Sent::Encrypted | Sent::Queued) {
                        typed.insert(text, usize::from(who == Who::Bob));
                    }
                }
                kind if (8..8 + cuts).contains(&kind) => {
                    let of_its_own = usize::try_from(random.next_u32() % 3).expect("small");
                    cut(&mut pair, who, of_its_own, seed.wrapping_add(step));
                }
                12..15 => pair.wait(Duration::from_secs(u64::from(random.next_u32() % 20))),
                _ => {
                    pair.deliver(who);
                }
            }
        }
        for _ in 0..8 {
            pair.run();
            pair.wait(Duration::from_secs(61));
        }
        for (index, who) in [Who::Alice, Who::Bob].into_iter().enumerate() {
            let heard = heard.get_mut(&index).expect("two sides");
            hear(&mut pair, who, heard);
        }
        pair.assert_talk_works();
        for (text, index) in typed {
            let resent = format!("{RESENT}{text}");
            let times = heard[&(1 - index)].read.iter().filter(|read| **read == text || **read == resent).count();
            let returned: Vec<bool> =
                heard[&index].returned.iter().filter(|(back, _)| *back == text).map(|(_, certain)| *certain).collect();
            assert!(times + returned.len() > 0, "run {seed}: {text:?} vanished");
            assert!(times == 0 || !returned.contains(&true), "run {seed}: {text:?} was read");
            lost[usize::from(dense)] += usize::from(times == 0);
            needless[usize::from(dense)] += usize::from(times > 0 && !returned.is_empty());
        }
    }
    assert!(lost[0] > 0 && lost[1] > 0, "nothing was ever lost");
    // Where the answer was lost as well, it cannot be known.
    for (needless, lost) in needless.into_iter().zip(lost) {
        assert!(needless <= lost, "{needless} texts were handed back that had been read, {lost} that had not");
    }
}

#[test]
fn a_renewal_says_nothing_wrong() {
    let mut pair = Pair::private(805);
    pair.assert_talk_works();
    pair.alice.events.clear();
    pair.bob.events.clear();
    renew(&mut pair, Who::Alice, 805).expect("in private");
    pair.run();
    pair.assert_talk_works();
    for side in [&mut pair.alice, &mut pair.bob] {
        assert_eq!(side.warnings(), Vec::<Warning>::new());
    }
}

#[test]
fn what_is_compared_takes_no_place_from_texts_that_are_named_as_read() {
    let mut pair = Pair::private(807);
    pair.assert_talk_works();
    for number in 0..32 {
        assert_eq!(pair.send(Who::Alice, &number.to_string()), Sent::Encrypted);
    }
    let now = pair.now;
    pair.alice.account.start_comparison("bob", "the stairs", None, now, &mut rng(807)).expect("in private");
    pair.flush(Who::Alice);
    while pair.deliver(Who::Bob) {}
    // What Bob answers does not come through, and so confirms nothing.
    pair.alice.inbox.clear();
    pair.bob.events.clear();
    pair.alice.events.clear();
    renew(&mut pair, Who::Alice, 807).expect("in private");
    for _ in 0..3 {
        pair.run();
        pair.wait(Duration::from_secs(61));
    }
    let mut heard = Heard::default();
    hear(&mut pair, Who::Alice, &mut heard);
    assert_eq!(heard.returned, []);
}

#[test]
fn a_talk_that_moves_to_the_suite_leaves_nothing_in_doubt() {
    for seed in 0..20 {
        let mut pair = Pair::with_curve25519(seed, Config::default());
        pair.start(Who::Alice);
        while [&pair.alice, &pair.bob].iter().any(|side| side.state() != SessionState::Encrypted) {
            pair.deliver(Who::Alice);
            pair.deliver(Who::Bob);
        }
        let mut random = rng(seed);
        for step in 0..30 {
            let who = *pick(&[Who::Alice, Who::Bob], &mut random);
            if random.next_u32().is_multiple_of(4) {
                assert_eq!(pair.send(who, &step.to_string()), Sent::Encrypted);
            } else {
                pair.deliver(who);
            }
        }
        let now = pair.now;
        pair.bob.account.end("alice", now);
        let mut heard = Heard::default();
        hear(&mut pair, Who::Bob, &mut heard);
        assert_eq!(heard.returned, [], "run {seed}");
    }
}

#[test]
fn our_records_have_types_of_their_own() {
    let ours = [otr_session::UNREAD, otr_session::READ, otr_session::ONLY_READ, otr_session::SUITES].map(|kind| kind.0);
    let different: std::collections::BTreeSet<u16> = ours.into_iter().collect();
    assert_eq!(different.len(), ours.len());
    assert!(different.iter().all(|kind| *kind > 8), "those are the spec's");
}
