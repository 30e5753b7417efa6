//! Servers that mean harm: whatever they say, the transport neither stops nor grows, and the user learns of it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helpers too")]

mod double;

use std::time::Duration;

use double::{BIND, BOB, Double, HEADER, LOST, PLAIN, SM, Server, event, id, live, message, quick};
use otr_transport::{Error, Event, Origin, Presence, Recovery, Transport};
use otr_transport_tls::{Tls, Trust};
use otr_transport_xmpp::{Security, XmppTransport};
use tokio::io::AsyncWriteExt;

/// What connecting comes to when the server acts like this.
async fn connecting(double: &Double, security: Security, act: impl AsyncFn(&mut Server)) -> Error {
    let serving = async {
        let mut server = double.accept().await;
        act(&mut server).await;
        server
    };
    let (connected, _server) = tokio::join!(XmppTransport::connect(double.account_with(security)), serving);
    connected.unwrap_err()
}

async fn in_clear(act: impl AsyncFn(&mut Server)) -> Error {
    connecting(&Double::new().await, Security::Cleartext, act).await
}

fn tls() -> Tls {
    Tls::new(Trust::only_sha256([0; 32])).unwrap()
}

/// Says the same until the client has had enough.
async fn endlessly(server: &mut Server, xml: &str) {
    let many = xml.repeat(1 + 65_536 / xml.len());
    for _ in 0..2000 {
        if server.stream.write_all(many.as_bytes()).await.is_err() {
            return;
        }
    }
    panic!("the client has taken {} bytes", 2000 * many.len());
}

async fn disconnected(transport: &mut XmppTransport) -> Error {
    match event(transport).await {
        Some(Event::Disconnected { error, .. }) => error,
        other => panic!("{other:?} in place of a loss"),
    }
}

const fn is_malformed(error: Error) -> bool {
    matches!(error, Error::Malformed(_))
}

#[tokio::test]
async fn nonsense_is_no_stream() {
    for nonsense in [
        "HTTP/1.1 400 Bad Request\r\n\r\n",
        "<html>",
        "<?xml version='1.0'?><!DOCTYPE stream [<!ENTITY a 'aaaa'>]><stream:stream>",
        "<stream:stream xmlns:stream='http://etherx.jabber.org/streams' version='2.0'>",
        "\u{0}\u{1}\u{2}",
    ] {
        let error = in_clear(async |server| {
            server.say(nonsense).await;
            server.stream.shutdown().await.unwrap();
        })
        .await;
        assert!(is_malformed(error) || error == Error::ClosedByPeer, "{nonsense:?}: {error:?}");
    }
    let error = in_clear(async |server| server.say(&format!("{HEADER}<message/>")).await).await;
    assert!(is_malformed(error), "{error:?}");
    assert_eq!(in_clear(async |server| server.stream.shutdown().await.unwrap()).await, Error::ClosedByPeer);
}

#[tokio::test]
async fn nothing_endless_is_taken_before_the_login() {
    let too_large = |error| matches!(error, Error::MessageTooLarge { .. });
    let header = in_clear(async |server| endlessly(server, " ").await).await;
    assert!(is_malformed(header) || too_large(header), "{header:?}");
    for endless in ["<a>", "<a/>", "<a b='c'/>", "text", "&amp;"] {
        let error = in_clear(async |server| {
            server.say(&format!("{HEADER}<stream:features>")).await;
            endlessly(server, endless).await;
        })
        .await;
        assert!(too_large(error), "{endless}: {error:?}");
    }
    for token in ["<a", "<a b='"] {
        let error = in_clear(async |server| {
            server.say(&format!("{HEADER}{token}")).await;
            endlessly(server, "x").await;
        })
        .await;
        assert!(is_malformed(error), "{token}: {error:?}");
    }
}

#[tokio::test]
async fn entities_are_not_expanded() {
    let error = in_clear(async |server| {
        server.say(&format!("{HEADER}<stream:features>&laugh;</stream:features>")).await;
    })
    .await;
    assert!(is_malformed(error), "{error:?}");
}

#[tokio::test]
async fn a_login_that_goes_round_in_circles_is_left() {
    let challenge = "<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>cj1hYmM=</challenge>";
    let error = in_clear(async |server| {
        server.hear("version='1.0'>").await;
        server.say(&format!("{HEADER}{PLAIN}")).await;
        server.hear("</auth>").await;
        for _ in 0..100 {
            server.say(challenge).await;
        }
    })
    .await;
    assert!(is_malformed(error), "{error:?}");
}

