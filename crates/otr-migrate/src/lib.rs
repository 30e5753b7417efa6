//! Keys, trust and instance tags of other OTR programs: found, read, taken over into an [`otr_store::Store`], and written
//! back.
//!
//! [`Program`] is the table of programs: [`Program::files`] says which of their files there are. [`read`] takes each for
//! what its contents say it is, whatever it is called, and puts together what they hold. A [`Plan`] decides what of that
//! is taken and why the rest is not, before anything changes. The other way, a [`Target`] says where the files of a
//! program are and what it calls the account, and an [`Export`] is what they become.
//!
//! | format | programs |
//! | --- | --- |
//! | libotr's three files, under several names | Pidgin, Adium, irssi, HexChat, XChat, Profanity, MCabber, BitlBee, Psi, Psi+, Kopete, Thunderbird, Tor Messenger |
//! | potr's `.key3` and `.fpr` | WeeChat, Gajim |
//! | Java properties with PKCS#8 and X.509 | Jitsi, ChatSecure |
//! | the same, encrypted by `openssl aes-256-cbc` | ChatSecure, KeySync |
//! | JSON | CoyIM |
//!
//! Reading is total: any bytes give records, or problems that name file and line. Only DSA keys of 1024 and 160 bits
//! whose numbers fit are taken. Files are read up to 1 MiB, links are not followed, and private keys that other users
//! can read are refused unless that is allowed. What holds a secret is wiped when it is dropped.
//!
//! ```
//! use otr_migrate::{Importing, Outcome, Plan, Places, Program, Reading, read};
//! use otr_store::Store;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let home = tempfile::tempdir()?;
//! # std::fs::create_dir(home.path().join(".purple"))?;
//! # std::fs::write(
//! #     home.path().join(".purple/otr.fingerprints"),
//! #     "you@example.org\tme@example.org/home\tprpl-jabber\t0707070707070707070707070707070707070707\tverified\n",
//! # )?;
//! let files = Program::Pidgin.files(&Places::below(home.path()));
//! let found = read(&files, &Reading::default());
//! assert!(found.problems.is_empty());
//!
//! let mut store = Store::open(home.path().join("otr"))?;
//! let plan = Plan::new(found, &store, &Importing::default())?;
//! assert_eq!(plan.steps()[0].outcome, Outcome::Taken);
//! plan.carry_out(&mut store, std::time::SystemTime::UNIX_EPOCH)?;
//! // Pidgin's account has a resource; ours is the bare address.
//! assert_eq!(store.fingerprints()?.records[0].account, "me@example.org");
//! # Ok(())
//! # }
//! ```

mod adium;
mod chatsecure;
mod coyim;
mod dsa;
mod export;
mod found;
mod gajim;
mod import;
mod java_key;
mod jitsi;
mod kind;
mod libotr;
mod naming;
mod ofcaes;
mod places;
mod potr;
mod private;
mod program;
mod properties;
mod purple;
mod reading;
mod target;
mod xml;

pub use export::{Export, Exported, Written};
pub use found::{Found, FoundFingerprint, FoundKey, FoundTag, Name, Problem};
pub use import::{Importing, Item, Outcome, Plan, PlanError, Reason, SeveralAccounts, Step};
pub use naming::{IRC, Unnamed, XMPP, contact, ours};
pub use places::Places;
pub use program::{Program, UnknownProgram};
pub use reading::{Reading, files_in, read};
pub use target::{Destination, ExportError, Target};
