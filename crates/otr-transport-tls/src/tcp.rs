use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use otr_transport::Error;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout_at};

/// A silent connection is probed after this long.
const PROBE_AFTER: Duration = Duration::from_secs(30);
/// Time between two unanswered probes.
const PROBE_EVERY: Duration = Duration::from_secs(10);
/// Unanswered probes after which the connection counts as lost.
const PROBES: u32 = 3;

/// Connects to the first address of `host` that answers on `port`, within `limit`, resolving the name included.
///
/// The connection sends small messages at once, and notices within about a minute that the other machine has vanished.
///
/// # Errors
///
/// [`Error::InvalidAddress`], [`Error::NameNotResolved`], [`Error::ConnectionRefused`], [`Error::TimedOut`],
/// [`Error::ConnectionLost`], or [`Error::System`] for what has no variant of its own.
pub async fn open_tcp(host: &str, port: u16, limit: Duration) -> Result<TcpStream, Error> {
    let deadline = Instant::now() + limit;
    let addresses = timeout_at(deadline, resolve(host, port)).await.map_err(|_| Error::TimedOut)??;
    let stream = first_that_answers(&addresses, deadline).await?;
    prepare(&stream).map_err(|error| Error::ConnectionLost(error.kind()))?;
    Ok(stream)
}

async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, Error> {
    let found: Vec<SocketAddr> = match lookup_host((host, port)).await {
        Ok(found) => found.collect(),
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => return Err(Error::InvalidAddress),
        Err(_) => return Err(Error::NameNotResolved),
    };
    if found.is_empty() { Err(Error::NameNotResolved) } else { Ok(found) }
}

/// Tries one address after the other. Each gets its share of the time left, so that one which never answers does not
/// take it all.
async fn first_that_answers(addresses: &[SocketAddr], deadline: Instant) -> Result<TcpStream, Error> {
    let mut outcome = Err(Error::NameNotResolved);
    let mut left = u32::try_from(addresses.len()).unwrap_or(u32::MAX);
    for address in addresses {
        let now = Instant::now();
        let share = deadline.saturating_duration_since(now) / left.max(1);
        left = left.saturating_sub(1);
        outcome = match timeout_at(now + share, TcpStream::connect(address)).await {
            Ok(connected) => connected.map_err(|error| opening_error(&error)),
            Err(_) => Err(Error::TimedOut),
        };
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}

fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    let keepalive = TcpKeepalive::new().with_time(PROBE_AFTER).with_interval(PROBE_EVERY).with_retries(PROBES);
    socket.set_tcp_keepalive(&keepalive)?;
    // Probes are not sent while data waits to be acknowledged; this bounds that wait.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    socket.set_tcp_user_timeout(Some(PROBE_AFTER + PROBE_EVERY * PROBES))?;
    Ok(())
}

fn opening_error(error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Error::ConnectionRefused,
        io::ErrorKind::TimedOut => Error::TimedOut,
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => Error::ConnectionLost(error.kind()),
        kind => Error::System(kind),
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use socket2::{Domain, Socket, Type};

    use super::*;

    /// A listener whose queue is full, so that nobody gets an answer, as from a machine that is switched off.
    fn silent() -> (SocketAddr, Vec<Socket>) {
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into();
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        listener.bind(&any_port).unwrap();
        listener.listen(0).unwrap();
        let address = listener.local_addr().unwrap();
        let mut sockets = vec![listener];
        for _ in 0..2 {
            let caller = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
            caller.set_nonblocking(true).unwrap();
            // It is under way; nobody will take it.
            let _ = caller.connect(&address);
            sockets.push(caller);
        }
        (address.as_socket().unwrap(), sockets)
    }

    #[tokio::test]
    async fn an_address_that_never_answers_leaves_time_for_the_next() {
        let (silent, _sockets) = silent();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let good = listener.local_addr().unwrap();
        let deadline = Instant::now() + Duration::from_secs(1);
        let stream = first_that_answers(&[silent, good], deadline).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), good);
    }

    #[tokio::test]
    async fn the_limit_holds() {
        let (silent, _sockets) = silent();
        let outcome = open_tcp("127.0.0.1", silent.port(), Duration::from_millis(200)).await;
        assert_eq!(outcome.map(drop), Err(Error::TimedOut));
    }
}
