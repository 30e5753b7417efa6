//! The Curve25519 suite, as `otr engine` has it: by itself, from the start, or not at all.

use std::fs;
use std::path::Path;

use crate::support::engine::{Engine, Note, Pair, all, count, only};
use crate::support::process::{Process, otr};
use serde_json::{Value, json};

fn numbers(notes: &[Note]) -> Vec<&Value> {
    all(notes, "session").into_iter().map(|session| &session["version"]).collect()
}

/// Texts both ways, each of which arrives once and encrypted.
fn talk(pair: &mut Pair) {
    let from = pair.tape.len();
    for round in 0..3 {
        let text = format!("round {round}");
        let seen = pair.alice("send", json!({"peer": "bob", "text": text}));
        let message = only(&seen.bob, "message");
        assert_eq!((&message["text"], &message["encrypted"]), (&json!(text), &json!(true)));
        let seen = pair.bob("send", json!({"peer": "alice", "text": text}));
        let message = only(&seen.alice, "message");
        assert_eq!((&message["text"], &message["encrypted"]), (&json!(text), &json!(true)));
    }
    assert!(pair.tape[from..].iter().all(|body| body.starts_with("?OTR:") && !body.contains("round")));
}

/// Whether every message from `from` on is a data message in the suite: 0x63af is 25519.
fn is_in_suite(pair: &Pair, from: usize) -> bool {
    pair.tape[from..].iter().all(|body| body.starts_with("?OTR:Y68D"))
}

#[test]
fn a_private_conversation_moves_over_by_itself() {
    let mut pair = Pair::new(&[]);
    let identities = [&mut pair.alice, &mut pair.bob].map(|engine| engine.ask("identity", json!({})));
    for identity in &identities {
        assert_eq!(identity["versions"], json!([2, 3]), "it is not offered in the open");
        assert_ne!(identity["fingerprint"], identity["curve25519_fingerprint"]);
    }
    let seen = pair.start();
    for (notes, theirs) in [(&seen.alice, &identities[1]), (&seen.bob, &identities[0])] {
        assert_eq!(numbers(notes), [3, 25519]);
        assert_eq!(count(notes, "fingerprint"), 1, "only the DSA key is to be decided about");
        let [before, after] = all(notes, "session")[..] else { panic!("{notes:?}") };
        assert_eq!((&before["refreshed"], &after["refreshed"]), (&json!(false), &json!(true)));
        assert_eq!(before["suite_fingerprint"], Value::Null);
        assert_eq!(after["suite_fingerprint"], theirs["curve25519_fingerprint"]);
        for session in [before, after] {
            assert_eq!(session["state"], "encrypted");
            assert_eq!(session["their_fingerprint"], theirs["fingerprint"]);
        }
        assert_ne!(before["session_id"]["value"], after["session_id"]["value"]);
    }
    let id = |notes: &[Note]| all(notes, "session")[1]["session_id"]["value"].clone();
    assert_eq!(id(&seen.alice), id(&seen.bob));
    let status = pair.alice.status("bob");
    assert_eq!((&status["version"], &status["state"]), (&json!(25519), &json!("encrypted")));
    assert_eq!(status["suite_fingerprint"], identities[1]["curve25519_fingerprint"]);
    assert_eq!(status["their_fingerprint"], identities[1]["fingerprint"]);

    let moved = pair.tape.len();
    talk(&mut pair);
    assert!(is_in_suite(&pair, moved));
    let seen = pair.start();
    assert_eq!(numbers(&seen.alice), [3, 25519], "a refreshed conversation moves over again");
    talk(&mut pair);
}

#[test]
fn it_stays_in_version_3_where_one_side_has_the_suite_off() {
    for (alice, bob) in [(&["--no-curve25519"][..], &[][..]), (&[], &["--no-curve25519"])] {
        let mut pair = Pair::of(Engine::ephemeral("alice", alice), Engine::ephemeral("bob", bob));
        let identities = [&mut pair.alice, &mut pair.bob].map(|engine| engine.ask("identity", json!({})));
        for (identity, args) in identities.iter().zip([alice, bob]) {
            assert_eq!(identity["curve25519_fingerprint"].is_null(), !args.is_empty());
        }
        let seen = pair.start();
        assert_eq!((numbers(&seen.alice), numbers(&seen.bob)), (vec![&json!(3)], vec![&json!(3)]));
        assert_eq!(count(&seen.alice, "warning") + count(&seen.bob, "warning"), 0);
        talk(&mut pair);
        for status in [pair.alice.status("bob"), pair.bob.status("alice")] {
            assert_eq!((&status["version"], &status["suite_fingerprint"]), (&json!(3), &Value::Null));
        }
        assert!(!pair.tape.iter().any(|body| body.starts_with("?OTR:Y6")));
    }
}

