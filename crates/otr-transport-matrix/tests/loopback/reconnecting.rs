//! Losing the connection, and coming back to the place where we were.

use std::time::Duration;

use otr_transport::{Error, Event, Origin, Recovery};

use super::double::*;

#[tokio::test]
async fn a_lost_connection_is_told_and_resumed() {
    let (double, room, mut alice) = alice_alone().await;
    double.answer("sync", 2, Reply::refusal(500, "M_UNKNOWN"));
    double.server().say(&room, BOB, "shakes the long poll");
    assert_eq!(next(&mut alice).await, live(BOB, "shakes the long poll"));
    for _ in 0..2 {
        let Some(Event::Disconnected { error, recovery: Recovery::RetryIn(_) }) = next(&mut alice).await else {
            panic!("the loss is told");
        };
        assert_eq!(error, Error::Unavailable { status: Some(500) });
    }
    assert_eq!(next(&mut alice).await, Some(Event::Connected { resumed: true }));
    double.server().say(&room, BOB, "back");
    assert_eq!(next(&mut alice).await, live(BOB, "back"));
}

#[tokio::test]
async fn a_place_that_the_server_has_forgotten_is_found_anew_and_told() {
    let (double, room, mut alice) = alice_alone().await;
    double.answer("sync", 1, Reply::refusal(400, "M_UNKNOWN_POS"));
    double.server().say(&room, BOB, "shakes the long poll");
    assert_eq!(next(&mut alice).await, live(BOB, "shakes the long poll"));
    assert!(matches!(next(&mut alice).await, Some(Event::Disconnected { error: Error::Malformed(_), .. })));
    assert_eq!(next(&mut alice).await, Some(Event::Connected { resumed: false }));
    double.server().say(&room, BOB, "back");
    assert_eq!(next(&mut alice).await, live(BOB, "back"));
}

#[tokio::test]
async fn what_comes_after_a_long_loss_is_history() {
    let double = Double::start().await;
    let room = double.server().room(&[ALICE, BOB]);
    let mut options = quick();
    options.live_within = Duration::ZERO;
    options.poll = Duration::ZERO;
    let mut alice = connect(account(&double, ALICE).with_options(options)).await;
    double.server().say(&room, BOB, "late");
    assert_eq!(next(&mut alice).await, message(BOB, "late", Origin::History));
}
