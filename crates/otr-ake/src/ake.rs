//! The exchange with one instance of a peer: two slots and every transition between their states.

use core::{cmp::Ordering, mem, time::Duration};
use std::sync::Arc;

use otr_crypto::{Bond, IdentityKey, PublicKeyCache};
use otr_wire::{DhCommit, DhKey, Header, Message, Payload, RevealSignature, Signature, Version};
use rand_core::CryptoRng;

use crate::{
    ATTEMPT_LIFETIME, Error, Established, MAX_FAILURES, Offer,
    initiator::{self, AwaitingSignature, Initiator, ProvedPeer},
    responder::{AwaitingRevealSignature, Responder},
};

/// The key exchange with one instance of a peer.
///
/// Version and tags are fixed when it is made; a message that differs in any is refused (attack rule PARSE-10).
#[derive(Debug)]
pub struct Ake {
    /// Version and tags of what we send.
    header: Header,
    initiator: Initiator,
    /// An exchange we started before the present one and that only the peer's Signature is missing from.
    set_aside: Option<Box<AwaitingSignature>>,
    responder: Responder,
    /// The exchange we started has outlived the completion of the one we answered.
    outlived: bool,
    failures: u8,
}

/// What the exchange borrows from its account while it handles a message.
#[derive(Debug)]
pub struct Context<'a, R: ?Sized> {
    /// Our long-term key.
    pub identity: &'a IdentityKey,
    /// Public keys that have been checked before.
    pub known_keys: &'a mut PublicKeyCache,
    /// In the Curve25519 suite: what else the two ends have to know, beside the exchange that is bound to it.
    pub bond: Option<&'a Bond>,
    /// The host's monotonic time.
    pub now: Duration,
    /// Randomness for keys and signatures.
    pub rng: &'a mut R,
}

/// What came of a message.
#[derive(Debug)]
pub enum Outcome {
    /// The message has no place in the present state; nothing changed.
    Ignored,
    /// This message, still unarmoured, is to be sent to the peer.
    Reply(Vec<u8>),
    /// The exchange is complete. The reply, if any, goes out first. When both sides started at once on a network that
    /// does not keep order, this may come twice within moments; the later one is the one that both sides share.
    Established(Box<Established>, Option<Vec<u8>>),
}

/// What a message costs before it is known to be genuine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// Nothing worth counting.
    Nothing,
    /// At most a message of ours sent once more.
    Repetition,
    /// A power in the group, or a signature.
    Work,
}

/// Where the two slots stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// We wait for a D-H Key.
    pub awaiting_dh_key: bool,
    /// We wait for a Signature.
    pub awaiting_signature: bool,
    /// We wait for a Reveal Signature.
    pub awaiting_reveal_signature: bool,
}

impl State {
    /// Whether any exchange is under way.
    #[must_use]
    pub const fn is_active(self) -> bool {
        self.awaiting_dh_key || self.awaiting_signature || self.awaiting_reveal_signature
    }
}

impl Ake {
    /// No exchange yet. `header` is that of the messages we will send: our tag, their tag.
    #[must_use]
    pub const fn new(header: Header) -> Self {
        Self {
            header,
            initiator: Initiator::Idle,
            set_aside: None,
            responder: Responder::Idle,
            outlived: false,
            failures: 0,
        }
    }

