//! The lines of the engine.

use serde_json::{Value, json};

use super::{CASES, Homes, Old, When, texts};
use crate::support::engine::{Engine, Note, Pair, Seen, all, count, only};

/// The kinds of warning about who the contact is.
fn kinds(notes: &[Note]) -> Vec<&Value> {
    all(notes, "warning").into_iter().filter(|warning| !warning["identity"].is_null()).collect()
}

fn fingerprint(engine: &mut Engine) -> Value {
    engine.ask("identity", json!({}))["fingerprint"].clone()
}

/// What a request put on the network, which nobody has carried yet.
fn injected(pair: &mut Pair, method: &str, params: Value) -> Vec<String> {
    let reply = pair.alice.request(method, params);
    reply.result.unwrap();
    all(&reply.notes, "inject").iter().map(|inject| inject["message"].as_str().unwrap().to_owned()).collect()
}

/// Alice's engine ends and begins anew.
fn restart(pair: &mut Pair, homes: &Homes) {
    let (notes, status) = std::mem::replace(&mut pair.alice, homes.engine("alice", "alice")).finish();
    assert!(status.success());
    assert_eq!(count(&notes, "not_delivered"), 0, "all had arrived");
}

// attack: AKE-13, ID-5, ID-6
#[test]
fn a_changed_key_is_told_and_gets_nothing_unasked() {
    for (when, old_is) in CASES {
        for same_instance in [true, false] {
            changed(when, old_is, same_instance);
        }
    }
}

fn changed(when: When, old_is: Old, same_instance: bool) {
    let case = format!("{when:?}, {old_is:?}, same instance: {same_instance}");
    let homes = Homes::new();
    let mut pair = Pair::of(homes.engine("alice", "alice"), homes.engine("bob", "bob"));
    let old = fingerprint(&mut pair.bob);
    let seen = pair.start();
    let first = only(&seen.alice, "fingerprint");
    let expected = json!({"peer": "bob", "fingerprint": old, "known": false});
    assert_eq!((first, kinds(&seen.alice).len()), (&expected, 0), "{case}: a first key");
    if old_is == Old::Verified {
        pair.alice("trust", json!({"peer": "bob", "fingerprint": old, "trusted": true}));
    }
    let seen = pair.alice("send", json!({"peer": "bob", "text": "to the old key"}));
    assert_eq!(texts(&seen.bob), ["to the old key"]);
    pair.bob("heartbeat", json!({"peer": "alice"}));

    // Bob has his new key, and Alice types something before she can know.
    let (mut to_bob, asks) = match when {
        When::InTheMiddle => (injected(&mut pair, "send", json!({"peer": "bob", "text": "too early"})), false),
        When::Between => {
            restart(&mut pair, &homes);
            let query = injected(&mut pair, "start", json!({"peer": "bob"}));
            let queued = pair.alice.ask("send", json!({"peer": "bob", "text": "too early"}));
            assert_eq!(queued["status"], "queued", "{case}");
            (query, true)
        }
    };
    pair.bob = homes.bob_anew(same_instance);
    let new = fingerprint(&mut pair.bob);
    assert_ne!(new, old);
    let mut seen = Seen::default();
    let mut also = |more: Seen| {
        seen.alice.extend(more.alice);
        seen.bob.extend(more.bob);
    };
    for message in to_bob.drain(..) {
        also(pair.bob("receive", json!({"peer": "alice", "message": message})));
    }
    if !asks {
        also(pair.bob("start", json!({"peer": "alice"})));
    }

    // The change is told, before the conversation is.
    let announced = only(&seen.alice, "fingerprint");
    let expected = json!({"peer": "bob", "fingerprint": new, "known": false, "other_known": true});
    assert_eq!(announced, &expected, "{case}");
    let told = kinds(&seen.alice);
    assert_eq!(told.len(), 1, "{case}: {told:?}");
    assert_eq!((&told[0]["code"], &told[0]["new"]), (&json!("other"), &new), "{case}");
    match (when, old_is) {
        (When::Between, Old::Unverified) => assert_eq!(told[0]["identity"], "another_key"),
        _ => {
            let blocked = old_is == Old::Verified;
            let expected = (&json!("changed"), &old, &json!(blocked));
            assert_eq!((&told[0]["identity"], &told[0]["old"], &told[0]["blocked"]), expected, "{case}");
        }
    }
    let place = |wanted: &dyn Fn(&Note) -> bool| seen.alice.iter().rposition(wanted).unwrap();
    let warned = place(&|note| note.0 == "warning" && !note.1["identity"].is_null());
    let begun = seen.alice.iter().position(|note| note.0 == "session" && note.1["their_fingerprint"] == new);
    assert!(warned < begun.unwrap(), "{case}");

    assert_eq!(texts(&seen.bob), [""; 0], "{case}: nothing went to the new key");
    let status = pair.alice.status("bob");
    if (when, old_is, same_instance) == (When::InTheMiddle, Old::Verified, false) {
        // Two clients to all appearances: text goes on to the verified one, and the other one cannot read it.
        assert_eq!((&status["their_fingerprint"], &status["trusted"]), (&old, &json!(true)), "{case}");
        let seen = pair.alice("send", json!({"peer": "bob", "text": "to the old key"}));
        assert_eq!(texts(&seen.bob), [""; 0], "{case}");
        return;
    }
    let expected = (&new, &json!(false), &json!(old_is == Old::Verified));
    assert_eq!((&status["their_fingerprint"], &status["trusted"], &status["blocked"]), expected, "{case}");
    if old_is == Old::Unverified && when == When::Between {
        assert_eq!(only(&seen.alice, "not_delivered")["text"], "too early", "{case}: given back");
    }

    if old_is == Old::Verified {
        still_blocked(&mut pair, &old, &case);
        let seen = pair.alice("accept", json!({"peer": "bob", "fingerprint": new}));
        assert_eq!(pair.alice.status("bob")["blocked"], false, "{case}");
        // What waited for a decision may go where the decision says.
        let waited = if when == When::Between { vec!["too early"] } else { vec![] };
        assert_eq!(texts(&seen.bob), waited, "{case}");
    }
    let seen = pair.alice("send", json!({"peer": "bob", "text": "now that I know"}));
    assert_eq!(texts(&seen.bob), ["now that I know"], "{case}");
}

