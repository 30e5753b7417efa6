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

/// Two engines that stay in version 3, or in what `bob` says.
fn version_3(home: &Path, bob: &[&str]) -> Pair {
    let alice = Engine::spawn(&["--home", home.to_str().unwrap(), "--account", "alice", "--no-curve25519"]);
    Pair::of(alice, Engine::spawn(&[&["--account", "bob", "--no-curve25519"], bob].concat()))
}

// attack: VER-1
#[test]
fn a_version_that_was_spoken_outlives_the_program() {
    let homes = tempfile::tempdir().unwrap();
    let [alice, bob] = ["alice", "bob"].map(|name| homes.path().join(name));
    let bob = bob.to_str().unwrap();
    let mut pair = version_3(&alice, &["--home", bob]);
    let seen = pair.start();
    let print = only(&seen.alice, "fingerprint")["fingerprint"].as_str().unwrap().to_owned();
    assert_eq!(pair.alice.status("bob")["version"], 3);
    drop(pair);
    let file = fs::read_to_string(alice.join("otr.versions")).unwrap();
    assert_eq!(file.lines().last().unwrap(), format!("bob\talice\tprpl-jabber\t{print}\t3"));

    let mut pair = version_3(&alice, &["--home", bob, "--versions", "2"]);
    let seen = pair.bob("start", json!({"peer": "alice"}));
    assert_eq!(only(&seen.alice, "warning")["code"], "unsupported_version");
    assert_eq!(pair.alice.status("bob")["state"], "plaintext");
    // Unless the user wants it.
    pair.alice("policy", json!({"peer": "bob", "allow_downgrade": true}));
    let seen = pair.bob("start", json!({"peer": "alice"}));
    assert_eq!(pair.alice.status("bob")["version"], 2);
    assert!(only(&seen.alice, "warning")["text"].as_str().unwrap().contains("although version 3 was spoken"));
    drop(pair);
    assert_eq!(fs::read_to_string(alice.join("otr.versions")).unwrap(), file, "the highest one stays");
}

fn keys(home: &Path, args: &[&str]) -> Vec<String> {
    let (output, errors, status) =
        Process::spawn(otr(&[&["keys", "--home", home.to_str().unwrap()], args].concat())).finish();
    assert!(status.success(), "{errors:?}");
    output
}

// attack: FILE-9, ID-5
#[test]
fn what_another_program_decides_holds_at_once() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let mut pair = Pair::of(at(home, "alice"), Engine::ephemeral("bob", &[]));
    let seen = pair.start();
    let bob = only(&seen.alice, "fingerprint")["fingerprint"].as_str().unwrap().to_owned();
    assert!(keys(home, &["list"]).join("\n").contains("bob"), "side by side");

    keys(home, &["verify", "bob", &bob]);
    let reply = pair.alice.request("status", json!({"peer": "bob"}));
    assert_eq!(only(&reply.notes, "trust"), &json!({"peer": "bob", "fingerprint": bob, "trusted": true}));
    assert_eq!(reply.result.unwrap()["trusted"], true);
    assert_eq!(pair.alice.request("status", json!({"peer": "bob"})).notes.len(), 0, "told once");

    // Somebody else at the other end is held against that.
    pair.bob = Engine::ephemeral("bob", &[]);
    let seen = pair.bob("end", json!({"peer": "alice"}));
    assert!(seen.alice.is_empty());
    pair.alice("end", json!({"peer": "bob"}));
    pair.start();
    assert_eq!(pair.alice.status("bob")["blocked"], true);

    keys(home, &["distrust", "bob", &bob]);
    let reply = pair.alice.request("status", json!({"peer": "bob"}));
    assert_eq!(only(&reply.notes, "trust")["trusted"], false);
    keys(home, &["forget", "bob", &bob]);
    // What the engine stores afterwards brings nothing back.
    let new = pair.alice.status("bob")["their_fingerprint"].clone();
    pair.alice("trust", json!({"peer": "bob", "fingerprint": new, "trusted": true}));
    let file = fs::read_to_string(home.join("otr.fingerprints")).unwrap();
    assert_eq!(file, format!("bob\talice\tprpl-jabber\t{}\tverified\n", new.as_str().unwrap()));
    let trust = fs::read_to_string(home.join("otr.trust")).unwrap();
    assert_eq!(trust.lines().filter(|line| line.contains('\t')).count(), 1, "{trust}");
    assert!(trust.contains("\tverified\t20"), "how and when: {trust}");
}

