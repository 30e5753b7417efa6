//! Lost sessions, versions and endings against somebody who wants them to go wrong.

mod two_programs;

use core::time::Duration;
use otr_session::{Config, Event, Policy, RESENT, Sent, SessionState, Trust, UNREAD};
use otr_tests::{
    hostile::{Forged, Hostile},
    pair::{Pair, Side, Who, with_byte_changed, with_data},
};
use otr_wire::{Tlv, Version, Versions};

const TWO: Versions = Versions::only(Version::Two);
fn always() -> Config {
    Config { policy: Policy::ALWAYS, ..Config::default() }
}

fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn handed_back(side: &Side, what: &str) -> bool {
    side.events.iter().any(|e| matches!(e, Event::NotDelivered { text, .. } if text == what))
}

fn more_may_be_unread(side: &Side) -> bool {
    side.events.iter().any(|e| matches!(e, Event::Warning(otr_session::Warning::MoreMayBeUnread)))
}

fn shown(side: &Side, what: &str) -> usize {
    side.events.iter().filter(|e| matches!(e, Event::Message(m) if m.text.to_string().contains(what))).count()
}

fn bob_restarted(seed: u64) -> Pair {
    let mut pair = Pair::private_with(seed, always());
    pair.assert_talk_works();
    pair.wait(secs(90));
    pair.bob.events.clear();
    pair.alice.events.clear();
    pair.restart(Who::Bob);
    pair
}

/// Carries messages between two sides until both are quiet, beginning with what goes to the second.
fn talk(a: &mut Side, b: &mut Side, mut to_b: Vec<String>, now: Duration) {
    for _ in 0..100 {
        if to_b.is_empty() {
            return;
        }
        let mut to_a = Vec::new();
        for m in to_b.drain(..) {
            to_a.extend(b.receive(&m, now));
        }
        for m in to_a {
            to_b.extend(a.receive(&m, now));
        }
    }
}

fn settle_down(pair: &mut Pair) {
    for _ in 0..20 {
        pair.run();
        pair.wait(secs(61));
    }
    pair.run();
}

// attack: RESEND-3
#[test]
fn forged_messages_that_push_the_true_names_out_lose_no_text_in_silence() {
    let mut pair = bob_restarted(900);
    let message = pair.encrypt(Who::Alice, "one");
    pair.inject(Who::Bob, &message);
    // The attacker drops the error message only, and injects 32 forged messages.
    let at = pair.alice.inbox.iter().position(|m| m.starts_with("?OTR Error")).unwrap();
    pair.alice.inbox.remove(at);
    let bytes = otr_tests::pair::unarmour(&message);
    let name = with_data(&message, |d| *d.mac);
    let mac = bytes.windows(20).position(|w| w == name).unwrap();
    for n in 0..32 {
        pair.inject(Who::Bob, &with_byte_changed(&message, mac, n + 1));
    }
    settle_down(&mut pair);
    assert!(shown(&pair.bob, "one") > 0 || handed_back(&pair.alice, "one"), "lost in silence");
}

// attack: RESEND-1
#[test]
fn what_could_not_be_read_is_not_told_to_somebody_else() {
    let mut pair = bob_restarted(901);
    let message = pair.encrypt(Who::Alice, "one");
    pair.inject(Who::Bob, &message);
    pair.alice.inbox.clear();
    let now = pair.now;
    let _ = Hostile::connect(&mut pair.bob, 2, 0x7777, now);
    pair.start(Who::Alice);
    settle_down(&mut pair);
    assert!(shown(&pair.bob, "one") > 0 || handed_back(&pair.alice, "one"), "lost in silence");
}

// attack: REL-2
#[test]
fn a_text_that_was_lost_on_the_way_is_not_taken_for_read() {
    let mut pair = bob_restarted(902);
    assert_eq!(pair.send(Who::Alice, "one"), Sent::Encrypted);
    pair.bob.inbox.clear();
    assert_eq!(pair.send(Who::Bob, "I am back"), Sent::Queued);
    settle_down(&mut pair);
    assert!(shown(&pair.bob, "one") > 0 || handed_back(&pair.alice, "one"), "lost in silence");
}

// attack: REL-2
#[test]
fn a_text_complained_of_is_given_back_when_the_user_ends() {
    let mut pair = bob_restarted(930);
    assert_eq!(pair.send(Who::Alice, "one"), Sent::Encrypted);
    pair.deliver(Who::Bob);
    let error = pair.alice.inbox.pop_front().unwrap();
    assert!(error.starts_with("?OTR Error"));
    pair.inject(Who::Alice, &error);
    pair.end(Who::Alice);
    settle_down(&mut pair);
    assert!(shown(&pair.bob, "one") > 0 || handed_back(&pair.alice, "one"), "lost in silence");
}

