//! What a side has to show when a message arrives.

use serde_json::{Value, json};

use super::letter::{Content, Kind, Letter};
use super::network::Packet;
use super::talk::{Done, Standing, Talk};
use crate::interop::check::check;
use crate::interop::{End, Failure};

/// More than any conversation carries.
const MAX_CARRIED: usize = 20_000;

/// What a program must not say of a message that it has to show.
const COMPLAINTS: [&str; 5] = ["unreadable", "not_in_private", "replayed", "malformed", "unencrypted_received"];

/// Whether the receiver takes up what a message says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    Must,
    May,
    MustNot,
}

impl Talk<'_> {
    /// Carries the next packet to `end`; false if there is none.
    pub(super) fn deliver(&mut self, end: End) -> Result<bool, Failure> {
        let Some(packet) = self.network.next(end) else { return Ok(false) };
        let Some((letter, whole)) = self.arrive(end, packet) else { return Ok(false) };
        let message = letter.pieces.get(packet.piece).cloned().unwrap_or_default();
        let done = self.request(end, "receive", json!({"message": message}), Content::Nothing)?;
        let due = due(&letter, whole, &done.before, *self.newest.at(end));
        self.check_shown(end, packet, &letter, due, &done)?;
        self.check_sessions(end, &letter, &done)?;
        self.check_comparison(end, &done)?;
        if whole {
            let newest = self.newest.at_mut(end);
            *newest = (*newest).max(Some(letter.number));
        }
        if whole && end == End::First && matches!(letter.kind, Kind::Exchange | Kind::Word) {
            self.tally.exchange_messages = self.tally.exchange_messages.saturating_add(1);
        }
        Ok(true)
    }

    /// Carries all that is on its way, in any order of the two directions.
    pub(super) fn settle(&mut self) -> Result<(), Failure> {
        for _ in 0..MAX_CARRIED {
            let end = self.meeting.dice.one_of(End::BOTH);
            if !self.deliver(end)? && !self.deliver(end.other())? {
                return Ok(());
            }
        }
        Err(Failure("they never fall silent".to_owned()))
    }

    /// Notes that a packet arrives. The letter as it was until then, and whether this completes it.
    fn arrive(&mut self, end: End, packet: Packet) -> Option<(Letter, bool)> {
        let letter = self.network.letter(end, packet)?;
        let before = letter.clone();
        let last = packet.piece.saturating_add(1) == letter.pieces.len();
        if last {
            letter.completed = letter.completed.saturating_add(1);
        }
        Some((before, last))
    }

    /// The receiver shows what it has to, and nothing else.
    fn check_shown(&mut self, end: End, packet: Packet, letter: &Letter, due: Due, done: &Done) -> Result<(), Failure> {
        let said = |kind: &str| -> Vec<&Value> {
            done.said.iter().filter(|said| said.method == kind).map(|said| &said.params).collect()
        };
        let (messages, keys, warnings) = (said("message"), said("extra_key"), said("warning"));
        let shown = [messages.as_slice(), keys.as_slice()].concat();
        let right = match &letter.content {
            Content::Nothing | Content::End => shown.is_empty(),
            Content::Text(text) => {
                let encrypted = letter.kind == Kind::Data;
                taken(&shown, due, |one| one["text"] == *text && one["encrypted"] == encrypted)
            }
            Content::Resent => taken(&shown, due.at_most_may(), |one| {
                one["text"].as_str().is_some_and(|text| self.is_resent(end.other(), text)) && one["encrypted"] == true
            }),
            Content::ExtraKey { usage, data, key } => {
                taken(&shown, due, |one| one["use"] == *usage && one["data"] == *data && one["key"] == *key)
            }
        };
        check(right, || format!("the {} shows {shown:?} and {due:?} show {:?}", end.name(), letter.content))?;
        let complaints = warnings.iter().any(|warning| COMPLAINTS.iter().any(|code| warning["code"] == *code));
        let silent = due != Due::Must || !complaints;
        check(silent, || format!("the {} warns of {:?}: {warnings:?}", end.name(), letter.content))?;

        let text = matches!(letter.content, Content::Text(_)) && letter.kind == Kind::Data;
        if shown.len() == 1
            && let Some(letter) = self.network.letter(end, packet)
        {
            // It may not be shown again, whatever still arrives of it.
            letter.shown = true;
        }
        match (&letter.content, shown.len()) {
            (Content::ExtraKey { .. }, 1) => self.tally.extra_keys = self.tally.extra_keys.saturating_add(1),
            (_, 1) => self.tally.shown = self.tally.shown.saturating_add(1),
            _ if text && letter.completed == 0 && due == Due::MustNot && done.before.session != letter.session => {
                self.tally.stale = self.tally.stale.saturating_add(1);
            }
            _ => {}
        }
        check(!letter.shown || shown.is_empty(), || format!("the {} shows twice: {shown:?}", end.name()))
    }

    /// Whether `text` is one that `from` said before, or nothing, which is what a heartbeat says.
    fn is_resent(&self, from: End, text: &str) -> bool {
        let repeated = self.texts.at(from).iter().any(|sent| text.ends_with(sent.as_str()));
        repeated || text.strip_prefix("[resent]").is_some_and(|rest| rest.trim().is_empty())
    }

    /// Only an exchange or an ending changes a session, and a new one is with the right person.
    fn check_sessions(&mut self, end: End, letter: &Letter, done: &Done) -> Result<(), Failure> {
        let after = self.standing.at(end);
        let may_change = letter.kind == Kind::Exchange || letter.content == Content::End;
        let same = after.session == done.before.session && after.state == done.before.state;
        check(may_change || same, || {
            format!("{:?} brings the {} from {:?} to {after:?}", letter.kind, end.name(), done.before)
        })?;
        if !same {
            // A comparison belongs to its session.
            *self.asked.at_mut(end) = false;
        }
        for said in &done.said {
            let params = &said.params;
            if said.method == "session" && params["state"] == "encrypted" {
                let theirs = self.meeting.fingerprint(end.other());
                let right = params["their_fingerprint"] == theirs && params["version"] == self.version;
                check(right, || format!("the {} says {params}", end.name()))?;
                self.tally.sessions = self.tally.sessions.saturating_add(1);
                if params["refreshed"] == true {
                    self.tally.refreshed = self.tally.refreshed.saturating_add(1);
                }
            }
            if said.method == "session" && params["state"] == "finished" {
                let after = self.standing.at(end);
                check(after.state == "finished", || format!("the {} says {params} and is {after:?}", end.name()))?;
            }
        }
        Ok(())
    }

    /// Only equal secrets succeed, and nobody is called a cheat.
    pub(super) fn check_comparison(&mut self, end: End, done: &Done) -> Result<(), Failure> {
        for said in done.said.iter().filter(|said| said.method == "smp") {
            let event = said.params["event"].as_str().unwrap_or_default();
            if event == "in_progress" {
                continue;
            }
            *self.asked.at_mut(end) = event == "asked";
            if event == "asked" {
                continue;
            }
            let typed = End::BOTH.map(|end| self.typed.at(end).clone());
            let equal = typed[0].is_some() && typed[0] == typed[1];
            check(event != "cheated", || format!("the {} is told of a cheat", end.name()))?;
            check(event != "succeeded" || equal, || format!("{typed:?} succeed at the {}", end.name()))?;
            match event {
                "succeeded" => self.tally.succeeded = self.tally.succeeded.saturating_add(1),
                "failed" => self.tally.failed = self.tally.failed.saturating_add(1),
                _ => {}
            }
            self.outcomes.at_mut(end).push(event.to_owned());
        }
        Ok(())
    }
}

