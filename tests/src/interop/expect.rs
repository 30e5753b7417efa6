//! What has to hold in every scenario.

use serde_json::Value;

use super::check::{Failure, check};
use super::{Both, End, Meeting};

/// What must not change when a message is refused: all that the contract says of a conversation. A program may show
/// more, such as a count of messages it could not read, which does change.
const UNMOVED: [&str; 8] =
    ["state", "version", "their_fingerprint", "trusted", "session_id", "our_instance", "their_instance", "smp"];

/// A private conversation that both ends agree on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Agreement {
    /// The session id, 16 hex digits.
    pub(crate) session_id: Value,
}

impl Meeting<'_> {
    /// A first private conversation, asked for by `end`.
    pub(crate) fn establish(&mut self, end: End) -> Result<Agreement, Failure> {
        self.start(end)?;
        self.settle()?;
        self.agree(false)
    }

    /// Both ends have said once, and only once, that the conversation is private, and mean the same one, in the
    /// highest version that both may speak.
    pub(crate) fn agree(&mut self, refreshed: bool) -> Result<Agreement, Failure> {
        let version = self.version().ok_or_else(|| Failure("they have no version in common".to_owned()))?;
        self.agree_in(version, refreshed)
    }

    /// The same in a given version.
    pub(crate) fn agree_in(&mut self, version: u16, refreshed: bool) -> Result<Agreement, Failure> {
        for end in End::BOTH {
            let sessions = self.take(end, "session");
            let [session] = sessions.as_slice() else {
                return Err(Failure(format!("{} says {} times that it is private", end.name(), sessions.len())));
            };
            let status = self.status(end)?;
            let theirs = self.fingerprint(end.other());
            let as_expected = session["state"] == "encrypted"
                && session["version"] == version
                && session["refreshed"] == refreshed
                && session["their_fingerprint"] == theirs
                && session["session_id"] == status["session_id"];
            check(as_expected, || format!("{} says {session}, its status is {status}", end.name()))?;
            let known = self.take(end, "fingerprint");
            let first_seen =
                if refreshed { known.is_empty() } else { known.iter().all(|f| f["fingerprint"] == theirs) };
            check(first_seen, || format!("{} says of fingerprints: {known:?}", end.name()))?;
        }
        self.in_agreement()
    }

    /// Both ends are in the same private conversation, with each other.
    pub(crate) fn in_agreement(&mut self) -> Result<Agreement, Failure> {
        let statuses = Both::try_new(|end| self.status(end))?;
        for end in End::BOTH {
            let status = statuses.at(end);
            let theirs = self.fingerprint(end.other());
            let private = status["state"] == "encrypted" && status["their_fingerprint"] == theirs;
            check(private, || format!("{}: {status}", end.name()))?;
        }
        let (ours, theirs) = (&statuses.at(End::First)["session_id"], &statuses.at(End::Second)["session_id"]);
        let halves = [&ours["ours"], &theirs["ours"]];
        let opposite = halves == ["first", "second"] || halves == ["second", "first"];
        let same = ours["value"] == theirs["value"] && ours["value"].as_str().is_some_and(|id| id.len() == 16);
        check(same && opposite, || format!("the session ids are {ours} and {theirs}"))?;
        Ok(Agreement { session_id: ours["value"].clone() })
    }

    /// All that was carried was shown: each text once, in order, as sent, and nothing else; nothing was complained
    /// about, and nothing went over the network in clear.
    pub(crate) fn check_read(&mut self) -> Result<(), Failure> {
        for end in End::BOTH {
            let expected = self.take_expected(end);
            self.check_secret(&expected)?;
            let shown = self.take(end, "message");
            let mut texts = shown.iter().map(|message| (&message["text"], &message["encrypted"]));
            for text in &expected {
                let same = texts.next().is_some_and(|(shown, encrypted)| shown == text && *encrypted == true);
                check(same, || format!("{} was sent {text:?} among {expected:?} and shows {shown:?}", end.name()))?;
            }
            check(texts.next().is_none(), || format!("{} shows more than was sent: {shown:?}", end.name()))?;
            let warnings = self.take(end, "warning");
            check(warnings.is_empty(), || format!("{} warns: {warnings:?}", end.name()))?;
        }
        Ok(())
    }

    /// None of `texts` was ever seen on the network.
    pub(crate) fn check_secret(&self, texts: &[String]) -> Result<(), Failure> {
        for message in self.wire() {
            for text in texts {
                check(!message.contains(text.as_str()), || format!("in clear on the network: {message}"))?;
            }
        }
        Ok(())
    }

    /// `end` refuses `message` and is as it was. What it says about it to the user (a warning) and to the other end
    /// (an error message, which is not carried) is its own affair.
    pub(crate) fn check_refused(&mut self, end: End, message: &str, what: &str) -> Result<(), Failure> {
        let before = self.status(end)?;
        let in_flight = self.in_flight(end.other()).len();
        self.inject(end, message)?;
        let said: Vec<_> = self.in_flight(end.other()).drain(in_flight..).collect();
        let only_errors = said.iter().all(|packet| packet.message.starts_with("?OTR Error"));
        check(only_errors, || format!("{} answers {what} by {said:?}", end.name()))?;
        for kind in ["message", "session", "extra_key", "fingerprint", "smp"] {
            let heard = self.take(end, kind);
            check(heard.is_empty(), || format!("{} takes {what} for a {kind}: {heard:?}", end.name()))?;
        }
        self.take(end, "warning");
        let after = self.status(end)?;
        let unmoved = UNMOVED.iter().all(|field| after[field] == before[field]);
        check(unmoved, || format!("{what} changes the {} from {before} to {after}", end.name()))
    }
}
