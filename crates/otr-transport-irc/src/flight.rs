use std::collections::VecDeque;
use std::io;

use otr_transport::{Error, Outcome};

use crate::identity::Limits;
use crate::names::CaseMapping;
use crate::refusal::Refusal;

/// Messages that may be under way at once: enough to keep a server busy, few enough for its buffers.
const MAX_UNDER_WAY: usize = 16;
/// Messages that one question to the server confirms, while more are waiting. The questions count against us where a
/// server limits our rate.
const MAX_PER_PING: usize = 4;

/// A message that the host handed over: the lines of its text.
pub(crate) struct Outgoing {
    pub(crate) to: String,
    pub(crate) lines: Vec<String>,
    pub(crate) outcome: Outcome,
}

/// The messages that are being sent, oldest first, until the server has confirmed or refused them.
///
/// IRC confirms nothing by itself. But a server handles what we send in order: a `PING` after messages is answered when
/// they are through, and what it refuses of them it says before.
#[derive(Default)]
pub(crate) struct Flight {
    messages: VecDeque<Message>,
}

struct Message {
    to: String,
    unsent: VecDeque<String>,
    /// Lines that went out.
    sent: usize,
    /// Those of them that were refused.
    refused: usize,
    /// Until it has been said.
    outcome: Option<Outcome>,
    /// The ping that confirms it, once there is one.
    ping: Option<u64>,
}

impl Message {
    /// Says what became of it, if nothing was said yet. Whatever has not gone out stays here.
    fn say(&mut self, outcome: Result<(), Error>) {
        self.unsent.clear();
        if let Some(waiting) = self.outcome.take() {
            waiting.say(outcome);
        }
    }
}

impl Flight {
    /// How many more may be taken.
    pub(crate) fn room(&self) -> usize {
        MAX_UNDER_WAY.saturating_sub(self.messages.len())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    pub(crate) fn has_unsent(&self) -> bool {
        self.messages.iter().any(|message| !message.unsent.is_empty())
    }

    pub(crate) fn take(&mut self, outgoing: Outgoing) {
        let Outgoing { to, lines, outcome } = outgoing;
        let unsent = lines.into();
        self.messages.push_back(Message { to, unsent, sent: 0, refused: 0, outcome: Some(outcome), ping: None });
    }

    /// To whom the next line goes, and the line. What has become too long since it was handed over is refused.
    pub(crate) fn next_line(&mut self, limits: Limits) -> Option<(String, String)> {
        for message in self.messages.iter_mut().filter(|message| !message.unsent.is_empty()) {
            let limit = limits.for_peer(&message.to);
            if let Some(long) = message.unsent.iter().map(String::len).find(|size| *size > limit) {
                message.say(Err(Error::MessageTooLarge { size: long, limit }));
                continue;
            }
            if let Some(line) = message.unsent.pop_front() {
                message.sent += 1;
                return Some((message.to.clone(), line));
            }
        }
        // Of some nothing was sent, and their senders know.
        self.messages.retain(|message| message.sent > 0);
        None
    }

    /// Whether it is time to ask the server for a confirmation.
    pub(crate) fn wants_ping(&self) -> bool {
        let whole = self.messages.iter().filter(|message| message.unsent.is_empty());
        let unasked = whole.filter(|message| message.ping.is_none() && message.sent > 0).count();
        unasked >= MAX_PER_PING || (unasked > 0 && !self.has_unsent())
    }

    /// All that has gone out as a whole is confirmed by the answer to this ping.
    pub(crate) fn asked(&mut self, token: u64) {
        let unasked = self.messages.iter_mut().filter(|message| message.unsent.is_empty() && message.ping.is_none());
        unasked.for_each(|message| message.ping = Some(token));
    }

    pub(crate) fn confirm(&mut self, token: u64) {
        while let Some(mut message) =
            self.messages.pop_front_if(|message| message.ping.is_some_and(|ping| ping <= token))
        {
            message.say(Ok(()));
        }
    }

    pub(crate) fn refuse(&mut self, refusal: Refusal<'_>, case: CaseMapping) {
        let mut candidates = self.messages.iter_mut().filter(|message| message.sent > message.refused);
        match refusal.target {
            Some(target) => {
                // One reply for each line, in the order in which they were sent.
                if let Some(message) = candidates.find(|message| case.same(&message.to, target)) {
                    message.refused += 1;
                    message.say(Err(refusal.error));
                }
            }
            None => {
                let mut candidates: Vec<_> = candidates.filter(|message| message.outcome.is_some()).collect();
                // It does not say which one it means, so nothing is certain about any of several.
                let alone = candidates.len() == 1;
                let error = if alone { refusal.error } else { Error::Unavailable { status: None } };
                candidates.iter_mut().for_each(|message| message.say(Err(error)));
            }
        }
    }

    /// The connection is gone, for that reason: what was sent may have arrived, what was not has not.
    pub(crate) fn lose(&mut self, reason: Error) {
        let kind = match reason {
            Error::ConnectionLost(kind) => kind,
            Error::TimedOut => io::ErrorKind::TimedOut,
            _ => io::ErrorKind::ConnectionAborted,
        };
        for mut message in self.messages.drain(..) {
            let error = if message.sent > 0 { Error::ConnectionLost(kind) } else { Error::NotConnected };
            message.say(Err(error));
        }
    }
}

#[cfg(test)]
mod tests {
    use otr_transport::Receipt;

