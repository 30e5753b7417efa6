//! `cargo xtask setup`: what the tests need beyond Rust.
//!
//! Each folder of tests/peers with a `Makefile` is a peer. `make BUILD=target/peers/NAME` puts its programs there. Its
//! `packages.txt` names the Debian packages that takes, any number on a line. A line `npm: npm nodejs` names those that
//! are needed unless there is a command `npm`: it may have been installed from elsewhere, and then they may conflict.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::error::Error;
use crate::shell::{self, command, output, root, succeeds, target_directory};

/// What building a peer takes, whatever it is written in, and what watches our own program.
const TOOLS: [&str; 4] = ["gcc", "make", "pkg-config", "valgrind"];

pub(crate) fn run() -> Result<(), Error> {
    let peers = peers()?;
    install(&missing(&packages(&peers)?))?;
    let programs = target_directory()?.join("peers");
    for peer in &peers {
        let name = peer.file_name().unwrap_or_default();
        let build = programs.join(name);
        shell::run(command("make").arg("--silent").arg("-C").arg(peer).arg(format!("BUILD={}", build.display())))?;
        println!("setup: the peer {} is in {}", name.display(), build.display());
    }
    Ok(())
}

/// The folders of tests/peers.
fn peers() -> Result<Vec<PathBuf>, Error> {
    let mut peers = Vec::new();
    for entry in fs::read_dir(root().join("tests/peers"))? {
        let path = entry?.path();
        if path.join("Makefile").is_file() {
            peers.push(path);
        }
    }
    peers.sort();
    Ok(peers)
}

/// The Debian packages that the peers name.
fn packages(peers: &[PathBuf]) -> Result<BTreeSet<String>, Error> {
    let mut packages: BTreeSet<String> = TOOLS.map(str::to_owned).into();
    for peer in peers {
        let list = peer.join("packages.txt");
        let list = fs::read_to_string(&list).map_err(|error| Error(format!("{}: {error}", list.display())))?;
        packages.extend(list.lines().flat_map(needed).map(str::to_owned));
    }
    Ok(packages)
}

/// The packages that a line of a packages.txt asks for on this machine.
fn needed(line: &str) -> impl Iterator<Item = &str> {
    let (command, packages) = line.split_once(':').map_or((None, line), |(name, rest)| (Some(name.trim()), rest));
    let is_there = command.is_some_and(is_command);
    packages.split_whitespace().filter(move |_| !is_there)
}

fn is_command(name: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(name).is_file())
}

fn missing(packages: &BTreeSet<String>) -> Vec<&str> {
    packages.iter().map(String::as_str).filter(|package| !is_installed(package)).collect()
}

fn is_installed(package: &str) -> bool {
    let mut query = command("dpkg-query");
    query.args(["--show", "--showformat=${db:Status-Status}\\n", package]);
    // Of packages it has never heard of, dpkg-query complains.
    let shown = query.stdin(Stdio::null()).stderr(Stdio::null()).output();
    shown.is_ok_and(|shown| shown.stdout.split(|&byte| byte == b'\n').any(|line| line == b"installed"))
}

fn install(packages: &[&str]) -> Result<(), Error> {
    if packages.is_empty() {
        println!("setup: every Debian package that the tests need is installed");
        return Ok(());
    }
    let list = packages.join(" ");
    if !Path::new("/usr/bin/apt-get").is_file() {
        return Err(Error(format!("this system has no apt-get; install what these Debian packages hold: {list}")));
    }
    if output(command("id").arg("-u"))?.trim() != "0" {
        return Err(Error(format!("only root installs packages; first run: sudo apt-get install {list}")));
    }
    println!("setup: installing {list}");
    let apt = |arguments: &[&str]| {
        let mut apt = command("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive").args(["-qq", "-o", "Dpkg::Use-Pty=0"]).args(arguments);
        apt
    };
    let mut wanted = vec!["install", "--yes", "--no-install-recommends"];
    wanted.extend(packages);
    // On a system that has its package lists, they need not be fetched again.
    if succeeds(&mut apt(&wanted)) {
        return Ok(());
    }
    shell::run(&mut apt(&["update"]))?;
    shell::run(&mut apt(&wanted))
}
