//! What the methods take.

use otr_crypto::Fingerprint;
use otr_wire::Versions;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use zeroize::Zeroizing;

use crate::args::{self, PolicyName};

/// The longest data about the use of an extra key, in bytes: a record holds 65,535, four of which say the use.
const MAX_USE_DATA: usize = 0xffff - 4;

/// A contact's name: 1 to 1024 bytes without control characters.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Name(pub(crate) String);

impl TryFrom<String> for Name {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        if args::is_name(&name) {
            Ok(Self(name))
        } else {
            Err("peer must be 1 to 1024 bytes without control characters")
        }
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct Peer {
    pub(crate) peer: Name,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Send {
    pub(crate) peer: Name,
    pub(crate) text: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Receive {
    pub(crate) peer: Name,
    pub(crate) message: String,
    #[serde(default)]
    pub(crate) origin: Origin,
}

/// How a message came; an addition to the contract.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Origin {
    #[default]
    Direct,
    Delayed,
    Group,
    Copy,
    Own,
}

impl From<Origin> for otr_session::Origin {
    fn from(origin: Origin) -> Self {
        match origin {
            Origin::Direct => Self::Direct,
            Origin::Delayed => Self::Delayed,
            Origin::Group => Self::Group,
            Origin::Copy => Self::Copy,
            Origin::Own => Self::Own,
        }
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct Trust {
    pub(crate) peer: Name,
    #[serde(deserialize_with = "fingerprint")]
    pub(crate) fingerprint: Fingerprint,
    pub(crate) trusted: bool,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Accept {
    pub(crate) peer: Name,
    #[serde(deserialize_with = "fingerprint")]
    pub(crate) fingerprint: Fingerprint,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ExtraKey {
    pub(crate) peer: Name,
    #[serde(rename = "use")]
    pub(crate) usage: u32,
    #[serde(default, deserialize_with = "hex_data")]
    pub(crate) data: Vec<u8>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Policy {
    pub(crate) peer: Name,
    pub(crate) policy: Option<PolicyWords>,
    #[serde(default, deserialize_with = "versions")]
    pub(crate) versions: Option<Versions>,
    pub(crate) allow_downgrade: Option<bool>,
}

/// A policy: one of the four names, or the list of its flags.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum PolicyWords {
    Name(PolicyName),
    Flags(Vec<PolicyFlag>),
}

/// One flag of a policy (spec: "Policies").
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PolicyFlag {
    Allow,
    RequireEncryption,
    SendWhitespaceTag,
    WhitespaceStartAke,
    ErrorStartAke,
}

impl PolicyFlag {
    const ALL: [Self; 5] =
        [Self::Allow, Self::RequireEncryption, Self::SendWhitespaceTag, Self::WhitespaceStartAke, Self::ErrorStartAke];

    const fn policy(self) -> otr_session::Policy {
        use otr_session::Policy;
        match self {
            Self::Allow => Policy::ALLOW,
            Self::RequireEncryption => Policy::REQUIRE_ENCRYPTION,
            Self::SendWhitespaceTag => Policy::SEND_WHITESPACE_TAG,
            Self::WhitespaceStartAke => Policy::WHITESPACE_START_AKE,
            Self::ErrorStartAke => Policy::ERROR_START_AKE,
        }
    }
}

impl From<&PolicyWords> for otr_session::Policy {
    fn from(words: &PolicyWords) -> Self {
        match words {
            PolicyWords::Name(name) => (*name).into(),
            PolicyWords::Flags(flags) => flags.iter().fold(Self::NEVER, |policy, flag| policy.with(flag.policy())),
        }
    }
}

impl From<otr_session::Policy> for PolicyWords {
    fn from(policy: otr_session::Policy) -> Self {
        let flags = || PolicyFlag::ALL.into_iter().filter(|flag| policy.contains(flag.policy())).collect();
        PolicyName::of(policy).map_or_else(|| Self::Flags(flags()), Self::Name)
    }
}

/// A comparison to be begun.
#[derive(Deserialize)]
pub(crate) struct Comparison {
    pub(crate) peer: Name,
    pub(crate) secret: Zeroizing<String>,
    pub(crate) question: Option<String>,
}

/// The answer to a comparison.
#[derive(Deserialize)]
pub(crate) struct Answer {
    pub(crate) peer: Name,
    pub(crate) secret: Zeroizing<String>,
    /// Which comparison, as `asked` named it; the one that waits, if it is not given.
    pub(crate) run: Option<String>,
}

fn fingerprint<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Fingerprint, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| D::Error::custom("fingerprint must be 40 hexadecimal digits"))
}

fn hex_data<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?.unwrap_or_default();
    let data = hex::decode(text).ok().filter(|data| data.len() <= MAX_USE_DATA);
    data.ok_or_else(|| D::Error::custom("data must be hexadecimal digits, at most 65531 bytes"))
}

/// A list of numbers, or the text that `--versions` takes.
fn versions<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Versions>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Given {
        Numbers(Vec<u64>),
        Text(String),
    }
    let versions = match Option::<Given>::deserialize(deserializer)? {
        None => return Ok(None),
        Some(Given::Numbers(numbers)) => args::versions(numbers),
        Some(Given::Text(text)) => args::parse_versions(&text),
    };
    versions.map(Some).map_err(D::Error::custom)
}
