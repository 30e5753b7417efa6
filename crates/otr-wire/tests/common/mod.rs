//! Messages of every type and version, for the property tests.

#![allow(dead_code, reason = "each test file uses its own part of this module")]
#![allow(clippy::unwrap_used, reason = "a broken generator must stop the test that uses it")]

use otr_wire::{
    Counter, DataEncoder, DataFields, DhCommit, DhKey, Flags, Header, InstanceTag, KeyId, Message, MessageType, Mpi,
    Payload, Plaintext, RevealSignature, Signature, Tlv, TlvType,
};
use proptest::{array, collection::vec, prelude::*};

/// Everything that goes into one message.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    pub(crate) header: Header,
    pub(crate) content: Content,
}

#[derive(Debug, Clone)]
pub(crate) enum Content {
    DhCommit { encrypted_gx: Vec<u8>, hashed_gx: [u8; 32] },
    DhKey { gy: Vec<u8> },
    RevealSignature { revealed_key: [u8; 16], encrypted_signature: Vec<u8>, mac: [u8; 20] },
    Signature { encrypted_signature: Vec<u8>, mac: [u8; 20] },
    Data(DataParts),
}

#[derive(Debug, Clone)]
pub(crate) struct DataParts {
    pub(crate) flags: u8,
    pub(crate) sender_keyid: KeyId,
    pub(crate) recipient_keyid: KeyId,
    pub(crate) next_dh: Vec<u8>,
    pub(crate) counter: Counter,
    pub(crate) text: Vec<u8>,
    pub(crate) tlvs: Vec<(u16, Vec<u8>)>,
    pub(crate) mac: [u8; 20],
    pub(crate) revealed: Vec<u8>,
}

impl Parts {
    pub(crate) fn message_type(&self) -> MessageType {
        match &self.content {
            Content::DhCommit { .. } => MessageType::DhCommit,
            Content::DhKey { .. } => MessageType::DhKey,
            Content::RevealSignature { .. } => MessageType::RevealSignature,
            Content::Signature { .. } => MessageType::Signature,
            Content::Data(_) => MessageType::Data,
        }
    }

    /// The payload, except that of a Data message, which only [`DataEncoder`] makes.
    pub(crate) fn payload(&self) -> Option<Payload<'_>> {
        Some(match &self.content {
            Content::DhCommit { encrypted_gx, hashed_gx } => Payload::DhCommit(DhCommit { encrypted_gx, hashed_gx }),
            Content::DhKey { gy } => Payload::DhKey(DhKey { gy: Mpi::new(gy).unwrap(), kem_key: &[] }),
            Content::RevealSignature { revealed_key, encrypted_signature, mac } => {
                Payload::RevealSignature(RevealSignature {
                    revealed_key,
                    kem_ciphertext: &[],
                    encrypted_signature,
                    mac,
                })
            }
            Content::Signature { encrypted_signature, mac } => {
                Payload::Signature(Signature { encrypted_signature, mac })
            }
            Content::Data(_) => return None,
        })
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        match (&self.content, self.payload()) {
            (_, Some(payload)) => Message { header: self.header, payload }.encode(),
            (Content::Data(data), None) => data.encode(self.header),
            (_, None) => unreachable!("only Data has no payload here"),
        }
    }
}

impl DataParts {
    pub(crate) fn fields(&self) -> DataFields<'_> {
        DataFields {
            flags: Flags(self.flags),
            sender_keyid: self.sender_keyid,
            recipient_keyid: self.recipient_keyid,
            next_dh: Mpi::new(&self.next_dh).unwrap(),
            counter: self.counter,
        }
    }

    pub(crate) fn plaintext(&self) -> Plaintext<'_> {
        plaintext(&self.text, &self.tlvs)
    }

    fn encode(&self, header: Header) -> Vec<u8> {
        let encoder = DataEncoder::new(header, &self.fields(), &self.plaintext(), self.revealed.len());
        encoder.finish(&self.mac, &self.revealed)
    }
}

pub(crate) fn plaintext<'a>(text: &'a [u8], tlvs: &'a [(u16, Vec<u8>)]) -> Plaintext<'a> {
    let tlvs = tlvs.iter().map(|(kind, value)| Tlv::new(TlvType(*kind), value).unwrap()).collect();
    Plaintext { text, tlvs, cut_short: false }
}

