//! An account that runs two programs at once.

use serde_json::{Value, json};

use crate::interop::check::check;
use crate::interop::{End, Failure, Meeting, Setting};
use crate::process::Notification;

/// More than two key exchanges and some words take.
const MAX_CARRIED: usize = 200;

/// Both programs of the first account are in private with the second, each in a conversation of its own. The network
/// brings what is said to the account to both of them.
// attack: TAG-8
pub(crate) fn two_programs(meeting: &mut Meeting<'_>) -> Result<(), Failure> {
    check(meeting.setting() == Setting::Twins, || "this needs a second program".to_owned())?;
    let mut three = Three { meeting, heard: Vec::new() };
    three.begin(Who::First)?;
    three.begin(Who::Twin)?;
    let first = three.is_private(Who::First)?;
    let twin = three.is_private(Who::Twin)?;
    let apart = first["our_instance"] != twin["our_instance"] && first["session_id"] != twin["session_id"];
    check(apart, || format!("the two are one: {first} and {twin}"))?;
    for round in 0..4 {
        for (who, status) in [(Who::First, &first), (Who::Twin, &twin)] {
            three.is_heard(who, &status["our_instance"], round)?;
            three.is_answered(who, round)?;
        }
    }
    Ok(())
}

/// One of the first account's programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    First,
    Twin,
}

struct Three<'m, 'p> {
    meeting: &'m mut Meeting<'p>,
    /// What the twin has said.
    heard: Vec<Notification>,
}

impl Three<'_, '_> {
    fn begin(&mut self, who: Who) -> Result<(), Failure> {
        self.ask(who, "start", json!({}))?;
        self.settle()
    }

    fn ask(&mut self, who: Who, method: &str, params: Value) -> Result<Value, Failure> {
        match who {
            Who::First => self.meeting.call(End::First, method, params),
            Who::Twin => {
                let answer = self.meeting.ask_twin(method, params)?;
                for said in answer.notifications {
                    match said.params["message"].as_str().filter(|_| said.method == "inject") {
                        Some(message) => self.meeting.put_on_network(End::Second, message),
                        None => self.heard.push(said),
                    }
                }
                Ok(answer.outcome?)
            }
        }
    }

    /// Carries everything; what goes to the first account, to both its programs, in any order.
    fn settle(&mut self) -> Result<(), Failure> {
        for _ in 0..MAX_CARRIED {
            if let Some(packet) = self.meeting.in_flight(End::First).pop_front() {
                let order =
                    if self.meeting.dice.chance(50) { [Who::First, Who::Twin] } else { [Who::Twin, Who::First] };
                for who in order {
                    self.ask(who, "receive", json!({"message": packet.message}))?;
                }
            } else if !self.meeting.deliver(End::Second)? {
                return Ok(());
            }
        }
        Err(Failure("they never fall silent".to_owned()))
    }

    fn is_private(&mut self, who: Who) -> Result<Value, Failure> {
        let status = self.ask(who, "status", json!({}))?;
        let theirs = self.meeting.fingerprint(End::Second);
        let private = status["state"] == "encrypted" && status["their_fingerprint"] == theirs;
        check(private, || format!("{who:?} is not in private: {status}"))?;
        Ok(status)
    }

    /// The second account shows what one of the two says, and knows which.
    fn is_heard(&mut self, who: Who, instance: &Value, round: u32) -> Result<(), Failure> {
        self.forget();
        let text = self.meeting.dice.text(round, 10);
        let result = self.ask(who, "send", json!({"text": text}))?;
        check(result["status"] == "sent", || format!("{who:?} send: {result}"))?;
        self.settle()?;
        let shown = self.meeting.take(End::Second, "message");
        let as_sent = matches!(shown.as_slice(), [one] if one["text"] == text && one["encrypted"] == true
            && one["their_instance"] == *instance);
        check(as_sent, || format!("from {who:?}, {instance}: {text:?} is shown as {shown:?}"))
    }

    /// What the second account answers is read by one of the two, and by nobody else. Ours answers who spoke last.
    fn is_answered(&mut self, spoke: Who, round: u32) -> Result<(), Failure> {
        self.forget();
        let text = self.meeting.dice.text(round, 10);
        let result = self.meeting.call(End::Second, "send", json!({"text": text}))?;
        check(result["status"] == "sent", || format!("the answer: {result}"))?;
        self.settle()?;
        let first = self.meeting.take(End::First, "message");
        let twin: Vec<Value> = std::mem::take(&mut self.heard)
            .into_iter()
            .filter(|said| said.method == "message")
            .map(|said| said.params)
            .collect();
        let readers: Vec<Who> = [(Who::First, &first), (Who::Twin, &twin)]
            .into_iter()
            .filter(|(_, shown)| shown.iter().any(|one| one["text"] == text && one["encrypted"] == true))
            .map(|(who, _)| who)
            .collect();
        let once = readers.len() == 1 && first.len().saturating_add(twin.len()) == 1;
        check(once, || format!("{text:?} is shown by the first as {first:?}, by its twin as {twin:?}"))?;
        let right = !self.meeting.is_ours(End::Second) || readers == [spoke];
        check(right, || format!("{spoke:?} spoke last, and {readers:?} is answered"))
    }

    fn forget(&mut self) {
        self.heard.clear();
        for end in End::BOTH {
            for kind in ["message", "warning", "session", "fingerprint"] {
                self.meeting.take(end, kind);
            }
        }
    }
}
