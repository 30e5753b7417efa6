//! Whole exchanges: several instances, time, forged messages, strange routes, changed bytes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests stop the test")]

mod common;

use core::time::Duration;
use std::{collections::VecDeque, sync::Arc};

use common::{ALICE, BOB, IDLE, Party, Run, kind, rng, run, tag, v3};
use otr_ake::{ATTEMPT_LIFETIME, Error, MAX_FAILURES, Outcome, Role};
use otr_crypto::{DhKeyPair, SessionId};
use otr_wire::{DhCommit, DhKey, Header, Message, MessageType, Mpi, Payload, RevealSignature, Signature};
use rand_core::Rng;

fn key_of(run: &Run) -> &[u8] {
    match Message::decode(&run.key).unwrap().payload {
        Payload::DhKey(key) => key.gy.as_bytes(),
        other => panic!("{other:?}"),
    }
}

fn revealed(reveal: &[u8]) -> [u8; 16] {
    match Message::decode(reveal).unwrap().payload {
        Payload::RevealSignature(reveal) => *reveal.revealed_key,
        other => panic!("{other:?}"),
    }
}

// attack: AKE-14, AKE-1
#[test]
fn both_sides_have_the_same_from_it() {
    for (ours, theirs) in [(v3(0x100, 0x200), v3(0x200, 0x100)), (Header::V2, Header::V2)] {
        let (mut alice, mut bob) = (Party::new(&ALICE, ours, 1), Party::new(&BOB, theirs, 2));
        let run = run(&mut alice, &mut bob);
        let kinds = [&run.commit, &run.key, &run.reveal, &run.signature].map(|bytes| kind(bytes));
        use MessageType::{DhCommit, DhKey, RevealSignature, Signature};
        assert_eq!(kinds, [DhCommit, DhKey, RevealSignature, Signature]);

        let (initiator, responder) = (run.initiator, run.responder);
        assert_eq!((initiator.role, responder.role), (Role::Initiator, Role::Responder));
        assert_eq!((initiator.header, responder.header), (ours, theirs));
        assert_eq!(&initiator.their_key, BOB.public_key());
        assert_eq!(&responder.their_key, ALICE.public_key());
        assert_eq!(&initiator.their_dh, responder.our_dh.public());
        assert_eq!(&responder.their_dh, initiator.our_dh.public());
        assert_eq!((initiator.their_keyid.get(), responder.their_keyid.get()), (1, 1));
        assert_eq!(initiator.session_id, initiator.shared.ake_keys().session_id());
        assert_eq!(initiator.session_id, responder.shared.ake_keys().session_id());
        assert_eq!((alice.state(), bob.state()), (IDLE, IDLE));
    }
}

// attack: AKE-5
#[test]
fn one_offer_and_many_instances() {
    for instances in 1..=8 {
        let offer = otr_ake::Offer::new(
            Header::V3 { sender: tag(0x100), receiver: None },
            Duration::from_secs(100),
            &mut rng(50),
        );
        let commit = offer.message(None);
        let headers = (0..instances).map(|index| (v3(0x100, 0x200 + index), v3(0x200 + index, 0x100)));
        let mut pairs: Vec<_> = headers
            .zip(60..)
            .map(|((ours, theirs), seed)| (Party::new(&ALICE, ours, 51), Party::new(&BOB, theirs, seed)))
            .collect();
        // In step: all keys before any reveal, all reveals before any signature.
        let keys: Vec<_> = pairs.iter_mut().map(|(_, bob)| bob.answer(&commit)).collect();
        let reveals: Vec<_> = pairs
            .iter_mut()
            .zip(&keys)
            .map(|((alice, _), key)| {
                alice.ake.begin(Arc::clone(&offer));
                alice.answer(key)
            })
            .collect();
        let mut session_ids = Vec::new();
        for ((alice, bob), reveal) in pairs.iter_mut().zip(&reveals) {
            let (bobs, signature) = bob.complete(reveal);
            let (alices, _) = alice.complete(&signature.unwrap());
            assert_eq!(alices.session_id, bobs.session_id);
            session_ids.push(alices.session_id);
        }
        for (index, id) in session_ids.iter().enumerate() {
            assert!(!session_ids[..index].contains(id), "every instance has a session of its own");
        }
    }
}

