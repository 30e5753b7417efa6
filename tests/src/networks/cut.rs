//! A wire between a client and its server that can be cut, and that remembers all that passed.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use socket2::SockRef;

/// The most that is passed on at once, in bytes.
const CHUNK: usize = 16 * 1024;

/// Takes connections for a server and passes on what is said. One stands before each client, so that one client's
/// connections can be cut and not the other's.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    wire: Arc<Wire>,
}

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the client to the server.
    Up,
    /// From the server to the client.
    Down,
}

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Both sides see a reset, and what was under way is lost.
    Reset,
    /// Both sides see a close. What had been passed on arrives.
    Close,
}

/// Where the connection is to be cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// What is counted.
    pub direction: Direction,
    /// After this many more bytes, all connections taken together. What was read besides is dropped.
    pub after: usize,
    /// How.
    pub manner: Manner,
}

/// What was said over one connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recording {
    /// By the client.
    pub up: Vec<u8>,
    /// By the server.
    pub down: Vec<u8>,
}

/// What was waited for did not happen in time.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the connection does not {0}")]
pub struct Unmoved(&'static str);

#[derive(Debug)]
struct Wire {
    server: SocketAddr,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    planned: Option<Cut>,
    cuts: usize,
    live: Vec<Connection>,
    recordings: Vec<Recording>,
    closed: bool,
}

#[derive(Debug, Clone)]
struct Connection {
    number: usize,
    /// How many of its two directions go on.
    open: u8,
    client: Arc<TcpStream>,
    server: Arc<TcpStream>,
}

impl Proxy {
    /// Stands before `server`, at a port of the kernel's choice.
    ///
    /// # Errors
    ///
    /// When there is no port.
    pub fn start(server: SocketAddr) -> io::Result<Self> {
        Self::start_at(server, &[0])
    }

    /// Stands before `server`, at the first of these ports that is free: there are programs that call few.
    ///
    /// # Errors
    ///
    /// When none is.
    pub fn start_at(server: SocketAddr, ports: &[u16]) -> io::Result<Self> {
        let places: Vec<_> = ports.iter().map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, *port))).collect();
        let listener = TcpListener::bind(places.as_slice())?;
        let address = listener.local_addr()?;
        let wire = Arc::new(Wire { server, state: Mutex::default(), changed: Condvar::new() });
        let accepting = Arc::clone(&wire);
        thread::spawn(move || accept(&listener, &accepting));
        Ok(Self { address, wire })
    }

    /// Where clients connect to.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cuts every connection now.
    pub fn cut(&self, manner: Manner) {
        self.wire.lock().cut(manner);
        self.wire.changed.notify_all();
    }

    /// Cuts every connection at that point. It replaces what was planned before.
    pub fn plan(&self, cut: Cut) {
        self.wire.lock().planned = Some(cut);
    }

    /// How often it was cut.
    #[must_use]
    pub fn cuts(&self) -> usize {
        self.wire.lock().cuts
    }

    /// Waits until it has been cut `count` times.
    ///
    /// # Errors
    ///
    /// When it is not within `patience`.
    pub fn wait_cuts(&self, count: usize, patience: Duration) -> Result<(), Unmoved> {
        self.wait(patience, "come to the point where it is cut", |state| state.cuts >= count)
    }

    /// Waits until a connection stands.
    ///
    /// # Errors
    ///
    /// When none does within `patience`.
    pub fn wait_live(&self, patience: Duration) -> Result<(), Unmoved> {
        self.wait(patience, "come back", |state| !state.live.is_empty())
    }

    /// All that was said so far, a connection each.
    #[must_use]
    pub fn recordings(&self) -> Vec<Recording> {
        self.wire.lock().recordings.clone()
    }

    fn wait(
        &self,
        patience: Duration,
        what: &'static str,
        mut enough: impl FnMut(&State) -> bool,
    ) -> Result<(), Unmoved> {
        let waited = self.wire.changed.wait_timeout_while(self.wire.lock(), patience, |state| !enough(state));
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if enough(&state) { Ok(()) } else { Err(Unmoved(what)) }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let mut state = self.wire.lock();
        state.closed = true;
        state.cut(Manner::Close);
        drop(state);
        // Wakes the thread that accepts; if that fails, there is none to wake.
        let _ = TcpStream::connect(self.address);
    }
}

impl Wire {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn cut(&mut self, manner: Manner) {
        self.planned = None;
        self.cuts = self.cuts.saturating_add(1);
        for connection in self.live.drain(..) {
            connection.end(manner);
        }
    }

    /// One direction has come to its end by itself: the reader there hears so, and the other direction goes on.
    fn finish(&mut self, number: usize, to: &TcpStream) {
        let Some(at) = self.live.iter().position(|connection| connection.number == number) else { return };
        // Where it does not hear so, it is gone.
        let _ = to.shutdown(Shutdown::Write);
        if let Some(connection) = self.live.get_mut(at) {
            connection.open = connection.open.saturating_sub(1);
            if connection.open == 0 {
                self.live.swap_remove(at);
            }
        }
    }

    /// Remembers what was read, and says how much of it is still to be passed on, and whether that is the end. `None` where
    /// the connection was cut: the system may still hand on what comes before its threads have woken.
    fn take(&mut self, number: usize, direction: Direction, bytes: &[u8]) -> Option<(usize, Option<Manner>)> {
        self.live.iter().find(|connection| connection.number == number)?;
        if let Some(recording) = self.recordings.get_mut(number) {
            match direction {
                Direction::Up => recording.up.extend_from_slice(bytes),
                Direction::Down => recording.down.extend_from_slice(bytes),
            }
        }
        Some(match &mut self.planned {
            Some(cut) if cut.direction == direction => {
                let passed = bytes.len().min(cut.after);
                cut.after = cut.after.saturating_sub(passed);
                (passed, (cut.after == 0).then_some(cut.manner))
            }
            _ => (bytes.len(), None),
        })
    }
}

