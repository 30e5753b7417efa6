//! One side loses its keys: what was said is read, or given back, and nobody else reads it.

use core::time::Duration;

use otr_session::{Config, Event, Policy, RESEND_WINDOW, RESENT, Sent, SessionState, Trust, Warning};
use otr_tests::pair::{Pair, Side, Who};

fn always() -> Config {
    Config { policy: Policy::ALWAYS, ..Config::default() }
}

/// The texts given back to a side since its events were last taken.
fn given_back(side: &mut Side) -> Vec<String> {
    let texts = side.events.drain(..).filter_map(|event| match event {
        Event::NotDelivered { text, .. } => Some(text),
        _ => None,
    });
    texts.collect()
}

/// Two sides in private; Bob's program has been started anew.
fn bob_restarted(seed: u64) -> Pair {
    let mut pair = Pair::private_with(seed, always());
    pair.assert_talk_works();
    pair.bob.events.clear();
    pair.alice.events.clear();
    pair.wait(Duration::from_secs(90));
    pair.restart(Who::Bob);
    pair
}

// attack: REL-2, RESEND-3
#[test]
fn texts_for_a_side_that_lost_its_keys_are_read_once() {
    let mut pair = bob_restarted(600);
    for text in ["one", "two", "three"] {
        assert_eq!(pair.send(Who::Alice, text), Sent::Encrypted);
    }
    pair.run();
    assert_eq!((pair.alice.state(), pair.bob.state()), (SessionState::Encrypted, SessionState::Encrypted));
    assert_eq!(pair.alice.session_id(), pair.bob.session_id());
    let mut shown = pair.bob.shown();
    shown.sort();
    assert_eq!(shown, ["one", "three", "two"].map(|text| format!("{RESENT}{text}")));
    let resent = pair.alice.warnings().into_iter().filter(|warning| matches!(warning, Warning::Resent(_)));
    assert_eq!(resent.count(), 3);
    assert!(pair.alice.sent.iter().chain(&pair.bob.sent).all(|body| body.starts_with("?OTR")));
    pair.assert_talk_works();
}

// attack: REL-2
#[test]
fn the_side_that_lost_its_keys_may_speak_first() {
    let mut pair = bob_restarted(601);
    assert_eq!(pair.send(Who::Bob, "I am back"), Sent::Queued);
    pair.run();
    assert_eq!(pair.alice.shown(), ["I am back"]);
    pair.assert_talk_works();
}

// attack: RESEND-3
#[test]
fn what_had_been_read_before_is_not_sent_again() {
    let mut pair = Pair::private_with(602, always());
    pair.assert_talk_works();
    assert_eq!(pair.send(Who::Alice, "read one"), Sent::Encrypted);
    assert_eq!(pair.send(Who::Alice, "read two"), Sent::Encrypted);
    pair.run();
    pair.bob.shown();
    pair.restart(Who::Bob);
    assert_eq!(pair.send(Who::Alice, "lost"), Sent::Encrypted);
    pair.run();
    assert_eq!(pair.bob.shown(), [format!("{RESENT}lost")]);
}

// attack: RESEND-1
#[test]
fn a_forged_error_does_not_hand_the_last_text_to_somebody_else() {
    let mut pair = Pair::private_with(603, always());
    pair.assert_talk_works();
    pair.wait(Duration::from_secs(90));
    let message = pair.encrypt(Who::Alice, "for Bob alone");
    pair.inject(Who::Bob, &message);
    assert_eq!(pair.bob.shown(), ["for Bob alone"]);
    // The heartbeat that would show that it was read does not arrive.
    pair.alice.inbox.clear();
    pair.bob.events.clear();
    pair.alice.events.clear();
    // Mallory claims in Bob's name that it could not be read, and completes an exchange with a key of her own.
    let mut mallory = Side::new(2, 0xf000_0002, "alice", always(), 99);
    let mut to_mallory = pair.alice.receive("?OTR Error: I could not read that", pair.now);
    assert!(!to_mallory.is_empty(), "an exchange is begun");
    while !to_mallory.is_empty() {
        for body in std::mem::take(&mut to_mallory) {
            for reply in mallory.receive(&body, pair.now) {
                to_mallory.extend(pair.alice.receive(&reply, pair.now));
            }
        }
    }
    assert_eq!(mallory.state(), SessionState::Encrypted);
    assert!(mallory.shown().is_empty());
    assert_eq!(given_back(&mut pair.alice), ["for Bob alone"]);
}

