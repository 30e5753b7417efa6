//! The chat itself: an account, a network and a screen, joined.

use std::ops::ControlFlow;
use std::time::Duration;

use otr_crypto::Fingerprint;
use otr_session::{
    Account, Comparison, ComparisonOf, Event, Incoming, Meaning, Origin, Policy, Refusal, RunId, Sent, SessionState,
    Trust,
};
use otr_transport::{Event as NetworkEvent, Recovery, Transport};
use otr_transport_tcp::TcpTransport;

use super::command::{self, Typed};
use super::screen::Screen;
use super::words::{self, Line, note, trouble};
use crate::error::Error;
use crate::outside::{self, Clock};
use crate::profile::Profile;

/// One conversation over one connection.
#[derive(Debug)]
pub(crate) struct Room {
    pub(super) account: Account,
    pub(super) profile: Profile,
    transport: TcpTransport,
    screen: Screen,
    pub(super) clock: Clock,
    pub(super) peer: String,
    /// We call, so it is we who begin the private conversation.
    calls: bool,
    pub(super) connected: bool,
    /// Why there was no connection the last time we said so.
    said: Option<otr_transport::Error>,
    /// Texts that wait for a private conversation.
    waiting: usize,
    /// The end of the private conversation has been told; it may have been one with several programs of the peer.
    end_told: bool,
    /// The fingerprint of the other side that the user has seen last: what `/verify` and `/accept` are about.
    pub(super) shown: Option<Fingerprint>,
    /// The comparison that the other side began and that waits for an answer.
    asked: Option<RunId>,
}

impl Room {
    pub(crate) fn new(
        account: Account,
        profile: Profile,
        transport: TcpTransport,
        screen: Screen,
        clock: Clock,
        peer: String,
        calls: bool,
    ) -> Self {
        Self {
            account,
            profile,
            transport,
            screen,
            clock,
            peer,
            calls,
            connected: false,
            said: None,
            waiting: 0,
            end_told: true,
            shown: None,
            asked: None,
        }
    }

    /// The first lines.
    pub(crate) fn welcome(&mut self, line: &str) -> Result<(), Error> {
        self.show([words::our_fingerprint(self.account.fingerprint()), note(line), note("/help lists the commands")])
    }

    /// The network's next event.
    pub(crate) async fn next_event(&mut self) -> Option<NetworkEvent> {
        self.transport.next_event().await
    }

    /// How long the account can be left alone.
    pub(crate) fn next_timeout(&self) -> Option<Duration> {
        self.account.next_timeout().map(|at| at.saturating_sub(self.clock.now()))
    }

    pub(crate) const fn has_waiting_text(&self) -> bool {
        self.waiting > 0
    }

    /// Lets time pass.
    pub(crate) async fn on_time(&mut self) -> Result<(), Error> {
        self.account.tick(self.clock.now());
        self.drain().await
    }

    pub(crate) async fn on_network(&mut self, event: NetworkEvent) -> Result<(), Error> {
        match event {
            NetworkEvent::Connected => self.on_connected()?,
            NetworkEvent::Disconnected { error, recovery } => self.on_disconnected(error, recovery)?,
            NetworkEvent::Message(message) => {
                let incoming = Incoming { body: message.body.as_bytes(), origin: origin(message.origin) };
                self.account.receive(&self.peer, incoming, self.clock.now(), &mut outside::randomness());
            }
            _ => {}
        }
        self.drain().await
    }

    fn on_connected(&mut self) -> Result<(), Error> {
        self.connected = true;
        self.said = None;
        self.show([note(format!("connected to {}", self.peer))])?;
        if self.account.policy(&self.peer).0 == Policy::NEVER {
            return self.show([trouble("the policy is never: everything is sent and received in clear")]);
        }
        if self.calls { self.start() } else { Ok(()) }
    }

    fn on_disconnected(&mut self, error: otr_transport::Error, recovery: Recovery) -> Result<(), Error> {
        let news = std::mem::take(&mut self.connected) || self.said != Some(error);
        self.said = Some(error);
        if !news {
            return Ok(());
        }
        let plan = match recovery {
            Recovery::RetryIn(_) => "calling again from time to time",
            Recovery::Waiting => "waiting for the next call",
            _ => "that was all",
        };
        self.show([match error {
            otr_transport::Error::ClosedByPeer => note(format!("{} has left; {plan}", self.peer)),
            error => trouble(format!("no connection: {error}; {plan}")),
        }])
    }

    /// Does what a line says. `Break` is the end.
    pub(crate) async fn on_line(&mut self, line: &str) -> Result<ControlFlow<()>, Error> {
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
        self.drain().await?;
        Ok(ControlFlow::Continue(()))
    }

    /// Ends everything in good order.
    pub(crate) async fn leave(mut self) -> Result<(), Error> {
        self.account.end_all(self.clock.now());
        self.drain().await?;
        // What kept us from saying goodbye changes nothing any more.
        let _ = self.transport.close().await;
        self.show([note("goodbye")])
    }

