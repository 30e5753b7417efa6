//! One conversation: two programs, and what is on its way between them.

use std::collections::VecDeque;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::check::{Failure, check};
use super::{Both, Dice, End, Pair, Setting};
use crate::process::{Answer, ErrorAnswer, Notification};

/// More than any scenario carries; programs that answer each other for ever reach it.
const MAX_CARRIED: usize = 20_000;

/// How much of what happened last a failure shows.
const TRACE: usize = 60;

/// Two who have never met, and a network that carries in order what they say to each other.
#[derive(Debug)]
pub struct Meeting<'p> {
    /// What decides about order and loss.
    pub dice: Dice,
    pair: &'p mut Pair,
    number: u32,
    /// What is on its way *to* each end, oldest first.
    flight: Both<VecDeque<Packet>>,
    /// What each end has been brought and has to show, oldest first.
    expected: Both<Vec<String>>,
    heard: Both<Vec<Notification>>,
    wire: Vec<String>,
    trace: VecDeque<String>,
}

/// One message on the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Packet {
    /// As the sender gave it to the network.
    pub(crate) message: String,
    /// The text that the receiver has to show when this arrives.
    text: Option<String>,
}

impl<'p> Meeting<'p> {
    pub(crate) fn new(pair: &'p mut Pair, number: u32, dice: Dice) -> Self {
        Self {
            dice,
            pair,
            number,
            flight: Both::default(),
            expected: Both::default(),
            heard: Both::default(),
            wire: Vec::new(),
            trace: VecDeque::new(),
        }
    }

    /// Asks the program at `end` about its conversation with the other.
    pub(crate) fn call(&mut self, end: End, method: &str, params: Value) -> Result<Value, Failure> {
        let outcome = self.attempt(end, method, params)?;
        outcome.map_err(|error| Failure(format!("{} {method}: {error}", end.name())))
    }

    /// The same where an error is a possible answer.
    pub(crate) fn attempt(
        &mut self,
        end: End,
        method: &str,
        mut params: Value,
    ) -> Result<Result<Value, ErrorAnswer>, Failure> {
        let peer = self.peer_of(end);
        self.note(format!("{} {method} {params}", end.name()));
        params["peer"] = json!(peer);
        let answer = self.pair.process(end).request(method, &params)?;
        for notification in answer.notifications {
            // What is still said about an earlier conversation is no concern of this one.
            if notification.params["peer"] != json!(peer) {
                continue;
            }
            self.note(format!("    -> {} {}", notification.method, notification.params));
            match (notification.method.as_str(), notification.params["message"].as_str()) {
                ("inject", Some(message)) => self.put_on_network(end.other(), message),
                // One program plays many contacts, a new one in each run: that is what it is told of.
                ("warning", _) if notification.params["identity"] == "of_another" => {}
                _ => self.heard.at_mut(end).push(notification),
            }
        }
        Ok(answer.outcome)
    }

    /// Sends a message on its way to `end`.
    pub(crate) fn put_on_network(&mut self, end: End, message: &str) {
        self.wire.push(message.to_owned());
        self.flight.at_mut(end).push_back(Packet { message: message.to_owned(), text: None });
    }

    /// Has `end` ask for a private conversation.
    pub(crate) fn start(&mut self, end: End) -> Result<(), Failure> {
        self.call(end, "start", json!({})).map(drop)
    }

    /// Has `end` send `text`, encrypted; once it has been carried, the other end has to show it.
    pub(crate) fn send(&mut self, end: End, text: &str) -> Result<(), Failure> {
        let before = self.in_flight(end.other()).len();
        let result = self.call(end, "send", json!({"text": text}))?;
        check(result["status"] == "sent", || format!("{} send: {result}", end.name()))?;
        let flight = self.flight.at_mut(end.other());
        check(flight.len() > before, || format!("{} sent nothing", end.name()))?;
        if let Some(packet) = flight.back_mut() {
            packet.text = Some(text.to_owned());
        }
        Ok(())
    }

    /// What is on its way to `end`.
    pub(crate) const fn in_flight(&mut self, end: End) -> &mut VecDeque<Packet> {
        self.flight.at_mut(end)
    }

    /// Carries the oldest message that is on its way to `end`; false if there is none.
    pub(crate) fn deliver(&mut self, end: End) -> Result<bool, Failure> {
        let Some(packet) = self.flight.at_mut(end).pop_front() else { return Ok(false) };
        self.call(end, "receive", json!({"message": packet.message}))?;
        self.expected.at_mut(end).extend(packet.text);
        Ok(true)
    }

