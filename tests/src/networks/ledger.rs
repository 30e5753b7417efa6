//! What was typed, and what both sides said became of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::words::{Word, read};

/// The texts that one side typed, and their fates.
#[derive(Debug)]
pub(super) struct Ledger {
    marker: String,
    /// As they were typed.
    typed: Vec<String>,
}

/// What became of the texts of one side.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Account {
    /// Texts that arrived.
    pub(super) arrived: usize,
    /// Texts that the sender was told are not delivered.
    pub(super) returned: usize,
    /// Texts that the sender was told are perhaps not delivered.
    pub(super) open: usize,
    /// Those among them that arrived.
    pub(super) open_and_arrived: usize,
}

impl Ledger {
    /// An empty one; every text in it is to begin with `marker` and to occur once.
    pub(super) fn new(marker: &str) -> Self {
        Self { marker: marker.to_owned(), typed: Vec::new() }
    }

    /// Writes down a text.
    pub(super) fn enter(&mut self, text: &str) {
        self.typed.push(text.to_owned());
    }

    /// Goes through what both sides said, each a line a line.
    ///
    /// Every text arrives once, unchanged and in order, unless it says that it is sent again, or the sender is told that
    /// it did not, or perhaps did not. What is said to be certain is true.
    pub(super) fn settle(&self, sender: Reader<'_>, receiver: Reader<'_>) -> Result<Account, String> {
        let numbers: BTreeMap<&str, usize> =
            self.typed.iter().enumerate().map(|(number, text)| (text.as_str(), number)).collect();
        let number = |text: &str| numbers.get(text).copied().ok_or_else(|| format!("nobody typed this: {text}"));
        let (mut arrived, mut again) = (BTreeSet::new(), BTreeSet::new());
        for word in receiver.words(&self.marker) {
            match word {
                Word::Received(text) => {
                    let number = number(text)?;
                    if arrived.last().is_some_and(|&last| last >= number) {
                        let how = if arrived.contains(&number) { "twice" } else { "out of order" };
                        return Err(format!("arrives {how}: {text}"));
                    }
                    arrived.insert(number);
                }
                Word::ReceivedAgain(text) => {
                    let number = number(text)?;
                    if !again.insert(number) {
                        return Err(format!("arrives twice: {text}"));
                    }
                }
                Word::Strange(line) => return Err(format!("{} shows: {line}", receiver.me)),
                _ => {}
            }
        }
        if let Some(number) = again.intersection(&arrived).next() {
            return Err(format!("arrives twice: {}", self.typed.get(*number).map_or("", String::as_str)));
        }
        arrived.append(&mut again);
        let (mut returned, mut open, mut sent_again) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for word in sender.words(&self.marker) {
            match word {
                Word::NotDelivered(text) => returned.insert(number(text)?),
                Word::PerhapsNotDelivered(text) => open.insert(number(text)?),
                Word::SentAgain(text) => sent_again.insert(number(text)?),
                Word::Strange(line) => return Err(format!("{} shows: {line}", sender.me)),
                _ => continue,
            };
        }
        for (number, text) in self.typed.iter().enumerate() {
            let told = returned.contains(&number) || open.contains(&number);
            match arrived.contains(&number) {
                // What is sent again after that is told, too.
                true if returned.contains(&number) && !sent_again.contains(&number) => {
                    return Err(format!("said not to be delivered, and arrived: {text}"));
                }
                false if !told => {
                    let after = sender.after(text).join("\n    ");
                    return Err(format!("does not arrive, and nobody is told: {text}\n    {after}"));
                }
                _ => {}
            }
        }
        let open_and_arrived = open.intersection(&arrived).count();
        Ok(Account { arrived: arrived.len(), returned: returned.len(), open: open.len(), open_and_arrived })
    }
}

/// What one side said.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a> {
    /// Its own address.
    pub(super) me: &'a str,
    /// The other side's.
    pub(super) peer: &'a str,
    /// Its lines.
    pub(super) lines: &'a [String],
}