    /// The version of the exchange.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.header.version()
    }

    /// Makes `offer`, which has been sent, the exchange we started. An earlier one is forgotten, unless only the peer's
    /// Signature is missing: that may be on its way, and whoever makes us begin again must not destroy it
    /// (attack rule AKE-8).
    pub fn begin(&mut self, offer: Arc<Offer>) {
        if let Initiator::AwaitingSignature(state) = mem::replace(&mut self.initiator, Initiator::AwaitingDhKey(offer))
        {
            self.set_aside = Some(state);
        }
        self.outlived = false;
        self.failures = 0;
    }

    /// Whether the exchange we started is on this very offer.
    #[must_use]
    pub fn is_on(&self, offer: &Arc<Offer>) -> bool {
        match &self.initiator {
            Initiator::Idle => false,
            Initiator::AwaitingDhKey(ours) => Arc::ptr_eq(ours, offer),
            Initiator::AwaitingSignature(state) => Arc::ptr_eq(state.offer(), offer),
        }
    }

    /// Where the two slots stand.
    #[must_use]
    pub const fn state(&self) -> State {
        State {
            awaiting_dh_key: matches!(self.initiator, Initiator::AwaitingDhKey(_)),
            awaiting_signature: matches!(self.initiator, Initiator::AwaitingSignature(_)),
            awaiting_reveal_signature: matches!(self.responder, Responder::AwaitingRevealSignature(_)),
        }
    }

    /// What `message` costs us before it is known to be genuine, for the account's budgets. The later messages of an
    /// attempt cost nothing here: an attempt survives only so many that fail.
    #[must_use]
    pub const fn cost(&self, message: &Message<'_>) -> Cost {
        match (&message.payload, &self.initiator, &self.responder) {
            (Payload::DhCommit(_), _, Responder::Idle) | (Payload::DhKey(_), Initiator::AwaitingDhKey(_), _) => {
                Cost::Work
            }
            (Payload::DhCommit(_), _, Responder::AwaitingRevealSignature(_))
            | (Payload::DhKey(_), Initiator::AwaitingSignature(_), _) => Cost::Repetition,
            (Payload::DhKey(_), Initiator::Idle, _)
            | (Payload::RevealSignature(_) | Payload::Signature(_) | Payload::Data(_), _, _) => Cost::Nothing,
        }
    }

    /// Until when an attempt counts as under way: [`ATTEMPT_LIFETIME`] from its first message. Repeated messages do
    /// not prolong it.
    #[must_use]
    pub fn under_way_until(&self) -> Option<Duration> {
        let initiator = match &self.initiator {
            Initiator::Idle => None,
            Initiator::AwaitingDhKey(offer) => Some(offer.made()),
            Initiator::AwaitingSignature(state) => Some(state.offer().made()),
        };
        let responder = match &self.responder {
            Responder::Idle => None,
            Responder::AwaitingRevealSignature(state) => Some(state.begun),
        };
        initiator.into_iter().chain(responder).max().map(|begun| begun.saturating_add(ATTEMPT_LIFETIME))
    }

    /// Forgets both slots.
    pub fn abandon(&mut self) {
        self.initiator = Initiator::Idle;
        self.set_aside = None;
        self.responder = Responder::Idle;
        self.outlived = false;
        self.failures = 0;
    }

    /// Forgets an exchange that outlived the completion of another: the peer has spoken in the session that was
    /// completed, so that is the one both sides share.
    pub fn settle(&mut self) {
        if self.outlived {
            self.initiator = Initiator::Idle;
            self.outlived = false;
        }
    }

    /// Wipes the secrets of attempts whose last message is [`ATTEMPT_LIFETIME`] old (attack rule AKE-6).
    pub fn expire(&mut self, now: Duration) {
        let started = match &self.initiator {
            Initiator::Idle => None,
            Initiator::AwaitingDhKey(offer) => Some(offer.made()),
            Initiator::AwaitingSignature(state) => Some(state.since),
        };
        if started.is_some_and(|since| now.saturating_sub(since) >= ATTEMPT_LIFETIME) {
            self.initiator = Initiator::Idle;
        }
        if self.set_aside.as_ref().is_some_and(|state| now.saturating_sub(state.since) >= ATTEMPT_LIFETIME) {
            self.set_aside = None;
        }
        if let Responder::AwaitingRevealSignature(state) = &self.responder
            && now.saturating_sub(state.since) >= ATTEMPT_LIFETIME
        {
            self.responder = Responder::Idle;
        }
        if !self.state().is_active() {
            self.failures = 0;
        }
    }

    /// When [`expire`](Self::expire) next has something to do.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Duration> {
        let initiator = match &self.initiator {
            Initiator::Idle => None,
            Initiator::AwaitingDhKey(offer) => Some(offer.made()),
            Initiator::AwaitingSignature(state) => Some(state.since),
        };
        let responder = match &self.responder {
            Responder::Idle => None,
            Responder::AwaitingRevealSignature(state) => Some(state.since),
        };
        let aside = self.set_aside.as_ref().map(|state| state.since);
        initiator.into_iter().chain(responder).chain(aside).min().map(|since| since.saturating_add(ATTEMPT_LIFETIME))
    }

    /// Handles one message of the exchange.
    ///
    /// # Errors
    ///
    /// When the message is refused; both slots are then as they were, except that an attempt that has seen
    /// [`MAX_FAILURES`] failed verifications is given up.
    pub fn receive<R: CryptoRng + ?Sized>(
        &mut self,
        message: &Message<'_>,
        context: &mut Context<'_, R>,
    ) -> Result<Outcome, Error> {
        self.check_route(message)?;
        self.expire(context.now);
        let result = match &message.payload {
            Payload::DhCommit(message) => self.on_dh_commit(message, context),
            Payload::DhKey(message) => self.on_dh_key(message, context),
            Payload::RevealSignature(message) => self.on_reveal_signature(message, context),
            Payload::Signature(message) => self.on_signature(message, context),
            Payload::Data(_) => Ok(Outcome::Ignored),
        };
        if matches!(result, Err(Error::Verification)) {
            self.count_failure();
        }
        result
    }

    /// A D-H Commit: answer it, unless we have an offer of our own out that wins.
    fn on_dh_commit<R: CryptoRng + ?Sized>(
        &mut self,
        commit: &DhCommit<'_>,
        context: &mut Context<'_, R>,
    ) -> Result<Outcome, Error> {
        match &self.initiator {
            Initiator::AwaitingDhKey(offer) => match offer.hash().cmp(commit.hashed_gx) {
                // attack rule AKE-7: what was opened to another instance is offered to nobody any more.
                Ordering::Greater if offer.is_revealed() => {}
                Ordering::Greater => return Ok(Outcome::Reply(offer.message(self.header.receiver()))),
                Ordering::Equal => return Err(Error::Reflected),
                // attack rule AKE-4: we yield, but our offer stays good in case the other side yielded too.
                Ordering::Less => {}
            },
            // attack rule AKE-11: also the offer that has been answered may be sent back to us.
            Initiator::AwaitingSignature(state) if state.offer().hash() == commit.hashed_gx => {
                return Err(Error::Reflected);
            }
            // attack rule AKE-9: the half-done exchange is kept until one of the two completes.
            Initiator::Idle | Initiator::AwaitingSignature(_) => {}
        }
        match &mut self.responder {
            Responder::Idle => {
                let state = AwaitingRevealSignature::new(self.header.version(), commit, context);
                let reply = state.message(self.header)?;
                self.responder = Responder::AwaitingRevealSignature(Box::new(state));
                Ok(Outcome::Reply(reply))
            }
            Responder::AwaitingRevealSignature(state) => {
                let reply = state.message(self.header)?;
                state.replace_commit(commit, context.now);
                Ok(Outcome::Reply(reply))
            }
        }
    }

    /// A D-H Key: reveal our offer, or do so again.
    fn on_dh_key<R: CryptoRng + ?Sized>(
        &mut self,
        key: &DhKey<'_>,
        context: &mut Context<'_, R>,
    ) -> Result<Outcome, Error> {
        match &self.initiator {
            Initiator::Idle => Ok(Outcome::Ignored),
            Initiator::AwaitingDhKey(offer) => {
                let state = initiator::reveal(offer, self.header, key, context)?;
                let reply = state.repeat(key).map_or(Outcome::Ignored, Outcome::Reply);
                self.initiator = Initiator::AwaitingSignature(Box::new(state));
                Ok(reply)
            }
            Initiator::AwaitingSignature(state) => Ok(state.repeat(key).map_or(Outcome::Ignored, Outcome::Reply)),
        }
    }

    /// A Reveal Signature: complete the exchange we answer.
    fn on_reveal_signature<R: CryptoRng + ?Sized>(
        &mut self,
        reveal: &RevealSignature<'_>,
        context: &mut Context<'_, R>,
    ) -> Result<Outcome, Error> {
        match &self.responder {
            Responder::Idle => Ok(Outcome::Ignored),
            Responder::AwaitingRevealSignature(state) => {
                let (established, reply) = state.check(reveal, self.header, context)?;
                // attack rules AKE-4, AKE-9: where messages overtake each other, both sides may come to this point at
                // once. Then the exchange with the higher hash is to stand; ours is kept in case the peer completes
                // it too. The peer, whose own hash is lower, forgets its own.
                let ours_may_win = matches!(
                    &self.initiator,
                    Initiator::AwaitingSignature(ours) if ours.offer().hash() > state.hashed_gx()
                );
                if ours_may_win {
                    self.responder = Responder::Idle;
                    self.outlived = true;
                } else {
                    self.abandon();
                }
                Ok(Outcome::Established(Box::new(established), Some(reply)))
            }
        }
    }

    /// A Signature: complete the exchange we started.
    fn on_signature<R: CryptoRng + ?Sized>(
        &mut self,
        signature: &Signature<'_>,
        context: &mut Context<'_, R>,
    ) -> Result<Outcome, Error> {
        let mut refused = None;
        if let Initiator::AwaitingSignature(state) = &self.initiator {
            match state.check(signature, context) {
                Ok(peer) => match mem::replace(&mut self.initiator, Initiator::Idle) {
                    Initiator::AwaitingSignature(state) => return Ok(self.complete(*state, peer)),
                    Initiator::Idle | Initiator::AwaitingDhKey(_) => {}
                },
                Err(error) => refused = Some(error),
            }
        }
        if let Some(state) = &self.set_aside {
            match state.check(signature, context) {
                Ok(peer) => {
                    if let Some(state) = self.set_aside.take() {
                        return Ok(self.complete(*state, peer));
                    }
                }
                Err(error) => refused = Some(error),
            }
        }
        refused.map_or(Ok(Outcome::Ignored), Err)
    }

    /// Completes an exchange we started, whose Signature was checked.
    fn complete(&mut self, state: AwaitingSignature, peer: ProvedPeer) -> Outcome {
        self.abandon();
        Outcome::Established(Box::new(state.complete(peer, self.header)), None)
    }

    /// Their message must travel between the two instances that ours travel between.
    fn check_route(&self, message: &Message<'_>) -> Result<(), Error> {
        let (ours, theirs) = (self.header, message.header);
        let fits = ours.version() == theirs.version()
            && ours.receiver() == theirs.sender()
            && (theirs.receiver().is_none() || theirs.receiver() == ours.sender());
        if fits { Ok(()) } else { Err(Error::OtherExchange) }
    }

    /// attack rule AKE-8: forged messages cannot make us verify for ever.
    fn count_failure(&mut self) {
        self.failures = self.failures.saturating_add(1);
        if self.failures >= MAX_FAILURES {
            self.abandon();
        }
    }
}
