//! Any program that speaks the engine contract as a victim, over a pipe.

use otr_wire::Version;
use serde_json::{Value, json};

use super::victim::{Output, Status, Trouble, Victim};
use crate::{
    interop::Program,
    process::{Notification, Process},
};

/// The contract's numbers for a request whose parameters it does not take.
const INVALID_PARAMS: i64 = -32602;

/// How a victim is started.
const ARGUMENTS: [&str; 5] = ["--ephemeral", "--account", "victim", "--versions", "2,3"];

/// A program under attack. One that ends is started again for the next contact.
#[derive(Debug)]
pub struct Driven {
    program: Program,
    process: Option<Process>,
    contact: String,
    met: u32,
}

impl Driven {
    /// `program`, which is started when it is needed.
    #[must_use]
    pub const fn new(program: Program) -> Self {
        Self { program, process: None, contact: String::new(), met: 0 }
    }

    fn request(&mut self, method: &str, mut params: Value) -> Result<(Value, Vec<Output>), Trouble> {
        if let Some(params) = params.as_object_mut() {
            params.insert("peer".to_owned(), self.contact.clone().into());
        }
        let process = match &mut self.process {
            Some(process) => process,
            none => none.insert(self.program.start(&ARGUMENTS).map_err(|error| Trouble::Gone(error.to_string()))?),
        };
        let answer = match process.request(method, &params) {
            Ok(answer) => answer,
            Err(error) => {
                self.process = None;
                return Err(Trouble::Gone(error.to_string()));
            }
        };
        let mut outputs = Vec::new();
        for notification in answer.notifications {
            outputs.extend(translate(&notification));
        }
        match answer.outcome {
            Ok(result) => Ok((result, outputs)),
            Err(error) if error.code == INVALID_PARAMS => Err(Trouble::NotCarried),
            Err(error) => Err(Trouble::Refused(error.to_string())),
        }
    }
}

impl Victim for Driven {
    fn meet(&mut self) -> Result<u32, Trouble> {
        self.met += 1;
        self.contact = format!("mallory-{}", self.met);
        let (identity, _) = self.request("identity", json!({}))?;
        let tag = text(&identity, "instance_tag").and_then(|tag| u32::from_str_radix(&tag, 16).ok());
        tag.ok_or_else(|| Trouble::Gone("the victim has no instance tag".to_owned()))
    }

    fn receive(&mut self, body: &[u8]) -> Result<Vec<Output>, Trouble> {
        let body = str::from_utf8(body).map_err(|_| Trouble::NotCarried)?;
        Ok(self.request("receive", json!({"message": body}))?.1)
    }

    fn send(&mut self, text: &str) -> Result<Vec<Output>, Trouble> {
        let (result, outputs) = self.request("send", json!({"text": text}))?;
        match result.get("status").and_then(Value::as_str) {
            Some("refused") | None => Err(Trouble::Refused("the text is refused".to_owned())),
            Some(_) => Ok(outputs),
        }
    }

    fn ask(&mut self, secret: &str) -> Result<Vec<Output>, Trouble> {
        Ok(self.request("smp.start", json!({"secret": secret}))?.1)
    }

    fn answer(&mut self, secret: &str) -> Result<Vec<Output>, Trouble> {
        Ok(self.request("smp.answer", json!({"secret": secret}))?.1)
    }

    fn status(&mut self) -> Result<Status, Trouble> {
        let (status, _) = self.request("status", json!({}))?;
        let session_id = status.get("session_id").and_then(|id| text(id, "value"));
        let version = status.get("version").and_then(Value::as_u64).and_then(|number| u16::try_from(number).ok());
        Ok(Status {
            state: text(&status, "state").unwrap_or_default(),
            version: version.and_then(Version::from_number),
            session_id,
            fingerprint: text(&status, "their_fingerprint"),
            instance: text(&status, "their_instance"),
        })
    }

    fn memory(&mut self) -> Result<String, Trouble> {
        Ok(format!("{:?}", self.request("status", json!({}))?.0))
    }
}

fn text(value: &Value, name: &str) -> Option<String> {
    value.get(name)?.as_str().map(str::to_owned)
}

fn translate(notification: &Notification) -> Option<Output> {
    let params = &notification.params;
    let named = |name| text(params, name).unwrap_or_default();
    Some(match notification.method.as_str() {
        "inject" => Output::Transmit(named("message")),
        "message" => {
            let encrypted = params.get("encrypted").and_then(Value::as_bool).unwrap_or_default();
            Output::Text { text: named("text"), encrypted }
        }
        "session" => Output::Session(named("state")),
        "smp" => Output::Smp(named("event")),
        "extra_key" => Output::ExtraKey,
        "fingerprint" => Output::Fingerprint,
        "warning" if named("code") == "unencrypted_received" => Output::ClearText(named("text")),
        "warning" if named("code") == "peer_error" => Output::Warning("peer_error".to_owned(), named("text")),
        "warning" => Output::Warning(named("code"), String::new()),
        _ => return None,
    })
}
