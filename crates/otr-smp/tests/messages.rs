//! The form of the messages.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helpers too")]

mod common;

use common::model::{int, message, shortest, value};
use common::{PROGRESS, Party, SUITES};
use num_bigint::BigUint;
use otr_crypto::Suite;
use otr_smp::{DecodeError, Event, Message};
use otr_wire::TlvType;
use proptest::prelude::*;

const NUMBERS: [(TlvType, usize); 5] = [
    (TlvType::SMP_MESSAGE_1, 6),
    (TlvType::SMP_MESSAGE_2, 11),
    (TlvType::SMP_MESSAGE_3, 8),
    (TlvType::SMP_MESSAGE_4, 3),
    (TlvType::SMP_MESSAGE_1Q, 6),
];

/// One message of each type, from a whole run.
fn whole_run(suite: Suite) -> Vec<Message> {
    let (mut alice, mut bob) = (Party::new(suite, 1), Party::new(suite, 2));
    let one = alice.start("x", Some("Where?"));
    let run = bob.asked(&one);
    let two = bob.answer(run, "x");
    let three = alice.reply(&two, &PROGRESS);
    let four = bob.reply(&three, &Event::Succeeded(otr_smp::Meaning::AnsweredRightly));
    let Message::One { numbers, .. } = one.clone() else { panic!() };
    vec![Message::One { question: None, numbers }, one, two, three, four, Message::Abort]
}

// attack: SMP-6
#[test]
fn messages_have_exactly_one_length() {
    for message in SUITES.map(whole_run).concat() {
        let (kind, value) = message.encode();
        assert_eq!(Message::decode(kind, &value), Ok(message.clone()));
        if message == Message::Abort {
            continue;
        }
        for length in 0..value.len() {
            assert!(Message::decode(kind, &value[..length]).is_err(), "{message:?} cut to {length}");
        }
        let longer = [&value[..], &[0]].concat();
        assert_eq!(Message::decode(kind, &longer), Err(DecodeError::TrailingBytes));
        let longer = [&value[..], &[0, 0, 0, 1, 1]].concat();
        assert_eq!(Message::decode(kind, &longer), Err(DecodeError::TrailingBytes));
    }
}

// attack: SMP-6
#[test]
fn messages_have_exactly_their_count_of_numbers() {
    for (kind, right) in NUMBERS {
        let question: &[u8] = if kind == TlvType::SMP_MESSAGE_1Q { b"?\0" } else { b"" };
        for count in 0..=12 {
            let numbers: Vec<_> = (0..count).map(|number| shortest(&int(number))).collect();
            let decoded = Message::decode(kind, &[question, &value(&numbers)].concat());
            if usize::try_from(count) == Ok(right) {
                assert_eq!(decoded.unwrap().kind(), kind);
            } else {
                assert_eq!(decoded, Err(DecodeError::Count(count)));
            }
        }
        for count in [u32::MAX, 1 << 31, 0x0600_0000] {
            let decoded = Message::decode(kind, &[question, &count.to_be_bytes()].concat());
            assert_eq!(decoded, Err(DecodeError::Count(count)));
        }
    }
}

// attack: SMP-6
#[test]
fn numbers_are_bounded_and_in_their_shortest_form() {
    let four = |number: &[u8]| {
        let length = u32::try_from(number.len()).unwrap().to_be_bytes();
        let bytes = [&[0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0][..], &length, number].concat();
        Message::decode(TlvType::SMP_MESSAGE_4, &bytes)
    };
    assert!(four(&[]).is_ok());
    assert!(four(&[0xff; 192]).is_ok());
    assert_eq!(four(&[0xff; 193]), Err(DecodeError::TooLong));
    assert_eq!(four(&[0]), Err(DecodeError::NotMinimal));
    assert_eq!(four(&[0, 1]), Err(DecodeError::NotMinimal));
    // A length is compared, never believed.
    let huge = [&[0, 0, 0, 3][..], &[0xff; 4]].concat();
    assert_eq!(Message::decode(TlvType::SMP_MESSAGE_4, &huge), Err(DecodeError::TooLong));
    let longest = message(TlvType::SMP_MESSAGE_4, &[1, 2, 3].map(|n| shortest(&((int(1) << 1536) - int(n)))));
    assert_eq!(longest.encode().1.len(), 4 + 3 * (4 + 192));
}

#[test]
fn the_question_ends_at_the_first_nul() {
    let numbers: Vec<_> = (0..6).map(|number| shortest(&int(number))).collect();
    let rest = value(&numbers);
    let decoded = Message::decode(TlvType::SMP_MESSAGE_1Q, &[b"\xff?\0", &rest[..]].concat()).unwrap();
    assert!(matches!(&decoded, Message::One { question: Some(question), .. } if question == b"\xff?"));
    let decoded = Message::decode(TlvType::SMP_MESSAGE_1Q, &[b"\0", &rest[..]].concat()).unwrap();
    assert!(matches!(&decoded, Message::One { question: Some(question), .. } if question.is_empty()));
    assert_eq!(Message::decode(TlvType::SMP_MESSAGE_1Q, b"Where?"), Err(DecodeError::Question));
    assert_eq!(Message::decode(TlvType::SMP_MESSAGE_1Q, b""), Err(DecodeError::Question));
    assert_eq!(Message::decode(TlvType::SMP_MESSAGE_1Q, b"Where?\0"), Err(DecodeError::Truncated));
}

#[test]
fn an_abort_is_an_abort_whatever_it_holds() {
    assert_eq!(Message::Abort.encode(), (TlvType::SMP_ABORT, Vec::new()));
    assert_eq!(Message::decode(TlvType::SMP_ABORT, b"sorry"), Ok(Message::Abort));
}

#[test]
fn other_records_do_not_belong_here() {
    for kind in [0, 1, 8, 9, 0xffff].map(TlvType) {
        assert_eq!(Message::decode(kind, b""), Err(DecodeError::NotSmp(kind)));
    }
}

proptest! {
    // attack: SMP-6
    #[test]
    fn decoding_any_bytes_never_panics_and_what_decodes_encodes_back(kind in 2_u16..=7, bytes: Vec<u8>) {
        if let Ok(message) = Message::decode(TlvType(kind), &bytes)
            && message != Message::Abort
        {
            prop_assert_eq!(message.encode(), (TlvType(kind), bytes));
        }
    }

    // attack: SMP-6
    #[test]
    fn any_numbers_survive(which in 0..5_usize, seed in prop::collection::vec(any::<u8>(), 1..192)) {
        let (kind, count) = NUMBERS[which];
        let numbers: Vec<_> = (1..=count).map(|n| shortest(&BigUint::from_bytes_be(&seed[..seed.len() / n]))).collect();
        let question: &[u8] = if kind == TlvType::SMP_MESSAGE_1Q { b"?\0" } else { b"" };
        let bytes = [question, &value(&numbers)].concat();
        let message = Message::decode(kind, &bytes).unwrap();
        prop_assert_eq!(common::model::numbers(&message), numbers);
        prop_assert_eq!(message.encode(), (kind, bytes));
    }
}
