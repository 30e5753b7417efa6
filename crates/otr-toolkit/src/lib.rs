//! Reading, forging and re-authenticating recorded messages, so that nobody can prove what was said.
//!
//! OTR is deniable because the keys of a message are all it takes to make another one in its place: each of the two has
//! them, and the authenticator keys are even published once they have done their work. This crate turns that argument
//! into something one can do. It does what the six programs of libotr's toolkit do, for versions 2 and 3:
//!
//! | libotr | here |
//! | --- | --- |
//! | `otr_parse` | [`Scanner`] finds the messages in a recording, [`Facts`] shows what one says in the open |
//! | `otr_sesskeys` | [`SessionKeys`], from a secret exponent and a public value |
//! | `otr_mackey` | [`MacKeyOf`], from a cipher key |
//! | `otr_readforge` | [`Recorded::read`] and [`Recorded::forge`], with a cipher key |
//! | `otr_modify` | [`Recorded::modify`], with an authenticator key and a guess |
//! | `otr_remac` | [`Pieces::assemble`], from nothing but an authenticator key |
//!
//! Keys and numbers come in as people type them; what comes out has a `Display` to be printed. A key is shown only by
//! the two types whose purpose that is, [`SessionKeys`] and [`MacKeyOf`].
//!
//! # Example
//!
//! A message was recorded, and its authenticator key has been published since. Whoever knows what it said can make it
//! say something else of the same length:
//!
//! ```
//! use otr_toolkit::{Pieces, Recorded, mac_key};
//!
//! # fn main() -> Result<(), otr_toolkit::Error> {
//! let key = mac_key("a4c1b8b8f8a1b8d3f0a35cde1f0a2b7f9a4f0c11")?;
//! let pieces = Pieces {
//!     instances: Some(["256", "257"]),
//!     flags: "0",
//!     sender_keyid: "1",
//!     recipient_keyid: "1",
//!     next_dh: "02",
//!     counter: "0000000000000001",
//!     encrypted: "0d1e2f30",
//!     revealed: "",
//! };
//! let recorded = pieces.assemble(&key)?;
//!
//! let bytes = otr_wire::armour::decode(recorded.as_bytes(), otr_wire::MAX_MESSAGE)?;
//! let forged = Recorded::decode(&bytes)?.modify(&key, b"yes", b"no.", 0)?;
//! let bytes = otr_wire::armour::decode(forged.as_bytes(), otr_wire::MAX_MESSAGE)?;
//! assert!(Recorded::decode(&bytes)?.verify(&key).is_ok());
//! # Ok(())
//! # }
//! ```

mod argument;
mod error;
mod facts;
mod keys;
mod pieces;
mod recorded;
mod scanner;

pub use argument::{cipher_key, mac_key, offset};
pub use error::Error;
pub use facts::Facts;
pub use keys::{MacKeyOf, SessionKeys};
pub use pieces::Pieces;
pub use recorded::{Reading, Recorded};
pub use scanner::Scanner;
