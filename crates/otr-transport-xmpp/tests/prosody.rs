//! The transport with Prosody, from Debian's package of that name, on loopback.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

use std::fs;
use std::net::TcpListener as StdListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use otr_transport::{CertificateProblem, Error, Event, Incoming, Origin, Presence, Receipt, Transport};
use otr_transport_tls::{Tls, Trust};
use otr_transport_xmpp::{Account, Options, Security, XmppTransport};
use tempfile::TempDir;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// How long anything may take, with a machine that does other things as well.
const PATIENCE: Duration = Duration::from_secs(60);

struct Prosody {
    folder: TempDir,
    port: u16,
    tls_port: u16,
    certificate: String,
    process: Child,
}

impl Prosody {
    async fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let rcgen::CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        fs::write(folder.path().join("tls.crt"), cert.pem()).unwrap();
        fs::write(folder.path().join("tls.key"), signing_key.serialize_pem()).unwrap();
        for user in ["alice", "bob"] {
            let account = format!("return {{ [\"password\"] = \"pw-{user}\"; }};\n");
            write(&folder.path().join(format!("data/localhost/accounts/{user}.dat")), &account);
            let peer = if user == "alice" { "bob" } else { "alice" };
            let contact =
                format!("[\"{peer}@localhost\"] = {{ [\"subscription\"] = \"both\"; [\"groups\"] = {{}}; }};");
            let roster = format!("return {{ [false] = {{ [\"version\"] = 1; }}; {contact} }};\n");
            write(&folder.path().join(format!("data/localhost/roster/{user}.dat")), &roster);
        }
        let (port, tls_port) = (free_port(), free_port());
        let process = spawn(folder.path(), port, tls_port);
        let mut this = Self { folder, port, tls_port, certificate: cert.pem(), process };
        this.wait().await;
        this
    }

    /// Until it listens.
    async fn wait(&mut self) {
        let listening = async {
            while TcpStream::connect(("127.0.0.1", self.tls_port)).await.is_err() {
                if let Some(status) = self.process.try_wait().unwrap() {
                    panic!("prosody ended with {status}");
                }
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, listening).await.expect("prosody does not listen");
    }

    /// Asks it to end, so that it writes down what it has to keep.
    fn stop(&mut self) {
        let asked = Command::new("kill").arg(self.process.id().to_string()).status().unwrap();
        assert!(asked.success());
        self.process.wait().unwrap();
    }

    async fn start_again(&mut self) {
        self.process = spawn(self.folder.path(), self.port, self.tls_port);
        self.wait().await;
    }

    fn tls(&self) -> Tls {
        Tls::new(Trust::nobody().and_pem(self.certificate.as_bytes()).unwrap()).unwrap()
    }

    fn account(&self, user: &str) -> Account {
        self.account_through(user, self.port)
    }

    fn account_through(&self, user: &str, port: u16) -> Account {
        let password = format!("pw-{user}");
        let account = Account::new(&format!("{user}@localhost"), password, Security::StartTls(self.tls())).unwrap();
        account.at("127.0.0.1", port).with_options(quick())
    }

    async fn connect(&self, user: &str) -> XmppTransport {
        connect(self.account(user)).await
    }
}

impl Drop for Prosody {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn spawn(folder: &Path, port: u16, tls_port: u16) -> Child {
    let path = folder.display();
    let config = format!(
        r#"
        pidfile = "{path}/prosody.pid"
        data_path = "{path}/data"
        run_as_root = true
        daemonize = false
        interfaces = {{ "127.0.0.1" }}
        local_interfaces = {{ "127.0.0.1" }}
        c2s_ports = {{ {port} }}
        c2s_direct_tls_ports = {{ {tls_port} }}
        s2s_ports = {{}}
        s2s_direct_tls_ports = {{}}
        http_ports = {{}}
        https_ports = {{}}
        component_ports = {{}}
        modules_enabled = {{ "roster", "saslauth", "tls", "disco", "ping", "time", "smacks", "carbons", "mam", "offline" }}
        modules_disabled = {{ "s2s", "http", "posix" }}
        authentication = "internal_plain"
        storage = "internal"
        c2s_require_encryption = true
        limits = {{}}
        log = {{ warn = "{path}/log" }}
        ssl = {{ key = "{path}/tls.key", certificate = "{path}/tls.crt" }}
        VirtualHost "localhost"
        "#
    );
    let file = folder.join("prosody.cfg.lua");
    write(&file, &config);
    let mut command = Command::new("prosody");
    command.arg("--config").arg(&file).arg("-F").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
        .spawn()
        .unwrap_or_else(|error| panic!("prosody is needed for this test (Debian: apt-get install prosody): {error}"))
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn free_port() -> u16 {
    StdListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn quick() -> Options {
    let mut options = Options::default();
    options.retry_first = Duration::from_millis(20);
    options.retry_max = Duration::from_millis(200);
    options
}

/// Passes bytes on to a server, until told to cut.
struct Proxy {
    port: u16,
    cuts: watch::Sender<u32>,
}

impl Proxy {
    async fn to(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (cuts, cut) = watch::channel(0);
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let mut cut = cut.clone();
                cut.mark_unchanged();
                tokio::spawn(async move {
                    let Ok(mut server) = TcpStream::connect(("127.0.0.1", server)).await else { return };
                    tokio::select! {
                        _ = copy_bidirectional(&mut client, &mut server) => {}
                        _ = cut.changed() => {}
                    }
                });
            }
        });
        Self { port, cuts }
    }

