use std::net::SocketAddr;
use std::time::Duration;

/// Limits and waiting times of one transport.
///
/// Take [`Options::default`] and change what should differ.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// The largest body to send, in bytes as they stand in XML, whatever the peer. `None`, the default, is 9,000, which
    /// every server takes, or more between two users of one server that announces what it takes (XEP-0478). Servers in
    /// the field take at least 65,000, on both sides, unless set otherwise.
    pub max_message_size: Option<usize>,
    /// The DNS server to ask where the servers of our domain are. `None`, the default, is what the system is set up for.
    pub name_server: Option<SocketAddr>,
    /// How long one attempt to connect may take, the login included. 30 s.
    pub connect_timeout: Duration,
    /// How long the server may take to accept and to confirm what we send before the connection is given up. 30 s.
    pub answer_timeout: Duration,
    /// After how long without a word from the server it is asked whether it is there. 60 s.
    pub silence: Duration,
    /// How long closing waits for what is under way to be confirmed, and for the server to close as well. 5 s.
    pub close_timeout: Duration,
    /// The longest wait before the first attempt to reconnect; it doubles with each failure. 1 s.
    pub retry_first: Duration,
    /// What the wait between two attempts never exceeds. 60 s.
    pub retry_max: Duration,
    /// Messages that may wait to be sent; beyond them sending fails. 64.
    pub waiting: usize,
    /// Events that may wait for the host; while that many wait, nothing is read from the network. 64.
    pub queue: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_message_size: None,
            name_server: None,
            connect_timeout: Duration::from_secs(30),
            answer_timeout: Duration::from_secs(30),
            silence: Duration::from_secs(60),
            close_timeout: Duration::from_secs(5),
            retry_first: Duration::from_secs(1),
            retry_max: Duration::from_secs(60),
            waiting: 64,
            queue: 64,
        }
    }
}
