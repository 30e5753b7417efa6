use std::convert::Infallible;
use std::future::pending;
use std::io;

use otr_transport::{Backoff, Error, Event, Recovery};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::Account;
use crate::conversation::{Conversation, Host};
use crate::letter::Limits;
use crate::login::{Authenticated, Bound, authenticate, bind, resume};
use crate::session::Session;
use crate::view::View;
use crate::wire::{Carrier, Link, Stream};

/// A stream on which we have a name.
pub(crate) struct Entry {
    stream: Stream<Box<dyn Carrier>>,
    pub(crate) bound: Bound,
}

/// Gets into the network for the first time.
pub(crate) async fn enter(account: &Account) -> Result<Entry, Error> {
    let entering = async {
        let Authenticated { mut stream, features } = authenticate(account).await?;
        let bound = bind(&mut stream, &features, account).await?;
        Ok(Entry { stream, bound })
    };
    timeout(account.options.connect_timeout, entering).await.unwrap_or(Err(Error::TimedOut))
}

/// What the host can see of a new session.
pub(crate) fn view(account: &Account, bound: &Bound) -> View {
    let limits = Limits {
        from: bound.address.clone().into(),
        set: account.options.max_message_size,
        announced: bound.max_stanza_size,
    };
    View { limits, programs: Default::default() }
}

/// The task behind one transport: it lets a connection talk until it ends, and gets the next.
#[derive(Debug)]
pub(crate) struct Supervisor {
    pub(crate) account: Account,
    pub(crate) backoff: Backoff,
    pub(crate) host: Host,
}

/// A connection that can be talked over.
struct Next {
    stream: Stream<Box<dyn Carrier>>,
    /// `None` where the session was resumed; else what the host has to know of the end of the last one.
    end_of_the_last: Option<Vec<Event>>,
}

impl Supervisor {
    /// Runs until the host closes, or there is no use in going on.
    pub(crate) async fn run(mut self, first: Entry) -> Result<(), Error> {
        let mut session = Session::new(first.bound);
        let mut next = Next { stream: first.stream, end_of_the_last: Some(Vec::new()) };
        loop {
            let started = Instant::now();
            let options = &self.account.options;
            let link = Link::new(next.stream, options.answer_timeout);
            let conversation = match next.end_of_the_last {
                None => Conversation::resumed(link, &mut session, &mut self.host, options),
                Some(news) => Conversation::begun(link, &mut session, &mut self.host, options, news),
            };
            let ended = conversation.run().await;
            if ended.reason == Error::Closed {
                return ended.goodbye;
            }
            session.after_connection(ended.fruitful, ended.deaf);
            if ended.fruitful || started.elapsed() >= self.account.options.retry_max {
                self.backoff.reset();
            }
            next = match self.come_back(&mut session, ended.reason).await {
                Some(next) => next,
                None => return self.settle(&mut session),
            };
        }
    }

    /// The next connection; `None` when the host closes first, or when trying would not help.
    async fn come_back(&mut self, session: &mut Session, reason: Error) -> Option<Next> {
        let mut error = reason;
        // Somebody with our resource took our place, and would be thrown out by us in turn.
        let mut hopeless = matches!(error, Error::NameTaken | Error::LoginRefused);
        if hopeless || matches!(error, Error::Malformed(_) | Error::MessageTooLarge { .. }) {
            session.forbid_resumption();
        }
        let until = Instant::now() + session.resumption().map(|resumption| resumption.kept).unwrap_or_default();
        loop {
            if session.resumption().is_none() {
                session.give_up(LOST);
            }
            let pause = self.backoff.next_delay();
            let recovery = if hopeless { Recovery::GaveUp } else { Recovery::RetryIn(pause) };
            let events = self.host.events.clone();
            let told = events.send(Event::Disconnected { error, recovery });
            self.attend(session, until, told).await?.ok()?;
            if hopeless {
                return None;
            }
            self.attend(session, until, sleep(pause)).await?;
            let account = self.account.clone();
            let entering = timeout(account.options.connect_timeout, authenticate(&account));
            let entered = self.attend(session, until, entering).await?.unwrap_or(Err(Error::TimedOut));
            let next = match entered {
                Ok(entered) => self.take_up(session, entered).await?,
                Err(error) => Err(error),
            };
            error = match next {
                Ok(next) => return Some(next),
                Err(error) => error,
            };
            hopeless = error == Error::LoginRefused;
        }
    }

    /// Resumes the session, or begins a new one; `None` when the host closes first.
    async fn take_up(&mut self, session: &mut Session, entered: Authenticated) -> Option<Result<Next, Error>> {
        let Authenticated { mut stream, features } = entered;
        let account = &self.account;
        let starting = async {
            if session.resumption().is_some() && features.stream_management.is_some() {
                match resume(&mut stream, session).await {
                    Ok(true) => return Ok(None),
                    Err(error) if !matches!(error, Error::Malformed(_)) => return Err(error),
                    Ok(false) | Err(_) => {}
                }
            }
            session.forbid_resumption();
            session.give_up(LOST);
            bind(&mut stream, &features, account).await.map(Some)
        };
        let started = tokio::select! {
            biased;
            _ = &mut self.host.closing => return None,
            started = timeout(account.options.connect_timeout, starting) => started.unwrap_or(Err(Error::TimedOut)),
        };
        let bound = match started {
            Ok(Some(bound)) => bound,
            Ok(None) => return Some(Ok(Next { stream, end_of_the_last: None })),
            Err(error) => return Some(Err(error)),
        };
        // What waited for a resumption must not overtake what was lost: the host decides what to send again.
        for _ in 0..self.host.outbox.len() {
            if let Ok(unsent) = self.host.outbox.try_recv() {
                unsent.outcome.say(Err(Error::NotConnected));
            }
        }
        self.host.view.send_replace(view(&self.account, &bound));
        Some(Ok(Next { stream, end_of_the_last: Some(session.begin_anew(bound)) }))
    }

    /// Does `work` while there is no connection; `None` when the host closes meanwhile. What the host sends waits as
    /// long as the session can be resumed, and is refused from then on.
    async fn attend<T>(&mut self, session: &mut Session, until: Instant, work: impl Future<Output = T>) -> Option<T> {
        let outbox = &mut self.host.outbox;
        let refuse = async {
            if session.resumption().is_some() {
                sleep_until(until).await;
                session.forbid_resumption();
                session.give_up(LOST);
            }
            while let Some(unsent) = outbox.recv().await {
                unsent.outcome.say(Err(Error::NotConnected));
            }
            pending::<Infallible>().await
        };
        tokio::select! {
            biased;
            _ = &mut self.host.closing => None,
            done = work => Some(done),
            never = refuse => match never {},
        }
    }

    /// The end: whatever is open is said to be lost.
    fn settle(&mut self, session: &mut Session) -> Result<(), Error> {
        let mut all_sent = session.ledger.is_settled();
        session.give_up(LOST);
        self.host.outbox.close();
        while let Ok(unsent) = self.host.outbox.try_recv() {
            all_sent = false;
            unsent.outcome.say(Err(Error::NotConnected));
        }
        if all_sent { Ok(()) } else { Err(Error::NotConnected) }
    }
}

/// What became of a message that was written and not confirmed.
const LOST: Error = Error::ConnectionLost(io::ErrorKind::ConnectionAborted);
