//! What stands inside Data messages: text, NUL, records.

use otr_session::{READ, UNREAD};
use otr_wire::{MAX_RECORDS, Plaintext, Tlv, TlvType};
use serde::{Deserialize, Serialize};

use super::fixtures;
use crate::vectors::{
    Case, Group, Library, Problem, VectorFile, Verdict,
    file::{Builder, Nothing},
    kinds::{Problems, each_with},
    problem::same,
    value::Hex,
};

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Decrypted {
    bytes: Hex,
    text: Hex,
    tlvs: Vec<Record>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    r#type: u16,
    value: Hex,
}

pub(crate) fn check(group: &Group, _: &Library) -> Problems {
    each_with(group.fields::<Nothing>(), group, |_, case| check_case(case))
}

fn check_case(case: &Case) -> Result<(), Problem> {
    let decrypted: Decrypted = case.fields()?;
    let plaintext = Plaintext::decode(&decrypted.bytes.0);
    same("text", Hex::from(plaintext.text), decrypted.text)?;
    let tlvs = plaintext.tlvs.iter().map(|tlv| Record { r#type: tlv.kind().0, value: tlv.value().into() });
    same("records", tlvs.collect(), decrypted.tlvs)?;
    same("cut short", plaintext.cut_short, !case.is_valid())?;
    let mut encoded = Vec::new();
    plaintext.encode(&mut encoded);
    same("length", plaintext.encoded_len(), encoded.len())?;
    let ends_in_text = !decrypted.bytes.0.contains(&0);
    match (case.is_valid(), ends_in_text) {
        (true, false) => same("encoded again", Hex(encoded), decrypted.bytes),
        (true, true) => {
            same("encoded again, with its NUL", Hex(encoded), Hex([decrypted.bytes.0.as_slice(), &[0]].concat()))
        }
        (false, _) => Ok(()),
    }
}

fn record(r#type: u16, value: &[u8]) -> Record {
    Record { r#type, value: value.into() }
}

pub(crate) fn generate(_: &Library) -> Result<VectorFile, Problem> {
    let mut file = Builder::new(
        "OTRv3-Plaintext",
        &[
            "bytes is a decrypted Data message: text, then a NUL and records of type, length and value.",
            "invalid: bytes follow the records that are no whole record; text and whole records are kept, they are not.",
        ],
    );
    file.group("OtrPlaintext", &Nothing {})?;
    for (comment, bytes, text, tlvs) in whole() {
        file.case(comment, &[], Verdict::Valid, &Decrypted { bytes: Hex(bytes), text: text.into(), tlvs })?;
    }
    let long = fixtures::bytes("record", 1000);
    let tlv = Tlv::new(TlvType(0xffff), &long)?;
    let mut bytes = Vec::new();
    Plaintext { tlvs: vec![tlv], ..Plaintext::default() }.encode(&mut bytes);
    let tlvs = vec![record(0xffff, &long)];
    file.case("a long record", &[], Verdict::Valid, &Decrypted { bytes: Hex(bytes), text: Hex::default(), tlvs })?;
    for kind in TYPES {
        add_type(&mut file, kind)?;
    }
    let most = || (0..MAX_RECORDS).map(|_| record(0, b"")).collect::<Vec<_>>();
    let bytes = |records: usize| Hex([&b"hi\0"[..], &[0; 4].repeat(records)].concat());
    let full = Decrypted { bytes: bytes(MAX_RECORDS), text: b"hi".as_slice().into(), tlvs: most() };
    file.case("as many records as are read", &[], Verdict::Valid, &full)?;
    let over = Decrypted { bytes: bytes(MAX_RECORDS + 1), text: b"hi".as_slice().into(), tlvs: most() };
    file.case("one record more than is read", &["CutShort"], Verdict::Invalid, &over)?;
    for (comment, bytes, text, tlvs) in broken() {
        file.case(comment, &["CutShort"], Verdict::Invalid, &Decrypted { bytes: Hex(bytes), text: text.into(), tlvs })?;
    }
    Ok(file.finish())
}

/// Every type that has a meaning, ours for messages that could or could not be read among them, and some that have none.
const TYPES: [u16; 15] = [0, 1, 2, 3, 4, 5, 6, 7, 8, UNREAD.0, READ.0, 9, 0x0100, 0x7fff, 0xffff];

/// Records of one type: of several lengths, with others, and spoilt.
fn add_type(file: &mut Builder, kind: u16) -> Result<(), Problem> {
    let encoded = |values: &[&[u8]]| -> Result<Vec<u8>, Problem> {
        let mut bytes = b"hi\0".to_vec();
        for value in values {
            bytes.extend([kind.to_be_bytes(), u16::try_from(value.len())?.to_be_bytes()].concat());
            bytes.extend(*value);
        }
        Ok(bytes)
    };
    let name = format!("type {kind:#06x}");
    let smallest = [b"".as_slice(), b"\0"];
    for (comment, values) in [
        ("empty", vec![smallest[0]]),
        ("of one byte", vec![smallest[1]]),
        ("of two authenticators", vec![&[0x5a; 40][..]]),
        ("three times", vec![smallest[1], smallest[0], b"last"]),
    ] {
        let tlvs = values.iter().map(|value| record(kind, value)).collect();
        let decrypted = Decrypted { bytes: Hex(encoded(&values)?), text: b"hi".as_slice().into(), tlvs };
        file.case(format!("{name}, {comment}"), &[], Verdict::Valid, &decrypted)?;
    }
    let value = b"value".as_slice();
    let good = encoded(&[value])?;
    let claiming = |length: u16| [&good[..5], &length.to_be_bytes(), value].concat();
    for (comment, bytes, tlvs) in [
        ("the last byte is missing", good[..good.len() - 1].to_vec(), vec![]),
        ("the value is missing", good[..7].to_vec(), vec![]),
        ("a length greater by one", claiming(6), vec![]),
        ("the greatest length", claiming(u16::MAX), vec![]),
        ("the length in the other byte order", claiming(0x0500), vec![]),
        ("a length smaller by one", claiming(4), vec![record(kind, b"valu")]),
        ("twice, the second cut short", [&good, &good[3..good.len() - 1]].concat(), vec![record(kind, value)]),
    ] {
        let decrypted = Decrypted { bytes: Hex(bytes), text: b"hi".as_slice().into(), tlvs };
        file.case(format!("{name}, {comment}"), &["CutShort"], Verdict::Invalid, &decrypted)?;
    }
    Ok(())
}

type Row = (&'static str, Vec<u8>, &'static [u8], Vec<Record>);

fn whole() -> Vec<Row> {
    vec![
        ("nothing at all", vec![], b"", vec![]),
        ("text alone", b"hello".to_vec(), b"hello", vec![]),
        ("text and its NUL", b"hello\0".to_vec(), b"hello", vec![]),
        ("only a NUL, as in a heartbeat", b"\0".to_vec(), b"", vec![]),
        ("text that is not UTF-8", b"\xff\xfe\x80".to_vec(), b"\xff\xfe\x80", vec![]),
        ("empty padding", b"hi\0\0\0\0\0".to_vec(), b"hi", vec![record(0, b"")]),
        ("padding", b"hi\0\0\0\0\x03\0\0\0".to_vec(), b"hi", vec![record(0, &[0; 3])]),
        ("disconnected", b"\0\0\x01\0\0".to_vec(), b"", vec![record(1, b"")]),
        ("a value with NULs in it", b"a\0\x12\x34\0\x03\0x\0".to_vec(), b"a", vec![record(0x1234, b"\0x\0")]),
        (
            "several messages of a comparison: whether they may stand together is not decided here",
            b"\0\0\x02\0\x01a\0\x03\0\x01b\0\x06\0\0\0\x07\0\x01c".to_vec(),
            b"",
            vec![record(2, b"a"), record(3, b"b"), record(6, b""), record(7, b"c")],
        ),
        (
            "two records of one type, then another",
            b"\0\0\x08\0\x04\0\0\0\x01\0\x08\0\x04\0\0\0\x02\0\0\0\x01\x7f".to_vec(),
            b"",
            vec![record(8, &[0, 0, 0, 1]), record(8, &[0, 0, 0, 2]), record(0, &[0x7f])],
        ),
        (
            "the longest record",
            [&b"\0\x12\x34\xff\xff"[..], &[7; 0xffff]].concat(),
            b"",
            vec![record(0x1234, &[7; 0xffff])],
        ),
        ("every type of the spec's list", every_type(), b"all", (0..=8).map(|kind| record(kind, b"v")).collect()),
    ]
}

fn every_type() -> Vec<u8> {
    let mut bytes = b"all\0".to_vec();
    for kind in 0..=8 {
        bytes.extend([0, kind, 0, 1, b'v']);
    }
    bytes
}

fn broken() -> Vec<Row> {
    vec![
        ("one byte of a type", b"hi\0\0".to_vec(), b"hi", vec![]),
        ("a type and no length", b"hi\0\0\x01".to_vec(), b"hi", vec![]),
        ("half a length", b"hi\0\0\x01\0".to_vec(), b"hi", vec![]),
        ("a length and no value", b"hi\0\0\x01\0\x01".to_vec(), b"hi", vec![]),
        ("a value cut short", b"hi\0\0\0\0\x04abc".to_vec(), b"hi", vec![]),
        ("the longest length and no value", b"hi\0\0\0\xff\xff".to_vec(), b"hi", vec![]),
        ("a record, then a byte", b"hi\0\0\x01\0\0\0".to_vec(), b"hi", vec![record(1, b"")]),
        ("a record, then one cut short", b"\0\0\x06\0\0\0\x08\0\x04\0\0\0".to_vec(), b"", vec![record(6, b"")]),
        ("a NUL and three more", b"hi\0\0\0\0".to_vec(), b"hi", vec![]),
        ("text after the NUL", b"hi\0there".to_vec(), b"hi", vec![]),
        (
            "a whole record whose follower has half a header",
            b"\0\0\0\0\x01\0\0\0\0".to_vec(),
            b"",
            vec![record(0, &[0])],
        ),
        ("nothing but a NUL and a byte", b"\0\x01".to_vec(), b"", vec![]),
    ]
}
