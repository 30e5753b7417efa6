//! Every state against everything that can happen in it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helpers too")]

mod common;

use std::time::Duration;

use common::{PROGRESS, Party, SUITES, abort, run, secret};
use otr_crypto::Suite;
use otr_smp::{DecodeError, Error, Event, MAX_QUESTION, Meaning, Message, RUN_LIFETIME, Received, RunId, State};
use otr_wire::{Tlv, TlvType};

const VERIFIED: Event = Event::Succeeded(Meaning::PeerVerified);

/// The states, as a test brings a party into them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Expect1,
    AwaitingUser,
    Expect2,
    Expect3,
    Expect4,
}

const STATES: [At; 5] = [At::Expect1, At::AwaitingUser, At::Expect2, At::Expect3, At::Expect4];

/// A party in a state, the message that state waits for, and messages of earlier points of the same run.
struct Scene {
    party: Party,
    next: Message,
}

fn scene(suite: Suite, at: At) -> Scene {
    let (mut alice, mut bob) = (Party::new(suite, 1), Party::new(suite, 2));
    let one = alice.start("x", None);
    if at == At::Expect1 {
        return Scene { party: bob, next: one };
    }
    let run = bob.asked(&one);
    if at == At::AwaitingUser {
        return Scene { party: bob, next: Message::Abort };
    }
    let two = bob.answer(run, "x");
    if at == At::Expect2 {
        return Scene { party: alice, next: two };
    }
    let three = alice.reply(&two, &PROGRESS);
    if at == At::Expect3 {
        return Scene { party: bob, next: three };
    }
    let four = bob.reply(&three, &VERIFIED);
    Scene { party: alice, next: four }
}

/// All seven types of record, each a whole message of some other run, and bytes that are no message.
fn arrivals(suite: Suite) -> Vec<(TlvType, Result<Message, DecodeError>)> {
    let (mut alice, mut bob) = (Party::new(suite, 11), Party::new(suite, 12));
    let one = alice.start("x", None);
    let run = bob.asked(&one);
    let two = bob.answer(run, "x");
    let three = alice.reply(&two, &PROGRESS);
    let four = bob.reply(&three, &VERIFIED);
    let Message::One { numbers, .. } = one.clone() else { panic!() };
    let asking = Message::One { question: Some(b"Where?".to_vec()), numbers };
    let mut all: Vec<_> =
        [one, asking, two, three, four, Message::Abort].map(|message| (message.kind(), Ok(message))).into();
    for kind in 2..=7 {
        if let (kind, Err(error)) = (TlvType(kind), Message::decode(TlvType(kind), b"?")) {
            all.push((kind, Err(error)));
        }
    }
    assert_eq!(all.len(), 6 + 5, "an abort cannot be malformed");
    all
}

/// What must come of a message of `kind`, wherever it is not the next one of the run.
fn expected(at: At, kind: TlvType, malformed: bool) -> Received {
    match (at, kind) {
        (_, _) if malformed => abort(Event::Cheated),
        (At::Expect1, TlvType::SMP_ABORT) => Received::default(),
        (_, TlvType::SMP_ABORT) => Received { reply: None, event: Some(Event::Aborted) },
        (At::Expect1, _) => abort(None),
        // The right kind, but of another run.
        (At::Expect2, TlvType::SMP_MESSAGE_2)
        | (At::Expect3, TlvType::SMP_MESSAGE_3)
        | (At::Expect4, TlvType::SMP_MESSAGE_4) => abort(Event::Cheated),
        (At::AwaitingUser | At::Expect2 | At::Expect3 | At::Expect4, _) => abort(Event::Aborted),
    }
}

