//! What is wrong is said in one line, and never with the key in it.

use super::recorded::{text, vectors};
use super::tools::ours;

/// A key that stands out wherever it is shown.
const KEY: &str = "c0ffee";

/// The one line that the program leaves with.
fn refused(args: &[&str], input: &str) -> String {
    let output = ours(args, input);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{args:?}: {errors}");
    let line = errors.strip_suffix('\n').unwrap();
    assert!(line.starts_with("otr: ") && !line.contains('\n') && !line.contains(KEY), "{args:?}: {errors}");
    line.strip_prefix("otr: ").unwrap().to_owned()
}

fn message() -> (String, String, String) {
    let case = vectors("data.json").swap_remove(0);
    let field = |name| text(&case, name).to_owned();
    (field("/wire"), field("/sendingAesKey"), field("/sendingMacKey"))
}

#[test]
fn parse_tells_of_what_is_no_message_and_goes_on() {
    assert_eq!(refused(&["parse"], ""), "there is no encoded message in the input");
    assert_eq!(refused(&["parse"], "hello, ?OTRv3?"), "there is no encoded message in the input");
    let (wire, ..) = message();
    let input = format!("?OTR:AAE. ?OTR:AAEDAAAA. {wire} ?OTR:x{wire}");
    assert_eq!(refused(&["parse"], &input), "3 of 5 messages in the input cannot be read");
    let output = String::from_utf8(ours(&["parse"], &input).stdout).unwrap();
    assert!(output.contains("protocol version 1 is not spoken"), "{output}");
    assert_eq!(output.matches("Data message\n").count(), 2, "{output}");
    let cut = wire.trim_end_matches('.');
    assert_eq!(refused(&["parse"], cut), "1 of 1 messages in the input cannot be read");
}

#[test]
fn sesskeys_takes_an_exponent_and_a_legal_value() {
    let case = vectors("data.json").swap_remove(0);
    let (private, public) = (text(&case, "/senderDh/private"), text(&case, "/recipientDh/public"));
    let ours = text(&case, "/senderDh/public");
    for (private, public, expected) in [
        ("c0ffe", public, "our private key must be pairs of hexadecimal digits"),
        ("c0ffeez0", public, "our private key must be pairs of hexadecimal digits"),
        (public, private, "our private key must be at most 80 hexadecimal digits"),
        ("00", public, "no keys follow from these two numbers: check failed"),
        ("", public, "no keys follow from these two numbers: check failed"),
        (private, "", "no keys follow from these two numbers"),
        (private, "01", "no keys follow from these two numbers"),
        (private, "zz", "their public key must be pairs of hexadecimal digits"),
        (private, &"f".repeat(386), "their public key must be at most 384 hexadecimal digits"),
        (private, &"f".repeat(384), "no keys follow from these two numbers"),
        (private, ours, "no keys follow from these two numbers"),
    ] {
        let line = refused(&["sesskeys", private, public], "");
        assert!(line.starts_with(expected), "{line} but not {expected}");
    }
}

#[test]
fn mackey_takes_a_key() {
    let long = KEY.repeat(6);
    for bad in ["", KEY, &long] {
        assert_eq!(refused(&["mackey", bad], ""), "the AES key must be 32 hexadecimal digits");
    }
    let unicode = format!("{KEY}é");
    assert_eq!(refused(&["mackey", &unicode], ""), "the AES key must be pairs of hexadecimal digits");
}

#[test]
fn readforge_takes_the_key_of_a_data_message() {
    let (wire, key, _) = message();
    let key = key.as_str();
    assert_eq!(refused(&["readforge", KEY], &wire), "the AES key must be 32 hexadecimal digits");
    assert_eq!(refused(&["readforge", key], "nothing"), "there is no encoded message in the input");
    assert_eq!(refused(&["readforge", key], "?OTR:AAMD."), "not a well-formed message: the message is cut short");
    let exchange = vectors("ake.json").swap_remove(0);
    let commit = text(&exchange, "/messages/dhCommit");
    assert_eq!(refused(&["readforge", key, "x"], commit), "the message is not a Data message but DhCommit");

    // With a key of one's own nothing can be read, but a message can be made.
    let other = "0".repeat(32);
    let wrong = "the authenticator does not verify: this is not the key of the message";
    assert_eq!(refused(&["readforge", &other], &wire), wrong);
    assert_eq!(refused(&["readforge", &other, "mine"], &wire), wrong);
    let forged = String::from_utf8(ours(&["readforge", &other, "mine"], &wire).stdout).unwrap();
    assert_eq!(super::tools::our_answer(&["readforge", &other], &forged), "Text: mine\n");
}

