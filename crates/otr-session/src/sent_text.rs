//! A text that went out, with what is known of it.

use core::time::Duration;

use otr_crypto::Fingerprint;
use otr_wire::KeyId;

use crate::{
    RESEND_WINDOW,
    kept_text::KeptText,
    session::Sealed,
    stretch::{MessageMac, Place},
};

/// A text that went out.
pub(crate) struct SentText {
    pub(crate) text: KeptText,
    /// To whom.
    pub(crate) to: Fingerprint,
    pub(crate) place: Place,
    pub(crate) mac: MessageMac,
    /// The serial number of the key that was announced with it.
    pub(crate) announces: KeyId,
    /// Whether no message before announced that key.
    pub(crate) is_first: bool,
    pub(crate) at: Duration,
    /// Whether it had gone out before.
    pub(crate) is_resent: bool,
    /// Whether it may have been lost alone, so that what comes later does not confirm it.
    pub(crate) is_doubtful: bool,
    /// Whether the session that it went out in is known to be over.
    pub(crate) is_over: bool,
}

impl SentText {
    pub(crate) fn new(text: &str, to: Fingerprint, sealed: &Sealed, is_resent: bool, at: Duration) -> Self {
        Self {
            text: KeptText::new(text),
            to,
            place: sealed.place,
            mac: sealed.mac,
            announces: sealed.announces,
            is_first: sealed.is_first,
            at,
            is_resent,
            is_doubtful: false,
            is_over: false,
        }
    }

    pub(crate) const fn is_in_doubt(&self) -> bool {
        self.is_doubtful || self.is_over
    }

    /// In which session it went out; see [`Session::number`](crate::session::Session::number).
    pub(crate) const fn session(&self) -> u64 {
        self.place.session
    }

    /// Whether it may go out once more without the user being asked: soon after the first time, and once
    /// (attack rule RESEND-1).
    pub(crate) fn may_go_again(&self, now: Duration) -> bool {
        !self.is_resent && now.saturating_sub(self.at) <= RESEND_WINDOW
    }
}
