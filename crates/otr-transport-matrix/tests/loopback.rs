//! Two accounts on a small homeserver in this process.

mod double;

use std::sync::Arc;
use std::time::Duration;

use double::*;
use otr_transport::{CertificateProblem, Error, Event, Origin, Presence, Recovery, Transport};
use otr_transport_matrix::{Login, MatrixAccount, MatrixTransport, StateError};
use otr_transport_tls::{Tls, Trust};
use serde_json::json;

#[tokio::test]
async fn the_first_message_makes_a_room_and_both_talk_there_in_order() {
    let (double, mut alice, mut bob) = alice_and_bob().await;
    assert_eq!((alice.address(), bob.address()), (ALICE, BOB));
    for n in 0..50 {
        let text = format!(" {n} \u{1d11e} \"<b>&amp;\\\n\ttab \u{7f}\u{0}");
        within(alice.send(BOB, &text)).await.unwrap();
        assert_eq!(next(&mut bob).await, live(ALICE, &text));
        within(bob.send(ALICE, &text)).await.unwrap();
        assert_eq!(next(&mut alice).await, live(BOB, &text));
    }
    let server = double.server();
    assert_eq!(server.rooms().len(), 1);
    let direct = |user: &str, peer: &str| server.account_data[user][peer][0].as_str().map(str::to_owned);
    assert_eq!(direct(ALICE, BOB), Some(server.rooms()[0].clone()));
    assert_eq!(direct(BOB, ALICE), Some(server.rooms()[0].clone()));
    // Nothing but the text is sent, and no token stands in an address.
    let sent = server.asked.iter().filter(|asked| asked.is("send"));
    assert!(sent.clone().count() == 100 && sent.clone().all(|asked| asked.body.as_object().unwrap().len() == 2));
    assert!(server.asked.iter().all(|asked| !asked.query.contains_key("access_token")));
}

#[tokio::test]
async fn a_room_of_just_two_is_used_and_noted() {
    let (double, room, mut alice, mut bob) = alice_and_bob_talking().await;
    double.server().room(&[ALICE, BOB, CAROL]);
    double.server().room(&[ALICE, CAROL]);
    within(alice.send(BOB, "hello")).await.unwrap();
    assert_eq!(next(&mut bob).await, live(ALICE, "hello"));
    assert_eq!(double.server().texts(&room), ["hello"]);
    assert_eq!(double.server().rooms().len(), 3);
}

#[tokio::test]
async fn of_several_rooms_the_one_with_the_latest_message_is_used_and_kept() {
    let double = Double::start().await;
    let (older, newer, unnamed) = {
        let mut server = double.server();
        let (newer, older, unnamed) =
            (server.room(&[ALICE, BOB]), server.room(&[ALICE, BOB]), server.room(&[ALICE, BOB]));
        server.say(&older, BOB, "old");
        server.say(&newer, BOB, "new");
        server.say(&unnamed, BOB, "newest");
        server
            .account_data
            .insert(ALICE.to_owned(), json!({BOB: [older, newer, "!gone:double"], "odd@example.org": []}));
        (older, newer, unnamed)
    };
    let mut alice = connect(account(&double, ALICE)).await;
    within(alice.send(BOB, "here")).await.unwrap();
    double.server().say(&older, BOB, "and here");
    assert_eq!(next(&mut alice).await, live(BOB, "and here"));
    within(alice.send(BOB, "still here")).await.unwrap();
    assert_eq!(double.server().texts(&newer), ["new", "here", "still here"]);
    // Bob leaves it, so the other one is left.
    double.server().member(&newer, BOB, BOB, "leave", false);
    double.server().say(&older, BOB, "moved");
    assert_eq!(next(&mut alice).await, live(BOB, "moved"));
    within(alice.send(BOB, "moved")).await.unwrap();
    assert_eq!(double.server().texts(&older), ["old", "and here", "moved", "moved"]);
    assert_eq!(double.server().texts(&unnamed), ["newest"]);
}

