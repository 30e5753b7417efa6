//! Engines, and a network between two of them.

use std::collections::VecDeque;
use std::process::ExitStatus;

use serde_json::{Value, json};

use super::process::{Process, otr};

/// A notification: its method and its parameters.
pub(crate) type Note = (String, Value);

/// A running `otr engine`.
pub(crate) struct Engine {
    pub(crate) process: Process,
    next_id: u64,
}

/// What a request gave: the notifications before the response, and the response.
pub(crate) struct Reply {
    pub(crate) notes: Vec<Note>,
    pub(crate) result: Result<Value, (i64, String)>,
}

impl Engine {
    pub(crate) fn spawn(args: &[&str]) -> Self {
        Self::of(Process::spawn(otr(&[&["engine"], args].concat())))
    }

    /// Any program that speaks the contract.
    pub(crate) fn of(process: Process) -> Self {
        Self { process, next_id: 1 }
    }

    pub(crate) fn ephemeral(account: &str, more: &[&str]) -> Self {
        Self::spawn(&[&["--ephemeral", "--account", account], more].concat())
    }

    pub(crate) fn request(&mut self, method: &str, params: Value) -> Reply {
        let id = self.next_id;
        self.next_id += 1;
        self.process.line(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string());
        self.reply(&json!(id))
    }

    /// Reads up to the response to `id`.
    pub(crate) fn reply(&mut self, id: &Value) -> Reply {
        let mut notes = Vec::new();
        loop {
            let object = self.next_object();
            if let Some(method) = object.get("method") {
                notes.push((method.as_str().unwrap().to_owned(), object["params"].clone()));
                continue;
            }
            assert_eq!(&object["id"], id, "{object}");
            return Reply { notes, result: outcome(&object) };
        }
    }

    pub(crate) fn next_object(&mut self) -> Value {
        let line = self.process.next().expect("a line");
        let object: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(object["jsonrpc"], "2.0");
        object
    }

    /// The result of a request that has to succeed.
    pub(crate) fn ask(&mut self, method: &str, params: Value) -> Value {
        self.request(method, params).result.unwrap()
    }

    /// The number of the error that a request has to give.
    pub(crate) fn error(&mut self, method: &str, params: Value) -> i64 {
        let (code, message) = self.request(method, params).result.unwrap_err();
        assert!(!message.is_empty() && !message.contains('\n'));
        code
    }

    pub(crate) fn status(&mut self, peer: &str) -> Value {
        self.ask("status", json!({"peer": peer}))
    }

    /// Ends the input: what is still written, and the exit status.
    pub(crate) fn finish(self) -> (Vec<Note>, ExitStatus) {
        let (output, _, status) = self.process.finish();
        let notes = output.iter().map(|line| {
            let object: Value = serde_json::from_str(line).unwrap();
            (object["method"].as_str().unwrap().to_owned(), object["params"].clone())
        });
        (notes.collect(), status)
    }
}

fn outcome(object: &Value) -> Result<Value, (i64, String)> {
    match (object.get("result"), object.get("error")) {
        (Some(result), None) => Ok(result.clone()),
        (None, Some(error)) => Err((error["code"].as_i64().unwrap(), error["message"].as_str().unwrap().to_owned())),
        _ => panic!("one of result and error: {object}"),
    }
}

/// Alice and Bob, and a network that carries everything at once.
pub(crate) struct Pair {
    pub(crate) alice: Engine,
    pub(crate) bob: Engine,
    /// Every message that went over the network.
    pub(crate) tape: Vec<String>,
}

/// All notifications but `inject`, in order, at Alice's and at Bob's.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) alice: Vec<Note>,
    pub(crate) bob: Vec<Note>,
}

impl Pair {
    pub(crate) fn new(more: &[&str]) -> Self {
        Self::of(Engine::ephemeral("alice", more), Engine::ephemeral("bob", more))
    }

    pub(crate) fn of(alice: Engine, bob: Engine) -> Self {
        Self { alice, bob, tape: Vec::new() }
    }

    /// A pair with a private conversation.
    pub(crate) fn private(more: &[&str]) -> Self {
        let mut pair = Self::new(more);
        pair.start();
        pair
    }

    pub(crate) fn start(&mut self) -> Seen {
        let seen = self.alice("start", json!({"peer": "bob"}));
        assert_eq!(self.alice.status("bob")["state"], "encrypted");
        assert_eq!(self.bob.status("alice")["state"], "encrypted");
        seen
    }

    /// A request of Alice's that succeeds, and everything that follows from it.
    pub(crate) fn alice(&mut self, method: &str, params: Value) -> Seen {
        let reply = self.alice.request(method, params);
        reply.result.unwrap();
        self.carry(reply.notes, Vec::new())
    }

    pub(crate) fn bob(&mut self, method: &str, params: Value) -> Seen {
        let reply = self.bob.request(method, params);
        reply.result.unwrap();
        self.carry(Vec::new(), reply.notes)
    }

    fn carry(&mut self, alice: Vec<Note>, bob: Vec<Note>) -> Seen {
        let mut seen = Seen::default();
        let (mut from_alice, mut from_bob) = (VecDeque::from(alice), VecDeque::from(bob));
        loop {
            if let Some(note) = from_alice.pop_front() {
                match note.0.as_str() {
                    "inject" => {
                        assert_eq!(note.1["peer"], "bob");
                        from_bob.extend(self.deliver(&note.1, false));
                    }
                    _ => seen.alice.push(note),
                }
            } else if let Some(note) = from_bob.pop_front() {
                match note.0.as_str() {
                    "inject" => {
                        assert_eq!(note.1["peer"], "alice");
                        from_alice.extend(self.deliver(&note.1, true));
                    }
                    _ => seen.bob.push(note),
                }
            } else {
                return seen;
            }
        }
    }

    fn deliver(&mut self, inject: &Value, to_alice: bool) -> Vec<Note> {
        let message = inject["message"].as_str().unwrap().to_owned();
        self.tape.push(message.clone());
        let (engine, peer) = if to_alice { (&mut self.alice, "bob") } else { (&mut self.bob, "alice") };
        let reply = engine.request("receive", json!({"peer": peer, "message": message}));
        assert_eq!(reply.result.unwrap(), json!({}));
        reply.notes
    }
}

/// The parameters of the only notification `method` among `notes`.
pub(crate) fn only<'a>(notes: &'a [Note], method: &str) -> &'a Value {
    let found: Vec<_> = notes.iter().filter(|note| note.0 == method).collect();
    assert_eq!(found.len(), 1, "{method} in {notes:#?}");
    &found[0].1
}

/// The parameters of every notification `method` among `notes`.
pub(crate) fn all<'a>(notes: &'a [Note], method: &str) -> Vec<&'a Value> {
    notes.iter().filter(|note| note.0 == method).map(|note| &note.1).collect()
}

pub(crate) fn count(notes: &[Note], method: &str) -> usize {
    notes.iter().filter(|note| note.0 == method).count()
}