#[tokio::test]
async fn a_server_without_the_password_is_found_out() {
    let scram = PLAIN.replace("PLAIN", "SCRAM-SHA-256");
    let error = in_clear(async |server| {
        server.hear("version='1.0'>").await;
        server.say(&format!("{HEADER}{scram}")).await;
        server.hear("</auth>").await;
        server.say("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>").await;
    })
    .await;
    assert!(is_malformed(error), "{error:?}");
}

#[tokio::test]
async fn encryption_cannot_be_taken_away() {
    let double = Double::new().await;
    let start = Security::StartTls(tls());
    let error = connecting(&double, start.clone(), async |server| server.say(&format!("{HEADER}{PLAIN}")).await).await;
    assert_eq!(error, Error::Tls("the server does not offer it"));

    let offer = "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>";
    for (answer, expected) in [
        ("<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", Error::Tls("the server offers it, but refuses")),
        (
            "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/><message/>",
            Error::Malformed("the server goes on in clear after agreeing to encrypt"),
        ),
        ("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>", Error::Tls("the server offers it, but refuses")),
    ] {
        let error = connecting(&double, start.clone(), async |server| {
            server.say(&format!("{HEADER}{offer}")).await;
            server.hear("<starttls").await;
            server.say(answer).await;
        })
        .await;
        assert_eq!(error, expected, "{answer}");
    }
    let error = connecting(&double, Security::DirectTls(tls()), async |server| server.say(HEADER).await).await;
    assert!(matches!(error, Error::Tls(_)), "{error:?}");
}

#[tokio::test]
async fn nobody_else_can_be_made_of_us() {
    for address in ["mallory@example.org/desk", "alice@example.com/desk", "alice@example.org", "x"] {
        let error = in_clear(async |server| {
            server.authenticate(BIND).await;
            server.hear("</iq>").await;
            server.bound_as(address).await;
        })
        .await;
        assert!(is_malformed(error), "{address}: {error:?}");
    }
    let error = in_clear(async |server| {
        server.authenticate(BIND).await;
        for _ in 0..100 {
            server.say("<message><body>not yet</body></message>").await;
        }
    })
    .await;
    assert!(is_malformed(error), "{error:?}");
}

#[tokio::test]
async fn oversized_stanzas_end_the_session_and_complex_ones_pass_by() {
    let double = Double::new().await;
    let (mut server, mut alice) = double.with_alice(true).await;
    // Whatever a peer can send through an honest server must not cut us off.
    let deep = format!("{}{}", "<a>".repeat(10_000), "</a>".repeat(10_000));
    server.say(&format!("<message {BOB}><body>deep</body>{deep}</message>")).await;
    server.say(&format!("<message {BOB}><body>wide</body>{}</message>", "<a/>".repeat(10_000))).await;
    assert_eq!(message(&mut alice).await, live("deep"));
    let large = "x".repeat(500_000);
    server.message(BOB, &large).await;
    assert_eq!(message(&mut alice).await, live(&large));
    server.say("<r xmlns='urn:xmpp:sm:3'/>").await;
    server.hear("<a xmlns='urn:xmpp:sm:3' h='3'/>").await;

    let receipt = alice.send("bob@example.org", "x");
    server.hear("</message>").await;
    server.say(&format!("<message {BOB}><body>")).await;
    endlessly(&mut server, "x").await;
    assert!(matches!(disconnected(&mut alice).await, Error::MessageTooLarge { .. }));
    assert_eq!(receipt.await, Err(LOST));
    // It is not resumed: the same would come again.
    let mut server = double.accept().await;
    server.log_in(true).await;
    assert_eq!(event(&mut alice).await, Some(Event::Connected { resumed: false }));
}

#[tokio::test]
async fn confirmations_of_what_was_never_sent_end_the_session() {
    for bad in ["h='5'", "h='4294967295'", "h='x'", ""] {
        let double = Double::new().await;
        let (mut server, mut alice) = double.with_alice(true).await;
        let receipt = alice.send("bob@example.org", "x");
        server.hear("</message>").await;
        server.say(&format!("<a xmlns='urn:xmpp:sm:3' {bad}/>")).await;
        let error = disconnected(&mut alice).await;
        assert!(is_malformed(error), "{bad}: {error:?}");
        assert_eq!(receipt.await, Err(LOST));
    }
}

