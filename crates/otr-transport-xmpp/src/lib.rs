//! Off-the-Record messages over XMPP.
//!
//! [`XmppTransport`] is one account: it logs in, says that it is there, carries text messages both ways, and comes back
//! by itself when the connection is lost. [`Account`] says who and where, [`Security`] how the connection is protected.
//!
//! * **What was sent is sent.** With stream management (XEP-0198) a [`Receipt`](otr_transport::Receipt) is `Ok` when the
//!   server has counted the message. When the connection is lost the session is resumed, and what the server has not
//!   counted is sent once more. Without stream management the server's answer to a ping (XEP-0199) that was sent after
//!   the message confirms it, since servers work in order (RFC 6120, 10.1); nothing can be resumed then, and a message
//!   that is not confirmed when the connection is lost is said to be.
//! * **How it came.** Only what was sent to us, now, by a person, is [`Origin::Live`](otr_transport::Origin::Live):
//!   copies (XEP-0280), delayed (XEP-0203, XEP-0091) and archived messages (XEP-0313), rooms (XEP-0045) and headlines
//!   are told apart, and forged copies are passed over. A message of type `normal` is as live as one of type `chat`
//!   (RFC 6121, 5.2.2).
//! * **What OTR asks for.** Plain bodies, the hints of XEP-0364 and XEP-0380, answers to the device that spoke last (RFC
//!   6121, 5.1). No XHTML, no chat states, no receipts; nobody but our own server gets an answer to anything.
//! * **Where the server is.** What the SRV records of the domain say (RFC 6120, 3.2; XEP-0368), in their order, or the
//!   domain itself. Its certificate has to be for the domain, wherever it is.
//! * **Bounds.** A stanza is at most 1 MiB, of 64 levels and 4,096 parts; queues and tables are bounded as well. A
//!   server is probed after a minute of silence.
//!
//! Nothing is assumed of the server being one machine: a session that another node of a cluster does not know begins
//! anew, and everything that was open is reported.
//!
//! ```
//! use otr_transport::{Event, Transport};
//! use otr_transport_xmpp::{Account, Security, XmppTransport};
//! # use tokio::io::{AsyncReadExt, AsyncWriteExt};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let server = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! # let port = server.local_addr()?.port();
//! # tokio::spawn(async move {
//! #     let (mut stream, _) = server.accept().await?;
//! #     let header = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>";
//! #     let login = "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>\
//! #         <mechanism>PLAIN</mechanism></mechanisms></stream:features>";
//! #     let bind = "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>";
//! #     let bound = "<iq type='result' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>\
//! #         <jid>alice@localhost/1</jid></bind></iq><message from='bob@localhost/1' type='chat'><body>hi</body></message>";
//! #     let success = "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>".to_owned();
//! #     for answer in [format!("{header}{login}"), success, format!("{header}{bind}"), bound.to_owned()] {
//! #         stream.read(&mut [0; 4096]).await?;
//! #         stream.write_all(answer.as_bytes()).await?;
//! #     }
//! #     stream.read_to_end(&mut Vec::new()).await
//! # });
//! // On loopback; over a network, `Security::StartTls(Tls::new(Trust::system())?)`.
//! let account = Account::new("alice@localhost", "her password", Security::Cleartext)?.at("127.0.0.1", port);
//! let mut alice = XmppTransport::connect(account).await?;
//! while let Some(event) = alice.next_event().await {
//!     if let Event::Message(message) = event {
//!         assert_eq!((message.from.as_str(), message.body.as_str()), ("bob@localhost", "hi"));
//!         drop(alice.send("bob@localhost", "?OTRv3?"));
//!         break;
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod account;
mod contacts;
mod conversation;
mod inbound;
mod ledger;
mod letter;
mod login;
mod options;
mod session;
mod supervisor;
mod transport;
mod view;
mod wire;

pub use account::{Account, Security};
pub use options::Options;
pub use transport::XmppTransport;
