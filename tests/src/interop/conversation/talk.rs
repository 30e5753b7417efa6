//! The two programs, what they said last, and the network between them.

use serde_json::{Value, json};

use super::letter::{Content, Kind, Letter, sort};
use super::network::Network;
use super::tally::Tally;
use crate::interop::check::check;
use crate::interop::{Both, End, Failure, Meeting};
use crate::process::{ErrorAnswer, Notification};

/// How a side says that it stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Standing {
    /// `plaintext`, `encrypted` or `finished`.
    pub(super) state: Value,
    /// The session's id, or null.
    pub(super) session: Value,
    /// Whether a comparison is under way: `asked`, `in_progress` or null.
    pub(super) smp: Value,
}

impl Standing {
    pub(super) fn is_private(&self) -> bool {
        self.state == "encrypted"
    }
}

/// A conversation.
#[derive(Debug)]
pub(super) struct Talk<'p> {
    pub(super) meeting: Meeting<'p>,
    pub(super) version: u16,
    pub(super) network: Network,
    pub(super) standing: Both<Standing>,
    /// The texts that each side sent in private.
    pub(super) texts: Both<Vec<String>>,
    /// The secret that each side's user typed last.
    pub(super) typed: Both<Option<String>>,
    /// Whether each side's user is asked for a secret.
    pub(super) asked: Both<bool>,
    /// How the comparisons at each side ended.
    pub(super) outcomes: Both<Vec<String>>,
    /// The highest number of a message that arrived at each side.
    pub(super) newest: Both<Option<u32>>,
    pub(super) tally: Tally,
}

/// What a request did besides its answer.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) result: Result<Value, ErrorAnswer>,
    /// How the side stood before.
    pub(super) before: Standing,
    /// What it said, but for messages to the network.
    pub(super) said: Vec<Notification>,
}

impl<'p> Talk<'p> {
    pub(super) fn new(meeting: Meeting<'p>, version: u16) -> Self {
        Self {
            meeting,
            version,
            network: Network::default(),
            standing: Both::default(),
            texts: Both::default(),
            typed: Both::default(),
            asked: Both::default(),
            outcomes: Both::default(),
            newest: Both::default(),
            tally: Tally { conversations: 1, ..Tally::default() },
        }
    }

    /// Asks `end` for something that has to be possible, and says nothing of note.
    pub(super) fn call(&mut self, end: End, method: &str, params: Value) -> Result<Value, Failure> {
        let done = self.request(end, method, params, Content::Nothing)?;
        self.check_quiet(end, method, &done)?;
        done.result.map_err(|error| Failure(format!("{} {method}: {error}", end.name())))
    }

    /// Asks `end`, puts what it has for the network on its way, and asks how it stands then. A Data message that comes
    /// of it says `content`.
    pub(super) fn request(&mut self, end: End, method: &str, params: Value, content: Content) -> Result<Done, Failure> {
        let before = self.standing.at(end).clone();
        let result = self.meeting.attempt(end, method, params)?;
        let said = self.meeting.take_all(end);
        let packets = self.meeting.in_flight(end.other()).drain(..).map(|packet| packet.message).collect();
        self.look(end)?;
        let resent = said.iter().any(|said| said.method == "warning" && said.params["code"] == "resend");
        // An ending leaves no session; what is sent in answer to a message belongs to the session after it.
        let session = match (method, &content) {
            ("receive", _) => self.standing.at(end).session.clone(),
            _ => before.session.clone(),
        };
        let letters = sort(packets);
        let last = letters.iter().rposition(|(kind, _)| matches!(kind, Kind::Data | Kind::Plain));
        for (index, (kind, pieces)) in letters.into_iter().enumerate() {
            let content = match kind {
                Kind::Data if resent => Content::Resent,
                // What comes before it in the same breath is between the programs.
                Kind::Data | Kind::Plain if Some(index) == last => content.clone(),
                Kind::Data | Kind::Plain | Kind::Word | Kind::Exchange => Content::Nothing,
            };
            let session = session.clone();
            let letter =
                Letter { kind, content, session, number: 0, pieces, disturbed: false, completed: 0, shown: false };
            self.network.post(end.other(), letter);
        }
        Ok(Done { result, before, said })
    }

    /// Asks `end` how it stands.
    fn look(&mut self, end: End) -> Result<(), Failure> {
        let mut status = self.meeting.status(end)?;
        let session = status["session_id"]["value"].take();
        *self.standing.at_mut(end) = Standing { state: status["state"].take(), session, smp: status["smp"].take() };
        Ok(())
    }

    /// A request that only sends shows nothing and changes no session.
    pub(super) fn check_quiet(&self, end: End, method: &str, done: &Done) -> Result<(), Failure> {
        let quiet = done.said.iter().all(|said| said.method == "smp");
        let same = self.standing.at(end).session == done.before.session;
        check(quiet && same, || format!("{} {method} says {:?}", end.name(), done.said))
    }

    /// Has `end` send `text`, which it can: it is in private.
    pub(super) fn send(&mut self, end: End, text: String) -> Result<(), Failure> {
        let done = self.request(end, "send", json!({"text": text}), Content::Text(text.clone()))?;
        self.check_quiet(end, "send", &done)?;
        let result = done.result?;
        check(result["status"] == "sent", || format!("{} send: {result}", end.name()))?;
        self.texts.at_mut(end).push(text);
        self.tally.sent = self.tally.sent.saturating_add(1);
        Ok(())
    }

    /// Whether both sides say that they are in the same session.
    pub(super) fn is_one(&self) -> bool {
        let [first, second] = End::BOTH.map(|end| self.standing.at(end));
        first.is_private() && second.is_private() && first.session == second.session
    }
}
