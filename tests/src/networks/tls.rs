//! Certificates that `otr chat` must refuse, and the ways to trust one all the same.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::chatter::{Chatter, Encryption, PATIENCE, Place};
use super::papers::{Office, Paper};
use super::record::Records;
use super::stage::Rows;
use super::{ALICE, BOB, Kind, Server, words};

/// What certificates are shown to.
struct Scene<'a> {
    otr: &'a Path,
    server: Server,
    homes: TempDir,
}

/// Plays all of it.
pub(super) fn play(kind: Kind, otr: &Path, rows: &mut Rows<'_>) {
    let set = || {
        let office = Office::open().map_err(|error| format!("no certificates: {error}"))?;
        let scene = Scene::set(kind, otr, &office)?;
        scene.accepts(&[])?;
        Ok(((office, scene), "a good certificate is accepted".to_owned()))
    };
    let Some((office, mut scene)) = rows.check("TLS", set) else { return };
    for (what, paper, reason) in [
        ("wrong name", &office.wrong_name, "it is for another name"),
        ("expired", &office.expired, "it has expired"),
        ("self-signed", &office.self_signed, "it is self-signed"),
    ] {
        rows.check(format!("TLS, {what}"), || {
            scene.present(paper)?;
            Ok(((), scene.refuses(&[], reason)?))
        });
    }
    // The server still shows the last of them.
    rows.check("TLS, trusted by file", || Ok((scene.accepts(&scene.trust_file(&office.self_signed)?)?, String::new())));
    rows.check("TLS, trusted by SHA-256", || {
        scene.accepts(&trust(format!("sha256:{}", office.self_signed.sha256())))?;
        let other = trust(format!("sha256:{}", office.good.sha256()));
        Ok(((), scene.refuses(&other, "it is not the one that is trusted")?))
    });
}

fn trust(what: String) -> [String; 2] {
    ["--trust-certificate".to_owned(), what]
}

impl<'a> Scene<'a> {
    fn set(kind: Kind, otr: &'a Path, office: &Office) -> Result<Self, String> {
        let server = Server::start_with_tls(kind, office.good.papers()).map_err(|error| error.to_string())?;
        let homes = tempfile::Builder::new().prefix("otr-").tempdir().map_err(|error| error.to_string())?;
        let authorities = homes.path().join("authorities.pem");
        fs::write(authorities, &office.authority).map_err(|error| error.to_string())?;
        Ok(Self { otr, server, homes })
    }

    fn present(&mut self, paper: &Paper) -> Result<(), String> {
        self.server.present(paper.papers()).map_err(|error| error.to_string())
    }

    fn trust_file(&self, paper: &Paper) -> Result<[String; 2], String> {
        let file = self.homes.path().join("trusted.pem");
        fs::write(&file, paper.certificate()).map_err(|error| error.to_string())?;
        Ok(trust(file.display().to_string()))
    }

    /// Every way to encrypt the connection connects.
    fn accepts(&self, further: &[String]) -> Result<(), String> {
        self.ways().iter().try_for_each(|&way| {
            let mut chatter = self.chat(way, further)?;
            chatter.wait(0, "that it is connected", words::is_connected)?;
            chatter.leave()
        })
    }

    /// No way to encrypt the connection does, and the program says why and fails. What it says.
    fn refuses(&self, further: &[String], reason: &str) -> Result<String, String> {
        let mut seen = String::new();
        for &way in self.ways() {
            let mut chatter = self.chat(way, further)?;
            let status = chatter.wait_end(PATIENCE)?;
            let errors = chatter.errors();
            let Some(line) = errors.iter().find(|line| line.contains(reason)) else {
                return Err(format!("it does not say that {reason}, but: {}", chatter.lines().join(" / ")));
            };
            if status.code() != Some(1) {
                return Err(format!("it refuses, but leaves with {status}"));
            }
            seen.clone_from(line);
        }
        Ok(seen)
    }

    fn chat(&self, encryption: Encryption, further: &[String]) -> Result<Chatter, String> {
        let kind = self.server.kind();
        let server = match encryption {
            Encryption::Direct => self.server.tls_address().ok_or("the server has no TLS")?,
            Encryption::StartTls | Encryption::None => self.server.address(),
        };
        let authorities = self.homes.path().join("authorities.pem");
        let place = Place {
            otr: self.otr,
            kind,
            server,
            homes: self.homes.path(),
            authorities: Some(&authorities),
            records: Records::default(),
        };
        place.chat(ALICE, BOB, encryption, further)
    }

    const fn ways(&self) -> &'static [Encryption] {
        match self.server.kind() {
            Kind::Prosody => &[Encryption::Direct, Encryption::StartTls],
            Kind::Ngircd | Kind::Synapse => &[Encryption::Direct],
        }
    }
}