// attack: RESEND-1, ERR-2
#[test]
fn a_forged_error_alone_gets_a_text_sent_to_the_same_reader_once_more_at_most() {
    let mut pair = Pair::private_with(604, always());
    pair.assert_talk_works();
    pair.wait(Duration::from_secs(90));
    assert_eq!(pair.send(Who::Alice, "hello"), Sent::Encrypted);
    pair.run();
    let session = pair.alice.session_id();
    for _ in 0..50 {
        pair.inject(Who::Alice, "?OTR Error: forged");
        pair.run();
    }
    let shown = pair.bob.shown();
    assert!(shown == ["hello"] || shown == ["hello", &format!("{RESENT}hello")], "{shown:?}");
    assert_ne!(pair.alice.session_id(), session, "the keys are fresh");
    let commits = pair.alice.sent.iter().filter(|body| body.starts_with("?OTR:AAMC")).count();
    assert!(commits <= 2, "{commits}: within the budget");
    pair.assert_talk_works();
}

// attack: RESEND-1
#[test]
fn what_went_out_too_long_ago_is_given_back() {
    let mut pair = bob_restarted(605);
    assert_eq!(pair.send(Who::Alice, "an old text"), Sent::Encrypted);
    pair.now += RESEND_WINDOW + Duration::from_secs(1);
    pair.run();
    assert!(pair.bob.shown().is_empty());
    assert_eq!(given_back(&mut pair.alice), ["an old text"]);
}

#[test]
fn where_no_new_keys_come_about_the_text_is_given_back() {
    let mut pair = bob_restarted(606);
    assert_eq!(pair.send(Who::Alice, "lost"), Sent::Encrypted);
    assert!(pair.deliver(Who::Bob));
    let error = pair.alice.inbox.pop_front().expect("an error message");
    assert!(error.starts_with("?OTR Error:"));
    pair.inject(Who::Alice, &error);
    pair.alice.inbox.clear();
    pair.bob.inbox.clear();
    pair.alice.events.clear();
    let at = pair.alice.account.next_timeout().expect("something is left to do");
    assert!(at <= pair.now + RESEND_WINDOW);
    pair.now += RESEND_WINDOW;
    pair.alice.account.tick(pair.now);
    pair.alice.drain();
    assert_eq!(given_back(&mut pair.alice), ["lost"]);
}

// attack: RESEND-1
#[test]
fn a_text_is_sent_again_once_and_then_given_back() {
    let mut pair = bob_restarted(607);
    assert_eq!(pair.send(Who::Alice, "unlucky"), Sent::Encrypted);
    pair.run();
    assert_eq!(pair.bob.shown(), [format!("{RESENT}unlucky")]);
    // Somebody complains in Bob's name once more, and what Bob says of it after the exchange is lost.
    pair.alice.events.clear();
    pair.now += Duration::from_secs(61);
    pair.inject(Who::Alice, "?OTR Error: forged");
    while pair.deliver(Who::Bob) {
        pair.alice.inbox.retain(|body| !body.starts_with("?OTR:AAMD"));
        while pair.deliver(Who::Alice) {}
    }
    assert_eq!(pair.send(Who::Bob, "what?"), Sent::Encrypted);
    pair.run();
    assert!(pair.bob.shown().is_empty());
    assert_eq!(given_back(&mut pair.alice), ["unlucky"]);
}

