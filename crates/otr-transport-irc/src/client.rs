use std::collections::VecDeque;

use irc_proto::Message;
use otr_transport::{Error, Event, Incoming, Origin};
use tokio::io::AsyncWrite;
use tokio::time::Instant;

use crate::Options;
use crate::flight::Flight;
use crate::flood::FloodControl;
use crate::history::LoginTime;
use crate::identity::{Identity, Limits};
use crate::isupport::{Isupport, PresenceBy};
use crate::link::LineWriter;
use crate::peers::Peers;
use crate::pings::Pings;

mod lines;
#[cfg(test)]
mod tests;

/// Something to tell the host.
#[derive(Debug)]
pub(crate) struct News {
    pub(crate) event: Event,
    /// Who we are from then on, where that is what it is about.
    pub(crate) address: Option<String>,
}

impl From<Event> for News {
    fn from(event: Event) -> Self {
        Self { event, address: None }
    }
}

/// One login on a server, from its welcome to its end: what is known, what is under way, what is to be done next.
///
/// It does nothing by itself: lines and the time come in, lines and news come out.
pub(crate) struct Client {
    me: Identity,
    server: Isupport,
    login: LoginTime,
    peers: Peers,
    pub(crate) flight: Flight,
    flood: FloodControl,
    pings: Pings,
    news: VecDeque<News>,
    drops_excess: bool,
    /// Whether somebody has written to us.
    fruitful: bool,
    /// Why the server is about to end the connection, if it said so before it does.
    expelled: Option<Error>,
    /// Whether the server has answered our first question, and with that told about itself and us.
    settled: bool,
    heard: Instant,
    /// When to ask next who is there.
    ask: Instant,
    options: Options,
}

impl Client {
    /// The state after the server's `welcome`, which calls us `nick`; `peers` are those of earlier connections.
    pub(crate) fn welcomed<W: AsyncWrite + Unpin>(
        (welcome, nick): (&Message, String),
        mut peers: Peers,
        options: &Options,
        now: Instant,
        out: &mut LineWriter<W>,
    ) -> Self {
        peers.on_new_connection();
        out.push(&format!("USERHOST {nick}"));
        let mut pings = Pings::default();
        out.push(&pings.ask(now).0);
        Self {
            me: Identity::new(nick),
            server: Isupport::default(),
            login: LoginTime::of(welcome),
            peers,
            flight: Flight::default(),
            flood: FloodControl::new(options.burst, options.line_interval, now),
            pings,
            news: VecDeque::new(),
            drops_excess: false,
            fruitful: false,
            expelled: None,
            settled: false,
            heard: now,
            ask: now + options.presence_interval,
            options: options.clone(),
        }
    }

    /// Does what it is time for. An error ends the connection.
    pub(crate) fn act<W: AsyncWrite + Unpin>(&mut self, now: Instant, out: &mut LineWriter<W>) -> Result<(), Error> {
        self.send_messages(now, out);
        if !self.has_room() {
            // We do not read at the moment, so it is not the server that is silent.
            self.heard = now;
            self.pings.postpone(now);
        }
        if self.pings.open_since().is_some_and(|asked| asked + self.options.answer_timeout <= now) {
            return Err(Error::TimedOut);
        }
        if self.pings.open_since().is_none() && self.heard + self.options.silence <= now {
            let (line, _) = self.pings.ask(now);
            self.say(now, &line, out);
        }
        if self.asks_for_peers() && self.ask <= now {
            self.ask = now + self.options.presence_interval;
            for line in self.peers.ask() {
                self.say(now, &line, out);
            }
        }
        Ok(())
    }

