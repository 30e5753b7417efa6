//! Parties for the tests of the exchange: everything they do follows from a seed.

#![allow(dead_code, reason = "each test file uses its own part of this module")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a broken set-up must stop the test that uses it")]

use core::time::Duration;
use std::sync::{Arc, LazyLock};

use chacha20::ChaCha20Rng;
use otr_ake::{Ake, Context, Error, Established, Offer, Outcome, State};
use otr_crypto::{Bond, IdentityKey, PublicKeyCache};
use otr_wire::{Header, InstanceTag, Message, MessageType};
use rand_core::SeedableRng;

pub(crate) static ALICE: LazyLock<IdentityKey> = LazyLock::new(|| IdentityKey::generate(&mut rng(1)));
pub(crate) static BOB: LazyLock<IdentityKey> = LazyLock::new(|| IdentityKey::generate(&mut rng(2)));

pub(crate) fn rng(seed: u64) -> ChaCha20Rng {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    ChaCha20Rng::from_seed(bytes)
}

pub(crate) fn tag(value: u32) -> InstanceTag {
    InstanceTag::new(value).unwrap()
}

/// The header of what the instance `sender` sends to the instance `receiver`.
pub(crate) fn v3(sender: u32, receiver: u32) -> Header {
    Header::V3 { sender: tag(sender), receiver: Some(tag(receiver)) }
}

/// One side of an exchange.
pub(crate) struct Party {
    pub(crate) ake: Ake,
    pub(crate) header: Header,
    pub(crate) identity: &'static IdentityKey,
    pub(crate) known_keys: PublicKeyCache,
    pub(crate) bond: Option<Bond>,
    pub(crate) rng: ChaCha20Rng,
    pub(crate) now: Duration,
}

impl Party {
    pub(crate) fn new(identity: &'static IdentityKey, header: Header, seed: u64) -> Self {
        let mut known_keys = PublicKeyCache::default();
        // Checking a key that is new takes many times as long as everything else here.
        known_keys.insert(ALICE.public_key().clone());
        known_keys.insert(BOB.public_key().clone());
        Self {
            ake: Ake::new(header),
            header,
            identity,
            known_keys,
            bond: None,
            rng: rng(seed),
            now: Duration::from_secs(100),
        }
    }

    pub(crate) fn alice(seed: u64) -> Self {
        Self::new(&ALICE, v3(0x100, 0x200), seed)
    }

    pub(crate) fn bob(seed: u64) -> Self {
        Self::new(&BOB, v3(0x200, 0x100), seed)
    }

    /// Starts an exchange and returns the D-H Commit.
    pub(crate) fn begin(&mut self) -> Vec<u8> {
        let offer = self.offer();
        let commit = offer.message(None);
        self.ake.begin(offer);
        commit
    }

    pub(crate) fn offer(&mut self) -> Arc<Offer> {
        Offer::new(self.header, self.now, &mut self.rng)
    }

    pub(crate) fn receive(&mut self, bytes: &[u8]) -> Result<Outcome, Error> {
        self.receive_message(&Message::decode(bytes).unwrap())
    }

    pub(crate) fn receive_message(&mut self, message: &Message<'_>) -> Result<Outcome, Error> {
        let context = &mut Context {
            identity: self.identity,
            known_keys: &mut self.known_keys,
            bond: self.bond.as_ref(),
            now: self.now,
            rng: &mut self.rng,
        };
        self.ake.receive(message, context)
    }

    /// Receives a message that must bring forth a reply.
    pub(crate) fn answer(&mut self, bytes: &[u8]) -> Vec<u8> {
        match self.receive(bytes) {
            Ok(Outcome::Reply(reply)) => reply,
            other => panic!("no reply to {:?}: {other:?}", kind(bytes)),
        }
    }

    /// Receives a message that must complete the exchange.
    pub(crate) fn complete(&mut self, bytes: &[u8]) -> (Box<Established>, Option<Vec<u8>>) {
        match self.receive(bytes) {
            Ok(Outcome::Established(established, reply)) => (established, reply),
            other => panic!("not complete after {:?}: {other:?}", kind(bytes)),
        }
    }

    pub(crate) fn state(&self) -> State {
        self.ake.state()
    }
}

pub(crate) fn kind(bytes: &[u8]) -> MessageType {
    Message::decode(bytes).unwrap().payload.message_type()
}

/// The four messages of a whole exchange, and what both sides have of it.
pub(crate) struct Run {
    pub(crate) commit: Vec<u8>,
    pub(crate) key: Vec<u8>,
    pub(crate) reveal: Vec<u8>,
    pub(crate) signature: Vec<u8>,
    pub(crate) initiator: Box<Established>,
    pub(crate) responder: Box<Established>,
}

/// Runs an exchange to its end.
pub(crate) fn run(initiator: &mut Party, responder: &mut Party) -> Run {
    let commit = initiator.begin();
    let key = responder.answer(&commit);
    let reveal = initiator.answer(&key);
    let (responders, signature) = responder.complete(&reveal);
    let signature = signature.unwrap();
    let (initiators, nothing) = initiator.complete(&signature);
    assert_eq!(nothing, None);
    assert_eq!(initiators.session_id, responders.session_id);
    Run { commit, key, reveal, signature, initiator: initiators, responder: responders }
}

pub(crate) const IDLE: State =
    State { awaiting_dh_key: false, awaiting_signature: false, awaiting_reveal_signature: false };
