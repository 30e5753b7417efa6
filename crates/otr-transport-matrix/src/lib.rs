//! Messages over Matrix: direct rooms of two, through the client-server API of a homeserver.
//!
//! A [`MatrixTransport`] is one user on one homeserver. It logs in by password or access token, finds or makes the room
//! for each peer, sends each message once however often that takes, and hands up what the `/sync` stream brings, each
//! message once and in order. When the connection is lost it comes back by itself and goes on where it was; with a state
//! file ([`MatrixAccount::with_state_file`]) so does the next start.
//!
//! Written after the Matrix specification 1.19, client-server API: "Well-known URI", "Login", "Syncing", "Transaction
//! identifiers", "Rate limiting", "Direct Messaging", "Instant Messaging", "Presence". Requests and answers are typed by
//! `ruma`, HTTP/1.1 is `hyper`, TLS is [`otr_transport_tls`].
//!
//! # What is live
//!
//! Only what a peer says in a room of exactly two, in a text or an emote, while this process listens is
//! [`Live`](otr_transport::Origin::Live). After a start with a stored state, all that came meanwhile is
//! [`History`](otr_transport::Origin::History), and so is what comes after a loss of more than
//! [`Options::live_within`], and every `m.notice`, which programs must not answer. The times that events bear play no
//! part: senders make them up. Rooms of more are [`Group`](otr_transport::Origin::Group), and what another device of
//! ours says to a peer is [`OwnCopy`](otr_transport::Origin::OwnCopy). Edits, redactions, and everything that is no text
//! are passed over: an edit must not say a second time what was said once.
//!
//! # What is certain
//!
//! A receipt says `Ok` when the homeserver has given the message its event id. Until then it is sent again with the same
//! transaction id, through lost connections and errors of the server, so it can wait as long as the server is away; only
//! [`close`](otr_transport::Transport::close) ends that. In the other direction, the place in the stream is stored only
//! once the host has come for the event after it, so a crash makes the last messages come twice, as history, rather than
//! never; the session drops OTR messages that it has seen.
//!
//! ```
//! use otr_transport::{Error, Event, Transport};
//! use otr_transport_matrix::{Login, MatrixAccount, MatrixTransport};
//! use otr_transport_tls::{Tls, Trust};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! # let homeserver = format!("http://{}", listener.local_addr()?);
//! # drop(listener);
//! # let tls = Tls::new(Trust::only_sha256([0; 32]))?; // stands for Trust::system()
//! # let folder = tempfile::tempdir()?;
//! # let state = folder.path().join("matrix.json");
//! let login = Login::password(String::from("from a prompt, not from the source"));
//! let account = MatrixAccount::new("@alice:example.org", login, tls)
//!     .with_state_file(state)?
//!     .with_peers(["@bob:example.org"]);
//! # let account = account.with_homeserver(homeserver).allowing_plain_http();
//! match MatrixTransport::connect(account).await {
//!     Ok(mut alice) => {
//!         alice.send("@bob:example.org", "?OTRv3?").await?;
//!         while let Some(event) = alice.next_event().await {
//!             if let Event::Message(incoming) = event {
//!                 println!("{} wrote {} bytes", incoming.from, incoming.body.len());
//!             }
//!         }
//!     }
//!     Err(Error::LoginRefused) => println!("wrong password"),
//!     Err(error) => println!("{error}"),
//! }
//! # Ok(())
//! # }
//! ```

mod account;
mod api;
mod batch;
mod clock;
mod delivery;
mod dial;
mod direct;
mod dispatcher;
mod enter;
mod failure;
mod gap;
mod homeserver;
mod http;
mod invitation;
mod item;
mod keeper;
mod limits;
mod link;
mod listener;
mod members;
mod options;
mod recovery;
mod seen;
mod size;
mod state_file;
mod sync;
mod timeline;
mod transport;

pub use account::{Login, MatrixAccount};
pub use options::{DEFAULT_MAX_MESSAGE_SIZE, Options};
pub use state_file::StateError;
pub use transport::MatrixTransport;
