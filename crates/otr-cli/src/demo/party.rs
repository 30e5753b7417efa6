//! One of the two parties: an account and its end of the connection.

use std::collections::VecDeque;
use std::time::Duration;

use otr_crypto::IdentityKey;
use otr_session::{Account, Config, Conversation, Event, Incoming, Output, Policy, Sent, SessionState};
use otr_transport::{Event as NetworkEvent, Transport};
use otr_transport_tcp::{Listener, Names, TcpAccount, TcpTransport};
use otr_wire::Version;

use crate::args::{AVAILABLE, Curve25519};
use crate::error::Error;
use crate::outside::{self, Clock};

/// How long a message may take from one end of the loopback interface to the other.
const PATIENCE: Duration = Duration::from_secs(10);

/// One of the two.
#[derive(Debug)]
pub(crate) struct Party {
    account: Account,
    transport: TcpTransport,
    peer: &'static str,
    clock: Clock,
    outbox: VecDeque<String>,
    news: Vec<String>,
}

/// Two parties with a connection between them, with or without the Curve25519 suite.
pub(crate) async fn introduce(keys: [IdentityKey; 2], suite: Curve25519) -> Result<[Party; 2], Error> {
    let listener = Listener::bind("127.0.0.1:0").await.map_err(Error::Loopback)?;
    let address = listener.local_addr().to_string();
    let bob = TcpTransport::connect(TcpAccount::listening(listener, Names::new("bob", "alice")));
    let bob = bob.await.map_err(Error::Loopback)?;
    let alice = TcpTransport::connect(TcpAccount::calling(address, Names::new("alice", "bob")));
    let alice = alice.await.map_err(Error::Loopback)?;
    let [alice_key, bob_key] = keys;
    Ok([Party::new(alice_key, suite, alice, "bob").await?, Party::new(bob_key, suite, bob, "alice").await?])
}

impl Party {
    async fn new(
        key: IdentityKey,
        suite: Curve25519,
        transport: TcpTransport,
        peer: &'static str,
    ) -> Result<Self, Error> {
        let tag = Account::generate_instance_tag(&mut outside::randomness());
        let config = Config { policy: Policy::ALWAYS, versions: AVAILABLE, ..Config::default() };
        let mut account = Account::new(key, tag, config);
        if suite == Curve25519::On {
            let used = account.use_curve25519(IdentityKey::generate_ed25519(&mut outside::randomness()));
            used.map_err(|_| Error::Demo("the suite could not be switched on"))?;
        }
        let mut party =
            Self { account, transport, peer, clock: Clock::start(), outbox: VecDeque::new(), news: Vec::new() };
        match party.next_event().await? {
            NetworkEvent::Connected { .. } => Ok(party),
            _ => Err(Error::Demo("there was no connection")),
        }
    }

    pub(crate) fn fingerprint(&self) -> String {
        self.account.fingerprint().to_string()
    }

    /// Whether the conversation is in the Curve25519 suite.
    pub(crate) fn has_moved(&self) -> bool {
        let conversation = self.account.status(self.peer).conversation;
        conversation.is_some_and(|conversation| conversation.version == Version::Curve25519)
    }

    pub(crate) fn start(&mut self) -> Result<(), Error> {
        let started = self.account.start(self.peer, self.clock.now());
        self.drain();
        started.map_err(|_| Error::Demo("the private conversation could not be asked for"))
    }

    pub(crate) fn send(&mut self, text: &str) -> Result<(), Error> {
        let sent = self.account.send(self.peer, text, self.clock.now());
        self.drain();
        match sent {
            Sent::Encrypted => Ok(()),
            Sent::Plain | Sent::Queued | Sent::Refused(_) => Err(Error::Demo("a text was not encrypted")),
        }
    }

    pub(crate) fn end(&mut self) {
        self.account.end(self.peer, self.clock.now());
        self.drain();
    }

    /// The next message that is to go out.
    pub(crate) fn next_message(&mut self) -> Option<String> {
        self.outbox.pop_front()
    }

    /// What has happened since it was last asked, in words.
    pub(crate) fn news(&mut self) -> String {
        std::mem::take(&mut self.news).join("\n")
    }

    /// Puts a message on the network.
    pub(crate) async fn transmit(&mut self, message: &str) -> Result<(), Error> {
        self.transport.send(self.peer, message).await.map_err(Error::Loopback)
    }

    /// Takes the next message from the network and does what it asks for.
    pub(crate) async fn receive(&mut self) -> Result<(), Error> {
        let NetworkEvent::Message(message) = self.next_event().await? else {
            return Err(Error::Demo("the connection was lost"));
        };
        let incoming = Incoming::direct(message.body.as_bytes());
        self.account.receive(self.peer, incoming, self.clock.now(), &mut outside::randomness());
        self.drain();
        Ok(())
    }

    pub(crate) fn into_transport(self) -> TcpTransport {
        self.transport
    }

    fn drain(&mut self) {
        while let Some(output) = self.account.poll() {
            match output {
                Output::Transmit { message, .. } => self.outbox.push_back(message),
                Output::Event { event, .. } => self.news.extend(words(&event)),
            }
        }
    }

    async fn next_event(&mut self) -> Result<NetworkEvent, Error> {
        let next = tokio::time::timeout(PATIENCE, self.transport.next_event()).await;
        next.ok().flatten().ok_or(Error::Demo("the loopback network is too slow"))
    }
}

fn words(event: &Event) -> Option<String> {
    match event {
        Event::Message(message) => Some(format!("reads: {}", message.text)),
        Event::NewFingerprint { fingerprint, .. } => Some(format!("(the other one proves:\n{fingerprint})")),
        Event::Session(change) => match change.state {
            SessionState::Encrypted => change.conversation.as_ref().map(private),
            SessionState::Finished => Some("(it is over; keys wiped)".to_owned()),
            SessionState::Plaintext => Some("(keys wiped)".to_owned()),
        },
        _ => None,
    }
}

fn private(conversation: &Conversation) -> String {
    let id = hex::encode(conversation.session_id.as_bytes());
    let (first, second) = id.split_at_checked(8).unwrap_or_default();
    match conversation.suite_fingerprint {
        None => format!("(private, session id\n{first} {second})"),
        Some(theirs) => {
            format!("(now in the Curve25519 suite, session id\n{first} {second};\nthe other one's Ed25519:\n{theirs})")
        }
    }
}
