use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use otr_transport::{Error, Event, Incoming, Presence};
use tokio_xmpp::jid::{BareJid, FullJid, Jid};
use tokio_xmpp::parsers::date::DateTime;

use crate::contacts::Contacts;
use crate::ledger::Ledger;
use crate::login::Bound;

/// Messages that are remembered to notice when a server, having lost our session, delivers them once more.
const MAX_RECENT: usize = 256;
/// Resumptions in a row that bring nothing forward before the session is given up: what it has to send or to receive
/// may be the very reason why its connections end.
const MAX_FRUITLESS: u8 = 8;

/// Resumptions in a row after which the server says nothing before the session is given up. Servers come to that where a
/// connection was lost in the midst of a login: what they still have of the session is broken. A network that fails just
/// then looks the same, but not twice.
const MAX_DEAF: u8 = 2;

/// How a session can be taken up again (XEP-0198, 5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resumption {
    /// What the server calls it.
    pub(crate) id: String,
    /// How long the server keeps it.
    pub(crate) kept: Duration,
}

/// What outlives a connection.
#[derive(Debug)]
pub(crate) struct Session {
    /// Who we are, with the resource.
    pub(crate) address: FullJid,
    /// Whether stanzas are counted and confirmed (XEP-0198).
    pub(crate) managed: bool,
    resumption: Option<Resumption>,
    fruitless: u8,
    deaf: u8,
    pub(crate) ledger: Ledger,
    /// Stanzas that came and have been dealt with.
    pub(crate) handled: u32,
    pub(crate) contacts: Contacts,
    /// When the session began, by the server's clock.
    pub(crate) since: Option<DateTime>,
    /// Fingerprints of the messages that came last, the oldest first.
    recent: VecDeque<u64>,
    /// Makes ids that nobody can guess, and fingerprints that nobody can forge.
    chance: RandomState,
    next_id: u64,
}

impl Session {
    pub(crate) fn new(bound: Bound) -> Self {
        Self {
            address: bound.address,
            managed: bound.managed,
            resumption: bound.resumption,
            fruitless: 0,
            deaf: 0,
            ledger: Ledger::default(),
            handled: 0,
            contacts: Contacts::default(),
            since: None,
            recent: VecDeque::new(),
            chance: RandomState::new(),
            next_id: 0,
        }
    }

    /// Begins a new session in place of this one, and says what the host has to know of the end of the old.
    pub(crate) fn begin_anew(&mut self, bound: Bound) -> Vec<Event> {
        let gone = self.contacts.forget().into_iter();
        let told = gone.map(|peer| Event::Presence { of: peer.to_string(), presence: Presence::Offline }).collect();
        let fresh = Self::new(bound);
        *self = Self {
            recent: std::mem::take(&mut self.recent),
            chance: self.chance.clone(),
            next_id: self.next_id,
            ..fresh
        };
        told
    }

    /// An id for a stanza of ours.
    pub(crate) fn new_id(&mut self) -> String {
        self.next_id = self.next_id.wrapping_add(1);
        format!("{:016x}", self.chance.hash_one(self.next_id))
    }

    /// Where questions to our own server go.
    pub(crate) fn server(&self) -> Jid {
        BareJid::from(self.address.domain()).into()
    }

    pub(crate) fn resumption(&self) -> Option<&Resumption> {
        self.resumption.as_ref()
    }

    /// The session cannot be taken up again.
    pub(crate) fn forbid_resumption(&mut self) {
        self.resumption = None;
    }

    /// The session is over. Whatever is open has been written, and nobody knows what became of it.
    pub(crate) fn give_up(&mut self, error: Error) {
        self.resumption = None;
        self.ledger.give_up(error);
    }

    /// Its connection has ended, having brought something forward or not, and with the server deaf or not.
    pub(crate) fn after_connection(&mut self, fruitful: bool, deaf: bool) {
        self.fruitless = if fruitful { 0 } else { self.fruitless.saturating_add(1) };
        self.deaf = if deaf { self.deaf.saturating_add(1) } else { 0 };
        if self.fruitless > MAX_FRUITLESS || self.deaf >= MAX_DEAF {
            self.resumption = None;
        }
    }

    /// Takes note of a message that is handed up. `false` if an earlier one was just the same, id and sender included.
    /// Only messages with an id can be told apart from equal ones.
    pub(crate) fn is_new(&mut self, id: Option<&str>, message: &Incoming) -> bool {
        let Some(id) = id else { return true };
        let print = self.chance.hash_one((id, &message.from, &message.device, &message.body));
        if self.recent.contains(&print) {
            return false;
        }
        if self.recent.len() == MAX_RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(print);
        true
    }
}

#[cfg(test)]
mod tests {
    use otr_transport::Origin;

    use super::*;
    use crate::contacts::State;

    fn bound() -> Bound {
        Bound {
            address: FullJid::new("alice@example.org/desk").unwrap(),
            managed: true,
            resumption: Some(Resumption { id: "x".to_owned(), kept: Duration::from_secs(60) }),
            max_stanza_size: None,
        }
    }

    fn message(body: &str) -> Incoming {
        Incoming::new("bob@example.org", body, Origin::History).with_device("phone")
    }

    #[test]
    fn ids_differ() {
        let mut session = Session::new(bound());
        let ids: std::collections::BTreeSet<_> = (0..1000).map(|_| session.new_id()).collect();
        assert_eq!(ids.len(), 1000);
    }

    #[test]
    fn a_message_delivered_once_more_is_known_also_in_the_next_session() {
        let mut session = Session::new(bound());
        assert!(session.is_new(Some("1"), &message("one")));
        assert!(session.is_new(Some("2"), &message("one")));
        assert!(session.is_new(Some("1"), &message("two")));
        assert!(session.begin_anew(bound()).is_empty());
        assert!(!session.is_new(Some("1"), &message("one")));
        assert!(session.is_new(None, &message("one")));
        assert!(session.is_new(None, &message("one")));
        for number in 0..2 * MAX_RECENT {
            session.is_new(Some(&number.to_string()), &message("x"));
        }
        assert_eq!(session.recent.len(), MAX_RECENT);
    }

    #[test]
    fn a_session_that_brings_nothing_forward_is_given_up() {
        let mut session = Session::new(bound());
        for _ in 0..MAX_FRUITLESS {
            session.after_connection(false, false);
        }
        session.after_connection(true, false);
        for _ in 0..=MAX_FRUITLESS {
            assert!(session.resumption().is_some());
            session.after_connection(false, false);
        }
        assert!(session.resumption().is_none());
    }

    #[test]
    fn a_session_in_which_the_server_is_deaf_is_given_up_at_the_second_time() {
        let mut session = Session::new(bound());
        for (deaf, goes_on) in [(true, true), (false, true), (true, true), (true, false)] {
            session.after_connection(true, deaf);
            assert_eq!(session.resumption().is_some(), goes_on);
        }
    }

    #[test]
    fn whoever_was_there_is_said_to_be_gone_with_the_session() {
        let mut session = Session::new(bound());
        let state = State::Available { away: false, program: None };
        session.contacts.presence(&Jid::new("bob@example.org/a").unwrap(), state);
        let gone = Event::Presence { of: "bob@example.org".to_owned(), presence: Presence::Offline };
        assert_eq!(session.begin_anew(bound()), [gone]);
    }
}
