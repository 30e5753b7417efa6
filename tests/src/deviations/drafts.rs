//! Messages before they are sent. Every field is bytes or a number of any value, so that any of them can be wrong.

use otr_wire::armour;

use super::numbers::data;

/// The start of an encoded message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The protocol version.
    pub version: u16,
    /// The message type.
    pub kind: u8,
    /// The tags of sender and receiver, where the version has them.
    pub tags: Option<(u32, u32)>,
}

impl Envelope {
    /// The header's bytes.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = self.version.to_be_bytes().to_vec();
        out.push(self.kind);
        if let Some((sender, receiver)) = self.tags {
            out.extend(sender.to_be_bytes());
            out.extend(receiver.to_be_bytes());
        }
        out
    }

    /// Names another sender.
    pub fn set_sender(&mut self, tag: u32) {
        self.tags = self.tags.map(|(_, receiver)| (tag, receiver));
    }

    /// Names another receiver.
    pub fn set_receiver(&mut self, tag: u32) {
        self.tags = self.tags.map(|(sender, _)| (sender, tag));
    }
}

/// A message that can be put on the network.
pub trait Draft {
    /// Its bytes.
    fn bytes(&self) -> Vec<u8>;

    /// Its text.
    fn text(&self) -> String {
        armour::encode(&self.bytes())
    }
}

/// D-H Commit.
#[derive(Debug, Clone)]
pub struct CommitDraft {
    /// The header.
    pub envelope: Envelope,
    /// The encrypted MPI g^x.
    pub encrypted: Vec<u8>,
    /// The hash of the MPI g^x.
    pub hash: Vec<u8>,
}

impl Draft for CommitDraft {
    fn bytes(&self) -> Vec<u8> {
        [self.envelope.bytes(), data(&self.encrypted), data(&self.hash)].concat()
    }
}

/// D-H Key.
#[derive(Debug, Clone)]
pub struct DhKeyDraft {
    /// The header.
    pub envelope: Envelope,
    /// What stands in the MPI g^y.
    pub gy: Vec<u8>,
}

impl Draft for DhKeyDraft {
    fn bytes(&self) -> Vec<u8> {
        [self.envelope.bytes(), data(&self.gy)].concat()
    }
}

/// Reveal Signature, and without the revealed key Signature.
#[derive(Debug, Clone)]
pub struct ProofDraft {
    /// The header.
    pub envelope: Envelope,
    /// r, in a Reveal Signature.
    pub revealed: Option<Vec<u8>>,
    /// The encrypted X.
    pub encrypted: Vec<u8>,
    /// Its authenticator.
    pub mac: Vec<u8>,
}

impl Draft for ProofDraft {
    fn bytes(&self) -> Vec<u8> {
        let revealed = self.revealed.as_deref().map(data).unwrap_or_default();
        [self.envelope.bytes(), revealed, data(&self.encrypted), self.mac.clone()].concat()
    }
}

/// A Data message whose MAC is already there.
#[derive(Debug, Clone)]
pub struct SealedDraft {
    /// From the version to the end of the encrypted text.
    pub authenticated: Vec<u8>,
    /// The authenticator.
    pub mac: Vec<u8>,
    /// Old MAC keys.
    pub revealed: Vec<u8>,
}

impl Draft for SealedDraft {
    fn bytes(&self) -> Vec<u8> {
        [self.authenticated.clone(), self.mac.clone(), data(&self.revealed)].concat()
    }
}

/// A Data message that is still to be encrypted and authenticated.
#[derive(Debug, Clone)]
pub struct DataDraft {
    /// The header.
    pub envelope: Envelope,
    /// The flags.
    pub flags: u8,
    /// The serial number of the sender's key.
    pub sender_keyid: u32,
    /// The serial number of the receiver's key.
    pub recipient_keyid: u32,
    /// What stands in the MPI of the next key.
    pub next_dh: Vec<u8>,
    /// The upper half of the counter.
    pub counter: u64,
    /// Text, NUL and records.
    pub plaintext: Vec<u8>,
    /// Old MAC keys.
    pub revealed: Vec<u8>,
}

impl DataDraft {
    /// The bytes that the authenticator covers, around this encrypted text.
    #[must_use]
    pub fn authenticated(&self, encrypted: &[u8]) -> Vec<u8> {
        let mut out = self.envelope.bytes();
        out.push(self.flags);
        out.extend(self.sender_keyid.to_be_bytes());
        out.extend(self.recipient_keyid.to_be_bytes());
        out.extend(data(&self.next_dh));
        out.extend(self.counter.to_be_bytes());
        out.extend(data(encrypted));
        out
    }
}

/// A record: type, length, value. A value that is too long has its length cut.
#[must_use]
pub fn record(kind: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
    [&kind.to_be_bytes(), &length.to_be_bytes(), value].concat()
}
