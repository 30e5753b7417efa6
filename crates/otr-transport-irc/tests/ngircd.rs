//! Against a real server: ngircd, as Debian packages it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use otr_transport::{CertificateProblem, Error, Event, Incoming, Origin, Presence, Recovery, Transport};
use otr_transport_irc::{IrcAccount, IrcTransport, Options};
use otr_transport_tls::{Tls, Trust};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

/// No test waits longer for anything.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server on loopback, ended when it is dropped.
struct Ngircd {
    folder: TempDir,
    port: u16,
    tls_port: u16,
    certificate: String,
    process: Option<Child>,
}

impl Ngircd {
    async fn start() -> Self {
        Self::start_with("").await
    }

    /// With further lines in its `[Global]` section.
    async fn start_with(global: &str) -> Self {
        let own = rcgen::generate_simple_self_signed(["irc.example".to_owned()]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("cert.pem"), own.cert.pem()).unwrap();
        fs::write(path("key.pem"), own.signing_key.serialize_pem()).unwrap();
        let (port, tls_port) = (free_port().await, free_port().await);
        let owner = folder.path().metadata().unwrap();
        let configuration = format!(
            "[Global]\nName = irc.example\nInfo = test\nListen = 127.0.0.1\nPorts = {port}\nMotdPhrase = hello\n\
             ServerUID = {}\nServerGID = {}\n{global}\n\
             [Limits]\nMaxConnectionsIP = 0\nMaxNickLength = 20\nMaxPenaltyTime = 0\n\
             [Options]\nDNS = no\nIdent = no\nPAM = no\n\
             [SSL]\nCertFile = {}\nKeyFile = {}\nPorts = {tls_port}\n",
            owner.uid(),
            owner.gid(),
            path("cert.pem").display(),
            path("key.pem").display(),
        );
        fs::write(path("ngircd.conf"), configuration).unwrap();
        let mut server = Self { folder, port, tls_port, certificate: own.cert.pem(), process: None };
        server.run().await;
        server
    }

    /// Starts it, or starts it again.
    async fn run(&mut self) {
        let program = ["/usr/sbin/ngircd", "/usr/bin/ngircd", "/usr/local/sbin/ngircd"];
        let program = program.iter().find(|path| Path::new(path).exists());
        let program = program.expect("ngircd is not installed: apt-get install ngircd");
        let configuration = self.folder.path().join("ngircd.conf");
        let log = fs::File::create(self.folder.path().join("log")).unwrap();
        let process = Command::new(program)
            .args(["-n", "-f"])
            .arg(configuration)
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        self.process = Some(process);
        for _ in 0..500 {
            if TcpStream::connect(("127.0.0.1", self.port)).await.is_ok() {
                return;
            }
            sleep(Duration::from_millis(20)).await;
        }
        panic!("ngircd does not start: {}", fs::read_to_string(self.folder.path().join("log")).unwrap());
    }

    fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    fn account(&self, nick: &str) -> IrcAccount {
        IrcAccount::cleartext("127.0.0.1", self.port, nick).options(options())
    }

    async fn connect(&self, nick: &str) -> IrcTransport {
        connected(self.account(nick)).await
    }
}