    /// Carries a message, as often as need be, that is not on its way: an attacker has it, or the network a copy.
    pub(crate) fn inject(&mut self, end: End, message: &str) -> Result<(), Failure> {
        self.call(end, "receive", json!({"message": message})).map(drop)
    }

    /// Carries everything, each direction in order and the two in any, until both ends are silent.
    pub(crate) fn settle(&mut self) -> Result<(), Failure> {
        for _ in 0..MAX_CARRIED {
            let end = self.dice.one_of(End::BOTH);
            if !self.deliver(end)? && !self.deliver(end.other())? {
                return Ok(());
            }
        }
        Err(Failure("they never fall silent".to_owned()))
    }

    /// What `end` has said of one kind since it was last asked.
    pub(crate) fn take(&mut self, end: End, method: &str) -> Vec<Value> {
        let heard = std::mem::take(self.heard.at_mut(end));
        let (wanted, rest) = heard.into_iter().partition(|notification| notification.method == method);
        *self.heard.at_mut(end) = rest;
        let wanted: Vec<Notification> = wanted;
        wanted.into_iter().map(|notification| notification.params).collect()
    }

    /// All that `end` has said since it was last asked.
    pub(crate) fn take_all(&mut self, end: End) -> Vec<Notification> {
        std::mem::take(self.heard.at_mut(end))
    }

    /// How things stand at `end`.
    pub(crate) fn status(&mut self, end: End) -> Result<Value, Failure> {
        self.call(end, "status", json!({}))
    }

    /// The fingerprint of the program at `end`.
    pub(crate) fn fingerprint(&self, end: End) -> Value {
        self.pair.fingerprint(end).clone()
    }

    /// The version that a private conversation is to have.
    pub(crate) fn version(&self) -> Option<u16> {
        self.pair.version()
    }

    /// The versions that the program at `end` has.
    pub(crate) fn versions(&self, end: End) -> Vec<u16> {
        self.pair.versions(end).to_vec()
    }

    /// Whether the program at `end` is the one from this tree.
    pub(crate) fn is_ours(&self, end: End) -> bool {
        self.pair.is_ours(end)
    }

    /// What the program at `end` calls the other.
    pub(crate) fn peer_of(&self, end: End) -> String {
        format!("{}-{}", end.other().name(), self.number)
    }

    /// Goes on as if they had never met.
    pub(crate) fn anew(&mut self) {
        self.number = self.pair.next_meeting();
        self.flight = Both::default();
        self.expected = Both::default();
        self.heard = Both::default();
        self.wire.clear();
    }

    /// Asks the second program of the first account, in [`Setting::Twins`]. All it says is in the answer.
    pub(crate) fn ask_twin(&mut self, method: &str, mut params: Value) -> Result<Answer, Failure> {
        params["peer"] = json!(self.peer_of(End::First));
        self.note(format!("twin {method} {params}"));
        let Some(twin) = self.pair.twin() else { return Err(Failure("there is no twin".to_owned())) };
        let answer = twin.request(method, &params)?;
        for said in &answer.notifications {
            self.note(format!("    -> {} {}", said.method, said.params));
        }
        Ok(answer)
    }

    /// How the programs were started.
    pub(crate) const fn setting(&self) -> Setting {
        self.pair.setting()
    }

    /// Kills the program at `end` and starts it again, at any time and as often as wanted. It has forgotten all but
    /// what is in its home ([`Setting::Homes`]). What is on its way stays so.
    pub(crate) fn restart(&mut self, end: End) -> Result<(), Failure> {
        self.note(format!("{} restarts", end.name()));
        self.pair.restart(end)
    }

    /// Everything that either end has put on the network so far.
    pub(crate) fn wire(&self) -> &[String] {
        &self.wire
    }

    /// What was brought to `end` and has to have been shown, oldest first.
    pub(crate) fn take_expected(&mut self, end: End) -> Vec<String> {
        std::mem::take(self.expected.at_mut(end))
    }

    /// What happened last, for a report.
    #[must_use]
    pub fn trace(&mut self) -> String {
        let mut trace = String::new();
        for line in &self.trace {
            let _ = write!(trace, "\n    {line}");
        }
        for end in End::BOTH {
            trace.push_str(&self.pair.process(end).stderr());
        }
        trace
    }

    fn note(&mut self, mut line: String) {
        const WIDTH: usize = 120;
        if line.len() > WIDTH {
            line.truncate(line.floor_char_boundary(WIDTH));
            line.push('…');
        }
        if self.trace.len() == TRACE {
            self.trace.pop_front();
        }
        self.trace.push_back(line);
    }
}
