//! The transport against a server in this process: what it says, what it makes of what it is told.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helpers too")]

mod double;

use std::io::ErrorKind;
use std::time::Duration;

use double::{BIND, BOB, Double, SM, Server, event, id, live, message, quick, soon};
use futures_util::FutureExt;
use otr_transport::{Error, Event, Incoming, Origin, Presence, Recovery, Transport};
use otr_transport_xmpp::{Account, Security, XmppTransport};

const LOST: Error = Error::ConnectionLost(ErrorKind::ConnectionAborted);

async fn disconnected(transport: &mut XmppTransport) -> Error {
    match event(transport).await {
        Some(Event::Disconnected { error, recovery: Recovery::RetryIn(_) }) => error,
        other => panic!("{other:?} in place of a loss"),
    }
}

fn presence(of: &str, presence: Presence) -> Option<Event> {
    Some(Event::Presence { of: of.to_owned(), presence })
}

#[tokio::test]
async fn a_message_is_plain_text_and_sent_when_the_server_confirms() {
    let double = Double::new().await;
    let (mut server, mut alice) = double.with_alice(true).await;
    assert_eq!(alice.address(), "alice@example.org");
    assert_eq!(alice.max_message_size("bob@example.org"), Some(9_000));

    let mut receipt = alice.send("Bob@example.org", " <b>&amp;\n\t\u{1d11e} ");
    let stanza = server.hear("</message>").await;
    assert!(stanza.contains("to='bob@example.org'") && stanza.contains("type='chat'"), "{stanza}");
    assert!(stanza.contains("<body> &lt;b&gt;&amp;amp;\n\t\u{1d11e} </body></message>"), "{stanza}");
    assert_eq!(id(&stanza).len(), 16);
    server.asked().await;
    tokio::select! {
        biased;
        outcome = &mut receipt => panic!("{outcome:?} before the server said so"),
        () = std::future::ready(()) => {}
    }
    server.confirm(4).await;
    assert_eq!(soon("a receipt", receipt).await, Ok(()));
}

#[tokio::test]
async fn otr_messages_carry_the_hints_and_queries_stay_readable() {
    let double = Double::new().await;
    let (mut server, mut alice) = double.with_alice(true).await;
    drop(alice.send("bob@example.org", "?OTRv23?"));
    let query = server.hear("</message>").await;
    drop(alice.send("bob@example.org", "?OTR:AAMD."));
    let data = server.hear("</message>").await;
    for hint in [
        "<no-copy xmlns='urn:xmpp:hints'",
        "<no-permanent-store xmlns='urn:xmpp:hints'",
        "<private xmlns='urn:xmpp:carbons:2'",
    ] {
        assert!(query.contains(hint) && data.contains(hint), "{hint} in {query} {data}");
    }
    assert!(!query.contains("urn:xmpp:eme:0") && data.contains("namespace='urn:xmpp:otr:0'"), "{query} {data}");
}

#[tokio::test]
async fn without_stream_management_a_ping_confirms() {
    let double = Double::new().await;
    let (mut server, mut alice) = double.with_alice(false).await;
    let first = alice.send("bob@example.org", "one");
    server.hear("</message>").await;
    let ping = server.pinged().await;
    let second = alice.send("bob@example.org", "two");
    server.hear("</message>").await;
    // Only what came before the ping is confirmed, whether the server knows pings or not, and by nobody else.
    server.say(&format!("<iq type='result' id='{ping}' {BOB}/>")).await;
    server.say(&format!("<iq type='error' id='{ping}' from='example.org'/>")).await;
    assert_eq!(soon("a receipt", first).await, Ok(()));
    let ping = server.pinged().await;
    server.say(&format!("<iq type='result' id='{ping}' from='example.org'/>")).await;
    assert_eq!(soon("a receipt", second).await, Ok(()));
}

