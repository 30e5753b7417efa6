//! Messages on their way to the network: in order, each until its fate is known.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use otr_transport::{Error, Receipt};

/// How many messages the network has at once. It has room for more, so that it is not the first to be full.
const WINDOW: usize = 32;

/// From this many bytes on, no further line is taken from the user.
const ENOUGH_BYTES: usize = 256 * 1024;

/// How many bytes may wait, answers of the protocol included.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// What each message counts besides its text.
const OVERHEAD: usize = 64;

/// How long we wait where the network says that it has too much from us, but not for how long.
const RATE_PAUSE: Duration = Duration::from_secs(5);

/// A line that the user typed.
pub(crate) type LineNumber = u64;

/// The messages to the peer.
#[derive(Debug, Default)]
pub(crate) struct Post {
    parcels: VecDeque<Parcel>,
    bytes: usize,
    /// Nothing is sent before.
    not_before: Option<Duration>,
}

/// A message, and where it is.
#[derive(Debug)]
struct Parcel {
    message: String,
    line: Option<LineNumber>,
    /// The network has it.
    receipt: Option<Receipt>,
}

/// What became of a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The network has taken it.
    Taken,
    /// It will not be sent again by itself.
    Failed(Error),
    /// It stays here and goes out later.
    Waits(Error),
}

impl Post {
    /// Takes a message in, as a part of what makes up `line`; `false` where there is no room.
    pub(crate) fn push(&mut self, message: String, line: Option<LineNumber>) -> bool {
        let bytes = self.bytes.saturating_add(message.len()).saturating_add(OVERHEAD);
        if bytes > MAX_BYTES {
            return false;
        }
        self.bytes = bytes;
        self.parcels.push_back(Parcel { message, line, receipt: None });
        true
    }

