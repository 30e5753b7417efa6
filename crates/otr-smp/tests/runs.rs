//! Whole runs between two parties, and against the records of another implementation.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helpers too")]

mod common;

use common::{ALICE, BOB, PROGRESS, Party, SUITES, rng, run, secret_of, session};
use otr_crypto::{DhKeyPair, SessionId, Suite};
use otr_smp::{Event, Meaning, Message, Received, Secret, Smp, State};
use otr_wire::TlvType;
use rand_core::{TryCryptoRng, TryRng};
use sha2::{Digest, Sha256};
use std::convert::Infallible;
use std::time::Duration;

const VERIFIED: Event = Event::Succeeded(Meaning::PeerVerified);

#[test]
fn equal_secrets_succeed_and_others_fail_on_both_sides() {
    for suite in SUITES {
        let (mut alice, mut bob) = (Party::new(suite, 1), Party::new(suite, 2));
        for (texts, result) in [
            (["the lighthouse", "the lighthouse"], VERIFIED),
            (["the lighthouse", "The lighthouse"], Event::Failed),
            (["", ""], VERIFIED),
            (["", "\0"], Event::Failed),
        ] {
            assert_eq!(run(&mut alice, &mut bob, None, texts), [result.clone(), result]);
        }
        // The other way round, with the same two machines.
        assert_eq!(run(&mut bob, &mut alice, None, ["x", "x"]), [VERIFIED, VERIFIED]);
    }
}

// attack: SMP-13
#[test]
fn with_a_question_only_the_one_who_asked_has_verified_the_peer() {
    for suite in SUITES {
        let (mut alice, mut bob) = (Party::new(suite, 1), Party::new(suite, 2));
        let answered = Event::Succeeded(Meaning::AnsweredRightly);
        assert_eq!(run(&mut alice, &mut bob, Some("Where?"), ["x", "x"]), [VERIFIED, answered.clone()]);
        assert_eq!(run(&mut bob, &mut alice, Some(""), ["x", "x"]), [VERIFIED, answered]);
        assert_eq!(run(&mut alice, &mut bob, Some("Where?"), ["x", "y"]), [Event::Failed, Event::Failed]);
    }
}

// attack: SMP-18
#[test]
fn a_question_is_passed_on_as_it_came_and_nothing_is_answered() {
    for suite in SUITES {
        let (mut alice, mut bob) = (Party::new(suite, 1), Party::new(suite, 2));
        let question = "Wo war's? \u{1f511} \u{202e}";
        let received = bob.receive(&alice.start("x", Some(question)));
        let State::AwaitingUser(run) = bob.state() else { panic!("{:?}", bob.state()) };
        let event = Event::Asked { run, question: Some(question.as_bytes().to_vec()) };
        assert_eq!(received, Received { reply: None, event: Some(event) });
    }
}

// attack: SMP-16
#[test]
fn letters_beyond_ascii_are_compared_as_they_are() {
    for suite in SUITES {
        let (mut alice, mut bob) = (Party::new(suite, 1), Party::new(suite, 2));
        let text = "Zürich ☃ 🔑";
        assert_eq!(run(&mut alice, &mut bob, None, [text, text]), [VERIFIED, VERIFIED]);
        // Composed and decomposed: the same to the eye, two texts to the protocol.
        assert_eq!(run(&mut alice, &mut bob, None, ["\u{fc}", "u\u{308}"]), [Event::Failed, Event::Failed]);
    }
}