// attack: SMP-6, SMP-7, SMP-10
#[test]
fn whatever_has_no_place_leads_back_to_the_start_with_one_abort() {
    for suite in SUITES {
        for at in STATES {
            for (kind, message) in arrivals(suite) {
                let opens = matches!(&message, Ok(Message::One { .. }));
                let Scene { mut party, .. } = scene(suite, at);
                let received = party.receive_decoded(&message);
                if at == At::Expect1 && opens {
                    assert!(matches!(received, Received { reply: None, event: Some(Event::Asked { .. }) }));
                    assert!(matches!(party.state(), State::AwaitingUser(_)));
                    continue;
                }
                assert_eq!(received, expected(at, kind, message.is_err()), "{at:?}, {message:?}");
                assert_eq!(party.state(), State::Expect1, "{at:?}, {message:?}");
                assert_eq!(party.smp.next_timeout(), None);
                assert_eq!(party.smp.abort(), None);
                // The abort that crosses ours ends the matter.
                assert_eq!(party.receive(&Message::Abort), Received::default());
            }
        }
    }
}

// attack: SMP-7
#[test]
fn the_expected_message_moves_each_state_on() {
    for suite in SUITES {
        for (at, state) in [(At::Expect2, State::Expect4), (At::Expect3, State::Expect1), (At::Expect4, State::Expect1)]
        {
            let Scene { mut party, next } = scene(suite, at);
            let received = party.receive(&next);
            assert_eq!(received.event, Some(if at == At::Expect2 { PROGRESS } else { VERIFIED }));
            assert_eq!(received.reply.is_some(), at != At::Expect4);
            assert_eq!(party.state(), state);
        }
    }
}

#[test]
fn a_party_says_where_it_stands() {
    for suite in SUITES {
        for at in STATES {
            let Scene { party, .. } = scene(suite, at);
            let run = match party.state() {
                State::AwaitingUser(run) => Some(run),
                State::Expect1 | State::Expect2 | State::Expect3 | State::Expect4 => None,
            };
            let expected = match at {
                At::Expect1 => State::Expect1,
                At::AwaitingUser => State::AwaitingUser(run.unwrap()),
                At::Expect2 => State::Expect2,
                At::Expect3 => State::Expect3,
                At::Expect4 => State::Expect4,
            };
            assert_eq!(party.state(), expected);
            assert_eq!(party.smp.is_active(), at != At::Expect1);
        }
    }
}

/// After an abort by either side, at every step, both are idle, the peer's host is told, and a new run succeeds.
// attack: SMP-7, SMP-8
#[test]
fn a_run_can_be_given_up_at_every_step_and_begun_again() {
    for suite in SUITES {
        for steps in 0..4 {
            for giver in [0, 1] {
                let mut parties = [Party::new(suite, 1), Party::new(suite, 2)];
                let mut message = parties[0].start("x", None);
                for step in 0..steps {
                    let receiver = &mut parties[(step + 1) % 2];
                    message = match receiver.receive(&message) {
                        Received { reply: Some(reply), .. } => reply,
                        Received { reply: None, event: Some(Event::Asked { run, .. }) } => receiver.answer(run, "x"),
                        other => panic!("{other:?}"),
                    };
                }
                // `message` is still on its way, and the abort comes behind it or crosses it.
                let idle = [0, 1].map(|party: usize| !parties[party].smp.is_active());
                let abort = parties[giver].smp.abort();
                assert_eq!(abort.is_none(), idle[giver]);
                assert_eq!(parties[giver].state(), State::Expect1);
                if let Some(abort) = abort {
                    let event = (!idle[1 - giver]).then_some(Event::Aborted);
                    assert_eq!(parties[1 - giver].receive(&abort), Received { reply: None, event });
                    assert_eq!(parties[1 - giver].state(), State::Expect1);
                    let [mut alice, mut bob] = parties;
                    assert_eq!(run(&mut alice, &mut bob, None, ["y", "y"]), [VERIFIED, VERIFIED]);
                }
            }
        }
    }
}

// attack: SMP-8
#[test]
fn when_both_start_at_once_both_abort_and_are_told() {
    for suite in SUITES {
        let (mut alice, mut bob) = (Party::new(suite, 1), Party::new(suite, 2));
        let (from_alice, from_bob) = (alice.start("x", None), bob.start("x", Some("Where?")));
        assert_eq!(alice.receive(&from_bob), abort(Event::Aborted));
        assert_eq!(bob.receive(&from_alice), abort(Event::Aborted));
        assert_eq!(alice.receive(&Message::Abort), Received::default());
        assert_eq!(bob.receive(&Message::Abort), Received::default());
        assert_eq!(run(&mut bob, &mut alice, None, ["x", "x"]), [VERIFIED, VERIFIED]);
    }
}

