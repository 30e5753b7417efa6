//! A conversation with one other account.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::{Rc, Weak};

use otrr::session::{Account, Session};
use otrr::{OTRError, UserMessage};
use serde_json::{Value, json};

use crate::engine::{Engine, Waiting};
use crate::host::PeerHost;
use crate::keys::hex;
use crate::rpc::notify;
use crate::rules::{Policy, Rules};

/// Nobody's instance: what is not encrypted goes there.
const INSTANCE_ZERO: u32 = 0;

/// The request to use the extra symmetric key.
const TLV_EXTRA_KEY: u16 = 8;

/// The error of a step that is not due; its type is private, so this is how it is known.
const IGNORED: &str = "AuthenticationError(MessageIgnored)";

pub(crate) struct Peer {
    pub(crate) name: String,
    pub(crate) rules: Cell<Rules>,
    /// Borrowed while the library is at work, which includes the time while a question of its waits.
    account: RefCell<Account>,
    host: Rc<PeerHost>,
    view: RefCell<View>,
    /// Messages that came while a question waited.
    waiting: Waiting,
    /// What to do once the question is out of the way.
    pub(crate) end_after_answer: Cell<bool>,
}

/// What has been told, and what `status` shows.
#[derive(Default)]
struct View {
    instances: BTreeMap<u32, Told>,
    /// The instance that was heard last; it is the one that is written to.
    best: u32,
    /// The fingerprints seen, and whether each is trusted.
    prints: BTreeMap<String, bool>,
    smp: Option<&'static str>,
    /// The run under way began with a question to us.
    with_question: bool,
}

/// A session that has begun, and may have been ended by the peer.
#[derive(Clone)]
struct Told {
    finished: bool,
    print: String,
    id: String,
    ours: &'static str,
}

impl Peer {
    pub(crate) fn new(engine: &Rc<Engine>, name: &str) -> Rc<Self> {
        Rc::new_cyclic(|peer: &Weak<Self>| {
            let rules = engine.options.rules;
            let host = Rc::new(PeerHost::of(engine, Weak::clone(peer)));
            let account = new_account(&engine.options.account, rules, &host);
            Self {
                name: name.to_owned(),
                rules: Cell::new(rules),
                account: RefCell::new(account),
                host,
                view: RefCell::default(),
                waiting: Waiting::default(),
                end_after_answer: Cell::new(false),
            }
        })
    }

    /// Begins with a conversation that knows nothing: the library fixes the policy of an account when it is made.
    pub(crate) fn set_rules(&self, account: &str, rules: Rules) {
        self.rules.set(rules);
        self.account.replace(new_account(account, rules, &self.host));
    }

    /// A question of the library waits for its answer.
    pub(crate) fn is_asking(&self) -> bool {
        self.view.borrow().smp == Some("asked")
    }

    pub(crate) fn is_private(&self) -> bool {
        self.best().is_some_and(|told| !told.finished)
    }

    /// There is a session, if only one that the peer has ended.
    pub(crate) fn has_session(&self) -> bool {
        self.best().is_some()
    }

    fn best(&self) -> Option<Told> {
        let view = self.view.borrow();
        view.instances.get(&view.best).cloned()
    }

    /// Lets the library do something for the instance that is written to; its panics are errors.
    fn library<T>(&self, what: impl FnOnce(&mut Session, u32) -> Result<T, OTRError>) -> Result<T, String> {
        let best = if self.has_session() { self.view.borrow().best } else { INSTANCE_ZERO };
        let mut account = self.account.borrow_mut();
        let session = account.session(self.name.as_bytes());
        match catch_unwind(AssertUnwindSafe(|| what(session, best))) {
            Ok(result) => result.map_err(|error| format!("{error:?}")),
            Err(_) => Err("the library panicked; see standard error".to_owned()),
        }
    }

    pub(crate) fn query(&self) -> Result<(), String> {
        self.library(|session, _| session.query())
    }

    /// The text goes out, encrypted where there is a session.
    pub(crate) fn send(&self, text: &str) -> Result<(), String> {
        let messages = self.library(|session, instance| session.send(instance, text.as_bytes()))?;
        for message in messages {
            otrr::Host::inject(&*self.host, self.name.as_bytes(), &message);
        }
        Ok(())
    }

    /// Processes a message and those that came while a question of its waited.
    pub(crate) fn receive(&self, message: &str) {
        if self.is_asking() {
            self.waiting.borrow_mut().push_back(message.to_owned());
            return;
        }
        self.receive_one(message);
        loop {
            let next = self.waiting.borrow_mut().pop_front();
            let Some(next) = next else { break };
            self.receive_one(&next);
        }
        if self.end_after_answer.take() {
            self.end();
        }
    }

