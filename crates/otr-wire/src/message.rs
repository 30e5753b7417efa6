//! Encoded messages: the header and one of five payloads.

use alloc::vec::Vec;

use crate::{
    Data, DecodeError, DhCommit, DhKey, Header, InvalidInstanceTag, RevealSignature, Signature, reader::Reader,
};

/// The type byte of an encoded message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageType {
    /// D-H Commit, 0x02.
    DhCommit,
    /// Data, 0x03.
    Data,
    /// D-H Key, 0x0a.
    DhKey,
    /// Reveal Signature, 0x11.
    RevealSignature,
    /// Signature, 0x12.
    Signature,
}

impl MessageType {
    /// The byte on the wire.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::DhCommit => 0x02,
            Self::Data => 0x03,
            Self::DhKey => 0x0a,
            Self::RevealSignature => 0x11,
            Self::Signature => 0x12,
        }
    }

    const fn from_byte(byte: u8) -> Result<Self, DecodeError> {
        match byte {
            0x02 => Ok(Self::DhCommit),
            0x03 => Ok(Self::Data),
            0x0a => Ok(Self::DhKey),
            0x11 => Ok(Self::RevealSignature),
            0x12 => Ok(Self::Signature),
            _ => Err(DecodeError::UnknownType(byte)),
        }
    }
}

/// An encoded message, unwrapped from its base64.
///
/// ```text
/// 2   protocol version      SHORT
/// 1   message type          BYTE
/// 4   sender instance tag   INT    not in version 2
/// 4   receiver instance tag INT    not in version 2
/// …   payload
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    /// Version and instance tags.
    pub header: Header,
    /// What the message says.
    pub payload: Payload<'a>,
}

/// What an encoded message says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payload<'a> {
    /// First message of the key exchange.
    DhCommit(DhCommit<'a>),
    /// Second message of the key exchange.
    DhKey(DhKey<'a>),
    /// Third message of the key exchange.
    RevealSignature(RevealSignature<'a>),
    /// Fourth message of the key exchange.
    Signature(Signature<'a>),
    /// An encrypted message.
    Data(Data<'a>),
}

impl Payload<'_> {
    /// The type byte's meaning.
    #[must_use]
    pub const fn message_type(&self) -> MessageType {
        match self {
            Self::DhCommit(_) => MessageType::DhCommit,
            Self::DhKey(_) => MessageType::DhKey,
            Self::RevealSignature(_) => MessageType::RevealSignature,
            Self::Signature(_) => MessageType::Signature,
            Self::Data(_) => MessageType::Data,
        }
    }
}

impl<'a> Message<'a> {
    /// Decodes a whole message. What it is follows from these bytes alone (attack rule PARSE-5).
    ///
    /// # Errors
    ///
    /// Every way in which `bytes` is not exactly one well-formed message.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let (header, kind) = Header::decode(&mut reader)?;
        let kind = MessageType::from_byte(kind)?;
        // attack rule TAG-2: only a D-H Commit may be for nobody in particular.
        if header != Header::V2 && header.receiver().is_none() && kind != MessageType::DhCommit {
            return Err(InvalidInstanceTag(0).into());
        }
        let payload = match kind {
            MessageType::DhCommit => Payload::DhCommit(DhCommit::decode(&mut reader)?),
            MessageType::DhKey => Payload::DhKey(DhKey::decode(&mut reader, header.version())?),
            MessageType::RevealSignature => {
                Payload::RevealSignature(RevealSignature::decode(&mut reader, header.version())?)
            }
            MessageType::Signature => Payload::Signature(Signature::decode(&mut reader, header.version())?),
            MessageType::Data => Payload::Data(Data::decode(&mut reader, bytes)?),
        };
        reader.finish()?;
        Ok(Self { header, payload })
    }

    /// The message's bytes, the exact inverse of [`Message::decode`].
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.header.encode(self.payload.message_type().byte(), &mut out);
        match &self.payload {
            Payload::DhCommit(message) => message.encode(&mut out),
            Payload::DhKey(message) => message.encode(&mut out, self.header.version()),
            Payload::RevealSignature(message) => message.encode(&mut out, self.header.version()),
            Payload::Signature(message) => message.encode(&mut out),
            Payload::Data(message) => message.encode(&mut out),
        }
        out
    }
}
