//! What comes in: where it comes from, what is history, and who is there.

use otr_transport::{Event, Origin, Presence, Transport};
use serde_json::json;

use super::double::*;

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
