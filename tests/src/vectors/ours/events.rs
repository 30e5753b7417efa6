//! Events as they stand in the files.

use otr_session::{Comparison, Conversation, Event, MessageReceived, SessionChange, Text, Warning};
use serde::{Deserialize, Serialize};

use crate::vectors::{
    Problem,
    value::{Hex, Tag},
};

/// An event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub(super) enum Told {
    Message {
        text: String,
        protection: String,
        instance: Option<Tag>,
    },
    Session {
        state: String,
        refreshed: bool,
        instance: Option<Tag>,
        conversation: Option<Private>,
    },
    NewFingerprint {
        fingerprint: Hex,
        other_known: bool,
    },
    IdentityChanged {
        old: Hex,
        new: Hex,
        blocked: bool,
    },
    ExtraKey {
        usage: u32,
        data: Hex,
        key: Hex,
    },
    QueuedSent {
        text: String,
        to: Hex,
    },
    NotDelivered {
        text: String,
    },
    Comparison {
        event: String,
        question: Option<String>,
        their_fingerprint: Hex,
        verified: bool,
        instance: Option<Tag>,
    },
    Downgrade {
        from: u16,
        to: u16,
    },
    OlderVersion {
        version: u16,
    },
    /// Any other, as it shows itself.
    Other(String),
    StaleKeys,
    Warning(String),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Private {
    version: u16,
    their_fingerprint: Hex,
    trust: String,
    session_id: Hex,
    role: String,
    /// The identity that was vouched for, where the conversation has moved to the Curve25519 suite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    suite_fingerprint: Option<Hex>,
}

impl Told {
    pub(super) fn of(event: &Event) -> Result<Self, Problem> {
        Ok(match event {
            Event::Message(MessageReceived { text, protection, instance }) => Self::Message {
                text: utf8(text)?,
                protection: format!("{protection:?}"),
                instance: instance.map(Tag::from),
            },
            Event::Session(SessionChange { state, conversation, refreshed, instance }) => Self::Session {
                state: format!("{state:?}"),
                refreshed: *refreshed,
                instance: instance.map(Tag::from),
                conversation: conversation.as_ref().map(Private::of),
            },
            Event::NewFingerprint { fingerprint, other_known } => Self::NewFingerprint {
                fingerprint: fingerprint.as_bytes().as_slice().into(),
                other_known: *other_known,
            },
            Event::IdentityChanged { old, new, blocked } => Self::IdentityChanged {
                old: old.as_bytes().as_slice().into(),
                new: new.as_bytes().as_slice().into(),
                blocked: *blocked,
            },
            Event::ExtraKey { usage, data, key } => {
                Self::ExtraKey { usage: *usage, data: data.as_slice().into(), key: key.as_bytes().as_slice().into() }
            }
            Event::QueuedSent { text, to } => {
                Self::QueuedSent { text: text.clone(), to: to.as_bytes().as_slice().into() }
            }
            Event::NotDelivered { text, .. } => Self::NotDelivered { text: text.clone() },
            Event::Comparison(comparison) => Self::Comparison {
                event: format!("{:?}", comparison.event),
                question: match &comparison.event {
                    Comparison::Asked { question: Some(question), .. } => Some(std::str::from_utf8(question)?.into()),
                    _ => None,
                },
                their_fingerprint: comparison.their_fingerprint.as_bytes().as_slice().into(),
                verified: comparison.is_verified,
                instance: comparison.instance.map(Tag::from),
            },
            Event::Downgrade { from, to } => Self::Downgrade { from: from.number(), to: to.number() },
            Event::OlderVersion { version } => Self::OlderVersion { version: version.number() },
            Event::StaleKeys => Self::StaleKeys,
            Event::Warning(warning) => Self::Warning(words(warning)?),
            other => Self::Other(format!("{other:?}")),
        })
    }
}

impl Private {
    fn of(conversation: &Conversation) -> Self {
        Self {
            version: conversation.version.number(),
            their_fingerprint: conversation.their_fingerprint.as_bytes().as_slice().into(),
            trust: format!("{:?}", conversation.trust),
            session_id: conversation.session_id.as_bytes().as_slice().into(),
            role: format!("{:?}", conversation.role),
            suite_fingerprint: conversation.suite_fingerprint.map(|key| key.as_bytes().as_slice().into()),
        }
    }
}

fn words(warning: &Warning) -> Result<String, Problem> {
    Ok(match warning {
        Warning::UnencryptedReceived(text) => format!("UnencryptedReceived: {}", utf8(text)?),
        Warning::PeerError(text) => format!("PeerError: {}", utf8(text)?),
        Warning::Resent(text) => format!("Resent: {}", utf8(text)?),
        other => format!("{other:?}"),
    })
}

/// The conversations here are held in UTF-8.
fn utf8(text: &Text) -> Result<String, Problem> {
    Ok(std::str::from_utf8(text.as_bytes())?.into())
}
