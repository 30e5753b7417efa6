//! What goes out, in which order, and when it counts as sent.

use otr_transport::{Error, Presence, Transport};

use super::double::{Server, next, outcome, presence};

#[tokio::test]
async fn a_message_counts_as_sent_when_the_server_says_so() {
    let server = Server::start().await;
    let (mut alice, mut client) = server.alice().await;
    let mut receipt = alice.send("bob", "hello");
    client.expect("PRIVMSG bob :hello").await;
    let ping = client.hear().await.unwrap();
    tokio::select! {
        biased;
        early = &mut receipt => panic!("not confirmed yet: {early:?}"),
        () = std::future::ready(()) => {}
    }
    client.say(ping.replace("PING", ":irc.example PONG irc.example")).await;
    assert_eq!(outcome(receipt).await, Ok(()));
}

#[tokio::test]
async fn what_the_server_refuses_is_told_with_the_reason() {
    let server = Server::start().await;
    let (mut alice, mut client) = server.alice().await;
    for (line, error) in [
        ("401 alice bob :No such nick", Error::NoSuchPeer),
        ("477 alice bob :You must be registered", Error::NotAllowed),
        ("439 alice bob :Target change too fast", Error::RateLimited { wait: None }),
        ("263 alice PRIVMSG :Try again", Error::RateLimited { wait: None }),
    ] {
        let receipt = alice.send("bob", "hello");
        client.expect("PRIVMSG bob :hello").await;
        client.say(format!(":irc.example {line}")).await;
        client.confirm().await;
        assert_eq!(outcome(receipt).await, Err(error), "{line}");
    }
    assert_eq!(next(&mut alice).await, presence("bob", Presence::Offline));
    let receipt = alice.send("bob", "hello again");
    client.expect("PRIVMSG bob :hello again").await;
    client.confirm().await;
    assert_eq!(outcome(receipt).await, Ok(()));
}

#[tokio::test]
async fn refusals_among_many_meet_the_right_ones() {
    let server = Server::start().await;
    let (mut alice, mut client) = server.alice().await;
    let receipts: Vec<_> = ["bob", "eve", "bob", "eve"].map(|to| alice.send(to, to)).into();
    for to in ["bob", "eve", "bob", "eve"] {
        client.expect(format!("PRIVMSG {to} :{to}")).await;
    }
    client.say(":irc.example 531 alice EVE :Cannot send").await;
    client.confirm().await;
    let mut outcomes = Vec::new();
    for receipt in receipts {
        outcomes.push(outcome(receipt).await);
    }
    assert_eq!(outcomes, [Ok(()), Err(Error::NotAllowed), Ok(()), Ok(())]);
}

#[tokio::test]
async fn many_go_out_in_order_with_few_under_way() {
    let server = Server::start().await;
    let (mut alice, mut client) = server.alice().await;
    let receipts: Vec<_> = (0..100).map(|number| alice.send("bob", &number.to_string())).collect();
    let (mut seen, mut pings) = (0, 0);
    while seen < 16 {
        match client.hear().await.unwrap() {
            line if line.starts_with("PING") => pings += 1,
            line => {
                assert_eq!(line, format!("PRIVMSG bob :{seen}"));
                seen += 1;
            }
        }
    }
    assert!(pings >= 3, "{pings} pings");
    // The rest waits for the answers; a ping of ours is answered meanwhile.
    client.say("PING :marker").await;
    while client.hear().await.unwrap() != "PONG :marker" {}
    client.say(":irc.example PONG irc.example :99999").await;
    for token in 1..=5 {
        client.say(format!(":irc.example PONG irc.example :{token}")).await;
    }
    while seen < 100 {
        match client.hear().await.unwrap() {
            line if line.starts_with("PING") => client.say(line.replace("PING", "PONG irc.example")).await,
            line => {
                assert_eq!(line, format!("PRIVMSG bob :{seen}"));
                seen += 1;
            }
        }
    }
    client.confirm().await;
    for receipt in receipts {
        assert_eq!(outcome(receipt).await, Ok(()));
    }
}

// attack: TEXT-2
#[tokio::test]
async fn a_body_never_becomes_a_command() {
    let server = Server::start().await;
    let (mut alice, mut client) = server.alice().await;
    let receipt = alice.send("bob", "\r\none\r\n\r\nQUIT :two\nQUIT :three\rPRIVMSG eve :four\n");
    for line in ["one", "QUIT :two", "QUIT :three", "PRIVMSG eve :four"] {
        client.expect(format!("PRIVMSG bob :{line}")).await;
    }
    client.confirm().await;
    assert_eq!(outcome(receipt).await, Ok(()));

    let zero = alice.send("bob", "one\0QUIT");
    assert_eq!(outcome(zero).await, Err(Error::NotSupported("a zero byte in a message")));
    for to in ["bob\r\nQUIT", "bob :x\nQUIT", "bob eve", "bob,eve", "#bed", "$*", ":bob", "", "bob!u@h"] {
        assert_eq!(outcome(alice.send(to, "hello")).await, Err(Error::InvalidAddress), "{to:?}");
    }
    for nothing in ["", "\n", "\r\n\r\n"] {
        assert_eq!(outcome(alice.send("bob", nothing)).await, Err(Error::EmptyMessage));
    }
    assert_eq!(client.said().await, [""; 0]);
}
