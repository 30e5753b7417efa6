//! What a host decides: policy, limits, and what it knows about an incoming body.

use otr_wire::{MAX_MESSAGE, Versions};

/// When private conversations are used: a set of the spec's flags ("Policies"), which versions apart (`ALLOW_V2`,
/// `ALLOW_V3`; see [`Config::versions`]).
///
/// The four named policies are what most users need. Single flags are put together with [`with`](Self::with):
///
/// ```
/// use otr_session::Policy;
/// let policy = Policy::MANUAL.with(Policy::SEND_WHITESPACE_TAG);
/// assert!(policy.contains(Policy::ALLOW) && !policy.contains(Policy::REQUIRE_ENCRYPTION));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Policy(u8);

impl Policy {
    /// OTR is off: everything passes as it is.
    pub const NEVER: Self = Self(0);
    /// Private conversations are allowed; without this flag the others mean nothing.
    pub const ALLOW: Self = Self(1);
    /// No text is sent in clear: it waits for encryption.
    pub const REQUIRE_ENCRYPTION: Self = Self(1 << 1);
    /// Text sent in clear carries a whitespace tag, until it turns out that the contact does not know it.
    pub const SEND_WHITESPACE_TAG: Self = Self(1 << 2);
    /// A received whitespace tag starts the exchange.
    pub const WHITESPACE_START_AKE: Self = Self(1 << 3);
    /// A received error message starts the exchange, where there is no private conversation. It is in none of the
    /// named policies, because anybody can send an error message (attack rule ERR-2).
    pub const ERROR_START_AKE: Self = Self(1 << 4);

    /// A private conversation starts when either user asks for one.
    pub const MANUAL: Self = Self::ALLOW;
    /// As manual; besides, plain messages carry a whitespace tag, and a received tag starts the exchange.
    pub const OPPORTUNISTIC: Self = Self::MANUAL.with(Self::SEND_WHITESPACE_TAG).with(Self::WHITESPACE_START_AKE);
    /// Nothing is sent in clear: text waits for encryption.
    pub const ALWAYS: Self = Self::MANUAL.with(Self::REQUIRE_ENCRYPTION).with(Self::WHITESPACE_START_AKE);

    /// These flags and those of `other`.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// These flags without those of `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether all flags of `other` are among these.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether private conversations are allowed.
    #[must_use]
    pub const fn allows(self) -> bool {
        self.contains(Self::ALLOW)
    }

    /// Whether text is never sent in clear.
    #[must_use]
    pub const fn requires_encryption(self) -> bool {
        self.contains(Self::ALLOW.with(Self::REQUIRE_ENCRYPTION))
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::OPPORTUNISTIC
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
    /// Our address on the network, as contacts write it. Where both sides know it, conversations in the Curve25519 suite
    /// are bound to both addresses; who knows none, or others than the other side, does not get there.
    pub address: Option<String>,
}

impl Config {
    /// Our address and the contact's.
    pub(crate) fn addresses<'a>(&'a self, peer: &'a str) -> [&'a str; 2] {
        self.address.as_deref().map_or([""; 2], |ours| [ours, peer])
    }
}

impl Default for Config {
    /// Opportunistic, all versions, no fragments, 1 MiB, padded to 256 bytes.
    fn default() -> Self {
        Self {
            policy: Policy::default(),
            versions: Versions::ALL,
            max_message_size: None,
            message_limit: MAX_MESSAGE,
            padding: 256,
            address: None,
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