#[tokio::test]
async fn an_encrypted_room_is_refused_and_none_is_made_beside_it() {
    let (double, room, mut alice, mut bob) = alice_and_bob_talking().await;
    within(alice.send(BOB, "clear")).await.unwrap();
    assert_eq!(next(&mut bob).await, live(ALICE, "clear"));
    double.server().state_event(&room, BOB, "m.room.encryption", "", json!({"algorithm": "m.megolm.v1.aes-sha2"}));
    double.server().say(&room, BOB, "marker");
    assert_eq!(next(&mut alice).await, live(BOB, "marker"));
    assert!(matches!(within(alice.send(BOB, "dark")).await, Err(Error::NotSupported(_))));
    let unencrypted = double.server().room(&[ALICE, BOB]);
    within(alice.send(BOB, "clear again")).await.unwrap();
    assert_eq!(double.server().texts(&unencrypted), ["clear again"]);
    assert_eq!(double.server().texts(&room), ["clear", "marker"]);
}

#[tokio::test]
async fn invitations_are_accepted_from_listed_peers_only() {
    let double = Double::start().await;
    let mut alice = connect(account(&double, ALICE).with_peers([BOB])).await;
    let mut carol = connect(account(&double, CAROL)).await;
    let mut bob = connect(account(&double, BOB)).await;
    within(carol.send(ALICE, "let me in")).await.unwrap();
    within(bob.send(ALICE, "hello")).await.unwrap();
    assert_eq!(next(&mut alice).await, live(BOB, "hello"));
    assert_eq!(double.server().count("join"), 1);
}

// attack: VER-8
#[tokio::test]
async fn what_was_said_before_we_came_is_history_and_what_waits_there_is_told() {
    let double = Double::start().await;
    let talk = double.server().room(&[ALICE, BOB]);
    double.server().say(&talk, BOB, "long ago");
    // An invitation from before the first login, and what was said after it.
    let mut bob = connect(account(&double, BOB)).await;
    let room = {
        let mut server = double.server();
        let room = server.room(&[BOB]);
        server.say(&room, BOB, "before you were invited");
        server.member(&room, BOB, ALICE, "invite", true);
        server.say(&room, BOB, "?OTRv3?");
        room
    };
    let mut alice = connect(account(&double, ALICE)).await;
    assert_eq!(next(&mut alice).await, message(BOB, "?OTRv3?", Origin::History));
    double.server().say(&room, BOB, "now");
    assert_eq!(next(&mut alice).await, live(BOB, "now"));
    within(bob.close()).await.unwrap();
}

#[tokio::test]
async fn groups_notices_and_copies_are_told_apart() {
    let (double, room, mut alice) = alice_alone().await;
    let group = double.server().room(&[ALICE, BOB, CAROL]);
    {
        let mut server = double.server();
        server.say(&group, BOB, "to all");
        server.say(&group, ALICE, "mine to all");
    }
    assert_eq!(next(&mut alice).await, message(BOB, "to all", Origin::Group));
    {
        let mut server = double.server();
        let said =
            |kind: &str| json!({"type": "m.room.message", "sender": BOB, "content": {"msgtype": kind, "body": kind}});
        server.append(&room, said("m.notice"));
        server.append(&room, said("m.emote"));
        server.say(&room, ALICE, "from my telephone");
    }
    assert_eq!(next(&mut alice).await, message(BOB, "m.notice", Origin::History));
    assert_eq!(next(&mut alice).await, live(BOB, "m.emote"));
    assert_eq!(next(&mut alice).await, message(BOB, "from my telephone", Origin::OwnCopy));
    // A third one comes to the room for two, and goes.
    {
        let mut server = double.server();
        server.member(&room, BOB, CAROL, "invite", false);
        server.say(&room, BOB, "not alone");
        server.member(&room, CAROL, CAROL, "leave", false);
        server.say(&room, BOB, "alone");
    }
    assert_eq!(next(&mut alice).await, message(BOB, "not alone", Origin::Group));
    assert_eq!(next(&mut alice).await, live(BOB, "alone"));
}

