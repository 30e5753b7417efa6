//! What a host decides: policy, limits, and what it knows about an incoming body.

use otr_wire::{MAX_MESSAGE, Version, Versions};

/// When private conversations are used (spec: "Policies"; the four named combinations of its flags).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Policy {
    /// OTR is off: everything passes as it is.
    Never,
    /// A private conversation starts when either user asks for one.
    Manual,
    /// As manual; besides, plain messages carry a whitespace tag, and a received tag starts the exchange.
    #[default]
    Opportunistic,
    /// As opportunistic, without the tag on plain messages, because none is ever sent: text waits for encryption.
    Always,
}

impl Policy {
    /// `REQUIRE_ENCRYPTION`: no plain text is sent.
    pub(crate) const fn requires_encryption(self) -> bool {
        matches!(self, Self::Always)
    }

    /// `SEND_WHITESPACE_TAG`
    pub(crate) const fn sends_whitespace_tag(self) -> bool {
        matches!(self, Self::Opportunistic | Self::Always)
    }

    /// `WHITESPACE_START_AKE`
    pub(crate) const fn starts_on_whitespace_tag(self) -> bool {
        matches!(self, Self::Opportunistic | Self::Always)
    }
}

/// The settings of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The policy for contacts that have none of their own.
    pub policy: Policy,
    /// The versions that may be spoken.
    pub versions: Versions,
    /// The longest message the network carries, in bytes; longer ones are sent in fragments. `None` for no limit.
    pub max_message_size: Option<usize>,
    /// The longest encoded message accepted or sent, in characters: 64 KiB to 16 MiB.
    pub message_limit: usize,
    /// Pads what is encrypted to a multiple of this many bytes, so that its length says less; 0 for no padding.
    pub padding: usize,
}

impl Default for Config {
    /// Opportunistic, version 3, no fragments, 1 MiB, padded to 256 bytes.
    fn default() -> Self {
        Self {
            policy: Policy::default(),
            versions: Versions::only(Version::Three),
            max_message_size: None,
            message_limit: MAX_MESSAGE,
            padding: 256,
        }
    }
}

/// How a body came to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// From the contact to us, just now.
    Direct,
    /// From the contact to us, but delivered late, from a history or an offline store.
    Delayed,
    /// From a room with several people.
    Group,
    /// A copy of what another client of ours received.
    Copy,
    /// A copy of what another client of ours sent.
    Own,
}

/// One body as the network delivered it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Incoming<'a> {
    /// The body, without what the network wraps around it.
    pub body: &'a [u8],
    /// How it came. Only [`Origin::Direct`] can make the account answer by itself (attack rule VER-8).
    pub origin: Origin,
}

impl<'a> Incoming<'a> {
    /// A body that came directly.
    #[must_use]
    pub const fn direct(body: &'a [u8]) -> Self {
        Self { body, origin: Origin::Direct }
    }
}
