//! Revealing MAC keys.

use std::{collections::BTreeSet, time::Duration};

use otr_session::{Config, Warning};
use otr_tests::{
    hostile::{Forged, Hostile},
    pair::{Pair, Side, Who, rng, unarmour, with_data},
};
use otr_wire::armour;
use rand_core::Rng;

fn revealed(message: &str) -> Vec<[u8; 20]> {
    with_data(message, |data| {
        assert!(data.revealed.len().is_multiple_of(20));
        data.revealed.as_chunks().0.to_vec()
    })
}

/// Checks with a revealed key whether it authenticates one of the messages seen so far.
fn authenticates(key: &[u8; 20], messages: &[String]) -> bool {
    use hmac::{KeyInit, Mac};
    messages.iter().any(|message| {
        with_data(message, |data| {
            let mut mac = hmac::Hmac::<sha1::Sha1>::new_from_slice(key).expect("any length");
            mac.update(data.authenticated());
            mac.verify_slice(data.mac).is_ok()
        })
    })
}

// attack: REV-1, REV-2
#[test]
fn only_used_receiving_keys_are_revealed_once_each_and_only_when_dead() {
    let mut pair = Pair::private(40);
    let mut random = rng(40);
    let mut received: [Vec<String>; 2] = Default::default();
    let mut seen = BTreeSet::new();
    let mut dead: Vec<[u8; 20]> = Vec::new();
    for number in 0..400 {
        let who = if random.next_u32().is_multiple_of(2) { Who::Alice } else { Who::Bob };
        let message = pair.encrypt(who, &format!("{number}"));
        for key in revealed(&message) {
            assert!(seen.insert(key), "a key was revealed twice");
            assert!(
                authenticates(&key, &received[usize::from(who == Who::Bob)]),
                "a key that verified nothing was revealed"
            );
            dead.push(key);
        }
        if random.next_u32().is_multiple_of(5) {
            continue;
        }
        // No message that is still accepted is authenticated by a key already revealed.
        pair.inject(who.other(), &message);
        let shown = !pair.side(who.other()).shown().is_empty();
        assert!(shown);
        assert!(
            !dead.iter().any(|key| authenticates(key, std::slice::from_ref(&message))),
            "a live key had been revealed"
        );
        received[usize::from(who.other() == Who::Bob)].push(message);
    }
    assert!(seen.len() > 50);
}

// attack: REV-6
#[test]
fn with_a_published_key_anybody_can_write_a_message_that_authenticates() {
    let mut pair = Pair::private_with(42, Config { padding: 0, ..Config::default() });
    let mut recorded = Vec::new();
    let mut published = Vec::new();
    for round in 0..4 {
        let message = pair.encrypt(Who::Bob, &format!("I never said this, {round}"));
        pair.inject(Who::Alice, &message);
        recorded.push(message);
        let answer = pair.encrypt(Who::Alice, "hm");
        published.extend(revealed(&answer));
        pair.inject(Who::Bob, &answer);
    }
    // A stranger holds the recording and what was published in it, and no secret of either side.
    let (key, original) = published
        .iter()
        .find_map(|key| Some((key, recorded.iter().find(|message| authenticates(key, std::slice::from_ref(message)))?)))
        .expect("a key of a recorded message was published");
    let mut bytes = unarmour(original);
    let (text_end, length) = with_data(original, |data| (data.authenticated().len(), data.encrypted.len()));
    let (known, wanted) = ("I never said this", "I always say this");
    for (at, (old, new)) in known.bytes().zip(wanted.bytes()).enumerate() {
        bytes[text_end - length + at] ^= old ^ new;
    }
    let mac = hmac_sha1(key, &bytes[..text_end]);
    bytes[text_end..text_end + 20].copy_from_slice(&mac);
    let forged = armour::encode(&bytes);
    assert_ne!(&forged, original);
    assert!(authenticates(key, &[forged]));
}