// attack: REL-10
#[test]
fn a_storm_of_unreadable_messages_leads_to_one_repair() {
    let mut pair = bob_restarted(608);
    for number in 0..20 {
        assert_eq!(pair.send(Who::Alice, &format!("text {number}")), Sent::Encrypted);
    }
    while pair.deliver(Who::Bob) {}
    assert_eq!(pair.alice.inbox.len(), 2, "one error message and one commit: {:?}", pair.alice.inbox);
    pair.run();
    assert_eq!(pair.bob.shown().len(), 20);
    assert!(given_back(&mut pair.alice).is_empty());
    pair.assert_talk_works();
}

#[test]
fn a_peer_that_names_nothing_is_understood_by_its_errors() {
    // As other programs do: one error message for each message, and no more.
    let mut pair = bob_restarted(609);
    for text in ["one", "two", "three"] {
        assert_eq!(pair.send(Who::Alice, text), Sent::Encrypted);
    }
    // The first one was read before the restart, going by the number of errors.
    let lost = pair.bob.inbox.len() - 1;
    pair.bob.inbox.clear();
    for _ in 0..lost {
        pair.inject(Who::Alice, "?OTR Error: you sent encrypted data, which was not expected");
    }
    while pair.bob.state() != SessionState::Encrypted {
        assert!(pair.deliver(Who::Bob) && pair.deliver(Who::Alice));
    }
    // Ours would name them now; this one says something else first.
    pair.alice.inbox.retain(|body| !body.starts_with("?OTR:AAMD"));
    pair.run();
    assert_eq!(pair.send(Who::Bob, "here I am"), Sent::Encrypted);
    pair.run();
    let shown = pair.bob.shown();
    assert_eq!(shown, ["two", "three"].map(|text| format!("{RESENT}{text}")));
    assert_eq!(perhaps_unread(&mut pair.alice), ["one"]);
}

#[test]
fn a_complaint_that_comes_after_the_new_keys_is_settled_at_once() {
    let mut pair = Pair::private_with(610, always());
    pair.assert_talk_works();
    pair.wait(Duration::from_secs(90));
    // The text is under way when the keys change.
    let late = pair.encrypt(Who::Alice, "late");
    pair.start(Who::Bob);
    pair.run();
    pair.bob.events.clear();
    pair.inject(Who::Bob, &late);
    pair.run();
    assert_eq!(pair.bob.shown(), [format!("{RESENT}late")]);
}

#[test]
fn a_complaint_after_the_end_gives_the_text_back() {
    let mut pair = Pair::private_with(611, always());
    pair.assert_talk_works();
    let crossing = pair.encrypt(Who::Alice, "crossing");
    pair.end(Who::Bob);
    pair.inject(Who::Bob, &crossing);
    pair.run();
    assert_eq!(pair.alice.state(), SessionState::Finished);
    pair.alice.events.retain(|event| matches!(event, Event::NotDelivered { .. }));
    assert_eq!(given_back(&mut pair.alice), ["crossing"]);
}

#[test]
fn a_repair_beyond_the_budget_is_made_later() {
    let mut pair = bob_restarted(612);
    assert_eq!(pair.send(Who::Alice, "one"), Sent::Encrypted);
    pair.run();
    assert_eq!(pair.bob.shown(), [format!("{RESENT}one")]);
    pair.wait(Duration::from_secs(5));
    // Lost again at once; and Bob, who could begin as well, is not heard.
    pair.restart(Who::Bob);
    assert_eq!(pair.send(Who::Alice, "two"), Sent::Encrypted);
    pair.deliver(Who::Bob);
    let error = pair.alice.inbox.pop_front().expect("an error message");
    pair.alice.inbox.clear();
    pair.inject(Who::Alice, &error);
    pair.run();
    assert_ne!(pair.alice.session_id(), pair.bob.session_id());
    let at = pair.alice.account.next_timeout().expect("something is due");
    assert!(at <= pair.now + Duration::from_secs(60));
    pair.wait(at.saturating_sub(pair.now));
    pair.run();
    assert_eq!(pair.alice.session_id(), pair.bob.session_id());
    pair.assert_talk_works();
}

