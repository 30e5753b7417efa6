//! The networks that a chat can go over.

use otr_transport::{Error, Event, Receipt, Transport};
use otr_transport_tcp::TcpTransport;

/// One of them.
#[derive(Debug)]
pub(crate) enum Network {
    Tcp(TcpTransport),
}

impl Network {
    /// Who we are there.
    pub(crate) fn address(&self) -> &str {
        match self {
            Self::Tcp(tcp) => tcp.address(),
        }
    }

    /// The largest message to `to`, in bytes.
    pub(crate) fn max_message_size(&self, to: &str) -> Option<usize> {
        match self {
            Self::Tcp(tcp) => tcp.max_message_size(to),
        }
    }

    pub(crate) fn send(&mut self, to: &str, message: &str) -> Receipt {
        match self {
            Self::Tcp(tcp) => tcp.send(to, message),
        }
    }

    pub(crate) async fn next_event(&mut self) -> Option<Event> {
        match self {
            Self::Tcp(tcp) => tcp.next_event().await,
        }
    }

    pub(crate) async fn close(&mut self) -> Result<(), Error> {
        match self {
            Self::Tcp(tcp) => tcp.close().await,
        }
    }

    /// Whether two addresses are the same one.
    pub(crate) fn is_same(&self, one: &str, other: &str) -> bool {
        match self {
            Self::Tcp(_) => one == other,
        }
    }

    /// Whether the network loses what is under way to somebody who is not there.
    pub(crate) const fn forgets(&self) -> bool {
        match self {
            Self::Tcp(_) => true,
        }
    }
}
