//! Off-the-Record conversations, without I/O.
//!
//! An [`Account`] is one user on one network: an identity key, an instance tag, and the contacts it talks to. Bytes,
//! texts, commands and the time go in; [`Output`]s come out: messages for the network, events for the user. It opens
//! no socket, reads no clock and draws no randomness of its own, so a conversation replays byte for byte from its
//! key, seed, clock and trace.
//!
//! Covered here (OTR versions 2 and 3): "The protocol state machine", "Data Message", "Key Management", "Revealing MAC
//! Keys", "Extra symmetric key", "Socialist Millionaires' Protocol (SMP)", heartbeats, fragmentation both ways,
//! whitespace tags, policies; and what the spec leaves to programs: lost keys are noticed and replaced, and what could
//! not be read is sent again to the same identity or given back.
//!
//! # What always holds
//!
//! * A message that is refused changes nothing: every check comes before the first change.
//! * [`Account::send`] says what became of the text. Text leaves in clear only in the plaintext state under a policy
//!   that allows it; there is no answer that means "send the original".
//! * The encrypted state ends in two ways only: the user ends it, or an authenticated message of the peer does.
//! * What is sent without the user asking passes one gate with a budget.
//!
//! # Example
//!
//! ```
//! use core::time::Duration;
//! use otr_crypto::IdentityKey;
//! use otr_session::{Account, Config, Event, Incoming, Output, Sent};
//! use otr_wire::InstanceTag;
//! # use chacha20::rand_core::SeedableRng;
//! # let mut rng = chacha20::ChaCha20Rng::from_seed([1; 32]);
//!
//! let key = IdentityKey::generate(&mut rng);
//! let mut account = Account::new(key, InstanceTag::new(0x1234)?, Config::default());
//!
//! // Nothing has been agreed yet, and the default policy allows plain text.
//! let sent = account.send("bob", "hello", Duration::ZERO);
//! assert_eq!(sent, Sent::Plain);
//! assert!(matches!(account.poll(), Some(Output::Transmit { .. })));
//!
//! account.receive("bob", Incoming::direct(b"hi there"), Duration::ZERO, &mut rng);
//! let Some(Output::Event { event: Event::Message(message), .. }) = account.poll() else { panic!() };
//! assert_eq!(message.text.to_string(), "hi there");
//! # Ok::<(), otr_wire::InvalidInstanceTag>(())
//! ```

mod account;
mod budget;
mod comparing;
mod config;
mod contact;
mod event;
mod exchange;
mod instance;
mod kept_text;
mod key_ring;
mod loss;
mod moving;
mod outgoing;
mod queue;
mod receiving;
mod recovery;
mod renewal;
mod repeats;
mod revealed;
mod row;
mod sending;
mod sent_text;
mod session;
mod shared;
mod stretch;
mod text;
mod trust;
mod unconfirmed;

pub use account::{Account, NotPossible, Status};
pub use comparing::MAX_FAILED_COMPARISONS;
pub use config::{Config, Incoming, Origin, Policy};
pub use event::{
    ComparisonOf, Conversation, Event, MessageReceived, Output, Protection, Refusal, Sent, SessionChange, SessionState,
    Warning,
};
pub use moving::{MOVING_TIME, SUITES};
pub use otr_ake::Role;
pub use otr_crypto::{ExtraSymmetricKey, Fingerprint, SessionId};
pub use otr_smp::{Event as Comparison, Meaning, RunId, State as ComparisonState};
pub use queue::{MAX_QUEUED_BYTES, MAX_QUEUED_TEXTS};
pub use recovery::{ANSWER_WITHIN, ONLY_READ, READ, RESENT, UNREAD, UNSURE_AFTER};
pub use repeats::{JOINED_WITHIN, MAX_SINGLE_WARNINGS};
pub use text::Text;
pub use trust::{GUESSES_A_DAY, KnownFingerprint, Trust};
pub use unconfirmed::{MAX_UNCONFIRMED_BYTES, MAX_UNCONFIRMED_TEXTS};

use core::time::Duration;

/// How many instances of one contact without a completed key exchange are kept.
pub const MAX_NEW_INSTANCES: usize = 8;

/// How many instances of one contact with a completed key exchange are kept.
pub const MAX_INSTANCES: usize = 24;

/// How many identities of one contact are kept on record.
pub const MAX_KNOWN_FINGERPRINTS: usize = 256;

/// How many bytes of half-received messages are kept for all contacts together: 32 MiB.
pub const MAX_PARTIAL_BYTES: usize = 32 * 1024 * 1024;

/// The longest name of a contact, in bytes.
pub const MAX_NAME: usize = 1024;

/// How often a query or an error message may be sent to one contact without the user asking.
pub const REPLY_INTERVAL: Duration = Duration::from_secs(60);

/// How long we must have sent nothing before a received message is answered by a heartbeat.
pub const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(60);

/// How long text typed after [`Account::start`] waits for the private conversation.
pub const START_PATIENCE: Duration = Duration::from_secs(60);

/// How long new keys are waited for before they are asked for again, where messages of a private conversation may have been
/// lost; see [`Account::renew`].
pub const RENEW_PATIENCE: Duration = Duration::from_secs(15);

/// For how long after it went out a text that could not be read is sent again without the user being asked.
pub const RESEND_WINDOW: Duration = Duration::from_secs(60);

/// After how long without a key rotation [`Event::StaleKeys`] is raised: one day.
pub const STALE_KEYS_AFTER: Duration = Duration::from_secs(24 * 60 * 60);
