//! Whole messages over TCP, length-prefixed and size-limited, with reconnection.
//!
//! One end listens ([`TcpAccount::listening`]), the other connects ([`TcpAccount::calling`]); from then on both are a
//! [`Transport`](otr_transport::Transport) that carries text to the one peer at the other end. On the wire each message
//! is
//!
//! ```text
//! +---------------------------+------------------------+
//! | length: 4 bytes, unsigned | text: UTF-8            |
//! | big-endian, 1 ..= limit   | `length` bytes         |
//! +---------------------------+------------------------+
//! ```
//!
//! The limit is [`DEFAULT_MAX_MESSAGE_SIZE`] unless [`Options`] say otherwise. A message that breaks a rule ends the
//! connection with an error that says which; a received length never sizes an allocation.
//!
//! The connecting end comes back after a loss by itself, waiting longer each time. The listening end takes one peer at
//! a time: while one is connected, others are told that it is busy by having their connection closed.
//!
//! Nothing here is encrypted or authenticated, and TCP does not confirm delivery: a message that
//! [`send`](otr_transport::Transport::send) took just before the connection broke may be lost. Both are for the session
//! above to notice.
//!
//! ```
//! use otr_transport::{Event, Transport};
//! use otr_transport_tcp::{Listener, Names, TcpAccount, TcpTransport};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), otr_transport::Error> {
//! let listener = Listener::bind("127.0.0.1:0").await?;
//! let address = listener.local_addr().to_string();
//! let mut bob = TcpTransport::connect(TcpAccount::listening(listener, Names::new("bob", "alice"))).await?;
//! let mut alice = TcpTransport::connect(TcpAccount::calling(&address, Names::new("alice", "bob"))).await?;
//!
//! alice.send("bob", "?OTRv3?").await?;
//! assert_eq!(bob.next_event().await, Some(Event::Connected { resumed: false }));
//! let Some(Event::Message(incoming)) = bob.next_event().await else { return Ok(()) };
//! assert_eq!((incoming.from.as_str(), incoming.body.as_str()), ("alice", "?OTRv3?"));
//! alice.close().await?;
//! # Ok(())
//! # }
//! ```

mod account;
mod conversation;
mod frame;
mod options;
mod socket;
mod source;
mod supervisor;
mod transport;

pub use account::{Names, TcpAccount};
pub use options::{DEFAULT_MAX_MESSAGE_SIZE, Options};
pub use source::Listener;
pub use transport::TcpTransport;
