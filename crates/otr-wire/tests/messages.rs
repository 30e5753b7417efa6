//! Encoded messages: one meaning for each byte string, and a refusal for everything else.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests stop the test")]

mod common;

use common::{Content, parts, samples};
use otr_wire::{
    DecodeError, EncodedPublicKey, Header, KeyId, Message, MessageType, Mpi, Payload, SignedIdentity, armour,
};
use proptest::{array, collection::vec, prelude::*};

proptest! {
    // attack: PARSE-3, G-4
    #[test]
    fn decoding_never_panics(bytes in vec(any::<u8>(), 0..600)) {
        let _ = Message::decode(&bytes);
        let _ = SignedIdentity::decode(&bytes);
        let _ = EncodedPublicKey::decode(&bytes);
    }

    // attack: PARSE-3, G-4
    #[test]
    fn decoding_never_panics_behind_a_good_header(
        kind in prop::sample::select(vec![0x02u8, 0x03, 0x0a, 0x11, 0x12]),
        version in 2..=3u8,
        bytes in vec(any::<u8>(), 0..600),
    ) {
        let message = [vec![0, version, kind], vec![1; if version == 3 { 8 } else { 0 }], bytes].concat();
        if let Ok(decoded) = Message::decode(&message) {
            prop_assert_eq!(decoded.encode(), message);
        }
    }

    // attack: PARSE-3
    #[test]
    fn decoding_undoes_encoding(parts in parts()) {
        let bytes = parts.encode();
        let message = Message::decode(&bytes).unwrap();
        prop_assert_eq!(message.header, parts.header);
        prop_assert_eq!(message.payload.message_type(), parts.message_type());
        if let Some(payload) = parts.payload() {
            prop_assert_eq!(message.payload, payload);
        }
        prop_assert_eq!(message.encode(), bytes);
    }

    #[test]
    fn a_data_message_says_what_was_put_in(parts in parts()) {
        let Content::Data(given) = &parts.content else { return Ok(()) };
        let bytes = parts.encode();
        let Payload::Data(data) = Message::decode(&bytes).unwrap().payload else { panic!("not a Data message") };
        prop_assert_eq!(data.flags.0, given.flags);
        prop_assert_eq!(data.flags.ignore_unreadable(), given.flags % 2 == 1);
        prop_assert_eq!(data.sender_keyid, given.sender_keyid);
        prop_assert_eq!(data.recipient_keyid, given.recipient_keyid);
        prop_assert_eq!(data.next_dh.as_bytes(), &given.next_dh);
        prop_assert_eq!(data.counter, given.counter);
        prop_assert_eq!(data.mac, &given.mac);
        prop_assert_eq!(data.revealed, &given.revealed);
        prop_assert_eq!(otr_wire::Plaintext::decode(data.encrypted), given.plaintext());
        // The MAC covers everything before it, and nothing after.
        let covered = bytes.len() - 4 - given.revealed.len() - 20;
        prop_assert_eq!(data.authenticated(), &bytes[..covered]);
    }

    // attack: PARSE-3, PARSE-4
    #[test]
    fn every_changed_byte_is_refused_or_kept(parts in parts(), at in any::<prop::sample::Index>(), change in 1..=255u8) {
        let mut bytes = parts.encode();
        let at = at.index(bytes.len());
        bytes[at] ^= change;
        if let Ok(message) = Message::decode(&bytes) {
            prop_assert_eq!(message.encode(), bytes);
        }
    }

    // attack: PARSE-3
    #[test]
    fn signed_identities_round_trip(
        numbers in array::uniform4(common::mpi()),
        keyid in 1..=u32::MAX,
        r in array::uniform20(any::<u8>()),
        s in array::uniform20(any::<u8>()),
    ) {
        let [p, q, g, y] = numbers.each_ref().map(|number| Mpi::new(number).unwrap());
        let public_key = EncodedPublicKey { p, q, g, y };
        let signature: [u8; 40] = [r, s].concat().try_into().unwrap();
        let keyid = KeyId::new(keyid).unwrap();
        let bytes = SignedIdentity::encode(&public_key.encode(), keyid, &signature);
        let decoded = SignedIdentity::decode(&bytes).unwrap();
        prop_assert_eq!(decoded, SignedIdentity { public_key: otr_wire::SignedKey::Dsa(public_key), keyid, signature: &signature });
        let alone = public_key.encode();
        prop_assert_eq!(EncodedPublicKey::decode(&alone), Ok(public_key));
        // Cut anywhere, or one byte too long.
        for length in 0..bytes.len() {
            prop_assert!(SignedIdentity::decode(&bytes[..length]).is_err());
        }
        let longer = [&bytes[..], &[0]].concat();
        prop_assert_eq!(SignedIdentity::decode(&longer), Err(DecodeError::TrailingBytes));
    }
}

