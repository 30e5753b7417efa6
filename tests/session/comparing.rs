//! Comparing a secret: who is verified by it, what ends it, and what a peer cannot do with it.

use core::time::Duration;

use otr_session::{
    Comparison, ComparisonOf, ComparisonState, Config, Event, MAX_FAILED_COMPARISONS, Meaning, NotPossible, RunId,
    SessionState, Trust, Warning,
};
use otr_tests::{
    hostile::{Forged, Hostile},
    pair::{Pair, Side, Who, rng},
};
use otr_wire::{Tlv, TlvType};

const NOW: Duration = Duration::from_secs(1_000_000);

/// What comparisons told a side since its events were last taken.
fn told(side: &mut Side) -> Vec<Comparison> {
    let events = side.events.drain(..).filter_map(|event| match event {
        Event::Comparison(ComparisonOf { event, .. }) => Some(event),
        _ => None,
    });
    events.collect()
}

fn start(pair: &mut Pair, who: Who, secret: &str, question: Option<&str>) {
    let now = pair.now;
    let side = pair.side(who);
    side.account.start_comparison(side.peer, secret, question, now, &mut rng(7)).expect("in private");
    pair.flush(who);
}

/// Which comparison a side is asked to answer.
fn asked(side: &Side) -> RunId {
    match side.account.status(side.peer).comparison {
        ComparisonState::AwaitingUser(run) => run,
        other => panic!("{other:?}"),
    }
}

fn answer(pair: &mut Pair, who: Who, secret: &str) {
    let now = pair.now;
    let run = asked(pair.side(who));
    let side = pair.side(who);
    side.account.answer_comparison(side.peer, run, secret, now, &mut rng(8)).expect("asked");
    pair.flush(who);
}

fn is_verified(side: &Side) -> bool {
    side.account.status(side.peer).conversation.expect("in private").trust == Trust::Verified
}

/// A user begins a comparison and gives it up: that says that more of them are wanted.
fn ask_anew(pair: &mut Pair, who: Who) {
    let now = pair.now;
    let side = pair.side(who);
    if side.account.start_comparison(side.peer, "x", None, now, &mut rng(7)).is_ok() {
        side.account.abort_comparison(side.peer, now).expect("under way");
    }
    pair.flush(who);
    pair.run();
}

/// A whole comparison that Alice begins.
fn compare(pair: &mut Pair, secret: &str, theirs: &str, question: Option<&str>) {
    start(pair, Who::Alice, secret, question);
    pair.run();
    answer(pair, Who::Bob, theirs);
    pair.run();
}

// attack: SMP-13, SMP-16
#[test]
fn equal_secrets_verify_whom_they_should() {
    for versions in [otr_wire::Versions::ALL, otr_wire::Versions::only(otr_wire::Version::Two)] {
        for question in [None, Some("Where?")] {
            let mut pair = Pair::private_with(700, Config { versions, ..Config::default() });
            compare(&mut pair, "zu Hause \u{1f3e0}", "zu Hause \u{1f3e0}", question);
            let verified = Comparison::Succeeded(Meaning::PeerVerified);
            let answered = Comparison::Succeeded(Meaning::AnsweredRightly);
            assert_eq!(told(&mut pair.alice).last(), Some(&verified));
            let for_bob = if question.is_some() { answered } else { verified };
            assert_eq!(told(&mut pair.bob).last(), Some(&for_bob));
            assert!(is_verified(&pair.alice));
            assert_eq!(is_verified(&pair.bob), question.is_none());
            pair.assert_talk_works();
        }
    }
}

// attack: SMP-14
#[test]
fn different_secrets_verify_nobody_and_take_nothing_away() {
    let mut pair = Pair::private(701);
    let bob = pair.bob.account.fingerprint();
    let now = pair.now;
    pair.alice.account.set_trust("bob", bob, Trust::Verified, now).expect("known");
    compare(&mut pair, "one", "another", None);
    assert_eq!(told(&mut pair.alice).last(), Some(&Comparison::Failed));
    assert_eq!(told(&mut pair.bob).last(), Some(&Comparison::Failed));
    assert!(is_verified(&pair.alice), "what was verified before stays so");
    assert!(!is_verified(&pair.bob));
}