/// Somebody between Alice and Bob has a session with each, and passes the messages on.
// attack: SMP-12
#[test]
fn a_run_relayed_between_two_sessions_fails() {
    for suite in SUITES {
        let mallory = [0x3a; 20];
        let (near, far) = (session(1), session(2));
        for (alices, bobs) in [
            // Other identities and another session, other identities, another session, and the roles exchanged.
            ((ALICE, mallory, &near), (mallory, BOB, &far)),
            ((ALICE, mallory, &near), (mallory, BOB, &near)),
            ((ALICE, BOB, &near), (ALICE, BOB, &far)),
            ((ALICE, BOB, &near), (BOB, ALICE, &near)),
        ] {
            let secret = |(initiator, responder, session)| secret_of(suite, initiator, responder, session, "x");
            let (mut alice, mut bob) = (Party::new(suite, 1), Party::new(suite, 2));
            let one = alice.smp.start(suite, secret(alices), None, alice.now, &mut alice.rng).unwrap();
            let run = bob.asked(&one);
            let two = bob.smp.answer(run, secret(bobs), bob.now, &mut bob.rng).unwrap();
            let three = alice.reply(&two, &PROGRESS);
            let four = bob.reply(&three, &Event::Failed);
            assert_eq!(alice.receive(&four).event, Some(Event::Failed));
        }
    }
}

/// Gives what it was given, and nothing else.
struct Scripted(Vec<Vec<u8>>);

impl TryRng for Scripted {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(0)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(0)
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        out.copy_from_slice(&self.0.remove(0));
        Ok(())
    }
}

impl TryCryptoRng for Scripted {}

fn recorded_session() -> SessionId {
    let a = "95eff22502daa0b349a7a4bf8050cbb812881d4eada6af532f9a8bcb5c988a90d2856dcbdb9d1cca";
    let b = "663fbdfbcff79c40d286a6a75635823a662b78f5608162c33760e399566223050c349a2ad5223ad8";
    let [a, b] = [a, b].map(|key| DhKeyPair::hazmat_from_bytes(hex::decode(key).unwrap().try_into().unwrap()).unwrap());
    a.agree(b.public()).unwrap().ake_keys().session_id()
}

/// With the same draws, every byte of every message is the same.
// attack: SMP-12, SMP-16
#[test]
fn runs_recorded_from_libotr_are_reproduced_byte_for_byte() {
    let mut runs = 0;
    for record in include_str!("data/libotr.txt").split("\nrun ").skip(1) {
        let fields: Vec<_> = record.lines().skip(1).map(|line| line.split_once(' ').unwrap()).collect();
        let all = |name| fields.iter().filter(move |field| field.0 == name).map(|field| hex::decode(field.1).unwrap());
        let one = |name| all(name).next().unwrap();
        let mut rng = Scripted(all("draw").collect());
        let secret = |name| {
            let text = String::from_utf8(one(name)).unwrap();
            secret_of(Suite::Otr, ALICE, BOB, &recorded_session(), &text)
        };

        let (mut alice, mut bob) = (Smp::<otr_crypto::Modp1536>::new(), Smp::<otr_crypto::Modp1536>::new());
        let now = Duration::ZERO;
        let sent = alice.start(secret("text-x"), None, now, &mut rng).unwrap();
        assert_eq!(sent.encode(), (TlvType::SMP_MESSAGE_1, one("one")));
        let received = bob.receive(&Ok(sent), now, &mut rng);
        let Some(Event::Asked { run, .. }) = received.event else { panic!("{received:?}") };
        let sent = bob.answer(run, secret("text-y"), now, &mut rng).unwrap();
        assert_eq!(sent.encode(), (TlvType::SMP_MESSAGE_2, one("two")));
        let received = alice.receive(&Ok(sent), now, &mut rng);
        let sent = received.reply.unwrap();
        assert_eq!(sent.encode(), (TlvType::SMP_MESSAGE_3, one("three")));
        let received = bob.receive(&Ok(sent), now, &mut rng);
        let result = if one("result") == [1] { VERIFIED } else { Event::Failed };
        assert_eq!(received.event, Some(result.clone()));
        let sent = received.reply.unwrap();
        assert_eq!(sent.encode(), (TlvType::SMP_MESSAGE_4, one("four")));
        assert_eq!(alice.receive(&Ok(sent), now, &mut rng), Received { reply: None, event: Some(result) });
        assert!(rng.0.is_empty());
        runs += 1;
    }
    assert_eq!(runs, 4);
}

