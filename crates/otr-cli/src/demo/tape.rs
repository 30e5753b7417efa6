//! What an eavesdropper records: every message, in order.

use std::fmt::{self, Display, Formatter};

use otr_toolkit::Recorded as DataMessage;
use otr_wire::{Body, Data, MAX_MESSAGE, Message, Payload, Version, armour};

use super::columns::shortened;

/// One of the two parties.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Alice,
    Bob,
}

impl Display for Side {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Alice => "Alice",
            Self::Bob => "Bob",
        })
    }
}

/// A message as it went over the network.
#[derive(Debug)]
pub(crate) struct Recorded {
    from: Side,
    body: String,
    /// The encoded message in it, if it is one.
    bytes: Vec<u8>,
}

impl Recorded {
    pub(crate) fn new(from: Side, body: String) -> Self {
        let bytes = armour::decode(body.as_bytes(), MAX_MESSAGE).unwrap_or_default();
        Self { from, body, bytes }
    }

    /// What everybody can see of its structure.
    pub(crate) fn message(&self) -> Option<Message<'_>> {
        Message::decode(&self.bytes).ok()
    }

    /// What an eavesdropper can say about it; `number` is its place among the data messages, if it is one.
    fn description(&self, number: usize) -> String {
        let message = self.message();
        let version = message.as_ref().map_or(Version::Three, |message| message.header.version());
        let exchange = |place: u8| match version {
            Version::Two | Version::Three => format!("key exchange {place} of 4"),
            Version::Curve25519 => format!("key exchange of the suite, {place} of 4"),
        };
        let what = match message.map(|message| message.payload) {
            Some(Payload::DhCommit(_)) => exchange(1),
            Some(Payload::DhKey(_)) => exchange(2),
            Some(Payload::RevealSignature(_)) => exchange(3),
            Some(Payload::Signature(_)) => exchange(4),
            Some(Payload::Data(data)) => describe(version, &data, number),
            None if matches!(Body::classify(self.body.as_bytes()), Body::Query(_)) => {
                "request for a private conversation".to_owned()
            }
            None => "text in clear".to_owned(),
        };
        let first = self.body.lines().next().unwrap_or_default();
        format!("{what}\n{}", shortened(first))
    }
}

fn describe(version: Version, data: &Data<'_>, number: usize) -> String {
    let key = match version {
        Version::Two | Version::Three => 20,
        Version::Curve25519 => 32,
    };
    let published = match data.revealed.len() / key {
        0 => String::new(),
        1 => "\npublishes 1 old MAC key".to_owned(),
        count => format!("\npublishes {count} old MAC keys"),
    };
    let (length, ours, theirs) = (data.encrypted.len(), data.sender_keyid, data.recipient_keyid);
    format!("message {number}: {length} bytes, keys {ours}/{theirs}{published}")
}

/// Everything that was recorded.
#[derive(Debug, Default)]
pub(crate) struct Tape(pub(crate) Vec<Recorded>);

impl Tape {
    /// Records a message and says what can be seen of it.
    pub(crate) fn record(&mut self, from: Side, body: String) -> String {
        let number = self.data().count().saturating_add(1);
        let recorded = Recorded::new(from, body);
        let description = recorded.description(number);
        self.0.push(recorded);
        description
    }

    /// The data messages, each with its place among them, counted from 1.
    pub(crate) fn data(&self) -> impl Iterator<Item = (usize, DataMessage<'_>)> {
        (1..).zip(self.0.iter().filter_map(|recorded| DataMessage::decode(&recorded.bytes).ok()))
    }

    /// A message a line, with the name of who sent it.
    pub(crate) fn transcript(&self) -> String {
        self.0.iter().map(|recorded| format!("{}: {}\n", recorded.from, recorded.body)).collect()
    }
}