    /// When [`act`](Self::act) has something to do again, if no line comes before.
    pub(crate) fn next_act(&self, now: Instant, out_is_full: bool) -> Instant {
        let alive = match self.pings.open_since() {
            Some(asked) => asked + self.options.answer_timeout,
            None => self.heard + self.options.silence,
        };
        let send = (self.flight.has_unsent() && !out_is_full).then(|| self.flood.ready_at(now));
        let ask = self.asks_for_peers().then_some(self.ask);
        [Some(alive), send, ask].into_iter().flatten().min().unwrap_or(alive)
    }

    /// Whether the host takes its news fast enough for more to be read.
    pub(crate) fn has_room(&self) -> bool {
        self.drops_excess || self.news.len() < self.options.queue.max(1)
    }

    /// From now on news beyond what may wait are dropped, so that what is under way can be brought to its end. The host
    /// has turned away.
    pub(crate) fn drop_excess_news(&mut self) {
        self.drops_excess = true;
    }

    pub(crate) fn has_settled(&self) -> bool {
        self.settled
    }

    /// Begins the news with the connection, and with our name where it is not `known`. The lines that make the server
    /// follow peers go out.
    pub(crate) fn begin<W: AsyncWrite + Unpin>(&mut self, known: Option<&str>, out: &mut LineWriter<W>) {
        self.news.push_front(Event::Connected { resumed: false }.into());
        if known.is_some_and(|known| known != self.me.nick()) {
            let address = Some(self.me.nick().to_owned());
            self.news.push_front(News { event: Event::AddressChanged, address });
        }
        self.peers.follow_all(self.server.presence).iter().for_each(|line| out.push(line));
    }

    pub(crate) fn next_news(&mut self) -> Option<News> {
        self.news.pop_front()
    }

    pub(crate) fn has_news(&self) -> bool {
        !self.news.is_empty()
    }

    pub(crate) fn nick(&self) -> &str {
        self.me.nick()
    }

    pub(crate) fn limits(&self) -> Limits {
        self.me.limits(&self.server)
    }

    pub(crate) fn server(&self) -> &Isupport {
        &self.server
    }

    /// Whether somebody has written to us: it was worth coming back.
    pub(crate) const fn fruitful(&self) -> bool {
        self.fruitful
    }

    /// What is left for the next connection.
    pub(crate) fn into_rest(self) -> (Peers, VecDeque<News>) {
        (self.peers, self.news)
    }

    fn send_messages<W: AsyncWrite + Unpin>(&mut self, now: Instant, out: &mut LineWriter<W>) {
        let limits = self.limits();
        while !out.is_full() && self.flood.ready_at(now) <= now {
            let Some((to, line)) = self.flight.next_line(limits) else { break };
            let follow = self.peers.written_to(&to, self.server.presence, self.server.case);
            out.push(&format!("PRIVMSG {to} :{line}"));
            self.flood.count(now);
            for line in follow {
                self.say(now, &line, out);
            }
            self.ask_for_confirmation(now, out);
        }
        self.ask_for_confirmation(now, out);
    }

    fn ask_for_confirmation<W: AsyncWrite + Unpin>(&mut self, now: Instant, out: &mut LineWriter<W>) {
        if self.flight.wants_ping() {
            let (line, token) = self.pings.ask(now);
            self.flight.asked(token);
            self.say(now, &line, out);
        }
    }

    /// A line that is not kept waiting, but delays those that come after it.
    fn say<W: AsyncWrite + Unpin>(&mut self, now: Instant, line: &str, out: &mut LineWriter<W>) {
        out.push(line);
        self.flood.count(now);
    }

    fn tell(&mut self, news: News) {
        self.fruitful |= matches!(&news.event, Event::Message(Incoming { origin: Origin::Live, .. }));
        if !self.drops_excess || self.news.len() < self.options.queue.max(1) {
            self.news.push_back(news);
        }
    }

    fn asks_for_peers(&self) -> bool {
        self.server.presence == PresenceBy::Asking && !self.peers.is_empty()
    }

    fn is_me(&self, nick: &str) -> bool {
        self.server.case.same(nick, self.me.nick())
    }
}
