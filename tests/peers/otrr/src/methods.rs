//! The requests of the contract.

use std::rc::Rc;

use serde_json::{Value, json};

use crate::arguments::is_name;
use crate::engine::{Engine, Outcome};
use crate::peer::{Peer, tag};
use crate::rpc::Failure;
use crate::rules::{Policy, Rules};

/// A TLV holds 65535 bytes; an SMP1 message takes less than 1300 of them.
const MAX_QUESTION: usize = 60_000;

const METHODS: [&str; 13] = [
    "identity",
    "start",
    "send",
    "receive",
    "end",
    "heartbeat",
    "smp.start",
    "smp.answer",
    "smp.abort",
    "trust",
    "extra_key",
    "policy",
    "status",
];

pub(crate) fn call(engine: &Rc<Engine>, method: &str, params: &Value) -> Outcome {
    let outcome = if !METHODS.contains(&method) {
        Err(Failure::new(Failure::UNKNOWN_METHOD, "there is no such method"))
    } else if !params.is_object() {
        Err(invalid("params must be an object"))
    } else if method == "identity" {
        Ok(identity(engine))
    } else {
        match peer(engine, params) {
            Ok(peer) if peer.is_asking() => return while_asking(engine, &peer, method, params),
            Ok(peer) => dispatch(engine, &peer, method, params),
            Err(failure) => Err(failure),
        }
    };
    outcome.map_or_else(Outcome::Failed, Outcome::Done)
}

fn dispatch(engine: &Rc<Engine>, peer: &Rc<Peer>, method: &str, params: &Value) -> Result<Value, Failure> {
    match method {
        "start" => start(peer),
        "send" => send(peer, text(params, "text")?),
        "receive" => {
            peer.receive(text(params, "message")?);
            Ok(json!({}))
        }
        "end" => {
            peer.end();
            Ok(json!({}))
        }
        "heartbeat" => {
            private(peer)?;
            Err(wrong_state("the library cannot send an empty message"))
        }
        "smp.start" => smp_start(peer, params),
        "smp.answer" => {
            text(params, "secret")?;
            private(peer)?;
            Err(wrong_state("the peer has not asked; use smp.start to ask"))
        }
        "smp.abort" => {
            private(peer)?;
            done(peer.smp_abort())
        }
        "trust" => trust(peer, params),
        "extra_key" => extra_key(peer, params),
        "policy" => policy(engine, peer, params),
        _ => Ok(peer.status(engine.instance)),
    }
}

/// While a question waits, the library is in the middle of a message from that peer and can do nothing else for it.
fn while_asking(engine: &Rc<Engine>, peer: &Rc<Peer>, method: &str, params: &Value) -> Outcome {
    let last = engine.asking.borrow().last().cloned();
    let verdict = match method {
        "receive" | "status" | "trust" => {
            return dispatch(engine, peer, method, params).map_or_else(Outcome::Failed, Outcome::Done);
        }
        "smp.answer" => text(params, "secret").map(|secret| Some(secret.as_bytes().to_vec())),
        "smp.abort" | "end" => Ok(None),
        _ => Err(wrong_state("the library waits for the secret of SMP; first use smp.answer or smp.abort")),
    };
    match (verdict, last) {
        (Err(failure), _) => Outcome::Failed(failure),
        (Ok(_), Some(last)) if last != peer.name => {
            Outcome::Failed(wrong_state(format!("the library wants the question of {last} answered first")))
        }
        (Ok(verdict), _) => {
            peer.end_after_answer.set(method == "end");
            Outcome::Verdict(verdict)
        }
    }
}

pub(crate) fn end_all(engine: &Rc<Engine>) {
    let peers: Vec<_> = engine.peers.borrow().values().cloned().collect();
    for peer in peers {
        peer.end();
    }
}

fn identity(engine: &Engine) -> Value {
    json!({"account": engine.options.account, "protocol": engine.options.protocol,
        "fingerprint": engine.keys.fingerprint(), "instance_tag": tag(engine.instance), "versions": [3]})
}

fn start(peer: &Peer) -> Result<Value, Failure> {
    if peer.policy() == Policy::Never {
        return Err(Failure::new(Failure::POLICY_FORBIDS, "the policy for this peer allows no version of OTR"));
    }
    done(peer.query())
}