#[test]
fn modify_takes_the_key_and_texts_that_fit() {
    let (wire, _, key) = message();
    let key = key.as_str();
    let length = "offset and text reach beyond the 18 bytes of the message";
    for (args, expected) in [
        ([KEY, "a", "b", "0"], "the MAC key must be 40 hexadecimal digits"),
        ([key, "a", "", "0"], "the old and the new text must have the same length in bytes"),
        ([key, "a", "ä", "0"], "the old and the new text must have the same length in bytes"),
        ([key, "a", "b", "x"], "the offset must be a number from 0 to 4294967295"),
        ([key, "a", "b", "4294967296"], "the offset must be a number from 0 to 4294967295"),
        ([key, "a", "b", "18"], length),
        ([key, "ab", "cd", "17"], length),
        ([key, "a", "b", "4294967295"], length),
        ([&"0".repeat(40), "a", "b", "0"], "the authenticator does not verify: this is not the key of the message"),
    ] {
        assert_eq!(refused(&[&["modify"], args.as_slice()].concat(), &wire), expected, "{args:?}");
    }
    assert_eq!(refused(&["modify", key, "a", "b", "0"], ""), "there is no encoded message in the input");
}

#[test]
fn remac_takes_what_a_message_can_hold() {
    let key = "0".repeat(40);
    let long = "f".repeat(386);
    let good = [key.as_str(), "256", "257", "0", "1", "1", "02", "0000000000000001", "00ff", ""];
    assert!(ours(&[&["remac"], good.as_slice()].concat(), "").status.success());
    for (at, bad, expected) in [
        (0, KEY, "the MAC key must be 40 hexadecimal digits"),
        (1, "255", "the instance tag is not legal: 0xff is below 0x100"),
        (1, "x", "the sender instance must be a number from 0 to 4294967295"),
        (2, "0", "the instance tag is not legal: 0x0 is below 0x100"),
        (2, "4294967296", "the receiver instance must be a number from 0 to 4294967295"),
        (3, "256", "the flags must be a number from 0 to 255"),
        (4, "0", "the sender's keyid must be a number from 1 to 4294967295"),
        (5, "0", "the recipient's keyid must be a number from 1 to 4294967295"),
        (6, &long, "the public key must be at most 384 hexadecimal digits"),
        (7, "01", "the counter must be 16 hexadecimal digits"),
        (7, "0000000000000000", "not a well-formed message: the counter is zero"),
        (8, "0", "the encrypted message must be pairs of hexadecimal digits"),
        (9, "0g", "the revealed MAC keys must be pairs of hexadecimal digits"),
    ] {
        let mut args = good;
        args[at] = bad;
        assert_eq!(refused(&[&["remac"], args.as_slice()].concat(), ""), expected);
    }
    let args = [&["remac", "--v2"], good.as_slice()].concat();
    assert_eq!(refused(&args, ""), "a message of version 2 has no instances: give 0 for both");
}

#[test]
fn a_missing_argument_is_named_and_a_key_is_not_shown() {
    for args in
        [&["mackey"][..], &["sesskeys", KEY], &["readforge"], &["modify", KEY], &["remac", KEY], &["forge", KEY]]
    {
        let output = ours(args, "");
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && output.stdout.is_empty(), "{errors}");
        assert!(errors.starts_with("error: ") && !errors.contains("panicked") && !errors.contains(KEY), "{errors}");
    }
}

// attack: TEXT-3
#[test]
fn a_text_that_was_read_cannot_drive_the_terminal() {
    let (wire, key, _) = message();
    let forged = String::from_utf8(ours(&["readforge", &key, "a\u{1b}[2Jb\u{202e}c\nd"], &wire).stdout).unwrap();
    let read = super::tools::our_answer(&["readforge", &key], forged.lines().last().unwrap());
    assert_eq!(read, "Text: a\u{fffd}[2Jb\u{fffd}c\nd\n");
}