// attack: SMP-8
#[test]
fn a_restart_needs_an_abort_first_and_then_succeeds() {
    for suite in SUITES {
        for at in [At::AwaitingUser, At::Expect2, At::Expect3, At::Expect4] {
            let Scene { mut party, .. } = scene(suite, at);
            let before = party.state();
            let refused = party.try_start("y", None);
            assert_eq!(refused, Err(Error::UnderWay));
            assert_eq!(party.state(), before);
        }
        let (mut alice, mut bob) = (Party::new(suite, 1), Party::new(suite, 2));
        let old = bob.asked(&alice.start("x", None));
        let stopped = alice.smp.abort().unwrap();
        let one = alice.start("y", None);
        assert_eq!(bob.receive(&stopped).event, Some(Event::Aborted));
        let new = bob.asked(&one);
        assert_ne!(old, new);
        assert_eq!(bob.try_answer(old, "x"), Err(Error::NotAsked));
        let three = alice.reply(&bob.answer(new, "y"), &PROGRESS);
        let four = bob.reply(&three, &VERIFIED);
        assert_eq!(alice.receive(&four).event, Some(VERIFIED));
    }
}

/// The question on the screen is the one that is answered.
// attack: SMP-10
#[test]
fn an_answer_goes_to_the_question_that_was_shown_or_nowhere() {
    for suite in SUITES {
        let (mut mallory, mut bob) = (Party::new(suite, 1), Party::new(suite, 2));
        let asked = bob.asked(&mallory.start("x", Some("Where did we meet?")));
        mallory.smp.abort().unwrap();
        let another = mallory.start("x", Some("What is your PIN?"));
        // A second message 1 does not take the place of the first.
        assert_eq!(bob.receive(&another), abort(Event::Aborted));
        assert_eq!(bob.try_answer(asked, "in Berlin"), Err(Error::NotAsked));
        // Nor does one that was properly begun.
        let other = bob.asked(&another);
        assert_eq!(bob.try_answer(asked, "in Berlin"), Err(Error::NotAsked));
        assert_eq!(bob.state(), State::AwaitingUser(other));
        assert!(bob.try_answer(other, "x").is_ok());
        // Answered once is answered.
        assert_eq!(bob.try_answer(other, "x"), Err(Error::NotAsked));
        assert_eq!(bob.state(), State::Expect3);
    }
}

/// The name of a run in one session means nothing in the next one.
// attack: SMP-10, SMP-11
#[test]
fn an_answer_does_not_reach_into_another_session() {
    for suite in SUITES {
        let old: RunId = Party::new(suite, 2).asked(&Party::new(suite, 1).start("x", None));
        let mut bob = Party::new(suite, 3);
        let new = bob.asked(&Party::new(suite, 1).start("x", None));
        assert_ne!(old, new);
        assert_eq!(bob.try_answer(old, "x"), Err(Error::NotAsked));
    }
}

// attack: SMP-9
#[test]
fn a_silent_peer_is_given_up_after_five_minutes_without_a_result() {
    for suite in SUITES {
        assert_eq!(RUN_LIFETIME, Duration::from_secs(300));
        let moment = Duration::from_nanos(1);
        for at in [At::AwaitingUser, At::Expect2, At::Expect3, At::Expect4] {
            let Scene { mut party, next } = scene(suite, at);
            let deadline = party.now + RUN_LIFETIME;
            assert_eq!(party.smp.next_timeout(), Some(deadline));
            assert_eq!(party.smp.expire(deadline - moment), Received::default());
            assert!(party.smp.is_active());

            assert_eq!(party.smp.expire(deadline), abort(Event::TimedOut), "{at:?}");
            assert_eq!((party.state(), party.smp.next_timeout()), (State::Expect1, None));
            assert_eq!(party.smp.expire(deadline), Received::default());
            // The withheld message comes too late.
            party.now = deadline;
            let late = if next == Message::Abort { Received::default() } else { abort(None) };
            assert_eq!(party.receive(&next), late, "{at:?}");
        }
        let Scene { mut party, .. } = scene(suite, At::Expect1);
        assert_eq!(party.smp.expire(Duration::MAX), Received::default());
    }
}

