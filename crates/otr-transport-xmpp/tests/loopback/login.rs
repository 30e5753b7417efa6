//! What keeps us out.

use otr_transport::{Error, Transport};
use otr_transport_xmpp::{Account, Security, XmppTransport};

use super::double::{self, Double};

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
