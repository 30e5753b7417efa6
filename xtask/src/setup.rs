//! `cargo xtask setup`: what the tests need beyond Rust.
//!
//! Each folder of tests/peers with a `Makefile` is a peer. `make BUILD=target/peers/NAME` puts its programs there. Its
//! `packages.txt` names the Debian packages that takes, any number on a line. A line `npm: npm nodejs` names those that
//! are needed unless there is a command `npm`: it may have been installed from elsewhere, and then they may conflict.
//!
//! Servers of chat networks are Debian packages, too, except Synapse, which comes from PyPI into a virtual environment.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::error::Error;
use crate::shell::{self, command, output, root, succeeds, target_directory};

/// What building a peer takes, whatever it is written in, and what watches our own program.
const TOOLS: [&str; 4] = ["gcc", "make", "pkg-config", "valgrind"];

/// What reads our pictures and encrypted files, and what made key stores of phones: independent of our program.
const READERS: [&str; 4] = ["age", "librsvg2-bin", "openssl", "zbar-tools"];

/// The servers that the networks' tests start on loopback.
const SERVERS: [&str; 2] = ["ngircd", "prosody"];

/// The packages of the chat clients that are held against ours, a line each. They are installed where they are asked for.
const CLIENTS: &str = "tests/src/networks/clients/packages.txt";

/// The Matrix server, of the version that was tested.
const SYNAPSE: (&str, &str) = ("matrix-synapse", "1.163.2");

/// Says to Debian's packages that no service of theirs is to be started; see invoke-rc.d(8).
const SERVICE_POLICY: &str = "/usr/sbin/policy-rc.d";

pub(crate) fn run(arguments: &[String]) -> Result<(), Error> {
    let peers = peers()?;
    let mut packages = packages(&peers)?;
    packages.extend(clients(arguments)?);
    install(&missing(&packages))?;
    let programs = target_directory()?.join("peers");
    synapse(&programs.join("synapse"))?;
    for peer in &peers {
        let name = peer.file_name().unwrap_or_default();
        let build = programs.join(name);
        shell::run(command("make").arg("--silent").arg("-C").arg(peer).arg(format!("BUILD={}", build.display())))?;
        println!("setup: the peer {} is in {}", name.display(), build.display());
    }
    Ok(())
}

/// The Debian packages of the chat clients asked for: `--clients` for all, `--client NAME` for one. Each has a line, which
/// begins with its name.
fn clients(arguments: &[String]) -> Result<BTreeSet<String>, Error> {
    let list = fs::read_to_string(root().join(CLIENTS))?;
    let mut packages = BTreeSet::new();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let name = match argument.as_str() {
            "--clients" => None,
            "--client" => arguments.next(),
            _ => return Err(Error(format!("setup takes --clients and --client NAME, not {argument}"))),
        };
        let is_meant = |line: &&str| name.is_none_or(|name| line.split_whitespace().next() == Some(name));
        let found: Vec<_> = list.lines().filter(is_meant).flat_map(str::split_whitespace).map(str::to_owned).collect();
        if found.is_empty() {
            return Err(Error(format!("{} is no client in {CLIENTS}", name.map_or("", String::as_str))));
        }
        packages.extend(found);
    }
    Ok(packages)
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
    let mut packages: BTreeSet<String> = TOOLS.into_iter().chain(READERS).chain(SERVERS).map(str::to_owned).collect();
    if !succeeds(command("python3").args(["-c", "import ensurepip, venv"])) {
        packages.insert("python3-venv".to_owned());
    }
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
    let _quiet = NoServices::begin()?;
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

/// While it lasts, a server that is installed is not started: only tests do that, on loopback.
struct NoServices {
    ours: bool,
}

impl NoServices {
    fn begin() -> Result<Self, Error> {
        let policy = Path::new(SERVICE_POLICY);
        let ours = !policy.exists();
        if ours {
            fs::write(policy, "#!/bin/sh\nexit 101\n")?;
            fs::set_permissions(policy, fs::Permissions::from_mode(0o755))?;
        }
        Ok(Self { ours })
    }
}

impl Drop for NoServices {
    fn drop(&mut self) {
        if self.ours
            && let Err(error) = fs::remove_file(SERVICE_POLICY)
        {
            eprintln!("setup: {SERVICE_POLICY} keeps services from being started and must be removed: {error}");
        }
    }
}

/// Installs Synapse in a virtual environment of its own, unless it is there.
fn synapse(environment: &Path) -> Result<(), Error> {
    let (package, version) = SYNAPSE;
    let is_there = format!("import importlib.metadata as m; exit(m.version('{package}') != '{version}')");
    let python = environment.join("bin/python");
    if !(python.is_file() && succeeds(command(&python).args(["-c", &is_there]))) {
        println!("setup: installing {package} {version} from PyPI");
        shell::run(command("python3").args(["-m", "venv", "--clear"]).arg(environment))?;
        let mut pip = command(&python);
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        shell::run(pip.arg(format!("{package}=={version}")))?;
    }
    println!("setup: Synapse is in {}", environment.display());
    Ok(())
}