    /// Ends every connection, whatever is under way.
    fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }
}

async fn connect(account: Account) -> XmppTransport {
    let mut transport = timeout(PATIENCE, XmppTransport::connect(account)).await.expect("a login").unwrap();
    assert_eq!(event(&mut transport).await, Event::Connected { resumed: false });
    transport
}

async fn refused(account: Account) -> Error {
    timeout(PATIENCE, XmppTransport::connect(account)).await.expect("a refusal").unwrap_err()
}

async fn event(transport: &mut XmppTransport) -> Event {
    timeout(PATIENCE, transport.next_event()).await.expect("an event").expect("a transport that goes on")
}

async fn message(transport: &mut XmppTransport) -> Incoming {
    loop {
        if let Event::Message(message) = event(transport).await {
            return message;
        }
    }
}

async fn until_there(transport: &mut XmppTransport, peer: &str) {
    let there = Event::Presence { of: peer.to_owned(), presence: Presence::Online };
    while event(transport).await != there {}
}

async fn taken(receipt: Receipt) -> Result<(), Error> {
    timeout(PATIENCE, receipt).await.expect("an outcome")
}

#[tokio::test]
async fn logins_need_the_password_and_the_right_certificate() {
    let prosody = Prosody::start().await;
    let alice = prosody.connect("alice").await;
    assert_eq!(alice.address(), "alice@localhost");
    let direct = Account::new("bob@localhost/desk", "pw-bob", Security::DirectTls(prosody.tls())).unwrap();
    let mut bob = connect(direct.at("127.0.0.1", prosody.tls_port)).await;
    bob.close().await.unwrap();

    let at = |account: Account| account.at("127.0.0.1", prosody.port).with_options(quick());
    for user in ["alice", "nobody"] {
        let wrong = Account::new(&format!("{user}@localhost"), "wrong", Security::StartTls(prosody.tls())).unwrap();
        assert_eq!(refused(at(wrong)).await, Error::LoginRefused, "{user}");
    }
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap().cert.pem();
    let other = Tls::new(Trust::nobody().and_pem(other.as_bytes()).unwrap()).unwrap();
    let strict = Account::new("alice@localhost", "pw-alice", Security::StartTls(other)).unwrap();
    let error = refused(at(strict)).await;
    assert!(matches!(error, Error::Certificate { problem: CertificateProblem::UnknownIssuer, .. }), "{error:?}");
    let clear = Account::new("alice@localhost", "pw-alice", Security::Cleartext).unwrap();
    assert_eq!(refused(at(clear)).await, Error::Tls("the server demands it before a login"));
}

#[tokio::test]
async fn bodies_arrive_exactly_and_in_order() {
    let prosody = Prosody::start().await;
    let (mut alice, mut bob) = (prosody.connect("alice").await, prosody.connect("bob").await);
    until_there(&mut alice, "bob@localhost").await;
    let tag = " \t  \t\t\t\t \t \t \t    \t\t  \t ";
    let mut bodies: Vec<String> = [
        "<b>&amp; 3 < 4 \u{e9} \u{1d11e}</b> ]]> \"'",
        &format!("text{tag}"),
        tag,
        "\n\tlines\n\n ",
        "?OTR:AAMD.",
        &"x".repeat(9_000),
        &"&".repeat(1_800),
    ]
    .map(str::to_owned)
    .to_vec();
    bodies.extend((0..200).map(|number| format!("number {number}")));
    for (from, to) in [("alice", "bob"), ("bob", "alice")] {
        let (sender, receiver) = if from == "alice" { (&mut alice, &mut bob) } else { (&mut bob, &mut alice) };
        for chunk in bodies.chunks(50) {
            let receipts: Vec<_> = chunk.iter().map(|body| sender.send(&format!("{to}@localhost"), body)).collect();
            for body in chunk {
                let message = message(receiver).await;
                assert_eq!((&message.body, message.origin), (body, Origin::Live));
                assert_eq!(message.from, format!("{from}@localhost"));
            }
            for receipt in receipts {
                assert_eq!(taken(receipt).await, Ok(()));
            }
        }
    }
    let nobody = alice.send("nobody@localhost", "x");
    assert_eq!(taken(nobody).await, Err(Error::NoSuchPeer));
    alice.close().await.unwrap();
    assert!(matches!(event(&mut bob).await, Event::Presence { presence: Presence::Offline, .. }));
    bob.close().await.unwrap();
}