// attack: SMP-12
#[test]
fn a_man_in_the_middle_who_passes_everything_on_is_found_out() {
    // Mallory has a private conversation with each, and hands the records of one to the other.
    let mut alice = Side::new(0, 0x1001, "bob", Config::default(), 1);
    let mut bob = Side::new(1, 0x2002, "alice", Config::default(), 2);
    let mut as_bob = Side::new(2, 0x2002, "alice", Config::default(), 3);
    let mut as_alice = Side::new(2, 0x1001, "bob", Config::default(), 4);
    for (victim, mallory) in [(&mut alice, &mut as_bob), (&mut bob, &mut as_alice)] {
        victim.account.start(victim.peer, NOW).expect("allowed");
        exchange(victim, mallory);
        assert_eq!((victim.state(), mallory.state()), (SessionState::Encrypted, SessionState::Encrypted));
    }
    // Both know the secret, and Mallory has her own runs with both: with no secret to pass on she has to guess.
    alice.account.start_comparison("bob", "our secret", None, NOW, &mut rng(1)).expect("in private");
    exchange(&mut alice, &mut as_bob);
    as_alice.account.start_comparison("bob", "a guess", None, NOW, &mut rng(2)).expect("in private");
    exchange(&mut as_alice, &mut bob);
    for (side, secret, other) in [(&mut bob, "our secret", &mut as_alice), (&mut as_bob, "another guess", &mut alice)] {
        let run = asked(side);
        side.account.answer_comparison(side.peer, run, secret, NOW, &mut rng(3)).expect("asked");
        exchange(side, other);
    }
    assert_eq!(told(&mut alice).last(), Some(&Comparison::Failed));
    assert_eq!(told(&mut bob).last(), Some(&Comparison::Failed));
    // Were the very records passed on, the secrets are still not the same: they hold fingerprints and session ids.
    let ids = [alice.session_id(), bob.session_id()];
    assert_ne!(ids[0], ids[1]);
}

/// Carries messages between two sides until both are quiet.
fn exchange(one: &mut Side, other: &mut Side) {
    let mut to_other = one.drain();
    let mut to_one = other.drain();
    while !to_other.is_empty() || !to_one.is_empty() {
        for body in std::mem::take(&mut to_other) {
            to_one.extend(other.receive(&body, NOW));
        }
        for body in std::mem::take(&mut to_one) {
            to_other.extend(one.receive(&body, NOW));
        }
    }
}

// attack: SMP-8
#[test]
fn when_both_begin_at_once_both_are_back_at_the_start() {
    let mut pair = Pair::private(702);
    start(&mut pair, Who::Alice, "x", None);
    start(&mut pair, Who::Bob, "x", None);
    pair.run();
    assert_eq!(told(&mut pair.alice), [Comparison::Aborted]);
    assert_eq!(told(&mut pair.bob), [Comparison::Aborted]);
    compare(&mut pair, "x", "x", None);
    assert!(is_verified(&pair.alice) && is_verified(&pair.bob));
}

// attack: SMP-8
#[test]
fn a_restart_gives_up_what_was_under_way_first() {
    let mut pair = Pair::private(703);
    start(&mut pair, Who::Alice, "first", None);
    pair.run();
    let first = asked(&pair.bob);
    start(&mut pair, Who::Alice, "second", Some("Which?"));
    pair.run();
    assert_ne!(asked(&pair.bob), first);
    let now = pair.now;
    let late = pair.bob.account.answer_comparison("alice", first, "first", now, &mut rng(5));
    assert!(matches!(late, Err(NotPossible::Comparison(_))), "an answer to the first question is none to the second");
    answer(&mut pair, Who::Bob, "second");
    pair.run();
    assert!(is_verified(&pair.alice));
}

