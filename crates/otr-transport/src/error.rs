use std::io;
use std::time::Duration;

/// Why a message was not carried, or a connection is not there.
///
/// The same set for every network, so that a host can tell its user what happened without knowing which one it was.
/// No variant carries any part of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The network refused our name or password. Trying again with the same ones is pointless.
    #[error("the network refused the login")]
    LoginRefused,

    /// The network does not know the peer, or this connection does not lead to it.
    #[error("there is no such peer here")]
    NoSuchPeer,

    /// We sent more than the network allows; it says how long to wait, if it says so.
    #[error("the network limits our rate{}", .wait.map(|wait| format!(", wait {} s", wait.as_secs_f32())).unwrap_or_default())]
    RateLimited {
        /// How long until sending may succeed.
        wait: Option<Duration>,
    },

    /// The address cannot be one: it lacks a port, for example.
    #[error("the address is not well formed")]
    InvalidAddress,

    /// The host name has no address.
    #[error("the host name does not resolve")]
    NameNotResolved,

    /// We could not listen: another program has that address.
    #[error("the address is already in use")]
    AddressInUse,

    /// Nobody listens at the other end.
    #[error("the connection was refused")]
    ConnectionRefused,

    /// Connecting or sending took longer than is allowed for it.
    #[error("timed out")]
    TimedOut,

    /// There is no connection at the moment; what was to be sent has certainly not left.
    #[error("not connected")]
    NotConnected,

    /// The other end closed the connection between two messages.
    #[error("the other end closed the connection")]
    ClosedByPeer,

    /// The connection broke. What was being sent may or may not have arrived.
    #[error("the connection was lost: {0}")]
    ConnectionLost(io::ErrorKind),

    /// The connection ended inside a message, which is dropped.
    #[error("the connection ended after {received} of {expected} bytes of a message")]
    CutOff {
        /// Bytes of it that had arrived, framing included.
        received: usize,
        /// Bytes it was to have, framing included, as far as that was known by then.
        expected: usize,
    },

    /// The network has no form for a message without text.
    #[error("an empty message cannot be sent")]
    EmptyMessage,

    /// A message, sent or announced by the peer, is larger than allowed.
    #[error("a message of {size} bytes is larger than the limit of {limit}")]
    MessageTooLarge {
        /// Its size in bytes.
        size: usize,
        /// The largest size allowed, in bytes.
        limit: usize,
    },

    /// The other end broke the network's protocol; the text says which rule.
    #[error("the other end broke the protocol: {0}")]
    Malformed(&'static str),

    /// The operating system refused, for a reason that has no variant of its own.
    #[error("the system reports: {0}")]
    System(io::ErrorKind),

    /// The transport has been closed by us.
    #[error("the transport is closed")]
    Closed,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_says_what_happened_in_one_line() {
        let limited = Error::RateLimited { wait: Some(Duration::from_millis(1500)) };
        assert_eq!(limited.to_string(), "the network limits our rate, wait 1.5 s");
        assert_eq!(Error::RateLimited { wait: None }.to_string(), "the network limits our rate");
        let cut = Error::CutOff { received: 7, expected: 104 };
        assert_eq!(cut.to_string(), "the connection ended after 7 of 104 bytes of a message");
        let lost = Error::ConnectionLost(io::ErrorKind::ConnectionReset);
        assert_eq!(lost.to_string(), "the connection was lost: connection reset");
    }
}
