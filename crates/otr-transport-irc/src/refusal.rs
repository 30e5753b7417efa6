use otr_transport::Error;

/// A reply that refuses a message of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal<'a> {
    /// To whom it was, if the reply says so.
    pub(crate) target: Option<&'a str>,
    pub(crate) error: Error,
}

impl<'a> Refusal<'a> {
    /// What the numeric reply says about messages of ours, if anything. Its parameters are our nick, the target where
    /// there is one, and a text.
    pub(crate) fn read(number: u16, parameters: &'a [String]) -> Option<Self> {
        let [_, second, ..] = parameters else { return None };
        let second = second.as_str();
        let (target, error) = match number {
            // RPL_TRYAGAIN names the command instead of the target.
            263 if second == "PRIVMSG" => (None, Error::RateLimited { wait: None }),
            // ERR_NOSUCHNICK, ERR_NOSUCHSERVER, ERR_NOSUCHCHANNEL, ERR_WASNOSUCHNICK
            401 | 402 | 403 | 406 => (Some(second), Error::NoSuchPeer),
            // ERR_TARGETTOOFAST
            439 => (Some(second), Error::RateLimited { wait: None }),
            // ERR_CANNOTSENDTOCHAN, ERR_TOOMANYTARGETS, ERR_NOTOPLEVEL, ERR_WILDTOPLEVEL, ERR_BADMASK,
            // ERR_NEEDREGGEDNICK (477, 486), ERR_NOTEXTTOCHAN (488), ERR_NOCTCP (492), ERR_CANTSENDTOUSER,
            // ERR_TARGUMODEG
            404 | 407 | 413 | 414 | 415 | 477 | 486 | 488 | 492 | 531 | 716 => (Some(second), Error::NotAllowed),
            // ERR_NORECIPIENT, ERR_NOTEXTTOSEND, ERR_INPUTTOOLONG
            411 | 412 | 417 => (None, Error::NotAllowed),
            _ => return None,
        };
        Some(Self { target, error })
    }

    /// The same for IRCv3 standard replies: `FAIL command code context.. :text`.
    pub(crate) fn read_failure(parameters: &'a [String]) -> Option<Self> {
        let [command, _code, context @ .., _text] = parameters else { return None };
        let is_ours = command.eq_ignore_ascii_case("PRIVMSG");
        is_ours.then(|| Self { target: context.first().map(String::as_str), error: Error::NotAllowed })
    }
}

#[cfg(test)]
mod tests {
    use irc_proto::{Command, Message};

    use super::*;
    use crate::line::numeric;

    fn read(line: &str) -> Option<(Option<String>, Error)> {
        let message: Message = line.parse().unwrap();
        let refusal = match &message.command {
            Command::Raw(name, parameters) if name == "FAIL" => Refusal::read_failure(parameters),
            command => numeric(command).and_then(|(number, parameters)| Refusal::read(number, parameters)),
        };
        refusal.map(|refusal| (refusal.target.map(str::to_owned), refusal.error))
    }

    #[test]
    fn refusals_say_whom_and_why() {
        let bob = || Some("bob".to_owned());
        let limited = Error::RateLimited { wait: None };
        for (line, expected) in [
            (":s 401 alice bob :No such nick or channel name", (bob(), Error::NoSuchPeer)),
            (":s 439 alice bob :Target change too fast", (bob(), limited)),
            (":s 263 alice PRIVMSG :Please wait a while", (None, limited)),
            (":s 477 alice bob :You must be registered", (bob(), Error::NotAllowed)),
            (":s 531 alice bob :You are not permitted", (bob(), Error::NotAllowed)),
            (":s 716 alice bob :is in +g mode", (bob(), Error::NotAllowed)),
            (":s 412 alice :No text to send", (None, Error::NotAllowed)),
            (":s FAIL PRIVMSG BLOCKED bob :no", (bob(), Error::NotAllowed)),
            (":s FAIL PRIVMSG BLOCKED :no", (None, Error::NotAllowed)),
        ] {
            assert_eq!(read(line), Some(expected), "{line}");
        }
    }

    #[test]
    fn other_replies_refuse_nothing() {
        for line in [
            ":s 263 alice ISON :wait",
            ":s 301 alice bob :away",
            ":s 421 alice MONITOR :Unknown",
            ":s 401 alice",
            ":s 412",
            ":s FAIL",
            ":s FAIL PRIVMSG",
            ":s FAIL PRIVMSG X",
            ":s FAIL JOIN X bob :no",
        ] {
            assert_eq!(read(line), None, "{line}");
        }
    }
}
