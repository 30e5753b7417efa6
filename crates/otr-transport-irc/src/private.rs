use irc_proto::{Message, Prefix};
use otr_transport::{Incoming, Origin};

use crate::history::LoginTime;
use crate::names::{CaseMapping, is_nick};

/// What marks a client-to-client command (CTCP) inside a message.
const CTCP: char = '\u{1}';

/// Reads a `PRIVMSG` with its parameters `target` and `body`, if it is one to be told of; who it is from is as the
/// server has it.
pub(crate) fn read(
    message: &Message,
    (target, body): (&str, &str),
    (me, case): (&str, CaseMapping),
    login: &LoginTime,
) -> Option<Incoming> {
    let Some(Prefix::Nickname(from, ..)) = &message.prefix else { return None };
    let (peer, origin) = if case.same(from, me) {
        (target, Origin::OwnCopy)
    } else if !case.same(target, me) {
        // A channel, or a notice to all.
        (from.as_str(), Origin::Group)
    } else if login.has_not_seen(message) {
        (from.as_str(), Origin::History)
    } else {
        (from.as_str(), Origin::Live)
    };
    if !is_nick(peer) {
        return None;
    }
    Some(Incoming::new(peer, text(body)?, origin))
}

/// The text of a body. Of the client-to-client commands only what somebody "does" is one, as typed by a user; none is
/// ever answered.
fn text(body: &str) -> Option<String> {
    let Some(command) = body.strip_prefix(CTCP) else { return Some(body.to_owned()) };
    let command = command.strip_suffix(CTCP).unwrap_or(command);
    command.strip_prefix("ACTION ").map(|action| format!("/me {action}"))
}

#[cfg(test)]
mod tests {
    use irc_proto::Command;

    use super::*;

    fn told(line: &str) -> Option<(String, String, Origin)> {
        let login = LoginTime::of(&"@time=2026-01-02T03:04:05.678Z :s 001 Alice :Welcome".parse().unwrap());
        let message: Message = line.parse().unwrap();
        let Command::PRIVMSG(target, body) = &message.command else { return None };
        let incoming = read(&message, (target, body), ("Alice", CaseMapping::Rfc1459), &login)?;
        Some((incoming.from, incoming.body, incoming.origin))
    }

    fn is(from: &str, body: &str, origin: Origin) -> Option<(String, String, Origin)> {
        Some((from.to_owned(), body.to_owned(), origin))
    }

    #[test]
    fn only_what_is_said_to_us_now_is_live() {
        assert_eq!(told(":bob!u@h PRIVMSG Alice :hi"), is("bob", "hi", Origin::Live));
        assert_eq!(told(":bob!u@h PRIVMSG aLICE :hi"), is("bob", "hi", Origin::Live));
        assert_eq!(told(":bob PRIVMSG Alice hi"), is("bob", "hi", Origin::Live));
        assert_eq!(told("@batch=1 :bob!u@h PRIVMSG Alice :hi"), is("bob", "hi", Origin::History));
        let earlier = "@time=2026-01-01T00:00:00.000Z :bob!u@h PRIVMSG Alice :hi";
        assert_eq!(told(earlier), is("bob", "hi", Origin::History));
        for target in ["#bed", "@#bed", "$*", "alice2", "*"] {
            let line = format!(":bob!u@h PRIVMSG {target} :hi");
            assert_eq!(told(&line), is("bob", "hi", Origin::Group), "{target}");
            assert_eq!(told(&format!("@batch=1 {line}")), is("bob", "hi", Origin::Group), "{target}");
        }
    }

    #[test]
    fn what_we_say_ourselves_is_never_live() {
        assert_eq!(told(":Alice!u@h PRIVMSG bob :hi"), is("bob", "hi", Origin::OwnCopy));
        assert_eq!(told(":ALICE!u@h PRIVMSG alice :hi"), is("alice", "hi", Origin::OwnCopy));
        assert_eq!(told(":Alice!u@h PRIVMSG #bed :hi"), None);
    }

    #[test]
    fn nobody_is_no_sender() {
        for line in ["PRIVMSG Alice :hi", ":irc.example PRIVMSG Alice :hi", ":!u@h PRIVMSG Alice :hi"] {
            assert_eq!(told(line), None, "{line}");
        }
        for sender in ["#bed!u@h", "a,b!u@h", "$x!u@h"] {
            assert_eq!(told(&format!(":{sender} PRIVMSG Alice :hi")), None, "{sender}");
        }
    }

    #[test]
    fn commands_between_clients_are_no_messages() {
        let action = "/me waves \u{1}";
        assert_eq!(told(":bob!u@h PRIVMSG Alice :\u{1}ACTION waves\u{1}"), is("bob", "/me waves", Origin::Live));
        assert_eq!(told(":bob!u@h PRIVMSG Alice :\u{1}ACTION waves \u{1}\u{1}"), is("bob", action, Origin::Live));
        for command in ["\u{1}VERSION\u{1}", "\u{1}", "\u{1}\u{1}", "\u{1}ACTION\u{1}", "\u{1}DCC SEND x\u{1}"] {
            assert_eq!(told(&format!(":bob!u@h PRIVMSG Alice :{command}")), None);
        }
    }

    #[test]
    fn bodies_are_untouched() {
        for body in ["  two  blanks ", "\u{2}bold\u{2} \u{3}4red", "", ":", "?OTRv3?", "\t"] {
            assert_eq!(told(&format!(":bob!u@h PRIVMSG Alice :{body}")), is("bob", body, Origin::Live), "{body:?}");
        }
    }
}