impl Connection {
    /// Wakes both threads that read; the sockets close when those let go of them.
    fn end(&self, manner: Manner) {
        for socket in [&self.client, &self.server] {
            // One that is gone needs no end.
            let _ = match manner {
                Manner::Close => socket.shutdown(Shutdown::Both),
                Manner::Reset => {
                    let lingered = SockRef::from(&**socket).set_linger(Some(Duration::ZERO));
                    lingered.and_then(|()| socket.shutdown(Shutdown::Read))
                }
            };
        }
    }
}

fn accept(listener: &TcpListener, wire: &Arc<Wire>) {
    for client in listener.incoming().flatten() {
        if wire.lock().closed {
            return;
        }
        // Where no server listens, the client's connection ends at once.
        let Ok(server) = TcpStream::connect(wire.server) else { continue };
        let _ = client.set_nodelay(true).and_then(|()| server.set_nodelay(true));
        let mut state = wire.lock();
        let connection =
            Connection { number: state.recordings.len(), open: 2, client: Arc::new(client), server: Arc::new(server) };
        state.recordings.push(Recording::default());
        state.live.push(connection.clone());
        drop(state);
        wire.changed.notify_all();
        for direction in [Direction::Up, Direction::Down] {
            let (connection, wire) = (connection.clone(), Arc::clone(wire));
            thread::spawn(move || pass(&connection, direction, &wire));
        }
    }
}

/// Passes on one direction of a connection until it ends.
fn pass(connection: &Connection, direction: Direction, wire: &Wire) {
    let (mut from, mut to) = match direction {
        Direction::Up => (&*connection.client, &*connection.server),
        Direction::Down => (&*connection.server, &*connection.client),
    };
    let mut buffer = [0; CHUNK];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        let bytes = buffer.get(..length).unwrap_or_default();
        let Some((passed, end)) = wire.lock().take(connection.number, direction, bytes) else { break };
        let written = to.write_all(bytes.get(..passed).unwrap_or_default());
        if let Some(manner) = end {
            wire.lock().cut(manner);
            wire.changed.notify_all();
        }
        if written.is_err() || end.is_some() {
            break;
        }
    }
    wire.lock().finish(connection.number, to);
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    /// Answers every line with itself.
    fn echo() -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                thread::spawn(move || {
                    let mut writer = stream.try_clone().unwrap();
                    for line in BufReader::new(stream).lines().map_while(Result::ok) {
                        if writer.write_all(format!("{line}\n").as_bytes()).is_err() {
                            break;
                        }
                    }
                });
            }
        });
        address
    }

    fn ask(stream: &mut BufReader<TcpStream>, line: &str) -> io::Result<String> {
        stream.get_mut().write_all(line.as_bytes())?;
        let mut answer = String::new();
        match stream.read_line(&mut answer)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(answer),
        }
    }

    fn call(proxy: &Proxy) -> BufReader<TcpStream> {
        BufReader::new(TcpStream::connect(proxy.address()).unwrap())
    }

    #[test]
    fn all_that_passes_is_recorded() {
        let proxy = Proxy::start(echo()).unwrap();
        assert_eq!(ask(&mut call(&proxy), "one\n").unwrap(), "one\n");
        assert_eq!(ask(&mut call(&proxy), "two\n").unwrap(), "two\n");
        let said = |text: &str| Recording { up: text.into(), down: text.into() };
        assert_eq!(proxy.recordings(), [said("one\n"), said("two\n")]);
    }

    #[test]
    fn a_cut_comes_after_exactly_so_many_bytes() {
        for manner in [Manner::Reset, Manner::Close] {
            for direction in [Direction::Up, Direction::Down] {
                let proxy = Proxy::start(echo()).unwrap();
                proxy.plan(Cut { direction, after: 7, manner });
                let mut stream = call(&proxy);
                assert_eq!(ask(&mut stream, "1234\n").unwrap(), "1234\n");
                let answer = ask(&mut stream, "56789\n");
                let cut_short = answer.as_ref().is_ok_and(|answer| answer.len() <= 2);
                assert!(answer.is_err() || cut_short, "{direction:?} {manner:?}: {answer:?}");
                proxy.wait_cuts(1, PATIENCE).unwrap();
                assert_eq!(ask(&mut call(&proxy), "again\n").unwrap(), "again\n");
                assert_eq!(proxy.recordings()[0].up, b"1234\n56789\n", "what is dropped was said all the same");
            }
        }
    }

    #[test]
    fn a_cut_ends_every_connection_and_a_missing_server_ends_them_at_once() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let nobody = listener.local_addr().unwrap();
        drop(listener);
        let mut stream = call(&Proxy::start(nobody).unwrap());
        ask(&mut stream, "anybody?\n").unwrap_err();

        let proxy = Proxy::start(echo()).unwrap();
        let mut both = [call(&proxy), call(&proxy)];
        for stream in &mut both {
            ask(stream, "here\n").unwrap();
        }
        proxy.wait_live(PATIENCE).unwrap();
        proxy.cut(Manner::Reset);
        for stream in &mut both {
            ask(stream, "gone\n").unwrap_err();
        }
    }
}
