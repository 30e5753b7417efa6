use std::fmt;
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

    /// The network does not let us do this.
    #[error("the network does not allow it")]
    NotAllowed,

    /// Somebody else has our name on this network.
    #[error("the name is taken by somebody else")]
    NameTaken,

    /// The server's certificate does not show that it is the server we want.
    #[error("the server's certificate is refused: {problem} (SHA-256 {})", Sha256(.sha256))]
    Certificate {
        /// What is wrong with it.
        problem: CertificateProblem,
        /// The SHA-256 of the certificate in DER, by which it can be trusted all the same.
        sha256: [u8; 32],
    },

    /// Encryption to the server failed, or the server does not offer it.
    #[error("no encrypted connection to the server: {0}")]
    Tls(&'static str),

    /// The server lacks what we need; the text says what.
    #[error("the server does not support {0}")]
    NotSupported(&'static str),

    /// The server is in trouble; for HTTP the status.
    #[error("the server is in trouble{}", .status.map(|status| format!(" (status {status})")).unwrap_or_default())]
    Unavailable {
        /// The HTTP status, 500 to 599, where there is one.
        status: Option<u16>,
    },

    /// More messages are waiting to be sent than are allowed to.
    #[error("too many messages are waiting to be sent")]
    QueueFull,

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

impl Error {
    /// Whether a message that was sent with this outcome may have reached the peer all the same. Otherwise it is
    /// certain that nobody has got it.
    pub const fn may_have_arrived(&self) -> bool {
        matches!(
            self,
            Self::TimedOut
                | Self::ClosedByPeer
                | Self::ConnectionLost(_)
                | Self::CutOff { .. }
                | Self::Malformed(_)
                | Self::Unavailable { .. }
                | Self::System(_)
        )
    }
}

/// What is wrong with a server's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateProblem {
    /// It is for a server of another name.
    #[error("it is for another name")]
    WrongName,
    /// Its time is over.
    #[error("it has expired")]
    Expired,
    /// Its time has not begun.
    #[error("it is not valid yet")]
    NotYetValid,
    /// Nobody whom this machine trusts has signed it; it may be signed by itself.
    #[error("nobody we trust has signed it, or it is self-signed")]
    UnknownIssuer,
    /// It has been revoked.
    #[error("it has been revoked")]
    Revoked,
    /// It is not the one that was said to be the server's.
    #[error("it is not the one that is trusted")]
    NotTheTrustedOne,
    /// It is broken, or not for servers.
    #[error("it is not well formed, or not for a server")]
    Invalid,
}

/// Hexadecimal in pairs, as certificate viewers show it.
struct Sha256<'a>(&'a [u8; 32]);

impl fmt::Display for Sha256<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().enumerate().try_for_each(|(place, byte)| {
            let separator = if place == 0 { "" } else { ":" };
            write!(f, "{separator}{byte:02X}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_certificate_shows_what_to_trust_it_by() {
        let error = Error::Certificate { problem: CertificateProblem::Expired, sha256: [0xa0; 32] };
        let shown = error.to_string();
        assert!(shown.starts_with("the server's certificate is refused: it has expired (SHA-256 A0:A0:"), "{shown}");
        assert!(shown.ends_with(":A0:A0)"), "{shown}");
    }

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
