//! The exchange with the primitives of the Curve25519 suite: what both sides get, and what is refused.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests are tests: a broken expectation is a failed test"
)]

mod common;

use std::sync::LazyLock;

use common::{ALICE, Party, rng, tag};
use otr_ake::{Error, Established, Outcome};
use otr_crypto::{Bond, IdentityKey, Suite};
use otr_wire::{Header, Message, Payload};

static MODERN: LazyLock<[IdentityKey; 2]> =
    LazyLock::new(|| [3, 4].map(|seed| IdentityKey::generate_ed25519(&mut rng(seed))));

fn header(sender: u32, receiver: u32) -> Header {
    Header::Curve25519 { sender: tag(sender), receiver: Some(tag(receiver)) }
}

/// Alice, who begins, and Bob.
fn parties() -> [Party; 2] {
    [Party::new(&MODERN[0], header(0x1300, 0x2500), 1), Party::new(&MODERN[1], header(0x2500, 0x1300), 2)]
}

/// The four messages of an exchange, and what both sides have then.
fn exchange([alice, bob]: &mut [Party; 2]) -> ([Vec<u8>; 4], [Box<Established>; 2]) {
    let commit = alice.begin();
    let key = bob.answer(&commit);
    let reveal = alice.answer(&key);
    let (at_bob, signature) = bob.complete(&reveal);
    let signature = signature.expect("a Signature");
    let (at_alice, reply) = alice.complete(&signature);
    assert_eq!(reply, None);
    ([commit, key, reveal, signature], [at_alice, at_bob])
}

/// What an established exchange makes of a text, both ways.
fn keys_fit([one, other]: &[Box<Established>; 2]) -> bool {
    let keys = |ends: &Established| ends.root.data_keys(&ends.shared, ends.our_dh.public(), &ends.their_dh);
    let (one, other) = (keys(one), keys(other));
    let mut text = *b"some text";
    one.sending.encrypt(1, &mut text);
    other.receiving.decrypt(1, &mut text);
    text == *b"some text"
        && other.receiving.verify(b"data", &one.sending.mac(b"data")).is_ok()
        && one.receiving.verify(b"data", &other.sending.mac(b"data")).is_ok()
        && one.extra.as_bytes() == other.extra.as_bytes()
}

#[test]
fn both_sides_get_the_same_and_know_each_other() {
    let (messages, established) = exchange(&mut parties());
    assert_eq!(messages.map(|message| message.len()), [88, 1236, 1249, 137]);
    let [alice, bob] = &established;
    assert_eq!(alice.session_id, bob.session_id);
    assert_eq!(alice.their_key, *MODERN[1].public_key());
    assert_eq!(bob.their_key, *MODERN[0].public_key());
    assert!(keys_fit(&established));
}

/// One bit of any message changed: the exchange does not complete, at either side, with anything that the other side
/// does not share. The tags and the version are of another exchange then.
// attack: NEW-7
#[test]
fn whatever_is_changed_on_the_way_is_noticed() {
    let (honest, _) = exchange(&mut parties());
    for (index, message) in honest.iter().enumerate() {
        let step = if message.len() > 1000 { 13 } else { 1 };
        for at in (0..message.len()).step_by(step) {
            let mut parties = parties();
            let [alice, bob] = &mut parties;
            let carry = |number: usize, message: Vec<u8>| {
                let mut message = message;
                if number == index {
                    message[at] ^= 1 << (at % 8);
                }
                message
            };
            let commit = carry(0, alice.begin());
            let Some(key) = reply(bob, &commit) else { continue };
            let Some(reveal) = reply(alice, &carry(1, key)) else { continue };
            let reveal = carry(2, reveal);
            let Ok(Outcome::Established(at_bob, signature)) = try_receive(bob, &reveal) else { continue };
            let signature = carry(3, signature.expect("a Signature"));
            let result = try_receive(alice, &signature);
            assert_eq!(index, 3, "byte {at} of message {index} was changed, and the responder took it");
            assert!(!matches!(result, Ok(Outcome::Established(..))), "byte {at} of message {index}");
            drop(at_bob);
        }
    }
}

