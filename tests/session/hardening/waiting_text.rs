//! Text that waits for a private conversation.

use super::*;

// attack: AKE-17
#[test]
fn asking_and_then_typing_sends_one_query() {
    let mut pair = Pair::new(206, Config::default());
    pair.start(Who::Alice);
    assert_eq!(pair.send(Who::Alice, "x"), Sent::Queued);
    assert_eq!(pair.alice.sent.iter().filter(|body| body.starts_with("?OTRv")).count(), 1);
}

// attack: AKE-17, RESEND-2
#[test]
fn forged_commits_do_not_silence_our_queries() {
    let mut pair = Pair::new(207, Config { policy: Policy::ALWAYS, ..Config::default() });
    let mut asked = false;
    for _ in 0..3 {
        pair.inject(Who::Alice, &forged_commit(0x9000, 0x1001));
        pair.bob.inbox.clear();
        let _ = pair.send(Who::Alice, "x");
        asked |= !pair.bob.inbox.is_empty();
        pair.wait(Duration::from_secs(59));
        asked |= pair.bob.inbox.iter().any(|body| body.starts_with("?OTRv"));
    }
    assert!(asked);
}

// attack: RESEND-2
#[test]
fn waiting_text_asks_again_when_the_query_was_lost_but_not_for_ever() {
    let mut pair = Pair::new(208, Config { policy: Policy::ALWAYS, ..Config::default() });
    assert_eq!(pair.send(Who::Alice, "x"), Sent::Queued);
    pair.bob.inbox.clear();
    pair.wait(Duration::from_secs(60));
    pair.run();
    assert_eq!(pair.bob.shown(), ["x"]);

    let mut alone = Pair::new(208, Config { policy: Policy::ALWAYS, ..Config::default() });
    assert_eq!(alone.send(Who::Alice, "x"), Sent::Queued);
    for _ in 0..60 {
        assert!(alone.alice.account.next_timeout().is_none_or(|at| at > alone.now), "nothing is left undone");
        alone.wait(Duration::from_secs(60));
    }
    assert_eq!(alone.bob.inbox.len(), 10);
}

// attack: STATE-10
#[test]
fn waiting_text_goes_when_the_identity_is_accepted() {
    let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
    let verified = side.account.fingerprint();
    side.account.remember("bob", verified, Trust::Verified).expect("a name");
    assert_eq!(side.account.send("bob", "first", NOW), Sent::Queued);
    side.drain();
    let _ = Hostile::connect(&mut side, 1, 0x2002, NOW);
    let there = side.account.status("bob").conversation.expect("in private").their_fingerprint;
    side.drain();
    side.account.accept_identity("bob", there, NOW).expect("known");
    assert_eq!(side.drain().len(), 1);
}

// attack: STATE-10, TAG-9, RESEND-1
#[test]
fn waiting_text_is_given_back_where_another_identity_than_the_known_one_comes() {
    let mut side = Side::new(0, 0x1001, "bob", Config { policy: Policy::ALWAYS, ..Config::default() }, 1);
    let known = side.account.fingerprint();
    side.account.remember("bob", known, Trust::Unverified).expect("a name");
    assert_eq!(side.account.send("bob", SECRET, NOW), Sent::Queued);
    side.drain();
    let _ = Hostile::connect(&mut side, 2, 0x6666, NOW);
    assert!(!side.sent.iter().any(|body| body.starts_with("?OTR:AAMD")));
    assert!(side.events.iter().any(|event| matches!(event, Event::NotDelivered { text, .. } if text == SECRET)));
}

// attack: STATE-10, TAG-9, RESEND-1
#[test]
fn waiting_text_is_not_handed_to_a_stranger_seen_before() {
    let mut side = Side::new(0, 0x1001, "bob", Config { policy: Policy::ALWAYS, ..Config::default() }, 1);
    let _bob = Hostile::connect(&mut side, 1, 0x2002, NOW);
    side.account.end("bob", NOW);
    side.drain();
    let _mallory = Hostile::connect(&mut side, 2, 0x6666, after(1));
    side.account.end("bob", after(2));
    side.drain();
    side.sent.clear();
    assert_eq!(side.account.send("bob", SECRET, after(100)), Sent::Queued);
    side.drain();
    let _mallory = Hostile::connect(&mut side, 2, 0x6667, after(101));
    assert!(!side.sent.iter().any(|body| body.starts_with("?OTR:AAMD")));
    assert!(side.events.iter().any(|event| matches!(event, Event::NotDelivered { text, .. } if text == SECRET)));
}

// attack: RESEND-2
#[test]
fn a_blocked_newcomer_does_not_strand_waiting_text() {
    // Text that waits for a minute at most is given back all the same.
    let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
    let verified = side.account.fingerprint();
    side.account.remember("bob", verified, Trust::Verified).expect("a name");
    side.account.set_policy("bob", Some(Policy::MANUAL)).expect("a name");
    side.account.start("bob", NOW).expect("allowed");
    assert_eq!(side.account.send("bob", "x", NOW), Sent::Queued);
    side.drain();
    let _mallory = Hostile::connect(&mut side, 2, 0x6666, after(1));
    side.account.tick(NOW + START_PATIENCE);
    side.drain();
    assert!(side.events.iter().any(|event| matches!(event, Event::NotDelivered { .. })));

    // Text that waits for the verified one goes on asking for him.
    let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
    side.account.remember("bob", verified, Trust::Verified).expect("a name");
    assert_eq!(side.account.send("bob", "x", NOW), Sent::Queued);
    side.drain();
    let _mallory = Hostile::connect(&mut side, 2, 0x6666, after(1));
    side.sent.clear();
    side.account.tick(after(61));
    side.drain();
    assert!(side.sent.iter().any(|body| body.starts_with("?OTRv")));
}

// attack: RESEND-2
#[test]
fn a_change_of_policy_gives_waiting_text_back_and_ends_the_asking() {
    let mut side = Side::new(0, 0x1001, "bob", Config { policy: Policy::ALWAYS, ..Config::default() }, 1);
    assert_eq!(side.account.send("bob", "first", NOW), Sent::Queued);
    side.drain();
    side.sent.clear();
    side.account.set_policy("bob", Some(Policy::NEVER)).expect("a name");
    for minute in 1..30 {
        side.account.tick(after(minute * 60));
    }
    side.drain();
    assert!(side.sent.is_empty());
    assert!(side.events.iter().any(|event| matches!(event, Event::NotDelivered { text, .. } if text == "first")));
}
