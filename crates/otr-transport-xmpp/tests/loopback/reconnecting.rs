//! Losing the connection: what is resumed, what is lost with a session, and when nothing more is tried.

use std::io::ErrorKind;
use std::time::Duration;

use otr_transport::{Error, Event, Origin, Presence, Recovery, Transport};
use otr_transport_xmpp::XmppTransport;

use super::double::{self, BIND, BOB, Double, LOST, SM, disconnected, event, id, live, message, presence, quick, soon};

#[tokio::test]
async fn a_resumed_session_loses_nothing_and_sends_nothing_twice() {
    let double = Double::new().await;
    let (mut server, mut alice) = double.with_alice(true).await;
    server.say("<iq type='result' id='unknown'/>").await;
    server.message(BOB, "before").await;
    assert_eq!(message(&mut alice).await, live("before"));
    let first = alice.send("bob@example.org", "one");
    let second = alice.send("bob@example.org", "two");
    server.hear("two</body></message>").await;
    drop(server);
    assert_eq!(disconnected(&mut alice).await, Error::ClosedByPeer);
    // Handed over while there is no connection: it waits.
    let third = alice.send("bob@example.org", "three");

    let mut server = double.accept().await;
    server.asked_to_resume(2).await;
    server.say("<resumed xmlns='urn:xmpp:sm:3' previd='session' h='4'/>").await;
    assert_eq!(event(&mut alice).await, Some(Event::Connected { resumed: true }));
    assert_eq!(soon("a receipt", first).await, Ok(()));
    let sent = server.hear("three</body></message>").await;
    assert!(sent.contains(">two<") && !sent.contains(">one<"), "{sent}");
    server.confirm(6).await;
    assert_eq!(soon("a receipt", second).await, Ok(()));
    assert_eq!(soon("a receipt", third).await, Ok(()));
    server.say("<r xmlns='urn:xmpp:sm:3'/>").await;
    server.hear("<a xmlns='urn:xmpp:sm:3' h='2'/>").await;
}

#[tokio::test]
async fn what_the_server_held_back_during_a_loss_is_as_live_as_the_session() {
    let double = Double::new().await;
    let (alice, server) = tokio::join!(XmppTransport::connect(double.account()), async {
        let mut server = double.accept().await;
        server.authenticate(&format!("{BIND}{SM}")).await;
        server.bind().await;
        server.hear("<enable ").await;
        server.say("<enabled xmlns='urn:xmpp:sm:3' id='session' resume='true'/>").await;
        let greeting = server.greet().await;
        let time = id(greeting.split("urn:xmpp:time").next().unwrap());
        let now = "<utc>2024-05-05T12:00:00Z</utc><tzo>+00:00</tzo>";
        server
            .say(&format!(
                "<iq type='result' id='{time}' from='example.org'><time xmlns='urn:xmpp:time'>{now}</time></iq>"
            ))
            .await;
        server.say("<r xmlns='urn:xmpp:sm:3'/>").await;
        server.hear("<a xmlns='urn:xmpp:sm:3' h='1'/>").await;
        server
    });
    let mut alice = alice.unwrap();
    assert_eq!(event(&mut alice).await, Some(Event::Connected { resumed: false }));
    drop(server);
    disconnected(&mut alice).await;
    let mut server = double.accept().await;
    server.asked_to_resume(1).await;
    let held = |body: &str, stamp: &str| {
        let delay = format!("<delay xmlns='urn:xmpp:delay' from='example.org' stamp='{stamp}'/>");
        format!("<message type='chat' {BOB}><body>{body}</body>{delay}</message>")
    };
    server.say("<resumed xmlns='urn:xmpp:sm:3' previd='session' h='3'/>").await;
    server.say(&held("held back", "2024-05-05T12:00:01Z")).await;
    server.say(&held("old", "2024-05-05T11:00:00Z")).await;
    server.asked().await;
    server.confirm(3).await;
    server.say(&held("late", "2024-05-05T12:00:02Z")).await;
    assert_eq!(event(&mut alice).await, Some(Event::Connected { resumed: true }));
    assert_eq!(message(&mut alice).await, live("held back"));
    for old in ["old", "late"] {
        let message = message(&mut alice).await;
        assert_eq!((message.body.as_str(), message.origin), (old, Origin::History));
    }
}

#[tokio::test]
async fn a_lost_session_tells_every_fate_before_the_next_begins() {
    let double = Double::new().await;
    let (mut server, mut alice) = double.with_alice(true).await;
    server.say(&format!("<presence {BOB}/>")).await;
    assert_eq!(event(&mut alice).await, presence("bob@example.org", Presence::Online));
    let got = alice.send("bob@example.org", "one");
    let unknown = alice.send("bob@example.org", "two");
    server.hear("two</body></message>").await;
    drop(server);
    disconnected(&mut alice).await;
    let unsent = alice.send("bob@example.org", "three");

    let mut server = double.accept().await;
    server.asked_to_resume(1).await;
    let reason = "<item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>";
    server.say(&format!("<failed xmlns='urn:xmpp:sm:3' h='4'>{reason}</failed>")).await;
    server.bind().await;
    server.hear("<enable ").await;
    server.say("<enabled xmlns='urn:xmpp:sm:3' id='session' resume='true'/>").await;
    assert_eq!(event(&mut alice).await, presence("bob@example.org", Presence::Offline));
    assert_eq!(event(&mut alice).await, Some(Event::Connected { resumed: false }));
    assert_eq!(got.await, Ok(()));
    assert_eq!(unknown.await, Err(LOST));
    assert_eq!(unsent.await, Err(Error::NotConnected));
    drop(alice.send("bob@example.org", "four"));
    let sent = server.hear("four</body></message>").await;
    assert!(!sent.contains("two") && !sent.contains("three"), "{sent}");
}