#[tokio::test]
async fn presence_of_the_peers_is_told_when_it_changes() {
    let (double, _room, mut alice) = alice_alone().await;
    for (name, presence) in
        [("online", Presence::Online), ("unavailable", Presence::Away), ("offline", Presence::Offline)]
    {
        double.server().set_presence("@stranger:double", name);
        double.server().set_presence(BOB, name);
        double.server().set_presence(BOB, name);
        assert_eq!(next(&mut alice).await, Some(Event::Presence { of: BOB.to_owned(), presence }));
    }
}

#[tokio::test]
async fn the_stored_login_is_used_again_and_what_was_missed_is_history() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("alice.json");
    let (double, room, mut plain, mut bob) = alice_and_bob_talking().await;
    within(plain.close()).await.unwrap();
    let again = || account(&double, ALICE).with_state_file(&state).unwrap();
    let mut alice = connect(again()).await;
    within(bob.send(ALICE, "one")).await.unwrap();
    assert_eq!(next(&mut alice).await, live(BOB, "one"));
    within(alice.send(BOB, "answer")).await.unwrap();
    assert_eq!(next(&mut bob).await, live(ALICE, "answer"));
    double.all_settled(2).await;
    within(alice.close()).await.unwrap();
    let logins = double.server().logins.len();
    // More than the server tells at once.
    for n in 0..120 {
        double.server().say(&room, BOB, &format!("missed {n}"));
    }
    let mut alice = within(MatrixTransport::connect(again())).await.unwrap();
    assert_eq!(next(&mut alice).await, Some(Event::Connected { resumed: true }));
    for n in 0..120 {
        assert_eq!(next(&mut alice).await, message(BOB, &format!("missed {n}"), Origin::History));
    }
    double.server().say(&room, BOB, "now");
    assert_eq!(next(&mut alice).await, live(BOB, "now"));
    assert_eq!(double.server().logins.len(), logins);
}

#[tokio::test]
async fn what_the_host_has_not_taken_comes_again_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("alice.json");
    let (double, room, _, _bob) = alice_and_bob_talking().await;
    let again = || account(&double, ALICE).with_state_file(&state).unwrap();
    let mut alice = connect(again()).await;
    double.server().say(&room, BOB, "one");
    assert_eq!(next(&mut alice).await, live(BOB, "one"));
    {
        let mut server = double.server();
        server.say(&room, BOB, "two");
        server.say(&room, BOB, "three");
    }
    assert_eq!(next(&mut alice).await, live(BOB, "two"));
    // The host leaves before it has taken all that came with it.
    within(alice.close()).await.unwrap();
    assert_eq!(next(&mut alice).await, live(BOB, "three"));
    drop(alice);
    let mut alice = within(MatrixTransport::connect(again())).await.unwrap();
    assert_eq!(next(&mut alice).await, Some(Event::Connected { resumed: true }));
    assert_eq!(next(&mut alice).await, message(BOB, "two", Origin::History));
    assert_eq!(next(&mut alice).await, message(BOB, "three", Origin::History));
}

#[tokio::test]
async fn a_gap_is_filled_in_order_while_we_listen() {
    let (double, room, mut alice) = alice_alone().await;
    {
        let mut server = double.server();
        for n in 0..300 {
            server.say(&room, BOB, &format!("quick {n}"));
        }
    }
    for n in 0..300 {
        assert_eq!(next(&mut alice).await, live(BOB, &format!("quick {n}")));
    }
    assert!(double.server().count("messages") > 0);
}

#[tokio::test]
async fn a_withdrawn_token_is_renewed_for_the_same_device() {
    let (double, room, mut alice, mut bob) = alice_and_bob_talking().await;
    within(alice.send(BOB, "before")).await.unwrap();
    assert_eq!(next(&mut bob).await, live(ALICE, "before"));
    let devices = |double: &Double| {
        let mut devices: Vec<_> = double.server().tokens.values().cloned().collect();
        devices.sort();
        devices
    };
    let were = devices(&double);
    double.server().forget_tokens();
    within(alice.send(BOB, "after")).await.unwrap();
    assert_eq!(next(&mut bob).await, live(ALICE, "after"));
    within(bob.send(ALICE, "back")).await.unwrap();
    assert_eq!(next(&mut alice).await, live(BOB, "back"));
    assert_eq!(devices(&double), were);
    assert_eq!(double.server().texts(&room), ["before", "after", "back"]);
}

