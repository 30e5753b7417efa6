//! How large a message may be, and how many may wait on either way.

use futures_util::FutureExt;
use otr_transport::{Error, Transport};
use otr_transport_xmpp::XmppTransport;

use super::double::{BIND, BOB, Double, live, message, quick, slow_reader};

#[tokio::test]
async fn a_server_that_says_what_it_takes_gets_it() {
    let double = Double::new().await;
    let limits = "<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>262144</max-bytes></limits>";
    let (alice, mut server) = tokio::join!(XmppTransport::connect(double.account()), async {
        let mut server = double.accept().await;
        server.authenticate(&format!("{BIND}{limits}")).await;
        server.bind().await;
        server
    });
    let mut alice = alice.unwrap();
    assert_eq!(alice.max_message_size("bob@example.org"), Some(65_000));
    assert_eq!(alice.max_message_size("bob@elsewhere.org"), Some(9_000));
    let body = "x".repeat(65_000);
    drop(alice.send("bob@example.org", &body));
    assert!(server.hear("</message>").await.contains(&body));
}

#[tokio::test]
async fn queues_are_bounded() {
    let double = Double::new().await;
    let mut options = quick();
    options.waiting = 4;
    let (mut server, mut alice) = double.with(double.account().with_options(options), true).await;
    let mut taken = 0;
    let refused = loop {
        // The server confirms nothing; a receipt that is known at once is a refusal.
        if let Some(outcome) = alice.send("bob@example.org", "x").now_or_never() {
            break outcome;
        }
        taken += 1;
        tokio::task::yield_now().await;
        assert!(taken < 100, "{taken} messages wait");
    };
    assert_eq!(refused, Err(Error::QueueFull));
    server.asked().await;
}

#[tokio::test]
async fn nothing_is_read_while_the_host_takes_no_events_and_sending_goes_on() {
    let double = Double::new().await;
    let (mut server, mut alice) = slow_reader(&double).await;
    for number in 0..100 {
        server.message(BOB, &number.to_string()).await;
    }
    server.say("<r xmlns='urn:xmpp:sm:3'/>").await;
    let mut heard = String::new();
    for _ in 0..50 {
        drop(alice.send("bob@example.org", "x"));
        heard += &server.hear("</message>").await;
    }
    assert!(!heard.contains("<a "), "all was read and confirmed: {heard}");
    for number in 0..100 {
        assert_eq!(message(&mut alice).await, live(&number.to_string()));
    }
    server.hear("<a xmlns='urn:xmpp:sm:3' h='100'/>").await;
}

#[tokio::test]
async fn a_host_that_takes_no_events_slows_the_server_down_and_loses_nothing() {
    let double = Double::new().await;
    let (mut server, mut alice) = slow_reader(&double).await;
    const COUNT: usize = 5000;
    let filler = "x".repeat(1000);
    let writing = tokio::spawn(async move {
        for number in 0..COUNT {
            server.message(BOB, &format!("{number} {filler}")).await;
        }
        server
    });
    for number in 0..COUNT {
        let message = message(&mut alice).await;
        assert_eq!(message.body.split(' ').next(), Some(number.to_string().as_str()));
    }
    let mut server = writing.await.unwrap();
    server.say("<r xmlns='urn:xmpp:sm:3'/>").await;
    server.hear(&format!("<a xmlns='urn:xmpp:sm:3' h='{COUNT}'/>")).await;
}
