//! What `otr engine --home` keeps, and what it says when it cannot.

use std::fs;
use std::path::Path;

use crate::support::engine::{Engine, Note, Pair, all, count, only};
use crate::support::process::{Process, otr};
use serde_json::{Value, json};

fn at(home: &Path, account: &str) -> Engine {
    Engine::spawn(&["--home", home.to_str().unwrap(), "--account", account])
}

/// Ends Alice's engine, whose last words reach Bob, and begins another one at the same home.
fn restart(pair: &mut Pair, home: &Path) {
    let old = std::mem::replace(&mut pair.alice, at(home, "alice"));
    let (notes, status) = old.finish();
    assert!(status.success());
    let goodbye = only(&notes, "inject")["message"].clone();
    pair.bob.ask("receive", json!({"peer": "alice", "message": goodbye}));
    assert_eq!(pair.bob.status("alice")["state"], "finished");
}

/// Whether every conversation told of, before the move to another suite and after it, is trusted as it should be.
fn sessions_are_trusted(notes: &[Note], trusted: bool) -> bool {
    let sessions = all(notes, "session");
    !sessions.is_empty() && sessions.iter().all(|session| session["trusted"] == trusted)
}

#[test]
fn keys_and_trust_outlive_the_program() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path().join("made/if/missing");
    let mut alice = at(&home, "alice");
    alice.process.expect_error("making a key for alice");
    let identity = alice.ask("identity", json!({}));
    let mut pair = Pair::of(alice, Engine::ephemeral("bob", &[]));
    let seen = pair.start();
    let bob = only(&seen.alice, "fingerprint")["fingerprint"].clone();

    // Known from now on, also after a restart, but not trusted.
    restart(&mut pair, &home);
    assert_eq!(pair.alice.ask("identity", json!({})), identity);
    let seen = pair.start();
    assert_eq!(count(&seen.alice, "fingerprint"), 0);
    assert!(sessions_are_trusted(&seen.alice, false));
    pair.alice("trust", json!({"peer": "bob", "fingerprint": bob, "trusted": true}));
    assert_eq!(pair.alice.status("bob")["trusted"], true);

    restart(&mut pair, &home);
    let seen = pair.start();
    assert!(sessions_are_trusted(&seen.alice, true));
    let file = fs::read_to_string(home.join("otr.fingerprints")).unwrap();
    assert_eq!(file, format!("bob\talice\tprpl-jabber\t{}\tverified\n", bob.as_str().unwrap()));

    // Another account of the same home shares neither key nor trust.
    let mut other = at(&home, "other");
    assert_ne!(other.ask("identity", json!({}))["fingerprint"], identity["fingerprint"]);
    let trust = json!({"peer": "bob", "fingerprint": bob, "trusted": true});
    assert_eq!(other.error("trust", trust), 3);
}

#[test]
fn a_changed_key_is_announced_and_blocks() {
    let home = tempfile::tempdir().unwrap();
    let mut pair = Pair::of(at(home.path(), "alice"), Engine::ephemeral("bob", &[]));
    let seen = pair.start();
    let old = only(&seen.alice, "fingerprint")["fingerprint"].clone();
    pair.alice("trust", json!({"peer": "bob", "fingerprint": old, "trusted": true}));
    restart(&mut pair, home.path());

    pair.bob = Engine::ephemeral("bob", &[]);
    let seen = pair.start();
    let announced = only(&seen.alice, "fingerprint");
    assert_ne!(announced["fingerprint"], old);
    assert_eq!(announced["known"], false);
    let warning = only(&seen.alice, "warning");
    assert!(warning["code"] == "other" && warning["text"].as_str().unwrap().contains("trust or accept"), "{warning}");
    let status = pair.alice.status("bob");
    assert_eq!((&status["trusted"], &status["blocked"]), (&json!(false), &json!(true)));
    let refused = pair.alice.ask("send", json!({"peer": "bob", "text": "secret"}));
    assert_eq!(refused["status"], "refused");

    let new = announced["fingerprint"].clone();
    pair.alice("accept", json!({"peer": "bob", "fingerprint": new}));
    let seen = pair.alice("send", json!({"peer": "bob", "text": "on we go"}));
    assert_eq!(only(&seen.bob, "message")["text"], "on we go");
}

#[test]
fn a_store_that_fails_is_said() {
    let home = tempfile::tempdir().unwrap();
    let mut alice = at(home.path(), "alice");
    let print = alice.ask("identity", json!({}))["fingerprint"].clone();
    fs::create_dir(home.path().join("otr.fingerprints")).unwrap();
    let mut bob = Engine::ephemeral("bob", &[]);

    // The exchange goes on, and the request whose fingerprint could not be kept says so.
    let mut to_bob: Vec<Value> = vec![json!("?OTRv3?")];
    let mut codes = Vec::new();
    while let Some(message) = to_bob.pop() {
        let answers = bob.request("receive", json!({"peer": "alice", "message": message})).notes;
        for (_, answer) in answers.into_iter().filter(|note| note.0 == "inject") {
            let reply = alice.request("receive", json!({"peer": "bob", "message": answer["message"]}));
            codes.extend(reply.result.err().map(|(code, _)| code));
            let injects = reply.notes.into_iter().filter(|note| note.0 == "inject");
            to_bob.extend(injects.map(|(_, inject)| inject["message"].clone()));
        }
    }
    assert_eq!(codes, [4]);
    assert_eq!(alice.status("bob")["state"], "encrypted");
    let their = alice.status("bob")["their_fingerprint"].clone();
    assert_ne!(their, print);
    assert_eq!(alice.error("trust", json!({"peer": "bob", "fingerprint": their, "trusted": true})), 4);

    // A store that cannot be read ends the program before it begins.
    let (_, errors, status) =
        Process::spawn(otr(&["engine", "--home", home.path().to_str().unwrap(), "--account", "alice"])).finish();
    assert_eq!((status.code(), errors.len()), (Some(1), 1), "{errors:?}");
    assert!(errors[0].contains("otr.fingerprints"), "{errors:?}");
}