#[tokio::test]
async fn a_resumption_that_is_none_begins_anew() {
    for answer in [
        "<resumed xmlns='urn:xmpp:sm:3' previd='other' h='4'/>",
        "<resumed xmlns='urn:xmpp:sm:3' previd='session' h='400'/>",
        "<resumed xmlns='urn:xmpp:sm:3' previd='session'/>",
        "<failed xmlns='urn:xmpp:sm:3' h='400'/>",
        "<enabled xmlns='urn:xmpp:sm:3'/>",
    ] {
        let double = Double::new().await;
        let (mut server, mut alice) = double.with_alice(true).await;
        let receipt = alice.send("bob@example.org", "x");
        server.hear("</message>").await;
        drop(server);
        disconnected(&mut alice).await;
        let mut server = double.accept().await;
        server.asked_to_resume(0).await;
        server.say(answer).await;
        server.bind().await;
        server.hear("<enable ").await;
        server.say("<enabled xmlns='urn:xmpp:sm:3'/>").await;
        assert_eq!(event(&mut alice).await, Some(Event::Connected { resumed: false }), "{answer}");
        assert_eq!(receipt.await, Err(LOST), "{answer}");
    }
}

#[tokio::test]
async fn a_session_that_only_ever_ends_is_given_up() {
    let double = Double::new().await;
    let (mut server, mut alice) = double.with_alice(true).await;
    let receipt = alice.send("bob@example.org", "poison");
    server.hear("</message>").await;
    drop(server);
    let mut losses = 0;
    let serving = async {
        loop {
            let mut server = double.accept().await;
            server.authenticate(&format!("{BIND}{SM}")).await;
            if !server.hear("xmlns=").await.contains("<resume") {
                server.bind().await;
                return server;
            }
            server.say("<resumed xmlns='urn:xmpp:sm:3' previd='session' h='3'/>").await;
            server.hear("poison").await;
            losses += 1;
            assert!(losses < 20, "the session is resumed for ever");
        }
    };
    let listening = async {
        loop {
            if let Some(Event::Connected { resumed: false }) = event(&mut alice).await {
                return;
            }
        }
    };
    let (mut server, ()) = tokio::join!(serving, async {
        tokio::select! {
            () = listening => {}
            outcome = receipt => assert_eq!(outcome, Err(LOST)),
        }
    });
    server.hear("<enable ").await;
}

#[tokio::test]
async fn a_server_that_asks_and_does_not_listen_is_left() {
    let double = Double::hard_of_hearing();
    let mut options = quick();
    options.answer_timeout = Duration::from_millis(300);
    let (mut server, mut alice) = double.with(double.account().with_options(options), false).await;
    // Every question would have to be answered, and no answer is ever read.
    let asking = tokio::spawn(async move {
        let id = "x".repeat(8000);
        let questions = format!("<iq type='get' id='{id}' from='example.org'><ping xmlns='urn:xmpp:ping'/></iq>");
        while server.stream.write_all(questions.as_bytes()).await.is_ok() {}
    });
    assert_eq!(disconnected(&mut alice).await, Error::TimedOut);
    asking.await.unwrap();
}

#[tokio::test]
async fn a_server_that_never_confirms_is_left() {
    let double = Double::new().await;
    let mut options = quick();
    options.answer_timeout = Duration::from_millis(100);
    let (mut server, mut alice) = double.with(double.account().with_options(options), false).await;
    let receipt = alice.send("bob@example.org", "x");
    server.hear("</message>").await;
    assert_eq!(disconnected(&mut alice).await, Error::TimedOut);
    assert_eq!(receipt.await, Err(LOST));
}

