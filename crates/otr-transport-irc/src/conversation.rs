use std::collections::VecDeque;

use otr_transport::Error;
use tokio::time::{Instant, sleep_until, timeout};

use crate::account::IrcAccount;
use crate::client::{Client, News};
use crate::link::Link;
use crate::login::log_in;
use crate::peers::Peers;
use crate::supervisor::{Host, Status};

/// A connection on which we are logged in.
pub(crate) struct Conversation {
    link: Link,
    client: Client,
    account: IrcAccount,
}

/// How a connection ended, and what is left of it.
pub(crate) struct Ended {
    /// [`Error::Closed`] when the host closed.
    pub(crate) reason: Error,
    /// Whether our own closing went in good order, if it was on its way.
    pub(crate) goodbye: Result<(), Error>,
    /// Whether somebody has written to us.
    pub(crate) fruitful: bool,
    /// What the host has not been told yet.
    pub(crate) news: VecDeque<News>,
    pub(crate) nick: String,
    pub(crate) peers: Peers,
}

impl Conversation {
    /// Connects and logs in; `known` is the nick that the host knows us by, and `peers` are those of earlier connections.
    pub(crate) async fn open(account: &IrcAccount, known: Option<&str>, peers: Peers) -> Result<Self, Error> {
        let mut link = Link::open(account).await?;
        let logging_in = async {
            let (welcome, nick) = log_in(account, &mut link).await?;
            let now = Instant::now();
            let client = Client::welcomed((&welcome, nick), peers, &account.options, now, &mut link.outgoing);
            let mut conversation = Self { link, client, account: account.clone() };
            conversation.settle().await?;
            conversation.client.begin(known, &mut conversation.link.outgoing);
            Ok(conversation)
        };
        timeout(account.options.login_timeout, logging_in).await.map_err(|_| Error::TimedOut)?
    }

    pub(crate) fn nick(&self) -> &str {
        self.client.nick()
    }

    pub(crate) fn status(&self) -> Status {
        let server = self.client.server();
        Status { limits: self.client.limits(), network: server.network.clone() }
    }

    /// Lets the server tell about itself and us. What it plays back of earlier talks comes in between.
    async fn settle(&mut self) -> Result<(), Error> {
        while !self.client.has_settled() && self.client.has_room() {
            tokio::select! {
                message = self.link.incoming.next(), if !self.link.outgoing.is_full() => {
                    self.client.handle(&message?, Instant::now(), &mut self.link.outgoing)?;
                }
                written = self.link.outgoing.write_some() => written?,
            }
        }
        Ok(())
    }

    /// Talks until the connection ends or the host closes.
    pub(crate) async fn run(mut self, host: &mut Host) -> Ended {
        let mut leaving = false;
        let reason = self.talk(host, &mut leaving).await;
        let goodbye = match reason {
            Error::Closed => self.say_goodbye().await,
            error if leaving => Err(error),
            _ => Ok(()),
        };
        self.client.flight.lose(reason);
        let (nick, fruitful) = (self.client.nick().to_owned(), self.client.fruitful());
        let (peers, news) = self.client.into_rest();
        Ended { reason, goodbye, fruitful, news, nick, peers }
    }

    /// Why it ended; whether the host was about to close by then is in `leaving`.
    async fn talk(&mut self, host: &mut Host, leaving: &mut bool) -> Error {
        let mut all_handed_over = false;
        let mut handed_over = Vec::new();
        loop {
            host.publish(self.status());
            let Self { link: Link { incoming, outgoing }, client, .. } = self;
            let now = Instant::now();
            if let Err(error) = client.act(now, outgoing) {
                return error;
            }
            if all_handed_over && client.flight.is_empty() {
                return Error::Closed;
            }
            incoming.allow(client.server().line_length);
            let room = client.flight.room();
            let next_act = client.next_act(now, outgoing.is_full());
            let step = tokio::select! {
                message = incoming.next(), if client.has_room() && !outgoing.is_full() => {
                    message.and_then(|message| client.handle(&message, Instant::now(), outgoing))
                }
                written = outgoing.write_some() => match written {
                    Err(error) => return self.hear_out().await.unwrap_or(error),
                    Ok(()) => Ok(()),
                },
                place = host.events.reserve(), if client.has_news() => {
                    if let (Some(news), Ok(place)) = (client.next_news(), place) {
                        place.send(news);
                    }
                    Ok(())
                }
                count = host.outbox.recv_many(&mut handed_over, room), if !all_handed_over && room > 0 => {
                    all_handed_over = count == 0;
                    handed_over.drain(..).for_each(|message| client.flight.take(message));
                    Ok(())
                }
                _ = &mut host.leaving, if !*leaving => {
                    *leaving = true;
                    client.drop_excess_news();
                    Ok(())
                }
                () = sleep_until(next_act) => Ok(()),
            };
            if let Err(error) = step {
                return error;
            }
        }
    }

    /// What the server still has to say after it has stopped listening, for a moment. Why it ended, if it says so.
    async fn hear_out(&mut self) -> Option<Error> {
        self.client.drop_excess_news();
        let Self { link: Link { incoming, outgoing }, client, account } = self;
        let hearing = async {
            loop {
                let handled = match incoming.next().await {
                    Ok(message) => client.handle(&message, Instant::now(), outgoing),
                    Err(error) => Err(error),
                };
                // Answers have nowhere to go any more.
                outgoing.clear();
                if let Err(error) = handled {
                    return error;
                }
            }
        };
        timeout(account.options.close_timeout, hearing).await.ok()
    }

    /// Says that we are done and hears the server out. To close with bytes unread would reset the connection, and take
    /// back what we sent last.
    async fn say_goodbye(&mut self) -> Result<(), Error> {
        self.link.outgoing.push("QUIT");
        let limit = self.account.options.close_timeout;
        timeout(limit, self.link.outgoing.write_all()).await.map_err(|_| Error::TimedOut)??;
        // A server that does not close has had its time; that is no failure of ours.
        self.hear_out().await;
        Ok(())
    }
}
