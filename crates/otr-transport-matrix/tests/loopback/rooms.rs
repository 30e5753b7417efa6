//! Which room a talk takes place in, and making one.

use otr_transport::{Error, Transport};
use serde_json::json;

use super::double::*;

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
