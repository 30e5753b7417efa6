use irc_proto::{Command, Message, Prefix};
use otr_transport::{Error, Event, Origin, Presence};
use tokio::io::AsyncWrite;
use tokio::time::Instant;

use super::{Client, News};
use crate::closing::meaning;
use crate::line::numeric;
use crate::link::LineWriter;
use crate::names::is_nick;
use crate::private;
use crate::refusal::Refusal;

/// What each line of the server means.
impl Client {
    /// Takes in one line. An error ends the connection.
    pub(crate) fn handle<W: AsyncWrite + Unpin>(
        &mut self,
        message: &Message,
        now: Instant,
        out: &mut LineWriter<W>,
    ) -> Result<(), Error> {
        self.heard = now;
        let source = match &message.prefix {
            Some(Prefix::Nickname(nick, user, host)) => {
                if self.is_me(nick) {
                    self.me.learn(user, host);
                }
                nick.as_str()
            }
            _ => "",
        };
        match &message.command {
            Command::PING(token, _) => out.pong(token),
            Command::PONG(_, Some(token)) | Command::PONG(token, None) => self.answered(token),
            Command::PRIVMSG(target, body) => self.private_message(message, target, body),
            Command::NICK(nick) if is_nick(source) && is_nick(nick) => self.renamed(source, nick, now, out),
            Command::QUIT(_) => self.saw(source, Presence::Offline),
            Command::CHGHOST(user, host) if self.is_me(source) => self.me.learn(user, host),
            Command::KILL(nick, _) if self.is_me(nick) => {
                // A server that removes us, as after a split, means no harm; a user does.
                let by_user = matches!(&message.prefix, Some(Prefix::Nickname(..)));
                self.expelled = Some(if by_user { Error::NotAllowed } else { Error::ClosedByPeer });
            }
            Command::ERROR(text) => return Err(self.expelled.unwrap_or_else(|| meaning(text))),
            Command::Raw(name, parameters) if name == "FAIL" => {
                if let Some(refusal) = Refusal::read_failure(parameters) {
                    self.flight.refuse(refusal, self.server.case);
                }
            }
            command => {
                if let Some((number, parameters)) = numeric(command) {
                    self.reply(number, parameters);
                }
            }
        }
        Ok(())
    }

    fn answered(&mut self, token: &str) {
        if let Some(token) = self.pings.answered(token) {
            self.settled = true;
            self.flight.confirm(token);
        }
    }

    fn private_message(&mut self, message: &Message, target: &str, body: &str) {
        let case = self.server.case;
        let Some(mut incoming) = private::read(message, (target, body), (self.me.nick(), case), &self.login) else {
            return;
        };
        incoming.from = self.peers.spelling(&incoming.from, case).to_owned();
        if incoming.origin == Origin::Live {
            self.saw(&incoming.from, Presence::Online);
        }
        self.tell(Event::Message(incoming).into());
    }

    fn renamed<W: AsyncWrite + Unpin>(&mut self, from: &str, to: &str, now: Instant, out: &mut LineWriter<W>) {
        if self.is_me(from) {
            self.me.rename(to.to_owned());
            self.tell(News { event: Event::AddressChanged, address: Some(to.to_owned()) });
            return;
        }
        let (by, case) = (self.server.presence, self.server.case);
        let known = self.peers.spelling(from, case).to_owned();
        self.tell(Event::Renamed { from: known, to: to.to_owned() }.into());
        for line in self.peers.rename(from, to, by, case) {
            self.say(now, &line, out);
        }
    }

    fn reply(&mut self, number: u16, parameters: &[String]) {
        if let Some(refusal) = Refusal::read(number, parameters) {
            self.flight.refuse(refusal, self.server.case);
        }
        let [_, middle @ ..] = parameters else { return };
        let first = middle.first().map(String::as_str).unwrap_or_default();
        match number {
            // RPL_ISUPPORT
            5 => self.server.learn(middle.iter().map(String::as_str)),
            // RPL_USERHOST
            302 => self.user_hosts(first),
            // RPL_ISON
            303 => {
                let told = self.peers.answered(&middle.join(" "), self.server.case);
                told.into_iter().for_each(|event| self.tell(event.into()));
            }
            // RPL_HOSTHIDDEN: our nick, the host
            396 => self.me.learn("", first.rsplit('@').next().unwrap_or_default()),
            // ERR_NOSUCHNICK; RPL_LOGOFF, RPL_NOWOFF of WATCH
            401 | 601 | 605 => self.saw(first, Presence::Offline),
            // RPL_LOGON, RPL_NOWON of WATCH
            600 | 604 => self.saw(first, Presence::Online),
            // RPL_MONONLINE, RPL_MONOFFLINE: a list of names, of users where they are there
            730 | 731 => {
                let presence = if number == 730 { Presence::Online } else { Presence::Offline };
                for name in first.split(',') {
                    self.saw(name.split('!').next().unwrap_or_default(), presence);
                }
            }
            // ERR_PASSWDMISMATCH, ERR_YOUREBANNEDCREEP: before the server closes
            464 => self.expelled = Some(Error::LoginRefused),
            465 => self.expelled = Some(Error::NotAllowed),
            _ => {}
        }
    }

    /// `nick*=+user@host`, as often as we asked for: RFC 2812 section 4.8. The star means an operator, the sign whether
    /// away.
    fn user_hosts(&mut self, replies: &str) {
        for (nick, mask) in replies.split(' ').filter_map(|reply| reply.split_once('=')) {
            if self.is_me(nick.trim_end_matches('*')) {
                let (user, host) = mask.trim_start_matches(['+', '-']).split_once('@').unwrap_or_default();
                self.me.learn(user, host);
            }
        }
    }

    fn saw(&mut self, nick: &str, presence: Presence) {
        let told = self.peers.saw(nick, presence, self.server.case);
        if let Some(event) = told {
            self.tell(event.into());
        }
    }
}
