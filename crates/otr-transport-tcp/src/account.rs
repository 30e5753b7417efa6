use std::net::SocketAddr;

use crate::{Listener, Options};

/// The names of the two ends. TCP has none of its own, so the host decides.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Names {
    pub(crate) ours: String,
    pub(crate) peer: String,
}

impl Names {
    /// Our own name, and the name by which the other end goes here.
    pub fn new(ours: impl Into<String>, peer: impl Into<String>) -> Self {
        Self { ours: ours.into(), peer: peer.into() }
    }
}

/// What it takes to get a connection: who calls, and where.
#[derive(Debug)]
pub struct TcpAccount {
    pub(crate) end: End,
    pub(crate) names: Names,
    pub(crate) options: Options,
}

/// Which end of the connection we are.
#[derive(Debug)]
pub(crate) enum End {
    Calls(String),
    Listens(Listener),
}

impl TcpAccount {
    /// We call `address`, which is `host:port`. When the connection is lost later, it is made again.
    ///
    /// Connecting fails with [`InvalidAddress`](otr_transport::Error::InvalidAddress),
    /// [`NameNotResolved`](otr_transport::Error::NameNotResolved),
    /// [`ConnectionRefused`](otr_transport::Error::ConnectionRefused),
    /// [`TimedOut`](otr_transport::Error::TimedOut), or [`System`](otr_transport::Error::System) for what has no variant
    /// of its own.
    pub fn calling(address: impl Into<String>, names: Names) -> Self {
        Self { end: End::Calls(address.into()), names, options: Options::default() }
    }

    /// We take calls, one peer at a time; whoever it is goes by the peer's name in `names`.
    pub fn listening(listener: Listener, names: Names) -> Self {
        Self { end: End::Listens(listener), names, options: Options::default() }
    }

    /// The same with other limits and waiting times.
    #[must_use]
    pub fn with_options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Where we listen, if we do.
    pub fn listens_on(&self) -> Option<SocketAddr> {
        match &self.end {
            End::Listens(listener) => Some(listener.local_addr()),
            End::Calls(_) => None,
        }
    }
}