#[tokio::test]
async fn a_token_lets_in_until_it_is_withdrawn() {
    let double = Double::start().await;
    let token = double.server().token_for(ALICE, "ELSEWHERE");
    let mut alice = connect(account_with(&double, ALICE, Login::access_token(token))).await;
    double.server().forget_tokens();
    let receipt = alice.send(BOB, "too late");
    let gone = Event::Disconnected { error: Error::LoginRefused, recovery: Recovery::GaveUp };
    assert_eq!(next(&mut alice).await, Some(gone));
    assert_eq!(next(&mut alice).await, None);
    assert_eq!(within(receipt).await, Err(Error::LoginRefused));
    assert_eq!(within(alice.send(BOB, "later still")).await, Err(Error::LoginRefused));
    within(alice.close()).await.unwrap();
    assert!(double.server().logins.is_empty());
}

#[tokio::test]
async fn the_wrong_ways_in_are_refused() {
    let double = Double::start().await;
    let at = |login, user: &str| account_with(&double, user, login);
    assert_eq!(refused(at(password_of(BOB), ALICE)).await, Error::LoginRefused);
    let bobs = double.server().token_for(BOB, "ELSEWHERE");
    assert_eq!(refused(at(Login::access_token(bobs), ALICE)).await, Error::LoginRefused);
    assert_eq!(refused(at(Login::access_token(String::from("no such")), ALICE)).await, Error::LoginRefused);
    assert_eq!(refused(at(password_of(ALICE), "alice")).await, Error::InvalidAddress);
    assert_eq!(refused(account(&double, ALICE).with_peers(["bob"])).await, Error::InvalidAddress);
    let plain = MatrixAccount::new(ALICE, password_of(ALICE), tls()).with_homeserver(&double.url);
    assert!(matches!(refused(plain).await, Error::Tls(_)));
    let nobody = account(&double, ALICE).with_homeserver("http://127.0.0.1:1");
    assert_eq!(refused(nobody).await, Error::ConnectionRefused);
    double.answer("versions", 1, Reply::refusal(404, "M_UNRECOGNIZED"));
    assert!(matches!(refused(account(&double, ALICE)).await, Error::NotSupported(_)));
    double.answer("login", 1, Reply::refusal(429, "M_LIMIT_EXCEEDED"));
    assert_eq!(refused(account(&double, ALICE)).await, Error::RateLimited { wait: None });
}

#[tokio::test]
async fn the_homeserver_is_found_by_the_name_of_the_user() {
    let double = Double::start().await;
    let user = format!("@alice:127.0.0.1:{}", double.port);
    let found = || MatrixAccount::new(&user, password_of(&user), tls()).allowing_plain_http().with_options(quick());
    // Nothing there: the server itself.
    double.answer("client", 1, Reply::refusal(404, "M_NOT_FOUND"));
    connect(found()).await;
    double.end_scripts();
    let document = json!({"m.homeserver": {"base_url": format!("{}/", double.url)}});
    double.script(move |asked| asked.is("elsewhere").then(|| Reply::json(200, &document)));
    let moved = Reply::Answer(302, vec![("location", "/elsewhere".to_owned())], String::new());
    double.answer(".well-known", 1, moved.clone());
    connect(found()).await;
    double.answer(".well-known", 1, Reply::Answer(200, Vec::new(), "<html>".to_owned()));
    assert!(matches!(refused(found()).await, Error::Malformed(_)));
    double.end_scripts();
    let circle = Reply::Answer(302, vec![("location", "/.well-known/matrix/client".to_owned())], String::new());
    double.answer(".well-known", 100, circle);
    assert!(matches!(refused(found()).await, Error::Malformed(_)));
    assert!(double.server().asked.iter().filter(|asked| asked.is(".well-known")).all(|asked| asked.token.is_none()));
}

