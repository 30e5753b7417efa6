//! Who the hostile peer speaks to.

use std::fmt;

use otr_wire::Version;

/// A program or library under attack. Each conversation is with a contact it has never met before.
pub trait Victim {
    /// Forgets the contact it talked to, and meets another. Returns its own instance tag.
    ///
    /// # Errors
    ///
    /// As all methods: when the victim cannot be asked any more.
    fn meet(&mut self) -> Result<u32, Trouble>;

    /// The network delivers a body from the contact.
    ///
    /// # Errors
    ///
    /// Also when this body cannot be carried to the victim.
    fn receive(&mut self, body: &[u8]) -> Result<Vec<Output>, Trouble>;

    /// The user sends a text.
    ///
    /// # Errors
    ///
    /// See [`meet`](Self::meet).
    fn send(&mut self, text: &str) -> Result<Vec<Output>, Trouble>;

    /// The user asks the contact to show that it knows a secret.
    ///
    /// # Errors
    ///
    /// See [`meet`](Self::meet).
    fn ask(&mut self, secret: &str) -> Result<Vec<Output>, Trouble>;

    /// The user answers such a question.
    ///
    /// # Errors
    ///
    /// Also when nobody has asked.
    fn answer(&mut self, secret: &str) -> Result<Vec<Output>, Trouble>;

    /// How things stand with the contact, as the user is told.
    ///
    /// # Errors
    ///
    /// See [`meet`](Self::meet).
    fn status(&mut self) -> Result<Status, Trouble>;

    /// Everything that can be seen of what it remembers.
    ///
    /// # Errors
    ///
    /// See [`meet`](Self::meet).
    fn memory(&mut self) -> Result<String, Trouble>;
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The way to the victim cannot carry this.
    NotCarried,
    /// The victim did not do what was asked.
    Refused(String),
    /// The victim is gone.
    Gone(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotCarried => f.write_str("the body cannot be carried"),
            Self::Refused(reason) | Self::Gone(reason) => f.write_str(reason),
        }
    }
}

/// One thing a victim does, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// It puts this on the network.
    Transmit(String),
    /// It shows this to its user.
    Text {
        /// The text.
        text: String,
        /// Whether it says that the text was encrypted.
        encrypted: bool,
    },
    /// It warns of a text in clear, and shows it.
    ClearText(String),
    /// It says that the state of the conversation is another.
    Session(String),
    /// It says something about a comparison of secrets.
    Smp(String),
    /// It hands over an extra symmetric key.
    ExtraKey,
    /// It has seen a fingerprint.
    Fingerprint,
    /// It warns: of what, and in whose words.
    Warning(String, String),
}

/// How things stand with a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// `plaintext`, `encrypted` or `finished`.
    pub state: String,
    /// The version of the conversation.
    pub version: Option<Version>,
    /// The session id in hexadecimal.
    pub session_id: Option<String>,
    /// The contact's fingerprint in hexadecimal.
    pub fingerprint: Option<String>,
    /// The contact's instance.
    pub instance: Option<String>,
}
