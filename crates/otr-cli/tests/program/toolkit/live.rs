//! Receivers in the middle of a conversation take what was forged for what their peer wrote.
//!
//! Alice is libotr's driver, which tells its keys when asked; Bob is libotr's or ours. A message is held back on its
//! way, and another one, made with Alice's keys, is delivered in its place: as if she had written what Bob wrote, and
//! as if Bob had received what she never wrote. Whoever receives it cannot tell; so nobody can later.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::tools::{fields, our_answer, our_facts, their_answer, their_facts};
use crate::support::engine::{Engine, Pair, Reply, only};
use crate::support::process::Process;

fn libotr(account: &str, versions: &str) -> Engine {
    let target = Path::new(env!("CARGO_BIN_EXE_otr")).ancestors().nth(2).unwrap();
    let driver = target.join("peers/libotr/libotr-driver");
    assert!(driver.is_file(), "the peer libotr is missing ({}): run `cargo xtask setup`", driver.display());
    let mut command = Command::new(driver);
    command.args(["--ephemeral", "--account", account, "--versions", versions]);
    Engine::of(Process::spawn(command))
}

/// A conversation in which both have spoken, so that keys have changed.
fn conversation(versions: &str, bob: Engine) -> Pair {
    let mut pair = Pair::of(libotr("alice", versions), bob);
    pair.start();
    for number in 1..3 {
        pair.alice("send", json!({"peer": "bob", "text": format!("question {number}")}));
        pair.bob("send", json!({"peer": "alice", "text": format!("answer {number}")}));
    }
    let version: u64 = versions.parse().unwrap();
    assert_eq!(pair.alice.status("bob")["version"], version);
    let recording = pair.tape.join("\n");
    let facts = our_facts(&recording);
    assert!(facts.len() >= 8, "{recording}");
    assert_eq!(facts, their_facts(&recording));
    pair
}

/// A message that was written and did not arrive yet.
fn held(writer: &mut Engine, peer: &str, text: &str) -> String {
    let Reply { notes, result } = writer.request("send", json!({"peer": peer, "text": text}));
    assert_eq!(result.unwrap()["status"], "sent");
    only(&notes, "inject")["message"].as_str().unwrap().to_owned()
}

/// What the reader is shown.
fn shown(reader: &mut Engine, peer: &str, message: &str) -> Value {
    let Reply { notes, result } = reader.request("receive", json!({"peer": peer, "message": message.trim_end()}));
    result.unwrap();
    let shown = only(&notes, "message");
    assert_eq!(shown["encrypted"], true);
    shown["text"].clone()
}

/// The keys that Alice's secrets give for a message, by the numbers in it: what `sesskeys` shows.
fn keys(alice: &mut Engine, message: &str, from_alice: bool) -> BTreeMap<String, String> {
    let known = alice.ask("debug.keys", json!({"peer": "bob"}));
    let facts = fields(&our_answer(&["parse"], message));
    let (ours, theirs) =
        if from_alice { ("Sender keyid", "Recipient keyid") } else { ("Recipient keyid", "Sender keyid") };
    let is_newest = |id: &str, newest: &str| {
        let (id, newest): (u64, u64) = (facts[id].parse().unwrap(), known[newest].as_u64().unwrap());
        assert!(id == newest || id + 1 == newest);
        id == newest
    };
    let private = &known[if is_newest(ours, "our_keyid") { "our_dh" } else { "our_old_dh" }]["priv"];
    let public = &known[if is_newest(theirs, "their_keyid") { "their_y" } else { "their_old_y" }];
    let numbers = [private.as_str().unwrap(), public.as_str().unwrap()];
    let keys = fields(&our_answer(&[&["sesskeys"], numbers.as_slice()].concat(), ""));
    let theirs = fields(&their_answer("otr_sesskeys", &numbers, ""));
    for name in ["Sending AES key", "Sending MAC key", "Receiving AES key", "Receiving MAC key"] {
        assert_eq!(keys[name], theirs[name]);
    }
    keys
}

/// A message is read, replaced, changed and made from its pieces, and what comes out arrives.
fn forge(pair: &mut Pair, from_alice: bool, libotr_can_remac: bool) {
    let direction = if from_alice { "Sending" } else { "Receiving" };
    let deliver = |pair: &mut Pair, message: &str| {
        if from_alice { shown(&mut pair.bob, "alice", message) } else { shown(&mut pair.alice, "bob", message) }
    };
    let hold = |pair: &mut Pair, text: &str| {
        let message = if from_alice { held(&mut pair.alice, "bob", text) } else { held(&mut pair.bob, "alice", text) };
        let keys = keys(&mut pair.alice, &message, from_alice);
        let key = |kind: &str| keys[&format!("{direction} {kind} key")].clone();
        (message, key("AES"), key("MAC"))
    };

    let (message, aes, _) = hold(pair, "I never liked cheese.");
    let answer = our_answer(&["readforge", &aes, "I have eaten all of the cheese."], &message);
    let (read, forged) = answer.trim_end().rsplit_once('\n').unwrap();
    assert_eq!(read.lines().next(), Some("Text: I never liked cheese."));
    let theirs = their_answer("otr_readforge", &[&aes, "I have eaten all of the cheese."], &message);
    assert_eq!(theirs.lines().last(), Some(forged));
    assert_eq!(deliver(pair, forged), "I have eaten all of the cheese.");

    let (message, _, mac) = hold(pair, "See you on Monday.");
    let arguments = [mac.as_str(), "Monday", "Friday", "11"];
    let forged = our_answer(&[&["modify"], arguments.as_slice()].concat(), &message);
    assert_eq!(forged, their_answer("otr_modify", &arguments, &message));
    assert_eq!(deliver(pair, &forged), "See you on Friday.");

    let (message, aes, mac) = hold(pair, "Good night.");
    let other = our_answer(&["readforge", &aes, "Good morning."], &message);
    let pieces = fields(&our_answer(&["parse"], other.lines().last().unwrap()));
    let instance = |name: &str| pieces.get(name).map_or("0", String::as_str);
    let mut arguments = vec![mac.as_str(), instance("Sender instance"), instance("Receiver instance")];
    let names = ["Flags", "Sender keyid", "Recipient keyid", "Next D-H key", "Counter", "Encrypted message"];
    arguments.extend(names.map(|name| pieces[name].as_str()));
    arguments.push("");
    let forged = if libotr_can_remac {
        let forged = our_answer(&[&["remac"], arguments.as_slice()].concat(), "");
        assert_eq!(forged, their_answer("otr_remac", &arguments, ""));
        forged
    } else {
        our_answer(&[&["remac", "--v2"], arguments.as_slice()].concat(), "")
    };
    assert_eq!(deliver(pair, &forged), "Good morning.");
}

fn both_directions(versions: &str, bob: Engine) {
    let mut pair = conversation(versions, bob);
    forge(&mut pair, true, versions == "3");
    forge(&mut pair, false, versions == "3");
}

// attack: REV-6
#[test]
fn libotr_takes_forgeries_for_messages_of_libotr() {
    both_directions("3", libotr("bob", "3"));
    both_directions("2", libotr("bob", "2"));
}

// attack: REV-6
#[test]
fn libotr_and_otr_take_forgeries_for_messages_of_each_other() {
    both_directions("3", Engine::ephemeral("bob", &["--versions", "3"]));
    both_directions("2", Engine::ephemeral("bob", &["--versions", "2"]));
}
