//! Finding messages in a recording.

use std::time::Duration;

use otr_wire::{Assembled, Assembler, Body, DecodeError, InvalidFragment, MAX_MESSAGE, armour};

use crate::Error;

/// What every message and every fragment begins with; the byte after it says which.
const MARKER: &[u8] = b"?OTR";

/// How many commas a fragment has, in both versions: `?OTR,k,n,piece,` and `?OTR|sender|receiver,k,n,piece,`.
const COMMAS: usize = 4;

/// Finds encoded messages in a recording, whatever stands around them: names, times, other talk.
///
/// Bytes go in one by one; messages come out unwrapped from their base64, in the order in which they are complete. White
/// space inside a message is left out, as mail and terminals break lines. Fragments are put together, each message's in
/// order. Never more than a few messages of [`MAX_MESSAGE`] are held.
#[derive(Debug)]
pub struct Scanner {
    /// From the marker on; empty outside.
    seen: Vec<u8>,
    assembler: Assembler,
}

impl Default for Scanner {
    fn default() -> Self {
        Self::new()
    }
}

impl Scanner {
    /// At the beginning of a recording.
    #[must_use]
    pub const fn new() -> Self {
        Self { seen: Vec::new(), assembler: Assembler::new(MAX_MESSAGE) }
    }

    /// Takes in the next byte of the recording. A message, or what has begun as one and is none.
    pub fn push(&mut self, byte: u8) -> Option<Result<Vec<u8>, Error>> {
        if self.seen.len() < MARKER.len() {
            self.seek(byte);
            return None;
        }
        match self.seen.get(MARKER.len()) {
            None => {
                if matches!(byte, b':' | b'|' | b',') {
                    self.seen.push(byte);
                } else {
                    self.restart(byte);
                }
                None
            }
            Some(b':') => self.push_encoded(byte),
            Some(_) => self.push_fragment(byte),
        }
    }

    /// Ends the recording. What had begun as a message and did not end.
    pub fn finish(self) -> Option<Result<Vec<u8>, Error>> {
        if self.seen.get(MARKER.len()) == Some(&b':') {
            return Some(Err(DecodeError::Unterminated.into()));
        }
        let whole = self.assembler.is_empty() && self.seen.len() <= MARKER.len();
        (!whole).then_some(Err(Error::Incomplete))
    }

    fn seek(&mut self, byte: u8) {
        if MARKER.get(self.seen.len()) == Some(&byte) {
            self.seen.push(byte);
        } else {
            self.restart(byte);
        }
    }

    /// Forgets what was seen; `byte` may begin the next marker, whose first byte occurs nowhere else in it.
    fn restart(&mut self, byte: u8) {
        self.seen.clear();
        if MARKER.first() == Some(&byte) {
            self.seen.push(byte);
        }
    }

    fn push_encoded(&mut self, byte: u8) -> Option<Result<Vec<u8>, Error>> {
        match byte {
            b'.' => {
                self.seen.push(byte);
                let message = std::mem::take(&mut self.seen);
                Some(armour::decode(&message, MAX_MESSAGE).map_err(Error::Message))
            }
            byte if byte.is_ascii_whitespace() => None,
            byte if byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=') => self.keep(byte),
            _ => {
                self.restart(byte);
                Some(Err(DecodeError::Base64.into()))
            }
        }
    }

    fn push_fragment(&mut self, byte: u8) -> Option<Result<Vec<u8>, Error>> {
        // No piece of an encoded message has any; without this, talk about OTR could hide the message after it.
        if byte.is_ascii_whitespace() {
            self.seen.clear();
            return Some(Err(InvalidFragment::Grammar.into()));
        }
        let kept = self.keep(byte);
        if kept.is_some() || byte != b',' || self.seen.iter().filter(|&&seen| seen == b',').count() < COMMAS {
            return kept;
        }
        let body = std::mem::take(&mut self.seen);
        match Body::classify(&body) {
            // A recording may be of any age, so pieces never grow too old.
            Body::Fragment(fragment) => match self.assembler.push(&fragment, Duration::ZERO) {
                Assembled::Incomplete => None,
                Assembled::Complete(message) => Some(armour::decode(&message, MAX_MESSAGE).map_err(Error::Message)),
                Assembled::Dropped(why) => Some(Err(Error::Dropped(why))),
            },
            Body::InvalidFragment(why) => Some(Err(why.into())),
            Body::Plain(_) | Body::Tagged(_) | Body::Query(_) | Body::Error(_) | Body::Encoded(_) => None,
        }
    }