#[test]
fn the_suite_alone_is_spoken_from_the_start() {
    let mut pair = Pair::new(&["--versions", "25519"]);
    let identities = [&mut pair.alice, &mut pair.bob].map(|engine| engine.ask("identity", json!({})));
    assert_eq!(identities[0]["versions"], json!([25519]));
    let seen = pair.start();
    for (notes, theirs) in [(&seen.alice, &identities[1]), (&seen.bob, &identities[0])] {
        let session = only(notes, "session");
        assert_eq!((&session["version"], &session["suite_fingerprint"]), (&json!(25519), &Value::Null));
        assert_eq!(session["their_fingerprint"], theirs["curve25519_fingerprint"]);
        assert_eq!(only(notes, "fingerprint")["fingerprint"], theirs["curve25519_fingerprint"]);
    }
    assert!(pair.tape[0].starts_with("?OTRv9?"), "{}", pair.tape[0]);
    let moved = pair.tape.len();
    talk(&mut pair);
    assert!(is_in_suite(&pair, moved));

    // It is for closed groups: nobody else understands the question.
    let mut pair = Pair::of(Engine::ephemeral("alice", &["--versions", "25519"]), Engine::ephemeral("bob", &[]));
    pair.alice("start", json!({"peer": "bob"}));
    assert_eq!(pair.bob.status("alice")["state"], "plaintext");
    let seen = pair.bob("start", json!({"peer": "alice"}));
    assert_eq!((pair.alice.status("bob")["state"].as_str(), numbers(&seen.bob).len()), (Some("plaintext"), 0));

    // The same can be said of one contact.
    let mut pair = Pair::new(&[]);
    for (engine, peer) in [(&mut pair.alice, "bob"), (&mut pair.bob, "alice")] {
        let set = engine.ask("policy", json!({"peer": peer, "versions": [25519]}));
        assert_eq!(set["versions"], json!([25519]));
        assert_eq!(engine.error("policy", json!({"peer": peer, "versions": [3, 25519]})), -32602);
    }
    let seen = pair.start();
    assert_eq!(numbers(&seen.alice), [25519]);
    talk(&mut pair);
}

#[test]
fn both_addresses_bind_where_both_are_known() {
    for (alice, bob, version) in [
        (&["--address", "alice"][..], &["--address", "bob"][..], 25519),
        (&["--address", "alice"], &["--address", "mallory"], 3),
        (&["--address", "alice"], &[], 3),
    ] {
        let mut pair = Pair::of(Engine::ephemeral("alice", alice), Engine::ephemeral("bob", bob));
        pair.start();
        for status in [pair.alice.status("bob"), pair.bob.status("alice")] {
            assert_eq!(status["version"], version, "{alice:?} {bob:?}");
        }
        talk(&mut pair);
    }
}

/// An engine with a home of its own.
fn at(homes: &Path, account: &str) -> Engine {
    Engine::spawn(&["--home", homes.join(account).to_str().unwrap(), "--account", account])
}

/// Both engines anew, at the same homes.
fn restart(pair: &mut Pair, homes: &Path) {
    pair.alice = at(homes, "alice");
    pair.bob = at(homes, "bob");
}

