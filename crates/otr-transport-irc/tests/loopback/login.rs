//! How we come in: who we are then, what the server must show for a password, and what keeps us out.

use std::sync::Arc;

use otr_transport::{CertificateProblem, Error, Event, Recovery, Transport};
use otr_transport_irc::{IrcAccount, IrcTransport};
use otr_transport_tls::{Tls, Trust};
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio_rustls::TlsAcceptor;

use super::double::{Client, LIMIT, Server, next, outcome, quick, within};

#[tokio::test]
async fn the_login_tells_who_we_are_and_what_fits() {
    let server = Server::start().await;
    let (alice, _client) = server.alice_as(server.account(), "NETWORK=bed CASEMAPPING=ascii").await;
    assert_eq!(alice.address(), "alice");
    assert_eq!(alice.network().as_deref(), Some("bed"));
    assert_eq!(alice.max_message_size("bob"), Some(LIMIT));
    assert_eq!(alice.max_message_size("bobby"), Some(LIMIT - 2));
}

#[tokio::test]
async fn a_name_that_is_taken_is_an_error_first_and_waited_for_later() {
    let server = Server::start().await;
    let taken = ":irc.example 433 * alice :Nickname is already in use";
    let refuse = async {
        let mut client = server.accept().await;
        client.hear_login().await;
        client.say(taken).await;
        client
    };
    let (alice, _client) = tokio::join!(IrcTransport::connect(server.account()), refuse);
    assert_eq!(alice.map(drop), Err(Error::NameTaken));

    let (mut alice, client) = server.alice().await;
    drop(client);
    assert!(matches!(next(&mut alice).await, Event::Disconnected { .. }));
    // Our own former connection may still have it.
    for _ in 0..3 {
        let mut client = server.accept().await;
        client.hear_login().await;
        client.say(taken).await;
        let told = next(&mut alice).await;
        assert!(matches!(told, Event::Disconnected { error: Error::NameTaken, recovery: Recovery::RetryIn(_) }));
    }
    server.accept().await.let_in("").await;
    assert_eq!(next(&mut alice).await, Event::Connected { resumed: false });
}

#[tokio::test]
async fn a_name_that_the_server_changes_at_login_is_told() {
    let server = Server::start().await;
    let (mut alice, client) = server.alice().await;
    drop(client);
    assert!(matches!(next(&mut alice).await, Event::Disconnected { .. }));
    let mut client = server.accept().await;
    client.hear_login().await;
    client.say(":irc.example 001 alice_ :Welcome").await;
    client.settle("alice_").await;
    assert_eq!(next(&mut alice).await, Event::AddressChanged);
    assert_eq!(alice.address(), "alice_");
    assert_eq!(next(&mut alice).await, Event::Connected { resumed: false });
}

#[tokio::test]
async fn connecting_fails_with_what_is_wrong() {
    let server = Server::start().await;
    let port = server.port();
    drop(server);
    let account = |host: &str| IrcAccount::cleartext(host, port, "alice").options(quick());
    assert_eq!(IrcTransport::connect(account("127.0.0.1")).await.map(drop), Err(Error::ConnectionRefused));
    assert_eq!(IrcTransport::connect(account("no.host.invalid")).await.map(drop), Err(Error::NameNotResolved));
    let broken = IrcAccount::cleartext("127.0.0.1", port, "al ice");
    assert_eq!(IrcTransport::connect(broken).await.map(drop), Err(Error::InvalidAddress));
    let open_password = account("127.0.0.1").sasl("alice", "secret".to_owned());
    assert!(matches!(IrcTransport::connect(open_password).await.map(drop), Err(Error::Tls(_))));
}

/// A TLS server in front of the double.
struct TlsServer {
    server: Server,
    acceptor: TlsAcceptor,
    certificate: String,
}

impl TlsServer {
    async fn start(name: &str) -> Self {
        let own = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        let key = PrivatePkcs8KeyDer::from(own.signing_key.serialize_der()).into();
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![own.cert.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Self { server: Server::start().await, acceptor, certificate: own.cert.pem() }
    }

    async fn accept(&self) -> Option<Client> {
        let stream = within(self.acceptor.accept(self.server.accept_raw().await)).await.ok()?;
        Some(Client::new(stream))
    }

    fn account(&self) -> IrcAccount {
        let trust = Trust::nobody().and_pem(self.certificate.as_bytes()).unwrap();
        IrcAccount::encrypted("127.0.0.1", self.server.port(), "alice", Tls::new(trust).unwrap()).options(quick())
    }
}

#[tokio::test]
async fn passwords_go_over_an_encrypted_connection() {
    let server = TlsServer::start("irc.example").await;
    let serve = async {
        let mut client = server.accept().await.unwrap();
        client.expect("CAP LS 302").await;
        client.expect("PASS :open sesame").await;
        client.expect("NICK alice").await;
        client.expect("USER al 0 * :Alice in Wonderland").await;
        client.say(":irc.example CAP * LS :sasl=PLAIN").await;
        client.expect("CAP REQ :sasl").await;
        client.say(":irc.example CAP * ACK :sasl").await;
        client.expect("AUTHENTICATE PLAIN").await;
        client.say("AUTHENTICATE +").await;
        client.expect("AUTHENTICATE AGppbGxlcwBzZXNhbWU=").await;
        client.say(":irc.example 903 alice :SASL authentication successful").await;
        client.expect("CAP END").await;
        client.say(":irc.example 001 alice :Welcome").await;
        client.settle("alice").await;
        client
    };
    let account = server.account().server_name("irc.example").user("al").real_name("Alice in Wonderland");
    let account = account.sasl("jilles", "sesame".to_owned()).server_password("open sesame".to_owned());
    let (alice, mut client) = tokio::join!(IrcTransport::connect(account), serve);
    let mut alice = alice.unwrap();
    assert_eq!(next(&mut alice).await, Event::Connected { resumed: false });
    let receipt = alice.send("bob", "hello");
    client.expect("PRIVMSG bob :hello").await;
    client.confirm().await;
    assert_eq!(outcome(receipt).await, Ok(()));
    let serve = async {
        client.expect("QUIT").await;
        drop(client);
    };
    let (closed, ()) = within(async { tokio::join!(alice.close(), serve) }).await;
    assert_eq!(closed, Ok(()));
}

#[tokio::test]
async fn a_certificate_that_is_not_the_servers_is_refused() {
    let server = TlsServer::start("irc.example").await;
    let account = server.account().server_name("other.example");
    let (alice, client) = tokio::join!(IrcTransport::connect(account), server.accept());
    assert!(client.is_none());
    let problem = CertificateProblem::WrongName;
    assert!(matches!(alice.map(drop), Err(Error::Certificate { problem: found, .. }) if found == problem));
}

#[tokio::test]
async fn a_refused_login_is_told_as_one() {
    let server = TlsServer::start("127.0.0.1").await;
    let refuse = async {
        let mut client = server.accept().await.unwrap();
        while client.hear().await.unwrap() != "USER alice 0 * :alice" {}
        client.say(":irc.example 464 alice :Password incorrect").await;
        client
    };
    let account = server.account().server_password("wrong".to_owned());
    let (alice, _client) = tokio::join!(IrcTransport::connect(account), refuse);
    assert_eq!(alice.map(drop), Err(Error::LoginRefused));
}
