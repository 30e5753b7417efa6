//! Leaving: what still goes out, and what is left behind.

use std::time::Duration;

use otr_transport::{Error, Transport};

use super::double::*;

#[tokio::test]
async fn closing_sends_what_waits_and_tells_the_fate_of_the_rest() {
    let (double, room, mut alice) = alice_alone().await;
    let receipts: Vec<_> = (0..20).map(|n| alice.send(BOB, &format!("last {n}"))).collect();
    within(alice.close()).await.unwrap();
    for receipt in receipts {
        assert_eq!(within(receipt).await, Ok(()));
    }
    assert_eq!(double.server().texts(&room).len(), 20);
    assert_eq!(within(alice.send(BOB, "x")).await, Err(Error::Closed));
    within(alice.close()).await.unwrap();

    let mut options = quick();
    options.close_timeout = Duration::from_millis(200);
    let mut alice = connect(account(&double, ALICE).with_options(options)).await;
    double.answer("send", 100, Reply::Hang);
    let receipts = [alice.send(BOB, "on its way"), alice.send(BOB, "not yet")];
    double.until(|server| server.count("send") > 20).await;
    within(alice.close()).await.unwrap();
    let [first, second] = receipts;
    assert!(within(first).await.is_err_and(|error| error.may_have_arrived()));
    assert_eq!(within(second).await, Err(Error::Closed));
}

#[tokio::test]
async fn closing_logs_out_where_that_is_wanted() {
    let double = Double::start().await;
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let mut options = quick();
    options.log_out = true;
    let account = account(&double, ALICE).with_state_file(&state).unwrap().with_options(options);
    let mut alice = connect(account).await;
    assert!(state.exists());
    within(alice.close()).await.unwrap();
    assert!(double.server().tokens.is_empty() && !state.exists());
}