/// What has to become of a letter when a packet of it arrives. `whole`: that is its last. `newest`: the number of the
/// newest one that has arrived.
fn due(letter: &Letter, whole: bool, receiver: &Standing, newest: Option<u32>) -> Due {
    if letter.kind == Kind::Plain {
        return Due::Must;
    }
    let of_session = receiver.is_private() && receiver.session == letter.session;
    if letter.kind != Kind::Data || !of_session {
        return Due::MustNot;
    }
    match (letter.disturbed, letter.completed) {
        // Pieces may have come in an order in which another than the last completes them.
        (true, _) if letter.pieces.len() > 1 => Due::May,
        (_, 1..) if letter.shown => Due::MustNot,
        // A copy, the first of which came when it could not be read.
        (_, 1..) | (true, 0) => Due::May,
        (false, 0) if !whole => Due::MustNot,
        (false, 0) if newest > Some(letter.number) => Due::May,
        (false, 0) => Due::Must,
    }
}

impl Due {
    /// A repetition that nobody asked for may be left unshown.
    const fn at_most_may(self) -> Self {
        match self {
            Self::Must | Self::May => Self::May,
            Self::MustNot => Self::MustNot,
        }
    }
}

fn taken(shown: &[&Value], due: Due, as_sent: impl Fn(&Value) -> bool) -> bool {
    match (shown, due) {
        ([], Due::May | Due::MustNot) => true,
        ([one], Due::Must | Due::May) => as_sent(one),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(pieces: usize) -> Letter {
        Letter {
            kind: Kind::Data,
            content: Content::Text("hello".to_owned()),
            session: json!("one"),
            number: 5,
            pieces: vec![String::new(); pieces],
            disturbed: false,
            completed: 0,
            shown: false,
        }
    }

    fn standing(state: &str, session: &str) -> Standing {
        Standing { state: json!(state), session: json!(session), smp: Value::Null }
    }

    #[test]
    fn what_arrives_whole_in_its_session_has_to_be_shown_once() {
        let receiver = standing("encrypted", "one");
        assert_eq!(due(&letter(1), true, &receiver, Some(4)), Due::Must);
        assert_eq!(due(&letter(1), true, &receiver, None), Due::Must);
        assert_eq!(due(&letter(3), false, &receiver, Some(4)), Due::MustNot);
        assert_eq!(due(&letter(3), true, &receiver, Some(4)), Due::Must);

        let again = Letter { completed: 1, shown: true, ..letter(1) };
        assert_eq!(due(&again, true, &receiver, Some(5)), Due::MustNot);
        let missed = Letter { completed: 1, ..letter(1) };
        assert_eq!(due(&missed, true, &receiver, Some(5)), Due::May);
        let overtaken = letter(1);
        assert_eq!(due(&overtaken, true, &receiver, Some(6)), Due::May);
        let torn = Letter { disturbed: true, ..letter(3) };
        assert_eq!(due(&torn, true, &receiver, Some(4)), Due::May);
    }

    #[test]
    fn what_belongs_to_another_session_must_not_be_shown() {
        for receiver in [standing("encrypted", "two"), standing("plaintext", "one"), standing("finished", "one")] {
            assert_eq!(due(&letter(1), true, &receiver, Some(4)), Due::MustNot);
        }
        let exchange = Letter { kind: Kind::Exchange, ..letter(1) };
        assert_eq!(due(&exchange, true, &standing("encrypted", "one"), None), Due::MustNot);
    }

    #[test]
    fn what_is_shown_is_held_against_what_was_sent() {
        let (right, wrong) = (json!("hello"), json!("bye"));
        let is_right = |shown: &Value| *shown == right;
        assert!(taken(&[&right], Due::Must, is_right) && taken(&[&right], Due::May, is_right));
        assert!(taken(&[], Due::MustNot, is_right) && taken(&[], Due::May, is_right));
        assert!(!taken(&[], Due::Must, is_right));
        assert!(!taken(&[&right], Due::MustNot, is_right));
        assert!(!taken(&[&wrong], Due::Must, is_right) && !taken(&[&wrong], Due::May, is_right));
        assert!(!taken(&[&right, &right], Due::Must, is_right));
    }
}