// attack: SMP-10, SMP-7
#[test]
fn a_second_question_before_the_answer_ends_the_first_and_asks_nothing() {
    let mut victim = Side::new(0, 0x1001, "bob", Config::default(), 1);
    let mut hostile = Hostile::connect(&mut victim, 1, 0x2002, NOW);
    let numbers = message_1();
    for number in 0..2 {
        let value = [format!("question {number}\0").as_bytes(), &numbers].concat();
        let tlv = Tlv::new(TlvType::SMP_MESSAGE_1Q, &value).expect("short");
        victim.receive(&hostile.data(&Forged { tlvs: vec![tlv], ..Forged::default() }), NOW);
    }
    let told = told(&mut victim);
    assert!(matches!(told.as_slice(), [Comparison::Asked { .. }, Comparison::Aborted]), "{told:?}");
    assert_eq!(victim.account.status("bob").comparison, ComparisonState::Expect1);
}

/// The numbers of a first message.
fn message_1() -> Vec<u8> {
    let [one, two] = [[1; 20], [2; 20]].map(otr_session::Fingerprint::from_bytes);
    let keys = [5, 6].map(|seed| otr_crypto::DhKeyPair::generate(&mut rng(seed)));
    let session = keys[0].agree(keys[1].public()).expect("a secret").ake_keys().session_id();
    let secret = otr_smp::Secret::new(&one, &two, &session, b"x");
    let mut smp: otr_smp::Smp = otr_smp::Smp::new();
    smp.start(secret, None, NOW, &mut rng(6)).expect("idle").encode().1
}

// attack: SMP-9
#[test]
fn a_peer_that_stops_answering_verifies_nobody() {
    let mut pair = Pair::private(704);
    start(&mut pair, Who::Alice, "x", None);
    pair.run();
    answer(&mut pair, Who::Bob, "x");
    // Bob has message 3 and learns the result; his message 4 never arrives.
    pair.deliver(Who::Alice);
    pair.deliver(Who::Bob);
    assert_eq!(told(&mut pair.bob).last(), Some(&Comparison::Succeeded(Meaning::PeerVerified)));
    pair.alice.inbox.clear();
    let at = pair.alice.account.next_timeout().expect("the run ends");
    assert!(at <= pair.now + Duration::from_secs(300));
    pair.wait(Duration::from_secs(300));
    assert_eq!(told(&mut pair.alice).last(), Some(&Comparison::TimedOut));
    assert!(!is_verified(&pair.alice));
}

// attack: SMP-11
#[test]
fn a_run_does_not_outlive_its_conversation() {
    for ended_by in [Who::Alice, Who::Bob] {
        let mut pair = Pair::private(705);
        start(&mut pair, Who::Alice, "x", None);
        pair.run();
        told(&mut pair.alice);
        let run = asked(&pair.bob);
        pair.end(ended_by);
        pair.run();
        assert_eq!(told(&mut pair.alice), [Comparison::Aborted]);
        assert_eq!(told(&mut pair.bob).last(), Some(&Comparison::Aborted));
        let now = pair.now;
        assert!(pair.bob.account.answer_comparison("alice", run, "x", now, &mut rng(5)).is_err());
    }
}

// attack: SMP-11, SMP-12
#[test]
fn a_run_goes_over_to_fresh_keys_of_the_same_identity_only() {
    let mut pair = Pair::private(706);
    start(&mut pair, Who::Alice, "x", None);
    pair.run();
    pair.wait(Duration::from_secs(61));
    pair.start(Who::Bob);
    pair.run();
    answer(&mut pair, Who::Bob, "x");
    pair.run();
    assert!(is_verified(&pair.alice) && is_verified(&pair.bob), "the secret is that of the session it began in");

    let mut victim = Side::new(0, 0x1001, "bob", Config::default(), 1);
    let _first = Hostile::connect(&mut victim, 1, 0x2002, NOW);
    victim.account.start_comparison("bob", "x", None, NOW, &mut rng(1)).expect("in private");
    victim.drain();
    victim.events.clear();
    let _second = Hostile::connect(&mut victim, 2, 0x2002, NOW + Duration::from_secs(1));
    assert_eq!(told(&mut victim), [Comparison::Aborted]);
    assert_eq!(victim.account.status("bob").comparison, ComparisonState::Expect1);
}

