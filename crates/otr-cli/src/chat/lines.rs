//! What the user typed, until it is known what became of it.

use std::collections::VecDeque;

use otr_crypto::Fingerprint;

use super::post::LineNumber;

/// How many lines are remembered after the network has taken them: as many texts as a session may still hand back, with
/// some to spare.
const REMEMBERED: usize = 64;

/// The lines typed.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    lines: VecDeque<Typed>,
    next: LineNumber,
}

/// One line.
#[derive(Debug)]
pub(crate) struct Typed {
    number: LineNumber,
    /// As it was typed.
    pub(crate) text: String,
    /// As it was given to the session.
    body: String,
    /// The identity it is encrypted for.
    pub(crate) to: Option<Fingerprint>,
    /// Messages that the network has not taken yet.
    left: usize,
    state: State,
}

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The session keeps it until the conversation is private.
    Kept,
    /// It is under way.
    UnderWay,
    /// The network has all of it.
    Taken,
    /// It is said that it is not delivered, or perhaps not.
    Returned,
}

impl Lines {
    /// A new line; it waits in the session until it is said to be under way.
    pub(crate) fn add(&mut self, text: &str, body: &str) -> LineNumber {
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        while self.lines.len() >= REMEMBERED && self.lines.front().is_some_and(|line| line.is_over()) {
            self.lines.pop_front();
        }
        self.lines.push_back(Typed {
            number,
            text: text.to_owned(),
            body: body.to_owned(),
            to: None,
            left: 0,
            state: State::Kept,
        });
        number
    }

    /// A line goes out, encrypted for `to` or in clear.
    pub(crate) fn go(&mut self, number: LineNumber, to: Option<Fingerprint>) {
        if let Some(line) = self.find(number) {
            line.to = to;
            line.state = State::UnderWay;
        }
    }

    /// A line goes out in `messages` messages more.
    pub(crate) fn grow(&mut self, number: Option<LineNumber>, messages: usize) {
        if let Some(line) = number.and_then(|number| self.find(number)) {
            line.left = line.left.saturating_add(messages);
        }
    }

    /// The line that waited in the session with this body.
    pub(crate) fn kept(&self, body: &str) -> Option<LineNumber> {
        self.lines.iter().find(|line| line.state == State::Kept && line.body == body).map(|line| line.number)
    }

    /// How many lines wait in the session.
    pub(crate) fn how_many_kept(&self) -> usize {
        self.lines.iter().filter(|line| line.state == State::Kept).count()
    }

    /// A message of a line was taken. The line, if that was the last one.
    pub(crate) fn taken(&mut self, number: LineNumber) -> Option<&Typed> {
        let line = self.find(number)?;
        line.left = line.left.saturating_sub(1);
        if line.left > 0 || line.state != State::UnderWay {
            return None;
        }
        line.state = State::Taken;
        Some(line)
    }

    /// A line did not make it. The line, unless that has been said.
    pub(crate) fn failed(&mut self, number: LineNumber) -> Option<&Typed> {
        let line = self.find(number)?;
        let news = line.state != State::Returned;
        line.state = State::Returned;
        news.then_some(line)
    }

    /// The session hands a text back: as it was typed, unless that has been said. It does not say which of several with the
    /// same words it is: so it is the first of those of which nothing was said, or one is told twice rather than none.
    pub(crate) fn handed_back(&mut self, body: &str) -> Option<String> {
        let mut alike = self.lines.iter_mut().filter(|line| line.body == body);
        let mut told = None;
        let Some(line) = alike.find_map(|line| {
            if line.state == State::Returned {
                told.get_or_insert(line);
                None
            } else {
                Some(line)
            }
        }) else {
            return match told {
                // The next one with the same words is another one.
                Some(line) => {
                    line.body.clear();
                    None
                }
                None => Some(body.to_owned()),
            };
        };
        line.state = State::Returned;
        line.body.clear();
        Some(line.text.clone())
    }

    fn find(&mut self, number: LineNumber) -> Option<&mut Typed> {
        self.lines.iter_mut().find(|line| line.number == number)
    }
}

impl Typed {
    const fn is_over(&self) -> bool {
        matches!(self.state, State::Taken | State::Returned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_told_once() {
        let mut lines = Lines::default();
        let hello = lines.add("hello", "hello");
        lines.go(hello, None);
        lines.grow(Some(hello), 2);
        assert!(lines.taken(hello).is_none(), "one of two pieces");
        assert_eq!(lines.taken(hello).map(|line| line.text.as_str()), Some("hello"));
        assert!(lines.taken(hello).is_none());

        let lost = lines.add("<lost>", "&lt;lost&gt;");
        lines.go(lost, None);
        lines.grow(Some(lost), 1);
        assert_eq!(lines.failed(lost).map(|line| line.text.as_str()), Some("<lost>"));
        assert!(lines.failed(lost).is_none());
        assert_eq!(lines.handed_back("&lt;lost&gt;"), None, "it has been said");
        assert_eq!(lines.handed_back("hello").as_deref(), Some("hello"));
        assert_eq!(lines.handed_back("never typed").as_deref(), Some("never typed"));
    }

    #[test]
    fn the_same_words_twice_are_two_lines() {
        let mut lines = Lines::default();
        let [first, second] = [(); 2].map(|()| lines.add("yes", "yes"));
        lines.go(first, None);
        lines.grow(Some(first), 1);
        lines.go(second, None);
        lines.grow(Some(second), 1);
        assert!(lines.failed(first).is_some());
        assert_eq!(lines.handed_back("yes").as_deref(), Some("yes"), "nothing has been said of the second");
        assert_eq!(lines.handed_back("yes"), None, "both have been told");
    }

    #[test]
    fn what_is_remembered_is_bounded_but_nothing_open_is_forgotten() {
        let mut lines = Lines::default();
        let open = lines.add("open", "open");
        for number in 0..1000 {
            let line = lines.add("x", &number.to_string());
            lines.go(line, None);
            lines.grow(Some(line), 1);
            lines.taken(line);
        }
        assert_eq!(lines.kept("open"), Some(open));
        lines.go(open, None);
        lines.grow(Some(open), 1);
        lines.taken(open);
        for _ in 0..2 {
            lines.add("x", "x");
        }
        assert!(lines.lines.len() <= REMEMBERED + 1, "{}", lines.lines.len());
    }
}
