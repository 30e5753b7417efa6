use tokio::sync::mpsc;

use crate::{Error, Event, Incoming, Origin, Receipt, Recovery, Transport};

/// Messages that wait in one direction of a [`pair`] before no more are taken.
const DEFAULT_CAPACITY: usize = 64;

/// Two transports joined back to back, for tests and demonstrations: what `a` sends to `b`'s name arrives there.
pub fn pair(a: &str, b: &str) -> (MemoryTransport, MemoryTransport) {
    pair_with_capacity(a, b, DEFAULT_CAPACITY)
}

/// A [`pair`] whose queues hold `capacity` messages each way (at least one).
pub fn pair_with_capacity(a: &str, b: &str, capacity: usize) -> (MemoryTransport, MemoryTransport) {
    let (a, b) = seats(a, b, capacity);
    (MemoryTransport::new(a), MemoryTransport::new(b))
}

/// Two places that face each other, for [`MemoryTransport::connect`](Transport::connect).
pub fn seats(a: &str, b: &str, capacity: usize) -> (Seat, Seat) {
    let (to_b, from_a) = mpsc::channel(capacity.max(1));
    let (to_a, from_b) = mpsc::channel(capacity.max(1));
    let seat = |address: &str, peer: &str, outgoing, incoming| Seat {
        address: address.to_owned(),
        peer: peer.to_owned(),
        outgoing,
        incoming,
    };
    (seat(a, b, to_b, from_b), seat(b, a, to_a, from_a))
}

/// A place at one end, not taken yet.
#[derive(Debug)]
pub struct Seat {
    address: String,
    peer: String,
    outgoing: mpsc::Sender<Incoming>,
    incoming: mpsc::Receiver<Incoming>,
}

/// One end of a [`pair`].
#[derive(Debug)]
pub struct MemoryTransport {
    address: String,
    peer: String,
    max_message_size: Option<usize>,
    /// `None` once we have closed.
    outgoing: Option<mpsc::Sender<Incoming>>,
    incoming: mpsc::Receiver<Incoming>,
    link: Link,
}

/// How far the host has been told about the connection.
#[derive(Debug, PartialEq, Eq)]
enum Link {
    New,
    Up,
    Ended,
}

impl MemoryTransport {
    fn new(seat: Seat) -> Self {
        let Seat { address, peer, outgoing, incoming } = seat;
        Self { address, peer, max_message_size: None, outgoing: Some(outgoing), incoming, link: Link::New }
    }

    /// Makes this end refuse to send more than `limit` bytes in one message, as a real network does.
    #[must_use]
    pub fn with_max_message_size(mut self, limit: usize) -> Self {
        self.max_message_size = Some(limit);
        self
    }

    /// Sends as [`Transport::send`] does, but lets the message arrive as one of another origin.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`], [`Error::NoSuchPeer`], [`Error::MessageTooLarge`], [`Error::QueueFull`], or
    /// [`Error::NotConnected`] when the other end has closed.
    pub fn send_as(&mut self, to: &str, body: &str, origin: Origin) -> Result<(), Error> {
        let outgoing = self.outgoing.as_ref().ok_or(Error::Closed)?;
        if to != self.peer {
            return Err(Error::NoSuchPeer);
        }
        if let Some(limit) = self.max_message_size.filter(|limit| body.len() > *limit) {
            return Err(Error::MessageTooLarge { size: body.len(), limit });
        }
        let message = Incoming::new(self.address.as_str(), body, origin);
        outgoing.try_send(message).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => Error::QueueFull,
            mpsc::error::TrySendError::Closed(_) => Error::NotConnected,
        })
    }
}

impl Transport for MemoryTransport {
    type Account = Seat;

    async fn connect(seat: Seat) -> Result<Self, Error> {
        Ok(Self::new(seat))
    }

    fn address(&self) -> &str {
        &self.address
    }

    fn max_message_size(&self, _to: &str) -> Option<usize> {
        self.max_message_size
    }

    fn send(&mut self, to: &str, body: &str) -> Receipt {
        Receipt::known(self.send_as(to, body, Origin::Live))
    }

    async fn next_event(&mut self) -> Option<Event> {
        match self.link {
            Link::New => {
                self.link = Link::Up;
                return Some(Event::Connected { resumed: false });
            }
            Link::Up => {}
            Link::Ended => return None,
        }
        if let Some(message) = self.incoming.recv().await {
            return Some(Event::Message(message));
        }
        self.link = Link::Ended;
        // Our own closing is no news to the host.
        self.outgoing.as_ref()?;
        Some(Event::Disconnected { error: Error::ClosedByPeer, recovery: Recovery::GaveUp })
    }