    /// Says that the last `count` messages belong to `line`.
    pub(crate) fn attribute(&mut self, count: usize, line: LineNumber) {
        for parcel in self.parcels.iter_mut().rev().take(count) {
            parcel.line = Some(line);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.parcels.is_empty()
    }

    /// Whether there is room for what the user types next.
    pub(crate) const fn takes_lines(&self) -> bool {
        self.bytes < ENOUGH_BYTES
    }

    /// When something can be sent again, if it is waiting for that.
    pub(crate) const fn not_before(&self) -> Option<Duration> {
        self.not_before
    }

    /// Hands over to `send` what can go now, in order.
    pub(crate) fn hand_over(&mut self, now: Duration, mut send: impl FnMut(&str) -> Receipt) {
        if self.not_before.is_some_and(|at| at > now) {
            return;
        }
        self.not_before = None;
        let waiting = self.parcels.iter().take_while(|parcel| parcel.receipt.is_some()).count();
        // What has come back must go again before anything after it.
        if self.parcels.iter().skip(waiting).any(|parcel| parcel.receipt.is_some()) {
            return;
        }
        for parcel in self.parcels.iter_mut().take(WINDOW).skip(waiting) {
            parcel.receipt = Some(send(&parcel.message));
        }
    }

    /// The next message whose fate becomes known.
    pub(crate) async fn next_fate(&mut self, now: Duration) -> (Option<LineNumber>, Fate) {
        poll_fn(|context| self.poll_fate(context, now)).await
    }

    /// A fate that is known already.
    pub(crate) fn known_fate(&mut self, now: Duration) -> Option<(Option<LineNumber>, Fate)> {
        match self.poll_fate(&mut Context::from_waker(std::task::Waker::noop()), now) {
            Poll::Ready(fate) => Some(fate),
            Poll::Pending => None,
        }
    }

    /// Takes out everything that is left: the lines that it belongs to, and why each is not known to have arrived.
    pub(crate) fn give_up(&mut self) -> Vec<(LineNumber, Error)> {
        self.bytes = 0;
        let why = |parcel: &Parcel| if parcel.receipt.is_some() { Error::TimedOut } else { Error::NotConnected };
        self.parcels.drain(..).filter_map(|parcel| Some((parcel.line?, why(&parcel)))).collect()
    }

    fn poll_fate(&mut self, context: &mut Context<'_>, now: Duration) -> Poll<(Option<LineNumber>, Fate)> {
        for place in 0..self.parcels.len().min(WINDOW) {
            let Some(parcel) = self.parcels.get_mut(place) else { break };
            let Some(receipt) = &mut parcel.receipt else { continue };
            let Poll::Ready(outcome) = Pin::new(receipt).poll(context) else { continue };
            parcel.receipt = None;
            let line = parcel.line;
            let fate = match outcome {
                Ok(()) => Fate::Taken,
                Err(error @ (Error::NotConnected | Error::QueueFull | Error::RateLimited { .. })) => {
                    self.not_before = pause(error).map(|pause| now.saturating_add(pause));
                    return Poll::Ready((line, Fate::Waits(error)));
                }
                Err(error) => Fate::Failed(error),
            };
            if let Some(parcel) = self.parcels.remove(place) {
                self.bytes = self.bytes.saturating_sub(parcel.message.len().saturating_add(OVERHEAD));
            }
            return Poll::Ready((line, fate));
        }
        Poll::Pending
    }
}

/// How long to wait before what came back with `error` goes again; `None` where an event will say when.
const fn pause(error: Error) -> Option<Duration> {
    match error {
        Error::RateLimited { wait: Some(wait) } => Some(wait),
        Error::RateLimited { wait: None } | Error::QueueFull => Some(RATE_PAUSE),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use otr_transport::Outcome;

    const NOW: Duration = Duration::ZERO;

    /// A post with messages 0 to 2, all handed over, and where their outcomes are said.
    fn under_way() -> (Post, Vec<Outcome>) {
        let mut post = Post::default();
        for number in 0..3 {
            assert!(post.push(number.to_string(), Some(number)));
        }
        let outcomes = hand_over(&mut post, NOW);
        (post, outcomes.into_iter().map(|(_, outcome)| outcome).collect())
    }

    fn hand_over(post: &mut Post, now: Duration) -> Vec<(String, Outcome)> {
        let mut sent = Vec::new();
        post.hand_over(now, |message| {
            let (outcome, receipt) = Receipt::open();
            sent.push((message.to_owned(), outcome));
            receipt
        });
        sent
    }

    fn messages(sent: &[(String, Outcome)]) -> Vec<&str> {
        sent.iter().map(|(message, _)| message.as_str()).collect()
    }

    #[test]
    fn what_is_taken_leaves() {
        let (mut post, outcomes) = under_way();
        for (number, outcome) in (0..).zip(outcomes) {
            assert_eq!(post.known_fate(NOW), None);
            outcome.say(Ok(()));
            assert_eq!(post.known_fate(NOW), Some((Some(number), Fate::Taken)));
        }
        assert!(post.is_empty() && post.bytes == 0);
    }

    #[test]
    fn what_comes_back_goes_again_before_anything_later() {
        let (mut post, outcomes) = under_way();
        let [first, second, third] = <[_; 3]>::try_from(outcomes).unwrap();
        first.say(Ok(()));
        second.say(Err(Error::NotConnected));
        assert_eq!(post.known_fate(NOW), Some((Some(0), Fate::Taken)));
        assert_eq!(post.known_fate(NOW), Some((Some(1), Fate::Waits(Error::NotConnected))));
        post.push("3".to_owned(), None);
        assert!(hand_over(&mut post, NOW).is_empty(), "the third may still arrive");
        third.say(Err(Error::NotConnected));
        assert_eq!(post.known_fate(NOW), Some((Some(2), Fate::Waits(Error::NotConnected))));
        assert_eq!(messages(&hand_over(&mut post, NOW)), ["1", "2", "3"]);
    }

    #[test]
    fn a_limited_rate_is_waited_for() {
        let (mut post, outcomes) = under_way();
        let wait = Duration::from_secs(3);
        for outcome in outcomes {
            outcome.say(Err(Error::RateLimited { wait: Some(wait) }));
        }
        while post.known_fate(NOW).is_some() {}
        assert_eq!(post.not_before(), Some(wait));
        assert!(hand_over(&mut post, wait / 2).is_empty());
        assert_eq!(messages(&hand_over(&mut post, wait)), ["0", "1", "2"]);
    }

    #[test]
    fn what_fails_is_not_sent_again_and_what_is_left_is_given_up() {
        let (mut post, outcomes) = under_way();
        outcomes.into_iter().next().unwrap().say(Err(Error::NoSuchPeer));
        assert_eq!(post.known_fate(NOW), Some((Some(0), Fate::Failed(Error::NoSuchPeer))));
        post.push("3".to_owned(), Some(3));
        assert_eq!(post.give_up(), [(1, Error::TimedOut), (2, Error::TimedOut), (3, Error::NotConnected)]);
        assert!(post.is_empty());
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut post = Post::default();
        let large = "x".repeat(1024 * 1024);
        let taken = (0..100).take_while(|_| post.push(large.clone(), None)).count();
        assert!((10..16).contains(&taken), "{taken}");
        assert!(!post.takes_lines());
    }
}
