//! What all contacts of an account have in common.

use core::time::Duration;
use std::{collections::VecDeque, mem};

use otr_crypto::{Fingerprint, IdentityKey, PublicKeyCache, Suite};
use otr_wire::{Header, InstanceTag, Version, Versions, armour, split};

use crate::{Config, Event, Output, Warning, budget::Budget, repeats::Repeats, session::Session};

/// The account's own side: who we are, how we behave, and what is on its way out.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) identity: IdentityKey,
    /// Our identity in the Curve25519 suite, if that is on.
    pub(crate) curve25519: Option<IdentityKey>,
    pub(crate) instance_tag: InstanceTag,
    pub(crate) config: Config,
    pub(crate) known_keys: PublicKeyCache,
    /// Key exchange work for all contacts together.
    pub(crate) exchanges: Budget,
    /// Bytes of half-received messages of all contacts.
    pub(crate) partial_bytes: usize,
    /// A buffer for messages that are decoded.
    decoded: Vec<u8>,
    repeats: Repeats,
    outputs: VecDeque<Output>,
    /// An identity that was told as new and not yet looked for among those of other contacts.
    pub(crate) new_identity: Option<Fingerprint>,
}

/// How large a buffer is kept for the next message, in bytes.
const MOST_KEPT: usize = 128 * 1024;

impl Shared {
    pub(crate) fn new(identity: IdentityKey, instance_tag: InstanceTag, config: Config) -> Self {
        Self {
            identity,
            curve25519: None,
            instance_tag,
            config,
            known_keys: PublicKeyCache::default(),
            exchanges: Budget::exchanges_of_an_account(),
            partial_bytes: 0,
            decoded: Vec::new(),
            repeats: Repeats::default(),
            outputs: VecDeque::new(),
            new_identity: None,
        }
    }

    pub(crate) fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    pub(crate) fn event(&mut self, peer: &str, event: Event) {
        self.outputs.push_back(Output::Event { peer: peer.to_owned(), event });
    }

    /// A warning that a budget bounds, or that brings a text; others go through [`warn_of_input`](Self::warn_of_input).
    pub(crate) fn warn(&mut self, peer: &str, warning: Warning) {
        self.event(peer, Event::Warning(warning));
    }

    /// A warning that every message received may cause: too many of one kind are joined.
    pub(crate) fn warn_of_input(&mut self, peer: &str, warning: Warning, now: Duration) {
        self.tell_repeats(peer, now);
        if self.repeats.passes(peer, &warning, now) {
            self.warn(peer, warning);
        }
    }

    /// Tells what was joined, where its minute is over.
    pub(crate) fn tell_repeats(&mut self, peer: &str, now: Duration) {
        for event in self.repeats.take_over(peer, now) {
            self.event(peer, event);
        }
    }

    /// The same for every contact.
    pub(crate) fn tell_all_repeats(&mut self, now: Duration) {
        for peer in self.repeats.due(now) {
            self.tell_repeats(&peer, now);
        }
    }

    /// When [`tell_all_repeats`](Self::tell_all_repeats) next has something to say.
    pub(crate) fn next_timeout(&self) -> Option<Duration> {
        self.repeats.next_timeout()
    }

    /// Puts a text on the network as it is.
    pub(crate) fn transmit(&mut self, peer: &str, message: String) {
        self.outputs.push_back(Output::Transmit { peer: peer.to_owned(), message });
    }

    /// Armours an encoded message and puts it on the network, in fragments where it is too long.
    ///
    /// A network that cannot carry a single piece cannot carry the message; that is refused before, by
    /// [`fits`](Self::fits), wherever a user waits for the answer.
    pub(crate) fn transmit_encoded(&mut self, peer: &str, header: Header, message: &[u8]) {
        let text = armour::encode(message);
        match self.config.max_message_size {
            Some(limit) if text.len() > limit => {
                for piece in split(header, &text, limit).unwrap_or_default() {
                    self.transmit(peer, piece);
                }
            }
            Some(_) | None => self.transmit(peer, text),
        }
    }

    /// Whether a message of `bytes` bytes, unarmoured, can be sent: within our own limit, and by the network.
    pub(crate) fn fits(&self, header: Header, bytes: usize) -> Fits {
        let armoured = bytes.div_ceil(3).saturating_mul(4).saturating_add(6);
        if armoured > self.config.message_limit {
            return Fits::TooLong;
        }
        match self.config.max_message_size {
            None => Fits::Yes,
            Some(limit) if armoured <= limit => Fits::Yes,
            Some(limit) => {
                let piece = limit.saturating_sub(header.fragment_overhead());
                let pieces = armoured.checked_div(piece).unwrap_or(usize::MAX);
                if pieces < usize::from(u16::MAX) { Fits::Yes } else { Fits::TooSmall }
            }
        }
    }

    /// Whether none of these versions can be spoken for want of a key.
    pub(crate) fn lacks_key(&self, versions: Versions) -> bool {
        versions == Versions::only(Version::Curve25519) && self.curve25519.is_none()
    }

    /// Our fingerprint as the other side of a session knows it.
    pub(crate) fn identity_in(&self, session: &Session) -> Fingerprint {
        let suite = session.their_key().suite();
        let ours = self.curve25519.as_ref().filter(|_| suite == Suite::Curve25519).unwrap_or(&self.identity);
        ours.public_key().fingerprint()
    }

    /// A buffer to decode a message into. Give it back.
    pub(crate) fn take_buffer(&mut self) -> Vec<u8> {
        mem::take(&mut self.decoded)
    }

    pub(crate) fn give_back_buffer(&mut self, mut buffer: Vec<u8>) {
        buffer.clear();
        buffer.shrink_to(MOST_KEPT);
        self.decoded = buffer;
    }

    /// One token of key exchange work.
    pub(crate) fn take_exchange(&mut self, now: Duration) -> bool {
        self.exchanges.take(now)
    }
}

/// Whether a message can be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fits {
    Yes,
    TooLong,
    TooSmall,
}
