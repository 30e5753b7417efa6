//! What goes over the network, as far as one can tell from outside.

use serde_json::Value;

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text that is not encrypted.
    Plain,
    /// A query or an error message: a word from program to program that nobody signs.
    Word,
    /// Of a key exchange.
    Exchange,
    /// A Data message.
    Data,
}

/// What a Data message, or a plain one, says.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Content {
    /// Something the receiver shows.
    Text(String),
    /// What the sender said before once more, with a word in front, because it believes that it was lost.
    Resent,
    /// The extra symmetric key: what the receiver has to be told.
    ExtraKey { usage: Value, data: Value, key: Value },
    /// The end of the conversation.
    End,
    /// Nothing to show: a heartbeat, or part of a comparison.
    Nothing,
}

/// One message, in one piece or several.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Letter {
    pub(super) kind: Kind,
    pub(super) content: Content,
    /// The session that the sender was in.
    pub(super) session: Value,
    /// Its place among the messages in its direction.
    pub(super) number: u32,
    pub(super) pieces: Vec<String>,
    /// Whether the network has kept, doubled or delayed any of it.
    pub(super) disturbed: bool,
    /// How often its last piece has arrived.
    pub(super) completed: u32,
    /// Whether it was shown.
    pub(super) shown: bool,
}

/// Puts what a program gave to the network, in its order, together to messages: each with its kind and its pieces.
pub(super) fn sort(packets: Vec<String>) -> Vec<(Kind, Vec<String>)> {
    let mut letters = Vec::new();
    let mut packets = packets.into_iter().peekable();
    while let Some(packet) = packets.next() {
        let Some((count, begin)) = piece(&packet) else {
            letters.push((kind(&packet), vec![packet]));
            continue;
        };
        let kind = kind(begin);
        let mut pieces = vec![packet];
        while pieces.len() < count
            && let Some(next) = packets.next_if(|next| piece(next).is_some())
        {
            pieces.push(next);
        }
        letters.push((kind, pieces));
    }
    letters
}

fn kind(message: &str) -> Kind {
    // The type of a message is the third byte, of which the fourth digit shows six bits.
    match message.strip_prefix("?OTR:").and_then(|digits| digits.as_bytes().get(3)) {
        Some(b'D') => Kind::Data,
        Some(_) => Kind::Exchange,
        None if message.starts_with("?OTR") => Kind::Word,
        None => Kind::Plain,
    }
}

/// Of a fragment, how many there are and what it holds.
fn piece(message: &str) -> Option<(usize, &str)> {
    if !message.starts_with("?OTR|") && !message.starts_with("?OTR,") {
        return None;
    }
    let mut fields = message.split(',').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_belong_to_one_message() {
        let packets = [
            "?OTRv23?",
            "?OTR|00000100|00000000,00001,00002,?OTR:AAMDxx,",
            "?OTR|00000100|00000000,00002,00002,yy.,",
            "?OTR,1,2,?OTR:AAIC,",
            "?OTR,2,2,x.,",
            "?OTR:AAMSzz.",
            "?OTR Error: no",
            "hello \t",
        ];
        let sorted = sort(packets.map(str::to_owned).to_vec());
        let shape: Vec<_> = sorted.iter().map(|(kind, pieces)| (*kind, pieces.len())).collect();
        let expected = [
            (Kind::Word, 1),
            (Kind::Data, 2),
            (Kind::Exchange, 2),
            (Kind::Exchange, 1),
            (Kind::Word, 1),
            (Kind::Plain, 1),
        ];
        assert_eq!(shape, expected);
    }
}
