//! Whatever is forged verifies and reads as it was meant to, in both versions, and only with the right key.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use otr_crypto::{DhKeyPair, HazmatCipherKey};
use otr_toolkit::{Error, Facts, MacKeyOf, Pieces, Recorded, Scanner, SessionKeys, cipher_key, mac_key};
use otr_wire::{Header, InstanceTag, MAX_MESSAGE, Message, armour, split};
use proptest::prelude::*;

/// A message of `key` with this encrypted part.
fn message(version_3: bool, key: &HazmatCipherKey, encrypted: &[u8], revealed: &[u8]) -> String {
    let pieces = Pieces {
        instances: version_3.then_some(["256", "4294967295"]),
        flags: "1",
        sender_keyid: "7",
        recipient_keyid: "4294967295",
        next_dh: "0002",
        counter: "00000000000000ff",
        encrypted: &hex::encode(encrypted),
        revealed: &hex::encode(revealed),
    };
    pieces.assemble(&key.mac_key()).unwrap()
}

fn unwrap(text: &str) -> Vec<u8> {
    armour::decode(text.as_bytes(), MAX_MESSAGE).unwrap()
}

fn key(byte: u8) -> HazmatCipherKey {
    HazmatCipherKey::from_bytes([byte; 16])
}

fn scan(recording: &[u8]) -> Vec<Result<Vec<u8>, Error>> {
    let mut scanner = Scanner::new();
    let mut found: Vec<_> = recording.iter().filter_map(|&byte| scanner.push(byte)).collect();
    found.extend(scanner.finish());
    found
}

#[test]
fn a_message_of_version_2_has_no_instances() {
    let bytes = unwrap(&message(false, &key(1), b"", b""));
    assert_eq!(bytes[..3], [0, 2, 3]);
    assert_eq!(Message::decode(&bytes).unwrap().header, Header::V2);
    assert!(!Facts(Message::decode(&bytes).unwrap()).to_string().contains("instance"));
}

#[test]
fn facts_show_every_field_and_what_follows_whole_keys() {
    let bytes = unwrap(&message(true, &key(1), b"\x0a\x0b", &[9; 43]));
    let facts = Facts(Message::decode(&bytes).unwrap()).to_string();
    let mac = hex::encode(Recorded::decode(&bytes).unwrap().data().mac);
    let nine = "09".repeat(20);
    let expected = format!(
        "Data message\n  Version: 3\n  Sender instance: 256\n  Receiver instance: 4294967295\n  Flags: 1\n  \
         Sender keyid: 7\n  Recipient keyid: 4294967295\n  Next D-H key: 02\n  Counter: 00000000000000ff\n  \
         Encrypted message: 0a0b\n  MAC: {mac}\n  Revealed MAC key: {nine}\n  Revealed MAC key: {nine}\n  \
         After the revealed MAC keys: 090909"
    );
    assert_eq!(facts, expected);
}

// attack: SIDE-8
#[test]
fn keys_are_shown_by_those_whose_purpose_it_is_and_by_nobody_else() {
    let canary = "c5".repeat(16);
    let cipher = cipher_key(&canary).unwrap();
    let mac = hex::encode(cipher.mac_key().as_bytes());
    let derived = MacKeyOf::new(cipher);
    assert_eq!(derived.to_string(), format!("AES key: {canary}\nMAC key: {mac}"));
    let theirs = DhKeyPair::hazmat_from_bytes([3; 40]).unwrap();
    let keys = SessionKeys::derive(&"c5".repeat(40), &hex::encode(theirs.public().as_bytes())).unwrap();
    let bytes = unwrap(&message(true, &key(1), b"", b""));
    let recorded = Recorded::decode(&bytes).unwrap();
    let forged = unwrap(&recorded.forge(&key(1), b"secret words").unwrap());
    let reading = Recorded::decode(&forged).unwrap().read(&key(1)).unwrap();
    let hidden = format!("{derived:?} {keys:?} {reading:?} {:?}", mac_key(&mac).unwrap());
    for secret in [&*canary, &mac, &hex::encode(keys.sending().as_bytes()), "words", "197, 197"] {
        assert!(!hidden.contains(secret), "{secret} in {hidden}");
    }
    assert!(keys.to_string().contains(&hex::encode(keys.sending().as_bytes())));
    assert_eq!(reading.to_string(), "Text: secret words");
}

