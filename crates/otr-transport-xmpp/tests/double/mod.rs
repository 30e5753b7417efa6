//! A server in this process that says exactly what a test wants, and sees what it is told.

#![allow(dead_code, reason = "each test file uses its part")]

use std::io::ErrorKind;
use std::time::Duration;

use otr_transport::{Error, Event, Incoming, Origin, Presence, Recovery, Transport};
use otr_transport_xmpp::{Account, Options, Security, XmppTransport};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;

pub(crate) const HEADER: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' \
    xmlns:stream='http://etherx.jabber.org/streams' id='1' from='example.org' version='1.0'>";
pub(crate) const PLAIN: &str = "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>\
    <mechanism>PLAIN</mechanism></mechanisms></stream:features>";
pub(crate) const BIND: &str = "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>";
pub(crate) const SM: &str = "<sm xmlns='urn:xmpp:sm:3'/>";
pub(crate) const BOB: &str = "from='bob@example.org/phone'";

/// What becomes of a message that may have arrived.
pub(crate) const LOST: Error = Error::ConnectionLost(ErrorKind::ConnectionAborted);

/// Nothing takes longer here; a test that waits for more is wrong.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) async fn soon<T>(what: &str, work: impl Future<Output = T>) -> T {
    timeout(PATIENCE, work).await.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}

pub(crate) struct Double {
    listener: TcpListener,
}

impl Double {
    pub(crate) async fn new() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    /// One whose connections take little before they are read.
    pub(crate) fn hard_of_hearing() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        Self { listener: socket.listen(1).unwrap() }
    }

    pub(crate) fn account(&self) -> Account {
        self.account_with(Security::Cleartext)
    }

    pub(crate) fn port(&self) -> u16 {
        self.listener.local_addr().unwrap().port()
    }

    pub(crate) fn account_with(&self, security: Security) -> Account {
        let account = Account::new("alice@example.org", "pw", security).unwrap();
        account.at("127.0.0.1", self.port()).with_options(quick())
    }

    pub(crate) async fn accept(&self) -> Server {
        let (stream, _) = soon("a connection", self.listener.accept()).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Server { stream, heard: String::new() }
    }

    /// A server that counts stanzas, or one that does not, with alice logged in and told so.
    pub(crate) async fn with_alice(&self, managed: bool) -> (Server, XmppTransport) {
        self.with(self.account(), managed).await
    }

    pub(crate) async fn with(&self, account: Account, managed: bool) -> (Server, XmppTransport) {
        let (server, alice) = tokio::join!(self.log_in(managed), XmppTransport::connect(account));
        let mut alice = alice.unwrap();
        assert_eq!(event(&mut alice).await, Some(Event::Connected { resumed: false }));
        (server, alice)
    }

    async fn log_in(&self, managed: bool) -> Server {
        let mut server = self.accept().await;
        server.log_in(managed).await;
        server
    }
}

/// Waiting times that keep tests short.
pub(crate) fn quick() -> Options {
    let mut options = Options::default();
    options.retry_first = Duration::from_millis(20);
    options.retry_max = Duration::from_millis(40);
    options.close_timeout = Duration::from_secs(2);
    options
}

/// Alice, who can be given one event before she takes it.
pub(crate) async fn slow_reader(double: &Double) -> (Server, XmppTransport) {
    let mut options = quick();
    options.queue = 1;
    double.with(double.account().with_options(options), true).await
}

/// One connection, from the server's side.
pub(crate) struct Server {
    pub(crate) stream: TcpStream,
    heard: String,
}

impl Server {
    pub(crate) async fn say(&mut self, xml: &str) {
        soon("the client to read", self.stream.write_all(xml.as_bytes())).await.unwrap();
    }

    /// What comes up to `end`, that included, with single quotes.
    pub(crate) async fn hear(&mut self, end: &str) -> String {
        loop {
            if let Some(at) = self.heard.find(end) {
                let rest = self.heard.split_off(at + end.len());
                return std::mem::replace(&mut self.heard, rest);
            }
            let mut bytes = [0; 4096];
            let what = format!("{end} after {:?}", self.heard);
            let count = soon(&what, self.stream.read(&mut bytes)).await.unwrap();
            assert!(count > 0, "the client is gone, after {:?}, before {end}", self.heard);
            self.heard.push_str(&String::from_utf8_lossy(&bytes[..count]).replace('"', "'"));
            self.heard = with_short_tags(&self.heard);
        }
    }

    /// What comes until the client is gone.
    pub(crate) async fn hear_rest(&mut self) -> String {
        let mut rest = Vec::new();
        // A reset ends it as well.
        let _ = soon("the end", self.stream.read_to_end(&mut rest)).await;
        with_short_tags(&(std::mem::take(&mut self.heard) + &String::from_utf8_lossy(&rest).replace('"', "'")))
    }

