//! The chat itself: an account, a network and a screen, joined.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::time::Duration;

use otr_crypto::Fingerprint;
use otr_session::{Account, MAX_QUEUED_TEXTS, NotPossible, Refusal, RunId, Sent, SessionState, Trust};
use otr_transport::Event as NetworkEvent;

use super::command::{self, Typed};
use super::connection::Connection;
use super::lines::Lines;
use super::post::{Fate, LineNumber, Post};
use super::screen::Screen;
use super::words::{self, Line, note, trouble};
use crate::error::Error;
use crate::outside::{self, Clock};
use crate::profile::Profile;
use crate::text_form::TextForm;

/// One conversation over one connection.
#[derive(Debug)]
pub(crate) struct Room {
    pub(super) account: Account,
    pub(super) profile: Profile,
    pub(super) connection: Connection,
    pub(super) form: TextForm,
    pub(super) post: Post,
    pub(super) lines: Lines,
    screen: Screen,
    pub(super) clock: Clock,
    /// What the other side is called here.
    pub(super) peer: String,
    /// Where it is on the network at the moment.
    pub(super) address: String,
    /// It is we who begin the private conversation when there is a connection.
    pub(super) begins: bool,
    /// A private conversation is wanted and has not begun.
    pub(super) starting: bool,
    pub(super) connected: bool,
    /// The other side was said to have gone.
    pub(super) peer_is_gone: bool,
    /// The network wants us to be slower, and the user knows.
    pub(super) is_slow: bool,
    /// Others that have written.
    pub(super) strangers: BTreeSet<String>,
    /// Why there was no connection the last time we said so.
    pub(super) said: Option<otr_transport::Error>,
    /// The end of the private conversation has been told; it may have been one with several programs of the peer.
    pub(super) end_told: bool,
    /// The fingerprint of the other side that the user has seen last: what `/verify` and `/accept` are about.
    pub(super) shown: Option<Fingerprint>,
    /// The comparison that the other side began and that waits for an answer.
    pub(super) asked: Option<RunId>,
}

/// What happens by itself.
#[derive(Debug)]
pub(crate) enum Happening {
    /// The network has something to say; `None` when that was all.
    Network(Option<NetworkEvent>),
    /// The fate of a message is known.
    Fate(Option<LineNumber>, Fate),
}

/// Who talks with whom, and how.
#[derive(Debug)]
pub(crate) struct Meeting {
    /// What the other side is called here.
    pub(crate) peer: String,
    /// Its address on the network.
    pub(crate) address: String,
    /// It is we who begin the private conversation when there is a connection.
    pub(crate) begins: bool,
}

impl Room {
    pub(crate) fn new(
        account: Account,
        profile: Profile,
        connection: Connection,
        form: TextForm,
        screen: Screen,
        clock: Clock,
        meeting: Meeting,
    ) -> Self {
        let Meeting { peer, address, begins } = meeting;
        Self {
            account,
            profile,
            connection,
            form,
            post: Post::default(),
            lines: Lines::default(),
            screen,
            clock,
            peer,
            address,
            begins,
            starting: false,
            connected: false,
            peer_is_gone: false,
            is_slow: false,
            strangers: BTreeSet::new(),
            said: None,
            end_told: true,
            shown: None,
            asked: None,
        }
    }

    /// The first lines.
    pub(crate) fn welcome(&mut self, line: &str) -> Result<(), Error> {
        self.show([words::our_fingerprint(self.account.fingerprint()), note(line), note("/help lists the commands")])
    }

    /// Whatever happens next by itself. Losing the future loses nothing.
    pub(crate) async fn next(&mut self) -> Happening {
        let now = self.clock.now();
        tokio::select! {
            event = self.connection.next_event() => Happening::Network(event),
            (line, fate) = self.post.next_fate(now) => Happening::Fate(line, fate),
        }
    }

    /// Takes in what happened. `Break` when the network has nothing more to say.
    pub(crate) fn on_happening(&mut self, happening: Happening) -> Result<ControlFlow<()>, Error> {
        self.catch_up()?;
        match happening {
            Happening::Network(Some(event)) => self.on_network(event)?,
            Happening::Network(None) => return Ok(ControlFlow::Break(())),
            Happening::Fate(line, fate) => self.on_fate(line, fate)?,
        }
        self.drain(None)?;
        Ok(ControlFlow::Continue(()))
    }

    /// How long everything can be left alone.
    pub(crate) fn next_timeout(&self) -> Option<Duration> {
        let due = [self.account.next_timeout(), self.post.not_before()];
        due.into_iter().flatten().min().map(|at| at.saturating_sub(self.clock.now()))
    }

    /// Whether something that the user typed is still under way.
    pub(crate) fn is_busy(&self) -> bool {
        !self.post.is_empty() || self.lines.how_many_kept() > 0
    }

    /// Whether another line is taken now. Who types at a prompt is told of a full queue instead.
    pub(crate) fn takes_lines(&self) -> bool {
        self.shows_typing() || (self.post.takes_lines() && self.lines.how_many_kept() < MAX_QUEUED_TEXTS)
    }

    /// Lets time pass.
    pub(crate) fn on_time(&mut self) -> Result<(), Error> {
        self.account.tick(self.clock.now());
        self.drain(None)
    }

