//! The connection that a chat goes over, whatever its network.

use otr_transport::{Error, Event, Receipt, Transport};
use otr_transport_irc::IrcTransport;
use otr_transport_matrix::MatrixTransport;
use otr_transport_tcp::TcpTransport;
use otr_transport_xmpp::XmppTransport;

use crate::accounts::Network;

/// A connection to one of the networks there are.
#[derive(Debug)]
pub(crate) enum Connection {
    Tcp(TcpTransport),
    Irc(IrcTransport),
    Xmpp(Box<XmppTransport>),
    Matrix(Box<MatrixTransport>),
}

/// Does the same with the transport of whichever network it is.
macro_rules! with {
    ($connection:expr, $transport:ident => $what:expr) => {
        match $connection {
            Connection::Tcp($transport) => $what,
            Connection::Irc($transport) => $what,
            Connection::Xmpp($transport) => $what,
            Connection::Matrix($transport) => $what,
        }
    };
}

impl Connection {
    pub(crate) const fn network(&self) -> Network {
        match self {
            Self::Tcp(_) => Network::Tcp,
            Self::Irc(_) => Network::Irc,
            Self::Xmpp(_) => Network::Xmpp,
            Self::Matrix(_) => Network::Matrix,
        }
    }

    /// Who we are there.
    pub(crate) fn address(&self) -> &str {
        with!(self, transport => transport.address())
    }

    /// The largest message to `to`, in bytes.
    pub(crate) fn max_message_size(&self, to: &str) -> Option<usize> {
        with!(self, transport => transport.max_message_size(to))
    }

    pub(crate) fn send(&mut self, to: &str, message: &str) -> Receipt {
        with!(self, transport => transport.send(to, message))
    }

    pub(crate) async fn next_event(&mut self) -> Option<Event> {
        with!(self, transport => transport.next_event().await)
    }

    pub(crate) async fn close(&mut self) -> Result<(), Error> {
        with!(self, transport => transport.close().await)
    }

    /// What the other side's program calls itself, where the network says so.
    pub(crate) fn software(&self, of: &str) -> Option<String> {
        match self {
            Self::Xmpp(transport) => transport.software(of),
            Self::Tcp(_) | Self::Irc(_) | Self::Matrix(_) => None,
        }
    }

    /// Whether the network loses what is under way to somebody who is not there.
    pub(crate) const fn forgets(&self) -> bool {
        matches!(self, Self::Tcp(_) | Self::Irc(_))
    }
}