// attack: PARSE-3, G-4
#[test]
fn every_prefix_and_extension_is_refused() {
    for sample in samples() {
        let bytes = sample.encode();
        for length in 0..bytes.len() {
            assert!(Message::decode(&bytes[..length]).is_err(), "{sample:?} cut to {length}");
        }
        for last in 0..=255 {
            let longer = [&bytes[..], &[last]].concat();
            assert_eq!(Message::decode(&longer), Err(DecodeError::TrailingBytes), "{sample:?}");
        }
    }
}

// attack: PARSE-3
#[test]
fn every_single_byte_change_is_refused_or_read_as_it_stands() {
    for sample in samples() {
        let bytes = sample.encode();
        for at in 0..bytes.len() {
            for change in 1..=255 {
                let mut changed = bytes.clone();
                changed[at] ^= change;
                if let Ok(message) = Message::decode(&changed) {
                    assert_eq!(message.encode(), changed, "{sample:?}, byte {at}");
                    assert_ne!(Ok(message), Message::decode(&bytes), "{sample:?}, byte {at}");
                }
            }
        }
    }
}

// attack: PARSE-5, G-12
#[test]
fn only_the_known_versions_and_types_are_read() {
    let tags = [0, 0, 1, 0, 0, 0, 2, 0];
    for version in 0..=u16::MAX {
        for kind in 0..=u8::MAX {
            // Walking all types under all versions is 16 million decodes; strange versions get a few types.
            if !(1..=4).contains(&version) && kind % 16 != 2 {
                continue;
            }
            let bytes = [&version.to_be_bytes()[..], &[kind], &tags, &[0, 0, 0, 1, 5]].concat();
            let error = Message::decode(&bytes).err();
            let known = matches!(kind, 0x02 | 0x03 | 0x0a | 0x11 | 0x12);
            match (version, known) {
                (2 | 3 | 25519, true) => {
                    assert!(!matches!(error, Some(DecodeError::UnknownVersion(_) | DecodeError::UnknownType(_))))
                }
                (2 | 3 | 25519, false) => assert_eq!(error, Some(DecodeError::UnknownType(kind))),
                (_, _) => assert_eq!(error, Some(DecodeError::UnknownVersion(version))),
            }
        }
    }
}

/// Where the 4-byte lengths of a sample stand.
fn length_fields(sample: &common::Parts) -> Vec<usize> {
    let start = match sample.header {
        Header::V2 => 3,
        Header::V3 { .. } | Header::Curve25519 { .. } => 11,
    };
    let offsets = match &sample.content {
        Content::DhCommit { encrypted_gx, .. } => vec![0, 4 + encrypted_gx.len()],
        Content::DhKey { .. } | Content::Signature { .. } => vec![0],
        Content::RevealSignature { .. } => vec![0, 20],
        Content::Data(data) => {
            let counter = 9 + 4 + data.next_dh.len();
            let encrypted = counter + 8;
            vec![9, encrypted, encrypted + 4 + data.plaintext().encoded_len() + 20]
        }
    };
    offsets.into_iter().map(|offset| start + offset).collect()
}

