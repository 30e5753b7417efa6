//! One thing that a peer does wrong.

use std::fmt;

use otr_wire::Version;

use super::{peer::Peer, ring::Ring, victim::Trouble};

/// Where in the script a deviation strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Nothing has been said yet.
    Stranger,
    /// The victim has sent a D-H Commit.
    AwaitingDhKey,
    /// The victim has answered a D-H Commit with a D-H Key.
    AwaitingRevealSignature,
    /// The victim has answered a D-H Key with a Reveal Signature.
    AwaitingSignature,
    /// There is a conversation, and each side has spoken.
    Private,
    /// There is a conversation, and the victim has sent a D-H Commit to refresh it.
    Refreshing,
    /// The peer has ended the conversation.
    Finished,
    /// There is a conversation, and the victim's user has asked for a comparison of secrets.
    SmpAsked,
    /// There is a conversation, and the peer has asked, and the victim's user has not answered.
    SmpAwaitingUser,
    /// There is a conversation, the peer has asked, and the victim's user has answered.
    SmpAnswered,
    /// There is a conversation, the victim has asked, and has been answered, and waits for the last message.
    SmpLast,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stranger => "before anything",
            Self::AwaitingDhKey => "for a D-H Key",
            Self::AwaitingRevealSignature => "for a Reveal Signature",
            Self::AwaitingSignature => "for a Signature",
            Self::Private => "in a conversation",
            Self::Refreshing => "during a refresh",
            Self::Finished => "after the end",
            Self::SmpAsked => "for SMP message 2",
            Self::SmpAwaitingUser => "for the user's answer",
            Self::SmpAnswered => "for SMP message 3",
            Self::SmpLast => "for SMP message 4",
        })
    }
}

/// What a victim must do about a deviation. In every case the conversation or the exchange goes on afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Must {
    /// Drop it without an answer: nothing that it remembers changes.
    Drop,
    /// Drop it: nothing that it remembers changes; an error message may go back.
    Refuse,
    /// Drop it: half-received messages may be forgotten, and an error message may go back.
    Forget,
    /// Show exactly this, as text that came in clear, and do nothing else.
    ShowInClear(String),
    /// Show exactly this, as text that came encrypted, and do nothing else.
    Show(String),
    /// Leave out what is wrong, and show exactly this, as text that came encrypted; warnings are free.
    Collect(String),
    /// Accept it, show nothing and do nothing else.
    Swallow,
    /// Send these messages of the exchange and no others, each at most as often as it is listed; nothing else changes
    /// that the user sees.
    SendAtMost(Vec<&'static str>),
    /// End the comparison of secrets without success; the other side may be told.
    EndSmp,
    /// Go back to the start of the comparison of secrets, if it is not there; both sides may be told.
    AbortSmp,
}

impl fmt::Display for Must {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Drop => f.write_str("drops it, in silence"),
            Self::Refuse => f.write_str("drops it"),
            Self::Forget => f.write_str("drops it, and pieces"),
            Self::ShowInClear(_) => f.write_str("shows it as text in clear"),
            Self::Show(_) => f.write_str("shows the text"),
            Self::Collect(_) => f.write_str("shows the correct text"),
            Self::Swallow => f.write_str("shows nothing"),
            Self::SendAtMost(messages) if messages.is_empty() => f.write_str("sends nothing"),
            Self::SendAtMost(messages) => write!(f, "sends at most {}", messages.join(", ")),
            Self::EndSmp => f.write_str("ends the comparison"),
            Self::AbortSmp => f.write_str("begins no comparison"),
        }
    }
}

/// Against whom a deviation is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Every victim.
    Everyone,
    /// Ours alone: the contract cannot carry it, it needs the victim's own keys, or it is of no use elsewhere.
    Ours,
}

/// What a deviation does.
pub type Strike = Box<dyn Fn(&mut Ring<'_>) -> Result<(), Trouble>>;

/// One deviation from the protocol by a peer that is correct otherwise.
pub struct Deviation {
    /// Its name: lower case, words joined by dashes.
    pub name: String,
    /// The rules it is about, by their ids in `docs/security-rules.md`.
    pub rows: &'static [&'static str],
    /// What it is.
    pub about: String,
    /// Where it strikes.
    pub stage: Stage,
    /// In which versions it can be.
    pub versions: &'static [Version],
    /// What a victim must do.
    pub must: Must,
    /// Against whom it is run.
    pub audience: Audience,
    /// What it does.
    pub strike: Strike,
}

impl fmt::Debug for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deviation").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Deviation {
    /// A deviation in both versions, for everyone, that must be dropped in silence, and that consists of the one
    /// message `make` makes.
    pub fn new(
        name: impl Into<String>,
        rows: &'static [&'static str],
        stage: Stage,
        about: impl Into<String>,
        make: impl Fn(&mut Peer) -> String + 'static,
    ) -> Self {
        Self::scripted(name, rows, stage, about, move |ring| {
            let body = make(&mut ring.peer);
            ring.strike(body)
        })
    }

    /// The same of several messages, or with correct ones among them.
    pub fn scripted(
        name: impl Into<String>,
        rows: &'static [&'static str],
        stage: Stage,
        about: impl Into<String>,
        strike: impl Fn(&mut Ring<'_>) -> Result<(), Trouble> + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            rows,
            about: about.into(),
            stage,
            versions: &Version::ALL,
            must: Must::Drop,
            audience: Audience::Everyone,
            strike: Box::new(strike),
        }
    }

    /// What a victim must do instead.
    #[must_use]
    pub fn must(mut self, must: Must) -> Self {
        self.must = must;
        self
    }

    /// It strikes elsewhere.
    #[must_use]
    pub const fn at(mut self, stage: Stage) -> Self {
        self.stage = stage;
        self
    }

    /// It can be in this version alone.
    #[must_use]
    pub const fn only_in(mut self, version: Version) -> Self {
        self.versions = match version {
            Version::Two => &[Version::Two],
            Version::Three | Version::Curve25519 => &[Version::Three],
        };
        self
    }

    /// It is run against ours alone.
    #[must_use]
    pub const fn ours(self) -> Self {
        self.only_for(Audience::Ours)
    }

    /// It is run against these.
    #[must_use]
    pub const fn only_for(mut self, audience: Audience) -> Self {
        self.audience = audience;
        self
    }
}
