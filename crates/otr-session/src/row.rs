//! The keys between one of our Diffie-Hellman keys and one of theirs, and how far they have been used.

use otr_crypto::{DataKeys, ExtraSymmetricKey, RevealedMacKey, SendingKeys};
use otr_wire::{Counter, Data};

use crate::session::ReceiveError;

/// One pair of keys in use. It is not `Clone`: a counter that existed twice would be used twice
/// (attack rule DATA-3).
#[derive(Debug)]
pub(crate) struct Row {
    keys: DataKeys,
    /// The last counter sent.
    sent: u64,
    /// The last counter received.
    received: u64,
    /// The counter received since which none was missing.
    whole_since: u64,
    /// Whether the receiving MAC key has verified a message.
    verified: bool,
    /// Whether the other side has published our receiving MAC key too early (attack rule REV-4).
    exposed: bool,
}

impl Row {
    pub(crate) const fn new(keys: DataKeys) -> Self {
        Self { keys, sent: 0, received: 0, whole_since: 1, verified: false, exposed: false }
    }

    /// Uses up the next counter; `None` when there is none left (attack rule DATA-4).
    pub(crate) fn next_counter(&mut self) -> Option<Counter> {
        let next = self.sent.checked_add(1).filter(|&next| next < u64::MAX - 1)?;
        self.sent = next;
        Counter::new(next)
    }

    pub(crate) const fn sending(&self) -> &SendingKeys {
        &self.keys.sending
    }

    pub(crate) const fn extra_key(&self) -> &ExtraSymmetricKey {
        &self.keys.extra
    }

    /// Checks the authenticator and then the counter, which only then means anything (attack rule DATA-1).
    pub(crate) fn check(&self, message: &Data<'_>) -> Result<(), ReceiveError> {
        if self.exposed {
            return Err(ReceiveError::Unreadable);
        }
        let receiving = &self.keys.receiving;
        receiving.verify(message.authenticated(), message.mac).map_err(|_| ReceiveError::Unreadable)?;
        if message.counter.get() <= self.received {
            return Err(ReceiveError::Replayed);
        }
        Ok(())
    }

    /// Decrypts a message that [`check`](Self::check) has passed.
    pub(crate) fn decrypt(&self, message: &Data<'_>) -> Vec<u8> {
        let mut text = message.encrypted.to_vec();
        self.keys.receiving.decrypt(message.counter.get(), &mut text);
        text
    }

    /// Records that a message with this counter was accepted, and returns the counter since which none was missing.
    pub(crate) const fn accept(&mut self, counter: Counter) -> u64 {
        // The check was that it is higher.
        if counter.get() != self.received.saturating_add(1) {
            self.whole_since = counter.get();
        }
        self.received = counter.get();
        self.verified = true;
        self.whole_since
    }

    /// If `published` is our receiving MAC key, nothing is accepted under it any more.
    pub(crate) fn expose(&mut self, published: &[u8; 20]) -> bool {
        let live = !self.exposed && self.keys.receiving.is_mac_key(published);
        self.exposed |= live;
        live
    }

    /// Ends the row. The receiving MAC key is returned for publication if it verified a message; an unused one
    /// would say nothing to anybody (attack rule REV-1).
    pub(crate) fn retire(self) -> Option<RevealedMacKey> {
        self.verified.then(|| self.keys.receiving.reveal())
    }

    /// Forces the last counter sent, to reach the end of the counters without 2^64 messages.
    #[cfg(test)]
    pub(crate) const fn force_sent(&mut self, sent: u64) {
        self.sent = sent;
    }
}
