//! Identity keys, known fingerprints and instance tags in the files of libotr, and keys of the Curve25519 suite beside
//! them.
//!
//! A [`Store`] is a directory. Three of its files are in the formats that libotr and the programs built on it use, so
//! that their users move in and out without losing a key or a decision; two are our own, for the Curve25519 suite, and
//! change nothing in the others:
//!
//! | file | holds | a record |
//! | --- | --- | --- |
//! | `otr.private_key` | our identity keys | an S-expression: account, protocol, and the DSA numbers p, q, g, y, x |
//! | `otr.fingerprints` | the keys of others and our trust in them | contact, account, protocol, 40 hex digits, trust; separated by tabs |
//! | `otr.instance_tags` | which of our computers this one is | account, protocol, 8 hex digits; separated by tabs |
//! | `otr.ed25519_keys` | our identity keys in the suite | account, protocol, 64 hex digits of the seed; separated by tabs |
//! | `otr.vouched` | the keys of others in the suite | contact, account, protocol, 40 hex digits of its Ed25519 fingerprint, 40 of the DSA one that vouched for it; separated by tabs |
//!
//! Reading is total: any bytes give records, or an error that names file and line. A file is read anew before each
//! change, and a change replaces it as a whole: written beside it, synced, renamed over it, the directory synced, with
//! mode 0600. The state before the last change stays in `NAME.previous`. Records that are not ours to change keep every
//! byte, and a file that does not look whole is not touched.
//!
//! OTR specification, version 3: "Public keys, signatures, and fingerprints", "Instance Tags".
//!
//! ```
//! use otr_crypto::Fingerprint;
//! use otr_store::{KnownFingerprint, Store};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let parent = tempfile::tempdir()?;
//! # let directory = parent.path().join("alice");
//! let mut store = Store::open(&directory)?;
//! store.save_instance_tag("alice@example.org", "prpl-jabber", 0x1234_5678)?;
//! assert_eq!(store.instance_tag("alice@example.org", "prpl-jabber")?, Some(0x1234_5678));
//!
//! let bob = KnownFingerprint {
//!     contact: "bob@example.org".to_owned(),
//!     account: "alice@example.org".to_owned(),
//!     protocol: "prpl-jabber".to_owned(),
//!     fingerprint: Fingerprint::from_bytes([7; 20]),
//!     trust: "verified".to_owned(),
//! };
//! store.save_fingerprint(&bob)?;
//! assert_eq!(store.fingerprints()?.records, [bob]);
//! # Ok(())
//! # }
//! ```

mod ed25519_keys;
mod error;
mod file;
mod fingerprints;
mod instance_tags;
mod key_file;
mod lines;
mod name;
mod platform;
mod sexp;
mod store;
mod vouched;

pub use error::Error;
pub use fingerprints::{KnownFingerprint, KnownFingerprints};
pub use lines::Problem;
pub use store::Store;
pub use vouched::{VouchedFingerprint, VouchedFingerprints};
