//! How much fits into a line, how fast lines go out, and how much may wait.

use std::time::Duration;

use otr_transport::{Error, Event, Origin, Transport};
use otr_transport_irc::IrcTransport;

use super::double::{LIMIT, Server, message, next, nothing_more, outcome, quick, within};

#[tokio::test]
async fn before_the_server_shows_us_the_limit_is_a_cautious_one() {
    let server = Server::start().await;
    let serve = async {
        let mut client = server.accept().await;
        client.hear_login().await;
        client.say(":irc.example 001 alice :Welcome").await;
        client.expect("USERHOST alice").await;
        client.confirm().await;
        client
    };
    let (alice, mut client) = tokio::join!(IrcTransport::connect(server.account()), serve);
    let mut alice = alice.unwrap();
    assert_eq!(next(&mut alice).await, Event::Connected { resumed: false });
    assert_eq!(alice.max_message_size("bob"), Some(350));

    // What it says in our name shows us, too; a host that hides another one does not make room.
    client.say(":alice!~alice@host.example MODE alice :+i").await;
    nothing_more(&mut alice, &mut client).await;
    assert_eq!(alice.max_message_size("bob"), Some(LIMIT));
    client.say(":irc.example 396 alice cloaked.host.example :is now your displayed host").await;
    nothing_more(&mut alice, &mut client).await;
    assert_eq!(alice.max_message_size("bob"), Some(LIMIT - 8));
    client.say(":alice!~alice@cloaked.host.example CHGHOST longer-than-alice x").await;
    nothing_more(&mut alice, &mut client).await;
    assert_eq!(alice.max_message_size("bob"), Some(LIMIT - 8 - 11));
}

#[tokio::test]
async fn a_body_of_the_limit_goes_and_a_longer_one_does_not() {
    let server = Server::start().await;
    let (mut alice, mut client) = server.alice().await;
    let fits = "\u{e9}".repeat(LIMIT / 2) + if LIMIT % 2 == 1 { "x" } else { "" };
    let receipt = alice.send("bob", &fits);
    client.expect(format!("PRIVMSG bob :{fits}")).await;
    client.confirm().await;
    assert_eq!(outcome(receipt).await, Ok(()));
    let too_large = Error::MessageTooLarge { size: LIMIT + 1, limit: LIMIT };
    assert_eq!(outcome(alice.send("bob", &format!("{fits}x"))).await, Err(too_large));
    assert_eq!(outcome(alice.send("bob", &format!("short\n{fits}x"))).await, Err(too_large));
}

#[tokio::test]
async fn a_body_that_no_longer_fits_when_its_turn_comes_is_refused() {
    let server = Server::start().await;
    let mut options = quick();
    options.burst = 1;
    options.line_interval = Duration::from_millis(100);
    let (mut alice, mut client) = server.alice_as(server.account().options(options), "").await;
    let first = alice.send("bob", "first");
    let second = alice.send("bob", &"x".repeat(LIMIT));
    client.expect("PRIVMSG bob :first").await;
    client.say(":irc.example 396 alice a.much.longer.host.example :is now your displayed host").await;
    client.confirm().await;
    assert_eq!(outcome(first).await, Ok(()));
    let limit = LIMIT - "a.much.longer.".len();
    assert_eq!(outcome(second).await, Err(Error::MessageTooLarge { size: LIMIT, limit }));
}

#[tokio::test]
async fn a_host_that_takes_no_events_keeps_the_connection_and_loses_nothing() {
    let server = Server::start().await;
    let (mut alice, mut client) = server.alice().await;
    for number in 0..200 {
        client.say(format!(":bob!u@h PRIVMSG alice :{number}")).await;
    }
    client.say("PING :still there?").await;
    client.expect("PONG :still there?").await;
    // Beyond what may wait, the network does.
    let many = tokio::spawn(async move {
        for number in 200..2000 {
            client.say(format!(":bob!u@h PRIVMSG alice :{number}")).await;
        }
        client
    });
    for number in 0..2000 {
        assert_eq!(next(&mut alice).await, message("bob", &number.to_string(), Origin::Live));
    }
    within(many).await.unwrap();
}

#[tokio::test]
async fn lines_are_paced() {
    let server = Server::start().await;
    let mut options = quick();
    options.burst = 3;
    options.line_interval = Duration::from_secs(3600);
    let (mut alice, mut client) = server.alice_as(server.account().options(options), "").await;
    for text in ["one", "two", "three", "four", "five"] {
        // Each goes its way although nobody waits for it.
        drop(alice.send("bob", text));
    }
    for text in ["one", "two", "three"] {
        client.expect(format!("PRIVMSG bob :{text}")).await;
    }
    assert_eq!(client.said().await, [""; 0]);
}

#[tokio::test]
async fn only_so_many_may_wait() {
    let server = Server::start().await;
    let mut options = quick();
    options.waiting = 8;
    options.burst = 1;
    options.line_interval = Duration::from_secs(3600);
    let (mut alice, _client) = server.alice_as(server.account().options(options), "").await;
    let mut receipts: Vec<_> = (0..100).map(|number| alice.send("bob", &number.to_string())).collect();
    assert_eq!(outcome(receipts.pop().unwrap()).await, Err(Error::QueueFull));
}