// attack: VER-8
#[tokio::test]
async fn relabelled_messages_are_never_live() {
    let double = Double::new().await;
    let (mut server, mut alice) = double.with_alice(true).await;
    let query = "<body>?OTRv3?</body>";
    let wrapped = |outer: &str, name: &str, namespace: &str| {
        format!(
            "<message {outer} type='chat'>{query}<{name} xmlns='{namespace}'><forwarded xmlns='urn:xmpp:forward:0'>\
             <message xmlns='jabber:client' type='chat' from='bob@example.org/phone' to='alice@example.org/desk'>{query}\
             </message></forwarded></{name}></message>"
        )
    };
    let copies = [("sent", "urn:xmpp:carbons:2"), ("received", "urn:xmpp:carbons:2"), ("result", "urn:xmpp:mam:2")];
    for (name, namespace) in copies {
        for forger in ["mallory@example.org", "alice@example.org/other", "example.org", "alice@example.org.evil"] {
            server.say(&wrapped(&format!("from='{forger}'"), name, namespace)).await;
        }
    }
    for (name, namespace) in [copies[1], copies[2]] {
        server.say(&wrapped("from='alice@example.org'", name, namespace)).await;
    }
    server.say(&format!("<message {BOB} type='chat'>{query}<x xmlns='jabber:x:delay'/></message>")).await;
    server
        .say(&format!("<message {BOB} type='chat'>{query}<x xmlns='http://jabber.org/protocol/muc#user'/></message>"))
        .await;
    server.say(&format!("<message from='alice@example.org/other' type='chat'>{query}</message>")).await;
    server.say(&format!("<message {BOB} type='error' id='none'>{query}</message>")).await;
    server.message(BOB, "the end").await;
    for expected in [Origin::PeerCopy, Origin::History, Origin::History, Origin::Group, Origin::OwnCopy] {
        let message = message(&mut alice).await;
        assert_eq!((message.body.as_str(), message.origin), ("?OTRv3?", expected));
    }
    assert_eq!(message(&mut alice).await, live("the end"));
}

#[tokio::test]
async fn what_is_out_of_place_is_passed_over() {
    let double = Double::new().await;
    let (mut server, mut alice) = double.with_alice(true).await;
    for strange in [
        " \n\t",
        "<stream:features/>",
        "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>",
        "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
        "<enabled xmlns='urn:xmpp:sm:3' id='other' resume='true'/>",
        "<resumed xmlns='urn:xmpp:sm:3' previd='other' h='400'/>",
        "<failed xmlns='urn:xmpp:sm:3' h='400'/>",
        "<other xmlns='urn:example'/>",
        "<iq/>",
        "<iq type='get'/>",
        "<iq type='result' id='none'/>",
        "<presence from='@'/>",
        "<presence from='bob@example.org' type='invented'/>",
        "<message/>",
        "<message from='@'><body>x</body></message>",
        "<message from='bob@example.org' type='error'/>",
        "<message><received xmlns='urn:xmpp:carbons:2'/></message>",
    ] {
        server.say(strange).await;
    }
    server.message(BOB, "still here").await;
    assert_eq!(message(&mut alice).await, live("still here"));
}

#[tokio::test]
async fn floods_of_presences_and_bounces_stay_small() {
    let double = Double::new().await;
    let (mut server, mut alice) = double.with_alice(true).await;
    let flooding = tokio::spawn(async move {
        for number in 0..6_000 {
            server.say(&format!("<presence from='p{number}@example.org/{number}'/>")).await;
            server.say(&format!("<message type='error' id='{number}' from='p{number}@example.org'/>")).await;
        }
        server.message(BOB, "the end").await;
        server
    });
    let mut told = 0;
    loop {
        match event(&mut alice).await {
            Some(Event::Presence { presence: Presence::Online, .. }) => told += 1,
            Some(Event::Message(end)) => {
                assert_eq!(end, live("the end"));
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(told < 5_000, "{told} peers are kept in mind");
    flooding.await.unwrap();
}

#[tokio::test]
async fn a_server_that_turns_us_away_again_and_again_is_asked_with_pauses() {
    let double = Double::new().await;
    let (server, mut alice) = double.with_alice(true).await;
    drop(server);
    for _ in 0..5 {
        let Some(Event::Disconnected { recovery: Recovery::RetryIn(pause), .. }) = event(&mut alice).await else {
            panic!()
        };
        assert!(pause >= Duration::from_millis(10), "{pause:?}");
        drop(double.accept().await);
    }
}

#[tokio::test]
async fn the_server_cannot_pick_the_id_of_a_message() {
    let double = Double::new().await;
    let (mut server, mut alice) = double.with_alice(true).await;
    let mut ids = std::collections::BTreeSet::new();
    for _ in 0..20 {
        drop(alice.send("bob@example.org", "x"));
        ids.insert(id(&server.hear("</message>").await));
    }
    assert_eq!(ids.len(), 20);
}
