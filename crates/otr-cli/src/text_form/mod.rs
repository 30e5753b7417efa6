//! What a text is called in an OTR message: the text itself, or HTML that says the same.
//!
//! OTR carries bytes and does not say which. Programs differ, and each is sure of its own way:
//!
//! | program | what it sends | what it makes of what it gets | way |
//! | --- | --- | --- | --- |
//! | irssi, HexChat, Profanity, `otr` | text | text | plain |
//! | Pidgin, BitlBee, Adium, Psi | HTML | HTML | HTML |
//! | MCabber, WeeChat | text | HTML | mixed |
//!
//! To whoever reads HTML we send `&lt;` for `<`, so that it shows what was typed. What comes as HTML is reduced to
//! text; it is never rendered: no colours, no pictures, no links that hide where they lead.
//!
//! # How it is found out
//!
//! [`TextMode::Plain`] and [`TextMode::Html`] decide for good. [`TextMode::Auto`] goes by what is known of the contact's
//! program. From strong to weak:
//!
//! 1. **A text of its own in the present session that can be no HTML**: with a `<` that begins no tag or a `&` that
//!    begins no entity. This one, and all that follow in the session, are read as they are.
//! 2. **What its program says of itself**: [`TextForm::peer_software`].
//! 3. **A text of its own that looks like HTML**: with entities or tags, and nothing that can be no HTML. It is read as
//!    HTML, and answered in HTML.
//! 4. **How it asks for a conversation**: [`TextForm::peer_query`]. libotr's own words, which have tags in them, come
//!    from Pidgin, BitlBee and MCabber; so HTML is sent. On IRC they can also come from HexChat, and from no program of
//!    the mixed way; so a text that can be no HTML revokes it there. A query without more, or in other words, is from a
//!    program of the plain way.
//! 5. **Nothing**: plain.
//!
//! A text without `<`, `>`, `&`, `"` and line breaks is the same either way, so most often there is nothing to get wrong.
//!
//! # What cannot be known
//!
//! * Where we asked for the conversation, a program of the HTML way that says nothing of itself (Pidgin on IRC) is not
//!   known before its first text with one of those characters. What we send it until then, it reads as HTML.
//! * Somebody who types `&lt;` or `<b>x</b>` as such into a program of the plain way, and nothing that can be no HTML
//!   before it, is taken for one who sends HTML. The next bare `<` or `&` puts it right.
//! * A program of the mixed way that says nothing of itself and was asked by us is taken for one of the plain way.
//!
//! Where it matters, the user says so: `--text html`, or `text = "html"` for the contact in the config.
//!
//! All this is about texts within OTR. In clear, the network's own rules hold, and neither direction is converted.

mod evidence;
mod html;
mod irc;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use clap::ValueEnum;
use serde::Deserialize;

use crate::accounts::Network;
use evidence::{Look, Query, Way};

pub(crate) use irc::without_formatting;

/// How texts to and from a contact are to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TextMode {
    /// As they are
    Plain,
    /// As HTML
    Html,
    /// As its program does, by what is known of it
    Auto,
}

/// How texts to and from one contact are taken, and why.
#[derive(Debug, Clone)]
pub(crate) struct TextForm {
    mode: TextMode,
    network: Network,
    software: Option<Way>,
    query: Option<Query>,
    texts: Option<Shown>,
}

/// What the contact's texts have shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// One looked like HTML.
    Html,
    /// One could be no HTML.
    Plain,
    /// So could one in an earlier session; the program may be another one by now.
    PlainEarlier,
}

impl TextForm {
    /// A contact on `network` of whom nothing is known.
    pub(crate) const fn new(mode: TextMode, network: Network) -> Self {
        Self { mode, network, software: None, query: None, texts: None }
    }

    /// The contact's program is called this: the node of its XMPP capabilities (XEP-0115), the name it gives for its
    /// version (XEP-0092), or the resource it has chosen. Names that mean nothing to us change nothing.
    pub(crate) fn peer_software(&mut self, name: &str) {
        self.software = evidence::software(name).or(self.software);
    }

    /// The contact sent this in clear: a query, or another line. Pidgin sends the words after its query on IRC as lines
    /// of their own, so all lines are to be shown.
    pub(crate) fn peer_query(&mut self, line: &str) {
        self.query = evidence::query(line).or(self.query);
    }

    /// A session with the contact begins, perhaps with another program than the last one.
    pub(crate) fn session_began(&mut self) {
        if self.texts == Some(Shown::Plain) {
            self.texts = Some(Shown::PlainEarlier);
        }
    }

    /// The text that the contact's program means by `text`, which came through OTR. It has no markup, and may have
    /// control characters: it is for [`readable`](crate::readable).
    pub(crate) fn incoming(&mut self, text: &str) -> String {
        let is_html = match self.mode {
            TextMode::Plain => false,
            TextMode::Html => true,
            TextMode::Auto => self.is_html(text),
        };
        if is_html { html::to_text(text) } else { text.to_owned() }
    }

    /// What to send through OTR, so that the contact reads `text`.
    pub(crate) fn outgoing<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let reads_html = match self.mode {
            TextMode::Plain => false,
            TextMode::Html => true,
            TextMode::Auto => self.reads_html(),
        };
        if reads_html { html::from_text(text) } else { Cow::Borrowed(text) }
    }

    fn is_html(&mut self, text: &str) -> bool {
        match evidence::look(text) {
            Look::NoHtml => {
                self.texts = Some(Shown::Plain);
                false
            }
            _ if self.texts == Some(Shown::Plain) => false,
            // It is the same either way.
            Look::Either => false,
            Look::Html if self.software.is_some_and(|way| way != Way::Html) => false,
            Look::Html => {
                self.texts = Some(Shown::Html);
                true
            }
        }
    }

    fn reads_html(&self) -> bool {
        match (self.software, self.texts) {
            // That name is not to be believed: such a program sends no such text.
            (Some(Way::Html), Some(Shown::Plain)) | (None, Some(Shown::Plain | Shown::PlainEarlier)) => {
                self.query_reads_html() && self.mixed_way_is_possible()
            }
            (Some(way), _) => way != Way::Plain,
            (None, Some(Shown::Html)) => true,
            (None, None) => self.query_reads_html(),
        }
    }

    fn query_reads_html(&self) -> bool {
        self.query.is_some_and(|query| query != Query::Plain)
    }

    /// Whether somebody who sends plain text may read HTML. On IRC only WeeChat does, which asks in words of its own.
    fn mixed_way_is_possible(&self) -> bool {
        self.network != Network::Irc || self.query == Some(Query::Potr)
    }
}