    /// Up to where the client is known: the stream and the login.
    pub(crate) async fn authenticate(&mut self, offered: &str) {
        self.hear("version='1.0'>").await;
        self.say(HEADER).await;
        self.say(PLAIN).await;
        self.hear("</auth>").await;
        self.say("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>").await;
        self.hear("version='1.0'>").await;
        self.say(HEADER).await;
        self.say(&format!("<stream:features>{offered}</stream:features>")).await;
    }

    pub(crate) async fn log_in(&mut self, managed: bool) {
        self.authenticate(&format!("{BIND}{}", if managed { SM } else { "" })).await;
        self.bind().await;
        if managed {
            self.hear("<enable ").await;
            self.say("<enabled xmlns='urn:xmpp:sm:3' id='session' resume='true'/>").await;
        }
        self.greet().await;
    }

    pub(crate) async fn bind(&mut self) {
        self.hear("</iq>").await;
        self.bound_as("alice@example.org/desk").await;
    }

    pub(crate) async fn bound_as(&mut self, address: &str) {
        let bind = format!("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>{address}</jid></bind>");
        self.say(&format!("<iq type='result' id='bind'>{bind}</iq>")).await;
    }

    /// What a new session begins with: three stanzas.
    pub(crate) async fn greet(&mut self) -> String {
        let copies = self.hear("</iq>").await;
        let time = self.hear("</iq>").await;
        let presence = self.hear("</presence>").await;
        assert!(copies.contains("urn:xmpp:carbons:2") && time.contains("urn:xmpp:time"), "{copies} {time}");
        copies + &time + &presence
    }

    /// Back after a loss, asking for the session, having got `count` stanzas.
    pub(crate) async fn asked_to_resume(&mut self, count: u32) {
        self.authenticate(&format!("{BIND}{SM}")).await;
        self.hear("<resume ").await;
        let rest = self.hear("/>").await;
        assert!(rest.contains(&format!("h='{count}'")) && rest.contains("previd='session'"), "{rest}");
    }

    pub(crate) async fn confirm(&mut self, count: u32) {
        self.say(&format!("<a xmlns='urn:xmpp:sm:3' h='{count}'/>")).await;
    }

    /// Whether the client has asked for a confirmation.
    pub(crate) async fn asked(&mut self) {
        self.hear("<r xmlns='urn:xmpp:sm:3'/>").await;
    }

    pub(crate) async fn message(&mut self, attributes: &str, body: &str) {
        self.say(&format!("<message {attributes} type='chat'><body>{body}</body></message>")).await;
    }

    /// The next ping's id.
    pub(crate) async fn pinged(&mut self) -> String {
        let ping = self.hear("</iq>").await;
        assert!(ping.contains("urn:xmpp:ping"), "{ping}");
        id(&ping)
    }
}

/// The same with `<a/>` for `<a></a>`.
fn with_short_tags(xml: &str) -> String {
    let mut short = String::new();
    for piece in xml.split_inclusive('>') {
        let name = piece.strip_prefix("</").and_then(|piece| piece.strip_suffix('>'));
        let opened = short.rfind('<').map(|at| &short[at + 1..]).and_then(|tag| tag.strip_suffix('>'));
        let is_empty = name.is_some() && opened.is_some_and(|tag| tag.split(' ').next() == name);
        if is_empty {
            short.pop();
            short.push_str("/>");
        } else {
            short.push_str(piece);
        }
    }
    short
}

/// The id in the last stanza that has one.
pub(crate) fn id(xml: &str) -> String {
    let after = xml.rsplit(" id='").next().unwrap();
    after.split('\'').next().unwrap().to_owned()
}

pub(crate) async fn event(transport: &mut XmppTransport) -> Option<Event> {
    soon("an event", transport.next_event()).await
}

pub(crate) async fn message(transport: &mut XmppTransport) -> Incoming {
    match event(transport).await {
        Some(Event::Message(message)) => message,
        other => panic!("{other:?} in place of a message"),
    }
}

pub(crate) fn live(body: &str) -> Incoming {
    Incoming::new("bob@example.org", body, Origin::Live).with_device("phone")
}

pub(crate) fn presence(of: &str, presence: Presence) -> Option<Event> {
    Some(Event::Presence { of: of.to_owned(), presence })
}

/// Why the connection was lost, to which the transport comes back by itself.
pub(crate) async fn disconnected(transport: &mut XmppTransport) -> Error {
    match event(transport).await {
        Some(Event::Disconnected { error, recovery: Recovery::RetryIn(_) }) => error,
        other => panic!("{other:?} in place of a loss"),
    }
}
