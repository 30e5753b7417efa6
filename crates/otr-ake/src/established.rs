//! What a completed exchange yields.

use std::sync::Arc;

use otr_crypto::{Bond, DhKeyPair, DhPublic, PublicKey, SessionId, SessionRoot, SharedSecret};
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
    /// What the keys of data messages rest on, beside the Diffie-Hellman keys.
    pub root: SessionRoot,
}

impl Established {
    /// What this session leaves to the exchange that takes its place. `ours` is the identity that we proved.
    #[must_use]
    pub fn bond(&self, ours: &PublicKey) -> Bond {
        let (ours, theirs) = (ours.fingerprint(), self.their_key.fingerprint());
        let (initiator, responder) = match self.role {
            Role::Initiator => (ours, theirs),
            Role::Responder => (theirs, ours),
        };
        self.shared.bond(&self.session_id, &initiator, &responder)
    }
}