// attack: REL-2
#[test]
fn a_long_text_is_kept_and_what_makes_room_for_it_is_told() {
    let mut pair = bob_restarted(931);
    let long = "x".repeat(70 * 1024);
    assert_eq!(pair.send(Who::Alice, "first"), Sent::Encrypted);
    assert_eq!(pair.send(Who::Alice, &long), Sent::Encrypted);
    settle_down(&mut pair);
    // The long one leaves no room for what was before it, which is told without its words.
    assert_eq!(shown(&pair.bob, &long), 1);
    assert!(more_may_be_unread(&pair.alice), "lost in silence");
}

// attack: REL-2, RESEND-1
#[test]
fn of_many_lost_texts_some_go_out_again_and_each_other_one_is_given_back() {
    let mut pair = bob_restarted(932);
    for n in 0..400 {
        assert_eq!(pair.send(Who::Alice, &format!("text {n}.")), Sent::Encrypted);
    }
    settle_down(&mut pair);
    let read: Vec<i32> = (0..400).filter(|n| shown(&pair.bob, &format!("text {n}.")) == 1).collect();
    assert_eq!(read, (368..400).collect::<Vec<_>>());
    assert!((0..368).all(|n| handed_back(&pair.alice, &format!("text {n}."))));
    assert!(!more_may_be_unread(&pair.alice));
}

// attack: ERR-2, RESEND-1
#[test]
fn many_forged_complaints_get_a_few_texts_sent_again() {
    let mut pair = bob_restarted(933);
    for n in 0..100 {
        assert_eq!(pair.send(Who::Alice, &format!("text {n}.")), Sent::Encrypted);
    }
    pair.bob.inbox.clear();
    for _ in 0..100 {
        pair.inject(Who::Alice, "?OTR Error: forged");
    }
    settle_down(&mut pair);
    let read: Vec<i32> = (0..100).filter(|n| shown(&pair.bob, &format!("text {n}.")) == 1).collect();
    assert_eq!(read, (68..100).collect::<Vec<_>>());
    assert!((0..68).all(|n| handed_back(&pair.alice, &format!("text {n}."))));
}

// attack: REL-2
#[test]
fn more_texts_than_are_kept_are_not_lost_in_silence() {
    let mut pair = bob_restarted(934);
    for n in 0..otr_session::MAX_UNCONFIRMED_TEXTS + 1 {
        assert_eq!(pair.send(Who::Alice, &format!("text {n}.")), Sent::Encrypted);
    }
    settle_down(&mut pair);
    assert!(shown(&pair.bob, "text 0.") == 0 && !handed_back(&pair.alice, "text 0."));
    assert!(handed_back(&pair.alice, "text 1."));
    assert!(more_may_be_unread(&pair.alice), "lost in silence");
}

// attack: REL-2
#[test]
fn what_was_read_before_new_keys_came_is_not_given_back() {
    let mut pair = Pair::private_with(935, always());
    pair.assert_talk_works();
    pair.wait(secs(90));
    pair.alice.events.clear();
    for n in 0..100 {
        assert_eq!(pair.send(Who::Alice, &format!("text {n}.")), Sent::Encrypted);
    }
    while pair.deliver(Who::Bob) {}
    // Nothing of Bob's shows that he has read them, but for what he names in the new keys.
    pair.alice.inbox.clear();
    pair.start(Who::Bob);
    settle_down(&mut pair);
    assert!((0..100).all(|n| shown(&pair.bob, &format!("text {n}.")) == 1));
    assert!((0..100).all(|n| !handed_back(&pair.alice, &format!("text {n}."))));
    assert!(!more_may_be_unread(&pair.alice));
}

// attack: REL-2
#[test]
fn what_was_lost_alone_before_new_keys_came_is_given_back() {
    let mut pair = Pair::private_with(936, always());
    pair.assert_talk_works();
    pair.wait(secs(90));
    pair.alice.events.clear();
    for n in 0..100 {
        assert_eq!(pair.send(Who::Alice, &format!("text {n}.")), Sent::Encrypted);
    }
    let is_lost = |n: usize| n == 0 || n == 50 || n == 51 || n == 99;
    let mut number = 0..;
    pair.bob.inbox.retain(|_| !is_lost(number.next().unwrap()));
    while pair.deliver(Who::Bob) {}
    pair.alice.inbox.clear();
    pair.start(Who::Bob);
    settle_down(&mut pair);
    let given_back: Vec<usize> = (0..100).filter(|n| handed_back(&pair.alice, &format!("text {n}."))).collect();
    assert_eq!(given_back, [0, 50, 51, 99]);
    let read: Vec<usize> = (0..100).filter(|n| shown(&pair.bob, &format!("text {n}.")) == 1).collect();
    assert_eq!(read.len(), 96);
}

