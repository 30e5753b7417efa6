//! What a Data message says: text up to the first NUL, records behind it.

#![allow(clippy::unwrap_used, reason = "helpers of tests stop the test")]

mod common;

use common::{plaintext, text, tlvs};
use otr_wire::{MAX_RECORDS, Plaintext, Tlv, TlvTooLong, TlvType};
use proptest::{collection::vec, prelude::*};

fn encode(plaintext: &Plaintext<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    plaintext.encode(&mut out);
    assert_eq!(out.len(), plaintext.encoded_len());
    out
}

proptest! {
    // attack: DATA-12
    #[test]
    fn text_and_records_arrive_as_given(text in text(), tlvs in tlvs()) {
        let given = plaintext(&text, &tlvs);
        let bytes = encode(&given);
        prop_assert_eq!(Plaintext::decode(&bytes), given);
    }

    // attack: TLV-2, G-4
    #[test]
    fn every_byte_string_is_some_plaintext(bytes in vec(any::<u8>(), 0..200)) {
        let decoded = Plaintext::decode(&bytes);
        prop_assert!(!decoded.text.contains(&0));
        let again = encode(&decoded);
        if decoded.cut_short {
            prop_assert!(bytes.starts_with(&again));
        } else {
            // Without records, the NUL may be missing.
            prop_assert_eq!(bytes.contains(&0), bytes == again);
        }
    }

    // attack: TLV-2
    #[test]
    fn a_record_cut_short_is_left_out_and_the_earlier_ones_stay(text in text(), tlvs in tlvs(), cut in any::<prop::sample::Index>()) {
        let given = plaintext(&text, &tlvs);
        let bytes = encode(&given);
        let length = cut.index(bytes.len()) + 1;
        prop_assume!(length > text.len());
        let decoded = Plaintext::decode(&bytes[..length]);
        prop_assert_eq!(decoded.text, &text[..]);
        prop_assert!(given.tlvs.starts_with(&decoded.tlvs));
        let whole = encode(&Plaintext { cut_short: false, ..decoded.clone() }).len();
        prop_assert_eq!(decoded.cut_short, length > whole);
    }
}

// attack: TLV-1
#[test]
fn all_types_are_read() {
    for kind in 0..=u16::MAX {
        let bytes = [b"hi\0", &kind.to_be_bytes()[..], &[0, 2, 7, 8, 0, 1, 0, 0]].concat();
        let decoded = Plaintext::decode(&bytes);
        assert!(!decoded.cut_short);
        assert_eq!(decoded.text, b"hi");
        let records: Vec<_> = decoded.tlvs.iter().map(|tlv| (tlv.kind().0, tlv.value())).collect();
        assert_eq!(records, [(kind, &[7, 8][..]), (1, &[])]);
    }
}

// attack: TLV-2
#[test]
fn a_length_beyond_the_end_stops_the_reading() {
    let good = [0, 6, 0, 1, 9];
    for bad in [&[0, 1, 0xff, 0xff][..], &[0, 1, 0, 1], &[0, 1, 0], &[0, 1], &[0]] {
        let bytes = [b"x\0", &good[..], bad].concat();
        let decoded = Plaintext::decode(&bytes);
        assert!(decoded.cut_short);
        assert_eq!(decoded.tlvs, [Tlv::new(TlvType::SMP_ABORT, &[9]).unwrap()]);
    }
}

// attack: TLV-3
#[test]
fn a_value_too_long_for_its_length_is_refused() {
    let longest = vec![1; 0xffff];
    let tlv = Tlv::new(TlvType::PADDING, &longest).unwrap();
    let given = Plaintext { text: b"", tlvs: vec![tlv], cut_short: false };
    let bytes = encode(&given);
    assert_eq!(bytes.len(), 1 + 4 + 0xffff);
    assert_eq!(Plaintext::decode(&bytes), given);
    for length in [0x1_0000, 0x1_0001, 0x2_0000] {
        assert_eq!(Tlv::new(TlvType::PADDING, &vec![1; length]), Err(TlvTooLong));
    }
}

// attack: G-5
#[test]
fn records_are_bounded_in_number() {
    let bytes = vec![0; 1 + 4 * (MAX_RECORDS + 1)];
    let decoded = Plaintext::decode(&bytes);
    assert!(decoded.cut_short);
    assert_eq!(decoded.tlvs.len(), MAX_RECORDS);
    let decoded = Plaintext::decode(&bytes[4..]);
    assert!(!decoded.cut_short);
    assert_eq!(decoded.tlvs.len(), MAX_RECORDS);
    // The list of a message of any length stays within the slack that the bound allows.
    assert!(decoded.tlvs.capacity() * size_of::<Tlv<'_>>() <= 64 * 1024);
}