// attack: VER-1
#[test]
fn the_key_and_what_was_vouched_for_outlive_the_program() {
    let homes = tempfile::tempdir().unwrap();
    let homes = homes.path();
    let mut pair = Pair::of(at(homes, "alice"), at(homes, "bob"));
    let identities = [&mut pair.alice, &mut pair.bob].map(|engine| engine.ask("identity", json!({})));
    pair.start();
    let [_, bob] = &identities;
    pair.alice("trust", json!({"peer": "bob", "fingerprint": bob["fingerprint"], "trusted": true}));
    let vouched = || fs::read_to_string(homes.join("alice/otr.vouched")).unwrap();
    let line = |identity: &Value| {
        let [suite, dsa] = ["curve25519_fingerprint", "fingerprint"].map(|name| identity[name].as_str().unwrap());
        format!("bob\talice\tprpl-jabber\t{suite}\t{dsa}\n")
    };
    assert_eq!(vouched(), line(bob));

    restart(&mut pair, homes);
    let again = [&mut pair.alice, &mut pair.bob].map(|engine| engine.ask("identity", json!({})));
    assert_eq!(again, identities);
    let (first, question) = (pair.tape[0].clone(), pair.tape.len());
    let seen = pair.start();
    // attack rule VER-1: who has been in the suite is not met in version 2 again.
    assert!(first.starts_with("?OTRv23?") && pair.tape[question].starts_with("?OTRv3?"), "{first}");
    let sessions = all(&seen.alice, "session");
    assert!(sessions.iter().all(|session| session["trusted"] == true), "{sessions:?}");
    assert_eq!(sessions[1]["suite_fingerprint"], bob["curve25519_fingerprint"]);
    assert_eq!(vouched(), line(bob));

    // The files of libotr know nothing of it.
    let seed = fs::read_to_string(homes.join("bob/otr.ed25519_keys")).unwrap();
    let seed = seed.trim_end().rsplit('\t').next().unwrap();
    for name in ["alice/otr.fingerprints", "bob/otr.private_key", "bob/otr.fingerprints", "bob/otr.instance_tags"] {
        let file = fs::read_to_string(homes.join(name)).unwrap().to_lowercase();
        assert!(!file.contains(seed) && !file.contains(bob["curve25519_fingerprint"].as_str().unwrap()), "{name}");
    }

    // Of two Ed25519 keys that the same DSA key has vouched for, the later one counts.
    fs::remove_file(homes.join("bob/otr.ed25519_keys")).unwrap();
    restart(&mut pair, homes);
    let new = pair.bob.ask("identity", json!({}));
    assert_eq!(new["fingerprint"], bob["fingerprint"]);
    assert_ne!(new["curve25519_fingerprint"], bob["curve25519_fingerprint"]);
    pair.start();
    assert_eq!(vouched(), line(&new));
}

#[test]
fn arguments_that_leave_no_version_are_refused() {
    for (versions, says) in [("3,25519", "25519 stands alone"), ("9", "available: 2,3, or 25519 alone")] {
        let args = ["engine", "--ephemeral", "--account", "a", "--versions", versions];
        let (_, errors, status) = Process::spawn(otr(&args)).finish();
        assert_eq!(status.code(), Some(2));
        assert!(errors.join("\n").contains(says), "{errors:#?}");
    }
    let args = ["engine", "--ephemeral", "--account", "a", "--versions", "25519", "--no-curve25519"];
    let (_, errors, status) = Process::spawn(otr(&args)).finish();
    assert_eq!((status.code(), errors.len()), (Some(1), 1), "{errors:?}");
    assert!(errors[0].contains("--no-curve25519"), "{errors:?}");
}

// attack: FILE-6
#[test]
fn a_damaged_seed_ends_the_program_and_is_left_alone() {
    let homes = tempfile::tempdir().unwrap();
    assert!(at(homes.path(), "alice").finish().1.success());
    let home = homes.path().join("alice");
    let path = home.join("otr.ed25519_keys");
    let damaged = fs::read_to_string(&path).unwrap().replace("\tprpl-jabber\t", "\tprpl-jabber\tx");
    fs::write(&path, &damaged).unwrap();
    let args = ["engine", "--home", home.to_str().unwrap(), "--account", "alice"];
    let (_, errors, status) = Process::spawn(otr(&args)).finish();
    assert_eq!((status.code(), errors.len()), (Some(1), 1), "{errors:?}");
    assert!(errors[0].contains("otr.ed25519_keys, line 2: "), "{errors:?}");
    assert_eq!(fs::read_to_string(&path).unwrap(), damaged);

    // Who does not want the suite does not need its key.
    let (_, errors, status) = Process::spawn(otr(&[&args[..], &["--no-curve25519"]].concat())).finish();
    assert!(status.success(), "{errors:?}");
}
