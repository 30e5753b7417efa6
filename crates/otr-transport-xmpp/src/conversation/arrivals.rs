//! What a conversation does with what arrives.

use otr_transport::{Error, Event, Origin, Presence};
use tokio_xmpp::jid::BareJid;
use tokio_xmpp::minidom::Element;
use tokio_xmpp::parsers::date::DateTime;
use tokio_xmpp::parsers::ns;
use tokio_xmpp::parsers::sm::A;
use tokio_xmpp::parsers::time::TimeResult;

use super::Conversation;
use crate::inbound::{Bounce, Redelivery, answer, is_from_server, read_bounce, read_message, read_presence};
use crate::ledger::Bounced;
use crate::wire::{Received, is_stream_error, stream_error};

/// Stanzas that wait for a confirmation; while there are so many, requests of the server are not answered.
const MAX_OPEN: usize = 256;

impl Conversation<'_> {
    /// Deals with what arrived. It counts as handled from here on, so what is returned must be handed up.
    pub(super) fn take(&mut self, received: Received) -> Result<Option<Event>, Error> {
        let element = match received {
            Received::Whole(element) => element,
            Received::TooComplex { stanza } => {
                self.session.handled = self.session.handled.wrapping_add(u32::from(stanza));
                return Ok(None);
            }
        };
        if !element.has_ns(ns::JABBER_CLIENT) {
            return self.take_other(&element).map(|()| None);
        }
        let event = match element.name() {
            "message" => self.take_message(&element),
            "presence" => self.take_presence(&element),
            "iq" => self.take_iq(&element).map(|()| None)?,
            _ => return Ok(None),
        };
        self.session.handled = self.session.handled.wrapping_add(1);
        Ok(event)
    }

    /// What is no stanza.
    pub(super) fn take_other(&mut self, element: &Element) -> Result<(), Error> {
        if is_stream_error(element) {
            // A stream that the server ends for a reason would be resumed to end for the same reason again.
            self.session.forbid_resumption();
            return Err(stream_error(element));
        }
        if !self.session.managed || !element.has_ns(ns::SM) {
            return Ok(());
        }
        match element.name() {
            "r" => self.link.push(A::new(self.session.handled)),
            "a" => {
                let count = element.attr("h").and_then(|count| count.parse().ok());
                self.confirmed(count.ok_or(Error::Malformed("the server does not say what it has got"))?)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// The server has got `count` stanzas. What was sent since it was asked needs another request.
    fn confirmed(&mut self, count: u32) -> Result<(), Error> {
        self.fruitful |= self.session.ledger.confirm(count)? > 0;
        // The counts wrap around, so "at least" means: less than half a turn ahead.
        if self.asked.take_if(|asked| count.wrapping_sub(asked.count) <= u32::MAX / 2).is_some() {
            self.catching_up = false;
            if !self.session.ledger.is_settled() {
                self.ask();
            }
        }
        Ok(())
    }

    fn take_message(&mut self, message: &Element) -> Option<Event> {
        if let Some(bounce) = read_bounce(message, &self.session.address) {
            return self.take_bounce(&bounce);
        }
        let redelivery = self.session.since.as_ref().filter(|_| self.catching_up).map(|since| Redelivery { since });
        let taken = read_message(message, &self.session.address, redelivery.as_ref())?;
        self.fruitful = true;
        // A server that lost our session delivers once more what we had no time to confirm.
        let is_new = self.session.is_new(message.attr("id"), &taken.incoming);
        if taken.incoming.origin == Origin::History && !is_new {
            return None;
        }
        if let Some(device) = taken.answer_to {
            self.session.contacts.heard(&device);
            self.show_program(&device.to_bare());
        }
        Some(Event::Message(taken.incoming))
    }

    /// A message of ours came back: its receipt says so, or, where that has been settled, an event.
    pub(super) fn take_bounce(&mut self, bounce: &Bounce<'_>) -> Option<Event> {
        let peer = bounce.from.to_bare();
        let found = self.session.ledger.bounce(bounce.id, &peer, bounce.error);
        if found == Bounced::Unknown {
            return None;
        }
        self.session.contacts.unlock(&peer);
        self.show_program(&peer);
        if found == Bounced::Open {
            return None;
        }
        self.session.contacts.told_offline(&peer);
        Some(Event::Presence { of: peer.to_string(), presence: Presence::Offline })
    }

    fn take_presence(&mut self, presence: &Element) -> Option<Event> {
        let (from, state) = read_presence(presence, &self.session.address)?;
        let change = self.session.contacts.presence(&from, state);
        let peer = from.to_bare();
        self.show_program(&peer);
        change.map(|presence| Event::Presence { of: peer.to_string(), presence })
    }

    pub(super) fn take_iq(&mut self, iq: &Element) -> Result<(), Error> {
        if let Some(answer) = answer(iq, &self.session.address) {
            if self.session.ledger.open() < MAX_OPEN {
                self.post(answer, None);
            }
            return Ok(());
        }
        let id = iq.attr("id");
        if id.is_none() || !is_from_server(iq, &self.session.address) {
            return Ok(());
        }
        let pinged = self.asked.as_ref().filter(|asked| asked.ping.as_deref() == id).map(|asked| asked.count);
        if let Some(count) = pinged {
            return self.confirmed(count);
        }
        if self.asked_time.take_if(|asked| Some(asked.as_str()) == id).is_some() {
            let time = iq.get_child("time", ns::TIME).cloned().and_then(|time| TimeResult::try_from(time).ok());
            self.session.since = time.map(|time| DateTime(time.utc.fixed_offset()));
        }
        Ok(())
    }

    fn show_program(&self, peer: &BareJid) {
        let program = self.session.contacts.program(peer);
        self.host.view.send_if_modified(|view| view.set_program(peer, program));
    }
}