    /// Does what a line says. `Break` is the end.
    pub(crate) fn on_line(&mut self, line: &str) -> Result<ControlFlow<()>, Error> {
        self.catch_up()?;
        match command::parse(line) {
            Typed::Nothing => {}
            Typed::Text(text) => self.send(text)?,
            Typed::Help => self.show(command::HELP.map(note))?,
            Typed::Start => self.start()?,
            Typed::End => self.end()?,
            Typed::Verify => self.trust(Trust::Verified)?,
            Typed::Distrust => self.trust(Trust::Unverified)?,
            Typed::Accept => self.accept()?,
            Typed::Compare { question, secret } => self.compare(question, secret)?,
            Typed::Answer(secret) => self.answer(secret)?,
            Typed::Abort => {
                let aborted = self.account.abort_comparison(&self.peer, self.clock.now());
                self.tell(aborted, "the comparison is given up")?;
            }
            Typed::Status => self.status()?,
            Typed::Fingerprint => self.fingerprints()?,
            Typed::Quit => return Ok(ControlFlow::Break(())),
            Typed::Unknown(name) => {
                let name = crate::readable::one_line(name);
                self.show([trouble(format!("/{name} is no command, and was not sent; see /help"))])?;
            }
        }
        self.drain(None)?;
        Ok(ControlFlow::Continue(()))
    }

    /// Sends a text in the one way that state and policy allow.
    fn send(&mut self, text: &str) -> Result<(), Error> {
        self.fit();
        let body = if self.is_for_clear() { Cow::Borrowed(text) } else { self.form.outgoing(text) };
        let sent = self.account.send(&self.peer, &body, self.clock.now());
        if let Sent::Refused(reason) = sent {
            return self.show([match reason {
                Refusal::LooksLikeOtr => trouble("not sent: it looks like an OTR message"),
                reason => words::refused(reason),
            }]);
        }
        let line = self.lines.add(text, &body);
        if sent == Sent::Queued {
            self.echo(" (waits)", text)?;
            self.show([note("not sent yet: it waits until the conversation is private")])?;
            return self.drain(None);
        }
        let conversation = self.account.status(&self.peer).conversation.filter(|_| sent == Sent::Encrypted);
        self.lines.go(line, conversation.map(|conversation| conversation.their_fingerprint));
        if !self.connected {
            self.echo(" (waits)", text)?;
            self.show([note("not sent yet: it waits for the connection")])?;
        }
        self.drain(Some(line))
    }

    /// Whether the next text goes out in clear, if it goes out.
    fn is_for_clear(&self) -> bool {
        let state = self.account.status(&self.peer).state;
        state == SessionState::Plaintext && !self.account.policy(&self.peer).0.requires_encryption()
    }

    pub(super) fn start(&mut self) -> Result<(), Error> {
        if !self.connected {
            return self.show([trouble("there is no connection")]);
        }
        let asked = self.account.start(&self.peer, self.clock.now());
        self.starting = asked.is_ok();
        match asked {
            Ok(()) => self.show([note("asking for a private conversation ...")]),
            Err(reason) => self.show([trouble(reason.to_string())]),
        }
    }

    fn compare(&mut self, question: Option<&str>, secret: &str) -> Result<(), Error> {
        let (now, rng) = (self.clock.now(), &mut outside::randomness());
        let begun = self.account.start_comparison(&self.peer, secret, question, now, rng);
        self.tell(begun, "comparing; the other side is asked for the same ...")
    }

    fn answer(&mut self, secret: &str) -> Result<(), Error> {
        let Some(run) = self.asked else {
            return self.show([trouble("nobody has asked; /secret compares one")]);
        };
        let (now, rng) = (self.clock.now(), &mut outside::randomness());
        let answered = self.account.answer_comparison(&self.peer, run, secret, now, rng);
        self.tell(answered, "comparing ...")
    }

    fn tell(&mut self, done: Result<(), NotPossible>, words: &str) -> Result<(), Error> {
        match done {
            Ok(()) => self.show([note(words)]),
            Err(reason) => self.show([trouble(reason.to_string())]),
        }
    }

    fn end(&mut self) -> Result<(), Error> {
        if self.account.status(&self.peer).state == SessionState::Plaintext {
            self.show([note("there is no private conversation to end")])?;
        }
        self.starting = false;
        self.account.end(&self.peer, self.clock.now());
        Ok(())
    }

    /// A text of ours, and how it goes.
    pub(super) fn echo(&mut self, how: &str, text: &str) -> Result<(), Error> {
        let speaker = format!("{}{how}", crate::readable::one_line(self.connection.address()));
        for line in words::speech(&speaker, text) {
            self.screen.echo(&line)?;
        }
        Ok(())
    }

    /// Whether the user sees what was typed anyhow.
    pub(super) const fn shows_typing(&self) -> bool {
        matches!(self.screen, Screen::Prompt(_))
    }

    pub(super) fn show(&mut self, lines: impl IntoIterator<Item = Line>) -> Result<(), Error> {
        for line in lines {
            match line {
                Line::Say(line) => self.screen.say(&line)?,
                Line::Complain(line) => self.screen.complain(&line)?,
            }
        }
        Ok(())
    }
}
