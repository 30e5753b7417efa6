//! Where the server of a domain is, by the answers of a DNS server in this process.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helpers too")]

mod double;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use double::{Double, quick, soon};
use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::rdata::SRV;
use hickory_resolver::proto::rr::{RData, Record};
use otr_transport::{Error, Transport};
use otr_transport_tls::{Tls, Trust};
use otr_transport_xmpp::{Account, Security, XmppTransport};
use tokio::net::{TcpListener, UdpSocket};

/// A DNS server, and what it was asked.
struct Dns {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Dns {
    /// One that answers with what `answer` makes of a question.
    async fn answering(answer: impl Fn(Message) -> Option<Vec<u8>> + Send + 'static) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&asked);
        tokio::spawn(async move {
            let mut bytes = [0; 4096];
            loop {
                let (length, from) = socket.recv_from(&mut bytes).await.unwrap();
                let question = Message::from_vec(&bytes[..length]).unwrap();
                heard.lock().unwrap().push(question.queries[0].name().to_ascii());
                if let Some(answer) = answer(question) {
                    socket.send_to(&answer, from).await.unwrap();
                }
            }
        });
        Self { address, asked }
    }

    /// One that knows these servers: priority, port, host.
    async fn with(servers: &[(u16, u16, &str)]) -> Self {
        let records: Vec<SRV> =
            servers.iter().map(|(priority, port, host)| SRV::new(*priority, 0, *port, host.parse().unwrap())).collect();
        Self::answering(move |question| {
            let mut answer = question.into_response();
            let name = answer.queries[0].name().clone();
            let code = if records.is_empty() { ResponseCode::NXDomain } else { ResponseCode::NoError };
            answer.metadata.response_code = code;
            answer.add_answers(records.iter().map(|srv| Record::from_rdata(name.clone(), 60, RData::SRV(srv.clone()))));
            Some(answer.to_vec().unwrap())
        })
        .await
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    fn account(&self, address: &str, security: Security) -> Account {
        let mut options = quick();
        options.name_server = Some(self.address);
        options.connect_timeout = Duration::from_secs(4);
        Account::new(address, "pw", security).unwrap().with_options(options)
    }

    async fn refused(&self, address: &str, security: Security) -> Error {
        let connecting = XmppTransport::connect(self.account(address, security));
        soon("an error", connecting).await.map(drop).unwrap_err()
    }
}

/// A port at which nobody listens.
async fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

#[tokio::test]
async fn the_servers_of_a_domain_are_tried_in_their_order() {
    let double = Double::new().await;
    let dns = Dns::with(&[
        (30, closed_port().await, "localhost."),
        (20, double.port(), "localhost."),
        (10, closed_port().await, "localhost."),
        (1, 5222, "no-such-host.invalid."),
    ])
    .await;
    let (_server, alice) = double.with(dns.account("alice@example.org", Security::Cleartext), true).await;
    assert_eq!(alice.address(), "alice@example.org");
    assert_eq!(dns.asked(), ["_xmpp-client._tcp.example.org."]);
}

#[tokio::test]
async fn where_no_server_answers_the_last_error_is_told() {
    let dns = Dns::with(&[(1, 5222, "no-such-host.invalid."), (2, closed_port().await, "localhost.")]).await;
    assert_eq!(dns.refused("alice@example.org", Security::Cleartext).await, Error::ConnectionRefused);
}

#[tokio::test]
async fn direct_tls_has_servers_of_its_own() {
    let dns = Dns::with(&[(1, closed_port().await, "localhost.")]).await;
    let tls = Tls::new(Trust::only_sha256([0; 32])).unwrap();
    assert_eq!(dns.refused("alice@b\u{fc}cher.example", Security::DirectTls(tls)).await, Error::ConnectionRefused);
    assert_eq!(dns.asked(), ["_xmpps-client._tcp.xn--bcher-kva.example."]);
}

#[tokio::test]
async fn a_domain_that_says_it_has_no_server_is_believed() {
    let dns = Dns::with(&[(0, 0, ".")]).await;
    let error = dns.refused("alice@example.org", Security::Cleartext).await;
    assert!(matches!(error, Error::NotSupported(_)), "{error}");
}

#[tokio::test]
async fn without_a_usable_answer_the_domain_itself_is_the_server() {
    let silent = Dns::answering(|_| None).await;
    let broken = Dns::answering(|question| Some(question.to_vec().unwrap()[..7].to_vec())).await;
    let failing = Dns::answering(|question| {
        let mut answer = question.into_response();
        answer.metadata.response_code = ResponseCode::ServFail;
        Some(answer.to_vec().unwrap())
    })
    .await;
    for dns in [Dns::with(&[]).await, silent, broken, failing] {
        // How the system fails to find the domain is its own affair.
        let error = dns.refused("alice@no-such-host.example", Security::Cleartext).await;
        assert!(!matches!(error, Error::NotSupported(_)), "{error}");
        assert!(dns.asked().iter().all(|name| name == "_xmpp-client._tcp.no-such-host.example."), "{:?}", dns.asked());
        assert!(!dns.asked().is_empty());
    }
}

#[tokio::test]
async fn an_endless_list_of_servers_is_not_tried_to_its_end() {
    let port = closed_port().await;
    let many: Vec<(u16, u16, &str)> = (0..20).map(|number| (number, port, "localhost.")).collect();
    let double = Double::new().await;
    let last = (20, double.port(), "localhost.");
    let dns = Dns::with(&[&many[..], &[last]].concat()).await;
    assert_eq!(dns.refused("alice@example.org", Security::Cleartext).await, Error::ConnectionRefused);
}

#[tokio::test]
async fn nothing_is_looked_up_where_the_server_is_said() {
    let dns = Dns::with(&[(1, closed_port().await, "localhost.")]).await;
    let double = Double::new().await;
    let account = dns.account("alice@example.org", Security::Cleartext).at("127.0.0.1", double.port());
    let _connected = double.with(account, true).await;
    assert_eq!(dns.asked(), [""; 0]);
}