pub(crate) fn tag() -> impl Strategy<Value = InstanceTag> {
    prop_oneof![Just(0x100), Just(u32::MAX), 0x100..=u32::MAX].prop_map(|value| InstanceTag::new(value).unwrap())
}

/// A header that names its receiver.
pub(crate) fn header() -> impl Strategy<Value = Header> {
    prop_oneof![
        Just(Header::V2),
        (tag(), tag()).prop_map(|(sender, receiver)| Header::V3 { sender, receiver: Some(receiver) }),
    ]
}

pub(crate) fn mpi() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(Vec::new()),
        (1..=255u8, vec(any::<u8>(), 0..=191)).prop_map(|(first, rest)| [vec![first], rest].concat()),
    ]
}

/// Text without NUL.
pub(crate) fn text() -> impl Strategy<Value = Vec<u8>> {
    vec(1..=255u8, 0..100)
}

pub(crate) fn tlvs() -> impl Strategy<Value = Vec<(u16, Vec<u8>)>> {
    vec((any::<u16>(), vec(any::<u8>(), 0..40)), 0..5)
}

fn data() -> impl Strategy<Value = DataParts> {
    let keyid = || (1..=u32::MAX).prop_map(|id| KeyId::new(id).unwrap());
    let counter = (1..=u64::MAX).prop_map(|counter| Counter::new(counter).unwrap());
    let fields = (any::<u8>(), keyid(), keyid(), mpi(), counter);
    (fields, text(), tlvs(), array::uniform20(any::<u8>()), vec(any::<u8>(), 0..60)).prop_map(
        |((flags, sender_keyid, recipient_keyid, next_dh, counter), text, tlvs, mac, revealed)| DataParts {
            flags,
            sender_keyid,
            recipient_keyid,
            next_dh,
            counter,
            text,
            tlvs,
            mac,
            revealed,
        },
    )
}

fn content() -> impl Strategy<Value = Content> {
    let mac = || array::uniform20(any::<u8>());
    let signature = || vec(any::<u8>(), 212..=1300);
    prop_oneof![
        (vec(any::<u8>(), 5..=196), array::uniform32(any::<u8>()))
            .prop_map(|(encrypted_gx, hashed_gx)| Content::DhCommit { encrypted_gx, hashed_gx }),
        mpi().prop_map(|gy| Content::DhKey { gy }),
        (array::uniform16(any::<u8>()), signature(), mac()).prop_map(|(revealed_key, encrypted_signature, mac)| {
            Content::RevealSignature { revealed_key, encrypted_signature, mac }
        }),
        (signature(), mac()).prop_map(|(encrypted_signature, mac)| Content::Signature { encrypted_signature, mac }),
        data().prop_map(Content::Data),
    ]
}

/// Any legal message.
pub(crate) fn parts() -> impl Strategy<Value = Parts> {
    (header(), content(), any::<bool>()).prop_map(|(header, content, to_everybody)| {
        let header = match (header, &content) {
            (Header::V3 { sender, .. }, Content::DhCommit { .. }) if to_everybody => {
                Header::V3 { sender, receiver: None }
            }
            (header, _) => header,
        };
        Parts { header, content }
    })
}

/// One message of each type in each version, for tests that go through all of their bytes.
pub(crate) fn samples() -> Vec<Parts> {
    let sender = InstanceTag::new(0x0102_0304).unwrap();
    let receiver = Some(InstanceTag::new(0xfffe_fdfc).unwrap());
    let contents = [
        Content::DhCommit { encrypted_gx: vec![0x5a; 196], hashed_gx: [7; 32] },
        Content::DhKey { gy: vec![0x11; 192] },
        Content::RevealSignature { revealed_key: [3; 16], encrypted_signature: vec![0xc3; 212], mac: [9; 20] },
        Content::Signature { encrypted_signature: vec![0x3c; 212], mac: [8; 20] },
        Content::Data(DataParts {
            flags: 1,
            sender_keyid: KeyId::new(0x0100_0001).unwrap(),
            recipient_keyid: KeyId::new(2).unwrap(),
            next_dh: vec![0x22; 192],
            counter: Counter::new(3).unwrap(),
            text: b"off the record".to_vec(),
            tlvs: vec![(0, vec![0; 9]), (1, vec![])],
            mac: [4; 20],
            revealed: vec![6; 40],
        }),
    ];
    let headers = [Header::V2, Header::V3 { sender, receiver }];
    let parts = |header| contents.clone().into_iter().map(move |content| Parts { header, content });
    headers.into_iter().flat_map(parts).collect()
}
