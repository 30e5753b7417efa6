use std::collections::VecDeque;

use otr_transport::{Error, Outcome};
use tokio_xmpp::jid::BareJid;
use tokio_xmpp::minidom::Element;

/// Messages that were confirmed and may still come back as undeliverable. More are remembered only as sent.
const MAX_REMEMBERED: usize = 64;

/// A message under way, apart from its text.
#[derive(Debug)]
pub(crate) struct Letter {
    /// The stanza's id, by which it comes back if it cannot be delivered.
    pub(crate) id: String,
    pub(crate) to: BareJid,
    pub(crate) outcome: Outcome,
}

/// What was sent in a session and what the server has confirmed of it, in order (XEP-0198, 4).
///
/// The counts wrap around at 2^32, as they do on the wire.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    confirmed: u32,
    sent: VecDeque<Sent>,
    remembered: VecDeque<(String, BareJid)>,
}

#[derive(Debug)]
struct Sent {
    /// To send again when the session is resumed.
    stanza: Option<Element>,
    /// Whose outcome is not known yet.
    letter: Option<Letter>,
}

/// What a message that came back belonged to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Bounced {
    /// To one whose outcome was still open, and has been said now.
    Open,
    /// To one that the server had confirmed before.
    Confirmed,
    /// To none of ours that we remember.
    Unknown,
}

impl Ledger {
    /// Enters what is sent now.
    pub(crate) fn enter(&mut self, stanza: Option<Element>, letter: Option<Letter>) {
        self.sent.push_back(Sent { stanza, letter });
    }

    /// How many are not confirmed yet.
    pub(crate) fn open(&self) -> usize {
        self.sent.len()
    }

    /// Whether the outcome of every message is known.
    pub(crate) fn is_settled(&self) -> bool {
        self.sent.iter().all(|sent| sent.letter.is_none())
    }

    /// The count that confirms everything entered so far.
    pub(crate) fn total(&self) -> u32 {
        self.confirmed.wrapping_add(u32::try_from(self.sent.len()).unwrap_or(u32::MAX))
    }

    /// The server has got `count` stanzas in all.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] where it cannot have got so many, or has confirmed more before.
    pub(crate) fn confirm(&mut self, count: u32) -> Result<usize, Error> {
        let new = usize::try_from(count.wrapping_sub(self.confirmed)).unwrap_or(usize::MAX);
        if new > self.sent.len() {
            return Err(Error::Malformed("the server confirms what was never sent"));
        }
        self.confirmed = count;
        for letter in self.sent.drain(..new).filter_map(|sent| sent.letter) {
            if self.remembered.len() == MAX_REMEMBERED {
                self.remembered.pop_front();
            }
            self.remembered.push_back((letter.id, letter.to));
            letter.outcome.say(Ok(()));
        }
        Ok(new)
    }

    /// A message came back from `from`: the one with this id, if it was sent there.
    pub(crate) fn bounce(&mut self, id: &str, from: &BareJid, error: Error) -> Bounced {
        let is_it = |letter: &Letter| letter.id == id && letter.to == *from;
        if let Some(sent) = self.sent.iter_mut().find(|sent| sent.letter.as_ref().is_some_and(is_it)) {
            if let Some(letter) = sent.letter.take() {
                letter.outcome.say(Err(error));
            }
            return Bounced::Open;
        }
        let confirmed = self.remembered.iter().position(|(known, to)| known == id && to == from);
        match confirmed.and_then(|place| self.remembered.remove(place)) {
            Some(_) => Bounced::Confirmed,
            None => Bounced::Unknown,
        }
    }

    /// What a resumed session has to send again.
    pub(crate) fn unconfirmed(&self) -> impl Iterator<Item = &Element> {
        self.sent.iter().filter_map(|sent| sent.stanza.as_ref())
    }

    /// Nothing more will be heard of what is open: all of it may have arrived or not.
    pub(crate) fn give_up(&mut self, error: Error) {
        for letter in std::mem::take(self).sent.into_iter().filter_map(|sent| sent.letter) {
            letter.outcome.say(Err(error));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use otr_transport::Receipt;

    use super::*;

    fn bob() -> BareJid {
        BareJid::new("bob@example.org").unwrap()
    }

    fn enter(ledger: &mut Ledger, id: &str) -> Receipt {
        let (outcome, receipt) = Receipt::open();
        let stanza = Element::bare("message", "jabber:client");
        ledger.enter(Some(stanza), Some(Letter { id: id.to_owned(), to: bob(), outcome }));
        receipt
    }

    #[tokio::test]
    async fn confirmations_settle_in_order_also_across_the_wrap() {
        let mut ledger = Ledger { confirmed: u32::MAX, ..Ledger::default() };
        let (first, second) = (enter(&mut ledger, "1"), enter(&mut ledger, "2"));
        assert_eq!((ledger.total(), ledger.open()), (1, 2));
        assert_eq!(ledger.confirm(0), Ok(1));
        assert_eq!(first.await, Ok(()));
        assert_eq!(ledger.confirm(0), Ok(0));
        assert!(!ledger.is_settled());
        assert_eq!(ledger.confirm(1), Ok(1));
        assert_eq!(second.await, Ok(()));
        assert!(ledger.is_settled());
    }

    #[tokio::test]
    async fn what_was_never_sent_cannot_be_confirmed() {
        let mut ledger = Ledger::default();
        let receipt = enter(&mut ledger, "1");
        for count in [2, u32::MAX] {
            assert!(matches!(ledger.confirm(count), Err(Error::Malformed(_))), "{count}");
        }
        let lost = Error::ConnectionLost(ErrorKind::BrokenPipe);
        ledger.give_up(lost);
        assert_eq!(receipt.await, Err(lost));
        assert_eq!(ledger.total(), 0);
    }

    #[tokio::test]
    async fn a_bounce_needs_the_id_and_the_sender() {
        let mut ledger = Ledger::default();
        let (first, second) = (enter(&mut ledger, "1"), enter(&mut ledger, "2"));
        let mallory = BareJid::new("mallory@example.org").unwrap();
        assert_eq!(ledger.bounce("1", &mallory, Error::NoSuchPeer), Bounced::Unknown);
        assert_eq!(ledger.bounce("3", &bob(), Error::NoSuchPeer), Bounced::Unknown);
        assert_eq!(ledger.bounce("1", &bob(), Error::NoSuchPeer), Bounced::Open);
        assert_eq!(first.await, Err(Error::NoSuchPeer));

        ledger.confirm(2).unwrap();
        assert_eq!(second.await, Ok(()));
        assert_eq!(ledger.bounce("2", &mallory, Error::NoSuchPeer), Bounced::Unknown);
        assert_eq!(ledger.bounce("2", &bob(), Error::NoSuchPeer), Bounced::Confirmed);
        assert_eq!(ledger.bounce("2", &bob(), Error::NoSuchPeer), Bounced::Unknown);
    }

    #[test]
    fn few_confirmed_ones_are_remembered() {
        let mut ledger = Ledger::default();
        for id in 0..200 {
            drop(enter(&mut ledger, &id.to_string()));
        }
        ledger.confirm(200).unwrap();
        assert_eq!(ledger.remembered.len(), MAX_REMEMBERED);
        assert_eq!(ledger.bounce("199", &bob(), Error::NoSuchPeer), Bounced::Confirmed);
        assert_eq!(ledger.bounce("0", &bob(), Error::NoSuchPeer), Bounced::Unknown);
    }
}
