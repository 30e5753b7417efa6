use std::time::Duration;

/// The largest message unless [`Options::max_message_size`] says otherwise, in bytes as JSON writes them: 60,000.
///
/// An event must not be larger than 65,536 bytes, what the servers add included.
pub const DEFAULT_MAX_MESSAGE_SIZE: usize = 60_000;

/// Limits and waiting times of one transport.
///
/// Take [`Options::default`] and change what should differ.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// How a device that a login makes is shown to the user. `otr`.
    pub device_name: String,
    /// The largest message to send, in bytes as JSON writes them: quotation marks and backslashes count twice.
    pub max_message_size: usize,
    /// How long a connection may take to come about, resolving the server's name included. 10 s.
    pub connect_timeout: Duration,
    /// How long the whole login may take. 60 s.
    pub login_timeout: Duration,
    /// How long one request may take, beyond what the server is asked to wait. 30 s.
    pub request_timeout: Duration,
    /// How long the server is asked to wait for something new before it answers that there is nothing. 30 s.
    pub poll: Duration,
    /// How long after a loss what arrives then still counts as sent now. Later it is history. 2 min.
    pub live_within: Duration,
    /// The longest wait that a server can ask of us when it limits our rate; beyond it sending fails. 2 min.
    pub rate_limit_max: Duration,
    /// How long closing waits for what is still being sent, and again for the server to take our leave. 5 s.
    pub close_timeout: Duration,
    /// The longest wait before the first attempt to reconnect; it doubles with each failure. 500 ms.
    pub retry_first: Duration,
    /// What the wait between two attempts never exceeds. 30 s.
    pub retry_max: Duration,
    /// Messages that may wait to be sent; beyond them sending fails. 64.
    pub waiting: usize,
    /// Events that may wait for the host; while that many wait, nothing is read from the network. 16.
    pub queue: usize,
    /// Whether closing also ends the login: the device is gone then, and the stored state with it. Off.
    pub log_out: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            device_name: "otr".to_owned(),
            max_message_size: DEFAULT_MAX_MESSAGE_SIZE,
            connect_timeout: Duration::from_secs(10),
            login_timeout: Duration::from_secs(60),
            request_timeout: Duration::from_secs(30),
            poll: Duration::from_secs(30),
            live_within: Duration::from_secs(120),
            rate_limit_max: Duration::from_secs(120),
            close_timeout: Duration::from_secs(5),
            retry_first: Duration::from_millis(500),
            retry_max: Duration::from_secs(30),
            waiting: 64,
            queue: 16,
            log_out: false,
        }
    }
}
