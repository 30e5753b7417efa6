//! Private messages over IRC, with flood control, confirmed delivery to the server and lines that fit.
//!
//! An [`IrcTransport`] logs in as an [`IrcAccount`] says, by TLS or openly, and stays there. It is a
//! [`Transport`](otr_transport::Transport) on which every nick of the network is a peer.
//!
//! IRC has neither confirmations nor a fixed size of messages, and its servers cut what is too long, drop what they do
//! not like and throw out whoever speaks too fast. So
//!
//! * a `PING` follows what is sent, and the server's answer, which comes after whatever it refuses, confirms it;
//! * [`max_message_size`](otr_transport::Transport::max_message_size) counts what the server puts in front of our words,
//!   `:nick!user@host PRIVMSG peer :`, as the server itself shows it to us;
//! * lines are paced as [`Options`] say.
//!
//! A text of several lines is sent as several messages, as every client does; with OTR only the invitation in clear is
//! one. When the server refuses one of them, the rest stays here, and those before may have arrived. Only what is said to us alone and now is [`Live`](otr_transport::Origin::Live): what a bouncer or a server plays
//! back is history, what goes to a channel is said in a group. Notices are nobody's messages, and of the commands between
//! clients (CTCP) only the action is one, as `/me ..`; none is answered. Peers that were written to are followed: by
//! monitor or watch where the server has it, else by asking now and then.
//!
//! A server may sit behind another name or share its network with many more; nothing here depends on reaching the same
//! one again.
//!
//! RFC 1459 and RFC 2812 (IRC), RFC 4616 (SASL PLAIN); IRCv3: capability negotiation, sasl-3.1, batch, server-time,
//! chghost, monitor, standard replies.
//!
//! ```
//! use otr_transport::{Event, Transport};
//! use otr_transport_irc::{IrcAccount, IrcTransport};
//! # use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! # let port = listener.local_addr()?.port();
//! # tokio::spawn(async move {
//! #     let (reading, mut writing) = listener.accept().await?.0.into_split();
//! #     let mut lines = BufReader::new(reading).lines();
//! #     while let Some(line) = lines.next_line().await? {
//! #         let answer = match line.split(' ').next() {
//! #             Some("USER") => ":irc.example 001 alice :Welcome\r\n".to_owned(),
//! #             Some("USERHOST") => ":irc.example 302 alice :alice=+alice@host.example\r\n".to_owned(),
//! #             Some("PING") => format!("PONG irc.example {}\r\n", line.trim_start_matches("PING ")),
//! #             Some("PRIVMSG") => ":bob!bob@host.example PRIVMSG alice :?OTRv3?\r\n".to_owned(),
//! #             Some("QUIT") => break,
//! #             _ => continue,
//! #         };
//! #         writing.write_all(answer.as_bytes()).await?;
//! #     }
//! #     Ok::<(), std::io::Error>(())
//! # });
//! let mut alice = IrcTransport::connect(IrcAccount::cleartext("127.0.0.1", port, "alice")).await?;
//! assert_eq!(alice.next_event().await, Some(Event::Connected { resumed: false }));
//!
//! alice.send("bob", "hello").await?;
//! let online = alice.next_event().await;
//! assert!(matches!(online, Some(Event::Presence { of, .. }) if of == "bob"));
//! let Some(Event::Message(answer)) = alice.next_event().await else { panic!() };
//! assert_eq!((answer.from.as_str(), answer.body.as_str()), ("bob", "?OTRv3?"));
//! alice.close().await?;
//! # Ok(())
//! # }
//! ```

mod account;
mod client;
mod closing;
mod conversation;
mod flight;
mod flood;
mod history;
mod identity;
mod isupport;
mod line;
mod link;
mod login;
mod names;
mod options;
mod peers;
mod pings;
mod private;
mod refusal;
mod sasl;
mod supervisor;
mod transport;

pub use account::{IrcAccount, Password};
pub use options::Options;
pub use transport::IrcTransport;