#[tokio::test]
async fn a_damaged_state_file_is_told_and_kept() {
    let double = Double::start().await;
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    std::fs::write(&state, "{\"format\": \"otr mat").unwrap();
    assert_eq!(account(&double, ALICE).with_state_file(&state).map(drop), Err(StateError::Damaged));
    assert_eq!(std::fs::read_to_string(&state).unwrap(), "{\"format\": \"otr mat");
    std::fs::remove_file(&state).unwrap();
    connect(account(&double, BOB).with_state_file(&state).unwrap()).await;
    assert_eq!(account(&double, ALICE).with_state_file(&state).map(drop), Err(StateError::OfAnotherUser));
}

#[tokio::test]
async fn each_message_arrives_once_however_often_the_connection_is_cut() {
    let (double, room, mut alice, mut bob) = alice_and_bob_talking().await;
    within(alice.send(BOB, "start")).await.unwrap();
    assert_eq!(next(&mut bob).await, live(ALICE, "start"));
    let mut turn = 0;
    double.script(move |asked| {
        turn += 1;
        match turn % 5 {
            _ if !asked.is("send") => None,
            0 => Some(Reply::CutBefore),
            1 => Some(Reply::CutAfter),
            2 => Some(Reply::refusal(503, "M_UNKNOWN")),
            3 => Some(Reply::Answer(502, Vec::new(), "<html>".to_owned())),
            _ => None,
        }
    });
    let receipts: Vec<_> = (0..40).map(|n| alice.send(BOB, &format!("cut {n}"))).collect();
    for (n, receipt) in receipts.into_iter().enumerate() {
        assert_eq!(within(receipt).await, Ok(()));
        assert_eq!(next(&mut bob).await, live(ALICE, &format!("cut {n}")));
    }
    assert_eq!(double.server().texts(&room).len(), 41);
}

#[tokio::test]
async fn a_lost_connection_is_told_and_resumed() {
    let (double, room, mut alice) = alice_alone().await;
    double.answer("sync", 2, Reply::refusal(500, "M_UNKNOWN"));
    double.server().say(&room, BOB, "shakes the long poll");
    assert_eq!(next(&mut alice).await, live(BOB, "shakes the long poll"));
    for _ in 0..2 {
        let Some(Event::Disconnected { error, recovery: Recovery::RetryIn(_) }) = next(&mut alice).await else {
            panic!("the loss is told");
        };
        assert_eq!(error, Error::Unavailable { status: Some(500) });
    }
    assert_eq!(next(&mut alice).await, Some(Event::Connected { resumed: true }));
    double.server().say(&room, BOB, "back");
    assert_eq!(next(&mut alice).await, live(BOB, "back"));
}

#[tokio::test]
async fn a_place_that_the_server_has_forgotten_is_found_anew_and_told() {
    let (double, room, mut alice) = alice_alone().await;
    double.answer("sync", 1, Reply::refusal(400, "M_UNKNOWN_POS"));
    double.server().say(&room, BOB, "shakes the long poll");
    assert_eq!(next(&mut alice).await, live(BOB, "shakes the long poll"));
    assert!(matches!(next(&mut alice).await, Some(Event::Disconnected { error: Error::Malformed(_), .. })));
    assert_eq!(next(&mut alice).await, Some(Event::Connected { resumed: false }));
    double.server().say(&room, BOB, "back");
    assert_eq!(next(&mut alice).await, live(BOB, "back"));
}

#[tokio::test]
async fn what_comes_after_a_long_loss_is_history() {
    let double = Double::start().await;
    let room = double.server().room(&[ALICE, BOB]);
    let mut options = quick();
    options.live_within = Duration::ZERO;
    options.poll = Duration::ZERO;
    let mut alice = connect(account(&double, ALICE).with_options(options)).await;
    double.server().say(&room, BOB, "late");
    assert_eq!(next(&mut alice).await, message(BOB, "late", Origin::History));
}

