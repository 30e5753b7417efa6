use std::io;

use otr_transport::{Error, Event, Transport};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::Options;
use crate::backoff::Backoff;
use crate::frame::encode;
use crate::source::Source;
use crate::supervisor::{Outgoing, Supervisor};

/// The names of the two ends. TCP has none of its own, so the host decides.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Names {
    ours: String,
    peer: String,
}

impl Names {
    /// Our own name, and the name by which the other end goes here.
    pub fn new(ours: impl Into<String>, peer: impl Into<String>) -> Self {
        Self { ours: ours.into(), peer: peer.into() }
    }
}

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

impl TcpTransport {
    /// Connects to `address`, which is `host:port`. When the connection is lost later, it is made again.
    ///
    /// # Errors
    ///
    /// When the first connection cannot be made: [`Error::InvalidAddress`], [`Error::NameNotResolved`],
    /// [`Error::ConnectionRefused`], [`Error::TimedOut`], or [`Error::System`] for what has no variant of its own.
    pub async fn connect(address: &str, names: Names, options: Options) -> Result<Self, Error> {
        let source = Source::Connect { address: address.to_owned(), timeout: options.connect_timeout };
        let first = source.attempt().await?;
        Ok(Self::start(source, Some(first), names, options))
    }

    pub(crate) fn start(source: Source, first: Option<TcpStream>, names: Names, options: Options) -> Self {
        let (outbox, outgoing) = mpsc::channel(1);
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
        Self { names, max_message_size, outbox: Some(outbox), events, task }
    }
}

impl Transport for TcpTransport {
    fn address(&self) -> &str {
        &self.names.ours
    }

    fn max_message_size(&self) -> Option<usize> {
        Some(self.max_message_size)
    }

    async fn send(&mut self, to: &str, body: &str) -> Result<(), Error> {
        let outbox = self.outbox.as_ref().ok_or(Error::Closed)?;
        if to != self.names.peer {
            return Err(Error::NoSuchPeer);
        }
        let frame = encode(body, self.max_message_size)?;
        let (outcome, sent) = oneshot::channel();
        outbox.send(Outgoing { frame, outcome }).await.map_err(|_| Error::Closed)?;
        // No answer: the connection ended from the other side while this message was being written.
        sent.await.unwrap_or(Err(Error::ConnectionLost(io::ErrorKind::ConnectionAborted)))
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
