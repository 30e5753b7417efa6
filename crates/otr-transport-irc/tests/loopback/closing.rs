//! Leaving: what still goes out, and what is left behind.

use std::time::Duration;

use otr_transport::{Error, Event, Origin, Presence, Transport};

use super::double::{Server, message, next, outcome, presence, quick, within};

#[tokio::test]
async fn closing_sends_what_was_handed_over_and_says_goodbye() {
    let server = Server::start().await;
    let (mut alice, mut client) = server.alice().await;
    let receipts: Vec<_> = (0..50).map(|number| alice.send("bob", &number.to_string())).collect();
    let serve = async {
        let mut seen = 0;
        loop {
            match client.hear().await.unwrap() {
                line if line == "QUIT" => break,
                line if line.starts_with("PING") => client.say(line.replace("PING", "PONG irc.example")).await,
                line => {
                    assert_eq!(line, format!("PRIVMSG bob :{seen}"));
                    seen += 1;
                }
            }
        }
        client.say("ERROR :Closing Link: alice (Quit)").await;
        seen
    };
    let (seen, closed) = within(async { tokio::join!(serve, alice.close()) }).await;
    assert_eq!((seen, closed), (50, Ok(())));
    drop(client);
    for receipt in receipts {
        assert_eq!(outcome(receipt).await, Ok(()));
    }
    assert_eq!(alice.close().await, Ok(()));
    assert_eq!(outcome(alice.send("bob", "x")).await, Err(Error::Closed));
    assert_eq!(within(alice.next_event()).await, None);
}

#[tokio::test]
async fn closing_does_not_wait_for_a_host_that_takes_no_events() {
    let server = Server::start().await;
    let (mut alice, mut client) = server.alice().await;
    let receipt = alice.send("bob", "last words");
    client.expect("PRIVMSG bob :last words").await;
    let ping = client.hear().await.unwrap();
    for number in 0..400 {
        client.say(format!(":bob!u@h PRIVMSG alice :{number}")).await;
    }
    client.say(ping.replace("PING", "PONG irc.example")).await;
    let serve = async {
        while client.hear().await.unwrap() != "QUIT" {}
        drop(client);
    };
    let (closed, ()) = within(async { tokio::join!(alice.close(), serve) }).await;
    assert_eq!((closed, outcome(receipt).await), (Ok(()), Ok(())));
    // What was waiting can still be taken.
    assert_eq!(next(&mut alice).await, presence("bob", Presence::Online));
    for number in 0..250 {
        assert_eq!(next(&mut alice).await, message("bob", &number.to_string(), Origin::Live));
    }
}

#[tokio::test]
async fn a_server_that_is_gone_before_the_last_words_is_told() {
    let server = Server::start().await;
    let (mut alice, mut client) = server.alice().await;
    let receipt = alice.send("bob", "last words");
    let serve = async {
        client.expect("PRIVMSG bob :last words").await;
        drop(client);
    };
    let (closed, ()) = within(async { tokio::join!(alice.close(), serve) }).await;
    assert_eq!(closed, Err(Error::ClosedByPeer));
    assert!(matches!(outcome(receipt).await, Err(Error::ConnectionLost(_))));
}

#[tokio::test]
async fn dropping_leaves_too() {
    let server = Server::start().await;
    let (alice, mut client) = server.alice().await;
    drop(alice);
    client.expect("QUIT").await;
    client.say("ERROR :Closing Link: alice (Quit)").await;
    assert_eq!(client.hear().await, None);
}

#[tokio::test]
async fn closing_while_there_is_no_connection_is_quick() {
    let server = Server::start().await;
    let mut options = quick();
    options.retry_first = Duration::from_secs(3600);
    options.retry_max = Duration::from_secs(3600);
    let (mut alice, client) = server.alice_as(server.account().options(options), "").await;
    drop((server, client));
    assert!(matches!(next(&mut alice).await, Event::Disconnected { .. }));
    assert_eq!(within(alice.close()).await, Ok(()));
}
