//! Identity keys, known fingerprints and instance tags in the files of libotr, and what belongs to them beside.
//!
//! A [`Store`] is a directory. Three of its files are in the formats that libotr and the programs built on it use, so
//! that their users move in and out without losing a key or a decision; the others are our own, and change nothing in
//! those:
//!
//! | file | holds | a record |
//! | --- | --- | --- |
//! | `otr.private_key` | our identity keys | an S-expression: account, protocol, and the DSA numbers p, q, g, y, x |
//! | `otr.fingerprints` | the keys of others and our trust in them | contact, account, protocol, 40 hex digits, trust; separated by tabs |
//! | `otr.instance_tags` | which of our computers this one is | account, protocol, 8 hex digits; separated by tabs |
//! | `otr.trust` | how and when trust came about | contact, account, protocol, 40 hex digits, `verified`, `smp` or `imported`, a time as in RFC 3339; separated by tabs |
//! | `otr.versions` | the highest version spoken with others | contact, account, protocol, 40 hex digits, a number; separated by tabs |
//! | `otr.ed25519_keys` | our identity keys in the Curve25519 suite | account, protocol, 64 hex digits of the seed; separated by tabs |
//! | `otr.vouched` | the keys of others in the suite | contact, account, protocol, 40 hex digits of its Ed25519 fingerprint, 40 of the DSA one that vouched for it; separated by tabs |
//!
//! Reading is total: any bytes give records, or an error that names file and line; [`Store::damage`] tells all of them.
//! A change waits for its turn among programs, reads the file anew, and replaces it as a whole: written beside it,
//! synced, renamed over it, the directory synced, with mode 0600. The state before the last change stays in
//! `NAME.previous`. Records that are not ours to change keep every byte, and a file that does not look whole is not
//! touched, but copied to `NAME.damaged`. Where another private key takes the place of one, the file as it was is copied to
//! `NAME.replaced`, or with a number behind it, and nothing overwrites that copy.
//!
//! Trust is what `otr.fingerprints` says, by whichever program. [`Store::verify`] stores beside it how and when somebody
//! was verified, and [`Store::known_identities`] tells it where the two agree.
//!
//! With the feature `encryption` all files can be encrypted with a passphrase, each as `NAME.age`. Without the feature, or
//! the passphrase, such a directory is refused with [`Error::Encrypted`].
//!
//! OTR specification, version 3: "Public keys, signatures, and fingerprints", "Instance Tags".
//!
//! ```
//! use std::time::SystemTime;
//!
//! use otr_crypto::Fingerprint;
//! use otr_store::{How, KnownFingerprint, Store, Verification};
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
//!     trust: String::new(),
//! };
//! store.save_fingerprint(&bob)?;
//! let when = SystemTime::UNIX_EPOCH;
//! store.verify(&bob.contact, &bob.account, &bob.protocol, &bob.fingerprint, How::ByHand, when)?;
//! let known = store.known_identities()?;
//! assert_eq!(known[0].known.trust, "verified");
//! assert_eq!(known[0].verification, Verification::Here { how: How::ByHand, when });
//! # Ok(())
//! # }
//! ```

mod access;
#[cfg(feature = "encryption")]
mod conversion;
mod copies;
mod directory;
mod ed25519_keys;
mod error;
mod file;
mod fingerprints;
mod foreign;
mod instance_tags;
mod key_file;
mod kind;
mod leftovers;
mod lines;
mod lock;
mod name;
mod platform;
mod seal;
mod sexp;
mod stale;
mod store;
mod trust;
mod versions;
mod vouched;

pub use copies::is_copy;
pub use directory::Revision;
pub use error::Error;
pub use fingerprints::{KnownFingerprint, KnownFingerprints};
pub use foreign::ForeignFile;
pub use instance_tags::{AccountTag, AccountTags};
pub use key_file::AccountKey;
pub use lines::Problem;
#[cfg(feature = "encryption")]
pub use seal::{Passphrase, WorkFactor};
pub use store::{AccountName, KnownIdentity, Store};
pub use trust::{How, Verification};
pub use versions::{SpokenVersion, SpokenVersions};
pub use vouched::{VouchedFingerprint, VouchedFingerprints};
