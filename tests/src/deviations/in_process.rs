//! `otr-session` as a victim, in this process.

use std::time::Duration;

use chacha20::ChaCha20Rng;
use otr_session::{Comparison, ComparisonState, Config, Event, Incoming, Protection, Sent, SessionState, Warning};
use otr_wire::{Version, Versions};

use super::victim::{Output, Status, Trouble, Victim};
use crate::pair::{Side, rng};

/// The victim's instance.
const TAG: u32 = 0x1001;

/// How many contacts an account meets before another account takes its place: looking at all that it remembers takes
/// longer with each.
const CONTACTS: u32 = 12;

/// An account of ours.
#[derive(Debug)]
pub struct InProcess {
    side: Side,
    contact: String,
    met: u32,
    now: Duration,
    rng: ChaCha20Rng,
}

impl Default for InProcess {
    fn default() -> Self {
        let contact = String::new();
        Self { side: account(), contact, met: 0, now: Duration::from_secs(1_000_000), rng: rng(0x7669_6374) }
    }
}

fn account() -> Side {
    Side::new(0, TAG, "", Config { versions: versions(), ..Config::default() }, 1)
}

fn versions() -> Versions {
    Version::ALL.into_iter().collect()
}

impl InProcess {
    fn outputs(&mut self) -> Vec<Output> {
        let mut outputs = Vec::new();
        while let Some(output) = self.side.account.poll() {
            let (otr_session::Output::Transmit { peer, .. } | otr_session::Output::Event { peer, .. }) = &output;
            if *peer == self.contact {
                outputs.extend(translate(output));
            }
        }
        outputs
    }
}

impl Victim for InProcess {
    fn meet(&mut self) -> Result<u32, Trouble> {
        if self.met.is_multiple_of(CONTACTS) {
            self.side = account();
        }
        self.met += 1;
        // Whatever budgets the contact before has used up are full again.
        self.now += Duration::from_secs(600);
        self.side.account.tick(self.now);
        self.outputs();
        self.contact = format!("mallory-{}", self.met);
        // A contact with settings of its own is remembered from the start, so that remembering it is no change.
        let known = self.side.account.set_versions(&self.contact, Some(versions()));
        known.map_err(|error| Trouble::Gone(error.to_string()))?;
        Ok(TAG)
    }

    fn receive(&mut self, body: &[u8]) -> Result<Vec<Output>, Trouble> {
        self.side.account.receive(&self.contact, Incoming::direct(body), self.now, &mut self.rng);
        Ok(self.outputs())
    }

    fn send(&mut self, text: &str) -> Result<Vec<Output>, Trouble> {
        match self.side.account.send(&self.contact, text, self.now) {
            Sent::Encrypted | Sent::Plain | Sent::Queued => Ok(self.outputs()),
            Sent::Refused(refusal) => Err(Trouble::Refused(refusal.to_string())),
        }
    }

    fn ask(&mut self, secret: &str) -> Result<Vec<Output>, Trouble> {
        let asked = self.side.account.start_comparison(&self.contact, secret, None, self.now, &mut self.rng);
        asked.map_err(|error| Trouble::Refused(error.to_string()))?;
        Ok(self.outputs())
    }

    fn answer(&mut self, secret: &str) -> Result<Vec<Output>, Trouble> {
        let ComparisonState::AwaitingUser(run) = self.side.account.status(&self.contact).comparison else {
            return Err(Trouble::Refused("nobody has asked".to_owned()));
        };
        let answered = self.side.account.answer_comparison(&self.contact, run, secret, self.now, &mut self.rng);
        answered.map_err(|error| Trouble::Refused(error.to_string()))?;
        Ok(self.outputs())
    }

    fn status(&mut self) -> Result<Status, Trouble> {
        let status = self.side.account.status(&self.contact);
        let conversation = status.conversation;
        Ok(Status {
            state: state(status.state).to_owned(),
            version: conversation.as_ref().map(|conversation| conversation.version),
            session_id: conversation.as_ref().map(|conversation| hex::encode(conversation.session_id.as_bytes())),
            fingerprint: conversation.as_ref().map(|c| hex::encode(c.their_fingerprint.as_bytes())),
            instance: status.their_instance.map(|tag| tag.to_string()),
        })
    }

    fn memory(&mut self) -> Result<String, Trouble> {
        // What is of no use any more goes at the next opportunity, whatever that is.
        self.side.account.tick(self.now);
        Ok(self.side.snapshot())
    }
}

const fn state(state: SessionState) -> &'static str {
    match state {
        SessionState::Plaintext => "plaintext",
        SessionState::Encrypted => "encrypted",
        SessionState::Finished => "finished",
    }
}

/// What the engine contract calls a step of a comparison.
const fn step(event: &Comparison) -> &'static str {
    match event {
        Comparison::Asked { .. } => "asked",
        Comparison::InProgress { .. } => "in_progress",
        Comparison::Succeeded(_) => "succeeded",
        Comparison::Failed => "failed",
        Comparison::Cheated => "cheated",
        // The contract has no word of its own for a peer that falls silent.
        _ => "aborted",
    }
}

fn translate(output: otr_session::Output) -> Option<Output> {
    let event = match output {
        otr_session::Output::Transmit { message, .. } => return Some(Output::Transmit(message)),
        otr_session::Output::Event { event, .. } => event,
    };
    Some(match event {
        Event::Message(message) => {
            Output::Text { text: message.text.to_string(), encrypted: message.protection == Protection::Encrypted }
        }
        Event::Session(change) => Output::Session(state(change.state).to_owned()),
        Event::NewFingerprint { .. } => Output::Fingerprint,
        Event::IdentityChanged { .. } => Output::Warning("identity_changed".to_owned(), String::new()),
        Event::ExtraKey { .. } => Output::ExtraKey,
        Event::Warning(Warning::UnencryptedReceived(text)) => Output::ClearText(text.to_string()),
        Event::Warning(Warning::PeerError(text)) => Output::Warning("peer_error".to_owned(), text.to_string()),
        Event::Warning(warning) => Output::Warning(format!("{warning:?}"), String::new()),
        Event::Comparison(comparison) => Output::Smp(step(&comparison.event).to_owned()),
        other => Output::Warning(format!("{other:?}"), String::new()),
    })
}
