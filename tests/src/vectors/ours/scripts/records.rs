//! Records beside texts, as other programs send them and as none should.

use super::{
    super::conversations::{Recorder, Who},
    Done, IGNORED, Script, USUAL, VERSION_2, begin, content, held_back, script,
};
use Who::{Alice, Bob};

const ON: &[&str] = &["still here"];
/// What is no whole record is passed over, with all that follows, and told; text and whole records before it count.
const CUT_SHORT: &[&str] = &["still here", "Malformed"];
/// A record with less in it than it has to have is passed over.
const TOO_LITTLE: &[&str] = &["still here", IGNORED];

pub(super) const SCRIPTS: &[Script] = &[
    script("a text without its NUL", ON, USUAL, |r| saying(r, b"hello")),
    script("a text with its NUL", ON, USUAL, |r| saying(r, b"hello\0")),
    script("nothing at all", ON, USUAL, |r| saying(r, b"")),
    script("padding", ON, USUAL, |r| records(r, "hello", &[(0, &[0; 9])])),
    script("padding in version 2", ON, VERSION_2, |r| records(r, "hello", &[(0, &[0; 9])])),
    script("records of unknown types", ON, USUAL, |r| {
        records(r, "hello", &[(9, b"x"), (0x0100, b"y"), (0xffff, b""), (9, b"x")])
    }),
    script("records before the one that matters", &["extraKey"], USUAL, |r| {
        records(r, "", &[(0, b""), (9, b"x"), (8, &[0, 0, 0, 1])])
    }),
    script("the extra key for two uses", &["extraKey"], USUAL, |r| {
        records(r, "", &[(8, &[0, 0, 0, 1, 7]), (8, &[0, 0, 0, 2])])
    }),
    script("the end with a text", &["Finished"], USUAL, |r| records(r, "bye", &[(1, b"")])),
    script("the end with a value", &["Finished"], USUAL, |r| records(r, "", &[(1, b"bye")])),
    script("the end twice", &["Finished"], USUAL, |r| records(r, "", &[(1, b""), (1, b"")])),
    script("the end, then the extra key", &["Finished"], USUAL, |r| records(r, "", &[(1, b""), (8, &[0, 0, 0, 1])])),
    script("the end, then an abort", &["Finished"], USUAL, |r| records(r, "", &[(1, b""), (6, b"")])),
    script("the end in version 2", &["Finished"], VERSION_2, |r| records(r, "", &[(1, b"")])),
    script("the extra key without its use", TOO_LITTLE, USUAL, |r| records(r, "", &[(8, b"")])),
    script("the extra key with half a use", TOO_LITTLE, USUAL, |r| records(r, "", &[(8, &[0, 0, 1])])),
    script("half a type", CUT_SHORT, USUAL, |r| saying(r, b"hello\0\0")),
    script("a type without a length", CUT_SHORT, USUAL, |r| saying(r, b"hello\0\0\x01")),
    script("a length without a value", CUT_SHORT, USUAL, |r| saying(r, b"hello\0\0\x01\0\x01")),
    script("the end with a length beyond the message", CUT_SHORT, USUAL, |r| saying(r, b"\0\0\x01\0\x09bye")),
    script("the end, then a record cut short", CUT_SHORT, USUAL, |r| saying(r, b"\0\0\x01\0\0\0\x08\0\x04\0")),
    script("the longest length and nothing behind", CUT_SHORT, USUAL, |r| saying(r, b"x\0\0\0\xff\xff")),
    script("more records than are read", CUT_SHORT, USUAL, |r| records(r, "hello", &vec![(0, b"".as_slice()); 1025])),
    script("a text after the NUL", CUT_SHORT, USUAL, |r| saying(r, b"x\0hello")),
];

/// Alice sends this content, whatever it is, and a text behind it.
fn saying(r: &mut Recorder, content: &[u8]) -> Done {
    begin(r)?;
    let body = held_back(r, Alice, "to be replaced")?;
    let body = r.forge(Alice, &body, |_| content.to_vec())?;
    r.receive(Bob, &body)?;
    r.settle()?;
    r.send(Alice, "still here")?;
    r.settle()
}

fn records(r: &mut Recorder, text: &str, records: &[(u16, &[u8])]) -> Done {
    saying(r, &content(text, records)?)
}
