//! What the account tells.

use otr_session::{Comparison, ComparisonOf, Event, Meaning, MessageReceived, Protection, SessionChange, SessionState};
use otr_store::How;

use super::room::Room;
use super::words::{self, trouble};
use crate::accounts::Network;
use crate::error::Error;
use crate::text_form::without_formatting;

impl Room {
    /// Something happened, after which `messages` messages had been put on the network.
    pub(super) fn on_event(&mut self, event: &Event, messages: usize) -> Result<(), Error> {
        match event {
            Event::NewFingerprint { fingerprint, .. } => {
                self.shown = Some(*fingerprint);
                if let Err(error) = self.profile.save_new(&self.peer, *fingerprint) {
                    self.show([trouble(format!("the fingerprint is not stored: {error}"))])?;
                }
            }
            Event::IdentityChanged { new, .. } => self.shown = Some(*new),
            Event::Session(change) if self.on_session(change)? == News::Old => return Ok(()),
            Event::Message(MessageReceived { text, protection: Protection::Encrypted, .. }) => {
                let text = self.form.incoming(&text.to_string_lossy());
                return self.show(words::received(&self.peer, Protection::Encrypted, &self.without_codes(text)));
            }
            Event::Message(MessageReceived { text, protection, .. }) => {
                let text = self.without_codes(text.to_string_lossy().into_owned());
                return self.show(words::received(&self.peer, *protection, &text));
            }
            Event::Comparison(comparison) => self.on_comparison(comparison)?,
            Event::QueuedSent { text, to } => {
                if let Some(line) = self.lines.kept(text) {
                    self.post.attribute(messages, line);
                    self.lines.go(line, Some(*to));
                    self.lines.grow(Some(line), messages);
                }
                return Ok(());
            }
            Event::NotDelivered { text, certain } => {
                return match self.lines.handed_back(text) {
                    Some(text) => self.show(words::given_back(&text, *certain)),
                    None => Ok(()),
                };
            }
            _ => {}
        }
        self.show(words::event(&self.peer, event))
    }

    /// IRC programs mark bold and colours by control characters.
    fn without_codes(&self, text: String) -> String {
        if self.connection.network() == Network::Irc { without_formatting(&text).into_owned() } else { text }
    }

    fn on_session(&mut self, change: &SessionChange) -> Result<News, Error> {
        let ended = change.state == SessionState::Plaintext;
        if ended && self.end_told {
            return Ok(News::Old);
        }
        self.end_told = ended;
        if let Some(conversation) = &change.conversation {
            self.starting = false;
            if let Err(error) = self.profile.save_conversation(&self.peer, conversation) {
                self.show([trouble(format!("what was spoken with {} is not stored: {error}", self.peer))])?;
            }
            if !change.refreshed {
                self.form.session_began();
                self.shown = Some(conversation.their_fingerprint);
            }
        }
        Ok(News::New)
    }

    fn on_comparison(&mut self, comparison: &ComparisonOf) -> Result<(), Error> {
        self.asked = match comparison.event {
            Comparison::Asked { run, .. } => Some(run),
            _ => None,
        };
        if comparison.event != Comparison::Succeeded(Meaning::PeerVerified) {
            return Ok(());
        }
        match self.profile.verify(&self.peer, comparison.their_fingerprint, How::Smp) {
            Ok(()) => Ok(()),
            Err(error) => self.show([trouble(format!("the verification is not stored: {error}"))]),
        }
    }
}

/// Whether the user has been told.
#[derive(Debug, PartialEq, Eq)]
enum News {
    New,
    Old,
}