fn hmac_sha1(key: &[u8; 20], bytes: &[u8]) -> [u8; 20] {
    use hmac::{KeyInit, Mac};
    let mut mac = hmac::Hmac::<sha1::Sha1>::new_from_slice(key).expect("any length");
    mac.update(bytes);
    mac.finalize().into_bytes().into()
}

/// Every receiving key that verified something, as far as the messages show, and every key revealed.
// attack: REV-3
#[test]
fn a_refresh_and_an_ending_reveal_what_was_used() {
    let mut pair = Pair::private(41);
    let mut to_alice = Vec::new();
    for round in 0..6 {
        let message = pair.encrypt(Who::Bob, &format!("{round}"));
        pair.inject(Who::Alice, &message);
        to_alice.push(message);
        let message = pair.encrypt(Who::Alice, "and back");
        pair.inject(Who::Bob, &message);
    }
    let sent_before = pair.alice.sent.len();
    pair.wait(Duration::from_secs(61));
    pair.start(Who::Bob);
    pair.run();
    let message = pair.encrypt(Who::Bob, "after the refresh");
    pair.inject(Who::Alice, &message);
    to_alice.push(message);
    pair.end(Who::Alice);

    let all: Vec<[u8; 20]> =
        pair.alice.sent.iter().filter(|body| body.starts_with("?OTR:AAMD")).flat_map(|body| revealed(body)).collect();
    let after: Vec<[u8; 20]> = pair.alice.sent[sent_before..]
        .iter()
        .filter(|body| body.starts_with("?OTR:AAMD"))
        .flat_map(|body| revealed(body))
        .collect();
    assert!(!after.is_empty());
    for message in &to_alice {
        let verified_by = all.iter().filter(|key| authenticates(key, std::slice::from_ref(message))).count();
        assert_eq!(verified_by, 1, "each received message has exactly one key that became public");
    }
}

// attack: REV-4
#[test]
fn a_key_revealed_while_we_still_accept_it_is_accepted_no_more() {
    let now = Duration::from_secs(5);
    let mut side = Side::new(0, 0x1001, "mallory", Config::default(), 9);
    let mut hostile = Hostile::connect(&mut side, 2, 0x2002, now);
    let first = hostile.say("first");
    side.receive(&first, now);
    side.events.clear();
    // The peer's sending MAC key is our receiving one.
    let key = sending_mac_key(&hostile);
    let message = hostile.data(&Forged { text: b"oops", revealed: [[1; 20], key].concat(), ..Forged::default() });
    let replies = side.receive(&message, now);
    assert!(side.events.iter().any(|event| matches!(event, otr_session::Event::Warning(Warning::LiveKeyRevealed))));
    assert!(replies.iter().any(|reply| reply.starts_with("?OTR:AAMC")), "new keys are asked for at once");
    side.events.clear();
    let next = hostile.say("anybody could have written this");
    side.receive(&next, now);
    assert!(side.shown().is_empty());
}

fn sending_mac_key(hostile: &Hostile) -> [u8; 20] {
    // Turned round, the derivation gives what the victim receives with.
    let established = hostile.established();
    let (ours, theirs) = (established.our_dh.public(), &established.their_dh);
    *established.shared.data_keys(theirs, ours).receiving.reveal().as_bytes()
}

// attack: REV-5
#[test]
fn whatever_stands_in_the_list_of_old_keys_is_no_obstacle() {
    let now = Duration::from_secs(5);
    for length in [0, 1, 19, 20, 21, 40, 4000] {
        let mut side = Side::new(0, 0x1001, "mallory", Config::default(), 9);
        let mut hostile = Hostile::connect(&mut side, 2, 0x2002, now);
        side.events.clear();
        let message = hostile.data(&Forged { text: b"text", revealed: vec![7; length], ..Forged::default() });
        side.receive(&message, now);
        assert_eq!(side.shown(), ["text"]);
    }
}
