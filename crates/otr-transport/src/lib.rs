//! How Off-the-Record messages travel: one trait for every network, and an in-memory pair for tests.
//!
//! A [`Transport`] carries whole, opaque text bodies between named peers. It knows nothing of sessions, keys or
//! encryption: what it is given it delivers as it stands, and what arrives it hands up together with who sent it and
//! how it came ([`Origin`]). Losing the network and finding it again happens inside; the host sees it as
//! [`Event`]s from the same stream that brings the messages.
//!
//! OTR specification: "Overview" (messages are text, carried by any network, and may have to be split to its size).
//!
//! ```
//! use otr_transport::{pair, Event, Origin, Transport};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), otr_transport::Error> {
//! let (mut alice, mut bob) = pair("alice", "bob");
//! alice.send("bob", "?OTRv3?").await?;
//!
//! assert_eq!(bob.next_event().await, Some(Event::Connected { resumed: false }));
//! let Some(Event::Message(incoming)) = bob.next_event().await else { return Ok(()) };
//! assert_eq!((incoming.from.as_str(), incoming.body.as_str()), ("alice", "?OTRv3?"));
//! assert_eq!(incoming.origin, Origin::Live);
//! # Ok(())
//! # }
//! ```

mod backoff;
mod error;
mod event;
mod memory;
mod receipt;
mod transport;

pub use backoff::Backoff;
pub use error::{CertificateProblem, Error};
pub use event::{Event, Incoming, Origin, Presence, Recovery};
pub use memory::{MemoryTransport, Seat, pair, pair_with_capacity, seats};
pub use receipt::{Outcome, Receipt};
pub use transport::Transport;
