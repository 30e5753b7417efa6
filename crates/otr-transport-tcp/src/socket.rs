use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use otr_transport::Error;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpStream, lookup_host};

/// A silent connection is probed after this long, so that a peer whose machine vanished does not hold the only seat.
const PROBE_AFTER: Duration = Duration::from_secs(30);
/// Time between two unanswered probes.
const PROBE_EVERY: Duration = Duration::from_secs(10);
/// Unanswered probes after which the connection counts as lost.
const PROBES: u32 = 3;

/// The socket addresses of `address`, which is `host:port`.
pub(crate) async fn resolve(address: &str) -> Result<Vec<SocketAddr>, Error> {
    let found: Vec<SocketAddr> = match lookup_host(address).await {
        Ok(found) => found.collect(),
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => return Err(Error::InvalidAddress),
        Err(_) => return Err(Error::NameNotResolved),
    };
    if found.is_empty() { Err(Error::NameNotResolved) } else { Ok(found) }
}

/// Connects to the first of the host's addresses that answers.
pub(crate) async fn open(address: &str) -> Result<TcpStream, Error> {
    let mut outcome = Err(Error::NameNotResolved);
    for socket_address in resolve(address).await? {
        outcome = TcpStream::connect(socket_address).await.map_err(|error| opening_error(&error));
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}

/// Sets what every connection of ours has: no delay for small messages, and a way to notice a vanished peer.
pub(crate) fn prepare(stream: &TcpStream) -> Result<(), Error> {
    let lost = |error: io::Error| Error::ConnectionLost(error.kind());
    stream.set_nodelay(true).map_err(lost)?;
    let socket = SockRef::from(stream);
    let keepalive = TcpKeepalive::new().with_time(PROBE_AFTER).with_interval(PROBE_EVERY).with_retries(PROBES);
    socket.set_tcp_keepalive(&keepalive).map_err(lost)?;
    // Probes are not sent while data waits to be acknowledged; this bounds that wait.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    socket.set_tcp_user_timeout(Some(PROBE_AFTER + PROBE_EVERY * PROBES)).map_err(lost)?;
    Ok(())
}

/// What an error of binding, accepting or connecting means.
pub(crate) fn opening_error(error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Error::ConnectionRefused,
        io::ErrorKind::AddrInUse => Error::AddressInUse,
        io::ErrorKind::TimedOut => Error::TimedOut,
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => Error::ConnectionLost(error.kind()),
        kind => Error::System(kind),
    }
}