#[tokio::test]
async fn rate_limits_are_waited_for_unless_they_are_too_long() {
    let (double, room, mut alice) = alice_alone().await;
    let limited = |millis: u64| {
        Reply::json(429, &json!({"errcode": "M_LIMIT_EXCEEDED", "error": "slower", "retry_after_ms": millis}))
    };
    double.answer("send", 3, limited(5));
    double.answer("send", 1, Reply::refusal(429, "M_LIMIT_EXCEEDED"));
    within(alice.send(BOB, "patient")).await.unwrap();
    double.answer("send", 1, limited(10_000_000));
    let wait = Some(Duration::from_secs(10_000));
    assert_eq!(within(alice.send(BOB, "not that patient")).await, Err(Error::RateLimited { wait }));
    double.answer("members", 1, limited(5));
    within(alice.send(BOB, "again")).await.unwrap();
    assert_eq!(double.server().texts(&room), ["patient", "again"]);
}

#[tokio::test]
async fn refusals_have_their_names() {
    let (double, room, mut alice) = alice_alone().await;
    assert_eq!(within(alice.send("@nobody:double", "x")).await, Err(Error::NoSuchPeer));
    assert_eq!(within(alice.send(ALICE, "x")).await, Err(Error::NoSuchPeer));
    assert_eq!(within(alice.send("bob", "x")).await, Err(Error::InvalidAddress));
    double.answer("send", 1, Reply::refusal(413, "M_TOO_LARGE"));
    assert!(matches!(within(alice.send(BOB, "x")).await, Err(Error::MessageTooLarge { size: 1, limit: 0 })));
    double.answer("send", 1, Reply::refusal(400, "M_BAD_JSON"));
    assert_eq!(within(alice.send(BOB, "x")).await, Err(Error::NotAllowed));
    // Refused once, the room is looked at again.
    within(alice.send(BOB, "fine")).await.unwrap();
    double.answer("send", 1, Reply::refusal(403, "M_FORBIDDEN"));
    within(alice.send(BOB, "second look")).await.unwrap();
    double.answer("send", 100, Reply::refusal(403, "M_FORBIDDEN"));
    assert_eq!(within(alice.send(BOB, "x")).await, Err(Error::NotAllowed));
    assert_eq!(double.server().texts(&room), ["fine", "second look"]);
}

#[tokio::test]
async fn a_room_made_just_now_may_be_unknown_for_a_while() {
    let (double, mut alice, mut bob) = alice_and_bob().await;
    double.answer("send", 2, Reply::refusal(403, "M_FORBIDDEN"));
    double.answer("send", 1, Reply::refusal(404, "M_NOT_FOUND"));
    within(alice.send(BOB, "hello")).await.unwrap();
    assert_eq!(next(&mut bob).await, live(ALICE, "hello"));
    assert_eq!(double.server().rooms().len(), 1);
}

#[tokio::test]
async fn a_room_whose_making_was_not_confirmed_is_found() {
    let (double, mut alice, mut bob) = alice_and_bob().await;
    double.answer("createRoom", 1, Reply::CutAfter);
    within(alice.send(BOB, "hello")).await.unwrap();
    assert_eq!(next(&mut bob).await, live(ALICE, "hello"));
    assert_eq!(double.server().rooms().len(), 1);
}

#[tokio::test]
async fn an_odd_list_of_direct_rooms_is_not_overwritten() {
    let (double, mut alice, mut bob) = alice_and_bob().await;
    let odd = json!({BOB: "not a list"});
    double.server().account_data.insert(ALICE.to_owned(), odd.clone());
    within(alice.send(BOB, "hello")).await.unwrap();
    assert_eq!(next(&mut bob).await, live(ALICE, "hello"));
    assert_eq!(double.server().account_data[ALICE], odd);
}

