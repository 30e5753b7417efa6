use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use otr_transport::{Backoff, Error, Recovery};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

use crate::socket::{open, opening_error, prepare, resolve};

/// How long the listening end rests when the system cannot accept a connection, for want of file handles for example.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A bound address where a peer can call; not yet a transport.
#[derive(Debug)]
pub struct Listener {
    inner: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Listens on `address`, which is `host:port`; port 0 lets the system choose one.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidAddress`], [`Error::NameNotResolved`], [`Error::AddressInUse`], or [`Error::System`] for
    /// another refusal, such as an address that is not this machine's.
    pub async fn bind(address: &str) -> Result<Self, Error> {
        let addresses = resolve(address).await?;
        let inner = TcpListener::bind(addresses.as_slice()).await.map_err(|error| opening_error(&error))?;
        let address = inner.local_addr().map_err(|error| opening_error(&error))?;
        Ok(Self { inner, address })
    }

    /// Where we listen, with the port that the system chose.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn into_inner(self) -> TcpListener {
        self.inner
    }
}

/// Where connections come from.
#[derive(Debug)]
pub(crate) enum Source {
    Accept(TcpListener),
    Connect { address: String, timeout: Duration },
}

impl Source {
    /// One attempt to get a connection: a call out, or the wait for a call in.
    pub(crate) async fn attempt(&self) -> Result<TcpStream, Error> {
        let stream = match self {
            Self::Accept(listener) => listener.accept().await.map_err(|error| opening_error(&error))?.0,
            Self::Connect { address, timeout: limit } => {
                timeout(*limit, open(address)).await.map_err(|_| Error::TimedOut)??
            }
        };
        prepare(&stream)?;
        Ok(stream)
    }

    /// What to do after the connection was lost.
    pub(crate) fn after_loss(&self, backoff: &mut Backoff) -> Recovery {
        match self {
            Self::Accept(_) => Recovery::Waiting,
            Self::Connect { .. } => Recovery::RetryIn(backoff.next_delay()),
        }
    }

    /// While a peer is connected, others are told that we are busy: their connection is closed.
    pub(crate) async fn turn_others_away(&self) -> Infallible {
        let Self::Accept(listener) = self else { return std::future::pending().await };
        loop {
            match listener.accept().await {
                Ok((stranger, _)) => drop(stranger),
                Err(_) => sleep(ACCEPT_PAUSE).await,
            }
        }
    }
}
