//! The Socialist Millionaires' Protocol of Off-the-Record Messaging, versions 2 and 3.
//!
//! Two users who know a secret in common find out, inside a private conversation, whether the person at the other end
//! knows it too; if not, neither side learns more than that (spec: "Socialist Millionaires' Protocol (SMP)"). The
//! secret is bound to both identities and to the session, so somebody in the middle cannot pass it on.
//!
//! ```text
//! initiator                                          responder
//!     |  1 (or 1Q): halves of g2, g3; question           |
//!     | -----------------------------------------------> |  the user is asked
//!     |  2: halves of g2, g3; Pb, Qb                     |
//!     | <----------------------------------------------- |
//!     |  3: Pa, Qa, Ra                                   |
//!     | -----------------------------------------------> |  knows the result
//!     |  4: Rb                                           |
//!     | <----------------------------------------------- |
//! knows the result
//! ```
//!
//! | spec section | here |
//! | --- | --- |
//! | "Secret information" | [`Secret`] |
//! | "The SMP state machine", "State Transitions" | [`Smp`], [`AnySmp`], [`State`] |
//! | TLV types 2 to 7 | [`Message`] |
//!
//! [`Smp`] is the machine of one private conversation. It sends nothing, reads no clock and draws no randomness of its
//! own. It has one state more than the specification: while the user thinks about a question, that question and no
//! other can be answered. Its messages come out of authenticated data messages, so unlike everywhere else in these
//! crates, one that is wrong ends the run: an abort goes to the peer, and both begin anew.
//!
//! It is written once for every group: that of the specification, and ristretto255 in our Curve25519 suite, where the
//! messages have the same form and the hashes begin with labels of their own. [`AnySmp`] takes the group when a run
//! begins, for conversations that know their suite only while they run.
//!
//! Whatever is received is checked beyond what the specification asks: values must lie in the subgroup of prime order,
//! responses in 1..q, and the two sides' P and Q must differ. Honest programs pass all of it.
//!
//! # Example
//!
//! See `examples/compare.rs` for a run to the end.
//!
//! ```
//! use std::time::Duration;
//! use otr_smp::{Event, Message, Secret, Smp};
//!
//! # use chacha20::rand_core::SeedableRng;
//! # let rng = &mut chacha20::ChaCha20Rng::from_seed([7; 32]);
//! # let now = Duration::from_secs(1);
//! # let [alice, bob] = [[1; 20], [2; 20]].map(otr_crypto::Fingerprint::from_bytes);
//! # let (one, two) = (otr_crypto::DhKeyPair::generate(rng), otr_crypto::DhKeyPair::generate(rng));
//! # let session = one.agree(two.public()).unwrap().ake_keys().session_id();
//! // The initiator's fingerprint comes first, on both sides.
//! let secret = || Secret::new(&alice, &bob, &session, "in the bakery".as_bytes());
//! let (mut at_alice, mut at_bob): (Smp, Smp) = (Smp::new(), Smp::new());
//!
//! // Alice asks. The message travels as a TLV record of this type and value.
//! let message = at_alice.start(secret(), Some("Where did we meet?"), now, rng)?;
//! let (kind, value) = message.encode();
//!
//! // Bob's user is asked, and answers.
//! let received = at_bob.receive(&Message::decode(kind, &value), now, rng);
//! let Some(Event::Asked { run, question }) = received.event else { panic!() };
//! assert_eq!(question.as_deref(), Some("Where did we meet?".as_bytes()));
//! let reply = at_bob.answer(run, secret(), now, rng)?;
//! # assert!(matches!(reply, Message::Two(_)));
//! # Ok::<(), otr_smp::Error>(())
//! ```

#![forbid(unsafe_code)]

mod any_smp;
mod error;
mod event;
mod initiator;
mod message;
mod proofs;
mod responder;
mod smp;

pub use any_smp::AnySmp;
pub use error::{DecodeError, Error};
pub use event::{Event, Meaning, Received};
pub use message::{Message, Numbers};
pub use otr_crypto::ComparedSecret as Secret;
pub use smp::{RunId, Smp, State};

use std::time::Duration;

/// How long a run lasts without progress: long enough to think about a question, short enough that a peer who knows
/// the result and withholds it does not keep us waiting.
pub const RUN_LIFETIME: Duration = Duration::from_secs(300);

/// The longest question, in bytes: with the numbers beside it, it fits into one TLV record.
pub const MAX_QUESTION: usize = 64_000;