#[tokio::test]
async fn answers_go_to_the_device_that_spoke_until_it_changes_or_fails() {
    let double = Double::new().await;
    let (mut server, mut alice) = double.with_alice(true).await;
    server.message(BOB, "hello").await;
    assert_eq!(message(&mut alice).await, live("hello"));
    let next = async |alice: &mut XmppTransport, server: &mut double::Server| {
        drop(alice.send("bob@example.org", "x"));
        server.hear("</message>").await
    };
    assert!(next(&mut alice, &mut server).await.contains("to='bob@example.org/phone'"));

    server.say(&format!("<presence {BOB}/>")).await;
    assert_eq!(event(&mut alice).await, presence("bob@example.org", Presence::Online));
    assert!(next(&mut alice, &mut server).await.contains("to='bob@example.org'"));

    server.message(BOB, "again").await;
    assert_eq!(message(&mut alice).await, live("again"));
    let stanza = next(&mut alice, &mut server).await;
    assert!(stanza.contains("to='bob@example.org/phone'"));
    server.say(&format!("<message type='error' id='{}' {BOB}/>", id(&stanza))).await;
    server.message("from='carol@example.org/x'", "done").await;
    assert_eq!(message(&mut alice).await.body, "done");
    assert!(next(&mut alice, &mut server).await.contains("to='bob@example.org'"));
}

#[tokio::test]
async fn an_error_is_the_fate_of_its_message_or_news() {
    let double = Double::new().await;
    let (mut server, mut alice) = double.with_alice(true).await;
    let refused = alice.send("nobody@example.org", "x");
    let lost = id(&server.hear("</message>").await);
    let accepted = alice.send("bob@example.org", "x");
    let late = id(&server.hear("</message>").await);
    let error = |id: &str, from: &str| {
        let condition = "<item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>";
        format!("<message type='error' id='{id}' from='{from}'><error type='cancel'>{condition}</error></message>")
    };
    server.say(&error(&lost, "nobody@example.org")).await;
    assert_eq!(soon("a receipt", refused).await, Err(Error::NoSuchPeer));
    server.confirm(5).await;
    assert_eq!(soon("a receipt", accepted).await, Ok(()));

    // Nobody else can say that bob is gone, and nobody can say it twice.
    server.say(&error(&late, "mallory@example.org")).await;
    server.say(&error(&late, "bob@example.org/phone")).await;
    server.say(&error(&late, "bob@example.org/phone")).await;
    server.message(BOB, "last").await;
    assert_eq!(event(&mut alice).await, presence("bob@example.org", Presence::Offline));
    assert_eq!(message(&mut alice).await, live("last"));
}

#[tokio::test]
async fn every_origin_is_told() {
    let double = Double::new().await;
    let (mut server, mut alice) = double.with_alice(true).await;
    let copy = |name: &str, from: &str, to: &str| {
        format!(
            "<message from='alice@example.org'><{name} xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>\
             <message xmlns='jabber:client' type='chat' from='{from}' to='{to}'><body>x</body></message>\
             </forwarded></{name}></message>"
        )
    };
    server.message(BOB, "x").await;
    server
        .say(&format!(
            "<message {BOB}><body>x</body><delay xmlns='urn:xmpp:delay' stamp='2024-05-05T12:00:00Z'/></message>"
        ))
        .await;
    server.say(&copy("sent", "alice@example.org/other", "bob@example.org/phone")).await;
    server.say(&copy("received", "bob@example.org/phone", "alice@example.org/other")).await;
    server.say("<message type='groupchat' from='room@example.org/bob'><body>x</body></message>").await;
    let mut origins = Vec::new();
    for _ in 0..5 {
        let Incoming { from, origin, .. } = message(&mut alice).await;
        origins.push((from, origin));
    }
    let expected = [
        ("bob@example.org", Origin::Live),
        ("bob@example.org", Origin::History),
        ("bob@example.org", Origin::OwnCopy),
        ("bob@example.org", Origin::PeerCopy),
        ("room@example.org", Origin::Group),
    ];
    assert_eq!(origins, expected.map(|(from, origin)| (from.to_owned(), origin)));
}

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
async fn what_cannot_arrive_unchanged_is_not_sent() {
    let double = Double::new().await;
    let (_server, mut alice) = double.with_alice(true).await;
    assert_eq!(alice.send("bob@example.org", "").await, Err(Error::EmptyMessage));
    assert!(matches!(alice.send("bob@example.org", "a\u{1b}[31m").await, Err(Error::NotSupported(_))));
    let size = 5 * 1801;
    let refused = alice.send("bob@example.org", &"&".repeat(1801)).await;
    assert_eq!(refused, Err(Error::MessageTooLarge { size, limit: 9_000 }));
    for nobody in ["", "@", "bob@example.org/phone"] {
        assert_eq!(alice.send(nobody, "x").await, Err(Error::InvalidAddress), "{nobody}");
        assert_eq!(alice.max_message_size(nobody), None, "{nobody}");
    }
}

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

