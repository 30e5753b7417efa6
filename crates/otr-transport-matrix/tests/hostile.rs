//! A homeserver that does what no homeserver should: it costs us neither our memory nor our time nor our secrets, and what
//! it says is not taken for more than it is.

#![expect(clippy::panic, reason = "a test fails by panicking, its helpers too")]

mod double;

use std::time::Duration;

use double::*;
use otr_transport::{Error, Event, Origin, Recovery, Transport};
use otr_transport_matrix::{MatrixAccount, MatrixTransport};
use serde_json::{Value, json};
use tokio::time::Instant;

fn answer(body: &str) -> Reply {
    Reply::Answer(200, Vec::new(), body.to_owned())
}

/// An answer of `/sync` with these events in one room.
fn batch(next: &str, room: &str, events: &[Value]) -> Reply {
    let timeline = json!({"events": events, "limited": false, "prev_batch": "s0"});
    Reply::json(200, &json!({"next_batch": next, "rooms": {"join": {room: {"timeline": timeline}}}}))
}

fn said(id: &str, sender: &str, text: &str) -> Value {
    let content = json!({"msgtype": "m.text", "body": text});
    json!({"event_id": id, "type": "m.room.message", "sender": sender, "origin_server_ts": 1, "content": content})
}

/// Makes the server answer the long poll, so that what was scripted meanwhile gets its turn.
async fn shake(double: &Double, room: &str, alice: &mut MatrixTransport, text: &str) {
    double.server().say(room, BOB, text);
    assert_eq!(next(alice).await, live(BOB, text));
}

async fn down(transport: &mut MatrixTransport) -> Error {
    match next(transport).await {
        Some(Event::Disconnected { error, recovery: Recovery::RetryIn(_) }) => error,
        other => panic!("the loss is told, not {other:?}"),
    }
}

