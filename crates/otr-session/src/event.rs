//! What an account tells its host.

use otr_ake::Role;
use otr_crypto::{ExtraSymmetricKey, Fingerprint, SessionId};
use otr_wire::{InstanceTag, Version};

use crate::{Text, Trust};

/// One thing for the host to do, in order.
#[derive(Debug)]
pub enum Output {
    /// Put this on the network.
    Transmit {
        /// The contact it is for.
        peer: String,
        /// The body, exactly as it is to be sent.
        message: String,
    },
    /// Tell the user.
    Event {
        /// The contact it is about.
        peer: String,
        /// What happened.
        event: Event,
    },
}

/// What happened with a contact.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// A message to show.
    Message(MessageReceived),
    /// The conversation became private, was refreshed, or is private no more.
    Session(SessionChange),
    /// The contact proved an identity that is not on record for it.
    NewFingerprint {
        /// The identity proved.
        fingerprint: Fingerprint,
        /// Whether another identity is on record for the contact.
        other_known: bool,
    },
    /// The identity at the other end of a private conversation is not the one it was (attack rule AKE-13).
    IdentityChanged {
        /// The identity the conversation was with.
        old: Fingerprint,
        /// The identity it is with now.
        new: Fingerprint,
        /// Whether sending waits for [`Account::accept_identity`](crate::Account::accept_identity), because the old
        /// identity was verified.
        blocked: bool,
    },
    /// The identity that was just told as new is on record for another contact of this account, too: one person by two
    /// names, or one who takes another one's place. Trust in it as the other contact's counts for nothing here (attack
    /// rule ID-6).
    IdentityOfAnother {
        /// The identity.
        fingerprint: Fingerprint,
        /// The other contact; of several one who is verified, if there is any.
        other: String,
        /// Whether it is verified as that one's.
        trust: Trust,
    },
    /// The contact wants to use the extra symmetric key of the message this came with.
    ExtraKey {
        /// What for.
        usage: u32,
        /// Details of the use.
        data: Vec<u8>,
        /// The key, which both sides can derive and nobody else.
        key: ExtraSymmetricKey,
    },
    /// A comparison of secrets asks, goes on, or ends.
    Comparison(ComparisonOf),
    /// A text that waited for a private conversation goes out encrypted; what carries it was put on the network just
    /// before.
    QueuedSent {
        /// The text.
        text: String,
        /// The identity it is encrypted for.
        to: Fingerprint,
    },
    /// A text is given back: it waited for a private conversation and was not sent, or the other side says that it
    /// could not read it.
    NotDelivered {
        /// The text.
        text: String,
        /// Whether it is certain that nobody has read it. Otherwise the conversation it went out in is over, and the
        /// other side has not shown that it could read it.
        certain: bool,
    },
    /// The conversation is in a version below one already spoken with the contact, and that was allowed; or it stays in
    /// version 3, although both sides have the Curve25519 suite, or had it (attack rules VER-1, NEW-15).
    Downgrade {
        /// The highest version spoken before, or that both have named.
        from: Version,
        /// The version spoken now.
        to: Version,
    },
    /// The contact was never met before, and is met in a version below the highest we offered (attack rule VER-3).
    OlderVersion {
        /// The version spoken.
        version: Version,
    },
    /// The keys have not rotated for a day, because only one side talks.
    StaleKeys,
    /// Something the user may want to know.
    Warning(Warning),
    /// The same kind of warning came more than [`MAX_SINGLE_WARNINGS`](crate::MAX_SINGLE_WARNINGS) times within a
    /// minute, which is over now: those beyond that many are told here, together (attack rule DOS-6).
    Repeated {
        /// The last of them.
        warning: Warning,
        /// How many there were beyond those told one by one.
        count: u64,
    },
}

/// What happened in a comparison of secrets (spec: "Socialist Millionaires' Protocol (SMP)").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComparisonOf {
    /// What happened. After success that verifies the other side, the identity is on record as verified.
    pub event: otr_smp::Event,
    /// The identity at the other end: what a success says something about, and what asks
    /// (attack rules G-8, SMP-18).
    pub their_fingerprint: Fingerprint,
    /// Whether that identity is verified now.
    pub is_verified: bool,
    /// Which of the contact's instances this is about.
    pub instance: Option<InstanceTag>,
}

/// A message to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageReceived {
    /// What the contact wrote.
    pub text: Text,
    /// How it was protected on its way.
    pub protection: Protection,
    /// Which of the contact's instances wrote it, where that is known.
    pub instance: Option<InstanceTag>,
}

/// How a received message was protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// It came encrypted and authenticated in a private conversation.
    Encrypted,
    /// It came in clear, as it was meant to.
    Plain,
}