// attack: STATE-1, TAG-8
#[test]
fn after_a_refresh_an_end_is_still_an_end() {
    for refresh in [false, true] {
        let config = Config::default();
        let mut pair = Pair::new(940, config.clone());
        let now = pair.now;
        // Mallory is there first, at an instance of her own.
        let mallory = Hostile::connect(&mut pair.alice, 2, 0x7777, now);
        pair.wait(secs(1));
        pair.start(Who::Bob);
        pair.run();
        pair.assert_talk_works();
        let bob = pair.bob.account.fingerprint();
        assert_eq!(pair.send(Who::Alice, "a word to Bob"), Sent::Encrypted);
        pair.run();
        if refresh {
            pair.wait(secs(100));
            // Anybody can prompt it.
            pair.inject(Who::Alice, "?OTRv3?");
            pair.run();
            pair.assert_talk_works_from_bob();
        }
        assert_eq!(pair.alice.account.status("bob").conversation.unwrap().their_fingerprint, bob);
        pair.end(Who::Bob);
        pair.run();
        let status = pair.alice.account.status("bob");
        let sent = pair.alice.account.send("bob", "for Bob alone", pair.now);
        assert_ne!(sent, Sent::Encrypted, "refresh {refresh}: went to {:?}, {:?}", status.their_instance, status.state);
        drop(mallory);
    }
}
trait FromBob {
    fn assert_talk_works_from_bob(&mut self);
}
impl FromBob for Pair {
    fn assert_talk_works_from_bob(&mut self) {
        assert_eq!(self.send(Who::Bob, "and from Bob"), Sent::Encrypted);
        self.run();
    }
}

// attack: VER-1
#[test]
fn an_identity_that_is_blocked_pins_no_version() {
    let mut pair = Pair::new(950, always());
    pair.bob.account.set_versions("alice", Some(TWO)).unwrap();
    pair.start(Who::Alice);
    pair.run();
    let (bob, now) = (pair.bob.account.fingerprint(), pair.now);
    pair.alice.account.set_trust("bob", bob, Trust::Verified, now).unwrap();
    pair.assert_talk_works();
    let mallory = Hostile::connect(&mut pair.alice, 2, 0x7777, now);
    drop(mallory);
    // Bob, who speaks version 2 only and is verified, starts anew.
    pair.restart(Who::Bob);
    pair.bob.account.set_versions("alice", Some(TWO)).unwrap();
    pair.wait(secs(120));
    pair.start(Who::Bob);
    pair.run();
    assert_eq!(pair.bob.state(), SessionState::Encrypted, "a stranger has pinned version 3");
}

// attack: VER-1
#[test]
fn a_version_that_is_remembered_is_pinned_after_a_restart() {
    let mut pair = Pair::private_with(960, always());
    pair.restart(Who::Alice);
    pair.bob.sent.push(String::new());
    pair.restart(Who::Bob);
    pair.alice.events.clear();
    // The adversary edits the offer.
    pair.inject(Who::Alice, "?OTRv2?");
    pair.run();
    assert_ne!(pair.alice.account.status("bob").conversation.map(|c| c.version), Some(Version::Two));
}

// attack: G-7, VER-8
#[test]
fn a_record_does_not_make_a_silent_account_send() {
    let now = secs(1000);
    for origin in [otr_session::Origin::Delayed, otr_session::Origin::Direct] {
        let mut side = Side::new(0, 0x1001, "mallory", Config::default(), 9);
        let mut hostile = Hostile::connect(&mut side, 2, 0x2002, now);
        assert_eq!(side.account.send("mallory", "hello", now), Sent::Encrypted);
        let sent = side.drain().remove(0);
        let mac = with_data(&sent, |d| *d.mac);
        if origin == otr_session::Origin::Direct {
            side.account.set_may_reply("mallory", false).unwrap();
        }
        let m = hostile.data(&Forged { tlvs: vec![Tlv::new(UNREAD, &mac).unwrap()], ..Forged::default() });
        let out = side.receive_incoming(otr_session::Incoming { body: m.as_bytes(), origin }, now);
        assert!(out.is_empty(), "{origin:?}: {out:?}");
    }
}