// attack: PARSE-2, G-5
#[test]
fn hostile_lengths_are_refused() {
    for sample in samples() {
        let bytes = sample.encode();
        for at in length_fields(&sample) {
            let (field, rest) = bytes[at..].split_first_chunk::<4>().unwrap();
            let right = u32::from_be_bytes(*field);
            let rest = u32::try_from(rest.len()).unwrap();
            assert!(right <= rest, "{sample:?}: {at} is no length");
            for length in [0, 1, rest - 1, rest, rest + 1, i32::MAX.unsigned_abs(), 1 << 31, u32::MAX - 3, u32::MAX] {
                let mut changed = bytes.clone();
                changed[at..at + 4].copy_from_slice(&length.to_be_bytes());
                if length != right {
                    assert!(Message::decode(&changed).is_err(), "{sample:?}: {length} at {at}");
                }
            }
        }
    }
}

// attack: PARSE-2, G-5
#[test]
fn a_length_is_compared_with_what_is_left_before_anything_else() {
    // 17 bytes that announce 4 GiB: every field of a decoded message borrows from its input, so there is nothing
    // that a length could reserve. The one copy on the way, the armour's, is as long as its text says.
    let bytes = [&[0, 2, 0x03, 0, 0, 0, 0, 1, 0, 0, 0, 1][..], &[0; 4], &[0, 0, 0, 0, 0, 0, 0, 1], &[0xff; 4]].concat();
    assert_eq!(Message::decode(&bytes), Err(DecodeError::Truncated));
    let text = armour::encode(&bytes);
    let decoded = armour::decode(text.as_bytes(), 1000).unwrap();
    assert!(decoded.capacity() <= text.len(), "{} for {}", decoded.capacity(), text.len());
}

// attack: PARSE-2
#[test]
fn the_limit_holds_before_anything_is_decoded() {
    let text = armour::encode(&[0; 300]);
    assert!(armour::decode(text.as_bytes(), text.len()).is_ok());
    let limit = text.len() - 1;
    assert_eq!(armour::decode(text.as_bytes(), limit), Err(DecodeError::TooLong { limit }));
    // Also white space counts, and what is no message at all.
    assert_eq!(armour::decode(&[b' '; 11], 10), Err(DecodeError::TooLong { limit: 10 }));
}

// attack: PARSE-3, PARSE-12
#[test]
fn the_message_that_crashed_others() {
    // A version 2 D-H Key whose number is empty, that is, zero: well-formed, refused as a group element later.
    let bytes = armour::decode(b"?OTR:AAIKAAAAAA==.", 100).unwrap();
    let Payload::DhKey(key) = Message::decode(&bytes).unwrap().payload else { panic!("not a D-H Key") };
    assert_eq!(key.gy.as_bytes(), b"");
}

// attack: PARSE-4
#[test]
fn a_number_with_a_leading_zero_is_refused() {
    assert_eq!(Mpi::new(&[0]), Err(DecodeError::MpiNotMinimal));
    assert_eq!(Mpi::new(&[0, 0, 7]), Err(DecodeError::MpiNotMinimal));
    assert_eq!(Mpi::new(&[7, 0]).unwrap().as_bytes(), [7, 0]);
    let key = |number: &[u8]| [&[0, 2, 0x0a, 0, 0, 0, u8::try_from(number.len()).unwrap()], number].concat();
    assert!(Message::decode(&key(&[1, 2])).is_ok());
    assert_eq!(Message::decode(&key(&[0, 2])), Err(DecodeError::MpiNotMinimal));
    assert_eq!(Message::decode(&key(&[0])), Err(DecodeError::MpiNotMinimal));
    assert_eq!(
        Message::decode(&key(&[1; 193])),
        Err(DecodeError::FieldLength { field: "g^y", length: 193 }),
        "longer than the group"
    );
}