// attack: AKE-5, TAG-7
#[test]
fn an_instance_cannot_answer_for_another() {
    let (mut alice, mut bob) = (Party::alice(1), Party::new(&BOB, v3(0x201, 0x100), 2));
    let everybody = Header::V3 { sender: tag(0x100), receiver: None };
    let offer = otr_ake::Offer::new(everybody, alice.now, &mut alice.rng);
    let key = bob.answer(&offer.message(None));
    alice.ake.begin(offer);
    assert_eq!(alice.receive(&key).err(), Some(Error::OtherExchange));
    assert!(alice.state().awaiting_dh_key);
}

// attack: AKE-6
#[test]
fn attempts_end_after_a_minute_of_silence() {
    let late = ATTEMPT_LIFETIME;
    let in_time = late - Duration::from_millis(1);
    let (mut alice, mut bob) = (Party::alice(1), Party::bob(2));
    let commit = alice.begin();
    let key = bob.answer(&commit);
    assert_eq!(alice.ake.next_timeout(), Some(alice.now + late));
    assert_eq!(bob.ake.next_timeout(), Some(bob.now + late));

    // Each state in time, and too late, both by `expire` and by the next message.
    for waited in [in_time, late] {
        for by_message in [false, true] {
            let expired = waited == late;
            let wait = |party: &mut Party| {
                party.now += waited;
                if !by_message {
                    party.ake.expire(party.now);
                    assert_eq!(party.state() == IDLE, expired);
                    assert_eq!(party.ake.next_timeout().is_none(), expired);
                }
            };
            // We wait for a key.
            let (mut alice, mut bob) = (Party::alice(1), Party::bob(2));
            alice.begin();
            wait(&mut alice);
            assert_eq!(matches!(alice.receive(&key), Ok(Outcome::Ignored)), expired);
            if expired {
                assert_eq!(alice.state(), IDLE);
                continue;
            }
            // The minute begins anew with each message: we wait for a signature.
            let reveal = alice.answer(&key);
            bob.answer(&commit);
            let (_, signature) = bob.complete(&reveal);
            wait(&mut alice);
            let _ = alice.complete(&signature.unwrap());
        }
    }
    for waited in [in_time, late] {
        let (mut alice, mut bob) = (Party::alice(1), Party::bob(2));
        let reveal = {
            let key = bob.answer(&alice.begin());
            alice.answer(&key)
        };
        bob.now += waited;
        assert_eq!(matches!(bob.receive(&reveal), Ok(Outcome::Established(..))), waited == in_time);
        assert_eq!(bob.state(), IDLE);
        let (mut alice, mut bob) = (Party::alice(1), Party::bob(2));
        let key = bob.answer(&alice.begin());
        let reveal = alice.answer(&key);
        let signature = bob.complete(&reveal).1.unwrap();
        alice.now += waited;
        assert_eq!(matches!(alice.receive(&signature), Ok(Outcome::Established(..))), waited == in_time);
        assert_eq!(alice.state(), IDLE);
    }
}

// attack: AKE-6
#[test]
fn the_secrets_of_an_offer_go_with_its_last_holder() {
    let mut alice = Party::alice(1);
    let offer = alice.offer();
    alice.ake.begin(Arc::clone(&offer));
    assert_eq!(Arc::strong_count(&offer), 2);
    alice.ake.expire(alice.now + ATTEMPT_LIFETIME);
    assert_eq!(Arc::strong_count(&offer), 1, "expired");
    alice.ake.begin(Arc::clone(&offer));
    alice.ake.abandon();
    assert_eq!(Arc::strong_count(&offer), 1, "abandoned");
    let mut bob = Party::bob(2);
    alice.ake.begin(Arc::clone(&offer));
    let key = bob.answer(&offer.message(None));
    let reveal = alice.answer(&key);
    let signature = bob.complete(&reveal).1.unwrap();
    let _established = alice.complete(&signature);
    assert_eq!(Arc::strong_count(&offer), 1, "completed: only the key pair lives on, in what was established");
}