// attack: G-3, STATE-1
#[test]
fn the_finished_state_is_not_left_by_time() {
    let mut pair = Pair::new(970, Config::default());
    let now = pair.now;
    // Somebody else's instance with a text of ours that is not answered.
    let mut mallory = Hostile::connect(&mut pair.alice, 2, 0x7777, now);
    pair.wait(secs(61));
    assert_eq!(pair.alice.account.send("bob", "to Mallory, unanswered", pair.now), Sent::Encrypted);
    pair.alice.drain();
    pair.now += secs(1);
    pair.start(Who::Bob);
    pair.run();
    pair.assert_talk_works();
    pair.end(Who::Bob);
    pair.run();
    assert_eq!(pair.alice.state(), SessionState::Finished);
    let before = pair.alice.sent.len();
    // And her record makes us send in FINISHED.
    for _ in 0..10 {
        pair.wait(secs(10));
        pair.run();
    }
    let later: Vec<_> = pair.alice.sent[before..].to_vec();
    assert_eq!(pair.alice.state(), SessionState::Finished, "brought back; we sent {} {:?}", later.len(), later.first());
    let _ = &mut mallory;
}

// attack: STATE-1
#[test]
fn a_record_gets_nothing_sent_in_the_finished_state() {
    let mut pair = Pair::new(971, Config::default());
    let now = pair.now;
    let mut mallory = Hostile::connect(&mut pair.alice, 2, 0x7777, now);
    assert_eq!(pair.alice.account.send("bob", "to Mallory", pair.now), Sent::Encrypted);
    let m = pair.alice.drain().remove(0);
    let mac = with_data(&m, |d| *d.mac);
    pair.now += secs(1);
    pair.start(Who::Bob);
    pair.run();
    pair.assert_talk_works();
    pair.end(Who::Bob);
    pair.run();
    assert_eq!(pair.alice.state(), SessionState::Finished);
    let body = mallory.data(&Forged { tlvs: vec![Tlv::new(UNREAD, &mac).unwrap()], ..Forged::default() });
    let out = pair.alice.receive(&body, pair.now);
    assert!(out.is_empty(), "text sent in FINISHED");
}

// attack: RESEND-3
#[test]
fn texts_come_again_in_their_order() {
    let mut pair = bob_restarted(990);
    for t in ["one", "two", "three"] {
        assert_eq!(pair.send(Who::Alice, t), Sent::Encrypted);
    }
    pair.run();
    assert_eq!(pair.bob.shown(), ["one", "two", "three"].map(|t| format!("{RESENT}{t}")));
}

// T14: stale version 2 session takes the text when the version 3 one ends
// attack: STATE-1
#[test]
fn an_ended_conversation_does_not_go_on_in_an_older_version() {
    let mut pair = Pair::new(995, Config::default());
    pair.bob.account.set_versions("alice", Some(TWO)).unwrap();
    pair.start(Who::Alice);
    pair.run();
    pair.assert_talk_works();
    pair.restart(Who::Bob);
    pair.wait(secs(120));
    pair.start(Who::Bob);
    pair.run();
    assert_eq!(pair.alice.account.status("bob").conversation.unwrap().version, Version::Three);
    pair.assert_talk_works();
    pair.end(Who::Bob);
    pair.run();
    assert_eq!(pair.alice.state(), SessionState::Finished, "{:?}", pair.alice.account.status("bob").conversation);
}

// attack: REL-2
#[test]
fn a_text_that_crossed_the_end_is_given_back_when_the_user_ends_at_once() {
    let mut pair = Pair::private_with(998, always());
    pair.assert_talk_works();
    let crossing = pair.encrypt(Who::Alice, "crossing");
    pair.end(Who::Bob);
    pair.run();
    assert_eq!(pair.alice.state(), SessionState::Finished);
    pair.end(Who::Alice);
    pair.inject(Who::Bob, &crossing);
    settle_down(&mut pair);
    assert!(handed_back(&pair.alice, "crossing"), "lost in silence");
}

// attack: DOS-8
#[test]
fn no_timeout_stays_in_the_past() {
    let mut pair = Pair::new(972, Config::default());
    let now = pair.now;
    let mallory = Hostile::connect(&mut pair.alice, 2, 0x7777, now);
    pair.now += secs(1);
    pair.start(Who::Bob);
    pair.run();
    pair.assert_talk_works();
    let message = pair.encrypt(Who::Bob, "x");
    let bytes = otr_tests::pair::unarmour(&message);
    let name = with_data(&message, |d| *d.mac);
    let mac = bytes.windows(20).position(|w| w == name).unwrap();
    pair.end(Who::Bob);
    pair.run();
    assert_eq!(pair.alice.state(), SessionState::Finished);
    pair.inject(Who::Alice, &with_byte_changed(&message, mac, 1));
    pair.wait(secs(70));
    let timeout = pair.alice.account.next_timeout();
    assert!(timeout.is_none_or(|at| at > pair.now), "tick is due at {timeout:?}, it is {:?}", pair.now);
    drop(mallory);
}
