//! The contract of `otr engine`, held against the program itself.

use crate::support::engine::{Engine, Pair, Reply, count, only};
use crate::support::process::{Process, otr};
use serde_json::{Value, json};

fn is_hex(value: &Value, digits: usize) -> bool {
    let text = value.as_str().unwrap_or_default();
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[test]
fn identity_says_who_we_are() {
    let mut engine = Engine::ephemeral("alice@example.org", &["--protocol", "irc"]);
    let identity = engine.ask("identity", json!({}));
    assert_eq!((&identity["account"], &identity["protocol"]), (&json!("alice@example.org"), &json!("irc")));
    assert!(is_hex(&identity["curve25519_fingerprint"], 40), "{identity}");
    assert!(is_hex(&identity["fingerprint"], 40) && is_hex(&identity["instance_tag"], 8), "{identity}");
    assert_eq!(identity["versions"], json!([2, 3]));
    let mut other = Engine::ephemeral("bob", &[]);
    let second = other.ask("identity", json!({}));
    assert_eq!(second["protocol"], "prpl-jabber");
    assert_ne!(second["fingerprint"], identity["fingerprint"]);
}

#[test]
fn a_private_conversation_is_told_at_both_ends() {
    // What is told of a move to the suite is held against the program in engine_curve25519.
    let mut pair = Pair::new(&["--no-curve25519"]);
    let prints = [&mut pair.alice, &mut pair.bob].map(|engine| engine.ask("identity", json!({})));
    let seen = pair.start();
    for (notes, peer, theirs, ours) in
        [(&seen.alice, "bob", &prints[1], "second"), (&seen.bob, "alice", &prints[0], "first")]
    {
        let fingerprint = only(notes, "fingerprint");
        assert_eq!(*fingerprint, json!({"peer": peer, "fingerprint": theirs["fingerprint"], "known": false}));
        let session = only(notes, "session");
        assert_eq!(session["peer"], peer);
        assert_eq!(session["state"], "encrypted");
        assert_eq!(session["version"], 3);
        assert_eq!(session["their_fingerprint"], theirs["fingerprint"]);
        assert_eq!(session["their_instance"], theirs["instance_tag"]);
        assert_eq!((&session["trusted"], &session["refreshed"]), (&json!(false), &json!(false)));
        assert_eq!(session["initiated_by_us"], json!(ours == "first"));
        assert!(is_hex(&session["session_id"]["value"], 16));
        assert_eq!(session["session_id"]["ours"], ours);
    }
    let id = |notes| only(notes, "session")["session_id"]["value"].clone();
    assert_eq!(id(&seen.alice), id(&seen.bob));

    let status = pair.alice.status("bob");
    assert_eq!(status["state"], "encrypted");
    assert_eq!(status["session_id"], only(&seen.alice, "session")["session_id"]);
    assert_eq!(status["our_instance"], prints[0]["instance_tag"]);
    assert_eq!(status["their_instance"], prints[1]["instance_tag"]);
    assert_eq!((&status["version"], &status["trusted"], &status["smp"]), (&json!(3), &json!(false), &Value::Null));

    let seen = pair.start();
    assert_eq!(only(&seen.alice, "session")["refreshed"], true);
    assert_eq!(count(&seen.alice, "fingerprint"), 0);
}

#[test]
fn messages_go_both_ways() {
    let mut pair = Pair::private(&[]);
    for round in 0..6 {
        let text = format!("round {round}: é\u{1f980} \u{1} \"quoted\"\n");
        let seen = pair.alice("send", json!({"peer": "bob", "text": text}));
        let message = only(&seen.bob, "message");
        assert_eq!((&message["text"], &message["encrypted"]), (&json!(text), &json!(true)));
        assert_eq!((&message["peer"], is_hex(&message["their_instance"], 8)), (&json!("alice"), true));
        let seen = pair.bob("send", json!({"peer": "alice", "text": "back"}));
        assert_eq!(only(&seen.alice, "message")["text"], "back");
    }
    assert!(pair.tape.iter().all(|body| body.starts_with("?OTR") && !body.contains("round")));
    let seen = pair.alice("heartbeat", json!({"peer": "bob"}));
    assert_eq!((seen.alice.len(), seen.bob.len()), (0, 0));
}

#[test]
fn what_became_of_a_text_is_said() {
    let mut pair = Pair::new(&["--policy", "manual"]);
    let Reply { notes, result } = pair.alice.request("send", json!({"peer": "bob", "text": "clear"}));
    assert_eq!(result.unwrap(), json!({"status": "plaintext"}));
    assert_eq!(notes, [("inject".to_owned(), json!({"peer": "bob", "message": "clear"}))]);
    let seen = pair.bob.request("receive", json!({"peer": "alice", "message": "clear"})).notes;
    let plain = json!({"peer": "alice", "text": "clear", "encrypted": false, "their_instance": null});
    assert_eq!(seen, [("message".to_owned(), plain)]);

    pair.start();
    assert_eq!(pair.alice.ask("send", json!({"peer": "bob", "text": "x"})), json!({"status": "sent"}));
    let seen = pair.bob("end", json!({"peer": "alice"}));
    assert_eq!(only(&seen.bob, "session")["state"], "plaintext");
    let finished = only(&seen.alice, "session");
    assert_eq!((&finished["state"], &finished["session_id"]), (&json!("finished"), &Value::Null));
    let Reply { notes, result } = pair.alice.request("send", json!({"peer": "bob", "text": "secret"}));
    let refused = result.unwrap();
    assert_eq!((&refused["status"], refused["reason"].is_string()), (&json!("refused"), true));
    assert!(notes.is_empty(), "{notes:?}");
    assert_eq!(pair.alice.status("bob")["state"], "finished");
    pair.alice("end", json!({"peer": "bob"}));
    assert_eq!(pair.alice.status("bob")["state"], "plaintext");
}

#[test]
fn waiting_text_goes_out_or_comes_back() {
    let mut pair = Pair::new(&["--policy", "always"]);
    let Reply { notes, result } = pair.alice.request("send", json!({"peer": "bob", "text": "soon"}));
    assert_eq!(result.unwrap(), json!({"status": "queued"}));
    assert!(!notes.iter().any(|note| note.1.to_string().contains("soon")));
    let notes = pair.alice.request("end", json!({"peer": "bob"})).notes;
    assert_eq!(notes, [("not_delivered".to_owned(), json!({"peer": "bob", "text": "soon", "certain": true}))]);

    assert_eq!(pair.alice.ask("send", json!({"peer": "bob", "text": "again"})), json!({"status": "queued"}));
    let seen = pair.start();
    assert_eq!(only(&seen.bob, "message")["text"], "again");
}

#[test]
fn long_messages_go_in_pieces() {
    let mut pair = Pair::private(&["--max-message-size", "200"]);
    let before = pair.tape.len();
    let text = "x".repeat(3000);
    let seen = pair.alice("send", json!({"peer": "bob", "text": text}));
    assert_eq!(only(&seen.bob, "message")["text"], json!(text));
    assert!(pair.tape.len() > before + 10);
    assert!(pair.tape.iter().all(|body| body.len() <= 200));
}

#[test]
fn the_extra_key_is_the_same_at_both_ends() {
    let mut pair = Pair::private(&[]);
    let Reply { notes, result } = pair.alice.request("extra_key", json!({"peer": "bob", "use": 7, "data": "00ff"}));
    let key = result.unwrap()["key"].clone();
    assert!(is_hex(&key, 64));
    let message = only(&notes, "inject")["message"].clone();
    let notes = pair.bob.request("receive", json!({"peer": "alice", "message": message})).notes;
    assert_eq!(*only(&notes, "extra_key"), json!({"peer": "alice", "use": 7, "data": "00ff", "key": key}));
}

#[test]
fn errors_have_the_numbers_of_the_contract() {
    let mut pair = Pair::private(&[]);
    let stranger = json!({"peer": "eve"});
    assert_eq!(pair.alice.error("heartbeat", stranger.clone()), 1);
    assert_eq!(pair.alice.error("extra_key", json!({"peer": "eve", "use": 1})), 1);
    assert_eq!(pair.alice.ask("policy", json!({"peer": "eve", "policy": "never"}))["policy"], "never");
    assert_eq!(pair.alice.error("start", stranger), 2);
    let nobody = json!({"peer": "bob", "fingerprint": "0".repeat(40), "trusted": true});
    assert_eq!(pair.alice.error("trust", nobody), 3);
    for (method, params) in [
        ("start", json!({})),
        ("start", json!([])),
        ("start", json!({"peer": 1})),
        ("start", json!({"peer": ""})),
        ("start", json!({"peer": "a\nb"})),
        ("start", json!({"peer": "x".repeat(1025)})),
        ("send", json!({"peer": "bob"})),
        ("receive", json!({"peer": "bob", "message": null})),
        ("receive", json!({"peer": "bob", "message": "x", "origin": "moon"})),
        ("trust", json!({"peer": "bob", "fingerprint": "0", "trusted": true})),
        ("trust", json!({"peer": "bob", "fingerprint": "0".repeat(40), "trusted": 1})),
        ("extra_key", json!({"peer": "bob", "use": -1})),
        ("extra_key", json!({"peer": "bob", "use": 4_294_967_296_u64})),
        ("extra_key", json!({"peer": "bob", "use": 1, "data": "f"})),
        ("extra_key", json!({"peer": "bob", "use": 1, "data": "00".repeat(65_532)})),
        ("policy", json!({"peer": "bob", "policy": "maybe"})),
        ("policy", json!({"peer": "bob", "versions": [4]})),
        ("policy", json!({"peer": "bob", "versions": []})),
        ("smp.start", json!({"peer": "bob"})),
    ] {
        assert_eq!(pair.alice.error(method, params.clone()), -32602, "{method} {params}");
    }
    assert_eq!(pair.alice.error("fly", json!({})), -32601);
    for (method, params) in [
        ("smp.start", json!({"peer": "eve", "secret": "s", "question": "q"})),
        ("smp.start", json!({"peer": "bob", "secret": "s", "question": "q".repeat(64_001)})),
        ("smp.answer", json!({"peer": "bob", "secret": "s"})),
        ("smp.abort", json!({"peer": "bob"})),
    ] {
        assert_eq!(pair.alice.error(method, params), 1, "{method}");
    }
    assert_eq!(pair.alice.status("bob")["state"], "encrypted");
}

#[test]
fn the_framing_is_that_of_json_rpc() {
    let mut engine = Engine::ephemeral("alice", &[]);
    let null = Value::Null;
    let cases: [(&[u8], &Value, i64); 10] = [
        (b"", &null, -32700),
        (b"{", &null, -32700),
        (b"\xff\xfe", &null, -32700),
        (br#"{"jsonrpc":"2.0","id":1,"method":"identity"} x"#, &null, -32700),
        (b"[]", &null, -32600),
        (br#"[{"jsonrpc":"2.0","id":1,"method":"identity"}]"#, &null, -32600),
        (b"3", &null, -32600),
        (br#"{"jsonrpc":"2.0","id":{},"method":"identity"}"#, &null, -32600),
        (br#"{"id":"a","method":"identity"}"#, &json!("a"), -32600),
        (br#"{"jsonrpc":"2.0","id":"b","method":7}"#, &json!("b"), -32600),
    ];
    for (line, id, code) in cases {
        engine.process.write(&[line, b"\n"].concat());
        assert_eq!(engine.reply(id).result.unwrap_err().0, code, "{}", String::from_utf8_lossy(line));
    }
    for id in [json!("text"), json!(-5), json!(1.5), null] {
        engine.process.line(&json!({"jsonrpc": "2.0", "id": id, "method": "identity"}).to_string());
        assert!(engine.reply(&id).result.is_ok());
    }
}

#[test]
fn a_request_without_an_id_is_done_and_not_answered() {
    let mut engine = Engine::ephemeral("alice", &[]);
    engine.process.line(r#"{"jsonrpc":"2.0","method":"policy","params":{"peer":"bob","policy":"manual"}}"#);
    engine.process.line(r#"{"jsonrpc":"2.0","method":"fly"}"#);
    engine.process.line(r#"{"jsonrpc":"2.0","method":"send","params":{"peer":"bob","text":"hi"}}"#);
    let reply = engine.request("policy", json!({"peer": "bob"}));
    assert_eq!(reply.result.unwrap(), json!({"policy": "manual", "versions": [2, 3]}));
    assert_eq!(*only(&reply.notes, "inject"), json!({"peer": "bob", "message": "hi"}));
}

#[test]
fn a_line_over_the_limit_is_refused_and_the_next_is_served() {
    let mut engine = Engine::ephemeral("alice", &[]);
    let megabyte = vec![b'x'; 1024 * 1024];
    for _ in 0..33 {
        engine.process.write(&megabyte);
    }
    engine.process.line("");
    assert_eq!(engine.reply(&Value::Null).result.unwrap_err().0, -32600);
    assert!(engine.request("identity", json!({})).result.is_ok());
}

#[test]
fn the_end_of_input_ends_every_session() {
    let Pair { alice, mut bob, .. } = Pair::private(&[]);
    let (notes, status) = alice.finish();
    assert!(status.success());
    assert_eq!(only(&notes, "session")["state"], "plaintext");
    let message = only(&notes, "inject")["message"].clone();
    let notes = bob.request("receive", json!({"peer": "alice", "message": message})).notes;
    assert_eq!(only(&notes, "session")["state"], "finished");
}

#[test]
fn warnings_carry_their_codes() {
    let mut pair = Pair::private(&[]);
    let message = pair.alice.request("send", json!({"peer": "bob", "text": "x"})).notes;
    let body = only(&message, "inject")["message"].as_str().unwrap().to_owned();
    let warning = |pair: &mut Pair, body: &str| {
        let notes = pair.bob.request("receive", json!({"peer": "alice", "message": body})).notes;
        let warning = only(&notes, "warning").clone();
        assert_eq!(warning["peer"], "alice");
        (warning["code"].as_str().unwrap().to_owned(), warning["text"].as_str().unwrap().to_owned())
    };
    let plain = warning(&mut pair, "in clear");
    assert_eq!(plain, ("unencrypted_received".to_owned(), "in clear".to_owned()));
    pair.bob.request("receive", json!({"peer": "alice", "message": body})).result.unwrap();
    assert_eq!(warning(&mut pair, &body).0, "replayed");
    let peer_error = warning(&mut pair, "?OTR Error: oh\u{1b}[2J dear");
    assert_eq!(peer_error, ("peer_error".to_owned(), "oh[2J dear".to_owned()));
    assert_eq!(warning(&mut pair, "?OTR:AAMD.").0, "malformed");
    pair.bob.request("end", json!({"peer": "alice"})).result.unwrap();
    assert_eq!(warning(&mut pair, &body).0, "not_in_private");
}

// attack: SMP-13, SMP-16
#[test]
fn a_secret_is_compared_with_a_question_and_without() {
    for (question, secret, answer, outcome) in [
        (None, "in the b\u{e4}kery", "in the b\u{e4}kery", "succeeded"),
        (Some("Where did we meet?"), "there", "there", "succeeded"),
        (None, "there", "elsewhere", "failed"),
    ] {
        let mut pair = Pair::private(&[]);
        let seen = pair.alice("smp.start", json!({"peer": "bob", "secret": secret, "question": question}));
        let asked = only(&seen.bob, "smp").clone();
        assert_eq!((&asked["event"], &asked["question"]), (&json!("asked"), &json!(question)));
        assert_eq!(pair.bob.status("alice")["smp"], "asked");
        let other = json!({"peer": "alice", "secret": answer, "run": "0".repeat(16)});
        assert_eq!(pair.bob.error("smp.answer", other), 1, "another comparison's answer");
        let seen = pair.bob("smp.answer", json!({"peer": "alice", "secret": answer, "run": asked["run"]}));
        let events = |notes: &[(String, Value)]| {
            let notes = notes.iter().filter(|(method, _)| method == "smp");
            notes.map(|(_, params)| params["event"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(events(&seen.alice), ["in_progress", outcome]);
        assert_eq!(events(&seen.bob), [outcome]);
        let trusted = [pair.alice.status("bob")["trusted"].clone(), pair.bob.status("alice")["trusted"].clone()];
        let succeeded = outcome == "succeeded";
        assert_eq!(trusted, [json!(succeeded), json!(succeeded && question.is_none())]);
        assert_eq!(pair.alice.status("bob")["smp"], Value::Null);
    }
}

#[test]
fn a_comparison_can_be_given_up_by_either_side() {
    for by_alice in [true, false] {
        let mut pair = Pair::private(&[]);
        pair.alice("smp.start", json!({"peer": "bob", "secret": "x"}));
        let seen = if by_alice {
            pair.alice("smp.abort", json!({"peer": "bob"}))
        } else {
            pair.bob("smp.abort", json!({"peer": "alice"}))
        };
        assert_eq!(only(&seen.alice, "smp")["event"], "aborted");
        assert_eq!(only(&seen.bob, "smp")["event"], "aborted");
    }
}

#[test]
fn origins_other_than_direct_cause_no_answer() {
    let mut engine = Engine::ephemeral("alice", &[]);
    for (origin, answers) in [("group", false), ("copy", false), ("own", false), ("delayed", false), ("direct", true)] {
        let params = json!({"peer": "bob", "message": "?OTRv3?", "origin": origin});
        let notes = engine.request("receive", params).notes;
        assert_eq!(count(&notes, "inject") > 0, answers, "{origin}");
    }
}

#[test]
fn arguments_that_cannot_be_are_refused() {
    for (args, says) in [
        (&["--ephemeral", "--account", "a", "--versions", "4"][..], "available: 2,3"),
        (&["--ephemeral", "--account", "a", "--max-message-size", "10"], "36 bytes"),
        (&["--ephemeral", "--home", "x", "--account", "a"], "cannot be used with"),
        (&["--ephemeral", "--account", ""], "1 to 1024 bytes"),
        (&["--ephemeral"], "--account"),
    ] {
        let (_, errors, status) = Process::spawn(otr(&[&["engine"], args].concat())).finish();
        assert_eq!(status.code(), Some(2));
        assert!(errors.join("\n").contains(says), "{errors:#?}");
    }
    let (_, errors, status) = Process::spawn(otr(&["engine", "--account", "a"])).finish();
    assert_eq!((status.code(), errors.len()), (Some(1), 1), "{errors:?}");
    assert!(errors[0].contains("--home"), "{errors:?}");
}
