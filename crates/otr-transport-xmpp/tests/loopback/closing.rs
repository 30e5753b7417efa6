//! Leaving: what still goes out, and what is left behind.

use otr_transport::{Error, Transport};

use super::double::{BOB, Double, LOST, disconnected, event, live, message, slow_reader, soon};

#[tokio::test]
async fn closing_sends_what_waits_and_leaves_in_order() {
    let double = Double::new().await;
    let (mut server, mut alice) = double.with_alice(true).await;
    server.message(BOB, "unread").await;
    let receipts: Vec<_> = (0..3).map(|number| alice.send("bob@example.org", &number.to_string())).collect();
    let serving = tokio::spawn(async move {
        server.hear("<body>2</body></message>").await;
        server.confirm(6).await;
        let leaving = server.hear("</stream:stream>").await;
        server.say("</stream:stream>").await;
        leaving + &server.hear_rest().await
    });
    soon("closing", alice.close()).await.unwrap();
    let leaving = soon("the server", serving).await.unwrap();
    assert!(leaving.contains("type='unavailable'"), "{leaving}");
    assert!(leaving.contains("<a xmlns='urn:xmpp:sm:3' h='1'/>"), "the server is told what was got: {leaving}");
    for receipt in receipts {
        assert_eq!(receipt.await, Ok(()));
    }
    assert_eq!(message(&mut alice).await, live("unread"));
    assert_eq!(event(&mut alice).await, None);
    assert_eq!(alice.send("bob@example.org", "x").await, Err(Error::Closed));
    alice.close().await.unwrap();
}

#[tokio::test]
async fn closing_with_a_full_queue_leaves_the_rest_to_the_server() {
    let double = Double::new().await;
    let (mut server, mut alice) = slow_reader(&double).await;
    for number in 0..100 {
        server.message(BOB, &number.to_string()).await;
    }
    server.say("<r xmlns='urn:xmpp:sm:3'/>").await;
    let receipt = alice.send("bob@example.org", "bye");
    let serving = tokio::spawn(async move {
        server.hear("bye</body></message>").await;
        server.confirm(4).await;
        let leaving = server.hear("</stream:stream>").await;
        server.say("</stream:stream>").await;
        leaving
    });
    soon("closing", alice.close()).await.unwrap();
    assert_eq!(receipt.await, Ok(()));
    let leaving = soon("the server", serving).await.unwrap();
    assert!(!leaving.contains("<a xmlns='urn:xmpp:sm:3'"), "nothing is confirmed that nobody took: {leaving}");
}

#[tokio::test]
async fn dropping_leaves_too() {
    let double = Double::new().await;
    let (mut server, alice) = double.with_alice(true).await;
    drop(alice);
    assert!(server.hear("</stream:stream>").await.contains("type='unavailable'"));
}

#[tokio::test]
async fn closing_while_there_is_no_connection_says_what_was_not_sent() {
    let double = Double::new().await;
    let (mut server, mut alice) = double.with_alice(true).await;
    let written = alice.send("bob@example.org", "one");
    server.hear("</message>").await;
    drop((server, double));
    disconnected(&mut alice).await;
    let waiting = alice.send("bob@example.org", "two");
    assert_eq!(soon("closing", alice.close()).await, Err(Error::NotConnected));
    assert_eq!(written.await, Err(LOST));
    assert_eq!(waiting.await, Err(Error::NotConnected));
}
