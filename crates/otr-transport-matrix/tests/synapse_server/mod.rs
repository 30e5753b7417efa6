//! A Synapse that belongs to one test, and a proxy before it that can cut connections.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helpers too")]

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::watch;

/// How often a starting server is asked whether it is there, a tenth of a second apart.
const TRIES: usize = 3000;

/// Which limits of its own the server has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limits {
    Default,
    Off,
}

pub(crate) struct Synapse {
    folder: TempDir,
    pub(crate) port: u16,
    process: Option<Child>,
}

impl Drop for Synapse {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The interpreter that has Synapse. Without one the test fails: it must not pass for something it has not tried.
fn python() -> PathBuf {
    let named = std::env::var_os("OTR_SYNAPSE_PYTHON").map(PathBuf::from);
    let usual = || PathBuf::from(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("peers/synapse/bin/python");
    let python = named.unwrap_or_else(usual);
    assert!(
        python.is_file(),
        "there is no Synapse: {} is missing. Make it by `python3 -m venv` and `pip install matrix-synapse`, or let \
         OTR_SYNAPSE_PYTHON name a Python that has it",
        python.display()
    );
    python
}

impl Synapse {
    /// Starts a server named `localhost` on loopback with these users, each with the password `pw-NAME`.
    pub(crate) fn start(limits: Limits, users: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        fs::write(folder.path().join("homeserver.yaml"), config(&folder, port, limits)).unwrap();
        let mut server = Self { folder, port, process: None };
        let made = server.command().arg("--generate-keys").output().unwrap();
        assert!(made.status.success(), "Synapse makes no keys: {}", String::from_utf8_lossy(&made.stderr));
        server.resume();
        for user in users {
            let auth = json!({"type": "m.login.dummy"});
            let account =
                json!({"username": user, "password": format!("pw-{user}"), "inhibit_login": true, "auth": auth});
            let (status, answer) = server.ask("POST", "/_matrix/client/v3/register", None, &account).unwrap();
            assert_eq!(status, 200, "{answer}");
        }
        server
    }

    fn command(&self) -> Command {
        let mut command = Command::new(python());
        command.current_dir(self.folder.path()).args(["-m", "synapse.app.homeserver", "-c", "homeserver.yaml"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// Starts it, again with what it knew before.
    pub(crate) fn resume(&mut self) {
        self.process = Some(self.command().spawn().unwrap());
        for _ in 0..TRIES {
            if self.ask("GET", "/_matrix/client/versions", None, &Value::Null).is_some_and(|(status, _)| status == 200)
            {
                return;
            }
            let ended = self.process.as_mut().unwrap().try_wait().unwrap();
            assert!(ended.is_none(), "Synapse ended: {}", self.log());
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("Synapse does not come up: {}", self.log());
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log.txt")).unwrap_or_default()
    }

    /// Ends it without warning.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            // It may have ended by itself.
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// One request by hand. HTTP/1.0, so that the answer ends with the connection.
    pub(crate) fn ask(&self, method: &str, path: &str, token: Option<&str>, body: &Value) -> Option<(u16, Value)> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok()?;
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let token = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
        let length = body.len();
        write!(stream, "{method} {path} HTTP/1.0\r\n{token}Content-Length: {length}\r\n\r\n{body}").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some((status, serde_json::from_str(body).unwrap_or_default()))
    }
}

fn config(folder: &TempDir, port: u16, limits: Limits) -> String {
    let folder = folder.path().display();
    let mut config = format!(
        r#"server_name: "localhost"
pid_file: {folder}/pid
public_baseurl: "http://127.0.0.1:{port}/"
listeners:
  - {{port: {port}, bind_addresses: ["127.0.0.1"], type: http, tls: false, x_forwarded: false,
     resources: [{{names: [client], compress: false}}]}}
database: {{name: sqlite3, args: {{database: {folder}/db}}}}
log_config: "{folder}/log.yaml"
media_store_path: {folder}/media
signing_key_path: "{folder}/signing.key"
registration_shared_secret: "of-the-test"
macaroon_secret_key: "of-the-test"
form_secret: "of-the-test"
report_stats: false
enable_registration: true
enable_registration_without_verification: true
trusted_key_servers: []
suppress_key_server_warning: true
federation_domain_whitelist: []
url_preview_enabled: false
bcrypt_rounds: 4
"#
    );
    let log = format!(
        "version: 1\nformatters: {{f: {{format: '%(levelname)s %(name)s %(message)s'}}}}\n\
         handlers: {{h: {{class: logging.FileHandler, filename: {folder}/log.txt, formatter: f}}}}\n\
         root: {{level: WARNING, handlers: [h]}}\n"
    );
    fs::write(format!("{folder}/log.yaml"), log).unwrap();
    if limits == Limits::Off {
        let off = "{per_second: 100000, burst_count: 100000}";
        for name in ["rc_message", "rc_registration", "rc_joins_per_room", "rc_room_creation"] {
            config.push_str(&format!("{name}: {off}\n"));
        }
        config.push_str(&format!("rc_login: {{address: {off}, account: {off}, failed_attempts: {off}}}\n"));
        config.push_str(&format!("rc_joins: {{local: {off}, remote: {off}}}\n"));
        config.push_str(&format!("rc_invites: {{per_room: {off}, per_user: {off}, per_issuer: {off}}}\n"));
    }
    config
}

/// A way to the server that can be cut.
pub(crate) struct Proxy {
    pub(crate) url: String,
    cuts: watch::Sender<u64>,
}

impl Proxy {
    pub(crate) async fn start(server: u16) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (cuts, cut) = watch::channel(0);
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let mut cut = cut.clone();
                cut.mark_unchanged();
                tokio::spawn(async move {
                    let Ok(mut far) = tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, server)).await else {
                        return;
                    };
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                        _ = cut.changed() => {}
                    }
                });
            }
        });
        Self { url, cuts }
    }

    /// All connections break, with what is on them.
    pub(crate) fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }
}
