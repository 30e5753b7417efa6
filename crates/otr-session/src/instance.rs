//! One client of a contact: its key exchange and its conversation.

use core::time::Duration;

use otr_ake::Ake;
use otr_crypto::Fingerprint;
use otr_wire::Header;

use crate::{SessionState, session::Session};

/// One client of a contact.
#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) ake: Ake,
    pub(crate) state: MessageState,
    /// When a message of it last led to anything.
    pub(crate) touched: Duration,
    /// How many Data messages could not be read since the session began, flagged ones included (attack rule DATA-9).
    pub(crate) unreadable: u64,
}

/// The message state (spec: "Message state"), with the keys where there are any.
#[derive(Debug)]
pub(crate) enum MessageState {
    Plaintext,
    Encrypted(Box<Session>),
    Finished,
}

impl Instance {
    pub(crate) const fn new(header: Header, now: Duration) -> Self {
        Self { ake: Ake::new(header), state: MessageState::Plaintext, touched: now, unreadable: 0 }
    }

    pub(crate) const fn session(&self) -> Option<&Session> {
        match &self.state {
            MessageState::Encrypted(session) => Some(session),
            MessageState::Plaintext | MessageState::Finished => None,
        }
    }

    pub(crate) const fn session_mut(&mut self) -> Option<&mut Session> {
        match &mut self.state {
            MessageState::Encrypted(session) => Some(session),
            MessageState::Plaintext | MessageState::Finished => None,
        }
    }

    /// Whose identity the session at this instance has.
    pub(crate) fn fingerprint(&self) -> Option<Fingerprint> {
        self.session().map(|session| session.their_key().fingerprint())
    }

    /// Whether the instance says nothing that would be missed.
    pub(crate) const fn is_idle(&self) -> bool {
        matches!(self.state, MessageState::Plaintext) && !self.ake.state().is_active()
    }
}

impl MessageState {
    pub(crate) const fn name(&self) -> SessionState {
        match self {
            Self::Plaintext => SessionState::Plaintext,
            Self::Encrypted(_) => SessionState::Encrypted,
            Self::Finished => SessionState::Finished,
        }
    }
}
