//! The authenticated key exchange of Off-the-Record Messaging, version 3 (and 2: only headers differ; and of
//! the Curve25519 suite: only primitives do).
//!
//! Four messages bring two strangers to a shared secret and to each other's long-term keys
//! (spec: "Authenticated Key Exchange", "The protocol state machine"):
//!
//! ```text
//! initiator                                   responder
//!     |  D-H Commit: AES_r(g^x), SHA256(g^x)      |
//!     | ----------------------------------------> |
//!     |  D-H Key: g^y                             |
//!     | <---------------------------------------- |
//!     |  Reveal Signature: r, proof of identity   |
//!     | ----------------------------------------> |  established
//!     |  Signature: proof of identity             |
//!     | <---------------------------------------- |
//! established
//! ```
//!
//! The specification gives a client one state; this crate gives it two *slots*, one for an exchange it started and
//! one for an exchange it answers, each with keys of its own. Crossing starts then always complete, also with
//! programs that keep only one state. The first slot to complete empties the other, but for one case: an exchange of
//! ours that has the higher hash may still be completed by the peer, and then it is the one that stands on both sides.
//!
//! An [`Ake`] is the exchange with one instance of a peer. An [`Offer`] is the opening commitment; one offer may be
//! answered by several instances, so it is shared between their exchanges. Nothing here sends, reads clocks or draws
//! randomness of its own, and a message that is refused changes nothing.
//!
//! # Example
//!
//! See `examples/exchange.rs` for two parties running it to the end.
//!
//! ```
//! use otr_ake::{Ake, Offer};
//! use otr_wire::{Header, InstanceTag};
//!
//! # use chacha20::rand_core::SeedableRng;
//! # let mut rng = chacha20::ChaCha20Rng::from_seed([7; 32]);
//! let ours = InstanceTag::new(0x1000)?;
//! let offer = Offer::new(Header::V3 { sender: ours, receiver: None }, core::time::Duration::ZERO, &mut rng);
//! // Put this on the network; whoever answers gets an exchange of their own.
//! let commit: Vec<u8> = offer.message(None);
//! # let _ = commit;
//! # Ok::<(), otr_wire::InvalidInstanceTag>(())
//! ```

mod ake;
mod error;
mod established;
mod identity_proof;
mod initiator;
mod offer;
mod responder;
mod transcript;

pub use ake::{Ake, Context, Cost, Outcome, State};
pub use error::Error;
pub use established::{Established, Role};
pub use offer::Offer;

use core::time::Duration;

use otr_crypto::Suite;
use otr_wire::Version;

/// How long the secrets of an unfinished exchange are kept after its last message.
pub const ATTEMPT_LIFETIME: Duration = Duration::from_secs(60);

/// The failed verification, counted from one, that ends an attempt.
pub const MAX_FAILURES: u8 = 8;

/// The primitives of a version.
#[must_use]
pub const fn suite(version: Version) -> Suite {
    match version {
        Version::Two | Version::Three => Suite::Otr,
        Version::Curve25519 => Suite::Curve25519,
    }
}

/// The highest keyid taken from a peer; above it, serial numbers might run out.
pub const MAX_KEYID: u32 = u32::MAX - 15;
