use std::collections::VecDeque;

use tokio::time::Instant;

/// Our questions for a sign of life. The server handles lines in order, so that its answer also says that it has handled
/// whatever we sent before.
#[derive(Debug, Default)]
pub(crate) struct Pings {
    last: u64,
    /// Those not answered yet, oldest first, with the time at which they were asked. Each but one stands for messages
    /// under way, whose number is bounded.
    open: VecDeque<(u64, Instant)>,
}

impl Pings {
    /// The line that asks, and the token that its answer will have.
    pub(crate) fn ask(&mut self, now: Instant) -> (String, u64) {
        self.last += 1;
        self.open.push_back((self.last, now));
        (format!("PING :{}", self.last), self.last)
    }

    /// The token of an answer, if it is one to a question of ours. It answers those before as well.
    pub(crate) fn answered(&mut self, text: &str) -> Option<u64> {
        let token = text.parse().ok()?;
        self.open.iter().any(|(open, _)| *open == token).then(|| self.open.retain(|(open, _)| *open > token))?;
        Some(token)
    }

    /// Since when the oldest one waits for its answer.
    pub(crate) fn open_since(&self) -> Option<Instant> {
        self.open.front().map(|(_, asked)| *asked)
    }

    /// Counts the time to answer from now on.
    pub(crate) fn postpone(&mut self, now: Instant) {
        self.open.iter_mut().for_each(|(_, asked)| *asked = now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_counts_once_and_for_all_before() {
        let now = Instant::now();
        let mut pings = Pings::default();
        let lines: Vec<_> = (0..3).map(|_| pings.ask(now).0).collect();
        assert_eq!(lines, ["PING :1", "PING :2", "PING :3"]);
        assert_eq!(pings.answered("2"), Some(2));
        assert_eq!((pings.answered("1"), pings.answered("2")), (None, None));
        assert_eq!(pings.open_since(), Some(now));
        assert_eq!(pings.answered("3"), Some(3));
        assert_eq!(pings.open_since(), None);
    }

    #[test]
    fn answers_to_nothing_are_no_answers() {
        let mut pings = Pings::default();
        pings.ask(Instant::now());
        for text in ["", "0", "2", "-1", "irc.example", "99999999999999999999999"] {
            assert_eq!(pings.answered(text), None, "{text}");
        }
    }
}
