//! BitlBee with its OTR plugin: a gateway from IRC to XMPP. Its user sits at an irssi, whose own OTR is off.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};

use super::super::{BOB, Kind, Program, Proxy};
use super::client::{Act, AfterEnd, Client, Files, Habits, Key, OURS, Started, THEIRS};
use super::home::Home;
use super::terminal::Terminal;
use super::wait::until;
use crate::interop::Failure;

pub(super) const HABITS: Habits = Habits {
    name: "bitlbee",
    kind: Kind::Prosody,
    programs: &[BITLBEE, "irssi", "tmux"],
    start,
    private: &["conversation is now off the record"],
    ended: &[],
    asked: &["smp: initiated by alice with question"],
    answered_right: &["smp alice: correct answer, you are trusted"],
    answered_wrong: &["smp alice: wrong answer, you are not trusted"],
    asked_right: &["smp alice: secrets proved equal, fingerprint trusted"],
    asked_wrong: &["smp alice: secrets did not match, fingerprint not trusted"],
    new_key: &["new fingerprint"],
    trusted: Some(&["off the record (trusted)"]),
    files: Files { folder: Some("accounts"), ours: None, theirs: Some(THEIRS) },
    after_end: AfterEnd::Refused(&["other end has disconnected OTR"]),
    starts_anew: None,
    replaces_entities: None,
    no_question: None,
};

/// Debian has it where servers are.
const BITLBEE: &str = "/usr/sbin/bitlbee";

/// The only ports of a server that BitlBee calls, those below 1024 left aside.
const PORTS: [u16; 10] = [5220, 5221, 5222, 5223, 5224, 5225, 5226, 5227, 5228, 5229];

#[derive(Debug)]
struct Bitlbee {
    terminal: Terminal,
    proxy: Proxy,
    _program: Program,
}

fn start(home: &Home, port: u16, key: Key) -> Started {
    let server = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let proxy = Proxy::start_at(server, &PORTS).map_err(|error| Failure(format!("BitlBee's ports: {error}")))?;
    let gateway = free_address()?;
    home.make_folder("accounts")?;
    home.write("motd", "the gateway is open\n")?;
    home.write("bitlbee.conf", &config(home, gateway.port()))?;
    home.write("config", &irssi(gateway.port()))?;
    let mut command = home.command(BITLBEE);
    command.args(["-D", "-n", "-v", "-c", "bitlbee.conf"]);
    let program = Home::start("bitlbee", command)?;
    until("BitlBee", || Ok(TcpStream::connect(gateway).ok()))?;
    let terminal = Terminal::open(home, "irssi", &["--home=."])?;
    terminal.wait_for(&["Welcome to the BitlBee gateway"])?;
    let bitlbee = Bitlbee { terminal, proxy, _program: program };
    match key {
        Key::Made => bitlbee.register()?,
        Key::There => bitlbee.identify()?,
    }
    bitlbee.terminal.type_line(&format!("/query {OURS}"))?;
    Ok(Box::new(bitlbee))
}

impl Bitlbee {
    /// Gets an account at the gateway, and a key.
    fn register(&self) -> Result<(), Failure> {
        self.ask("register gateway", "Account successfully created")?;
        let account = format!("account add jabber {THEIRS}@localhost {}", BOB.password);
        self.ask(&account, "Account successfully added")?;
        self.ask("account jabber set tls false", "tls = ")?;
        self.ask("account jabber set server 127.0.0.1", "server = ")?;
        // We come back with another port.
        self.ask("set auto_connect false", "auto_connect = ")?;
        self.connect()?;
        self.ask("otr keygen 0", "complete")?;
        self.ask("save", "Configuration saved")
    }

    /// It reads its keys when its user comes back.
    fn identify(&self) -> Result<(), Failure> {
        self.ask("identify gateway", "settings and accounts loaded")?;
        self.connect()
    }

    fn connect(&self) -> Result<(), Failure> {
        self.ask(&format!("account jabber set port {}", self.proxy.address().port()), "port = ")?;
        self.ask("account jabber on", "Logged in")
    }

    /// Says something to the gateway itself, and waits for its answer.
    fn ask(&self, command: &str, answer: &str) -> Result<(), Failure> {
        self.terminal.type_line(&format!("/msg &bitlbee {command}"))?;
        self.terminal.wait_for(&[answer])
    }
}

impl Client for Bitlbee {
    fn shown(&mut self) -> Result<Vec<String>, Failure> {
        self.terminal.screen()
    }

    fn type_line(&mut self, line: &str) -> Result<(), Failure> {
        self.terminal.type_line(line)
    }

    fn act(&mut self, act: Act<'_>) -> Result<(), Failure> {
        let command = match act {
            Act::Trust => return Ok(()),
            Act::Start => format!("otr connect {OURS}"),
            Act::End => format!("otr disconnect {OURS}"),
            Act::Ask { question, secret } => format!("otr smpq {OURS} \"{question}\" \"{secret}\""),
            Act::Answer(secret) => format!("otr smp {OURS} \"{secret}\""),
        };
        self.terminal.type_line(&format!("/msg &bitlbee {command}"))
    }
}

fn free_address() -> Result<SocketAddr, Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    listener.map_err(|error| Failure(format!("a port for BitlBee: {error}")))
}

fn config(home: &Home, port: u16) -> String {
    let folder = home.path().display();
    format!(
        "\
[settings]
RunMode = Daemon
DaemonInterface = 127.0.0.1
DaemonPort = {port}
AuthMode = Open
ConfigDir = {folder}/accounts
MotdFile = {folder}/motd
PingInterval = 600
PingTimeOut = 1200
[defaults]
"
    )
}

/// Everything is shown in one window.
fn irssi(port: u16) -> String {
    format!(
        r#"servers = ( {{ address = "127.0.0.1"; chatnet = "gate"; port = "{port}"; use_tls = "no"; autoconnect = "yes"; }} );
chatnets = {{ gate = {{ type = "IRC"; nick = "{THEIRS}"; username = "{THEIRS}"; realname = "{THEIRS}"; }}; }};
settings = {{
  core = {{ real_name = "{THEIRS}"; user_name = "{THEIRS}"; nick = "{THEIRS}"; }};
  "irc/core" = {{ cmd_queue_speed = "10msec"; cmds_max_at_once = "200"; }};
  "fe-common/core" = {{ autocreate_query_level = "NONE"; autocreate_windows = "OFF"; autocreate_own_query = "OFF"; }};
}};
"#
    )
}
