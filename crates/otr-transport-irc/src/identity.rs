use crate::isupport::Isupport;

/// What a body may take before we know what the server puts in front of it, in bytes: room for the longest usual nicks,
/// user and host names.
const CAUTIOUS_LIMIT: usize = 350;
/// The longest nick that is expected of a server, in bytes, whatever it announces.
const MAX_NICK: usize = 64;
/// `:` `!` `@`, ` PRIVMSG `, ` :` and the end of the line.
const AROUND: usize = 3 + 9 + 2 + 2;

/// Who we are, and what the server puts in front of what we say: `:nick!user@host`.
#[derive(Debug)]
pub(crate) struct Identity {
    nick: String,
    /// The longest that was seen of each, as a server may show us one host and others another.
    mask: Option<Mask>,
}

#[derive(Debug, Clone, Copy)]
struct Mask {
    user: usize,
    host: usize,
}

/// How much fits in one line to a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    line: usize,
    /// The longest `nick`, `user` and `host` together.
    prefix: Option<usize>,
}

impl Identity {
    pub(crate) fn new(nick: String) -> Self {
        Self { nick, mask: None }
    }

    pub(crate) fn nick(&self) -> &str {
        &self.nick
    }

    pub(crate) fn rename(&mut self, nick: String) {
        self.nick = nick;
    }

    /// Takes in our user and host name as the server shows them; what is empty was not shown.
    pub(crate) fn learn(&mut self, user: &str, host: &str) {
        let known = self.mask.unwrap_or(Mask { user: 0, host: 0 });
        let seen = Mask { user: known.user.max(user.len()), host: known.host.max(host.len()) };
        if seen.user > 0 && seen.host > 0 {
            self.mask = Some(seen);
        }
    }

    /// A server may give us any nick that it allows at any time, and what is under way then goes by that one.
    pub(crate) fn limits(&self, server: &Isupport) -> Limits {
        let nick = self.nick.len().max(server.nick_length.min(MAX_NICK));
        Limits { line: server.line_length, prefix: self.mask.map(|mask| nick + mask.user + mask.host) }
    }
}

impl Limits {
    /// The largest body for `to`, in bytes: `:nick!user@host PRIVMSG to :body` and its end fill a line.
    pub(crate) fn for_peer(&self, to: &str) -> usize {
        match self.prefix {
            Some(prefix) => self.line.saturating_sub(AROUND + prefix + to.len()),
            None => CAUTIOUS_LIMIT.saturating_sub(to.len().saturating_sub(MAX_NICK)),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { line: crate::isupport::LINE_LENGTH, prefix: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_of_the_limit_fills_the_line_exactly() {
        let server = Isupport::default();
        let mut me = Identity::new("alice".to_owned());
        me.learn("~alice", "localhost");
        let limit = me.limits(&server).for_peer("bob");
        let line = format!(":alice!~alice@localhost PRIVMSG bob :{}\r\n", "x".repeat(limit));
        assert_eq!(line.len(), 512);
    }

    #[test]
    fn the_longest_prefix_counts() {
        let mut server = Isupport::default();
        let mut me = Identity::new("alice".to_owned());
        assert_eq!(me.limits(&server).for_peer("bob"), 350);
        me.learn("", "only.the.host");
        assert_eq!(me.limits(&server).for_peer("bob"), 350);
        me.learn("user", "a.long.host.name.example");
        let before = me.limits(&server).for_peer("bob");
        me.learn("user", "short");
        assert_eq!(me.limits(&server).for_peer("bob"), before);
        me.learn("~user", "a.long.host.name.example");
        assert_eq!(me.limits(&server).for_peer("bob"), before - 1);
        server.nick_length = 30;
        assert_eq!(me.limits(&server).for_peer("bob"), before - 1 - 25);
        server.nick_length = usize::MAX;
        assert_eq!(me.limits(&server).for_peer("bob"), before - 1 - 59);
    }

    #[test]
    fn names_that_fill_the_line_leave_nothing() {
        let mut me = Identity::new("a".repeat(600));
        let server = Isupport::default();
        assert_eq!(me.limits(&server).for_peer(&"b".repeat(600)), 0);
        me.learn("u", "h");
        assert_eq!(me.limits(&server).for_peer("b"), 0);
    }
}
