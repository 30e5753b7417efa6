use std::collections::VecDeque;

use otr_transport::{Backoff, Error, Event, Receipt, Transport};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::account::IrcAccount;
use crate::client::News;
use crate::conversation::Conversation;
use crate::flight::Outgoing;
use crate::names::is_nick;
use crate::peers::Peers;
use crate::supervisor::{Finished, Host, Status, Supervisor};

/// A place on an IRC network, kept across losses of the connection.
///
/// A task behind it does the work. Dropping it leaves the network too, but only
/// [`close`](otr_transport::Transport::close) waits until that is done.
#[derive(Debug)]
pub struct IrcTransport {
    nick: String,
    /// `None` once we have closed.
    outbox: Option<Outbox>,
    status: watch::Receiver<Status>,
    events: mpsc::Receiver<News>,
    task: Option<JoinHandle<Finished>>,
    /// What was not told yet when the task ended.
    rest: VecDeque<News>,
}

#[derive(Debug)]
struct Outbox {
    messages: mpsc::Sender<Outgoing>,
    /// Dropped together with the rest, which tells the task at once.
    _leaving: oneshot::Sender<()>,
}

impl IrcTransport {
    /// The name of the network, where the server tells it: several servers can belong to one.
    pub fn network(&self) -> Option<String> {
        self.status.borrow().network.clone()
    }

    fn submit(&mut self, to: &str, body: &str) -> Result<Receipt, Error> {
        let outbox = self.outbox.as_ref().ok_or(Error::Closed)?;
        let lines = lines(to, body)?;
        let limit = self.status.borrow().limits.for_peer(to);
        if let Some(size) = lines.iter().map(String::len).find(|size| *size > limit) {
            return Err(Error::MessageTooLarge { size, limit });
        }
        let (outcome, receipt) = Receipt::open();
        let outgoing = Outgoing { to: to.to_owned(), lines, outcome };
        outbox.messages.try_send(outgoing).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => Error::QueueFull,
            // The task has given up; while it tries to connect, it refuses by itself.
            mpsc::error::TrySendError::Closed(_) => Error::NotConnected,
        })?;
        Ok(receipt)
    }
}

/// The lines of `body`: a message of IRC is one line, so that a text of several is as many messages. Empty lines cannot
/// be sent at all.
fn lines(to: &str, body: &str) -> Result<Vec<String>, Error> {
    if !is_nick(to) {
        return Err(Error::InvalidAddress);
    }
    if body.contains('\0') {
        return Err(Error::NotSupported("a zero byte in a message"));
    }
    let lines: Vec<String> = body.split(['\r', '\n']).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    if lines.is_empty() { Err(Error::EmptyMessage) } else { Ok(lines) }
}

impl Transport for IrcTransport {
    type Account = IrcAccount;

    async fn connect(account: IrcAccount) -> Result<Self, Error> {
        account.check()?;
        let conversation = Conversation::open(&account, None, Peers::default()).await?;
        let nick = conversation.nick().to_owned();
        let (messages, outbox) = mpsc::channel(account.options.waiting.max(1));
        let (leaving, left) = oneshot::channel();
        let (event_sender, events) = mpsc::channel(1);
        let (status_sender, status) = watch::channel(conversation.status());
        let client = (&account.host, account.port, &account.nick);
        let backoff = Backoff::new(account.options.retry_first, account.options.retry_max, &client);
        let host = Host { outbox, events: event_sender, status: status_sender, leaving: left };
        let task = Some(tokio::spawn(Supervisor { account, host, backoff }.run(conversation)));
        Ok(Self {
            nick,
            outbox: Some(Outbox { messages, _leaving: leaving }),
            status,
            events,
            task,
            rest: VecDeque::new(),
        })
    }

    fn address(&self) -> &str {
        &self.nick
    }

    /// The limit holds for each line of a text, not for the whole of it.
    fn max_message_size(&self, to: &str) -> Option<usize> {
        Some(self.status.borrow().limits.for_peer(to))
    }

    fn send(&mut self, to: &str, body: &str) -> Receipt {
        self.submit(to, body).unwrap_or_else(|error| Receipt::known(Err(error)))
    }

    async fn next_event(&mut self) -> Option<Event> {
        let news = match self.events.recv().await {
            Some(news) => news,
            None => self.rest.pop_front()?,
        };
        let News { event, address } = news;
        if let Some(address) = address {
            self.nick = address;
        }
        Some(event)
    }

    async fn close(&mut self) -> Result<(), Error> {
        self.outbox = None;
        let Some(task) = self.task.take() else { return Ok(()) };
        let Finished { goodbye, news } = task.await.map_err(|_| Error::Closed)?;
        self.rest = news;
        goodbye
    }
}