/// Also when nobody calls `expire` first.
// attack: SMP-9
#[test]
fn the_deadline_holds_for_messages_and_answers_themselves() {
    for suite in SUITES {
        for at in [At::AwaitingUser, At::Expect2, At::Expect3, At::Expect4] {
            let Scene { mut party, next } = scene(suite, at);
            party.now += RUN_LIFETIME;
            let reply = (next != Message::Abort).then_some(Message::Abort);
            assert_eq!(party.receive(&next), Received { reply, event: Some(Event::TimedOut) }, "{at:?}");
            assert_eq!(party.state(), State::Expect1);
        }
        let Scene { mut party, .. } = scene(suite, At::AwaitingUser);
        let State::AwaitingUser(run) = party.state() else { panic!() };
        party.now += RUN_LIFETIME;
        assert_eq!(party.try_answer(run, "x"), Err(Error::NotAsked));
    }
}

// attack: SMP-9
#[test]
fn every_step_gives_five_minutes_more() {
    for suite in SUITES {
        let (mut alice, mut bob) = (Party::new(suite, 1), Party::new(suite, 2));
        let nearly = RUN_LIFETIME - Duration::from_nanos(1);
        let one = alice.start("x", None);
        let run = bob.asked(&one);
        bob.now += nearly;
        let two = bob.answer(run, "x");
        alice.now += nearly;
        let three = alice.reply(&two, &PROGRESS);
        bob.now += nearly;
        let four = bob.reply(&three, &VERIFIED);
        alice.now += nearly;
        assert_eq!(alice.receive(&four).event, Some(VERIFIED));
        // A clock that runs backwards keeps nothing alive for ever and ends nothing early.
        alice.start("x", None);
        assert_eq!(alice.smp.expire(Duration::ZERO), Received::default());
    }
}

// attack: SMP-17
#[test]
fn a_question_that_would_not_arrive_whole_is_refused() {
    for suite in SUITES {
        assert_eq!(MAX_QUESTION, 64_000);
        let mut alice = Party::new(suite, 1);
        let mut start = |question: &str| alice.try_start("x", Some(question));
        assert_eq!(start(&"?".repeat(70_000)), Err(Error::QuestionTooLong));
        assert_eq!(start(&"?".repeat(MAX_QUESTION + 1)), Err(Error::QuestionTooLong));
        assert_eq!(start("Where\0?"), Err(Error::QuestionHasNul));
        // The longest one fits into a record and arrives.
        let question = "?".repeat(MAX_QUESTION);
        let message = start(&question).unwrap();
        let (kind, value) = message.encode();
        assert!(Tlv::new(kind, &value).is_ok());
        let mut bob = Party::new(suite, 2);
        let Received { event: Some(Event::Asked { question: Some(arrived), .. }), .. } = bob.receive(&message) else {
            panic!()
        };
        assert_eq!(arrived, question.as_bytes());
    }
}

/// Neither the text nor its hash, an exponent, a shared value or a question.
// attack: SMP-20
#[test]
fn nothing_that_is_printed_tells_a_secret() {
    for suite in SUITES {
        for at in STATES {
            let Scene { party, next } = scene(suite, at);
            let all = format!("{:?} {:#?} {next:?}", party.smp, party.smp);
            let mut word = 0;
            for c in all.chars() {
                word = if c.is_ascii_digit() { word + 1 } else { 0 };
                // Nothing longer than the number of nanoseconds, or of a run.
                assert!(word <= 20, "{all}");
            }
            assert!(!all.contains('['), "{all}");
        }
        let asking = Party::new(suite, 1).start("x", Some("Where did we meet?"));
        let event = Party::new(suite, 2).receive(&asking);
        assert!(!format!("{asking:?} {event:?} {:?}", secret(suite, "hunter2")).contains("meet"));
        assert_eq!(format!("{:?}", secret(suite, "hunter2")), "ComparedSecret { .. }");
    }
}