// attack: REV-6
#[test]
fn both_ends_can_write_what_either_end_received() {
    let (alice, bob) = (DhKeyPair::hazmat_from_bytes([1; 40]).unwrap(), DhKeyPair::hazmat_from_bytes([2; 40]).unwrap());
    let [alice_public, bob_public] = [&alice, &bob].map(|pair| hex::encode(pair.public().as_bytes()));
    let alices = SessionKeys::derive(&"01".repeat(40), &bob_public).unwrap();
    let bobs = SessionKeys::derive(&"02".repeat(40), &alice_public).unwrap();
    let inside = bob.agree(alice.public()).unwrap().data_keys(bob.public(), alice.public());

    // Made by Bob, as if Alice had sent it to him; his own session would take it.
    let bytes = unwrap(&message(true, bobs.receiving(), b"", b""));
    let forged = unwrap(&Recorded::decode(&bytes).unwrap().forge(bobs.receiving(), b"I owe you a cake.").unwrap());
    let recorded = Recorded::decode(&forged).unwrap();
    assert_eq!(inside.receiving.verify(recorded.data().authenticated(), recorded.data().mac), Ok(()));
    let mut text = recorded.data().encrypted.to_vec();
    inside.receiving.decrypt(recorded.data().counter.get(), &mut text);
    assert_eq!(text, b"I owe you a cake.");

    // To the byte what Alice would have sent.
    let bytes = unwrap(&message(true, alices.sending(), b"", b""));
    let sent = Recorded::decode(&bytes).unwrap().forge(alices.sending(), b"I owe you a cake.").unwrap();
    assert_eq!(unwrap(&sent), forged);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    // attack: REV-6
    #[test]
    fn a_forgery_reads_as_it_was_meant_to(
        version_3: bool, old: Vec<u8>, new: Vec<u8>, revealed: Vec<u8>, right in 0_u8..100, wrong in 100_u8..,
    ) {
        let bytes = unwrap(&message(version_3, &key(right), &old, &revealed));
        let recorded = Recorded::decode(&bytes).unwrap();
        prop_assert_eq!(recorded.read(&key(wrong)).unwrap_err(), Error::WrongKey);
        let forged = unwrap(&recorded.forge(&key(right), &new).unwrap());
        let forged = Recorded::decode(&forged).unwrap();
        let expected = otr_wire::Plaintext::decode(&new);
        let reading = forged.read(&key(right)).unwrap();
        prop_assert_eq!(reading.plaintext(), expected);
        prop_assert_eq!(forged.read(&key(wrong)).unwrap_err(), Error::WrongKey);
        // All but the text and its authenticator stays.
        let (old, new) = (recorded.data(), forged.data());
        prop_assert_eq!(
            (old.flags, old.sender_keyid, old.recipient_keyid, old.next_dh, old.counter, old.revealed),
            (new.flags, new.sender_keyid, new.recipient_keyid, new.next_dh, new.counter, new.revealed)
        );
    }

    // attack: REV-6
    #[test]
    fn a_change_lands_where_it_was_meant_to(
        version_3: bool, before: Vec<u8>, change: Vec<(u8, u8)>, after: Vec<u8>, wrong in 2_u8..,
    ) {
        let (old, new): (Vec<_>, Vec<_>) = change.into_iter().unzip();
        let sent = [&before[..], &old, &after].concat();
        let meant = [&before[..], &new, &after].concat();
        let empty = unwrap(&message(version_3, &key(1), b"", b""));
        let sent = unwrap(&Recorded::decode(&empty).unwrap().forge(&key(1), &sent).unwrap());
        let expected = Recorded::decode(&empty).unwrap().forge(&key(1), &meant).unwrap();

        let recorded = Recorded::decode(&sent).unwrap();
        let published = key(1).mac_key();
        prop_assert_eq!(recorded.modify(&published, &old, &new, before.len()), Ok(expected));
        prop_assert_eq!(recorded.modify(&key(wrong).mac_key(), &old, &new, before.len()), Err(Error::WrongKey));
        let beyond = before.len() + after.len() + 1;
        let outside = Error::Outside { length: before.len() + old.len() + after.len() };
        prop_assert_eq!(recorded.modify(&published, &old, &new, beyond), Err(outside));
        prop_assert_eq!(recorded.modify(&published, b"a", b"", 0), Err(Error::TextLengths));
    }

    #[test]
    fn a_message_is_found_whole_or_in_pieces(version_3: bool, encrypted: Vec<u8>, limit in 60_usize..400) {
        let text = message(version_3, &key(1), &encrypted, b"");
        let tag = InstanceTag::new(256).unwrap();
        let header = if version_3 { Header::V3 { sender: tag, receiver: Some(tag) } } else { Header::V2 };
        let pieces = split(header, &text, limit).unwrap().join("\nnow: <x> ");
        prop_assert_eq!(scan(pieces.as_bytes()), vec![Ok(unwrap(&text))]);
    }

    #[test]
    fn no_recording_is_too_strange(noise in "([?OTR:|,.]|[0-3]|[A-D=]|\\?OTR[:|,]|\\PC| |\n){0,300}") {
        for bytes in scan(noise.as_bytes()).into_iter().flatten() {
            let _ = Recorded::decode(&bytes);
        }
        let text = message(true, &key(1), b"x", b"");
        // A space ends every piece that the noise may have begun, a full stop every message.
        let found = scan(format!("{noise}. {text}").as_bytes());
        prop_assert!(found.contains(&Ok(unwrap(&text))));
    }
}
