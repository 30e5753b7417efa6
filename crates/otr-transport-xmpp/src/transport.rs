use std::fmt;

use otr_transport::{Backoff, Error, Event, Receipt, Transport};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio_xmpp::jid::BareJid;

use crate::Account;
use crate::conversation::{Host, Outgoing};
use crate::letter;
use crate::supervisor::{Supervisor, enter, view};
use crate::view::View;

/// One account on an XMPP network, there until it is closed.
///
/// A task behind it does the work. Dropping it leaves the network too, but only
/// [`close`](otr_transport::Transport::close) waits until that is done.
#[derive(Debug)]
pub struct XmppTransport {
    address: String,
    /// `None` once we have closed.
    hands: Option<Hands>,
    events: mpsc::Receiver<Event>,
    view: watch::Receiver<View>,
    task: Option<JoinHandle<Result<(), Error>>>,
}

/// What the task sees go when we close.
struct Hands {
    outbox: mpsc::Sender<Outgoing>,
    /// Dropped after the outbox, so that whatever is in there is seen to.
    _closing: oneshot::Sender<()>,
}

impl XmppTransport {
    /// The program that `peer` runs, as it names itself: the `node` of its capabilities (XEP-0115), an address such as
    /// `http://pidgin.im/`. `None` where the peer does not let us see its presence, or does not say.
    pub fn software(&self, peer: &str) -> Option<String> {
        let peer = BareJid::new(peer).ok()?;
        self.view.borrow().programs.get(&peer).cloned()
    }

    fn hand_over(&self, to: &str, body: &str) -> Result<Receipt, Error> {
        let hands = self.hands.as_ref().ok_or(Error::Closed)?;
        let to = BareJid::new(to).map_err(|_| Error::InvalidAddress)?;
        letter::check(body, self.view.borrow().limits.body(&to))?;
        let (outcome, receipt) = Receipt::open();
        match hands.outbox.try_send(Outgoing { to, body: body.to_owned(), outcome }) {
            Ok(()) => Ok(receipt),
            Err(mpsc::error::TrySendError::Full(_)) => Err(Error::QueueFull),
            // The task has given up.
            Err(mpsc::error::TrySendError::Closed(_)) => Err(Error::NotConnected),
        }
    }
}

impl Transport for XmppTransport {
    type Account = Account;

    /// Connects, logs in, and says that we are there.
    ///
    /// # Errors
    ///
    /// Whatever kept us from it, among others [`Error::NameNotResolved`], [`Error::ConnectionRefused`],
    /// [`Error::TimedOut`], [`Error::Tls`], [`Error::Certificate`], [`Error::LoginRefused`], [`Error::NotSupported`] and
    /// [`Error::Malformed`].
    async fn connect(account: Account) -> Result<Self, Error> {
        let first = enter(&account).await?;
        let address = account.address.to_string();
        let options = &account.options;
        let (outbox, outgoing) = mpsc::channel(options.waiting.max(1));
        let (event_sender, events) = mpsc::channel(options.queue.max(1));
        let (view_sender, view) = watch::channel(view(&account, &first.bound));
        let (_closing, closing) = oneshot::channel();
        let host = Host { outbox: outgoing, events: event_sender, view: view_sender, closing };
        let backoff = Backoff::new(options.retry_first, options.retry_max, &first.bound.address.as_str());
        let supervisor = Supervisor { account, backoff, host };
        let task = Some(tokio::spawn(supervisor.run(first)));
        Ok(Self { address, hands: Some(Hands { outbox, _closing }), events, view, task })
    }

    fn address(&self) -> &str {
        &self.address
    }

    fn max_message_size(&self, to: &str) -> Option<usize> {
        let to = BareJid::new(to).ok()?;
        Some(self.view.borrow().limits.body(&to))
    }

    fn send(&mut self, to: &str, body: &str) -> Receipt {
        self.hand_over(to, body).unwrap_or_else(|error| Receipt::known(Err(error)))
    }

    async fn next_event(&mut self) -> Option<Event> {
        self.events.recv().await
    }

    async fn close(&mut self) -> Result<(), Error> {
        self.hands = None;
        match self.task.take() {
            Some(task) => task.await.unwrap_or(Err(Error::Closed)),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Hands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hands").finish_non_exhaustive()
    }
}
