//! What a comparison tells the host.

use std::fmt;

use crate::{Message, RunId};

/// What came of a message or of time passing.
#[derive(Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Received {
    /// To be sent to the peer.
    pub reply: Option<Message>,
    /// To be told to the host.
    pub event: Option<Event>,
}

/// Something the host should know.
#[derive(Clone, PartialEq, Eq)]
pub enum Event {
    /// The peer wants to compare secrets; [`Smp::answer`](crate::Smp::answer) goes on. Nothing about the peer is
    /// proved at this point, so the question is not to be trusted more than any other text.
    Asked {
        /// What an answer has to name.
        run: RunId,
        /// What the peer asks, in bytes that should be UTF-8.
        question: Option<Vec<u8>>,
    },
    /// The run has made a step.
    InProgress {
        /// How far it is, of 100.
        percent: u8,
    },
    /// The secrets are equal.
    Succeeded(Meaning),
    /// The secrets differ. That proves nothing about the peer, who may have mistyped.
    Failed,
    /// The run has ended without a result: the peer gave it up, or both sides were at different points.
    Aborted,
    /// The run has ended without a result: the peer sent values that no honest program sends.
    Cheated,
    /// The run has ended without a result: the peer has been silent for [`RUN_LIFETIME`](crate::RUN_LIFETIME).
    TimedOut,
}

/// What equal secrets mean for the trust in the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The peer knows the secret: their key is the one that the user meant.
    PeerVerified,
    /// We answered the peer's question rightly. Now they know us; whether they know the answer themselves says nothing
    /// of who they are, since they chose the question.
    AnsweredRightly,
}

/// Shows no question.
impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asked { run, question: None } => f.debug_struct("Asked").field("run", run).finish(),
            Self::Asked { run, question: Some(_) } => f.debug_struct("Asked").field("run", run).finish_non_exhaustive(),
            Self::InProgress { percent } => f.debug_struct("InProgress").field("percent", percent).finish(),
            Self::Succeeded(meaning) => f.debug_tuple("Succeeded").field(meaning).finish(),
            Self::Failed => f.write_str("Failed"),
            Self::Aborted => f.write_str("Aborted"),
            Self::Cheated => f.write_str("Cheated"),
            Self::TimedOut => f.write_str("TimedOut"),
        }
    }
}
