//! What is kept from one start to the next.

use otr_transport::{Event, Origin, Transport};
use otr_transport_matrix::{MatrixTransport, StateError};

use super::double::*;

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
