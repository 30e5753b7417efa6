//! ngircd, an IRC server (Debian package `ngircd`). It keeps no message, and asks for no password.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

use super::leash;
use super::recipe::{Recipe, Site};
use super::server::ServerError;

const PROGRAM: &str = "/usr/sbin/ngircd";

pub(super) const RECIPE: Recipe =
    Recipe { name: "ngircd", configure, command, ready: "Now listening on", populate: |_| Ok(()), storage: &[] };

fn configure(site: &Site) -> io::Result<()> {
    fs::write(site.file("ngircd.conf"), configuration(site))
}

/// `MaxPenaltyTime = 0` takes back that one line a second is the most a client may send.
fn configuration(site: &Site) -> String {
    let Site { port, .. } = site;
    let directory = site.directory.display();
    let tls = site.tls_port.map_or_else(String::new, |port| {
        let (certificate, key) = (site.certificate(), site.key());
        format!("[SSL]\nCertFile = {}\nKeyFile = {}\nPorts = {port}\n", certificate.display(), key.display())
    });
    format!(
        "[Global]
Name = irc.otr.test
Info = loopback
AdminInfo1 = loopback
Listen = 127.0.0.1
Ports = {port}
PidFile = {directory}/ngircd.pid
MotdPhrase = loopback
[Limits]
MaxConnectionsIP = 0
MaxNickLength = 30
MaxPenaltyTime = 0
PingTimeout = 600
[Options]
DNS = no
Ident = no
PAM = no
SyslogFacility = local1
{tls}"
    )
}

fn command(site: &Site) -> Result<Command, ServerError> {
    let program = Path::new(PROGRAM);
    if !program.is_file() {
        return Err(ServerError::Missing { name: RECIPE.name, path: program.into() });
    }
    let mut command = leash::command_as_nobody(program);
    command.arg("-n").arg("-f").arg(site.file("ngircd.conf")).current_dir(&site.directory);
    Ok(command)
}