// attack: AKE-7
#[test]
fn every_exchange_has_fresh_keys() {
    let (mut alice, mut bob) = (Party::alice(1), Party::bob(2));
    let runs: Vec<_> = (0..4).map(|_| run(&mut alice, &mut bob)).collect();
    for (index, one) in runs.iter().enumerate() {
        for other in &runs[..index] {
            assert_ne!(one.commit, other.commit);
            assert_ne!(key_of(one), key_of(other));
            assert_ne!(revealed(&one.reveal), revealed(&other.reveal));
            assert_ne!(one.initiator.our_dh.public(), other.initiator.our_dh.public());
            assert_ne!(one.initiator.session_id, other.initiator.session_id);
        }
    }
    // Also an attempt that was given up leaves no key to the next.
    let commit = alice.begin();
    let key = bob.answer(&commit);
    bob.ake.abandon();
    assert_ne!(bob.answer(&commit), key);
}

/// A message of the exchange that nobody honest has made, of random kind.
fn forged(random: &mut impl rand_core::CryptoRng, header: Header) -> Vec<u8> {
    let mut bytes = [0; 512];
    random.fill_bytes(&mut bytes);
    let hashed_gx = bytes.first_chunk().unwrap();
    let mac = bytes.last_chunk().unwrap();
    let encrypted_signature = &bytes[32..32 + 462];
    let key = DhKeyPair::generate(random);
    let payload = match bytes[0] % 4 {
        0 => Payload::DhCommit(DhCommit { encrypted_gx: &bytes[32..32 + 196], hashed_gx }),
        1 => Payload::DhKey(DhKey { gy: Mpi::new(key.public().as_bytes()).unwrap(), kem_key: &[] }),
        2 => {
            let revealed_key = bytes.first_chunk().unwrap();
            Payload::RevealSignature(RevealSignature { revealed_key, kem_ciphertext: &[], encrypted_signature, mac })
        }
        _ => Payload::Signature(Signature { encrypted_signature, mac }),
    };
    Message { header, payload }.encode()
}

/// Two parties, and an adversary who puts a forged message before every honest one with probability ½.
struct UnderAttack {
    parties: [Party; 2],
    established: [Option<SessionId>; 2],
    random: chacha20::ChaCha20Rng,
}

impl UnderAttack {
    fn deliver(&mut self, to: usize, bytes: &[u8], queue: &mut VecDeque<(usize, Vec<u8>)>) {
        match self.parties[to].receive(bytes) {
            Ok(Outcome::Reply(reply)) => queue.push_back((1 - to, reply)),
            Ok(Outcome::Established(established, reply)) => {
                self.established[to] = Some(established.session_id);
                queue.extend(reply.map(|reply| (1 - to, reply)));
            }
            Ok(Outcome::Ignored) | Err(_) => {}
        }
    }

    /// One attempt, from a fresh commit until nothing is on its way.
    fn attempt(&mut self) -> bool {
        let commit = self.parties[0].begin();
        let mut queue = VecDeque::from([(1, commit)]);
        while let Some((to, bytes)) = queue.pop_front() {
            if self.random.next_u32().is_multiple_of(2) {
                let from = self.parties[1 - to].header;
                let message = forged(&mut self.random, from);
                self.deliver(to, &message, &mut queue);
            }
            self.deliver(to, &bytes, &mut queue);
        }
        match self.established {
            [Some(one), Some(other)] => {
                assert_eq!(one, other);
                true
            }
            [None, _] | [_, None] => false,
        }
    }
}

// attack: AKE-8
#[test]
fn forged_messages_only_delay() {
    const RUNS: u64 = 100;
    let completes = |seed: u64| {
        let parties = [Party::alice(2 * seed), Party::bob(2 * seed + 1)];
        let mut attacked = UnderAttack { parties, established: [None; 2], random: rng(1000 + seed) };
        (0..=10).any(|_| attacked.attempt())
    };
    let completed = (0..RUNS).filter(|&seed| completes(seed)).count();
    assert!(completed >= 95, "{completed} of {RUNS}");
}

