//! How a conversation is ended from our side.

use std::io;

use otr_transport::Error;
use tokio::time::{Instant, timeout_at};
use tokio_xmpp::parsers::ns;
use tokio_xmpp::parsers::presence::Presence;
use tokio_xmpp::parsers::sm::A;

use super::{Conversation, WINDOW};
use crate::inbound::read_bounce;
use crate::wire::{Received, Step};

impl Conversation<'_> {
    /// Sends what was handed over, waits until the server has it, and ends the stream. Whatever has not gone by then
    /// is said to be lost.
    pub(super) async fn say_goodbye(mut self) -> Result<(), Error> {
        // Nothing more is taken, but what was taken before is still there.
        self.host.outbox.close();
        let until = Instant::now() + self.options.close_timeout;
        let settled = timeout_at(until, self.settle()).await.unwrap_or(Err(Error::TimedOut));
        self.session.give_up(Error::ConnectionLost(io::ErrorKind::ConnectionAborted));
        while let Ok(unsent) = self.host.outbox.try_recv() {
            unsent.outcome.say(Err(Error::NotConnected));
        }
        settled?;
        timeout_at(until, self.link.shut_down()).await.unwrap_or(Err(Error::TimedOut))
    }

    async fn settle(&mut self) -> Result<(), Error> {
        let mut deaf = false;
        let mut leaving = false;
        loop {
            while self.session.ledger.open() < WINDOW
                && let Ok(outgoing) = self.host.outbox.try_recv()
            {
                self.send(outgoing);
            }
            if self.session.ledger.is_settled() && self.host.outbox.is_empty() && !leaving {
                leaving = true;
                self.post(Presence::unavailable(), None);
                // The last word on what we have got, or the server would deliver it to us again.
                if self.session.managed && !deaf {
                    self.link.push(A::new(self.session.handled));
                }
            }
            if leaving && self.link.is_idle() {
                return Ok(());
            }
            match self.link.step(true).await? {
                Step::Arrived(received) if leaving || deaf => self.overhear(&received)?,
                Step::Arrived(received) => match self.host.events.clone().try_reserve() {
                    Ok(place) => {
                        if let Some(event) = self.take(received)? {
                            place.send(event);
                        }
                    }
                    Err(_) => {
                        deaf = true;
                        self.overhear(&received)?;
                    }
                },
                Step::Silent => self.ask(),
                Step::Written => {}
            }
        }
    }

    /// Takes what tells of our own messages, and leaves the rest to the server: it is not counted as handled, so one
    /// that counts keeps it for our next session.
    fn overhear(&mut self, received: &Received) -> Result<(), Error> {
        let Received::Whole(element) = received else { return Ok(()) };
        if element.is("r", ns::SM) {
            return Ok(());
        }
        if element.is("iq", ns::JABBER_CLIENT) {
            return self.take_iq(element);
        }
        if element.is("message", ns::JABBER_CLIENT) {
            if let Some(bounce) = read_bounce(element, &self.session.address) {
                self.take_bounce(&bounce);
            }
            return Ok(());
        }
        self.take_other(element)
    }
}
