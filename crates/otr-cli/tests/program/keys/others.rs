//! What libotr and potr make of our files, and we of libotr's.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use super::{User, own_fingerprint};
use crate::support::engine::Engine;
use crate::support::process::Process;

/// libotr behind the contract of `otr engine`.
fn libotr(home: &Path, account: &str, protocol: &str) -> Engine {
    let target = Path::new(env!("CARGO_BIN_EXE_otr")).parent().and_then(Path::parent).unwrap();
    let driver: PathBuf = target.join("peers/libotr/libotr-driver");
    assert!(driver.is_file(), "the peer libotr is missing ({}): run `cargo xtask setup`", driver.display());
    let mut command = Command::new(driver);
    command.arg("--home").arg(home).args(["--account", account, "--protocol", protocol]);
    Engine::of(Process::spawn(command))
}

fn fingerprint_of(mut engine: Engine) -> String {
    let identity = engine.ask("identity", json!({}));
    engine.finish();
    identity["fingerprint"].as_str().unwrap().to_owned()
}

#[test]
fn libotr_uses_the_key_that_we_export() {
    let user = User::new();
    let fingerprint = user.generate("xmpp:me@example.org");
    let out = user.home().join("out");
    user.keys(&["export", "--file", out.to_str().unwrap(), "--as", "me@example.org/home"]);
    let before = fs::read(out.join("otr.private_key")).unwrap();
    assert_eq!(fingerprint_of(libotr(&out, "me@example.org/home", "prpl-jabber")), fingerprint);
    assert_eq!(fs::read(out.join("otr.private_key")).unwrap(), before, "libotr made no key of its own");
}

#[test]
fn we_use_the_key_that_libotr_makes() {
    let user = User::new();
    let theirs = user.home().join("theirs");
    fs::create_dir(&theirs).unwrap();
    let fingerprint = fingerprint_of(libotr(&theirs, "me@example.org/home", "prpl-jabber"));
    user.keys(&["import", "--file", theirs.to_str().unwrap()]);
    assert_eq!(own_fingerprint(&user.keys(&["list"])), fingerprint);
}

/// What potr reads in a `.key3` file, by its own code.
const POTR: &str = "\
import sys, potr.crypt
key, rest = potr.crypt.PK.parsePrivateKey(open(sys.argv[1], 'rb').read())
numbers = key.getPrivatePayload()
assert rest == b'' and pow(int(numbers[2]), int(numbers[4]), int(numbers[0])) == int(numbers[3])
print(key.cfingerprint())
open(sys.argv[2], 'wb').write(key.serializePrivateKey())
";

#[test]
fn potr_reads_the_key_that_we_export_and_writes_it_as_we_do() {
    let user = User::new();
    let fingerprint = user.generate("irc:me@irc.example.org");
    let (out, back) = (user.home().join("out"), user.home().join("back"));
    for directory in [&out, &back] {
        fs::create_dir(directory).unwrap();
    }
    user.keys(&["export", "--to", "weechat", "--as", "me@libera", "--file", out.to_str().unwrap()]);
    let (ours, theirs) = (out.join("me@libera.key3"), back.join("me@libera.key3"));
    // Debian's own Python, to which its packages belong.
    let potr = Command::new("/usr/bin/python3").args(["-c", POTR]).args([&ours, &theirs]).output().unwrap();
    let error = String::from_utf8_lossy(&potr.stderr);
    assert!(potr.status.success(), "potr is missing (Debian package python3-potr), or refuses: {error}");
    let hex = fingerprint.replace(' ', "").to_lowercase();
    assert_eq!(String::from_utf8(potr.stdout).unwrap().trim_end(), hex);
    assert_eq!(fs::read(&ours).unwrap(), fs::read(&theirs).unwrap());

    fs::remove_dir_all(user.home().join(".local")).unwrap();
    let back = back.to_str().unwrap();
    user.keys(&["import", "--from", "weechat", "--file", back, "--as", "irc:me@irc.example.org"]);
    assert_eq!(own_fingerprint(&user.keys(&["list"])), fingerprint);
}