/// What is not there any more was not withdrawn by anybody, if the file is not whole.
// attack: FILE-6, FILE-9
#[test]
fn damage_withdraws_no_trust() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let path = home.join("otr.fingerprints");
    let mut pair = Pair::of(at(home, "alice"), Engine::ephemeral("bob", &[]));
    let seen = pair.start();
    let bob = only(&seen.alice, "fingerprint")["fingerprint"].as_str().unwrap().to_owned();
    pair.alice("trust", json!({"peer": "bob", "fingerprint": bob, "trusted": true}));
    assert_eq!(pair.alice.status("bob")["trusted"], true);
    let whole = fs::read_to_string(&path).unwrap();
    for damaged in ["", "bob\talice\tprpl-jabber\t0123\tverified\n", whole.trim_end()] {
        fs::write(&path, damaged).unwrap();
        let reply = pair.alice.request("status", json!({"peer": "bob"}));
        assert_eq!((reply.notes.len(), &reply.result.unwrap()["trusted"]), (0, &json!(true)), "{damaged:?}");
        pair.alice.process.expect_error("otr.fingerprints, line 1");
    }
    fs::remove_file(&path).unwrap();
    assert_eq!(pair.alice.status("bob")["trusted"], true);
    pair.alice.process.expect_error("the file is gone");

    // What the file says it says, with damage beside it and without.
    let distrusted = whole.replace("verified", "");
    assert_ne!(distrusted, whole);
    fs::write(&path, format!("not a\trecord\n{distrusted}")).unwrap();
    assert_eq!(pair.alice.status("bob")["trusted"], false);
    fs::write(&path, &whole).unwrap();
    assert_eq!(pair.alice.status("bob")["trusted"], true);
    // To forget the only one leaves no damage.
    keys(home, &["forget", "bob", &bob]);
    assert_eq!(pair.alice.status("bob")["trusted"], false);
}

#[test]
fn how_somebody_was_verified_is_kept() {
    let home = tempfile::tempdir().unwrap();
    let mut pair = Pair::of(at(home.path(), "alice"), Engine::ephemeral("bob", &[]));
    pair.start();
    pair.alice("smp.start", json!({"peer": "bob", "secret": "where we met"}));
    let seen = pair.bob("smp.answer", json!({"peer": "alice", "secret": "where we met"}));
    assert_eq!(all(&seen.alice, "smp").last().unwrap()["event"], "succeeded");
    let file = |name: &str| fs::read_to_string(home.path().join(name)).unwrap();
    assert!(file("otr.fingerprints").ends_with("\tsmp\n"));
    assert!(file("otr.trust").contains("\tsmp\t20"), "{}", file("otr.trust"));
    assert!(keys(home.path(), &["list"]).join("\n").contains("bob"));
}

// attack: SIDE-8
#[test]
fn no_private_key_is_ever_said() {
    let home = tempfile::tempdir().unwrap();
    let mut pair = Pair::of(at(home.path(), "alice"), Engine::ephemeral("bob", &[]));
    let seen = pair.start();
    let path = home.path().join("otr.private_key");
    let keys = fs::read_to_string(&path).unwrap();
    let x = keys.split("(x #").nth(1).unwrap().split('#').next().unwrap().trim_start_matches('0').to_lowercase();
    let seeds = fs::read_to_string(home.path().join("otr.ed25519_keys")).unwrap();
    let seed = seeds.trim_end().rsplit('\t').next().unwrap().to_owned();
    assert!(x.len() > 30 && seed.len() == 64);

    // One more program finds the file damaged behind the key, and says all it can say of that.
    fs::write(&path, format!("{keys}(privkeys")).unwrap();
    let other = at(home.path(), "alice");
    let (said, errors, status) = other.process.finish();
    assert!(status.success() && errors.iter().any(|line| line.contains("otr.private_key, line")), "{errors:?}");
    assert!(errors.iter().any(|line| line.contains("a copy is kept as") && line.contains("otr.private_key.damaged")));
    assert_eq!(fs::read(home.path().join("otr.private_key.damaged")).unwrap(), fs::read(&path).unwrap());
    let (notes, _) = pair.alice.finish();
    let everything =
        format!("{:?} {:?} {notes:?} {said:?} {errors:?} {:?}", seen.alice, seen.bob, pair.tape).to_lowercase();
    // Parts of them neither.
    for secret in [x, seed] {
        for part in secret.as_bytes().windows(12) {
            let part = str::from_utf8(part).unwrap();
            assert!(!everything.contains(part), "a part of a private key was said");
        }
    }
}