// attack: PARSE-3
#[test]
fn fields_of_fixed_size_have_that_size() {
    let field = |length: usize| [&u32::try_from(length).unwrap().to_be_bytes()[..], &vec![1; length]].concat();
    let refused = |kind: u8, body: &[Vec<u8>]| {
        let bytes = [vec![0, 2, kind], body.concat()].concat();
        match Message::decode(&bytes) {
            Err(DecodeError::FieldLength { field, length }) => Some((field, length)),
            Ok(_) => None,
            Err(other) => panic!("{other}"),
        }
    };
    for length in (0..100).filter(|&length| length != 32) {
        assert_eq!(refused(0x02, &[field(196), field(length)]), Some(("hashed g^x", length)));
    }
    for length in (0..300).filter(|length| !(5..=196).contains(length)) {
        assert_eq!(refused(0x02, &[field(length), field(32)]), Some(("encrypted g^x", length)));
    }
    for length in (0..100).filter(|&length| length != 16) {
        assert_eq!(refused(0x11, &[field(length), field(300), vec![1; 20]]), Some(("revealed key", length)));
    }
    for length in (0..1400).filter(|length| !(212..=1300).contains(length)) {
        assert_eq!(refused(0x12, &[field(length), vec![1; 20]]), Some(("encrypted signature", length)));
        assert_eq!(refused(0x11, &[field(16), field(length), vec![1; 20]]), Some(("encrypted signature", length)));
    }
    for length in [212, 1300] {
        assert_eq!(refused(0x12, &[field(length), vec![1; 20]]), None);
    }
}

// attack: PARSE-12
#[test]
fn zero_keyids_and_counters_are_refused() {
    let data = |sender: u32, recipient: u32, counter: u64| {
        let keyids = [sender.to_be_bytes(), recipient.to_be_bytes()].concat();
        [&[0, 2, 3, 0][..], &keyids, &[0, 0, 0, 1, 9], &counter.to_be_bytes(), &[0; 4], &[0; 20], &[0; 4]].concat()
    };
    assert!(Message::decode(&data(1, 1, 1)).is_ok());
    assert_eq!(Message::decode(&data(0, 1, 1)), Err(DecodeError::ZeroKeyId));
    assert_eq!(Message::decode(&data(1, 0, 1)), Err(DecodeError::ZeroKeyId));
    assert_eq!(Message::decode(&data(1, 1, 0)), Err(DecodeError::ZeroCounter));
    let identity = |keyid: u8| [&[0; 18][..], &[0, 0, 0, keyid], &[0; 40]].concat();
    assert!(SignedIdentity::decode(&identity(1)).is_ok());
    assert_eq!(SignedIdentity::decode(&identity(0)), Err(DecodeError::ZeroKeyId));
}

// attack: PARSE-12
#[test]
fn only_dsa_keys_are_known() {
    for kind in 1..=u16::MAX {
        let bytes = [&kind.to_be_bytes()[..], &[0; 16]].concat();
        assert_eq!(EncodedPublicKey::decode(&bytes), Err(DecodeError::UnknownKeyType(kind)));
    }
}

// attack: TAG-1, TAG-2
#[test]
fn small_instance_tags_are_refused() {
    for sample in samples().iter().filter(|sample| sample.header != Header::V2) {
        let bytes = sample.encode();
        let with_tag = |at: usize, tag: u32| {
            let mut bytes = bytes.clone();
            bytes[at..at + 4].copy_from_slice(&tag.to_be_bytes());
            bytes
        };
        for tag in 0..0x100 {
            assert!(matches!(Message::decode(&with_tag(3, tag)), Err(DecodeError::InstanceTag(_))), "sender {tag}");
            let nobody_is_meant = tag == 0 && sample.message_type() == MessageType::DhCommit;
            let to = with_tag(7, tag);
            match Message::decode(&to) {
                Ok(message) => {
                    assert!(nobody_is_meant, "receiver {tag} of {sample:?}");
                    assert_eq!(message.header.receiver(), None);
                }
                Err(error) => {
                    assert!(!nobody_is_meant);
                    assert!(matches!(error, DecodeError::InstanceTag(_)));
                }
            }
        }
        // attack: TAG-4
        for tag in [0x100, 0x1111_1111, 0x1111_1112, 0x7fff_ffff, 0x8000_0000, u32::MAX] {
            assert_eq!(Message::decode(&with_tag(3, tag)).unwrap().header.sender().unwrap().get(), tag);
            assert_eq!(Message::decode(&with_tag(7, tag)).unwrap().header.receiver().unwrap().get(), tag);
        }
    }
}
