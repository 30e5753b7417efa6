//! What becomes of a message: it arrives once, or its refusal has a name.

use otr_transport::{Error, Transport};

use super::double::*;

#[tokio::test]
async fn each_message_arrives_once_however_often_the_connection_is_cut() {
    let (double, room, mut alice, mut bob) = alice_and_bob_talking().await;
    within(alice.send(BOB, "start")).await.unwrap();
    assert_eq!(next(&mut bob).await, live(ALICE, "start"));
    let mut turn = 0;
    double.script(move |asked| {
        turn += 1;
        match turn % 5 {
            _ if !asked.is("send") => None,
            0 => Some(Reply::CutBefore),
            1 => Some(Reply::CutAfter),
            2 => Some(Reply::refusal(503, "M_UNKNOWN")),
            3 => Some(Reply::Answer(502, Vec::new(), "<html>".to_owned())),
            _ => None,
        }
    });
    let receipts: Vec<_> = (0..40).map(|n| alice.send(BOB, &format!("cut {n}"))).collect();
    for (n, receipt) in receipts.into_iter().enumerate() {
        assert_eq!(within(receipt).await, Ok(()));
        assert_eq!(next(&mut bob).await, live(ALICE, &format!("cut {n}")));
    }
    assert_eq!(double.server().texts(&room).len(), 41);
}

#[tokio::test]
async fn refusals_have_their_names() {
    let (double, room, mut alice) = alice_alone().await;
    assert_eq!(within(alice.send("@nobody:double", "x")).await, Err(Error::NoSuchPeer));
    assert_eq!(within(alice.send(ALICE, "x")).await, Err(Error::NoSuchPeer));
    assert_eq!(within(alice.send("bob", "x")).await, Err(Error::InvalidAddress));
    double.answer("send", 1, Reply::refusal(413, "M_TOO_LARGE"));
    assert!(matches!(within(alice.send(BOB, "x")).await, Err(Error::MessageTooLarge { size: 1, limit: 0 })));
    double.answer("send", 1, Reply::refusal(400, "M_BAD_JSON"));
    assert_eq!(within(alice.send(BOB, "x")).await, Err(Error::NotAllowed));
    // Refused once, the room is looked at again.
    within(alice.send(BOB, "fine")).await.unwrap();
    double.answer("send", 1, Reply::refusal(403, "M_FORBIDDEN"));
    within(alice.send(BOB, "second look")).await.unwrap();
    double.answer("send", 100, Reply::refusal(403, "M_FORBIDDEN"));
    assert_eq!(within(alice.send(BOB, "x")).await, Err(Error::NotAllowed));
    assert_eq!(double.server().texts(&room), ["fine", "second look"]);
}
