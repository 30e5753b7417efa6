//! What comes from the network and goes to it.

use std::time::Duration;

use otr_session::{Incoming, Origin, Output, Policy};
use otr_transport::{Event as NetworkEvent, Presence, Recovery};
use tokio::time::timeout;

use super::post::{Fate, LineNumber};
use super::room::{Happening, Room};
use super::words::{self, note, trouble};
use crate::error::Error;
use crate::{outside, readable};

/// How long leaving waits for the network to take what is still under way.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// Of how many others we say that they write.
const MAX_STRANGERS: usize = 16;

impl Room {
    pub(super) fn on_network(&mut self, event: NetworkEvent) -> Result<(), Error> {
        match event {
            NetworkEvent::Connected { resumed } => self.on_connected(resumed),
            NetworkEvent::Disconnected { error, recovery } => self.on_disconnected(error, recovery),
            NetworkEvent::Message(message) => self.on_message(&message),
            NetworkEvent::Presence { of, presence } if self.is_peer(&of) => self.on_presence(presence),
            NetworkEvent::Renamed { from, to } if self.is_peer(&from) => {
                self.show([note(format!("{} is called {} from now on", self.peer, readable::one_line(&to)))])?;
                self.address = to;
                Ok(())
            }
            NetworkEvent::AddressChanged => {
                let address = readable::one_line(self.connection.address());
                self.show([note(format!("you are called {address} from now on"))])
            }
            _ => Ok(()),
        }
    }

    fn is_peer(&self, address: &str) -> bool {
        self.connection.network().is_same_contact(&self.address, address)
    }

    fn on_message(&mut self, message: &otr_transport::Incoming) -> Result<(), Error> {
        if !self.is_peer(&message.from) {
            return self.on_stranger(&message.from);
        }
        self.form_heard(message);
        let incoming = Incoming { body: message.body.as_bytes(), origin: origin(message.origin) };
        self.fit();
        self.account.receive(&self.peer, incoming, self.clock.now(), &mut outside::randomness());
        Ok(())
    }

    /// What a message says about the program that the other side uses.
    fn form_heard(&mut self, message: &otr_transport::Incoming) {
        if let Some(name) = self.connection.software(&self.address).as_ref().or(message.device.as_ref()) {
            self.form.peer_software(name);
        }
        let is_encoded = ["?OTR:", "?OTR,", "?OTR|"].iter().any(|start| message.body.starts_with(start));
        if message.origin == otr_transport::Origin::Live && !is_encoded {
            self.form.peer_query(&message.body);
        }
    }

    /// Somebody else writes: this chat is with one only, and nobody learns that we are here.
    fn on_stranger(&mut self, from: &str) -> Result<(), Error> {
        if self.strangers.len() >= MAX_STRANGERS || !self.strangers.insert(from.to_owned()) {
            return Ok(());
        }
        let from = readable::one_line(from);
        self.show([note(format!("{from} writes as well; this chat is with {} alone", self.peer))])
    }

    fn on_connected(&mut self, resumed: bool) -> Result<(), Error> {
        // The fates of what went over the last connection are known by now.
        while let Some((line, fate)) = self.post.known_fate(self.clock.now()) {
            self.on_fate(line, fate)?;
        }
        self.connected = true;
        let again = self.said.take().is_some();
        self.show([note(words::connected(self.connection.network(), &self.peer, again))])?;
        if self.account.policy(&self.peer).0 == Policy::NEVER {
            return self.show([trouble("the policy is never: everything is sent and received in clear")]);
        }
        let is_private = self.account.status(&self.peer).conversation.is_some();
        match (is_private, resumed) {
            (true, false) => self.renew(),
            (false, _) if self.begins => self.start(),
            (true, true) | (false, _) => Ok(()),
        }
    }

    /// Agrees on new keys where messages may have been lost: both sides learn which then.
    fn renew(&mut self) -> Result<(), Error> {
        // Where there is no private conversation, there is nothing to renew.
        let _ = self.account.renew(&self.peer, self.clock.now(), &mut outside::randomness());
        Ok(())
    }

    fn on_disconnected(&mut self, error: otr_transport::Error, recovery: Recovery) -> Result<(), Error> {
        let news = std::mem::take(&mut self.connected) || self.said != Some(error);
        self.said = Some(error);
        if !news {
            return Ok(());
        }
        self.show([words::disconnected(self.connection.network(), &self.peer, error, recovery)])
    }

    fn on_presence(&mut self, presence: Presence) -> Result<(), Error> {
        let was_gone = self.peer_is_gone;
        self.peer_is_gone = presence == Presence::Offline;
        if was_gone == self.peer_is_gone {
            return Ok(());
        }
        let what = if self.peer_is_gone { "has gone" } else { "is there again" };
        self.show([note(format!("{} {what}", self.peer))])?;
        match (self.peer_is_gone, self.starting) {
            (true, _) => Ok(()),
            // What was asked while there was nobody to answer is not answered later.
            (false, true) => self.start(),
            (false, false) if self.connection.forgets() => self.renew(),
            (false, false) => Ok(()),
        }
    }