fn send(peer: &Peer, text: &str) -> Result<Value, Failure> {
    if peer.has_session() && !peer.is_private() {
        return Ok(json!({"status": "refused"}));
    }
    if peer.is_private() && text.is_empty() {
        return Err(wrong_state("the library cannot send an empty message"));
    }
    match (peer.send(text), peer.is_private()) {
        (Ok(()), true) => Ok(json!({"status": "sent"})),
        (Ok(()), false) => Ok(json!({"status": "plaintext"})),
        // It keeps no texts for later; where the policy forbids clear text, it has sent a query instead.
        (Err(_), _) => Ok(json!({"status": "refused"})),
    }
}

fn smp_start(peer: &Peer, params: &Value) -> Result<Value, Failure> {
    let secret = text(params, "secret")?;
    let question = if is_given(params, "question") { text(params, "question")? } else { "" };
    if question.len() > MAX_QUESTION {
        return Err(invalid("the question is longer than 60000 bytes"));
    }
    private(peer)?;
    done(peer.smp_start(secret, question))
}

fn trust(peer: &Peer, params: &Value) -> Result<Value, Failure> {
    let print = text(params, "fingerprint")?.to_ascii_lowercase();
    let is_print = print.len() == 40 && print.bytes().all(|digit| digit.is_ascii_hexdigit());
    match params["trusted"].as_bool() {
        Some(trusted) if is_print && peer.trust(&print, trusted) => Ok(json!({})),
        Some(_) if is_print => Err(Failure::new(Failure::UNKNOWN_PEER, "this fingerprint is not known for this peer")),
        _ => Err(invalid("fingerprint must be 40 hex digits and trusted true or false")),
    }
}

fn extra_key(peer: &Peer, params: &Value) -> Result<Value, Failure> {
    if !params["use"].as_u64().is_some_and(|number| u32::try_from(number).is_ok()) {
        return Err(invalid("use must be a number of 32 bits"));
    }
    private(peer)?;
    Err(wrong_state("the library does not have the extra symmetric key"))
}

fn policy(engine: &Engine, peer: &Peer, params: &Value) -> Result<Value, Failure> {
    let mut rules = peer.rules.get();
    if is_given(params, "policy") {
        let named = params["policy"].as_str().and_then(Policy::named);
        rules =
            Rules { policy: named.ok_or_else(|| invalid("policy must be never, manual, opportunistic or always"))? };
    }
    if is_given(params, "versions") {
        let versions = params["versions"].as_array().map_or(&[][..], Vec::as_slice);
        if versions.is_empty() || versions.iter().any(|version| version != 2 && version != 3) {
            return Err(invalid("versions must be a list of 2 and 3"));
        }
        if !versions.iter().any(|version| version == 3) {
            return Err(Failure::new(Failure::POLICY_FORBIDS, "the library has no version 2; allow 3"));
        }
    }
    if rules != peer.rules.get() {
        if peer.has_session() {
            return Err(wrong_state("the library cannot change the policy of a session; use end first"));
        }
        peer.set_rules(&engine.options.account, rules);
    }
    Ok(json!({"policy": rules.policy.name(), "versions": [3]}))
}

fn peer(engine: &Rc<Engine>, params: &Value) -> Result<Rc<Peer>, Failure> {
    let name = params["peer"].as_str().filter(|name| is_name(name));
    let name = name.ok_or_else(|| invalid("peer must be a name without control characters"))?;
    if let Some(peer) = engine.peers.borrow().get(name) {
        return Ok(Rc::clone(peer));
    }
    let peer = Peer::new(engine, name);
    engine.peers.borrow_mut().insert(name.to_owned(), Rc::clone(&peer));
    Ok(peer)
}

fn text<'p>(params: &'p Value, name: &str) -> Result<&'p str, Failure> {
    let text = params[name].as_str().filter(|text| !text.contains('\0'));
    text.ok_or_else(|| invalid(format!("{name} must be a string without NUL")))
}

fn is_given(params: &Value, name: &str) -> bool {
    !params[name].is_null()
}

fn private(peer: &Peer) -> Result<(), Failure> {
    let why = "there is no encrypted session with this peer; use start first";
    if peer.is_private() { Ok(()) } else { Err(wrong_state(why)) }
}

fn done(outcome: Result<(), String>) -> Result<Value, Failure> {
    outcome.map(|()| json!({})).map_err(|why| wrong_state(format!("the library refuses: {why}")))
}

fn invalid(why: impl Into<String>) -> Failure {
    Failure::new(Failure::INVALID_PARAMS, why)
}

fn wrong_state(why: impl Into<String>) -> Failure {
    Failure::new(Failure::WRONG_STATE, why)
}
