//! What goes out and to which device, and what becomes of it.

use otr_transport::{Error, Presence, Transport};
use otr_transport_xmpp::XmppTransport;

use super::double::{self, BOB, Double, event, id, live, message, presence, soon};

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
