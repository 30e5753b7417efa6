use std::future::Future;

use crate::{Error, Event, Receipt};

/// A way to carry whole text messages to named peers.
///
/// One value is one account on one network. It reconnects by itself and reports that through [`Event`]s; all its
/// queues are bounded, so a host that stops asking for events slows the network down and costs no memory.
///
/// Messages to one peer arrive in the order in which they were handed over, or not at all. A transport whose network
/// says whether a message got there after a loss (by transaction ids or by resumption) sees to that itself. Any other
/// one tells the fate of every message through its [`Receipt`] before the next [`Event::Connected`], and leaves it to the
/// host what to send again.
pub trait Transport: Send {
    /// What it takes to get in: an address, a password, settings.
    type Account: Send;

    /// Gets into the network, and stays there: when the connection is lost later, it is made again.
    ///
    /// # Errors
    ///
    /// Why the first attempt failed.
    fn connect(account: Self::Account) -> impl Future<Output = Result<Self, Error>> + Send
    where
        Self: Sized;

    /// Who we are: our own address on this network, as others write it.
    fn address(&self) -> &str;

    /// The largest body that [`send`](Self::send) takes for `to` at the moment, in bytes, or `None` where the network
    /// sets no limit. A session fragments its messages to fit. It may change while the connection lasts, as where the
    /// network puts our name before what we send.
    fn max_message_size(&self, to: &str) -> Option<usize>;

    /// Hands over `body` for `to`; the receipt says what became of it. Nothing is waited for, so nothing else stands
    /// still meanwhile.
    ///
    /// Where the network confirms messages, the confirmations come in with its events: take those, too, while a receipt
    /// is being waited for.
    fn send(&mut self, to: &str, body: &str) -> Receipt;

    /// The next event, or `None` when the transport is closed and all events have been taken.
    ///
    /// Dropping the future loses nothing, so it can stand in a `select!`.
    fn next_event(&mut self) -> impl Future<Output = Option<Event>> + Send;

    /// Leaves the network in good order, once what was handed over is sent. Events that were waiting can still be taken.
    /// Closing twice is harmless.
    ///
    /// # Errors
    ///
    /// What kept the transport from saying goodbye; it is closed all the same.
    fn close(&mut self) -> impl Future<Output = Result<(), Error>> + Send;
}