/// Alice, who can be given one event before she takes it.
async fn slow_reader(double: &Double) -> (Server, XmppTransport) {
    let mut options = quick();
    options.queue = 1;
    double.with(double.account().with_options(options), true).await
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

#[tokio::test]
async fn the_peers_program_is_known_while_it_is_there() {
    let double = Double::new().await;
    let (mut server, mut alice) = double.with_alice(true).await;
    assert_eq!(alice.software("bob@example.org"), None);
    let caps = "<c xmlns='http://jabber.org/protocol/caps' node='http://pidgin.im/' ver='x' hash='sha-1'/>";
    server.say(&format!("<presence {BOB}>{caps}</presence>")).await;
    assert_eq!(event(&mut alice).await, presence("bob@example.org", Presence::Online));
    assert_eq!(alice.software("bob@example.org").as_deref(), Some("http://pidgin.im/"));
    server.say(&format!("<presence {BOB} type='unavailable'/>")).await;
    assert_eq!(event(&mut alice).await, presence("bob@example.org", Presence::Offline));
    assert_eq!(alice.software("bob@example.org"), None);
}

#[tokio::test]
async fn only_the_server_is_answered() {
    let double = Double::new().await;
    let (mut server, _alice) = double.with_alice(true).await;
    let ping = "<ping xmlns='urn:xmpp:ping'/>";
    server.say(&format!("<iq type='get' id='leak' {BOB}>{ping}</iq>")).await;
    server.say(&format!("<message {BOB} id='m'><body>x</body><request xmlns='urn:xmpp:receipts'/></message>")).await;
    server.say(&format!("<presence {BOB} type='subscribe'/>")).await;
    server.say(&format!("<iq type='get' id='mine' from='example.org'>{ping}</iq>")).await;
    let answer = server.hear("id='mine'").await;
    assert!(!answer.contains("leak") && !answer.contains("bob"), "{answer}");
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
async fn what_keeps_us_out_is_the_error_of_connecting() {
    let refused = Account::new("alice@example.org", "pw", Security::Cleartext).unwrap().at("127.0.0.1", 1);
    assert_eq!(XmppTransport::connect(refused).await.unwrap_err(), Error::ConnectionRefused);

    let double = Double::new().await;
    for (failure, expected) in
        [("<not-authorized/>", Error::LoginRefused), ("<temporary-auth-failure/>", Error::Unavailable { status: None })]
    {
        let (connected, ()) = tokio::join!(XmppTransport::connect(double.account()), async {
            let mut server = double.accept().await;
            server.hear("version='1.0'>").await;
            server.say(double::HEADER).await;
            server.say(double::PLAIN).await;
            server.hear("</auth>").await;
            server.say(&format!("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{failure}</failure>")).await;
        });
        assert_eq!(connected.unwrap_err(), expected);
    }
    let (connected, ()) = tokio::join!(XmppTransport::connect(double.account()), async {
        let mut server = double.accept().await;
        server.authenticate("").await;
    });
    assert!(matches!(connected.unwrap_err(), Error::NotSupported(_)));
}
