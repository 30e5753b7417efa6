//! Synapse, a Matrix homeserver (PyPI package `matrix-synapse`, in a virtual environment that `cargo xtask setup` makes),
//! with SQLite.

use std::fs;
use std::io;
use std::process::{Command, Stdio};

use serde_json::json;

use super::recipe::{Recipe, Site};
use super::server::ServerError;
use super::{ALICE, BOB, http, leash, target_directory};

pub(super) const RECIPE: Recipe = Recipe {
    name: "synapse",
    configure,
    command,
    ready: "Synapse now listening on TCP port",
    populate,
    storage: &["db", "db-wal", "media"],
};

fn configure(site: &Site) -> io::Result<()> {
    fs::write(site.file("log.yaml"), LOG)?;
    fs::write(site.file("homeserver.yaml"), configuration(site))
}

/// To standard output: that it takes connections, and what goes wrong.
const LOG: &str = "version: 1
formatters: {f: {format: '%(levelname)s %(name)s %(message)s'}}
handlers: {h: {class: logging.StreamHandler, stream: ext://sys.stdout, formatter: f}}
loggers: {synapse.app._base: {level: INFO}}
root: {level: WARNING, handlers: [h]}
";

/// No federation, no statistics, no limits of rates. A password costs few rounds, for a login is not what is tested.
fn configuration(site: &Site) -> String {
    let Site { port, .. } = site;
    let directory = site.directory.display();
    let listener = |port: u16, tls: bool| {
        format!(
            "  - {{port: {port}, bind_addresses: [127.0.0.1], type: http, tls: {tls}, x_forwarded: false,\n     \
             resources: [{{names: [client], compress: false}}]}}\n"
        )
    };
    let tls = site.tls_port.map_or_else(String::new, |port| listener(port, true));
    let paths = site.tls_port.map_or_else(String::new, |_| {
        let (certificate, key) = (site.certificate(), site.key());
        format!("tls_certificate_path: {}\ntls_private_key_path: {}\n", certificate.display(), key.display())
    });
    let plain = listener(*port, false);
    format!(
        "server_name: localhost
pid_file: {directory}/pid
public_baseurl: http://127.0.0.1:{port}/
listeners:
{plain}{tls}{paths}database: {{name: sqlite3, args: {{database: {directory}/db}}}}
log_config: {directory}/log.yaml
media_store_path: {directory}/media
signing_key_path: {directory}/signing.key
registration_shared_secret: loopback
macaroon_secret_key: loopback
form_secret: loopback
report_stats: false
enable_registration: true
enable_registration_without_verification: true
trusted_key_servers: []
suppress_key_server_warning: true
federation_domain_whitelist: []
presence: {{enabled: false}}
url_preview_enabled: false
bcrypt_rounds: 4
{}",
        unlimited()
    )
}

/// Every limit of a rate that Synapse has, out of reach.
fn unlimited() -> String {
    const NONE: &str = "{per_second: 100000, burst_count: 100000}";
    const LIMITS: [(&str, &[&str]); 15] = [
        ("rc_message", &[]),
        ("rc_registration", &[]),
        ("rc_registration_token_validity", &[]),
        ("rc_login", &["address", "account", "failed_attempts"]),
        ("rc_admin_redaction", &[]),
        ("rc_joins", &["local", "remote"]),
        ("rc_joins_per_room", &[]),
        ("rc_3pid_validation", &[]),
        ("rc_invites", &["per_room", "per_user", "per_issuer"]),
        ("rc_room_creation", &[]),
        ("rc_media_create", &[]),
        ("rc_presence", &["per_user"]),
        ("rc_delayed_event_mgmt", &[]),
        ("rc_reports", &[]),
        ("rc_key_requests", &[]),
    ];
    let line = |(name, parts): &(&str, &[&str])| match *parts {
        [] => format!("{name}: {NONE}\n"),
        parts => {
            let parts: Vec<_> = parts.iter().map(|part| format!("{part}: {NONE}")).collect();
            format!("{name}: {{{}}}\n", parts.join(", "))
        }
    };
    LIMITS.iter().map(line).collect()
}

fn command(site: &Site) -> Result<Command, ServerError> {
    let python = target_directory().map_err(ServerError::Files)?.join("peers/synapse/bin/python");
    if !python.is_file() {
        return Err(ServerError::Missing { name: RECIPE.name, path: python });
    }
    let homeserver = || {
        let mut command = leash::command(&python);
        command.args(["-m", "synapse.app.homeserver", "-c"]).arg(site.file("homeserver.yaml"));
        command.current_dir(&site.directory);
        command
    };
    if !site.file("signing.key").is_file() {
        let mut keys = homeserver();
        keys.arg("--generate-keys").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let made = super::spawn(keys).and_then(|mut child| child.wait()).map_err(ServerError::Files)?;
        if !made.success() {
            return Err(ServerError::Unusable { name: RECIPE.name, what: format!("--generate-keys: {made}") });
        }
    }
    Ok(homeserver())
}

/// Makes the accounts.
fn populate(site: &Site) -> io::Result<()> {
    for account in [ALICE, BOB] {
        let wish = json!({"auth": {"type": "m.login.dummy"}, "username": account.name, "password": account.password, "inhibit_login": true});
        let (status, answer) = http::post(site.address(), "/_matrix/client/v3/register", &wish.to_string())?;
        if status != 200 {
            return Err(io::Error::other(format!("the account {} is refused: {answer}", account.name)));
        }
    }
    Ok(())
}