    use super::*;

    const CASE: CaseMapping = CaseMapping::Ascii;

    /// The outcome, if there is one by now.
    async fn known(receipt: &mut Receipt) -> Option<Result<(), Error>> {
        tokio::select! {
            biased;
            outcome = receipt => Some(outcome),
            () = std::future::ready(()) => None,
        }
    }

    fn message(flight: &mut Flight, to: &str, lines: &[&str]) -> Receipt {
        let (outcome, receipt) = Receipt::open();
        let lines = lines.iter().map(|line| (*line).to_owned()).collect();
        flight.take(Outgoing { to: to.to_owned(), lines, outcome });
        receipt
    }

    fn send_all(flight: &mut Flight) -> Vec<String> {
        let mut lines = Vec::new();
        while let Some((_, line)) = flight.next_line(Limits::default()) {
            lines.push(line);
        }
        lines
    }

    fn refused(target: Option<&str>, error: Error) -> Refusal<'_> {
        Refusal { target, error }
    }

    #[tokio::test]
    async fn an_answer_confirms_all_that_went_before() {
        let mut flight = Flight::default();
        let mut one = message(&mut flight, "bob", &["1"]);
        let mut two = message(&mut flight, "bob", &["2a", "2b"]);
        assert!(!flight.wants_ping());
        assert_eq!(send_all(&mut flight), ["1", "2a", "2b"]);
        assert!(flight.wants_ping());
        flight.asked(7);
        let mut three = message(&mut flight, "bob", &["3"]);
        send_all(&mut flight);
        flight.asked(8);
        assert_eq!(known(&mut one).await, None);
        flight.confirm(7);
        assert_eq!((known(&mut one).await, known(&mut two).await), (Some(Ok(())), Some(Ok(()))));
        assert_eq!(known(&mut three).await, None);
        flight.confirm(8);
        assert_eq!(known(&mut three).await, Some(Ok(())));
        assert!(flight.is_empty());
    }

    #[test]
    fn a_ping_is_due_after_four_or_when_nothing_waits() {
        let mut flight = Flight::default();
        for _ in 0..6 {
            message(&mut flight, "bob", &["x"]);
        }
        for sent in 1..=6 {
            flight.next_line(Limits::default()).unwrap();
            assert_eq!(flight.wants_ping(), matches!(sent, 4 | 6), "after {sent}");
            if sent == 4 {
                flight.asked(1);
            }
        }
        flight.asked(2);
        assert!(!flight.wants_ping());
    }