#[tokio::test]
async fn sizes_and_queues_have_their_limits() {
    let double = Double::start().await;
    double.server().room(&[ALICE, BOB]);
    let mut options = quick();
    options.waiting = 2;
    let mut alice = connect(account(&double, ALICE).with_options(options)).await;
    let mut bob = connect(account(&double, BOB)).await;
    let limit = alice.max_message_size(BOB).unwrap();
    assert_eq!(limit, 60_000);
    for text in ["x".repeat(limit), "\n".repeat(limit / 2), "\u{1}".repeat(limit / 6), String::new()] {
        within(alice.send(BOB, &text)).await.unwrap();
        assert_eq!(next(&mut bob).await, live(ALICE, &text));
    }
    let too_large = Error::MessageTooLarge { size: limit + 1, limit };
    assert_eq!(within(alice.send(BOB, &"x".repeat(limit + 1))).await, Err(too_large));
    double.answer("send", 1, Reply::Hang);
    let hanging = [alice.send(BOB, "a"), alice.send(BOB, "b")];
    assert_eq!(within(alice.send(BOB, "c")).await, Err(Error::QueueFull));
    drop(hanging);
}

#[tokio::test]
async fn closing_sends_what_waits_and_tells_the_fate_of_the_rest() {
    let (double, room, mut alice) = alice_alone().await;
    let receipts: Vec<_> = (0..20).map(|n| alice.send(BOB, &format!("last {n}"))).collect();
    within(alice.close()).await.unwrap();
    for receipt in receipts {
        assert_eq!(within(receipt).await, Ok(()));
    }
    assert_eq!(double.server().texts(&room).len(), 20);
    assert_eq!(within(alice.send(BOB, "x")).await, Err(Error::Closed));
    within(alice.close()).await.unwrap();

    let mut options = quick();
    options.close_timeout = Duration::from_millis(200);
    let mut alice = connect(account(&double, ALICE).with_options(options)).await;
    double.answer("send", 100, Reply::Hang);
    let receipts = [alice.send(BOB, "on its way"), alice.send(BOB, "not yet")];
    double.until(|server| server.count("send") > 20).await;
    within(alice.close()).await.unwrap();
    let [first, second] = receipts;
    assert!(within(first).await.is_err_and(|error| error.may_have_arrived()));
    assert_eq!(within(second).await, Err(Error::Closed));
}

#[tokio::test]
async fn closing_logs_out_where_that_is_wanted() {
    let double = Double::start().await;
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let mut options = quick();
    options.log_out = true;
    let account = account(&double, ALICE).with_state_file(&state).unwrap().with_options(options);
    let mut alice = connect(account).await;
    assert!(state.exists());
    within(alice.close()).await.unwrap();
    assert!(double.server().tokens.is_empty() && !state.exists());
}

#[tokio::test]
async fn a_host_that_takes_nothing_slows_the_network_down() {
    let (double, room, mut alice, mut bob) = alice_and_bob_talking().await;
    for n in 0..100 {
        within(bob.send(ALICE, &format!("{n}"))).await.unwrap();
    }
    // Alice can still send meanwhile.
    within(alice.send(BOB, "busy")).await.unwrap();
    for n in 0..100 {
        assert_eq!(next(&mut alice).await, live(BOB, &format!("{n}")));
    }
    assert_eq!(double.server().texts(&room).len(), 101);
}

#[tokio::test]
async fn a_certificate_nobody_vouches_for_is_refused_until_it_is_trusted() {
    let rcgen::CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(signing_key.serialize_der()).into();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![cert.der().clone()], key).unwrap();
    let double = Double::start_tls(config).await;
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap().cert.pem();
    let at = |trust| {
        let tls = Tls::new(trust).unwrap();
        MatrixAccount::new(ALICE, password_of(ALICE), tls).with_homeserver(&double.url).with_options(quick())
    };
    let Error::Certificate { problem, sha256 } = refused(at(Trust::nobody().and_pem(other.as_bytes()).unwrap())).await
    else {
        panic!("the certificate is refused");
    };
    assert_eq!(problem, CertificateProblem::UnknownIssuer);
    assert!(double.server().asked.is_empty());
    connect(at(Trust::only_sha256(sha256))).await;
}
