//! The loop that takes requests, and the one inside it.
//!
//! The library asks for the secret of SMP in the middle of `receive` and wants it at once. The contract answers that
//! later, by a request of its own. So the question is told, the request under way is answered, and requests are taken
//! there and then until the answer is among them.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::io::BufRead;
use std::rc::Rc;

use otrr::session::Account;
use serde_json::{Value, json};

use crate::arguments::Options;
use crate::host::PeerHost;
use crate::keys::Keys;
use crate::methods;
use crate::peer::Peer;
use crate::rpc::{self, Failure};

pub(crate) struct Engine {
    pub(crate) options: Options,
    pub(crate) keys: Rc<Keys>,
    pub(crate) instance: u32,
    pub(crate) peers: RefCell<BTreeMap<String, Rc<Peer>>>,
    /// Who has asked and waits for an answer, the last one at the end: that one has to be answered first.
    pub(crate) asking: RefCell<Vec<String>>,
    /// The request under way, until it is answered.
    current: RefCell<Option<Value>>,
    /// What ends the inner loop.
    verdict: RefCell<Option<Option<Vec<u8>>>>,
    at_end: Cell<bool>,
}

/// What a method leads to.
pub(crate) enum Outcome {
    Done(Value),
    Failed(Failure),
    /// The answer to a question; what was asked for goes on where the question came up.
    Verdict(Option<Vec<u8>>),
}

impl Engine {
    pub(crate) fn new(options: Options) -> Self {
        let keys = Rc::new(Keys::generate());
        let host = PeerHost::alone(Rc::clone(&keys));
        // The library draws the instance tag along with the profile, which every later account is made from.
        let account = Account::new(options.account.clone().into(), options.rules.policy.bits(), Rc::new(host));
        let instance = account.map_or(0, |account| account.instance_tag());
        Self {
            options,
            keys,
            instance,
            peers: RefCell::default(),
            asking: RefCell::default(),
            current: RefCell::default(),
            verdict: RefCell::default(),
            at_end: Cell::new(false),
        }
    }

    /// The next line that is not blank, or nothing at the end of the input.
    pub(crate) fn next_line(&self) -> Option<Vec<u8>> {
        let mut input = std::io::stdin().lock();
        while !self.at_end.get() {
            let mut line = Vec::new();
            match input.read_until(b'\n', &mut line) {
                Ok(1..) if line.iter().all(u8::is_ascii_whitespace) => {}
                Ok(1..) => return Some(line),
                Ok(0) | Err(_) => self.at_end.set(true),
            }
        }
        None
    }

    /// Takes requests until one answers the question that `peer` has asked; nothing means that it is aborted.
    pub(crate) fn wait_for_answer(self: &Rc<Self>, peer: &str) -> Option<Vec<u8>> {
        self.respond(Ok(json!({})));
        self.asking.borrow_mut().push(peer.to_owned());
        let verdict = loop {
            if let Some(verdict) = self.verdict.take() {
                break verdict;
            }
            match self.next_line() {
                Some(line) => answer(self, &line),
                None => break None,
            }
        };
        self.asking.borrow_mut().pop();
        verdict
    }

    fn respond(&self, outcome: Result<Value, Failure>) {
        if let Some(id) = self.current.take() {
            rpc::respond(&id, outcome);
        }
    }
}

/// Carries out one line and writes its one response, unless that is left to the outer loop.
pub(crate) fn answer(engine: &Rc<Engine>, line: &[u8]) {
    let request = match rpc::parse(line) {
        Ok(request) => request,
        Err((id, failure)) => return rpc::respond(&id, Err(failure)),
    };
    engine.current.replace(Some(request.id));
    match methods::call(engine, &request.method, &request.params) {
        Outcome::Done(result) => engine.respond(Ok(result)),
        Outcome::Failed(failure) => engine.respond(Err(failure)),
        Outcome::Verdict(verdict) => drop(engine.verdict.replace(Some(verdict))),
    }
}

/// Messages that came while a question waited.
pub(crate) type Waiting = RefCell<VecDeque<String>>;
