use std::time::Duration;

/// Limits and waiting times of one transport.
///
/// Take [`Options::default`] and change what should differ.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// How long opening a connection may take, resolving the name and encryption included. 20 s.
    pub connect_timeout: Duration,
    /// How long logging in may take after that. 60 s.
    pub login_timeout: Duration,
    /// How long the server may be silent before it is asked for a sign of life. 60 s.
    pub silence: Duration,
    /// How long the server may take to answer before the connection counts as lost. 60 s.
    pub answer_timeout: Duration,
    /// How long closing waits for the server to say goodbye. 2 s.
    pub close_timeout: Duration,
    /// The longest wait before the first attempt to reconnect; it doubles with each failure. 2 s.
    pub retry_first: Duration,
    /// What the wait between two attempts never exceeds. 60 s.
    pub retry_max: Duration,
    /// Lines that may be sent at once after a rest. 5.
    pub burst: u32,
    /// The time between two lines after that, as servers cut off whoever sends faster than they allow. 2 s suits a
    /// server that says nothing about it; zero is for a server of one's own that sets no limit.
    pub line_interval: Duration,
    /// How often a server that does not tell by itself is asked which peers are there. 30 s.
    pub presence_interval: Duration,
    /// Messages that may wait to be sent; beyond them sending fails. 1024, as a long text comes in many pieces of some
    /// 400 bytes.
    pub waiting: usize,
    /// Events that may wait for the host; while that many wait, nothing is read from the network. 256, as the server
    /// drops whoever does not read what is addressed to him.
    pub queue: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(20),
            login_timeout: Duration::from_secs(60),
            silence: Duration::from_secs(60),
            answer_timeout: Duration::from_secs(60),
            close_timeout: Duration::from_secs(2),
            retry_first: Duration::from_secs(2),
            retry_max: Duration::from_secs(60),
            burst: 5,
            line_interval: Duration::from_secs(2),
            presence_interval: Duration::from_secs(30),
            waiting: 1024,
            queue: 256,
        }
    }
}