// attack: RESEND-1
#[test]
fn a_blocked_identity_gets_nothing_again() {
    let mut pair = Pair::private_with(613, always());
    pair.assert_talk_works();
    let bob = pair.bob.account.fingerprint();
    let now = pair.now;
    pair.alice.account.set_trust("bob", bob, Trust::Verified, now).expect("known");
    pair.wait(Duration::from_secs(90));
    assert_eq!(pair.send(Who::Alice, "for Bob"), Sent::Encrypted);
    pair.bob.inbox.clear();
    let mut mallory = Side::new(2, 0xf000_0002, "alice", always(), 98);
    let mut to_mallory = pair.alice.receive("?OTR Error: x", pair.now);
    while let Some(body) = to_mallory.pop() {
        for reply in mallory.receive(&body, pair.now) {
            to_mallory.extend(pair.alice.receive(&reply, pair.now));
        }
    }
    assert!(mallory.shown().is_empty());
    assert_eq!(given_back(&mut pair.alice), ["for Bob"]);
}

// attack: REL-2
#[test]
fn a_restart_of_either_side_at_any_step_of_a_talk_loses_nothing_in_silence() {
    let script = script();
    for who in [Who::Alice, Who::Bob] {
        for step in 0..script.len() {
            restart_at(&script, step, who);
        }
    }
}

/// Who speaks at each of 200 steps.
fn script() -> Vec<Who> {
    let mut random = otr_tests::pair::rng(614);
    (0..200).map(|_| *otr_tests::pair::pick(&[Who::Alice, Who::Bob], &mut random)).collect()
}

fn restart_at(script: &[Who], at: usize, who: Who) {
    // A short way on both sides of the restart is enough: what was before is before.
    let first = at.saturating_sub(6);
    let last = (at + 6).min(script.len());
    let mut pair = Pair::private_with(615 + u64::try_from(at).expect("small"), always());
    pair.wait(Duration::from_secs(90));
    let mut said = [Vec::new(), Vec::new()];
    for (step, &speaker) in script.iter().enumerate().take(last).skip(first) {
        if step == at {
            pair.restart(who);
        }
        let text = format!("text {step}");
        let sent = pair.send(speaker, &text);
        assert!(matches!(sent, Sent::Encrypted | Sent::Queued), "step {step}: {sent:?}");
        said[usize::from(speaker == Who::Bob)].push(text);
        pair.run();
    }
    // One message each way, at most, was needed.
    assert_eq!(
        (pair.alice.state(), pair.bob.state()),
        (SessionState::Encrypted, SessionState::Encrypted),
        "{at} {who:?}"
    );
    assert_eq!(pair.alice.session_id(), pair.bob.session_id());
    for (side, texts) in [(Who::Bob, &said[0]), (Who::Alice, &said[1])] {
        let shown: Vec<String> = pair.side(side).shown();
        let shown: Vec<&str> = shown.iter().map(|text| text.strip_prefix(RESENT).unwrap_or(text)).collect();
        assert_eq!(shown, *texts, "restart of {who:?} before step {at}");
    }
    assert!(pair.alice.sent.iter().chain(&pair.bob.sent).all(|body| body.starts_with("?OTR")), "nothing in clear");
}

/// What a side was told of texts whose fate is not known.
fn perhaps_unread(side: &mut Side) -> Vec<String> {
    let texts = side.events.drain(..).filter_map(|event| match event {
        Event::NotDelivered { text, certain: false } => Some(text),
        _ => None,
    });
    texts.collect()
}