/// Nothing but a decision about the new key lets anything out.
fn still_blocked(pair: &mut Pair, old: &Value, case: &str) {
    let refused = pair.alice("send", json!({"peer": "bob", "text": "a secret"}));
    assert_eq!(texts(&refused.bob), [""; 0], "{case}");
    let refused = pair.alice.ask("send", json!({"peer": "bob", "text": "a secret"}));
    assert_eq!(refused["status"], "refused", "{case}");
    for (method, params) in [
        ("heartbeat", json!({"peer": "bob"})),
        ("extra_key", json!({"peer": "bob", "use": 1})),
        ("smp.start", json!({"peer": "bob", "secret": "a secret"})),
    ] {
        // To compare a secret is how one finds out; it says nothing of the secret to who does not know it.
        let outcome = pair.alice.request(method, params);
        assert!(method == "smp.start" || outcome.result.is_err(), "{case}: {method}");
    }
    // A decision about another key is none about this one.
    pair.alice("trust", json!({"peer": "bob", "fingerprint": old, "trusted": true}));
    assert_eq!(pair.alice.status("bob")["blocked"], true, "{case}");
}

// attack: ID-6
#[test]
fn a_key_that_is_known_for_somebody_else_is_told_as_that() {
    let homes = Homes::new();
    let mut pair = Pair::of(homes.engine("alice", "alice"), homes.engine("bob", "bob"));
    pair.start();
    let print = fingerprint(&mut pair.bob);
    pair.alice("trust", json!({"peer": "bob", "fingerprint": print, "trusted": true}));

    // The same program, by another name.
    let mut to_bob = vec!["?OTRv3?".to_owned()];
    let mut seen = Vec::new();
    let mut bob = homes.engine("bob", "bob");
    while let Some(message) = to_bob.pop() {
        let notes = bob.request("receive", json!({"peer": "alice", "message": message})).notes;
        for answer in all(&notes, "inject") {
            let reply = pair.alice.request("receive", json!({"peer": "robert", "message": answer["message"]}));
            let injects = all(&reply.notes, "inject")
                .iter()
                .map(|inject| inject["message"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>();
            to_bob.extend(injects);
            seen.extend(reply.notes);
        }
    }
    let first = only(&seen, "fingerprint");
    let expected = json!({"peer": "robert", "fingerprint": print, "known": false});
    assert_eq!(first, &expected);
    let told = kinds(&seen);
    assert_eq!(told.len(), 1, "{told:?}");
    let expected = json!(["of_another", print, "bob", true]);
    assert_eq!(json!([told[0]["identity"], told[0]["new"], told[0]["other"], told[0]["trusted_as_other"]]), expected);
    assert_eq!(pair.alice.status("robert")["trusted"], false, "trust is for bob only");
}
