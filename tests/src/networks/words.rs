//! The lines of `otr chat`, as far as they tell what became of a text.

use otr_session::RESENT;

/// What a line says of one of our texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word<'a> {
    /// It came from the other side, encrypted.
    Received(&'a str),
    /// The same, and it says itself that it went out before: it comes after what was typed later.
    ReceivedAgain(&'a str),
    /// The network has taken it, encrypted.
    Sent(&'a str),
    /// It waits.
    Waits(&'a str),
    /// It is certain that nobody has got it.
    NotDelivered(&'a str),
    /// It may have arrived or not.
    PerhapsNotDelivered(&'a str),
    /// It was sent once more.
    SentAgain(&'a str),
    /// A line that names the text and none of these, such as that it went or came in clear.
    Strange(&'a str),
}

/// What stands before a text in a line, without anything else, is how the line is to be taken.
///
/// All our texts begin with `marker`, and a line without it is about none of them.
pub(super) fn read<'a>(line: &'a str, marker: &str, me: &str, peer: &str) -> Option<Word<'a>> {
    let (head, text) = line.split_at(line.find(marker)?);
    if head == format!("{peer}: {RESENT}") {
        return Some(Word::ReceivedAgain(text));
    }
    let Some(head) = head.strip_suffix(": ") else { return Some(Word::Strange(line)) };
    if head == peer {
        return Some(Word::Received(text));
    }
    if let Some(fate) = head.strip_prefix(me) {
        return Some(match fate {
            " (waits)" => Word::Waits(text),
            fate if fate.starts_with(" -> ") => Word::Sent(text),
            _ => Word::Strange(line),
        });
    }
    Some(if head.starts_with("! not delivered") {
        Word::NotDelivered(text)
    } else if head.starts_with("! perhaps not delivered") || head.starts_with("! perhaps not read") {
        Word::PerhapsNotDelivered(text)
    } else if head.starts_with("* sent again") {
        Word::SentAgain(text)
    } else {
        Word::Strange(line)
    })
}

/// The connection to the server is there.
pub(super) fn is_connected(line: &str) -> bool {
    line.starts_with("* connected")
}

/// A private conversation is asked for.
pub(super) fn is_asking(line: &str) -> bool {
    line.starts_with("* asking for a private conversation")
}

/// A private conversation has begun, or begun anew.
pub(super) fn is_private(line: &str) -> bool {
    line.starts_with("* private (")
}

/// The other side has ended the private conversation.
pub(super) fn is_finished(line: &str) -> bool {
    line.starts_with("* finished: ")
}

/// The other side asks a question; the question itself comes on the next line.
pub(super) fn is_asked(line: &str) -> bool {
    line.starts_with("* ") && line.ends_with(", and asks:")
}

/// The answer to our question was right.
pub(super) fn is_verified(line: &str) -> bool {
    line.starts_with("* the secrets are the same: ")
}

/// Our answer was right.
pub(super) fn is_answered(line: &str) -> bool {
    line == "* your answer was right"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_became_of_a_text() {
        let read = |line| read(line, "mark", "alice@localhost", "bob@localhost");
        assert_eq!(read("bob@localhost: mark 1: x"), Some(Word::Received("mark 1: x")));
        assert_eq!(read("alice@localhost (waits): mark 1"), Some(Word::Waits("mark 1")));
        assert_eq!(read("alice@localhost -> 4A17E6C1: mark 1"), Some(Word::Sent("mark 1")));
        assert_eq!(read("! not delivered (not connected): mark 1"), Some(Word::NotDelivered("mark 1")));
        assert_eq!(read("! perhaps not delivered (timed out): mark 1"), Some(Word::PerhapsNotDelivered("mark 1")));
        let given_back = "! perhaps not read, and given back to you: mark 1";
        assert_eq!(read(given_back), Some(Word::PerhapsNotDelivered("mark 1")));
        assert_eq!(read("* sent again, because it could not be read: mark 1"), Some(Word::SentAgain("mark 1")));
        for strange in ["alice@localhost (in clear): mark 1", "bob@localhost (in clear): mark 1", "mark", "x: a mark"] {
            assert_eq!(read(strange), Some(Word::Strange(strange)));
        }
        assert_eq!(read("* private (unverified)"), None);
    }
}
