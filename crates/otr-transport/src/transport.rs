use std::future::Future;

use crate::{Error, Event};

/// A way to carry whole text messages to named peers.
///
/// One value is one account on one network. It reconnects by itself and reports that through [`Event`]s; all its
/// queues are bounded, so a host that stops asking for events slows the network down and costs no memory.
pub trait Transport: Send {
    /// Who we are: our own address on this network.
    fn address(&self) -> &str;

    /// The largest body that [`send`](Self::send) takes, in bytes, or `None` where the network sets no limit.
    /// A session fragments its messages to fit.
    fn max_message_size(&self) -> Option<usize>;

    /// Sends `body` whole to `to`, waiting while the queue is full.
    ///
    /// `Ok` means that the network has taken it, not that the peer has read it. Dropping the future leaves open
    /// whether the message goes out, but never sends a part of one.
    ///
    /// # Errors
    ///
    /// [`Error::NotConnected`], [`Error::NoSuchPeer`], [`Error::EmptyMessage`], [`Error::MessageTooLarge`],
    /// [`Error::RateLimited`] and [`Error::Closed`] mean that nothing was sent. After any other error the message may have arrived.
    fn send(&mut self, to: &str, body: &str) -> impl Future<Output = Result<(), Error>> + Send;

    /// The next event, or `None` when the transport is closed and all events have been taken.
    ///
    /// Dropping the future loses nothing, so it can stand in a `select!`.
    fn next_event(&mut self) -> impl Future<Output = Option<Event>> + Send;

    /// Leaves the network in good order. Events that were waiting can still be taken. Closing twice is harmless.
    ///
    /// # Errors
    ///
    /// What kept the transport from saying goodbye; it is closed all the same.
    fn close(&mut self) -> impl Future<Output = Result<(), Error>> + Send;
}
