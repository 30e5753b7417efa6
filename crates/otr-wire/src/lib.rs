//! The Off-the-Record wire format: bytes to typed messages and back.
//!
//! This crate knows every form a message of OTR version 3 takes on the network, and nothing else: no keys, no
//! randomness, no time of its own, no sockets. What it covers, in the words of the
//! [specification](https://otr.cypherpunks.ca/Protocol-v3-4.1.1.html):
//!
//! | section | here |
//! | --- | --- |
//! | Query, tagged plaintext, error messages | [`Body`], [`Query`], [`Tagged`] |
//! | Encoded messages: D-H Commit, D-H Key, Reveal Signature, Signature, Data | [`armour`], [`Message`], [`Payload`] |
//! | Instance tags | [`InstanceTag`], [`Header`] |
//! | Data message plaintext and TLV records | [`Plaintext`], [`Tlv`] |
//! | Fragmentation | [`split`], [`Fragment`], [`Assembler`] |
//!
//! Every decoder is total: it takes any bytes, reserves nothing on the word of a length field, consumes exactly all
//! input, and answers with a typed message or a typed error. Values it returns are well-formed but *untrusted*: whether a
//! number is a legal group element, or a MAC is right, is decided elsewhere.
//!
//! # Example
//!
//! ```
//! use otr_wire::{Body, Version};
//!
//! // What arrives is first told apart by its form ...
//! let Body::Query(query) = Body::classify(b"?OTRv23? Let us talk in private.") else { panic!() };
//! assert_eq!(query.offered.best(), Some(Version::Three));
//!
//! // ... and an encoded message is unwrapped and decoded in two steps.
//! let Body::Encoded(armoured) = Body::classify(b"?OTR:AAMKAAABAAAAAgAAAAABBQ==.") else { panic!() };
//! let bytes = otr_wire::armour::decode(armoured, otr_wire::MAX_MESSAGE)?;
//! let message = otr_wire::Message::decode(&bytes)?;
//! assert!(matches!(message.payload, otr_wire::Payload::DhKey(_)));
//! # Ok::<(), otr_wire::DecodeError>(())
//! ```

#![no_std]
#![forbid(unsafe_code)]
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::unwrap_used)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod armour;
mod assembler;
mod body;
mod data_message;
mod error;
mod fragment;
mod header;
mod instance_tag;
mod key_exchange;
mod limits;
mod message;
mod mpi;
mod public_key;
mod query;
mod reader;
mod tlv;
mod version;
mod whitespace_tag;
mod writer;

pub use assembler::{Assembled, Assembler, Dropped};
pub use body::{Body, ERROR_PREFIX, error_message};
pub use data_message::{Data, DataEncoder, DataFields, Flags};
pub use error::DecodeError;
pub use fragment::{Fragment, InvalidFragment, TooSmall, split};
pub use header::Header;
pub use instance_tag::{InstanceTag, InvalidInstanceTag};
pub use key_exchange::{DhCommit, DhKey, RevealSignature, Signature};
pub use limits::{
    FRAGMENT_OVERHEAD_V2, FRAGMENT_OVERHEAD_V3, MAX_GROUP_ELEMENT, MAX_MESSAGE, MAX_PARTIAL_AGE, MAX_PARTIAL_BYTES,
    MAX_PARTIALS, MAX_PIECE, MAX_RECORDS,
};
pub use message::{Message, MessageType, Payload};
pub use mpi::Mpi;
pub use public_key::{EncodedPublicKey, SignedIdentity, SignedKey};
pub use query::Query;
pub use tlv::{Plaintext, Tlv, TlvTooLong, TlvType};
pub use version::{Version, Versions};
pub use whitespace_tag::Tagged;

/// The serial number of a Diffie-Hellman key, 4 bytes big-endian on the wire, never zero
/// (spec: "Data Message", *Sender keyid*).
pub type KeyId = core::num::NonZeroU32;

/// The top half of a counter block, 8 bytes big-endian on the wire, never zero
/// (spec: "Data Message", *Top half of counter init*).
pub type Counter = core::num::NonZeroU64;