    async fn close(&mut self) -> Result<(), Error> {
        self.outgoing = None;
        self.incoming.close();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn connected_pair(capacity: usize) -> (MemoryTransport, MemoryTransport) {
        let (mut a, mut b) = pair_with_capacity("alice", "bob", capacity);
        assert_eq!(a.next_event().await, Some(Event::Connected { resumed: false }));
        assert_eq!(b.next_event().await, Some(Event::Connected { resumed: false }));
        (a, b)
    }

    fn message(from: &str, body: &str, origin: Origin) -> Option<Event> {
        Some(Event::Message(Incoming::new(from, body, origin)))
    }

    #[tokio::test]
    async fn carries_both_ways_in_order() {
        let (mut a, mut b) = connected_pair(8).await;
        for text in ["one", "", "three\nlines \u{1d11e}"] {
            a.send("bob", text).await.unwrap();
        }
        b.send("alice", "back").await.unwrap();
        for text in ["one", "", "three\nlines \u{1d11e}"] {
            assert_eq!(b.next_event().await, message("alice", text, Origin::Live));
        }
        assert_eq!(a.next_event().await, message("bob", "back", Origin::Live));
        assert_eq!((a.address(), b.address()), ("alice", "bob"));
    }

    #[tokio::test]
    async fn origins_arrive_as_sent() {
        let (mut a, mut b) = connected_pair(8).await;
        for origin in [Origin::Live, Origin::History, Origin::OwnCopy, Origin::PeerCopy, Origin::Group] {
            a.send_as("bob", "x", origin).unwrap();
            assert_eq!(b.next_event().await, message("alice", "x", origin));
        }
    }

    #[tokio::test]
    async fn refuses_strangers_and_oversized_bodies() {
        let (a, mut b) = connected_pair(8).await;
        let mut a = a.with_max_message_size(4);
        assert_eq!(a.max_message_size("bob"), Some(4));
        assert_eq!(a.send("carol", "x").await, Err(Error::NoSuchPeer));
        assert_eq!(a.send("bob", "12345").await, Err(Error::MessageTooLarge { size: 5, limit: 4 }));
        a.send("bob", "1234").await.unwrap();
        assert_eq!(b.next_event().await, message("alice", "1234", Origin::Live));
    }

    #[tokio::test]
    async fn a_full_queue_takes_no_more() {
        let (mut a, mut b) = connected_pair(1).await;
        a.send("bob", "first").await.unwrap();
        assert_eq!(a.send("bob", "second").await, Err(Error::QueueFull));
        assert_eq!(b.next_event().await, message("alice", "first", Origin::Live));
        a.send("bob", "second").await.unwrap();
        assert_eq!(b.next_event().await, message("alice", "second", Origin::Live));
    }

    #[tokio::test]
    async fn seats_are_taken_by_connecting() {
        let (a, b) = seats("alice", "bob", 4);
        let (mut a, mut b) = (MemoryTransport::connect(a).await.unwrap(), MemoryTransport::connect(b).await.unwrap());
        a.send("bob", "hello").await.unwrap();
        assert_eq!(b.next_event().await, Some(Event::Connected { resumed: false }));
        assert_eq!(b.next_event().await, message("alice", "hello", Origin::Live));
    }

    #[tokio::test]
    async fn closing_is_seen_by_both_ends() {
        let (mut a, mut b) = connected_pair(8).await;
        a.send("bob", "last words").await.unwrap();
        b.send("alice", "unread").await.unwrap();
        a.close().await.unwrap();
        a.close().await.unwrap();

        assert_eq!(a.send("bob", "x").await, Err(Error::Closed));
        assert_eq!(a.next_event().await, message("bob", "unread", Origin::Live));
        assert_eq!(a.next_event().await, None);

        assert_eq!(b.send("alice", "x").await, Err(Error::NotConnected));
        assert_eq!(b.next_event().await, message("alice", "last words", Origin::Live));
        let gone = Event::Disconnected { error: Error::ClosedByPeer, recovery: Recovery::GaveUp };
        assert_eq!(b.next_event().await, Some(gone));
        assert_eq!(b.next_event().await, None);
    }
}
