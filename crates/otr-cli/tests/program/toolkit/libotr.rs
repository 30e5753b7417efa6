//! The same recordings through libotr's toolkit and ours.

use super::recorded::{text, vectors};
use super::tools::{fields, our_answer, our_facts, their_answer, their_facts};

// attack: REV-6
#[test]
fn the_same_keys_follow_from_the_same_numbers() {
    let cases = vectors("data.json");
    assert!(cases.len() > 80, "{}", cases.len());
    for case in &cases {
        let numbers = [text(case, "/senderDh/private"), text(case, "/recipientDh/public")];
        let ours = fields(&our_answer(&["sesskeys", numbers[0], numbers[1]], ""));
        let answer = their_answer("otr_sesskeys", &numbers, "");
        let theirs = fields(&answer);
        for name in ["Our public key", "Sending AES key", "Sending MAC key", "Receiving AES key", "Receiving MAC key"] {
            assert_eq!(ours[name], theirs[name], "{name}");
        }
        assert_eq!(ours["Session id (SHA-1)"], theirs["Session id"]);
        assert!(answer.contains(&format!("the {} end", ours["Our end"])), "{answer}");
        for (name, recorded) in [
            ("Our public key", "/senderDh/public"),
            ("Sending AES key", "/sendingAesKey"),
            ("Sending MAC key", "/sendingMacKey"),
            ("Extra symmetric key", "/extraKey"),
        ] {
            assert_eq!(ours[name], text(case, recorded), "{name}");
        }

        // The receiver's keys are the same, the other way round.
        let numbers = ["sesskeys", text(case, "/recipientDh/private"), text(case, "/senderDh/public")];
        let other = fields(&our_answer(&numbers, ""));
        assert_eq!(other["Receiving AES key"], ours["Sending AES key"]);
        assert_ne!(other["Our end"], ours["Our end"]);

        let key = text(case, "/sendingAesKey");
        let mac_key = fields(&our_answer(&["mackey", key], ""));
        assert_eq!(mac_key, fields(&their_answer("otr_mackey", &[key], "")));
        assert_eq!(mac_key["MAC key"], text(case, "/sendingMacKey"));
    }
}

#[test]
fn the_session_id_is_that_of_the_exchange() {
    for case in vectors("ake.json") {
        let numbers = ["sesskeys", text(&case, "/x/private"), text(&case, "/y/public")];
        let ours = fields(&our_answer(&numbers, ""));
        assert_eq!(ours["Session id (of the exchange, versions 2 and 3)"], text(&case, "/sessionId"));
    }
}

#[test]
fn the_same_facts_are_in_the_same_messages() {
    let mut recording = String::new();
    for case in vectors("ake.json") {
        for name in ["dhCommit", "dhKey", "revealSignature", "signature"] {
            recording += &format!("12:00 <x> {}\n", text(&case, &format!("/messages/{name}")));
        }
    }
    let exchanges = recording.lines().count();
    for case in vectors("data.json") {
        recording += &format!("{} -- and some more\n\n", text(&case, "/wire"));
    }
    let (ours, theirs) = (our_facts(&recording), their_facts(&recording));
    assert!(ours.len() > exchanges && exchanges > 20, "{} {exchanges}", ours.len());
    assert_eq!(ours, theirs);
    let revealed = |facts: &[(String, String)]| facts.iter().any(|(name, _)| name == "Revealed MAC key");
    assert!(ours.iter().any(|(_, facts)| revealed(facts)));
}

// attack: REV-6
#[test]
fn the_same_words_are_read_and_the_same_forgery_is_made() {
    for case in vectors("data.json") {
        let (wire, key, mac_key) = (text(&case, "/wire"), text(&case, "/sendingAesKey"), text(&case, "/sendingMacKey"));
        let words = "None of this was ever said.";
        let ours = our_answer(&["readforge", key, words], wire);
        let theirs = their_answer("otr_readforge", &[key, words], wire);
        let (our_forgery, their_forgery) = (ours.lines().last().unwrap(), theirs.lines().last().unwrap());
        assert_eq!(our_forgery, their_forgery);

        let recorded = hex::decode(text(&case, "/text")).unwrap();
        let recorded = String::from_utf8(recorded).unwrap();
        assert!(theirs.starts_with(&format!("Plaintext: ``{recorded}''\n")), "{theirs}");
        let shown = format!("Text: {recorded}\n");
        // What could drive the terminal is not shown.
        let harmless = !recorded.contains(|c: char| c.is_control() || ('\u{2000}'..'\u{206f}').contains(&c));
        assert!(!harmless || ours.starts_with(&shown), "{ours:?} {shown:?}");
        for record in case["tlvs"].as_array().unwrap() {
            let line = format!("Record of type {}: {}", record["type"], text(record, "/value"));
            assert!(ours.lines().any(|shown| shown.trim_end() == line.trim_end()), "{line} in {ours}");
        }

        // The forgery is as good as the message: either toolkit reads it.
        assert_eq!(our_answer(&["readforge", key], their_forgery), format!("Text: {words}\n"));
        assert_eq!(their_answer("otr_readforge", &[key], our_forgery), format!("Plaintext: ``{words}''\n"));

        // Without the cipher's key, a known text becomes another.
        let change = [mac_key, "None of this was", "Every word of it", "0"];
        let modified = our_answer(&[&["modify"], change.as_slice()].concat(), our_forgery);
        assert_eq!(modified, their_answer("otr_modify", &change, our_forgery));
        assert_eq!(our_answer(&["readforge", key], &modified), "Text: Every word of it ever said.\n");

        same_from_pieces(mac_key, wire);
    }
}

/// The message is made again from the pieces that `parse` shows, byte for byte.
fn same_from_pieces(mac_key: &str, wire: &str) {
    let answer = our_answer(&["parse"], wire);
    let pieces = fields(&answer);
    let revealed: String = answer.lines().filter_map(|line| line.trim().strip_prefix("Revealed MAC key: ")).collect();
    let names = [
        "Sender instance",
        "Receiver instance",
        "Flags",
        "Sender keyid",
        "Recipient keyid",
        "Next D-H key",
        "Counter",
        "Encrypted message",
    ];
    let arguments = [&[mac_key], &names.map(|name| pieces[name].as_str())[..], &[&revealed]].concat();
    let ours = our_answer(&[&["remac"], arguments.as_slice()].concat(), "");
    assert_eq!(ours, their_answer("otr_remac", &arguments, ""));
    assert_eq!(ours.trim_end(), wire);
}
