//! Losing the connection and making it again, unless we were thrown out.

use std::io;
use std::time::Duration;

use otr_transport::{Error, Event, Recovery, Transport};

use super::double::{Server, next, outcome, quick, within};

#[tokio::test]
async fn a_lost_connection_is_told_and_made_again() {
    let server = Server::start().await;
    let (mut alice, mut client) = server.alice().await;
    let confirmed = alice.send("bob", "confirmed");
    client.expect("PRIVMSG bob :confirmed").await;
    client.confirm().await;
    assert_eq!(outcome(confirmed).await, Ok(()));
    let written: Vec<_> = (0..20).map(|number| alice.send("bob", &number.to_string())).collect();
    while !client.hear().await.unwrap().ends_with(":15") {}
    drop(client);

    let told = next(&mut alice).await;
    assert!(matches!(told, Event::Disconnected { error, recovery: Recovery::RetryIn(_) } if error.may_have_arrived()));
    let mut outcomes = Vec::new();
    for receipt in written {
        outcomes.push(outcome(receipt).await);
    }
    for (number, outcome) in outcomes.iter().enumerate() {
        let open = matches!(outcome, Err(Error::ConnectionLost(_)));
        assert!(if number < 16 { open } else { *outcome == Err(Error::NotConnected) }, "{number}: {outcome:?}");
    }
    assert_eq!(outcome(alice.send("bob", "nobody there")).await, Err(Error::NotConnected));

    let mut client = server.accept().await;
    client.let_in("").await;
    assert_eq!(next(&mut alice).await, Event::Connected { resumed: false });
    let receipt = alice.send("bob", "again");
    client.expect("PRIVMSG bob :again").await;
    client.confirm().await;
    assert_eq!(outcome(receipt).await, Ok(()));
}

#[tokio::test]
async fn a_silent_server_is_asked_and_then_given_up() {
    let server = Server::start().await;
    let mut options = quick();
    options.silence = Duration::from_millis(20);
    let (mut alice, mut client) = server.alice_as(server.account().options(options.clone()), "").await;
    for _ in 0..3 {
        client.confirm().await;
    }
    drop(client);
    assert!(matches!(next(&mut alice).await, Event::Disconnected { error: Error::ClosedByPeer, .. }));

    options.answer_timeout = Duration::from_millis(50);
    let (mut alice, _mute) = server.alice_as(server.account().options(options), "").await;
    let receipt = alice.send("bob", "anybody?");
    let told = next(&mut alice).await;
    assert!(matches!(told, Event::Disconnected { error: Error::TimedOut, recovery: Recovery::RetryIn(_) }));
    assert_eq!(outcome(receipt).await, Err(Error::ConnectionLost(io::ErrorKind::TimedOut)));
}

#[tokio::test]
async fn whoever_is_thrown_out_stays_out_unless_it_was_for_no_fault_of_his() {
    let server = Server::start().await;
    for (lines, expected, stays_out) in [
        (
            &[":oper!o@h KILL alice :irc.example (go away)", "ERROR :Closing Link: (Killed)"][..],
            Error::NotAllowed,
            true,
        ),
        (&[":irc.example 465 alice :You are banned", "ERROR :Closing Link: (bye)"], Error::NotAllowed, true),
        (&["ERROR :Closing Link: alice[h] (K-Lined)"], Error::NotAllowed, true),
        (&[":irc.example KILL alice :nick collision", "ERROR :Closing Link: (Killed)"], Error::ClosedByPeer, false),
        (&["ERROR :Closing Link: h (Excess Flood)"], Error::RateLimited { wait: None }, false),
        (&["ERROR :Server going down"], Error::ClosedByPeer, false),
    ] {
        let (mut alice, mut client) = server.alice().await;
        for line in lines {
            client.say(line).await;
        }
        let Event::Disconnected { error, recovery } = next(&mut alice).await else { panic!("still there") };
        assert_eq!(error, expected, "{lines:?}");
        assert_eq!(recovery == Recovery::GaveUp, stays_out, "{lines:?}");
        if stays_out {
            assert_eq!(within(alice.next_event()).await, None);
            assert_eq!(outcome(alice.send("bob", "hello")).await, Err(Error::NotConnected));
        } else {
            server.accept().await.let_in("").await;
            assert_eq!(next(&mut alice).await, Event::Connected { resumed: false });
        }
        alice.close().await.unwrap();
    }
}