// attack: REL-2
#[test]
fn of_texts_to_a_side_that_lost_its_keys_and_says_nothing_the_writer_is_told() {
    for heard in [true, false] {
        let mut pair = bob_restarted(620);
        assert_eq!(pair.send(Who::Alice, "vanished"), Sent::Encrypted);
        // Bob's program says nothing about what it cannot read, and tells nothing afterwards.
        pair.bob.inbox.clear();
        assert_eq!(pair.send(Who::Bob, "hello again"), Sent::Queued);
        while pair.bob.state() != SessionState::Encrypted {
            assert!(pair.deliver(Who::Alice) && pair.deliver(Who::Bob));
        }
        pair.deliver(Who::Alice);
        assert_eq!(pair.alice.state(), SessionState::Encrypted);
        assert_eq!(pair.alice.inbox.len(), 2, "Bob's report, and the text");
        pair.alice.inbox.pop_front();
        if !heard {
            pair.alice.inbox.clear();
            pair.wait(otr_session::UNSURE_AFTER);
        }
        pair.run();
        assert_eq!(perhaps_unread(&mut pair.alice), ["vanished"]);
        assert!(!pair.bob.shown().iter().any(|text| text.contains("vanished")));
    }
}

#[test]
fn a_refresh_of_a_conversation_that_was_not_lost_leaves_no_doubt() {
    let mut pair = Pair::private_with(621, always());
    pair.assert_talk_works();
    assert_eq!(pair.send(Who::Alice, "the last word"), Sent::Encrypted);
    pair.run();
    pair.wait(Duration::from_secs(90));
    for who in [Who::Alice, Who::Bob] {
        pair.alice.events.clear();
        pair.start(who);
        pair.run();
        pair.wait(Duration::from_secs(90));
        assert!(perhaps_unread(&mut pair.alice).is_empty());
    }
    assert!(pair.alice.sent.iter().chain(&pair.bob.sent).all(|body| !body.contains("Error")));
}

// attack: REL-2
#[test]
fn a_text_that_is_not_answered_by_the_program_at_least_makes_us_ask_for_new_keys() {
    let mut pair = bob_restarted(622);
    assert_eq!(pair.send(Who::Alice, "anybody there?"), Sent::Encrypted);
    pair.bob.inbox.clear();
    let at = pair.alice.account.next_timeout().expect("the answer is waited for");
    assert_eq!(at, pair.now + otr_session::ANSWER_WITHIN);
    pair.wait(otr_session::ANSWER_WITHIN);
    assert!(pair.bob.inbox.back().expect("a query").starts_with("?OTRv"));
    assert!(pair.alice.warnings().contains(&Warning::NoAnswer));
    pair.run();
    assert_eq!(pair.alice.session_id(), pair.bob.session_id());
    pair.assert_talk_works();

    // Where the program answers nothing is asked.
    let mut alive = Pair::private_with(623, always());
    alive.wait(Duration::from_secs(90));
    assert_eq!(alive.send(Who::Alice, "anybody there?"), Sent::Encrypted);
    alive.run();
    alive.wait(Duration::from_secs(300));
    assert!(!alive.alice.warnings().contains(&Warning::NoAnswer));
    assert_eq!(alive.alice.sent.iter().filter(|body| body.starts_with("?OTRv")).count(), 1);
}

// attack: RESEND-3
#[test]
fn a_forged_copy_does_not_make_a_message_unread() {
    let mut pair = Pair::private_with(624, always());
    pair.assert_talk_works();
    let message = pair.encrypt(Who::Alice, "once");
    let forged = otr_tests::pair::with_byte_changed(&message, 40, 1);
    // A copy before, a copy after, and the message itself once more when the keys have changed.
    for body in [&forged, &message, &forged] {
        pair.inject(Who::Bob, body);
    }
    pair.alice.inbox.clear();
    pair.wait(Duration::from_secs(30));
    pair.start(Who::Alice);
    pair.run();
    pair.inject(Who::Bob, &message);
    assert_eq!(pair.send(Who::Bob, "read"), Sent::Encrypted);
    pair.run();
    pair.wait(Duration::from_secs(120));
    pair.run();
    assert_eq!(pair.bob.shown(), ["once"]);
}