/// Bob, who waits for a Reveal Signature, and a changed and the right one.
fn awaiting_reveal_signature() -> (Party, Vec<u8>, Vec<u8>) {
    let (mut alice, mut bob) = (Party::alice(1), Party::bob(2));
    let key = bob.answer(&alice.begin());
    let reveal = alice.answer(&key);
    let mut changed = reveal.clone();
    *changed.last_mut().unwrap() ^= 1;
    (bob, changed, reveal)
}

// attack: AKE-8, DOS-2
#[test]
fn the_eighth_failure_ends_the_attempt() {
    assert_eq!(MAX_FAILURES, 8);
    let (mut bob, changed, reveal) = awaiting_reveal_signature();
    for _ in 0..7 {
        assert_eq!(bob.receive(&changed).err(), Some(Error::Verification));
        assert!(bob.state().awaiting_reveal_signature);
    }
    let _ = bob.complete(&reveal);

    let (mut bob, changed, reveal) = awaiting_reveal_signature();
    for _ in 0..8 {
        assert_eq!(bob.receive(&changed).err(), Some(Error::Verification));
    }
    assert_eq!(bob.state(), IDLE);
    assert!(matches!(bob.receive(&reveal), Ok(Outcome::Ignored)));
    assert!(matches!(bob.receive(&changed), Ok(Outcome::Ignored)), "nothing more is verified");
}

// attack: AKE-8
#[test]
fn an_attempt_does_not_inherit_the_failures_of_an_expired_one() {
    let (mut bob, changed, _) = awaiting_reveal_signature();
    for _ in 0..7 {
        assert_eq!(bob.receive(&changed).err(), Some(Error::Verification));
    }
    bob.now += ATTEMPT_LIFETIME;
    let mut alice = Party::alice(3);
    alice.now = bob.now;
    let key = bob.answer(&alice.begin());
    let reveal = alice.answer(&key);
    for _ in 0..7 {
        assert_eq!(bob.receive(&changed).err(), Some(Error::Verification));
    }
    let _ = bob.complete(&reveal);
}

// attack: DOS-2
#[test]
fn a_flood_of_forged_reveals_is_verified_eight_times_at_most() {
    let (mut bob, changed, _) = awaiting_reveal_signature();
    let (mut spared, _, _) = awaiting_reveal_signature();
    let refused = (0..10_000).filter(|_| bob.receive(&changed).is_err()).count();
    assert_eq!(refused, 8);
    assert_eq!(bob.rng.next_u64(), spared.rng.next_u64(), "nothing was signed or drawn");
}

/// The four steps of an exchange: the party that receives, what it receives, and who made it.
fn steps() -> Vec<(Party, Vec<u8>)> {
    (0..4)
        .map(|step| {
            let (mut alice, mut bob) = (Party::alice(1), Party::bob(2));
            let commit = alice.begin();
            if step == 0 {
                return (bob, commit);
            }
            let key = bob.answer(&commit);
            if step == 1 {
                return (alice, key);
            }
            let reveal = alice.answer(&key);
            if step == 2 {
                return (bob, reveal);
            }
            let signature = bob.complete(&reveal).1.unwrap();
            (alice, signature)
        })
        .collect()
}

// attack: AKE-19, PARSE-10, TAG-2, TAG-7
#[test]
fn another_version_or_tag_is_another_exchange() {
    for (mut party, bytes) in steps() {
        let message = Message::decode(&bytes).unwrap();
        let (from, to) = (message.header.sender().unwrap(), party.header.sender().unwrap());
        let header = |sender, receiver| Header::V3 { sender, receiver: Some(receiver) };
        let before = party.state();
        for other in [
            Header::V2,
            header(tag(0x999), to),
            header(from, tag(0x999)),
            header(to, from),
            header(to, to),
            header(from, from),
        ] {
            let moved = Message { header: other, payload: message.payload };
            assert_eq!(party.receive_message(&moved).err(), Some(Error::OtherExchange), "{other:?}");
            assert_eq!(party.state(), before);
        }
        assert!(!matches!(party.receive(&bytes), Ok(Outcome::Ignored) | Err(_)), "the right one is taken");
    }
    // And the other way round: version 3 in an exchange of version 2.
    let (mut alice, mut bob) = (Party::new(&ALICE, Header::V2, 1), Party::bob(2));
    alice.begin();
    assert_eq!(alice.receive(&bob.begin()).err(), Some(Error::OtherExchange));
}

