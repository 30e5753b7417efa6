//! The opening move: a commitment to a Diffie-Hellman key.

use core::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};
use std::sync::Arc;

use otr_crypto::{Commitment, CommitmentKey, DhKeyPair};
use otr_wire::{DhCommit, Header, InstanceTag, Message, Payload};
use rand_core::CryptoRng;

use crate::suite;

/// A D-H Commit we sent, with the secrets behind it: x and r.
///
/// Several instances of a peer may answer one offer; each then has an exchange of its own on the same x and r
/// (attack rule AKE-5). The secrets are wiped when the last holder lets go.
#[derive(Debug)]
pub struct Offer {
    pub(crate) key_pair: Arc<DhKeyPair>,
    pub(crate) key: CommitmentKey,
    pub(crate) commitment: Commitment,
    header: Header,
    made: Duration,
    /// Whether r has been sent to somebody, so that the commitment hides nothing any more.
    revealed: AtomicBool,
}

impl Offer {
    /// A fresh commitment. `header` names our tag; its receiver, if any, is the only instance asked.
    pub fn new(header: Header, now: Duration, rng: &mut (impl CryptoRng + ?Sized)) -> Arc<Self> {
        let key_pair = Arc::new(suite(header.version()).key_pair(rng));
        let key = CommitmentKey::generate(rng);
        let commitment = key.commit(key_pair.public());
        Arc::new(Self { key_pair, key, commitment, header, made: now, revealed: AtomicBool::new(false) })
    }

    /// The D-H Commit message, for everybody or, when sent again, for `receiver` alone.
    #[must_use]
    pub fn message(&self, receiver: Option<InstanceTag>) -> Vec<u8> {
        let header = match self.header.sender() {
            None => self.header,
            Some(sender) => Header::new(self.header.version(), sender, receiver.or(self.header.receiver())),
        };
        let payload =
            Payload::DhCommit(DhCommit { encrypted_gx: &self.commitment.encrypted, hashed_gx: &self.commitment.hash });
        Message { header, payload }.encode()
    }

    /// Version and tags the offer was made with.
    #[must_use]
    pub const fn header(&self) -> Header {
        self.header
    }

    /// Whether the commitment has been opened to an instance that answered. It is then sent to nobody any more, but
    /// those it was sent to may still answer.
    #[must_use]
    pub fn is_revealed(&self) -> bool {
        self.revealed.load(Ordering::Relaxed)
    }

    pub(crate) fn set_revealed(&self) {
        self.revealed.store(true, Ordering::Relaxed);
    }

    /// When the offer was made.
    #[must_use]
    pub const fn made(&self) -> Duration {
        self.made
    }

    /// Our hashed g^x. Compared with theirs as a 32-byte big-endian number it decides who yields (spec: "the trickiest
    /// transition").
    pub(crate) fn hash(&self) -> &[u8; 32] {
        &self.commitment.hash
    }
}