    fn keep(&mut self, byte: u8) -> Option<Result<Vec<u8>, Error>> {
        if self.seen.len() >= MAX_MESSAGE {
            self.restart(byte);
            return Some(Err(DecodeError::TooLong { limit: MAX_MESSAGE }.into()));
        }
        self.seen.push(byte);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(recording: &[u8]) -> Vec<Result<Vec<u8>, Error>> {
        let mut scanner = Scanner::new();
        let mut found: Vec<_> = recording.iter().filter_map(|&byte| scanner.push(byte)).collect();
        found.extend(scanner.finish());
        found
    }

    #[test]
    fn messages_are_found_among_other_text() {
        let recording = b"[12:01] alice: ?OTRv23?\n??OTR?OTR:AAMK.x ?OTR:AAEC. 'tis ?OTR and ?OTR Error: no\n?OT";
        assert_eq!(scan(recording), [Ok(vec![0, 3, 10]), Ok(vec![0, 1, 2])]);
        assert_eq!(scan(b"no message. at all"), []);
    }

    #[test]
    fn broken_lines_are_joined() {
        assert_eq!(scan(b"?OTR:A\r\n AM\tK.\n"), [Ok(vec![0, 3, 10])]);
    }

    #[test]
    fn what_only_begins_as_a_message_is_told_of() {
        let base64 = Err(Error::Message(DecodeError::Base64));
        let unterminated = Err(Error::Message(DecodeError::Unterminated));
        assert_eq!(scan(b"?OTR:AA?OTR:AAMK."), [base64.clone(), Ok(vec![0, 3, 10])]);
        assert_eq!(scan(b"?OTR:. ?OTR:A. ?OTR:AAMK"), [base64.clone(), base64, unterminated]);
    }

    #[test]
    fn pieces_are_put_together() {
        let recording = b"?OTR|100|101,1,3,?OTR:A,\n<bob> ?OTR|101|100,1,2,?OTR:AA,?OTR|100|101,2,3,AM,\n\
            ?OTR|101|100,2,2,EC.,?OTR|100|101,3,3,K.,";
        assert_eq!(scan(recording), [Ok(vec![0, 1, 2]), Ok(vec![0, 3, 10])]);
        assert_eq!(scan(b"?OTR,1,2,?OTR:AA,?OTR,2,2,MK.,"), [Ok(vec![0, 3, 10])]);
        assert_eq!(scan(b"?OTR,1,2,?OTR:AA,"), [Err(Error::Incomplete)]);
        assert_eq!(scan(b"?OTR,1,2,?OTR:A"), [Err(Error::Incomplete)]);
        assert!(matches!(scan(b"?OTR,2,2,MK.,")[..], [Err(Error::Dropped(_))]));
        assert!(matches!(scan(b"?OTR, they say, ?OTR:AAMK.")[..], [Err(Error::Fragment(_)), Ok(_)]));
        assert!(matches!(scan(b"?OTR,9,2,MK.,")[..], [Err(Error::Fragment(_))]));
        assert!(matches!(scan(b"?OTR,1,1,hello,")[..], [Err(Error::Message(DecodeError::NotEncoded))]));
    }

    // attack: G-5
    #[test]
    fn no_more_is_held_than_a_message() {
        for begin in ["?OTR:", "?OTR,1,2,"] {
            let mut scanner = Scanner::new();
            let mut found = Vec::new();
            for byte in begin.bytes().chain(std::iter::repeat_n(b'A', 2 * MAX_MESSAGE)) {
                found.extend(scanner.push(byte));
                assert!(scanner.seen.len() <= MAX_MESSAGE);
            }
            assert_eq!(found, [Err(Error::Message(DecodeError::TooLong { limit: MAX_MESSAGE }))]);
        }
    }
}