    fn receive_one(&self, message: &str) {
        let injected = self.host.injected.get();
        let result = {
            let mut account = self.account.borrow_mut();
            let session = account.session(self.name.as_bytes());
            catch_unwind(AssertUnwindSafe(|| session.receive(message.as_bytes())))
        };
        match result {
            Ok(Ok(message)) => self.tell(message, injected == self.host.injected.get()),
            Ok(Err(error)) => self.tell_error(&error),
            Err(_) => self.warn("malformed", "the library panicked; see standard error"),
        }
    }

    fn tell(&self, message: UserMessage, silent: bool) {
        match message {
            UserMessage::None => {}
            UserMessage::Plaintext(text) => self.show(&text, None),
            UserMessage::WarningUnencrypted(text) => self.warn("unencrypted_received", &String::from_utf8_lossy(&text)),
            UserMessage::Error(text) => self.warn("peer_error", String::from_utf8_lossy(&text).trim_start()),
            UserMessage::Reset(instance) => self.ended(instance, false),
            // Who sent the Signature message just now did not begin the exchange.
            UserMessage::ConfidentialSessionStarted(instance) => self.started(instance, silent),
            UserMessage::Confidential(instance, text, tlvs) => {
                self.view.borrow_mut().best = instance;
                if !text.is_empty() {
                    self.show(&text, Some(instance));
                }
                if tlvs.iter().any(|tlv| tlv.0 == TLV_EXTRA_KEY) {
                    self.warn("other", "the peer uses the extra symmetric key, which the library does not have");
                }
            }
            UserMessage::ConfidentialSessionFinished(instance, text) => {
                if !text.is_empty() {
                    self.show(&text, Some(instance));
                }
                self.ended(instance, true);
            }
            UserMessage::SMPSucceeded(instance) => self.smp_succeeded(instance),
            UserMessage::SMPFailed(instance) => self.smp_failed(instance),
        }
    }

    fn tell_error(&self, error: &OTRError) {
        let code = match error {
            OTRError::UnreadableMessage(instance) => match self.view.borrow().instances.get(instance) {
                Some(told) if !told.finished => "unreadable",
                _ => "not_in_private",
            },
            OTRError::ProtocolViolation(_) | OTRError::IncompleteMessage => "malformed",
            OTRError::MessageForOtherInstance => "for_other_instance",
            OTRError::UnsupportedVersion(_) => "unsupported_version",
            _ => "other",
        };
        let text = format!("{error:?}");
        // A step of a key exchange that is not due any more is nothing to bother the user with.
        if text != IGNORED {
            self.warn(code, &text);
        }
    }

    fn show(&self, text: &[u8], instance: Option<u32>) {
        let text = String::from_utf8_lossy(text);
        let their_instance = instance.map(tag);
        notify(
            "message",
            json!({"peer": self.name, "text": text, "encrypted": instance.is_some(), "their_instance": their_instance}),
        );
    }

    fn warn(&self, code: &str, text: &str) {
        notify("warning", json!({"peer": self.name, "code": code, "text": text}));
    }

    fn started(&self, instance: u32, initiated: bool) {
        let (print, id) = {
            let mut account = self.account.borrow_mut();
            let session = account.session(self.name.as_bytes());
            let print = session.fingerprint_for_driver(instance);
            (print.map(|print| hex(&print)).unwrap_or_default(), session.ssid(instance).map(|id| hex(&id)))
        };
        let ours = if initiated { "first" } else { "second" };
        let told = Told { finished: false, print: print.clone(), id: id.unwrap_or_default(), ours };
        let mut view = self.view.borrow_mut();
        let before = view.instances.insert(instance, told);
        let refreshed = before.is_some_and(|told| !told.finished && told.print == print);
        view.best = instance;
        view.smp = None;
        if !view.prints.contains_key(&print) {
            view.prints.insert(print.clone(), false);
            notify("fingerprint", json!({"peer": self.name, "fingerprint": print, "known": false}));
        }
        drop(view);
        self.announce(instance, initiated, refreshed);
    }

    fn ended(&self, instance: u32, finished: bool) {
        let mut view = self.view.borrow_mut();
        view.smp = None;
        if !finished {
            view.instances.remove(&instance);
        } else if let Some(told) = view.instances.get_mut(&instance) {
            told.finished = true;
        }
        drop(view);
        self.announce(instance, false, false);
    }