#[tokio::test]
async fn cut_connections_lose_and_repeat_nothing() {
    const COUNT: usize = 200;
    let prosody = Prosody::start().await;
    let proxies = [Proxy::to(prosody.port).await, Proxy::to(prosody.port).await];
    let mut alice = connect(prosody.account_through("alice", proxies[0].port)).await;
    let mut bob = connect(prosody.account_through("bob", proxies[1].port)).await;
    until_there(&mut alice, "bob@localhost").await;
    let (mut sent, mut got, mut resumptions) = ([0, 0], [0, 0], 0);
    let mut receipts = Vec::new();
    while got != [COUNT, COUNT] {
        for (side, transport, peer) in [(0, &mut alice, "bob@localhost"), (1, &mut bob, "alice@localhost")] {
            if sent[side] < COUNT && sent[side] < got[1 - side] + 20 {
                receipts.push(transport.send(peer, &format!("number {}", sent[side])));
                sent[side] += 1;
                if sent[side] % 23 == 0 {
                    proxies[side].cut();
                }
            }
        }
        let (side, event) = tokio::select! {
            event = event(&mut alice), if got[0] < COUNT => (0, event),
            event = event(&mut bob), if got[1] < COUNT => (1, event),
        };
        match event {
            Event::Message(message) => {
                assert_eq!((message.body, message.origin), (format!("number {}", got[side]), Origin::Live));
                got[side] += 1;
            }
            Event::Connected { resumed } => {
                assert!(resumed);
                resumptions += 1;
            }
            _ => {}
        }
    }
    assert!(resumptions >= 10, "{resumptions} resumptions");
    let rest = async {
        for receipt in receipts {
            assert_eq!(receipt.await, Ok(()));
        }
    };
    timeout(PATIENCE, async {
        tokio::select! {
            () = rest => {}
            never = async { loop { alice.next_event().await; } } => never,
            never = async { loop { bob.next_event().await; } } => never,
        }
    })
    .await
    .expect("receipts");
}

#[tokio::test]
async fn a_restarted_server_is_found_again_and_every_message_accounted_for() {
    let mut prosody = Prosody::start().await;
    let (mut alice, mut bob) = (prosody.connect("alice").await, prosody.connect("bob").await);
    until_there(&mut alice, "bob@localhost").await;
    let before = alice.send("bob@localhost", "before");
    assert_eq!(message(&mut bob).await.body, "before");
    assert_eq!(taken(before).await, Ok(()));
    prosody.stop();
    while !matches!(event(&mut alice).await, Event::Disconnected { .. }) {}
    let meanwhile = alice.send("bob@localhost", "meanwhile");
    prosody.start_again().await;
    while event(&mut alice).await != (Event::Connected { resumed: false }) {}
    assert_eq!(taken(meanwhile).await, Err(Error::NotConnected));
    while event(&mut bob).await != (Event::Connected { resumed: false }) {}
    let after = alice.send("bob@localhost", "after");
    assert_eq!(message(&mut bob).await.body, "after");
    assert_eq!(taken(after).await, Ok(()));
}

// attack: VER-8
#[tokio::test]
async fn copies_and_stored_messages_get_their_origins() {
    let prosody = Prosody::start().await;
    let mut bob = prosody.connect("bob").await;
    assert_eq!(taken(bob.send("alice@localhost", "?OTRv3? stored")).await, Ok(()));
    let mut desk = prosody.connect("alice").await;
    let stored = message(&mut desk).await;
    assert_eq!((stored.body.as_str(), stored.origin), ("?OTRv3? stored", Origin::History));

    let mut phone = prosody.connect("alice").await;
    until_there(&mut phone, "bob@localhost").await;
    // From now on bob talks to the desk, and the desk to bob.
    assert_eq!(taken(desk.send("bob@localhost", "from the desk")).await, Ok(()));
    assert_eq!(message(&mut bob).await.body, "from the desk");
    let copy = message(&mut phone).await;
    assert_eq!(copy, Incoming::new("bob@localhost", "from the desk", Origin::OwnCopy));
    assert_eq!(taken(bob.send("alice@localhost", "to the desk")).await, Ok(()));
    let to_desk = message(&mut desk).await;
    assert_eq!((to_desk.body.as_str(), to_desk.origin), ("to the desk", Origin::Live));
    let copy = message(&mut phone).await;
    assert_eq!(
        (copy.from.as_str(), copy.body.as_str(), copy.origin),
        ("bob@localhost", "to the desk", Origin::PeerCopy)
    );

    // What is OTR's is not copied at all.
    assert_eq!(taken(bob.send("alice@localhost", "?OTR:AAMD.")).await, Ok(()));
    assert_eq!(message(&mut desk).await.body, "?OTR:AAMD.");
    assert_eq!(taken(bob.send("alice@localhost", "for all")).await, Ok(()));
    assert_eq!(message(&mut phone).await.body, "for all");
}
