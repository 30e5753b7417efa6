mod arrivals;
mod goodbye;

use std::collections::VecDeque;
use std::fmt;

use otr_transport::{Error, Event, Outcome};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until};
use tokio_xmpp::jid::BareJid;
use tokio_xmpp::minidom::Element;
use tokio_xmpp::parsers::carbons;
use tokio_xmpp::parsers::iq::Iq;
use tokio_xmpp::parsers::ping::Ping;
use tokio_xmpp::parsers::presence::Presence;
use tokio_xmpp::parsers::sm::R;
use tokio_xmpp::parsers::time::TimeQuery;

use crate::Options;
use crate::ledger::Letter;
use crate::letter::compose;
use crate::session::Session;
use crate::view::View;
use crate::wire::{Link, Step};

/// Stanzas that may be unconfirmed when a message is sent. More messages would only wait somewhere else.
const WINDOW: usize = 64;
/// Answers that wait to be written; while there are so many, nothing is read.
const MAX_BACKLOG: usize = 64;

/// A message on its way out.
pub(crate) struct Outgoing {
    pub(crate) to: BareJid,
    pub(crate) body: String,
    pub(crate) outcome: Outcome,
}

/// Hides the text.
impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing").field("to", &self.to).finish_non_exhaustive()
    }
}

/// The host, as the task sees it.
#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) outbox: mpsc::Receiver<Outgoing>,
    pub(crate) events: mpsc::Sender<Event>,
    pub(crate) view: watch::Sender<View>,
    /// Ends when the host closes.
    pub(crate) closing: oneshot::Receiver<()>,
}

/// One connection from its start to its end: messages out, messages in, at the same time.
#[derive(Debug)]
pub(crate) struct Conversation<'a> {
    link: Link,
    session: &'a mut Session,
    host: &'a mut Host,
    options: &'a Options,
    /// What the host has to know before anything that arrives.
    news: VecDeque<Event>,
    /// Our last request for a confirmation, until it is answered.
    asked: Option<Asked>,
    /// The id of our question what time it is.
    asked_time: Option<String>,
    /// Whether what comes now had been held back by the server while we were away.
    catching_up: bool,
    /// Whether something was brought forward.
    fruitful: bool,
}

/// A request for a confirmation.
#[derive(Debug)]
struct Asked {
    until: Instant,
    /// What an answer confirms at least.
    count: u32,
    /// The id of the ping, where there is no stream management. Servers work off what they get in order (RFC 6120, 10.1),
    /// so they have got everything that came before a ping they answer.
    ping: Option<String>,
}

/// How a connection ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// [`Error::Closed`] when the host closed.
    pub(crate) reason: Error,
    /// Whether something was brought forward while it lasted.
    pub(crate) fruitful: bool,
    /// Whether the server took the session up again and then had nothing to say for as long as it has for an answer,
    /// although it was asked.
    pub(crate) deaf: bool,
    /// Whether our own closing went in good order.
    pub(crate) goodbye: Result<(), Error>,
}

impl<'a> Conversation<'a> {
    /// Goes on with a session that was resumed: what the server has not got is sent once more.
    pub(crate) fn resumed(link: Link, session: &'a mut Session, host: &'a mut Host, options: &'a Options) -> Self {
        let mut this = Self::new(link, session, host, options);
        this.news.push_back(Event::Connected { resumed: true });
        for stanza in this.session.ledger.unconfirmed() {
            this.link.push(stanza.clone());
        }
        this.catching_up = true;
        // Its answer comes after everything that the server held back.
        this.ask();
        this
    }

    /// Begins a new session, after telling the host how the last one ended.
    pub(crate) fn begun(
        link: Link,
        session: &'a mut Session,
        host: &'a mut Host,
        options: &'a Options,
        end_of_the_last: Vec<Event>,
    ) -> Self {
        let mut this = Self::new(link, session, host, options);
        this.news.extend(end_of_the_last);
        this.news.push_back(Event::Connected { resumed: false });
        let (copies, time) = (this.session.new_id(), this.session.new_id());
        this.post(Iq::from_set(copies, carbons::Enable), None);
        this.post(Iq::from_get(time.clone(), TimeQuery).with_to(this.session.server()), None);
        this.asked_time = Some(time);
        this.post(Presence::available(), None);
        this
    }