impl Drop for Ngircd {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

/// No pauses, as the server is our own.
fn options() -> Options {
    let mut options = Options::default();
    options.line_interval = Duration::ZERO;
    options.presence_interval = Duration::from_millis(50);
    options.retry_first = Duration::from_millis(50);
    options.retry_max = Duration::from_millis(200);
    options
}

async fn within<F: Future>(future: F) -> F::Output {
    timeout(PATIENCE, future).await.expect("it should not take so long")
}

async fn connected(account: IrcAccount) -> IrcTransport {
    let mut transport = within(IrcTransport::connect(account)).await.unwrap();
    assert_eq!(next(&mut transport).await, Event::Connected { resumed: false });
    transport
}

async fn next(transport: &mut IrcTransport) -> Event {
    within(transport.next_event()).await.expect("there should be another event")
}

/// The next message; who is there is not asked here.
async fn next_message(transport: &mut IrcTransport) -> Incoming {
    loop {
        match next(transport).await {
            Event::Message(message) => return message,
            Event::Presence { .. } => {}
            other => panic!("no message: {other:?}"),
        }
    }
}

async fn next_presence(transport: &mut IrcTransport) -> (String, Presence) {
    loop {
        if let Event::Presence { of, presence } = next(transport).await {
            return (of, presence);
        }
    }
}

/// Sends all of them at once, and takes them at the other end: whole, and in order.
async fn carries(from: &mut IrcTransport, to: &mut IrcTransport, bodies: &[String]) {
    let address = to.address().to_owned();
    let receipts: Vec<_> = bodies.iter().map(|body| from.send(&address, body)).collect();
    for body in bodies {
        let message = next_message(to).await;
        assert_eq!((message.from.as_str(), &message.body), (from.address(), body));
        assert_eq!(message.origin, Origin::Live);
    }
    for receipt in receipts {
        assert_eq!(within(receipt).await, Ok(()));
    }
}

#[tokio::test]
async fn messages_arrive_both_ways_in_order_and_whole() {
    let server = Ngircd::start().await;
    let (mut alice, mut bob) = (server.connect("alice").await, server.connect("bob").await);
    let numbered = |name: &str| (0..300).map(|number| format!("{name} {number}")).collect::<Vec<_>>();
    carries(&mut alice, &mut bob, &numbered("one")).await;
    carries(&mut bob, &mut alice, &numbered("two")).await;
    let odd = ["  x", ":", ": x", "\u{2}bold\u{2} \u{3}4red", "\u{e9} \u{1d11e}", "?OTRv23?", "PRIVMSG bob :x"];
    carries(&mut alice, &mut bob, &odd.map(str::to_owned)).await;
    alice.close().await.unwrap();
    bob.close().await.unwrap();
}

#[tokio::test]
async fn a_long_text_fits_in_pieces_of_the_limit() {
    let server = Ngircd::start().await;
    let (mut alice, mut bob) = (server.connect("alice").await, server.connect("bob").await);
    let limit = alice.max_message_size("bob").unwrap();
    assert!(limit > 440, "{limit}");
    let text: String = (0..60 * 1024).map(|place| char::from(b'!' + u8::try_from(place % 90).unwrap())).collect();
    let pieces: Vec<String> =
        text.as_bytes().chunks(limit).map(|piece| str::from_utf8(piece).unwrap().into()).collect();
    carries(&mut alice, &mut bob, &pieces).await;
    let too_long = Error::MessageTooLarge { size: limit + 1, limit };
    assert_eq!(within(alice.send("bob", &"x".repeat(limit + 1))).await, Err(too_long));
}

#[tokio::test]
async fn peers_that_are_not_there_are_told() {
    let server = Ngircd::start().await;
    let (mut alice, mut bob) = (server.connect("alice").await, server.connect("bob").await);
    assert_eq!(within(alice.send("nobody", "hello")).await, Err(Error::NoSuchPeer));
    assert_eq!(next_presence(&mut alice).await, ("nobody".to_owned(), Presence::Offline));
    assert_eq!(within(alice.send("BOB", "hello")).await, Ok(()));
    assert_eq!(next_message(&mut bob).await.body, "hello");
    assert_eq!(next_presence(&mut alice).await, ("BOB".to_owned(), Presence::Online));
    bob.close().await.unwrap();
    assert_eq!(next_presence(&mut alice).await, ("BOB".to_owned(), Presence::Offline));
    assert_eq!(within(alice.send("BOB", "hello?")).await, Err(Error::NoSuchPeer));
}

#[tokio::test]
async fn a_name_is_one_users_at_a_time() {
    let server = Ngircd::start().await;
    let mut alice = server.connect("alice").await;
    let second = within(IrcTransport::connect(server.account("Alice"))).await;
    assert_eq!(second.map(drop), Err(Error::NameTaken));
    let too_long = within(IrcTransport::connect(server.account(&"a".repeat(21)))).await;
    assert_eq!(too_long.map(drop), Err(Error::InvalidAddress));

    // Whoever changes his name goes by another one from then on.
    let mut raw = TcpStream::connect(("127.0.0.1", server.port)).await.unwrap();
    raw.write_all(b"NICK bob\r\nUSER bob 0 * :bob\r\nPRIVMSG alice :I am bob\r\n").await.unwrap();
    assert_eq!(next_message(&mut alice).await.from, "bob");
    assert_eq!(within(alice.send("bob", "hello")).await, Ok(()));
    raw.write_all(b"NICK robert\r\nPRIVMSG alice :I am robert\r\n").await.unwrap();
    assert_eq!(next_message(&mut alice).await.from, "robert");
    while next_presence(&mut alice).await != ("bob".to_owned(), Presence::Offline) {}
}

#[tokio::test]
async fn a_restarted_server_is_found_again() {
    let mut server = Ngircd::start().await;
    let (mut alice, mut bob) = (server.connect("alice").await, server.connect("bob").await);
    carries(&mut alice, &mut bob, &["before".to_owned()]).await;
    server.stop();
    for transport in [&mut alice, &mut bob] {
        loop {
            match next(transport).await {
                Event::Disconnected { recovery: Recovery::RetryIn(_), .. } => break,
                Event::Presence { .. } => {}
                other => panic!("still there: {other:?}"),
            }
        }
    }
    assert_eq!(within(alice.send("bob", "lost")).await, Err(Error::NotConnected));
    server.run().await;
    for transport in [&mut alice, &mut bob] {
        loop {
            match next(transport).await {
                Event::Connected { resumed: false } => break,
                Event::Disconnected { recovery: Recovery::RetryIn(_), .. } => {}
                other => panic!("not there: {other:?}"),
            }
        }
    }
    carries(&mut alice, &mut bob, &["after".to_owned()]).await;
}

#[tokio::test]
async fn encryption_works_and_is_checked() {
    let server = Ngircd::start().await;
    let account = |nick: &str, trust: Trust| {
        let tls = Tls::new(trust).unwrap();
        let account = IrcAccount::encrypted("127.0.0.1", server.tls_port, nick, tls).options(options());
        account.server_name("irc.example")
    };
    let trust = Trust::nobody().and_pem(server.certificate.as_bytes()).unwrap();
    let mut alice = connected(account("alice", trust)).await;
    let other = rcgen::generate_simple_self_signed(["irc.example".to_owned()]).unwrap().cert.pem();
    let mistrust = Trust::nobody().and_pem(other.as_bytes()).unwrap();
    let refused = within(IrcTransport::connect(account("bob", mistrust))).await.map(drop);
    let Err(Error::Certificate { problem: CertificateProblem::UnknownIssuer, sha256 }) = refused else {
        panic!("{refused:?}")
    };
    let mut bob = connected(account("bob", Trust::only_sha256(sha256))).await;
    carries(&mut alice, &mut bob, &["hello".to_owned()]).await;
    alice.close().await.unwrap();
    bob.close().await.unwrap();
}

#[tokio::test]
async fn a_password_of_the_server_is_asked_for() {
    let server = Ngircd::start_with("Password = open-sesame").await;
    let with = |password: &str| server.account("alice").server_password(password.to_owned()).passwords_in_clear();
    for wrong in [with("wrong"), server.account("alice")] {
        assert_eq!(within(IrcTransport::connect(wrong)).await.map(drop), Err(Error::LoginRefused));
    }
    connected(with("open-sesame")).await.close().await.unwrap();
}
