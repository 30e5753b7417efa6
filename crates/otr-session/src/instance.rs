//! One client of a contact: its key exchange and its session.

use core::time::Duration;

use otr_ake::Ake;
use otr_crypto::Fingerprint;
use otr_wire::Header;

use crate::session::Session;

/// One client of a contact.
#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) ake: Ake,
    /// The private conversation, while there is one.
    pub(crate) session: Option<Box<Session>>,
    /// When a message of it last led to anything.
    pub(crate) touched: Duration,
    /// How many Data messages could not be read since the session began, flagged ones included (attack rule DATA-9).
    pub(crate) unreadable: u64,
}

impl Instance {
    pub(crate) const fn new(header: Header, now: Duration) -> Self {
        Self { ake: Ake::new(header), session: None, touched: now, unreadable: 0 }
    }

    /// Whose identity the session at this instance has.
    pub(crate) fn fingerprint(&self) -> Option<Fingerprint> {
        self.session.as_ref().map(|session| session.fingerprint())
    }

    /// Whether the instance says nothing that would be missed.
    pub(crate) const fn is_idle(&self) -> bool {
        self.session.is_none() && !self.ake.state().is_active()
    }
}
