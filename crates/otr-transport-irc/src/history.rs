use std::time::{Duration, SystemTime};

use irc_proto::Message;

use crate::line::tag;

/// How much our clock may go ahead of the server's, where only ours tells when we logged in.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(120);

/// When we logged in, to tell what was said before.
///
/// Bouncers and servers with a memory play back what we have missed. They mark it as a batch, by the time at which it
/// was said, or by both: IRCv3 batch, server-time, chathistory.
#[derive(Debug)]
pub(crate) struct LoginTime(SystemTime);

impl LoginTime {
    /// By the server's own clock, if its welcome tells the time, so that a clock of ours that is wrong does no harm.
    pub(crate) fn of(welcome: &Message) -> Self {
        Self(time(welcome).and_then(Result::ok).unwrap_or_else(|| now() - CLOCK_TOLERANCE))
    }

    /// Whether the message was said before we were there. In doubt it was.
    pub(crate) fn has_not_seen(&self, message: &Message) -> bool {
        // Nothing that is said to us now comes in one of those batches that we have asked for.
        let in_batch = tag(message, "batch").is_some();
        in_batch || time(message).is_some_and(|time| time.map_or(true, |time| time < self.0))
    }
}

/// The time at which the message was said, if it tells.
fn time(message: &Message) -> Option<Result<SystemTime, humantime::TimestampError>> {
    tag(message, "time").map(humantime::parse_rfc3339)
}

#[expect(clippy::disallowed_methods, reason = "the time of our login, with which the times of messages are compared")]
fn now() -> SystemTime {
    SystemTime::now()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn is_old(welcome: &str, message: &str) -> bool {
        LoginTime::of(&welcome.parse().unwrap()).has_not_seen(&message.parse().unwrap())
    }

    const WELCOME: &str = "@time=2026-01-02T03:04:05.678Z :s 001 alice :Welcome";

    #[test]
    fn what_was_said_before_the_login_is_old() {
        assert!(is_old(WELCOME, "@time=2026-01-02T03:04:05.677Z :bob!u@h PRIVMSG alice :hi"));
        assert!(is_old(WELCOME, "@time=1999-12-31T23:59:59.999Z :bob!u@h PRIVMSG alice :hi"));
        assert!(!is_old(WELCOME, "@time=2026-01-02T03:04:05.678Z :bob!u@h PRIVMSG alice :hi"));
        assert!(!is_old(WELCOME, "@msgid=x;time=2026-01-02T03:04:06Z;account=bob :bob!u@h PRIVMSG alice :hi"));
        assert!(!is_old(WELCOME, ":bob!u@h PRIVMSG alice :hi"));
    }

    #[test]
    fn what_is_played_back_is_old_whatever_its_time() {
        assert!(is_old(WELCOME, "@batch=123 :bob!u@h PRIVMSG alice :hi"));
        assert!(is_old(WELCOME, "@batch=123;time=2099-01-02T03:04:05.678Z :bob!u@h PRIVMSG alice :hi"));
        assert!(is_old(":s 001 alice :Welcome", "@batch :bob!u@h PRIVMSG alice :hi"));
    }

    #[test]
    fn a_time_that_cannot_be_read_is_old() {
        for time in ["", "=", "=yesterday", "=2026-01-02", "=2026-13-02T03:04:05Z", "=99999-01-02T03:04:05Z"] {
            assert!(is_old(WELCOME, &format!("@time{time} :bob!u@h PRIVMSG alice :hi")), "{time}");
        }
    }

    #[test]
    fn without_a_time_of_the_welcome_our_clock_serves() {
        let said = |at: SystemTime| {
            let time = humantime::format_rfc3339_millis(at);
            is_old(":s 001 alice :Welcome", &format!("@time={time} :bob!u@h PRIVMSG alice :hi"))
        };
        assert!(!said(now()));
        assert!(said(now() - Duration::from_secs(600)));
    }

    proptest! {
        #[test]
        fn any_time_is_read_or_refused(text in "[0-9TZ:.+é -]{0,40}") {
            is_old(WELCOME, &format!("@time={text} PRIVMSG alice :hi"));
        }
    }
}