#[tokio::test]
async fn endless_and_malformed_answers_end_the_login() {
    for endpoint in ["versions", "login", "sync"] {
        let deep = "[".repeat(100_000);
        for reply in [
            Reply::Endless(200),
            answer(""),
            answer("{"),
            answer("[]"),
            answer("null"),
            answer("\u{0}"),
            answer(&deep),
            answer(r#"{"versions":7,"user_id":7,"access_token":7,"device_id":7,"next_batch":7}"#),
            answer(r#"{"next_batch":"s1","rooms":{"join":{"no room id":{}}},"versions":[7]}"#),
        ] {
            let double = Double::start().await;
            double.answer(endpoint, 100, reply.clone());
            let error = refused(account(&double, ALICE)).await;
            assert!(matches!(error, Error::Malformed(_)), "{endpoint}: {error:?}");
        }
        for (reply, expected) in [
            (Reply::Endless(500), Error::Malformed("an answer is larger than allowed")),
            (Reply::CutBefore, Error::ConnectionLost(std::io::ErrorKind::UnexpectedEof)),
            (Reply::refusal(503, "M_UNKNOWN"), Error::Unavailable { status: Some(503) }),
        ] {
            let double = Double::start().await;
            double.answer(endpoint, 100, reply.clone());
            assert_eq!(refused(account(&double, ALICE)).await, expected, "{endpoint}");
        }
    }
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    for endpoint in ["versions", "login", "sync"] {
        let double = Double::start().await;
        double.answer(endpoint, 1, Reply::Hang);
        let mut options = quick();
        options.request_timeout = Duration::from_millis(100);
        assert_eq!(refused(account(&double, ALICE).with_options(options)).await, Error::TimedOut, "{endpoint}");
    }
    let double = Double::start().await;
    double.answer("login", 1, Reply::Hang);
    let mut options = quick();
    options.login_timeout = Duration::from_millis(100);
    assert_eq!(refused(account(&double, ALICE).with_options(options)).await, Error::TimedOut);
}

#[tokio::test]
async fn every_bad_answer_to_the_long_poll_is_told_and_outlived() {
    let (double, room, mut alice) = alice_alone().await;
    let deep = format!(r#"{{"next_batch":"s1","rooms":{}"#, r#"{"join":"#.repeat(50_000));
    for (n, reply) in [
        answer("{"),
        answer("7"),
        answer(&deep),
        answer(r#"{"next_batch":["s1"]}"#),
        answer(r#"{"next_batch":"s1","rooms":{"join":[]}}"#),
        answer(r#"{"next_batch":"s1","rooms":{"join":{"!a:b":{"timeline":{"events":{}}}}}}"#),
        answer(r#"{"next_batch":"s1","presence":{"events":7}}"#),
        Reply::Answer(302, vec![("location", "http://127.0.0.1:1/".to_owned())], String::new()),
        Reply::Answer(200, Vec::new(), "\u{feff}<html>".to_owned()),
    ]
    .into_iter()
    .enumerate()
    {
        double.settled().await;
        double.answer("sync", 1, reply.clone());
        shake(&double, &room, &mut alice, &format!("{n}")).await;
        let error = down(&mut alice).await;
        assert!(matches!(error, Error::Malformed(_)), "{reply:?}: {error:?}");
        assert_eq!(next(&mut alice).await, Some(Event::Connected { resumed: true }));
    }
    // An answer that is too large makes us ask for less; five in a row leave nothing to ask for.
    double.settled().await;
    double.answer("sync", 5, Reply::Endless(200));
    shake(&double, &room, &mut alice, "endless").await;
    assert!(matches!(down(&mut alice).await, Error::Malformed(_)));
    assert_eq!(next(&mut alice).await, Some(Event::Connected { resumed: true }));
    let limits =
        double.server().asked.iter().filter_map(|asked| asked.query.get("filter").cloned()).collect::<Vec<_>>();
    assert!(limits.iter().any(|filter| filter.contains(r#""limit":1,"#) || filter.contains(r#""limit":1}"#)));
    shake(&double, &room, &mut alice, "still there").await;
}

#[tokio::test]
async fn odd_events_take_no_good_ones_with_them() {
    let (double, room, mut alice) = alice_alone().await;
    let mut events = vec![said("$good1", BOB, "one")];
    for odd in [
        json!({}),
        json!(7),
        json!(null),
        json!([[[]]]),
        json!({"event_id": "$odd1", "type": "m.room.message", "sender": BOB, "content": {}}),
        json!({"event_id": "$odd2", "type": "m.room.message", "sender": BOB, "content": {"msgtype": "m.text", "body": 7}}),
        json!({"event_id": "$odd3", "type": "m.room.message", "sender": [BOB], "content": {"msgtype": "m.text", "body": "x"}}),
        json!({"event_id": "$odd4", "type": "m.room.message", "sender": BOB, "content": {"msgtype": "m.file", "body": "x"}}),
        json!({"event_id": "$odd5", "type": "m.room.member", "sender": BOB, "state_key": "everybody", "content": {"membership": "join"}}),
        json!({"event_id": "$odd6", "type": "m.room.member", "sender": BOB, "state_key": ALICE, "content": {"membership": []}}),
        json!({"event_id": "x".repeat(100_000), "type": "m.room.message", "sender": BOB, "content": {"msgtype": "m.text", "body": "x"}}),
        json!({"event_id": "$odd7", "type": "m.room.message", "sender": BOB, "content": {"msgtype": "m.text", "body": "x".repeat(100_000)}}),
    ] {
        events.push(odd);
    }
    events.push(said("$good2", BOB, "two"));
    double.script({
        let (room, mut once) = (room.clone(), true);
        move |asked| (asked.is("sync") && std::mem::take(&mut once)).then(|| batch("s9", &room, &events))
    });
    shake(&double, &room, &mut alice, "go").await;
    assert_eq!(next(&mut alice).await, live(BOB, "one"));
    assert_eq!(next(&mut alice).await, live(BOB, "two"));
}

#[tokio::test]
async fn repeated_and_reordered_events_are_handed_up_once() {
    let (double, room, mut alice) = alice_alone().await;
    let (one, two, three) = (said("$1", BOB, "one"), said("$2", BOB, "two"), said("$3", BOB, "three"));
    let answers = [
        batch("s7", &room, &[one.clone(), two.clone(), one.clone()]),
        batch("s7", &room, &[two.clone(), one.clone(), three.clone()]),
        batch("s1", &room, &[three, two, one]),
        batch("s0", &room, &[said("$4", BOB, "four")]),
    ];
    let mut left = answers.into_iter();
    double.script(move |asked| if asked.is("sync") { left.next() } else { None });
    double.server().say(&room, BOB, "go");
    // The place to which we were sent back is long before "go", which comes again, and is not handed up again.
    for text in ["go", "one", "two", "three", "four"] {
        assert_eq!(next(&mut alice).await, live(BOB, text));
    }
    shake(&double, &room, &mut alice, "end").await;
}

// attack: VER-8
#[tokio::test]
async fn a_relabelled_sender_or_room_is_never_live() {
    let (double, room, mut alice) = alice_alone().await;
    let group = double.server().room(&[ALICE, BOB, CAROL]);
    let own = json!({"age": 1, "transaction_id": "made up"});
    let mut pretended = said("$3", BOB, "as if ours");
    pretended["unsigned"] = own;
    let answers = [
        batch("s7", &room, &[said("$1", CAROL, "not a member"), said("$2", ALICE, "not by us"), pretended]),
        batch("s8", &group, &[said("$4", BOB, "to all")]),
        batch("s9", "!unknown:double", &[said("$5", BOB, "where?"), said("$6", ALICE, "who?")]),
        batch("s10", "!made-up", &[said("$7", BOB, "nowhere")]),
    ];
    let mut left = answers.into_iter();
    double.script(move |asked| if asked.is("sync") { left.next() } else { None });
    double.server().say(&room, BOB, "go");
    assert_eq!(next(&mut alice).await, live(BOB, "go"));
    assert_eq!(next(&mut alice).await, message(CAROL, "not a member", Origin::Group));
    assert_eq!(next(&mut alice).await, message(BOB, "not by us", Origin::OwnCopy));
    // A transaction says nothing about what others sent.
    assert_eq!(next(&mut alice).await, live(BOB, "as if ours"));
    assert_eq!(next(&mut alice).await, message(BOB, "to all", Origin::Group));
    assert_eq!(next(&mut alice).await, message(BOB, "where?", Origin::Group));
    assert_eq!(next(&mut alice).await, message(BOB, "nowhere", Origin::Group));
}

#[tokio::test]
async fn a_poll_that_returns_at_once_for_ever_does_not_keep_us_busy() {
    let (double, room, mut alice) = alice_alone().await;
    let repeated = said("$same", BOB, "again and again");
    double.script({
        let room = room.clone();
        move |asked| asked.is("sync").then(|| batch("s5", &room, std::slice::from_ref(&repeated)))
    });
    shake_once(&double, &room, &mut alice).await;
    let before = double.server().count("sync");
    let started = Instant::now();
    double.until(|server| server.count("sync") >= before + 7).await;
    // Six waits, of at least half of 50 ms, 100 ms, and so on.
    assert!(started.elapsed() >= Duration::from_millis(25 + 50 + 100 + 200 + 400), "{:?}", started.elapsed());
}

async fn shake_once(double: &Double, room: &str, alice: &mut MatrixTransport) {
    double.server().say(room, BOB, "go");
    assert_eq!(next(alice).await, live(BOB, "go"));
    assert_eq!(next(alice).await, live(BOB, "again and again"));
}

#[tokio::test]
async fn senseless_answers_to_a_message_are_not_asked_for_for_ever() {
    let (double, room, mut alice, mut bob) = alice_and_bob_talking().await;
    for reply in
        [answer("{}"), answer(""), answer(r#"{"event_id":7}"#), Reply::Endless(200), Reply::Lie("[".to_owned())]
    {
        double.answer("send", 6, reply);
        let error = within(alice.send(BOB, "lost?")).await.unwrap_err();
        assert!(matches!(error, Error::Malformed(_)) && error.may_have_arrived(), "{error:?}");
        within(alice.send(BOB, "next")).await.unwrap();
    }
    // The last one was taken, whatever the server said; once.
    assert_eq!(double.server().texts(&room), ["next", "next", "next", "next", "lost?", "next"]);
    for text in ["next", "next", "next", "next", "lost?", "next"] {
        assert_eq!(next(&mut bob).await, live(ALICE, text));
    }
}

#[tokio::test]
async fn redirections_take_our_token_nowhere() {
    let (double, room, mut alice) = alice_alone().await;
    let thief = Double::start().await;
    for (n, status) in [301, 302, 303, 307, 308].into_iter().enumerate() {
        for endpoint in ["sync", "send", "members"] {
            let to = Reply::Answer(status, vec![("location", format!("{}/take/it", thief.url))], "{}".to_owned());
            double.answer(endpoint, 1, to);
        }
        let receipt = alice.send(BOB, &format!("{n}"));
        double.server().say(&room, BOB, &format!("{n}"));
        assert_eq!(next_message(&mut alice).await, live(BOB, &format!("{n}")));
        within(receipt).await.unwrap();
    }
    let to = Reply::Answer(307, vec![("location", format!("{}/take/it", thief.url))], String::new());
    double.end_scripts();
    within(alice.close()).await.unwrap();
    for endpoint in ["versions", "login", "sync"] {
        double.answer(endpoint, 1, to.clone());
        assert!(matches!(refused(account(&double, ALICE)).await, Error::Malformed(_)));
    }
    assert!(thief.server().asked.is_empty());
}

async fn next_message(transport: &mut MatrixTransport) -> Option<Event> {
    loop {
        let event = next(transport).await;
        if matches!(event, None | Some(Event::Message(_))) {
            return event;
        }
    }
}

#[tokio::test]
async fn tokens_that_are_given_and_refused_do_not_keep_us_logging_in() {
    let (double, room, mut alice) = alice_alone().await;
    double.answer("sync", 20, Reply::refusal(401, "M_UNKNOWN_TOKEN"));
    let before = double.server().logins.len();
    shake(&double, &room, &mut alice, "go").await;
    let mut losses = 0;
    loop {
        match next(&mut alice).await {
            Some(Event::Disconnected { error: Error::Malformed(_), recovery: Recovery::RetryIn(_) }) => losses += 1,
            Some(Event::Connected { resumed: true }) => break,
            other => panic!("unexpected: {other:?}"),
        }
    }
    assert_eq!((losses, double.server().logins.len() - before), (10, 10));
    shake(&double, &room, &mut alice, "back").await;
}

#[tokio::test]
async fn another_users_login_is_not_ours() {
    let double = Double::start().await;
    double.answer("login", 1, answer(r#"{"user_id":"@mallory:double","access_token":"t","device_id":"D"}"#));
    assert_eq!(refused(account(&double, ALICE)).await, Error::LoginRefused);
}

#[tokio::test]
async fn a_limit_without_end_makes_us_slower() {
    let (double, room, mut alice) = alice_alone().await;
    let none = json!({"errcode": "M_LIMIT_EXCEEDED", "error": "x", "retry_after_ms": 0});
    double.answer("send", 8, Reply::json(429, &none));
    let started = Instant::now();
    within(alice.send(BOB, "at last")).await.unwrap();
    assert!(started.elapsed() >= Duration::from_millis(2 + 4 + 8 + 16 + 20 * 4), "{:?}", started.elapsed());
    assert_eq!(double.server().texts(&room), ["at last"]);
}

#[tokio::test]
async fn a_gap_without_end_is_cut_and_told() {
    let (double, room, mut alice) = alice_alone().await;
    let mut page = 0;
    double.script(move |asked| {
        asked.is("messages").then(|| {
            page += 1;
            Reply::json(200, &json!({"start": "s1", "end": format!("s{page}"), "chunk": [{}, 7]}))
        })
    });
    double.script({
        let (room, mut once) = (room.clone(), true);
        move |asked| {
            let timeline = json!({"events": [said("$last", BOB, "last")], "limited": true, "prev_batch": "s5"});
            let body = json!({"next_batch": "s9", "rooms": {"join": {&room: {"timeline": timeline}}}});
            (asked.is("sync") && std::mem::take(&mut once)).then(|| Reply::json(200, &body))
        }
    });
    shake(&double, &room, &mut alice, "go").await;
    assert!(matches!(down(&mut alice).await, Error::Malformed(_)));
    assert_eq!(next(&mut alice).await, Some(Event::Connected { resumed: false }));
    assert_eq!(next(&mut alice).await, live(BOB, "last"));
    assert_eq!(double.server().count("messages"), 80);
}

#[tokio::test]
async fn a_gap_in_circles_is_left() {
    let (double, room, mut alice) = alice_alone().await;
    double.answer("messages", 100, answer(r#"{"start":"s5","end":"s5","chunk":[]}"#));
    let timeline = json!({"events": [said("$last", BOB, "last")], "limited": true, "prev_batch": "s5"});
    double.answer(
        "sync",
        1,
        Reply::json(200, &json!({"next_batch": "s9", "rooms": {"join": {&room: {"timeline": timeline}}}})),
    );
    shake(&double, &room, &mut alice, "go").await;
    assert_eq!(next(&mut alice).await, live(BOB, "last"));
    assert_eq!(double.server().count("messages"), 1);
}

#[tokio::test]
async fn crowds_of_rooms_and_invitations_are_passed_over() {
    let (double, room, mut alice) = alice_alone().await;
    let member = json!({"type": "m.room.member", "sender": "@mallory:double", "state_key": ALICE,
                        "content": {"membership": "invite", "is_direct": true}});
    let invite: serde_json::Map<String, Value> =
        (0..4000).map(|n| (format!("!i{n}:double"), json!({"invite_state": {"events": [member]}}))).collect();
    let join: serde_json::Map<String, Value> = (0..40_000).map(|n| (format!("!j{n}:double"), json!({}))).collect();
    let join: serde_json::Map<String, Value> =
        join.into_iter().map(|(room, _)| (room, json!({"timeline": {"events": []}}))).collect();
    let body = json!({"next_batch": "s0", "rooms": {"invite": invite, "join": join}});
    double.answer("sync", 1, Reply::json(200, &body));
    shake(&double, &room, &mut alice, "go").await;
    shake(&double, &room, &mut alice, "fine").await;
    assert_eq!(double.server().count("join"), 0);
}

#[tokio::test]
async fn no_secret_is_shown() {
    let double = Double::start().await;
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let account = || account(&double, ALICE).with_state_file(&state).unwrap();
    let secret = |shown: String| shown.contains("secret-token") || shown.contains("pw-@alice");
    assert!(!secret(format!("{:?} {:?}", account(), password_of(ALICE))));
    let mut alice = connect(account()).await;
    assert!(!secret(format!("{alice:?}")));
    within(alice.close()).await.unwrap();
    // With a token stored, too.
    assert!(std::fs::read_to_string(&state).unwrap().contains("secret-token"));
    assert!(!secret(format!("{:?}", account())));
    // Another server is never shown the token of the first.
    let other = Double::start().await;
    let moved: MatrixAccount = account().with_homeserver(&other.url);
    within(MatrixTransport::connect(moved)).await.unwrap();
    let shown: Vec<_> = other.server().asked.iter().filter_map(|asked| asked.token.clone()).collect();
    let given: Vec<_> = other.server().tokens.keys().cloned().collect();
    assert!(!shown.is_empty() && shown.iter().all(|token| given.contains(token)));
}