// attack: TAG-7
#[test]
fn tags_changed_on_the_way_bind_nobody_to_the_wrong_pair() {
    // The network makes Bob believe that instance 0x300 speaks, consistently in both directions.
    let mut alice = Party::alice(1);
    let mut bob = Party::new(&BOB, v3(0x200, 0x300), 2);
    let moved = |bytes: &[u8], header| {
        let message = Message::decode(bytes).unwrap();
        Message { header, payload: message.payload }.encode()
    };
    let (to_bob, to_alice) = (v3(0x300, 0x200), v3(0x200, 0x100));
    let key = bob.answer(&moved(&alice.begin(), to_bob));
    let reveal = alice.answer(&moved(&key, to_alice));
    let (bobs, signature) = bob.complete(&moved(&reveal, to_bob));
    let (alices, _) = alice.complete(&moved(&signature.unwrap(), to_alice));
    // Nothing here can notice. But each side is bound to the pair it saw, so the authenticators of the data messages,
    // which cover the tags, will not agree.
    assert_eq!(alices.header, v3(0x100, 0x200));
    assert_eq!(bobs.header, v3(0x200, 0x300));
}

// attack: TAG-2
#[test]
fn a_commit_may_name_its_receiver_or_nobody() {
    for receiver in [None, Some(tag(0x200))] {
        let mut alice = Party::alice(1);
        let mut offer = alice.offer().message(receiver);
        let _ = Party::bob(2).answer(&offer);
        offer = otr_ake::Offer::new(Header::V3 { sender: tag(0x100), receiver: None }, alice.now, &mut alice.rng)
            .message(receiver);
        assert_eq!(Message::decode(&offer).unwrap().header.receiver(), receiver);
        let _ = Party::bob(2).answer(&offer);
    }
}

/// Whether `changed` is still a message of this exchange.
fn decodes(changed: &[u8]) -> bool {
    Message::decode(changed).is_ok()
}

// attack: G-1, AKE-1
#[test]
fn every_changed_byte_of_a_reveal_or_signature_is_refused() {
    // Every byte, seven to a party, because the eighth failure ends the attempt.
    for step in [2, 3] {
        let length = steps()[step].1.len();
        for start in (0..length).step_by(7) {
            let (mut party, bytes) = steps().swap_remove(step);
            for at in start..(start + 7).min(length) {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << (at % 8);
                if decodes(&changed) {
                    assert!(party.receive(&changed).is_err(), "byte {at} of step {step}");
                }
            }
            let _ = party.complete(&bytes);
        }
    }
}

// attack: G-1, AKE-8
#[test]
fn a_refused_commit_or_key_changes_nothing() {
    // A changed commit is a commit, and half of all numbers are keys; those that are refused must leave no trace.
    let mut refused = 0;
    for at in (0..200).step_by(5) {
        for step in [0, 1] {
            let (mut party, bytes) = steps().swap_remove(step);
            let mut changed = bytes.clone();
            let Some(byte) = changed.get_mut(at) else { continue };
            *byte ^= 0x80;
            if !decodes(&changed) {
                continue;
            }
            let before = party.state();
            if party.receive(&changed).is_err() {
                refused += 1;
                assert_eq!(party.state(), before);
                // The honest run goes on to its end.
                let mut other = if step == 0 { Party::alice(1) } else { Party::bob(2) };
                if step == 0 {
                    other.begin();
                    let key = party.answer(&bytes);
                    let reveal = other.answer(&key);
                    let signature = party.complete(&reveal).1.unwrap();
                    let _ = other.complete(&signature);
                } else {
                    other.answer(&Party::alice(1).begin());
                    let reveal = party.answer(&bytes);
                    let signature = other.complete(&reveal).1.unwrap();
                    let _ = party.complete(&signature);
                }
            }
        }
    }
    assert!(refused > 10, "{refused}");
}