// attack: SMP-15
#[test]
fn guesses_are_limited_by_session_and_by_day() {
    let mut pair = Pair::private(707);
    for number in 0..MAX_FAILED_COMPARISONS {
        start(&mut pair, Who::Bob, &format!("guess {number}"), None);
        pair.run();
        answer(&mut pair, Who::Alice, "the secret");
        pair.run();
        assert_eq!(told(&mut pair.alice).last(), Some(&Comparison::Failed));
        pair.wait(Duration::from_secs(20));
    }
    start(&mut pair, Who::Bob, "one more", None);
    pair.run();
    assert_eq!(pair.alice.account.status("bob").comparison, ComparisonState::Expect1);
    assert!(pair.alice.events.iter().any(|event| matches!(event, Event::Warning(Warning::TooManyComparisons))));
    assert_eq!(told(&mut pair.bob).last(), Some(&Comparison::Aborted));
    // The user may go on, up to the day's share.
    let mut failed = MAX_FAILED_COMPARISONS;
    while failed < otr_session::GUESSES_A_DAY {
        pair.wait(Duration::from_secs(20));
        ask_anew(&mut pair, Who::Bob);
        told(&mut pair.alice);
        compare(&mut pair, "the secret", "wrong", None);
        assert_eq!(told(&mut pair.alice).last(), Some(&Comparison::Failed), "after {failed}");
        failed += 1;
    }
    let now = pair.now;
    let refused = pair.alice.account.start_comparison("bob", "the secret", None, now, &mut rng(7));
    assert_eq!(refused, Err(NotPossible::TooManyComparisons));
    pair.wait(Duration::from_secs(24 * 60 * 60));
    ask_anew(&mut pair, Who::Bob);
    compare(&mut pair, "the secret", "the secret", None);
    assert!(is_verified(&pair.alice));
}

// attack: SMP-15, SMP-9
#[test]
fn a_guess_whose_outcome_is_kept_back_counts() {
    let mut pair = Pair::private(708);
    let mut refused = false;
    for _ in 0..=otr_session::GUESSES_A_DAY {
        ask_anew(&mut pair, Who::Bob);
        let now = pair.now;
        let begun = pair.alice.account.start_comparison("bob", "x", None, now, &mut rng(7));
        refused |= begun == Err(NotPossible::TooManyComparisons);
        if begun.is_err() {
            break;
        }
        pair.flush(Who::Alice);
        pair.run();
        answer(&mut pair, Who::Bob, "guess");
        pair.deliver(Who::Alice);
        // Bob has what he wants, and says no more.
        pair.deliver(Who::Bob);
        pair.alice.inbox.clear();
        pair.wait(Duration::from_secs(310));
        pair.run();
    }
    assert!(refused);
}

// attack: SMP-17
#[test]
fn a_question_that_does_not_fit_is_refused_and_ends_nothing() {
    let mut pair = Pair::private(709);
    start(&mut pair, Who::Alice, "x", None);
    let now = pair.now;
    for question in ["x".repeat(64_001), "x".repeat(70_000), "a\0b".to_owned()] {
        let refused = pair.alice.account.start_comparison("bob", "x", Some(&question), now, &mut rng(7));
        assert!(matches!(refused, Err(NotPossible::Comparison(_))));
    }
    assert_eq!(pair.alice.account.status("bob").comparison, ComparisonState::Expect2);
    let longest = "x".repeat(64_000);
    start(&mut pair, Who::Alice, "x", Some(&longest));
    pair.run();
    let told = told(&mut pair.bob);
    let Some(Comparison::Asked { question: Some(question), .. }) = told.last() else { panic!("{told:?}") };
    assert_eq!(question.as_slice(), longest.as_bytes());
}

// attack: SMP-18
#[test]
fn a_question_says_whether_the_one_who_asks_is_verified() {
    for verified in [false, true] {
        let mut pair = Pair::private(710);
        let alice = pair.alice.account.fingerprint();
        let now = pair.now;
        let trust = if verified { Trust::Verified } else { Trust::Unverified };
        pair.bob.account.set_trust("alice", alice, trust, now).expect("known");
        start(&mut pair, Who::Alice, "x", Some("Who is asking?"));
        pair.run();
        let event = pair.bob.events.iter().find_map(|event| match event {
            Event::Comparison(of) => Some(of),
            _ => None,
        });
        let of = event.expect("asked");
        assert_eq!((of.is_verified, of.their_fingerprint), (verified, alice));
        assert!(pair.alice.inbox.is_empty(), "nothing answers by itself");
    }
}