    /// Makes messages of the size that the network takes now.
    pub(super) fn fit(&mut self) {
        self.account.set_max_message_size(self.connection.max_message_size(&self.address));
    }

    /// Carries out everything the account asks for; what it says now is the line `line`, if one is named.
    pub(super) fn drain(&mut self, line: Option<LineNumber>) -> Result<(), Error> {
        let mut messages = 0_usize;
        while let Some(output) = self.account.poll() {
            match output {
                Output::Transmit { message, .. } => {
                    if self.post.push(message, line) {
                        messages = messages.saturating_add(1);
                        self.lines.grow(line, 1);
                    } else {
                        self.on_full(line)?;
                    }
                }
                Output::Event { event, .. } => {
                    self.on_event(&event, messages)?;
                    messages = 0;
                }
            }
        }
        self.hand_over();
        Ok(())
    }

    fn on_full(&mut self, line: Option<LineNumber>) -> Result<(), Error> {
        match line.and_then(|line| self.lines.failed(line)) {
            Some(typed) => {
                let lines = words::not_delivered(&typed.text, otr_transport::Error::QueueFull);
                self.show(lines)
            }
            None => self.show([trouble("too much waits to be sent: a message of the protocol was dropped")]),
        }
    }

    fn hand_over(&mut self) {
        if self.connected {
            let (connection, address) = (&mut self.connection, &self.address);
            self.post.hand_over(self.clock.now(), |message| connection.send(address, message));
        }
    }

    /// What became of a message.
    pub(super) fn on_fate(&mut self, line: Option<LineNumber>, fate: Fate) -> Result<(), Error> {
        match (fate, line) {
            (Fate::Taken, Some(line)) => {
                self.is_slow = false;
                let Some(typed) = self.lines.taken(line) else { return Ok(()) };
                let (text, to) = (typed.text.clone(), typed.to);
                self.on_taken(&text, to)
            }
            (Fate::Taken, None) => {
                self.is_slow = false;
                Ok(())
            }
            (Fate::Failed(error), Some(line)) => {
                let Some(typed) = self.lines.failed(line) else { return Ok(()) };
                let lines = words::not_delivered(&typed.text, error);
                self.show(lines)
            }
            (Fate::Failed(error), None) if error.may_have_arrived() => Ok(()),
            (Fate::Failed(error), None) => self.show([trouble(format!("the other side is not reached: {error}"))]),
            (Fate::Waits(otr_transport::Error::RateLimited { .. }), _)
                if !std::mem::replace(&mut self.is_slow, true) =>
            {
                self.show([note("the network wants us to be slower; what you write waits")])
            }
            (Fate::Waits(_), _) => Ok(()),
        }
    }

    fn on_taken(&mut self, text: &str, to: Option<otr_crypto::Fingerprint>) -> Result<(), Error> {
        match to {
            Some(to) if self.shows_typing() => self.show([note(format!("sent to {}", words::short(to)))]),
            Some(to) => self.echo(&format!(" -> {}", words::short(to)), text),
            None => {
                self.echo(" (in clear)", text)?;
                self.show([note("that went out in clear: anybody on the way can read it")])
            }
        }
    }

    /// Waits until nothing that was typed is under way any more, as long as something happens within `patience`.
    pub(crate) async fn flush(&mut self, patience: Duration) -> Result<(), Error> {
        while self.is_busy() {
            let patience =
                self.next_timeout().map_or(patience, |next| next.max(Duration::from_millis(1)).min(patience));
            match timeout(patience, self.next()).await {
                Ok(happening) => {
                    if self.on_happening(happening)?.is_break() {
                        return Ok(());
                    }
                }
                Err(_) => return Ok(()),
            }
        }
        Ok(())
    }

    /// Ends everything in good order.
    pub(crate) async fn leave(mut self) -> Result<(), Error> {
        self.account.end_all(self.clock.now());
        self.drain(None)?;
        // A peer or a network that takes its time has had it.
        let _ = timeout(LAST_WORDS, self.say_last_words()).await;
        for (line, error) in self.post.give_up() {
            self.on_fate(Some(line), Fate::Failed(error))?;
        }
        // What kept us from saying goodbye changes nothing any more.
        let _ = self.connection.close().await;
        self.show([note("goodbye")])
    }

    async fn say_last_words(&mut self) -> Result<(), Error> {
        while self.connected && !self.post.is_empty() {
            match self.next().await {
                Happening::Fate(line, fate) => self.on_fate(line, fate)?,
                Happening::Network(Some(NetworkEvent::Disconnected { .. }) | None) => self.connected = false,
                Happening::Network(Some(_)) => {}
            }
            self.hand_over();
        }
        Ok(())
    }
}

const fn origin(origin: otr_transport::Origin) -> Origin {
    match origin {
        otr_transport::Origin::Live => Origin::Direct,
        otr_transport::Origin::OwnCopy => Origin::Own,
        otr_transport::Origin::PeerCopy => Origin::Copy,
        otr_transport::Origin::Group => Origin::Group,
        _ => Origin::Delayed,
    }
}