    fn new(link: Link, session: &'a mut Session, host: &'a mut Host, options: &'a Options) -> Self {
        Self {
            link,
            session,
            host,
            options,
            news: VecDeque::new(),
            asked: None,
            asked_time: None,
            catching_up: false,
            fruitful: false,
        }
    }

    /// Lasts as long as the connection does.
    pub(crate) async fn run(mut self) -> Ended {
        let reason = self.talk().await;
        let fruitful = self.fruitful;
        let deaf = reason == Error::TimedOut && self.catching_up && self.link.is_idle();
        let goodbye = match reason {
            Error::Closed => self.say_goodbye().await,
            _ => Ok(()),
        };
        Ended { reason, fruitful, deaf, goodbye }
    }

    /// Goes on until it cannot, or the host closes, and says which.
    async fn talk(&mut self) -> Error {
        let events = self.host.events.clone();
        let mut place: Option<mpsc::Permit<'_, Event>> = None;
        loop {
            if let Some(free) = place.take() {
                match self.news.pop_front() {
                    Some(event) => free.send(event),
                    None => place = Some(free),
                }
            }
            // First a place to put it, then the reading: nothing piles up here.
            let reading = place.is_some() && self.link.backlog() < MAX_BACKLOG;
            let sending = self.link.is_idle() && self.session.ledger.open() < WINDOW;
            // While nothing is read, the answer may be there already.
            let until = self.asked.as_ref().map(|asked| asked.until).filter(|_| reading);
            tokio::select! {
                biased;
                _ = &mut self.host.closing => return Error::Closed,
                free = events.reserve(), if place.is_none() => match free {
                    Ok(free) => place = Some(free),
                    Err(_) => return Error::Closed,
                },
                outgoing = self.host.outbox.recv(), if sending => match outgoing {
                    Some(outgoing) => self.send(outgoing),
                    None => return Error::Closed,
                },
                step = self.link.step(reading) => match self.after(step) {
                    Ok(Some(event)) => match place.take() {
                        Some(free) => free.send(event),
                        None => self.news.push_back(event),
                    },
                    Ok(None) => {}
                    Err(error) => return error,
                },
                () = sleep_until(until.unwrap_or_else(Instant::now)), if until.is_some() => return Error::TimedOut,
            }
        }
    }

    fn after(&mut self, step: Result<Step, Error>) -> Result<Option<Event>, Error> {
        match step? {
            Step::Arrived(received) => {
                // What was held back comes before the answer, however long it takes.
                if let Some(asked) = self.asked.as_mut().filter(|_| self.catching_up) {
                    asked.until = Instant::now() + self.options.answer_timeout;
                }
                return self.take(received);
            }
            Step::Silent => self.ask(),
            Step::Written => {}
        }
        Ok(None)
    }

    fn send(&mut self, outgoing: Outgoing) {
        let id = self.session.new_id();
        let to = self.session.contacts.target(&outgoing.to);
        let letter = Letter { id: id.clone(), to: outgoing.to, outcome: outgoing.outcome };
        self.post(compose(id, to, outgoing.body), Some(letter));
        if self.asked.is_none() {
            self.ask();
        }
    }

    /// Sends a stanza. Without stream management only messages are waited for, and nothing can be sent again.
    fn post(&mut self, stanza: impl Into<Element>, letter: Option<Letter>) {
        let stanza = stanza.into();
        if self.session.managed {
            self.session.ledger.enter(Some(stanza.clone()), letter);
        } else if letter.is_some() {
            self.session.ledger.enter(None, letter);
        }
        self.link.push(stanza);
    }

    /// Asks the server to confirm what it has got so far, and so that it is there.
    fn ask(&mut self) {
        let mut ping = None;
        if self.session.managed {
            self.link.push(R);
        } else {
            let id = self.session.new_id();
            self.link.push(Iq::from_get(id.clone(), Ping).with_to(self.session.server()));
            ping = Some(id);
        }
        let until = Instant::now() + self.options.answer_timeout;
        self.asked = Some(Asked { until, count: self.session.ledger.total(), ping });
    }
}
