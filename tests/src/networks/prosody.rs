//! Prosody, an XMPP server (Debian package `prosody`), with what today's servers have: archive, copies, resumption.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

use super::recipe::{Recipe, Site};
use super::server::ServerError;
use super::{ALICE, BOB, leash};

const PROGRAM: &str = "/usr/bin/prosody";

pub(super) const RECIPE: Recipe = Recipe {
    name: "prosody",
    configure,
    command,
    ready: "Activated service 'c2s",
    populate: |_| Ok(()),
    storage: &["data"],
};

fn configure(site: &Site) -> io::Result<()> {
    for (account, other) in [(ALICE, BOB), (BOB, ALICE)] {
        let host = site.file("data/localhost");
        for folder in ["accounts", "roster"] {
            fs::create_dir_all(host.join(folder))?;
        }
        let file = format!("{}.dat", account.name);
        let password = format!("return {{\n\t[\"password\"] = \"{}\";\n}};\n", account.password);
        fs::write(host.join("accounts").join(&file), password)?;
        let other = other.name;
        let roster = format!(
            "return {{\n\t[false] = {{ [\"version\"] = 1; }};\n\t[\"{other}@localhost\"] = \
             {{ [\"subscription\"] = \"both\"; [\"groups\"] = {{}}; [\"name\"] = \"{other}\"; }};\n}};\n"
        );
        fs::write(host.join("roster").join(&file), roster)?;
    }
    fs::write(site.file("prosody.cfg.lua"), configuration(site))
}

fn configuration(site: &Site) -> String {
    let Site { port, .. } = site;
    let directory = site.directory.display();
    let (tls, tls_port, ssl) = match site.tls_port {
        None => ("", String::new(), String::new()),
        Some(port) => {
            let (key, certificate) = (site.key(), site.certificate());
            let ssl = format!("ssl = {{ key = \"{}\"; certificate = \"{}\"; }}", key.display(), certificate.display());
            (", \"tls\"", port.to_string(), ssl)
        }
    };
    let off = if tls.is_empty() { ", \"tls\"" } else { "" };
    format!(
        r#"pidfile = "{directory}/prosody.pid"
data_path = "{directory}/data"
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
modules_enabled = {{ "roster", "saslauth", "disco", "ping", "private", "vcard_legacy", "pep", "time", "version", "uptime",
  "carbons", "smacks", "mam", "offline"{tls} }}
modules_disabled = {{ "s2s", "http", "posix"{off} }}
authentication = "internal_plain"
storage = "internal"
archive_expires_after = "never"
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
log = {{ info = "*console" }}
limits = {{}}
{ssl}
VirtualHost "localhost"
"#
    )
}

fn command(site: &Site) -> Result<Command, ServerError> {
    let program = Path::new(PROGRAM);
    if !program.is_file() {
        return Err(ServerError::Missing { name: RECIPE.name, path: program.into() });
    }
    let mut command = leash::command(program);
    command.arg("--config").arg(site.file("prosody.cfg.lua")).arg("-F").current_dir(&site.directory);
    Ok(command)
}