/// The hash of the record is that of our secret: with it in place of the text, the run is the same.
// attack: SMP-12
#[test]
fn the_secret_is_the_recorded_hash() {
    let record = include_str!("data/libotr.txt").split("\nrun ").nth(3).unwrap();
    let field = |name: &str| {
        let line = record.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        hex::decode(line.trim()).unwrap()
    };
    let text = String::from_utf8(field("text-x ")).unwrap();
    assert!(!text.is_ascii());
    let one = secret_of(Suite::Otr, ALICE, BOB, &recorded_session(), &text);
    let other = Secret::hazmat_from_bytes(field("x ").try_into().unwrap());
    let (mut alice, mut bob) = (Party::new(Suite::Otr, 1), Party::new(Suite::Otr, 2));
    let message = alice.smp.start(Suite::Otr, one, None, alice.now, &mut alice.rng).unwrap();
    let run = bob.asked(&message);
    let message = bob.smp.answer(run, other, bob.now, &mut bob.rng).unwrap();
    let message = alice.reply(&message, &PROGRESS);
    assert_eq!(bob.receive(&message).event, Some(VERIFIED));
}

// attack: SMP-19
#[test]
fn every_exponent_is_drawn_with_all_its_bits() {
    for suite in SUITES {
        /// Counts what is drawn at once.
        struct Counting(common::Dice, Vec<usize>);

        impl TryRng for Counting {
            type Error = Infallible;

            fn try_next_u32(&mut self) -> Result<u32, Infallible> {
                self.0.try_next_u32()
            }

            fn try_next_u64(&mut self) -> Result<u64, Infallible> {
                self.0.try_next_u64()
            }

            fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
                self.1.push(out.len());
                self.0.try_fill_bytes(out)
            }
        }

        impl TryCryptoRng for Counting {}

        let (mut alice, mut bob) = (Party::new(suite, 1), Party::new(suite, 2));
        // 1536 bits, or twice what the order has.
        let size = if suite == Suite::Otr { 192 } else { 64 };
        let (mut alices, mut bobs) = (Counting(rng(1), Vec::new()), Counting(rng(2), Vec::new()));
        let one = alice.smp.start(suite, common::secret(suite, "x"), None, alice.now, &mut alices).unwrap();
        assert_eq!(alices.1, [size; 4]);
        let run = bob.asked(&one);
        let two = bob.smp.answer(run, common::secret(suite, "x"), bob.now, &mut bobs).unwrap();
        assert_eq!(bobs.1, [size; 7]);
        let three = alice.smp.receive(suite, &Ok(two), alice.now, &mut alices).reply.unwrap();
        assert_eq!(alices.1, [size; 8]);
        let four = bob.smp.receive(suite, &Ok(three), bob.now, &mut bobs).reply.unwrap();
        assert!(matches!(four, Message::Four(_)));
        assert_eq!(bobs.1, [size; 8]);
    }
}

/// The run of two parties with fixed draws: the type, as two big-endian bytes, and the value of each record, in order.
/// Computed once more in Python, from RFC 9496 and integers alone.
#[test]
fn a_run_over_ristretto255_has_known_messages() {
    let (mut alice, mut bob) = (Party::new(Suite::Curve25519, 1), Party::new(Suite::Curve25519, 2));
    let one = alice.start("the lighthouse", Some("Where?"));
    let run = bob.asked(&one);
    let two = bob.answer(run, "the lighthouse");
    let three = alice.reply(&two, &PROGRESS);
    let four = bob.reply(&three, &Event::Succeeded(Meaning::AnsweredRightly));
    assert_eq!(alice.receive(&four).event, Some(VERIFIED));

    let records = [one, two, three, four].map(|message| message.encode());
    let lengths = records.each_ref().map(|(_, value)| value.len());
    assert_eq!(lengths, [229, 404, 295, 113]);
    let bytes = records.map(|(kind, value)| [&kind.0.to_be_bytes()[..], &value].concat()).concat();
    assert_eq!(hex::encode(Sha256::digest(bytes)), "192a49b0409c55dc7aa1d1e6d89aa117528e897a16b08b93bcdf184ac7f72c62");
}
