//! Telling apart what arrives.

use alloc::string::String;

use crate::{Fragment, InvalidFragment, Query, Tagged, armour, fragment, query::MARKER};

/// What an error message begins with (spec: "OTR Error Messages").
pub const ERROR_PREFIX: &str = "?OTR Error:";

/// The form of one received body.
///
/// Markers count only at the very start: a host takes off what its network puts around a body before it hands it
/// over. Only a whitespace tag may stand anywhere (attack rule PARSE-6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body<'a> {
    /// Ordinary text. Whatever is none of the others is this, unchanged.
    Plain(&'a [u8]),
    /// Ordinary text with a whitespace tag.
    Tagged(Tagged<'a>),
    /// A request for a private conversation.
    Query(Query),
    /// The other side's complaint, in unauthenticated words.
    Error(&'a [u8]),
    /// A piece of a longer message.
    Fragment(Fragment<'a>),
    /// What begins as a fragment but is none.
    InvalidFragment(InvalidFragment),
    /// An encoded message, still in its base64; see [`armour::decode`].
    Encoded(&'a [u8]),
}

impl<'a> Body<'a> {
    /// Tells what `body` is.
    #[must_use]
    pub fn classify(body: &'a [u8]) -> Self {
        if !body.starts_with(MARKER) {
            return Tagged::parse(body).map_or(Self::Plain(body), Self::Tagged);
        }
        if body.starts_with(armour::PREFIX) {
            return Self::Encoded(body);
        }
        if fragment::looks_like(body) {
            return Fragment::parse(body).map_or_else(Self::InvalidFragment, Self::Fragment);
        }
        if let Some(words) = body.strip_prefix(ERROR_PREFIX.as_bytes()) {
            return Self::Error(words.trim_ascii_start());
        }
        if let Some(query) = Query::parse(body) {
            return Self::Query(query);
        }
        Tagged::parse(body).map_or(Self::Plain(body), Self::Tagged)
    }
}

/// An error message with these words.
#[must_use]
pub fn error_message(words: &str) -> String {
    [ERROR_PREFIX, " ", words].concat()
}