// attack: SMP-21
#[test]
fn nothing_of_it_goes_out_without_a_private_conversation() {
    let mut side = Side::new(0, 0x1001, "bob", Config::default(), 1);
    let refused = side.account.start_comparison("bob", "x", None, NOW, &mut rng(1));
    assert_eq!(refused, Err(NotPossible::NotInPrivate));
    assert!(side.account.abort_comparison("bob", NOW).is_err());
    let mut hostile = Hostile::connect(&mut side, 1, 0x2002, NOW);
    let tlv = Tlv::new(TlvType::DISCONNECTED, &[]).expect("short");
    side.receive(&hostile.data(&Forged { tlvs: vec![tlv], ..Forged::default() }), NOW);
    assert_eq!(side.state(), SessionState::Finished);
    assert_eq!(side.account.start_comparison("bob", "x", None, NOW, &mut rng(1)), Err(NotPossible::NotInPrivate));
    assert!(side.drain().is_empty());
}

// attack: SMP-22
#[test]
fn a_peer_begins_six_comparisons_a_minute_at_most() {
    let mut victim = Side::new(0, 0x1001, "bob", Config::default(), 1);
    let mut hostile = Hostile::connect(&mut victim, 1, 0x2002, NOW);
    let numbers = message_1();
    let mut asked = 0;
    for _ in 0..40 {
        for (kind, value) in [(TlvType::SMP_MESSAGE_1, numbers.as_slice()), (TlvType::SMP_ABORT, &[])] {
            let tlv = Tlv::new(kind, value).expect("short");
            victim.receive(&hostile.data(&Forged { tlvs: vec![tlv], ..Forged::default() }), NOW);
        }
        asked += told(&mut victim).iter().filter(|event| matches!(event, Comparison::Asked { .. })).count();
    }
    assert_eq!(asked, 6);
}

// attack: TLV-4
#[test]
fn two_steps_in_one_message_are_none() {
    let mut victim = Side::new(0, 0x1001, "bob", Config::default(), 1);
    let mut hostile = Hostile::connect(&mut victim, 1, 0x2002, NOW);
    let numbers = message_1();
    let step = |kind| Tlv::new(kind, &numbers).expect("short");
    let tlvs = vec![step(TlvType::SMP_MESSAGE_1), step(TlvType::SMP_MESSAGE_1)];
    victim.events.clear();
    victim.receive(&hostile.data(&Forged { text: b"with a text", tlvs, ..Forged::default() }), NOW);
    assert!(!victim.events.iter().any(|event| matches!(event, Event::Comparison(_))));
    assert_eq!(victim.account.status("bob").comparison, ComparisonState::Expect1);
    assert_eq!(victim.shown(), ["with a text"]);
    // With a run under way, it is given up.
    victim.account.start_comparison("bob", "x", None, NOW, &mut rng(1)).expect("in private");
    let tlvs = vec![step(TlvType::SMP_MESSAGE_2), step(TlvType::SMP_ABORT)];
    victim.receive(&hostile.data(&Forged { tlvs, ..Forged::default() }), NOW);
    assert_eq!(told(&mut victim), [Comparison::Aborted]);
}

// attack: SMP-7
#[test]
fn an_unexpected_step_is_answered_by_one_abort_and_an_abort_by_none() {
    let kinds = [TlvType::SMP_MESSAGE_2, TlvType::SMP_MESSAGE_3, TlvType::SMP_MESSAGE_4, TlvType::SMP_ABORT];
    for kind in kinds {
        let mut pair = Pair::private(711);
        let mut hostile = Hostile::connect(&mut pair.alice, 1, 0x2002, pair.now);
        let tlv = Tlv::new(kind, &[]).expect("short");
        let replies = pair.alice.receive(&hostile.data(&Forged { tlvs: vec![tlv], ..Forged::default() }), pair.now);
        let expected = usize::from(kind != TlvType::SMP_ABORT);
        assert_eq!(replies.len(), expected, "{kind:?}");
    }
}
