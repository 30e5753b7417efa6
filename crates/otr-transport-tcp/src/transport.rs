use otr_transport::{Backoff, Error, Event, Receipt, Transport};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::account::{End, Names, TcpAccount};
use crate::frame::encode;
use crate::source::Source;
use crate::supervisor::{Outgoing, Supervisor};

/// One end of a TCP connection that comes back when it is lost.
///
/// A task behind it does the work. Dropping it closes the connection too, but only
/// [`close`](otr_transport::Transport::close) waits until that is done.
#[derive(Debug)]
pub struct TcpTransport {
    names: Names,
    max_message_size: usize,
    /// `None` once we have closed.
    outbox: Option<mpsc::Sender<Outgoing>>,
    events: mpsc::Receiver<Event>,
    task: Option<JoinHandle<Result<(), Error>>>,
}

impl Transport for TcpTransport {
    type Account = TcpAccount;

    async fn connect(account: TcpAccount) -> Result<Self, Error> {
        let TcpAccount { end, names, options } = account;
        let (source, first) = match end {
            End::Listens(listener) => (Source::Accept(listener.into_inner()), None),
            End::Calls(address) => {
                let source = Source::Connect { address, timeout: options.connect_timeout };
                let first = source.attempt().await?;
                (source, Some(first))
            }
        };
        let (outbox, outgoing) = mpsc::channel(options.waiting.max(1));
        let (event_sender, events) = mpsc::channel(options.queue.max(1));
        let max_message_size = options.max_message_size;
        let supervisor = Supervisor {
            source,
            peer: names.peer.clone(),
            outbox: outgoing,
            events: event_sender,
            backoff: Backoff::new(options.retry_first, options.retry_max, &names),
            options,
        };
        let task = Some(tokio::spawn(supervisor.run(first)));
        Ok(Self { names, max_message_size, outbox: Some(outbox), events, task })
    }

    fn address(&self) -> &str {
        &self.names.ours
    }

    fn max_message_size(&self, _to: &str) -> Option<usize> {
        Some(self.max_message_size)
    }

    fn send(&mut self, to: &str, body: &str) -> Receipt {
        let Some(outbox) = &self.outbox else { return Receipt::known(Err(Error::Closed)) };
        if to != self.names.peer {
            return Receipt::known(Err(Error::NoSuchPeer));
        }
        let frame = match encode(body, self.max_message_size) {
            Ok(frame) => frame,
            Err(error) => return Receipt::known(Err(error)),
        };
        let (outcome, receipt) = Receipt::open();
        match outbox.try_send(Outgoing { frame, outcome }) {
            Ok(()) => receipt,
            Err(mpsc::error::TrySendError::Full(_)) => Receipt::known(Err(Error::QueueFull)),
            Err(mpsc::error::TrySendError::Closed(_)) => Receipt::known(Err(Error::Closed)),
        }
    }

    async fn next_event(&mut self) -> Option<Event> {
        self.events.recv().await
    }

    async fn close(&mut self) -> Result<(), Error> {
        self.outbox = None;
        match self.task.take() {
            Some(task) => task.await.unwrap_or(Err(Error::Closed)),
            None => Ok(()),
        }
    }
}