/// The state of a conversation (spec: "Message state").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionState {
    /// Text goes out in clear (`MSGSTATE_PLAINTEXT`).
    Plaintext,
    /// Text goes out encrypted (`MSGSTATE_ENCRYPTED`).
    Encrypted,
    /// The contact has ended the private conversation; text does not go out at all (`MSGSTATE_FINISHED`).
    Finished,
}

/// A private conversation: with whom, and how to compare notes about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// The protocol version.
    pub version: Version,
    /// The identity at the other end.
    pub their_fingerprint: Fingerprint,
    /// Whether that identity has been verified.
    pub trust: Trust,
    /// The Ed25519 identity of the Curve25519 suite, where the conversation has moved to that: it was vouched for by
    /// [`their_fingerprint`](Self::their_fingerprint) and goes by the trust in that.
    pub suite_fingerprint: Option<Fingerprint>,
    /// The secure session id, the same at both ends.
    pub session_id: SessionId,
    /// Our part in the exchange: an initiator reads out the first half of the session id, a responder the second.
    pub role: Role,
}

/// A change of a conversation's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionChange {
    /// The state now.
    pub state: SessionState,
    /// The private conversation, while there is one.
    pub conversation: Option<Conversation>,
    /// Whether a private conversation with the same identity got fresh keys.
    pub refreshed: bool,
    /// Which of the contact's instances this is about.
    pub instance: Option<InstanceTag>,
}

/// Something the user may want to know. What a warning says of causes is for the user, never for the network.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// A message came in clear although policy or state ask for encryption.
    UnencryptedReceived(Text),
    /// An encrypted message could not be read.
    Unreadable,
    /// An encrypted message came a second time, or out of order.
    Replayed,
    /// An encrypted message came, but there is no private conversation.
    NotInPrivate,
    /// A message is not well-formed or does not verify.
    Malformed,
    /// A message is for another client of this account.
    ForOtherInstance,
    /// A message is of a version that is not spoken, or is not allowed.
    UnsupportedVersion,
    /// The contact's program reports an error, in its own unauthenticated words.
    PeerError(Text),
    /// A piece of a long message was dropped, and the message with it.
    FragmentDropped,
    /// Our own message came back to us.
    Reflected,
    /// The contact published a MAC key that was still in use; the keys are being replaced.
    LiveKeyRevealed,
    /// An exchange in a version below one already spoken with the contact was not answered (attack rule VER-1).
    DowngradeRefused {
        /// The highest version spoken before.
        from: Version,
        /// The version asked for.
        to: Version,
    },
    /// The other side began another comparison of secrets after it had lost too many, or too soon; it was not answered.
    TooManyComparisons,
    /// A text was not answered by the other side's program, as it should have been: it may have lost its keys, and new
    /// ones are asked for.
    NoAnswer,
    /// Earlier texts than those handed back may not have been read either; they were too many to keep.
    MoreMayBeUnread,
    /// A text was sent again, because the other side could not read it the first time.
    Resent(Text),
    /// The contact asks for key exchanges faster than they are answered.
    TooManyExchanges,
}

/// What became of a text to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "the text may not have been sent"]
pub enum Sent {
    /// It goes out encrypted.
    Encrypted,
    /// It goes out in clear, as policy and state allow.
    Plain,
    /// It waits and goes out when the conversation is private; see [`Event::QueuedSent`] and [`Event::NotDelivered`].
    Queued,
    /// It does not go out.
    Refused(Refusal),
}

/// Why a text does not go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The contact has ended the private conversation.
    #[error("the other side has ended the private conversation; end it too, or start another")]
    Finished,
    /// The contact's identity has changed and was verified before.
    #[error("the other side's identity has changed; accept the new one first")]
    IdentityChanged,
    /// The text holds a NUL, which would cut it in two.
    #[error("the text holds a NUL character")]
    NulInText,
    /// The text begins as an OTR message would.
    #[error("a text sent in clear cannot begin with ?OTR")]
    LooksLikeOtr,
    /// The message would be longer than the limit.
    #[error("the text is too long")]
    TooLong,
    /// The network's messages are too small.
    #[error("the network's message size is too small for this text")]
    TooSmall,
    /// Too much is waiting already.
    #[error("too much text is waiting for the private conversation")]
    QueueFull,
    /// The session's serial numbers are used up; a new exchange has been asked for.
    #[error("the keys of this conversation are used up; it is being started anew")]
    Exhausted,
    /// The contact's name is empty, too long, or holds control characters.
    #[error("the contact's name is not usable")]
    BadName,
}