fn try_receive(party: &mut Party, bytes: &[u8]) -> Result<Outcome, Error> {
    let message = Message::decode(bytes).map_err(|_| Error::OtherExchange)?;
    party.receive_message(&message)
}

fn reply(party: &mut Party, bytes: &[u8]) -> Option<Vec<u8>> {
    match try_receive(party, bytes) {
        Ok(Outcome::Reply(reply)) => Some(reply),
        _ => None,
    }
}

/// What the two have agreed on before is part of the exchange.
// attack: NEW-7, NEW-8
#[test]
fn two_who_are_bound_to_different_things_do_not_meet() {
    let bonds: [&[u8]; 4] = [b"", b"one", b"other", b"one\0"];
    for (ours, theirs) in bonds.into_iter().flat_map(|ours| bonds.map(|theirs| (ours, theirs))) {
        let [alice, bob] = &mut parties();
        let bond = |text: &[u8]| (!text.is_empty()).then(|| Bond::of(None, &[text]));
        (alice.bond, bob.bond) = (bond(ours), bond(theirs));
        let commit = alice.begin();
        let key = bob.answer(&commit);
        let reveal = alice.answer(&key);
        let result = bob.receive(&reveal);
        assert_eq!(matches!(result, Ok(Outcome::Established(..))), ours == theirs, "{ours:?} {theirs:?}: {result:?}");
    }
}

/// A key of one suite proves nothing in the other, on either side.
// attack: NEW-9
#[test]
fn a_dsa_key_proves_nothing_here() {
    for who in [0, 1] {
        let mut parties = parties();
        parties[who].identity = &ALICE;
        let [alice, bob] = &mut parties;
        let commit = alice.begin();
        let key = bob.answer(&commit);
        let reveal = alice.answer(&key);
        if who == 0 {
            // An X of another size is no X of this version.
            assert!(Message::decode(&reveal).is_err());
        } else {
            let (_, signature) = bob.complete(&reveal);
            assert!(Message::decode(&signature.expect("a Signature")).is_err());
        }
    }
}

/// The wrong kind of public value is refused before any secret is used.
// attack: NEW-1, NEW-9
#[test]
fn public_values_of_small_order_and_of_the_other_group_are_refused() {
    let [alice, bob] = &mut parties();
    let commit = alice.begin();
    let key = bob.answer(&commit);
    let Ok(Message { header, payload: Payload::DhKey(honest) }) = Message::decode(&key) else { panic!("a D-H Key") };
    let modp = Suite::Otr.key_pair(&mut rng(9));
    let mut small = [0; 33];
    small[0] = 0x40;
    let mut not_canonical = [0xff; 33];
    not_canonical[0] = 0x40;
    for gy in [modp.public().as_bytes(), &small, &not_canonical, &honest.gy.as_bytes()[..32], &[0x41; 33]] {
        let gy = otr_wire::Mpi::new(gy).expect("a number");
        let message = Message { header, payload: Payload::DhKey(otr_wire::DhKey { gy, ..honest }) }.encode();
        assert_eq!(alice.receive(&message).err(), Some(Error::IllegalValue));
    }
    assert!(matches!(alice.receive(&key), Ok(Outcome::Reply(_))), "the honest one still serves");
}

/// What is signed is one side's fresh keys and nothing that anybody says later.
// attack: NEW-12
#[test]
fn only_the_exchange_is_signed() {
    let source = include_str!("../src/identity_proof.rs");
    assert_eq!(source.matches(".sign(").count(), 1);
    let (messages, _) = exchange(&mut parties());
    let again = exchange(&mut parties()).0;
    assert_eq!(messages, again, "everything follows from the seeds");
}
