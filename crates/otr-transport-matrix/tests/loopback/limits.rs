//! How large a message may be, how fast messages go out, and how many may wait on either way.

use std::time::Duration;

use otr_transport::{Error, Transport};
use serde_json::json;

use super::double::*;

#[tokio::test]
async fn rate_limits_are_waited_for_unless_they_are_too_long() {
    let (double, room, mut alice) = alice_alone().await;
    let limited = |millis: u64| {
        Reply::json(429, &json!({"errcode": "M_LIMIT_EXCEEDED", "error": "slower", "retry_after_ms": millis}))
    };
    double.answer("send", 3, limited(5));
    double.answer("send", 1, Reply::refusal(429, "M_LIMIT_EXCEEDED"));
    within(alice.send(BOB, "patient")).await.unwrap();
    double.answer("send", 1, limited(10_000_000));
    let wait = Some(Duration::from_secs(10_000));
    assert_eq!(within(alice.send(BOB, "not that patient")).await, Err(Error::RateLimited { wait }));
    double.answer("members", 1, limited(5));
    within(alice.send(BOB, "again")).await.unwrap();
    assert_eq!(double.server().texts(&room), ["patient", "again"]);
}

#[tokio::test]
async fn sizes_and_queues_have_their_limits() {
    let double = Double::start().await;
    double.server().room(&[ALICE, BOB]);
    let mut options = quick();
    options.waiting = 2;
    let mut alice = connect(account(&double, ALICE).with_options(options)).await;
    let mut bob = connect(account(&double, BOB)).await;
    let limit = alice.max_message_size(BOB).unwrap();
    assert_eq!(limit, 60_000);
    for text in ["x".repeat(limit), "\n".repeat(limit / 2), "\u{1}".repeat(limit / 6), String::new()] {
        within(alice.send(BOB, &text)).await.unwrap();
        assert_eq!(next(&mut bob).await, live(ALICE, &text));
    }
    let too_large = Error::MessageTooLarge { size: limit + 1, limit };
    assert_eq!(within(alice.send(BOB, &"x".repeat(limit + 1))).await, Err(too_large));
    double.answer("send", 1, Reply::Hang);
    let hanging = [alice.send(BOB, "a"), alice.send(BOB, "b")];
    assert_eq!(within(alice.send(BOB, "c")).await, Err(Error::QueueFull));
    drop(hanging);
}

#[tokio::test]
async fn a_host_that_takes_nothing_slows_the_network_down() {
    let (double, room, mut alice, mut bob) = alice_and_bob_talking().await;
    for n in 0..100 {
        within(bob.send(ALICE, &format!("{n}"))).await.unwrap();
    }
    // Alice can still send meanwhile.
    within(alice.send(BOB, "busy")).await.unwrap();
    for n in 0..100 {
        assert_eq!(next(&mut alice).await, live(BOB, &format!("{n}")));
    }
    assert_eq!(double.server().texts(&room).len(), 101);
}
