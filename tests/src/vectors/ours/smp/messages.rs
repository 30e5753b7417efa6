//! The form of the messages.

use otr_smp::{DecodeError, Message};
use otr_wire::TlvType;
use serde::{Deserialize, Serialize};

use crate::vectors::{
    Case, Group, Library, Problem, Verdict,
    file::{Builder, Nothing},
    kinds::{Problems, each_with},
    problem::{holds, same},
    value::Hex,
};

/// A record, and what is in it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Encoded {
    r#type: u16,
    value: Hex,
    question: Option<Hex>,
    numbers: Vec<Hex>,
    error: Option<String>,
}

pub(crate) fn check(group: &Group, _: &Library) -> Problems {
    each_with(group.fields::<Nothing>(), group, |_, case| check_case(case))
}

fn check_case(case: &Case) -> Result<(), Problem> {
    let encoded: Encoded = case.fields()?;
    same("result", case.is_valid(), encoded.error.is_none())?;
    let kind = TlvType(encoded.r#type);
    let message = match Message::decode(kind, &encoded.value.0) {
        Ok(message) => message,
        Err(error) => {
            same("error", Some(words(&error)), encoded.error)?;
            holds("what is refused has no content", encoded.question.is_none() && encoded.numbers.is_empty())?;
            return same("a type of the comparison", error == DecodeError::NotSmp(kind), !(2..=7).contains(&kind.0));
        }
    };
    same("error", None, encoded.error)?;
    let (question, numbers): (Option<&[u8]>, &[Vec<u8>]) = match &message {
        Message::One { question, numbers } => (question.as_deref(), numbers.as_array()),
        Message::Two(numbers) => (None, numbers.as_array()),
        Message::Three(numbers) => (None, numbers.as_array()),
        Message::Four(numbers) => (None, numbers.as_array()),
        Message::Abort => (None, &[]),
    };
    same("question", question.map(Hex::from), encoded.question)?;
    same("numbers", numbers.iter().cloned().map(Hex).collect(), encoded.numbers)?;
    let value = if message == Message::Abort { Hex::default() } else { encoded.value };
    same("encoded again", message.encode(), (kind, value.0))
}

fn words(error: &DecodeError) -> String {
    match error {
        DecodeError::NotSmp(_) => "NotSmp".into(),
        other => format!("{other:?}"),
    }
}

const TYPES: [(TlvType, u8, &str); 5] = [
    (TlvType::SMP_MESSAGE_1, 6, "message 1"),
    (TlvType::SMP_MESSAGE_1Q, 6, "message 1Q"),
    (TlvType::SMP_MESSAGE_2, 11, "message 2"),
    (TlvType::SMP_MESSAGE_3, 8, "message 3"),
    (TlvType::SMP_MESSAGE_4, 3, "message 4"),
];

pub(super) fn add(file: &mut Builder) -> Result<(), Problem> {
    for (kind, count, name) in TYPES {
        for (comment, numbers) in whole(count) {
            accepted(file, format!("{name}, {comment}"), kind, question_of(kind), &numbers)?;
        }
        for (comment, body, error) in broken(count) {
            refused(file, format!("{name}, {comment}"), kind, with_question(question_of(kind), &body), error)?;
        }
    }
    let six = small(6);
    for (comment, question) in [
        ("an empty question", b"".as_slice()),
        ("a question that is not UTF-8", b"\xff\xfe"),
        ("a question with line ends", b"a\r\nb"),
        ("a question that looks like numbers", b"\x01\x01\x01\x06"),
    ] {
        accepted(file, comment, TlvType::SMP_MESSAGE_1Q, Some(question), &six)?;
    }
    for (comment, value, error) in questions(&six) {
        refused(file, comment, TlvType::SMP_MESSAGE_1Q, value, error)?;
    }
    for (comment, value) in [("an abort", vec![]), ("an abort that says something, which says nothing", b"no".to_vec())]
    {
        let encoded = Encoded { r#type: 6, value: Hex(value), question: None, numbers: vec![], error: None };
        file.case(comment, &["Abort"], Verdict::Valid, &encoded)?;
    }
    for kind in [0, 1, 8, 9, 0x0100, 0x4f52, 0xffff] {
        refused(file, "numbers under a type of something else", TlvType(kind), body(6, &six), "NotSmp")?;
    }
    Ok(())
}

fn accepted(
    file: &mut Builder,
    comment: impl Into<String>,
    kind: TlvType,
    question: Option<&[u8]>,
    numbers: &[Vec<u8>],
) -> Result<(), Problem> {
    let value = with_question(question, &body(u32::try_from(numbers.len())?, numbers));
    let numbers = numbers.iter().cloned().map(Hex).collect();
    let encoded =
        Encoded { r#type: kind.0, value: Hex(value), question: question.map(Hex::from), numbers, error: None };
    file.case(comment, &[], Verdict::Valid, &encoded)
}

fn refused(
    file: &mut Builder,
    comment: impl Into<String>,
    kind: TlvType,
    value: Vec<u8>,
    error: impl Into<String>,
) -> Result<(), Problem> {
    let error = error.into();
    let flags = [error.split('(').next().unwrap_or_default()];
    let encoded =
        Encoded { r#type: kind.0, value: Hex(value), question: None, numbers: vec![], error: Some(error.clone()) };
    file.case(comment, &flags, Verdict::Invalid, &encoded)
}

fn question_of(kind: TlvType) -> Option<&'static [u8]> {
    (kind == TlvType::SMP_MESSAGE_1Q).then_some(b"Who?".as_slice())
}

fn with_question(question: Option<&[u8]>, body: &[u8]) -> Vec<u8> {
    question.map_or_else(|| body.to_vec(), |question| [question, &[0], body].concat())
}

/// Numbers of one byte.
fn small(count: u8) -> Vec<Vec<u8>> {
    (1..=count).map(|number| vec![number]).collect()
}

fn mpi(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    [&length.to_be_bytes(), bytes].concat()
}

fn body(count: u32, numbers: &[Vec<u8>]) -> Vec<u8> {
    let numbers: Vec<u8> = numbers.iter().flat_map(|number| mpi(number)).collect();
    [count.to_be_bytes().to_vec(), numbers].concat()
}

fn whole(count: u8) -> Vec<(&'static str, Vec<Vec<u8>>)> {
    let of = |number: &[u8]| vec![number.to_vec(); count.into()];
    vec![
        ("numbers of one byte", small(count)),
        ("zeros", of(&[])),
        ("the longest numbers", of(&[0xff; 192])),
        ("zero bytes behind the first", of(&[1, 0, 0])),
    ]
}

fn broken(count: u8) -> Vec<(&'static str, Vec<u8>, String)> {
    let full = u32::from(count);
    let last = usize::from(count) - 1;
    let numbers = small(count);
    let good = body(full, &numbers);
    let with = |at: usize, number: &[u8]| {
        let mut numbers = numbers.clone();
        numbers[at] = number.to_vec();
        body(full, &numbers)
    };
    let wrong = |claimed: u32| format!("Count({claimed})");
    let endless = [&full.to_be_bytes()[..], &u32::MAX.to_be_bytes(), &[1; 8]].concat();
    vec![
        ("one number less", body(full - 1, &numbers[1..]), wrong(full - 1)),
        ("one number more", body(full + 1, &[numbers.clone(), vec![vec![9]]].concat()), wrong(full + 1)),
        ("no number", body(0, &[]), wrong(0)),
        ("one is announced less than there are", body(full - 1, &numbers), wrong(full - 1)),
        ("one is announced more than there are", body(full + 1, &numbers), wrong(full + 1)),
        ("most numbers of all announced", body(u32::MAX, &numbers), wrong(u32::MAX)),
        ("the count in the other byte order", body(full.swap_bytes(), &numbers), wrong(full.swap_bytes())),
        ("nothing", vec![], "Truncated".into()),
        ("half a count", vec![0, 0], "Truncated".into()),
        ("a count alone", body(full, &[]), "Truncated".into()),
        ("the last number is missing", body(full, &numbers[..last]), "Truncated".into()),
        ("half a length at the end", good[..good.len() - 3].to_vec(), "Truncated".into()),
        ("the last byte is missing", good[..good.len() - 1].to_vec(), "Truncated".into()),
        ("a byte follows", [good.as_slice(), &[0]].concat(), "TrailingBytes".into()),
        ("another number follows", [good.as_slice(), &mpi(&[1])].concat(), "TrailingBytes".into()),
        ("the message twice", [good.as_slice(), &good].concat(), "TrailingBytes".into()),
        ("a zero byte leads the first number", with(0, &[0, 1]), "NotMinimal".into()),
        ("a zero byte leads the last number", with(last, &[0, 1]), "NotMinimal".into()),
        ("zero as a byte", with(0, &[0]), "NotMinimal".into()),
        ("a zero byte leads the longest number", with(0, &[&[0][..], &[0xff; 191]].concat()), "NotMinimal".into()),
        ("the first number is too long", with(0, &[1; 193]), "TooLong".into()),
        ("the last number is too long", with(last, &[1; 193]), "TooLong".into()),
        ("a number of the greatest length", endless, "TooLong".into()),
    ]
}

fn questions(six: &[Vec<u8>]) -> Vec<(&'static str, Vec<u8>, &'static str)> {
    vec![
        ("a question without an end", b"Who?".to_vec(), "Question"),
        ("nothing instead of a question", vec![], "Question"),
        ("a question and no numbers", b"Who?\0".to_vec(), "Truncated"),
        ("only the end of a question", b"\0".to_vec(), "Truncated"),
        ("numbers without a question", body(6, six), "Count(1536)"),
        ("two ends of the question", [b"Who?\0\0".as_slice(), &body(6, six)].concat(), "Count(0)"),
        ("two questions", [b"Who?\0And why?\0".as_slice(), &body(6, six)].concat(), "Count(1097753632)"),
        ("numbers of message 2 after a question", [b"Who?\0".as_slice(), &body(11, &small(11))].concat(), "Count(11)"),
    ]
}