impl<'a> Reader<'a> {
    /// What it is told after it last showed `text`, without most of it.
    fn after(self, text: &str) -> Vec<&'a str> {
        const LINES: usize = 30;
        let since = self.lines.iter().rposition(|line| line.ends_with(text)).unwrap_or(0);
        self.lines.iter().skip(since).take(LINES).map(String::as_str).collect()
    }

    fn words(self, marker: &str) -> impl Iterator<Item = Word<'a>> {
        // A line of the other direction is about a text that is not in the ledger.
        self.lines.iter().filter_map(move |line| read(line, marker, self.me, self.peer))
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { arrived, returned, open, open_and_arrived } = self;
        write!(f, "{arrived} arrived")?;
        if *returned > 0 {
            write!(f, ", {returned} returned")?;
        }
        if *open > 0 {
            write!(f, ", {open} uncertain, {open_and_arrived} of which arrived")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settle(typed: &[&str], sender: &[&str], receiver: &[&str]) -> Result<Account, String> {
        let mut ledger = Ledger::new("zx");
        for text in typed {
            ledger.enter(text);
        }
        let owned = |lines: &[&str]| lines.iter().map(|&line| line.to_owned()).collect::<Vec<_>>();
        let (sender, receiver) = (owned(sender), owned(receiver));
        ledger.settle(
            Reader { me: "alice", peer: "bob", lines: &sender },
            Reader { me: "bob", peer: "alice", lines: &receiver },
        )
    }

    #[test]
    fn what_arrives_once_and_in_order_or_is_told_is_in_order() {
        assert_eq!(settle(&[], &[], &[]), Ok(Account::default()));
        let sender = ["! perhaps not delivered (timed out): zx2", "! not delivered (x): zx3", "alice -> AB: zx4"];
        let account = settle(&["zx1", "zx2", "zx3", "zx4"], &sender, &["alice: zx1", "alice: zx2", "alice: zx4"]);
        assert_eq!(account, Ok(Account { arrived: 3, returned: 1, open: 1, open_and_arrived: 1 }));
        assert_eq!(account.unwrap().to_string(), "3 arrived, 1 returned, 1 uncertain, 1 of which arrived");
    }

    #[test]
    fn what_is_sent_again_arrives_later() {
        let account = settle(&["zx1", "zx2"], &[], &["alice: zx2", "alice: [resent] zx1"]);
        assert_eq!(account, Ok(Account { arrived: 2, ..Account::default() }));
        let told = ["! not delivered (x): zx1", "* sent again, because it could not be read: zx1"];
        settle(&["zx1"], &told, &["alice: [resent] zx1"]).unwrap();
    }

    #[test]
    fn everything_else_is_not() {
        let (one, two) = (["zx1"].as_slice(), ["zx1", "zx2"].as_slice());
        for (typed, sender, receiver, expected) in [
            (one, [].as_slice(), [].as_slice(), "does not arrive, and nobody is told: zx1"),
            (one, &["alice -> AB: zx1"], &[], "does not arrive"),
            // It has to be said of which.
            (one, &["! texts before that may not have been read either"], &[], "does not arrive"),
            (one, &[], &["alice: zx1", "alice: zx1"], "arrives twice"),
            (two, &[], &["alice: zx2", "alice: zx1"], "arrives out of order"),
            (one, &["! not delivered (x): zx1"], &["alice: zx1"], "said not to be delivered, and arrived"),
            (one, &[], &["alice: zx1", "alice: [resent] zx1"], "arrives twice"),
            (one, &[], &["alice: zx1!"], "nobody typed this: zx1!"),
            (one, &[], &["alice (in clear): zx1"], "bob shows: alice (in clear): zx1"),
            (one, &["alice (in clear): zx1"], &["alice: zx1"], "alice shows: alice (in clear): zx1"),
        ] {
            let error = settle(typed, sender, receiver).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
