//! What stands inside Data messages: text, NUL, records.

use otr_wire::{Plaintext, Tlv, TlvType};
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
    for (comment, bytes, text, tlvs) in broken() {
        file.case(comment, &["CutShort"], Verdict::Invalid, &Decrypted { bytes: Hex(bytes), text: text.into(), tlvs })?;
    }
    Ok(file.finish())
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
            "two records of one type, then another",
            b"\0\0\x08\0\x04\0\0\0\x01\0\x08\0\x04\0\0\0\x02\0\0\0\x01\x7f".to_vec(),
            b"",
            vec![record(8, &[0, 0, 0, 1]), record(8, &[0, 0, 0, 2]), record(0, &[0x7f])],
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