#[tokio::test]
async fn a_message_delivered_again_by_the_next_session_is_handed_up_once() {
    let double = Double::new().await;
    let (mut server, mut alice) = double.with_alice(true).await;
    server.message(&format!("{BOB} id='1'"), "once").await;
    assert_eq!(message(&mut alice).await, live("once"));
    drop(server);
    disconnected(&mut alice).await;
    let mut server = double.accept().await;
    server.asked_to_resume(1).await;
    server.say("<failed xmlns='urn:xmpp:sm:3'/>").await;
    server.bind().await;
    server.hear("<enable ").await;
    server.say("<failed xmlns='urn:xmpp:sm:3'/>").await;
    server.greet().await;
    assert_eq!(event(&mut alice).await, Some(Event::Connected { resumed: false }));
    let delay = "<delay xmlns='urn:xmpp:delay' stamp='2024-05-05T12:00:00Z'/>";
    for body in ["once", "twice"] {
        server.say(&format!("<message {BOB} id='1' type='chat'><body>{body}</body>{delay}</message>")).await;
    }
    assert_eq!(message(&mut alice).await.body, "twice");
}

#[tokio::test]
async fn without_resumption_a_loss_leaves_nothing_waiting() {
    let double = Double::new().await;
    let (mut server, mut alice) = double.with_alice(false).await;
    let written = alice.send("bob@example.org", "one");
    server.hear("</message>").await;
    drop(server);
    disconnected(&mut alice).await;
    assert_eq!(soon("a receipt", written).await, Err(LOST));
    assert_eq!(soon("a receipt", alice.send("bob@example.org", "two")).await, Err(Error::NotConnected));
    let mut server = double.accept().await;
    server.log_in(false).await;
    assert_eq!(event(&mut alice).await, Some(Event::Connected { resumed: false }));
    drop(alice.send("bob@example.org", "three"));
    let sent = server.hear("</message>").await;
    assert!(!sent.contains("one") && !sent.contains("two"), "{sent}");
}

#[tokio::test]
async fn a_taken_place_and_a_changed_password_are_the_end() {
    let double = Double::new().await;
    let (mut server, mut alice) = double.with_alice(true).await;
    let receipt = alice.send("bob@example.org", "x");
    server.hear("</message>").await;
    let conflict = "<conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>";
    server.say(&format!("<stream:error>{conflict}</stream:error></stream:stream>")).await;
    let gave_up = |error| Some(Event::Disconnected { error, recovery: Recovery::GaveUp });
    assert_eq!(event(&mut alice).await, gave_up(Error::NameTaken));
    assert_eq!(event(&mut alice).await, None);
    assert_eq!(receipt.await, Err(LOST));
    assert_eq!(alice.send("bob@example.org", "x").await, Err(Error::NotConnected));

    let (server, mut alice) = double.with_alice(true).await;
    drop(server);
    disconnected(&mut alice).await;
    let mut server = double.accept().await;
    server.hear("version='1.0'>").await;
    server.say(double::HEADER).await;
    server.say(double::PLAIN).await;
    server.hear("</auth>").await;
    server.say("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>").await;
    assert_eq!(event(&mut alice).await, gave_up(Error::LoginRefused));
    assert_eq!(event(&mut alice).await, None);
}

#[tokio::test]
async fn silence_is_probed_and_a_dead_server_noticed() {
    let double = Double::new().await;
    let mut options = quick();
    options.silence = Duration::from_millis(50);
    options.answer_timeout = Duration::from_millis(200);
    let (mut server, mut alice) = double.with(double.account().with_options(options), true).await;
    server.asked().await;
    server.confirm(3).await;
    server.asked().await;
    let error = disconnected(&mut alice).await;
    assert!(matches!(error, Error::TimedOut | Error::ConnectionLost(ErrorKind::TimedOut)), "{error:?}");
}

#[tokio::test]
async fn a_session_that_is_taken_up_and_answers_nothing_is_given_up() {
    let double = Double::new().await;
    let mut options = quick();
    options.answer_timeout = Duration::from_millis(300);
    let (mut server, mut alice) = double.with(double.account().with_options(options), true).await;
    let receipt = alice.send("bob@example.org", "one");
    server.hear("</message>").await;
    drop(server);
    disconnected(&mut alice).await;

    for handled in 0..2 {
        let mut server = double.accept().await;
        server.asked_to_resume(handled).await;
        server.say("<resumed xmlns='urn:xmpp:sm:3' previd='session' h='3'/>").await;
        assert_eq!(event(&mut alice).await, Some(Event::Connected { resumed: true }));
        // What it held back does come.
        server.message(BOB, &format!("held back {handled}")).await;
        assert_eq!(message(&mut alice).await.body, format!("held back {handled}"));
        server.asked().await;
        assert_eq!(disconnected(&mut alice).await, Error::TimedOut);
    }
    assert_eq!(soon("a receipt", receipt).await, Err(LOST));

    let mut server = double.accept().await;
    server.log_in(true).await;
    assert_eq!(event(&mut alice).await, Some(Event::Connected { resumed: false }));
}
