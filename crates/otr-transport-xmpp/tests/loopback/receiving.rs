//! What comes in: where it comes from, which program sends it, and whether it is answered.

use otr_transport::{Incoming, Origin, Presence};

use super::double::{BOB, Double, event, message, presence};

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