    #[test]
    fn only_so_many_are_under_way() {
        let mut flight = Flight::default();
        for _ in 0..16 {
            assert_ne!(flight.room(), 0);
            message(&mut flight, "bob", &["x"]);
        }
        assert_eq!(flight.room(), 0);
        send_all(&mut flight);
        flight.asked(1);
        assert_eq!(flight.room(), 0);
        flight.confirm(1);
        assert_eq!(flight.room(), 16);
    }

    #[tokio::test]
    async fn a_refusal_meets_the_one_it_is_about() {
        let mut flight = Flight::default();
        let mut to_bob = message(&mut flight, "bob", &["x"]);
        let mut lines_to_eve = message(&mut flight, "eve", &["1", "2"]);
        let mut to_eve = message(&mut flight, "eve", &["3"]);
        let mut later = message(&mut flight, "eve", &["4"]);
        send_all(&mut flight);
        for _ in 0..3 {
            flight.refuse(refused(Some("EVE"), Error::NoSuchPeer), CASE);
        }
        flight.refuse(refused(Some("nobody"), Error::NoSuchPeer), CASE);
        flight.asked(1);
        flight.confirm(1);
        assert_eq!(known(&mut to_bob).await, Some(Ok(())));
        assert_eq!(known(&mut lines_to_eve).await, Some(Err(Error::NoSuchPeer)));
        assert_eq!(known(&mut to_eve).await, Some(Err(Error::NoSuchPeer)));
        assert_eq!(known(&mut later).await, Some(Ok(())));
    }

    #[tokio::test]
    async fn after_a_refusal_the_rest_of_a_text_stays_here() {
        let mut flight = Flight::default();
        let mut receipt = message(&mut flight, "bob", &["1", "2"]);
        flight.next_line(Limits::default()).unwrap();
        flight.refuse(refused(Some("bob"), Error::NotAllowed), CASE);
        assert_eq!(known(&mut receipt).await, Some(Err(Error::NotAllowed)));
        assert_eq!(send_all(&mut flight), [""; 0]);
        assert!(flight.wants_ping(), "it holds its place until the server has answered");
    }

    #[tokio::test]
    async fn a_refusal_without_a_name_is_certain_of_one_alone() {
        let limited = Error::RateLimited { wait: None };
        let mut flight = Flight::default();
        let mut alone = message(&mut flight, "bob", &["1"]);
        send_all(&mut flight);
        flight.refuse(refused(None, limited), CASE);
        assert_eq!(known(&mut alone).await, Some(Err(limited)));

        let mut flight = Flight::default();
        let mut several = [message(&mut flight, "bob", &["1"]), message(&mut flight, "bob", &["2"])];
        send_all(&mut flight);
        flight.refuse(refused(None, limited), CASE);
        for receipt in &mut several {
            assert!(known(receipt).await.unwrap().unwrap_err().may_have_arrived());
        }
    }

    #[tokio::test]
    async fn what_no_longer_fits_is_refused_whole_and_the_rest_goes_on() {
        let mut flight = Flight::default();
        let long = "x".repeat(351);
        let mut too_long = message(&mut flight, "bob", &["short", &long]);
        let mut fits = message(&mut flight, "bob", &["y"]);
        assert_eq!(send_all(&mut flight), ["y"]);
        assert_eq!(known(&mut too_long).await, Some(Err(Error::MessageTooLarge { size: 351, limit: 350 })));
        flight.asked(1);
        flight.confirm(1);
        assert_eq!(known(&mut fits).await, Some(Ok(())));
        assert!(flight.is_empty());
    }

    #[tokio::test]
    async fn a_loss_tells_what_went_out_from_what_did_not() {
        let mut flight = Flight::default();
        let mut written = message(&mut flight, "bob", &["1", "2"]);
        let mut waiting = message(&mut flight, "bob", &["3"]);
        flight.next_line(Limits::default()).unwrap();
        flight.lose(Error::ClosedByPeer);
        let lost = Error::ConnectionLost(io::ErrorKind::ConnectionAborted);
        assert_eq!(known(&mut written).await, Some(Err(lost)));
        assert_eq!(known(&mut waiting).await, Some(Err(Error::NotConnected)));
        assert!(flight.is_empty());
    }
}
