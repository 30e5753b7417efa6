use irc_proto::{CapSubCommand, Command, Message};
use otr_transport::Error;
use tokio::io::AsyncWrite;

use crate::account::IrcAccount;
use crate::closing::meaning;
use crate::line::numeric;
use crate::link::{LineWriter, Link};
use crate::names::is_nick;
use crate::sasl::plain;

/// What we ask of a server that offers it: to tell old messages from new ones, to tell our host when it changes, and to
/// tell what other clients of ours say.
const WANTED: [&str; 4] = ["batch", "server-time", "chghost", "znc.in/self-message"];

/// A login on its way: RFC 2812 section 3.1, IRCv3 capability negotiation 302, sasl-3.1.
struct Login<'a> {
    account: &'a IrcAccount,
    /// Those of [`WANTED`] that the server offers.
    offered: Vec<&'static str>,
    sasl: SaslOffer,
    logged_in: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SaslOffer {
    None,
    Plain,
    OtherMechanisms,
}

/// Logs in; the line returned is the server's welcome, and the text the nick that it gives us.
pub(crate) async fn log_in(account: &IrcAccount, link: &mut Link) -> Result<(Message, String), Error> {
    let mut login = Login::new(account);
    login.start(&mut link.outgoing);
    loop {
        tokio::select! {
            message = link.incoming.next(), if !link.outgoing.is_full() => {
                let message = message?;
                if let Some(nick) = login.handle(&message, &mut link.outgoing)? {
                    return Ok((message, nick));
                }
            }
            written = link.outgoing.write_some() => written?,
        }
    }
}

impl<'a> Login<'a> {
    fn new(account: &'a IrcAccount) -> Self {
        Self { account, offered: Vec::new(), sasl: SaslOffer::None, logged_in: false }
    }

    fn start<W: AsyncWrite + Unpin>(&self, out: &mut LineWriter<W>) {
        out.push("CAP LS 302");
        if let Some(password) = &self.account.server_password {
            out.push_secret(&["PASS :", password.as_str()]);
        }
        out.push(&format!("NICK {}", self.account.nick));
        out.push(&format!("USER {} 0 * :{}", self.account.user, self.account.real_name));
    }

    /// Our nick, once the server welcomes us.
    fn handle<W: AsyncWrite + Unpin>(
        &mut self,
        message: &Message,
        out: &mut LineWriter<W>,
    ) -> Result<Option<String>, Error> {
        match &message.command {
            Command::PING(token, _) => out.pong(token),
            Command::ERROR(text) => return Err(meaning(text)),
            Command::AUTHENTICATE(text) if text == "+" => self.authenticate(out),
            Command::CAP(_, CapSubCommand::LS, Some(more), Some(list)) if more == "*" => self.note(list),
            Command::CAP(_, CapSubCommand::LS, Some(list), None) => {
                self.note(list);
                self.request(out)?;
            }
            Command::CAP(_, CapSubCommand::ACK, ..) if self.account.sasl.is_some() => out.push("AUTHENTICATE PLAIN"),
            Command::CAP(_, CapSubCommand::NAK, ..) if self.account.sasl.is_some() => {
                return Err(Error::NotSupported("SASL"));
            }
            Command::CAP(_, CapSubCommand::ACK | CapSubCommand::NAK, ..) => out.push("CAP END"),
            command => {
                if let Some((number, parameters)) = numeric(command) {
                    return self.reply(number, parameters, out);
                }
            }
        }
        Ok(None)
    }

    fn note(&mut self, list: &str) {
        for capability in list.split(' ') {
            let (name, value) = capability.split_once('=').unwrap_or((capability, ""));
            if name == "sasl" {
                let plain = value.is_empty() || value.split(',').any(|mechanism| mechanism == "PLAIN");
                self.sasl = if plain { SaslOffer::Plain } else { SaslOffer::OtherMechanisms };
            }
            let wanted = WANTED.iter().find(|wanted| **wanted == name);
            self.offered.extend(wanted.filter(|wanted| !self.offered.contains(wanted)));
        }
    }

