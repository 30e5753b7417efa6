//! The base64 around messages: one text for each byte string.

use otr_wire::{DecodeError, MAX_MESSAGE, armour};
use proptest::{collection::vec, prelude::*};

fn decode(text: &[u8]) -> Result<Vec<u8>, DecodeError> {
    armour::decode(text, MAX_MESSAGE)
}

proptest! {
    // attack: PARSE-7
    #[test]
    fn decoding_undoes_encoding(bytes in vec(any::<u8>(), 1..400)) {
        let text = armour::encode(&bytes);
        prop_assert_eq!(text.len(), text.capacity(), "the text is allocated once");
        prop_assert_eq!(decode(text.as_bytes()), Ok(bytes));
    }

    // attack: PARSE-7, G-4
    #[test]
    fn what_is_decoded_encodes_to_the_same_text(body in "[A-D+/=.w-z]{0,12}") {
        let text = format!("?OTR:{body}.");
        if let Ok(bytes) = decode(text.as_bytes()) {
            prop_assert_eq!(armour::encode(&bytes), text);
        }
    }

    // attack: PARSE-3, PARSE-7, PARSE-9
    #[test]
    fn any_changed_character_is_refused_or_changes_the_bytes(
        bytes in vec(any::<u8>(), 1..60),
        at in any::<prop::sample::Index>(),
        character in any::<u8>(),
    ) {
        let mut text = armour::encode(&bytes).into_bytes();
        let at = at.index(text.len());
        let changed = text[at] != character;
        text[at] = character;
        if changed && let Ok(other) = decode(&text) {
            prop_assert_ne!(&other, &bytes);
            prop_assert_eq!(armour::encode(&other).into_bytes(), text);
        }
    }

    // attack: G-4
    #[test]
    fn decoding_never_panics(text in vec(any::<u8>(), 0..200)) {
        let _ = decode(&text);
        let _ = decode(&[b"?OTR:", &text[..], b"."].concat());
    }
}

// attack: PARSE-1
#[test]
fn short_and_empty_bodies() {
    for body in ["", "=", "==", "===", "====", "A", "AA", "AAA", "A=", "A==", "A===", "AA=", "AAAA=", "AAAA==="] {
        assert_eq!(decode(format!("?OTR:{body}.").as_bytes()), Err(DecodeError::Base64), "{body}");
    }
}

// attack: PARSE-1, PARSE-7
#[test]
fn all_short_strings() {
    const ALPHABET: [u8; 5] = *b"A=+/.";
    let mut bodies: Vec<Vec<u8>> = vec![vec![]];
    let mut accepted = 0;
    for _ in 0..=6 {
        for body in &bodies {
            let text = [b"?OTR:", &body[..], b"."].concat();
            if let Ok(bytes) = decode(&text) {
                assert_eq!(armour::encode(&bytes).as_bytes(), text);
                accepted += 1;
            }
        }
        bodies = bodies.iter().flat_map(|body| ALPHABET.map(|next| [&body[..], &[next]].concat())).collect();
    }
    // Of the strings up to six characters only those of four can be: three bytes in 3^4 ways, two bytes where the
    // last of three digits is A (the only one here with two zero bits), one byte where the second is A.
    assert_eq!(accepted, 81 + 9 + 3);
}

// attack: PARSE-7
#[test]
fn every_other_form_is_refused() {
    // The good form first: "hello" is aGVsbG8=
    assert_eq!(decode(b"?OTR:aGVsbG8=."), Ok(b"hello".to_vec()));
    let refused: [(&str, &[u8]); 20] = [
        ("padding missing", b"?OTR:aGVsbG8."),
        ("padding too long", b"?OTR:aGVsbG8==."),
        ("padding longer still", b"?OTR:aGVsbG8=====."),
        ("padding on a full block", b"?OTR:aGVsbG8h=."),
        ("padding in the middle", b"?OTR:aGVs=bG8=."),
        ("two paddings, half there", b"?OTR:aGVsbA=."),
        ("trailing bits of two", b"?OTR:aGVsbG9=."),
        ("trailing bits of four", b"?OTR:aGVsbB==."),
        ("a block of one character", b"?OTR:aGVsb===."),
        ("blank inside", b"?OTR:aGVs bG8=."),
        ("line feed inside", b"?OTR:aGVs\nbG8=."),
        ("carriage return and line feed inside", b"?OTR:aGVs\r\nbG8=."),
        ("tab inside", b"?OTR:aGVs\tbG8=."),
        ("blank before the dot", b"?OTR:aGVsbG8= ."),
        ("blank after the colon", b"?OTR: aGVsbG8=."),
        ("url-safe alphabet", b"?OTR:-_-_."),
        ("a byte above ASCII", b"?OTR:aGVs\xffbG8."),
        ("UTF-8 letters", "?OTR:aGVsbG8é.".as_bytes()),
        ("a stray character", b"?OTR:aGVs!G8=."),
        ("two blocks with padding each", b"?OTR:aGVsbG8=aGVsbG8=."),
    ];
    for (what, text) in refused {
        assert_eq!(decode(text), Err(DecodeError::Base64), "{what}");
    }
}

// attack: PARSE-6, PARSE-8
#[test]
fn exactly_one_message_with_its_dot() {
    for text in ["?OTR:aGVsbG8=", "?OTR:aGVsbG8=.x", "?OTR:aGVsbG8=. x", "?OTR:aGVsbG8=,", "?OTR:"] {
        assert_eq!(decode(text.as_bytes()), Err(DecodeError::Unterminated), "{text}");
    }
    for text in ["?OTR:aGVsbG8=..", "?OTR:aGVsbG8=.?OTR:aGVsbG8=.", "?OTR:?OTR:aGVsbG8=."] {
        assert_eq!(decode(text.as_bytes()), Err(DecodeError::Base64), "{text}");
    }
    for text in [" ?OTR:aGVsbG8=.", "x?OTR:aGVsbG8=.", "?otr:aGVsbG8=.", "?OTR aGVsbG8=.", ""] {
        assert_eq!(decode(text.as_bytes()), Err(DecodeError::NotEncoded), "{text}");
    }
    assert_eq!(decode(b"?OTR:aGVsbG8=. \r\n\t"), Ok(b"hello".to_vec()), "white space may follow");
}

// attack: PARSE-9
#[test]
fn a_nul_anywhere_is_refused() {
    let text = armour::encode(b"off the record");
    for at in 0..=text.len() {
        let with_nul = [&text.as_bytes()[..at], &[0], &text.as_bytes()[at..]].concat();
        assert!(decode(&with_nul).is_err(), "at {at}");
    }
}