    fn send(&mut self, text: &str) -> Result<(), Error> {
        if !self.connected && !self.would_wait() {
            return self.show([trouble("not sent: there is no connection; write it again when there is")]);
        }
        match self.account.send(&self.peer, text, self.clock.now()) {
            Sent::Encrypted => self.echo("", text),
            Sent::Plain => {
                self.echo(" (in clear)", text)?;
                self.show([note("that went out in clear: anybody on the way can read it")])
            }
            Sent::Queued => {
                self.waiting = self.waiting.saturating_add(1);
                self.echo(" (waits)", text)?;
                self.show([note("not sent yet: it waits until the conversation is private")])
            }
            Sent::Refused(Refusal::LooksLikeOtr) => self.show([trouble("not sent: it looks like an OTR message")]),
            Sent::Refused(reason) => self.show([words::refused(reason)]),
        }
    }

    /// Whether the next text waits for a private conversation.
    fn would_wait(&self) -> bool {
        let state = self.account.status(&self.peer).state;
        state == SessionState::Plaintext && self.account.policy(&self.peer).0 == Policy::ALWAYS
    }

    fn start(&mut self) -> Result<(), Error> {
        if !self.connected {
            return self.show([trouble("there is no connection")]);
        }
        match self.account.start(&self.peer, self.clock.now()) {
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

    fn tell(&mut self, done: Result<(), otr_session::NotPossible>, words: &str) -> Result<(), Error> {
        match done {
            Ok(()) => self.show([note(words)]),
            Err(reason) => self.show([trouble(reason.to_string())]),
        }
    }

    fn end(&mut self) -> Result<(), Error> {
        if self.account.status(&self.peer).state == SessionState::Plaintext {
            self.show([note("there is no private conversation to end")])?;
        }
        self.account.end(&self.peer, self.clock.now());
        Ok(())
    }

    /// Carries out everything the account asks for.
    async fn drain(&mut self) -> Result<(), Error> {
        while let Some(output) = self.account.poll() {
            match output {
                otr_session::Output::Transmit { message, .. } => self.transmit(&message).await?,
                otr_session::Output::Event { event, .. } => self.on_event(&event)?,
            }
        }
        Ok(())
    }

    async fn transmit(&mut self, message: &str) -> Result<(), Error> {
        // Without a connection there is nothing to say it with; the conversation begins anew when there is one.
        if !self.connected {
            return Ok(());
        }
        match self.transport.send(&self.peer, message).await {
            Ok(()) => Ok(()),
            Err(error) => self.show([trouble(format!("the last message may not have arrived: {error}"))]),
        }
    }

    fn on_event(&mut self, event: &Event) -> Result<(), Error> {
        match event {
            Event::NewFingerprint { fingerprint, .. } => {
                self.shown = Some(*fingerprint);
                if let Err(error) = self.profile.save_new(&self.peer, *fingerprint) {
                    self.show([trouble(format!("the fingerprint is not stored: {error}"))])?;
                }
            }
            Event::IdentityChanged { new, .. } => self.shown = Some(*new),
            Event::Session(change) => {
                let ended = change.state == SessionState::Plaintext;
                if ended && self.end_told {
                    return Ok(());
                }
                self.end_told = ended;
                if let Some(conversation) = &change.conversation {
                    if let Err(error) = self.profile.save_vouched(&self.peer, conversation) {
                        self.show([trouble(format!("the Ed25519 fingerprint is not stored: {error}"))])?;
                    }
                    if !change.refreshed {
                        self.shown = Some(conversation.their_fingerprint);
                    }
                    if !self.account.status(&self.peer).blocked {
                        self.waiting = 0;
                    }
                }
            }
            Event::Comparison(comparison) => self.on_comparison(comparison)?,
            Event::NotDelivered { .. } => self.waiting = self.waiting.saturating_sub(1),
            _ => {}
        }
        self.show(words::event(&self.peer, event))
    }

    fn on_comparison(&mut self, comparison: &ComparisonOf) -> Result<(), Error> {
        self.asked = match comparison.event {
            Comparison::Asked { run, .. } => Some(run),
            _ => None,
        };
        if comparison.event != Comparison::Succeeded(Meaning::PeerVerified) {
            return Ok(());
        }
        match self.profile.save(&self.peer, comparison.their_fingerprint, Trust::Verified) {
            Ok(()) => Ok(()),
            Err(error) => self.show([trouble(format!("the verification is not stored: {error}"))]),
        }
    }

    fn echo(&mut self, how: &str, text: &str) -> Result<(), Error> {
        let speaker = format!("{}{how}", self.transport.address());
        for line in words::speech(&speaker, text) {
            self.screen.echo(&line)?;
        }
        Ok(())
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

const fn origin(origin: otr_transport::Origin) -> Origin {
    match origin {
        otr_transport::Origin::Live => Origin::Direct,
        otr_transport::Origin::OwnCopy => Origin::Own,
        otr_transport::Origin::Group => Origin::Group,
        _ => Origin::Delayed,
    }
}
