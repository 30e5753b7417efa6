//! Who the others are, and who of them is there.

use std::time::Duration;

use otr_transport::{Event, Origin, Presence, Transport};

use super::double::{LIMIT, Server, message, next, outcome, presence, quick};

#[tokio::test]
async fn names_change_on_both_sides() {
    let server = Server::start().await;
    let (mut alice, mut client) = server.alice().await;
    client.say(":bob!u@h NICK :robert").await;
    assert_eq!(next(&mut alice).await, Event::Renamed { from: "bob".to_owned(), to: "robert".to_owned() });

    client.say(":alice!~alice@host.example NICK Guest1").await;
    assert_eq!(next(&mut alice).await, Event::AddressChanged);
    assert_eq!(alice.address(), "Guest1");
    assert_eq!(alice.max_message_size("bob"), Some(LIMIT - 1));
    client.say(":bob!u@h PRIVMSG guest1 :hi").await;
    assert_eq!(next(&mut alice).await, message("bob", "hi", Origin::Live));
    client.say(":bob!u@h PRIVMSG alice :hi").await;
    assert_eq!(next(&mut alice).await, message("bob", "hi", Origin::Group), "that is somebody else now");
}

#[tokio::test]
async fn peers_keep_the_name_that_the_host_gave_them() {
    let server = Server::start().await;
    let (mut alice, mut client) = server.alice().await;
    let receipt = alice.send("bob[1]", "hello");
    client.expect("PRIVMSG bob[1] :hello").await;
    client.confirm().await;
    assert_eq!(outcome(receipt).await, Ok(()));
    client.say(":Bob{1}!u@h PRIVMSG Alice :hi").await;
    assert_eq!(next(&mut alice).await, presence("bob[1]", Presence::Online));
    assert_eq!(next(&mut alice).await, message("bob[1]", "hi", Origin::Live));
    client.say(":BOB{1}!u@h QUIT :bye").await;
    assert_eq!(next(&mut alice).await, presence("bob[1]", Presence::Offline));
}

#[tokio::test]
async fn a_server_that_does_not_tell_who_is_there_is_asked() {
    let server = Server::start().await;
    let mut options = quick();
    options.presence_interval = Duration::from_millis(20);
    let (mut alice, mut client) = server.alice_as(server.account().options(options), "").await;
    let receipt = alice.send("bob", "hello");
    client.expect("PRIVMSG bob :hello").await;
    client.confirm().await;
    assert_eq!(outcome(receipt).await, Ok(()));
    for (answer, expected) in [("bob ", Presence::Online), ("", Presence::Offline), ("BOB", Presence::Online)] {
        client.expect("ISON :bob").await;
        client.say(format!(":irc.example 303 alice :{answer}")).await;
        assert_eq!(next(&mut alice).await, presence("bob", expected));
    }
}

#[tokio::test]
async fn a_server_that_follows_peers_is_told_whom() {
    let server = Server::start().await;
    for (isupport, follow, on, off) in [
        ("MONITOR=100", "MONITOR + bob", "730 alice :Bob!u@h,eve!u@h", "731 alice :BOB"),
        ("WATCH=128", "WATCH +bob", "604 alice Bob u h 1 :is online", "601 alice bob u h 1 :logged offline"),
    ] {
        let (mut alice, mut client) = server.alice_as(server.account(), isupport).await;
        let receipt = alice.send("bob", "hello");
        client.expect("PRIVMSG bob :hello").await;
        client.expect(follow).await;
        client.confirm().await;
        assert_eq!(outcome(receipt).await, Ok(()));
        for (line, expected) in [(on, Presence::Online), (off, Presence::Offline)] {
            client.say(format!(":irc.example {line}")).await;
            assert_eq!(next(&mut alice).await, presence("bob", expected));
        }
        // After a reconnection the new connection follows them, too.
        drop(client);
        assert!(matches!(next(&mut alice).await, Event::Disconnected { .. }));
        let mut client = server.accept().await;
        client.let_in(isupport).await;
        client.expect(follow).await;
        assert_eq!(next(&mut alice).await, Event::Connected { resumed: false });
    }
}
