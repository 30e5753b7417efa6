//! The group of a run, chosen when it begins.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helpers too")]

mod common;

use common::{PROGRESS, Party, SUITES, abort, run, secret};
use otr_crypto::Suite;
use otr_smp::{Error, Event, Meaning, State};

const VERIFIED: Event = Event::Succeeded(Meaning::PeerVerified);

const fn other(suite: Suite) -> Suite {
    match suite {
        Suite::Otr => Suite::Curve25519,
        Suite::Curve25519 => Suite::Otr,
    }
}

/// Both sides go over to another suite after the first message, the second, the third; each at another moment.
#[test]
fn a_run_under_way_keeps_its_group() {
    for suite in SUITES {
        for changes in 0..16 {
            let (mut alice, mut bob) = (Party::new(suite, 1), Party::new(suite, 2));
            let change = |moment: u32, party: &mut Party| {
                if changes & (1 << moment) != 0 {
                    party.suite = other(party.suite);
                }
            };
            let one = alice.start("x", None);
            change(0, &mut alice);
            let run = bob.asked(&one);
            change(1, &mut bob);
            assert_eq!([&alice, &bob].map(|party| party.smp.suite()), [Some(suite); 2]);
            let two = bob.answer(run, "x");
            change(2, &mut bob);
            let three = alice.reply(&two, &PROGRESS);
            change(3, &mut alice);
            assert_eq!([&alice, &bob].map(|party| party.smp.suite()), [Some(suite); 2]);
            let four = bob.reply(&three, &VERIFIED);
            assert_eq!(alice.receive(&four).event, Some(VERIFIED));
            assert_eq!([&alice, &bob].map(|party| party.smp.suite()), [None; 2]);
        }
    }
}

#[test]
fn the_next_run_takes_the_group_of_its_own_suite() {
    let (mut alice, mut bob) = (Party::new(Suite::Otr, 1), Party::new(Suite::Otr, 2));
    for suite in [Suite::Otr, Suite::Curve25519, Suite::Otr] {
        (alice.suite, bob.suite) = (suite, suite);
        assert_eq!(run(&mut alice, &mut bob, None, ["x", "x"]), [VERIFIED, VERIFIED]);
        assert_eq!(run(&mut bob, &mut alice, None, ["x", "y"]), [Event::Failed, Event::Failed]);
    }
}

// attack: SMP-8
#[test]
fn a_start_in_another_suite_does_not_disturb_the_run() {
    for suite in SUITES {
        let (mut alice, mut bob) = (Party::new(suite, 1), Party::new(suite, 2));
        let run = bob.asked(&alice.start("x", None));
        for party in [&mut alice, &mut bob] {
            let before = party.state();
            party.suite = other(suite);
            assert_eq!(party.try_start("x", None), Err(Error::UnderWay));
            assert_eq!((party.state(), party.smp.suite()), (before, Some(suite)));
        }
        let two = bob.answer(run, "x");
        let three = alice.reply(&two, &PROGRESS);
        let four = bob.reply(&three, &VERIFIED);
        assert_eq!(alice.receive(&four).event, Some(VERIFIED));
    }
}

/// A message 1 over the other group has no element of ours in it.
// attack: SMP-1
#[test]
fn a_message_1_over_another_group_is_refused() {
    for suite in SUITES {
        let mut bob = Party::new(suite, 2);
        assert_eq!(bob.receive(&Party::new(other(suite), 1).start("x", None)), abort(Event::Cheated));
        assert_eq!((bob.state(), bob.smp.suite()), (State::Expect1, None));
    }
}

/// The same text is another secret in another suite.
// attack: NEW-9
#[test]
fn a_secret_serves_in_one_suite_only() {
    for suite in SUITES {
        let (mut alice, mut bob) = (Party::new(suite, 1), Party::new(suite, 2));
        let run = bob.asked(&alice.start("x", None));
        let foreign = secret(other(suite), "x");
        let two = bob.smp.answer(run, foreign, bob.now, &mut bob.rng).unwrap();
        let three = alice.reply(&two, &PROGRESS);
        assert_eq!(bob.receive(&three).event, Some(Event::Failed));
    }
}