    fn announce(&self, instance: u32, initiated: bool, refreshed: bool) {
        let mut session = self.described(instance);
        session["peer"] = json!(self.name);
        session["initiated_by_us"] = json!(initiated);
        session["refreshed"] = json!(refreshed);
        notify("session", session);
    }

    /// What `session` and `status` have in common.
    fn described(&self, instance: u32) -> Value {
        let view = self.view.borrow();
        let Some(told) = view.instances.get(&instance) else {
            return json!({"state": "plaintext", "version": null, "their_fingerprint": null, "trusted": false,
                "session_id": null, "their_instance": null});
        };
        let state = if told.finished { "finished" } else { "encrypted" };
        let id = (!told.finished).then(|| json!({"value": told.id, "ours": told.ours}));
        json!({"state": state, "version": 3, "their_fingerprint": told.print, "trusted": view.prints.get(&told.print),
            "session_id": id, "their_instance": tag(instance)})
    }

    pub(crate) fn status(&self, our_instance: u32) -> Value {
        let mut status = self.described(self.view.borrow().best);
        status["our_instance"] = json!(tag(our_instance));
        status["smp"] = json!(self.view.borrow().smp);
        status
    }

    /// Ends every session with the peer.
    pub(crate) fn end(&self) {
        let instances: Vec<u32> = self.view.borrow().instances.keys().copied().collect();
        for instance in instances {
            match self.library(|session, _| session.end(instance)) {
                Ok(message) => self.tell(message, false),
                Err(why) => self.warn("other", &format!("the end was not sent: {why}")),
            }
        }
    }

    pub(crate) fn trust(&self, print: &str, trusted: bool) -> bool {
        let mut view = self.view.borrow_mut();
        view.prints.get_mut(print).map(|known| *known = trusted).is_some()
    }

    pub(crate) fn smp_start(&self, secret: &str, question: &str) -> Result<(), String> {
        self.library(|session, instance| {
            match session.start_smp(instance, secret.as_bytes(), question.as_bytes()) {
                // The protocol wants the old run aborted first.
                Err(OTRError::SMPInProgress) => {
                    session.abort_smp(instance)?;
                    session.start_smp(instance, secret.as_bytes(), question.as_bytes())
                }
                started => started,
            }
        })?;
        let mut view = self.view.borrow_mut();
        view.smp = Some("in_progress");
        view.with_question = false;
        Ok(())
    }

    pub(crate) fn smp_abort(&self) -> Result<(), String> {
        self.view.borrow_mut().smp = None;
        self.library(|session, instance| session.abort_smp(instance))
    }

    pub(crate) fn asked(&self, question: &[u8]) {
        let mut params = json!({"peer": self.name, "event": "asked", "progress": 25});
        if !question.is_empty() {
            params["question"] = json!(String::from_utf8_lossy(question));
        }
        let mut view = self.view.borrow_mut();
        view.smp = Some("asked");
        view.with_question = !question.is_empty();
        drop(view);
        notify("smp", params);
    }

    pub(crate) fn answered(&self, with_secret: bool) {
        self.view.borrow_mut().smp = with_secret.then_some("in_progress");
    }

    fn smp_succeeded(&self, instance: u32) {
        let mut view = self.view.borrow_mut();
        view.smp = None;
        let print = view.instances.get(&instance).map(|told| told.print.clone());
        // Who only answered a question knows nothing yet about the one who asked it.
        if let Some(print) = print.filter(|_| !view.with_question) {
            view.prints.insert(print, true);
        }
        drop(view);
        notify("smp", json!({"peer": self.name, "event": "succeeded", "progress": 100}));
    }

    fn smp_failed(&self, instance: u32) {
        self.view.borrow_mut().smp = None;
        let reason = self.account.borrow_mut().session(self.name.as_bytes()).smp_aborted_for_driver(instance);
        let (event, progress) = match String::from_utf8_lossy(&reason.unwrap_or_default()).as_ref() {
            "Aborted by user" => return, // and the user knows
            "Secret failed verification." => ("failed", 100),
            violation if violation.contains("cryptographic failure") => ("cheated", 0),
            _ => ("aborted", 0),
        };
        notify("smp", json!({"peer": self.name, "event": event, "progress": progress}));
    }

    pub(crate) fn policy(&self) -> Policy {
        self.rules.get().policy
    }
}

/// An instance tag as the contract writes it.
pub(crate) fn tag(instance: u32) -> String {
    format!("{instance:08x}")
}

fn new_account(name: &str, rules: Rules, host: &Rc<PeerHost>) -> Account {
    let host: Rc<dyn otrr::Host> = Rc::<PeerHost>::clone(host);
    Account::new(name.into(), rules.policy.bits(), host).expect("the profile is the library's own")
}
