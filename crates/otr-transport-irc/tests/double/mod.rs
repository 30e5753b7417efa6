//! An IRC server in the test's own hands: it says what the test tells it to, and nothing else.

#![allow(dead_code, reason = "no test file uses all of it")]

use std::fmt::Display;
use std::net::Ipv4Addr;
use std::time::Duration;

use otr_transport::{Error, Event, Incoming, Origin, Presence, Receipt, Transport};
use otr_transport_irc::{IrcAccount, IrcTransport, Options};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, ReadHalf, WriteHalf, split};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;

/// No test waits longer for anything.
const PATIENCE: Duration = Duration::from_secs(20);

/// What `alice` may say to `bob` in one line, as the double shows her: `:alice!~alice@host.example PRIVMSG bob :`.
pub(crate) const LIMIT: usize = 512 - 2 - 40;

pub(crate) struct Server {
    listener: TcpListener,
}

impl Server {
    pub(crate) async fn start() -> Self {
        // So that it shows soon that somebody does not read.
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_send_buffer_size(8192).unwrap();
        socket.set_recv_buffer_size(8192).unwrap();
        socket.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        Self { listener: socket.listen(16).unwrap() }
    }

    pub(crate) fn port(&self) -> u16 {
        self.listener.local_addr().unwrap().port()
    }

    /// An account without pauses, for the nick `alice`.
    pub(crate) fn account(&self) -> IrcAccount {
        IrcAccount::cleartext("127.0.0.1", self.port(), "alice").options(quick())
    }

    pub(crate) async fn accept(&self) -> Client {
        Client::new(within(self.listener.accept()).await.unwrap().0)
    }

    pub(crate) async fn accept_raw(&self) -> TcpStream {
        within(self.listener.accept()).await.unwrap().0
    }

    /// Alice, logged in, with the server's end of her connection.
    pub(crate) async fn alice(&self) -> (IrcTransport, Client) {
        self.alice_as(self.account(), "").await
    }

    /// The same with another account and another 005 line.
    pub(crate) async fn alice_as(&self, account: IrcAccount, isupport: &str) -> (IrcTransport, Client) {
        let serve = async {
            let mut client = self.accept().await;
            client.let_in(isupport).await;
            client
        };
        let (transport, client) = within(async { tokio::join!(IrcTransport::connect(account), serve) }).await;
        let mut transport = transport.unwrap();
        assert_eq!(next(&mut transport).await, Event::Connected { resumed: false });
        (transport, client)
    }
}

/// No pauses where there need be none.
pub(crate) fn quick() -> Options {
    let mut options = Options::default();
    options.line_interval = Duration::ZERO;
    options.retry_first = Duration::from_millis(2);
    options.retry_max = Duration::from_millis(20);
    options.close_timeout = Duration::from_secs(5);
    options
}

/// The server's end of a connection.
pub(crate) struct Client {
    lines: BufReader<ReadHalf<Box<dyn Stream>>>,
    writer: WriteHalf<Box<dyn Stream>>,
}

pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl Client {
    pub(crate) fn new(stream: impl Stream + 'static) -> Self {
        let stream: Box<dyn Stream> = Box::new(stream);
        let (reader, writer) = split(stream);
        Self { lines: BufReader::new(reader), writer }
    }

    /// The next line of the client, or `None` when it has closed.
    pub(crate) async fn hear(&mut self) -> Option<String> {
        let mut line = String::new();
        let count = within(self.lines.read_line(&mut line)).await.unwrap();
        if count == 0 {
            return None;
        }
        assert!(line.ends_with("\r\n") && line.len() <= 512, "no line: {line:?}");
        line.truncate(line.len() - 2);
        Some(line)
    }

    pub(crate) async fn expect(&mut self, expected: impl Display) {
        assert_eq!(self.hear().await.as_deref(), Some(expected.to_string().as_str()));
    }

    pub(crate) async fn say(&mut self, line: impl Display) {
        self.say_raw(format!("{line}\r\n").as_bytes()).await;
    }

    pub(crate) async fn say_raw(&mut self, bytes: &[u8]) {
        within(self.writer.write_all(bytes)).await.unwrap();
        within(self.writer.flush()).await.unwrap();
    }

    /// Whether the client takes it.
    pub(crate) async fn try_say_raw(&mut self, bytes: &[u8]) -> bool {
        self.writer.write_all(bytes).await.is_ok() && self.writer.flush().await.is_ok()
    }

    /// Hears a `PING` and answers it.
    pub(crate) async fn confirm(&mut self) {
        let ping = self.hear().await.unwrap();
        let token = ping.strip_prefix("PING :").unwrap_or_else(|| panic!("no ping: {ping:?}"));
        self.say(format!(":irc.example PONG irc.example :{token}")).await;
    }

    /// All that the client has said until now, without its pings, which are answered. It says nothing by itself, so
    /// its answer to a ping of ours comes last.
    pub(crate) async fn said(&mut self) -> Vec<String> {
        self.say("PING :marker").await;
        let mut lines = Vec::new();
        loop {
            match self.hear().await.unwrap() {
                line if line == "PONG :marker" => return lines,
                line => match line.strip_prefix("PING :") {
                    Some(token) => self.say(format!(":irc.example PONG irc.example :{token}")).await,
                    None => lines.push(line),
                },
            }
        }
    }

    /// Hears the login of `alice` up to what only the welcome can answer.
    pub(crate) async fn hear_login(&mut self) {
        self.expect("CAP LS 302").await;
        self.expect("NICK alice").await;
        self.expect("USER alice 0 * :alice").await;
        self.say(":irc.example CAP * LS :multi-prefix").await;
        self.expect("CAP END").await;
    }

    /// Welcomes `alice`.
    pub(crate) async fn let_in(&mut self, isupport: &str) {
        self.hear_login().await;
        self.say(":irc.example 001 alice :Welcome").await;
        if !isupport.is_empty() {
            self.say(format!(":irc.example 005 alice {isupport} :are supported")).await;
        }
        self.settle("alice").await;
    }

    /// Answers what follows a welcome.
    pub(crate) async fn settle(&mut self, nick: &str) {
        self.expect(format!("USERHOST {nick}")).await;
        self.say(format!(":irc.example 302 {nick} :{nick}=+~alice@host.example ")).await;
        self.confirm().await;
    }
}

pub(crate) async fn within<F: Future>(future: F) -> F::Output {
    timeout(PATIENCE, future).await.expect("it should not take so long")
}

pub(crate) async fn next(transport: &mut IrcTransport) -> Event {
    within(transport.next_event()).await.expect("there should be another event")
}

/// Of all that the client has said, nothing is an event.
pub(crate) async fn nothing_more(transport: &mut IrcTransport, client: &mut Client) {
    client.say(":marker!m@m PRIVMSG alice :marker").await;
    assert_eq!(next(transport).await, message("marker", "marker", Origin::Live));
}

pub(crate) async fn outcome(receipt: Receipt) -> Result<(), Error> {
    within(receipt).await
}

pub(crate) fn message(from: &str, body: &str, origin: Origin) -> Event {
    Event::Message(Incoming::new(from, body, origin))
}

pub(crate) fn presence(of: &str, presence: Presence) -> Event {
    Event::Presence { of: of.to_owned(), presence }
}