    fn request<W: AsyncWrite + Unpin>(&self, out: &mut LineWriter<W>) -> Result<(), Error> {
        let mut list = self.offered.clone();
        if self.account.sasl.is_some() {
            match self.sasl {
                SaslOffer::None => return Err(Error::NotSupported("SASL")),
                SaslOffer::OtherMechanisms => return Err(Error::NotSupported("SASL PLAIN")),
                SaslOffer::Plain => list.push("sasl"),
            }
        }
        if list.is_empty() {
            out.push("CAP END")
        } else {
            out.push(&format!("CAP REQ :{}", list.join(" ")))
        }
        Ok(())
    }

    fn authenticate<W: AsyncWrite + Unpin>(&self, out: &mut LineWriter<W>) {
        for line in self.account.sasl.iter().flat_map(plain) {
            out.push_secret(&[&line]);
        }
    }

    fn reply<W: AsyncWrite + Unpin>(
        &mut self,
        number: u16,
        parameters: &[String],
        out: &mut LineWriter<W>,
    ) -> Result<Option<String>, Error> {
        match number {
            // RPL_WELCOME
            1 if self.account.sasl.is_some() && !self.logged_in => Err(Error::NotSupported("SASL")),
            1 => match parameters.first() {
                Some(nick) if is_nick(nick) => Ok(Some(nick.clone())),
                _ => Err(Error::Malformed("the welcome gives us no name")),
            },
            // RPL_SASLSUCCESS, ERR_SASLALREADY
            903 | 907 => {
                self.logged_in = true;
                out.push("CAP END");
                Ok(None)
            }
            // ERR_ERRONEUSNICKNAME
            432 => Err(Error::InvalidAddress),
            // ERR_NICKNAMEINUSE, ERR_NICKCOLLISION, ERR_UNAVAILRESOURCE
            433 | 436 | 437 => Err(Error::NameTaken),
            // ERR_PASSWDMISMATCH, ERR_NICKLOCKED, ERR_SASLFAIL, ERR_SASLTOOLONG, ERR_SASLABORTED
            464 | 902 | 904 | 905 | 906 => Err(Error::LoginRefused),
            // ERR_YOUREBANNEDCREEP
            465 => Err(Error::NotAllowed),
            // RPL_SASLMECHS
            908 => Err(Error::NotSupported("SASL PLAIN")),
            // Servers without capabilities do not know the command, and welcome us all the same.
            _ => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::Sink;

    use super::*;

    struct Talk<'a> {
        login: Login<'a>,
        out: LineWriter<Sink>,
    }

    impl<'a> Talk<'a> {
        fn begun(account: &'a IrcAccount) -> Self {
            let mut talk = Self { login: Login::new(account), out: LineWriter::keeping() };
            talk.login.start(&mut talk.out);
            talk
        }

        /// What we answer to a line.
        fn hear(&mut self, line: &str) -> Result<(Option<String>, Vec<String>), Error> {
            let nick = self.login.handle(&line.parse().unwrap(), &mut self.out)?;
            Ok((nick, self.out.lines()))
        }

        fn answer(&mut self, line: &str) -> Vec<String> {
            self.hear(line).unwrap().1
        }
    }

    fn account() -> IrcAccount {
        IrcAccount::cleartext("irc.example", 6667, "alice").passwords_in_clear()
    }

    #[test]
    fn a_server_without_capabilities_welcomes_us() {
        let account = account().server_password("open sesame".to_owned());
        let mut talk = Talk::begun(&account);
        let said = ["CAP LS 302", "PASS :open sesame", "NICK alice", "USER alice 0 * :alice"];
        assert_eq!(talk.out.lines(), said);
        assert_eq!(talk.answer(":s 421 * CAP :Unknown command"), [""; 0]);
        assert_eq!(talk.answer("PING :cookie"), ["PONG :cookie"]);
        assert_eq!(talk.answer(":s NOTICE * :*** Looking up your hostname"), [""; 0]);
        assert_eq!(talk.hear(":s 001 alice_ :Welcome").unwrap().0.as_deref(), Some("alice_"));
    }

    #[test]
    fn what_is_offered_and_wanted_is_requested() {
        let account = account();
        let mut talk = Talk::begun(&account);
        talk.out.lines();
        assert_eq!(talk.answer(":s CAP * LS * :multi-prefix batch sasl=PLAIN"), [""; 0]);
        assert_eq!(talk.answer(":s CAP * LS :batch server-time=x away-notify"), ["CAP REQ :batch server-time"]);
        assert_eq!(talk.answer(":s CAP * ACK :batch server-time"), ["CAP END"]);

        let mut talk = Talk::begun(&account);
        talk.out.lines();
        assert_eq!(talk.answer(":s CAP * LS :multi-prefix"), ["CAP END"]);
        assert_eq!(talk.answer(":s CAP * NAK :batch"), ["CAP END"]);
    }

    #[test]
    fn sasl_comes_before_the_welcome() {
        let account = account().sasl("jilles", "sesame".to_owned());
        let mut talk = Talk::begun(&account);
        talk.out.lines();
        assert_eq!(talk.answer(":s CAP * LS :sasl=EXTERNAL,PLAIN chghost"), ["CAP REQ :chghost sasl"]);
        assert_eq!(talk.answer(":s CAP * ACK :chghost sasl"), ["AUTHENTICATE PLAIN"]);
        assert_eq!(talk.answer("AUTHENTICATE +"), ["AUTHENTICATE AGppbGxlcwBzZXNhbWU="]);
        assert_eq!(talk.answer(":s 900 alice a!b@c jilles :You are now logged in"), [""; 0]);
        assert_eq!(talk.answer(":s 903 alice :SASL authentication successful"), ["CAP END"]);
        assert_eq!(talk.hear(":s 001 alice :Welcome").unwrap().0.as_deref(), Some("alice"));
    }

    #[test]
    fn without_the_sasl_that_was_asked_for_there_is_no_login() {
        let account = account().sasl("jilles", "sesame".to_owned());
        for (line, error) in [
            (":s CAP * LS :batch", Error::NotSupported("SASL")),
            (":s CAP * LS :sasl=EXTERNAL,SCRAM-SHA-256", Error::NotSupported("SASL PLAIN")),
            (":s CAP * NAK :sasl", Error::NotSupported("SASL")),
            (":s 001 alice :Welcome", Error::NotSupported("SASL")),
            (":s 904 alice :SASL authentication failed", Error::LoginRefused),
            (":s 902 alice :You must use a nick assigned to you", Error::LoginRefused),
            (":s 908 alice EXTERNAL :are available", Error::NotSupported("SASL PLAIN")),
        ] {
            assert_eq!(Talk::begun(&account).hear(line), Err(error), "{line}");
        }
    }

    #[test]
    fn refusals_are_typed() {
        let account = account();
        for (line, error) in [
            (":s 432 * alice :Erroneous nickname", Error::InvalidAddress),
            (":s 433 * alice :Nickname already in use", Error::NameTaken),
            (":s 436 alice :Nickname collision", Error::NameTaken),
            (":s 464 alice :Password incorrect", Error::LoginRefused),
            (":s 465 alice :You are banned", Error::NotAllowed),
            ("ERROR :Closing Link: (Too many connections)", Error::RateLimited { wait: None }),
            (":s 001 #alice :Welcome", Error::Malformed("the welcome gives us no name")),
            (":s 001", Error::Malformed("the welcome gives us no name")),
        ] {
            assert_eq!(Talk::begun(&account).hear(line), Err(error), "{line}");
        }
    }
}
