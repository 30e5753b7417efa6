//! What a completed exchange yields.

use std::sync::Arc;

use otr_crypto::{DhKeyPair, DhPublic, PublicKey, SessionId, SharedSecret};
use otr_wire::{Header, KeyId};

/// Which part we had in the exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// We sent D-H Commit and Reveal Signature.
    Initiator,
    /// We sent D-H Key and Signature.
    Responder,
}

/// A completed exchange: the peer's identity is proved and both sides share a secret.
#[derive(Debug)]
pub struct Established {
    /// Version and tags of the messages we send from here on.
    pub header: Header,
    /// Which part we had.
    pub role: Role,
    /// The secure session id, the same on both sides.
    pub session_id: SessionId,
    /// The peer's long-term key.
    pub their_key: PublicKey,
    /// The serial number of [`their_dh`](Self::their_dh).
    pub their_keyid: KeyId,
    /// The peer's Diffie-Hellman key of this exchange.
    pub their_dh: DhPublic,
    /// Our Diffie-Hellman key of this exchange; its serial number is 1.
    pub our_dh: Arc<DhKeyPair>,
    /// What the two keys agree on, so that it need not be computed again.
    pub shared: SharedSecret,
}
