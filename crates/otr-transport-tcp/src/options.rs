use std::time::Duration;

/// The largest message, in bytes of text, unless [`Options::max_message_size`] says otherwise: 1 MiB, the most that a
/// session accepts as well.
pub const DEFAULT_MAX_MESSAGE_SIZE: usize = 1 << 20;

/// Limits and waiting times of one transport.
///
/// Take [`Options::default`] and change what should differ.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// The largest message to send or to accept, in bytes of text.
    pub max_message_size: usize,
    /// How long one attempt to connect may take, resolving the name included. 10 s.
    pub connect_timeout: Duration,
    /// How long the network may take to accept one message before the connection is given up. 30 s.
    pub send_timeout: Duration,
    /// How long closing waits for the other end to close as well. 2 s.
    pub close_timeout: Duration,
    /// The longest wait before the first attempt to reconnect; it doubles with each failure. 500 ms.
    pub retry_first: Duration,
    /// What the wait between two attempts never exceeds. 30 s.
    pub retry_max: Duration,
    /// Messages that may wait to be sent; beyond them sending fails. 64.
    pub waiting: usize,
    /// Events that may wait for the host; while that many wait, nothing is read from the network. 16.
    pub queue: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_message_size: DEFAULT_MAX_MESSAGE_SIZE,
            connect_timeout: Duration::from_secs(10),
            send_timeout: Duration::from_secs(30),
            close_timeout: Duration::from_secs(2),
            retry_first: Duration::from_millis(500),
            retry_max: Duration::from_secs(30),
            waiting: 64,
            queue: 16,
        }
    }
}
