use std::collections::VecDeque;

use otr_transport::{Backoff, Error, Event, Recovery};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep};

use crate::account::IrcAccount;
use crate::client::News;
use crate::conversation::{Conversation, Ended};
use crate::flight::Outgoing;
use crate::identity::Limits;

/// What the host may know at any moment: about the last connection, while there is none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Status {
    pub(crate) limits: Limits,
    pub(crate) network: Option<String>,
}

/// The host, as the task behind a transport sees it.
pub(crate) struct Host {
    /// Ends when the host closes.
    pub(crate) outbox: mpsc::Receiver<Outgoing>,
    pub(crate) events: mpsc::Sender<News>,
    pub(crate) status: watch::Sender<Status>,
    /// Resolves, in whatever way, as soon as the host closes, even while messages still wait in the outbox.
    pub(crate) leaving: oneshot::Receiver<()>,
}

impl Host {
    pub(crate) fn publish(&self, status: Status) {
        self.status.send_if_modified(|known| {
            let changed = *known != status;
            if changed {
                *known = status;
            }
            changed
        });
    }
}

/// The task behind one transport: it lets a connection talk until it ends, and gets the next.
pub(crate) struct Supervisor {
    pub(crate) account: IrcAccount,
    pub(crate) host: Host,
    pub(crate) backoff: Backoff,
}

/// How the task ended.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) goodbye: Result<(), Error>,
    /// What the host has not been told yet.
    pub(crate) news: VecDeque<News>,
}

impl Supervisor {
    /// Runs until the host closes or another attempt is pointless.
    pub(crate) async fn run(mut self, mut conversation: Conversation) -> Finished {
        loop {
            let started = Instant::now();
            let mut ended = conversation.run(&mut self.host).await;
            if ended.reason == Error::Closed {
                return Finished { goodbye: ended.goodbye, news: ended.news };
            }
            // A server that lets us in and throws us out at once must not make us come back without pause.
            if ended.fruitful || started.elapsed() >= self.account.options.retry_max {
                self.backoff.reset();
            }
            let next = tokio::select! {
                next = seek(&self.account, &mut self.backoff, &self.host.events, &mut ended) => next,
                () = refuse_all(&mut self.host.outbox) => None,
            };
            if next.is_none() {
                self.host.outbox.close();
            }
            // Whoever has handed something over in the meantime learns it before the host hears of a connection.
            while let Ok(outgoing) = self.host.outbox.try_recv() {
                outgoing.outcome.say(Err(Error::NotConnected));
            }
            match next {
                Some(next) => conversation = next,
                None => return Finished { goodbye: ended.goodbye, news: ended.news },
            }
        }
    }
}

/// Tries until there is a connection, telling the host why there is none and what comes next. `None` when the host is
/// gone, or trying again would be pointless.
async fn seek(
    account: &IrcAccount,
    backoff: &mut Backoff,
    events: &mpsc::Sender<News>,
    ended: &mut Ended,
) -> Option<Conversation> {
    let mut error = ended.reason;
    loop {
        let recovery = recovery(error, backoff);
        ended.news.push_back(Event::Disconnected { error, recovery }.into());
        while !ended.news.is_empty() {
            let place = events.reserve().await.ok()?;
            if let Some(news) = ended.news.pop_front() {
                place.send(news);
            }
        }
        let Recovery::RetryIn(pause) = recovery else { return None };
        sleep(pause).await;
        match Conversation::open(account, Some(&ended.nick), ended.peers.clone()).await {
            Ok(conversation) => return Some(conversation),
            Err(failure) => error = failure,
        }
    }
}

/// Whoever was refused or thrown out does not come back by himself.
fn recovery(error: Error, backoff: &mut Backoff) -> Recovery {
    match error {
        Error::LoginRefused | Error::NotAllowed => Recovery::GaveUp,
        _ => Recovery::RetryIn(backoff.next_delay()),
    }
}

/// Answers whoever wants to send while there is no connection; ends when the host closes.
async fn refuse_all(outbox: &mut mpsc::Receiver<Outgoing>) {
    while let Some(outgoing) = outbox.recv().await {
        outgoing.outcome.say(Err(Error::NotConnected));
    }
}
