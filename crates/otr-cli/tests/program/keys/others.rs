//! What libotr and potr make of our files, and we of libotr's.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use super::{User, is_same, own_fingerprint};
use crate::support::engine::{Engine, Pair};
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

/// libotr has our key, trusts whom we trust, and says so in a private conversation with them.
#[test]
fn libotr_uses_the_key_and_the_trust_that_we_export() {
    let user = User::new();
    let fingerprint = user.generate("xmpp:me@example.org");
    let mut bob = Engine::ephemeral("bob", &[]);
    let theirs = bob.ask("identity", json!({}))["fingerprint"].as_str().unwrap().to_owned();
    user.keys(&["verify", "bob", &theirs, "--account", "xmpp:me@example.org"]);
    let out = user.home().join("out");
    user.keys(&["export", "--file", out.to_str().unwrap(), "--as", "me@example.org/home"]);
    let before = fs::read(out.join("otr.private_key")).unwrap();

    let mut pair = Pair::of(libotr(&out, "me@example.org/home", "prpl-jabber"), bob);
    pair.start();
    assert_eq!(pair.alice.status("bob")["trusted"], true);
    assert!(is_same(pair.bob.status("alice")["their_fingerprint"].as_str().unwrap(), &fingerprint));
    assert_eq!(fs::read(out.join("otr.private_key")).unwrap(), before, "libotr made no key of its own");
}

#[test]
fn we_use_the_key_that_libotr_makes() {
    let user = User::new();
    let theirs = user.home().join("theirs");
    fs::create_dir(&theirs).unwrap();
    let fingerprint = fingerprint_of(libotr(&theirs, "me@example.org/home", "prpl-jabber"));
    user.keys(&["import", "--file", theirs.to_str().unwrap()]);
    let ours = own_fingerprint(&user.keys(&["list"]));
    assert!(is_same(&ours, &fingerprint), "{ours}, {fingerprint}");
}

/// A key is added to a file that libotr has written: what is there keeps every byte, and libotr uses both.
#[test]
fn a_key_beside_one_that_libotr_made_changes_no_byte_of_it() {
    let user = User::new();
    let ours = user.generate("xmpp:me@example.org");
    let theirs = user.home().join("theirs");
    fs::create_dir(&theirs).unwrap();
    let other = fingerprint_of(libotr(&theirs, "other@example.org/home", "prpl-jabber"));
    let before = fs::read(theirs.join("otr.private_key")).unwrap();
    let args = ["export", "--file", theirs.to_str().unwrap(), "--as", "me@example.org/home"];
    user.keys(&args);
    let after = fs::read(theirs.join("otr.private_key")).unwrap();
    assert!(after.starts_with(before.strip_suffix(b")\n").unwrap()) && after.len() > before.len());
    assert!(user.keys(&args).contains("otr.private_key has it all already"));

    let keys = ["other@example.org/home", "me@example.org/home"]
        .map(|account| fingerprint_of(libotr(&theirs, account, "prpl-jabber")));
    assert!(is_same(&keys[0], &other) && is_same(&keys[1], &ours), "{keys:?}");
    assert_eq!(fs::read(theirs.join("otr.private_key")).unwrap(), after, "libotr made no key of its own");
}

/// What potr reads in a `.key3` file, by its own code.
const POTR: &str = "\
import os, sys, potr.crypt
os.umask(0o022)
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
    #[cfg(unix)]
    for directory in [user.home(), &back] {
        fs::set_permissions(directory, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    user.keys(&["export", "--to", "weechat", "--as", "me@libera", "--file", out.to_str().unwrap()]);
    let (ours, theirs) = (out.join("me@libera.key3"), back.join("me@libera.key3"));
    // Debian's own Python, to which its packages belong.
    let potr = Command::new("/usr/bin/python3").args(["-c", POTR]).args([&ours, &theirs]).output().unwrap();
    let error = String::from_utf8_lossy(&potr.stderr);
    assert!(potr.status.success(), "potr is missing (`cargo xtask setup`), or refuses: {error}");
    let hex = fingerprint.replace(' ', "").to_lowercase();
    assert_eq!(String::from_utf8(potr.stdout).unwrap().trim_end(), hex);
    assert_eq!(fs::read(&ours).unwrap(), fs::read(&theirs).unwrap());

    fs::remove_dir_all(user.home().join(".local")).unwrap();
    let back = back.to_str().unwrap();
    // potr writes its keys with the mode that the user's mask allows.
    let args = ["import", "--from", "weechat", "--file", back, "--as", "irc:me@irc.example.org"];
    let (said, _) = user.partly(&args);
    assert!(said.contains("open to other users (mode 644)") && said.contains("--accept-exposed"), "{said}");
    assert_eq!(user.keys(&["list"]), "nothing is kept here yet\n");
    user.keys(&[&args[..], &["--accept-exposed"]].concat());
    assert_eq!(own_fingerprint(&user.keys(&["list"])), fingerprint);
}

/// A key of pycryptodome's, in the DER that Java writes and in a ChatSecure store; and the same as potr writes it for
/// Gajim, with its fingerprint.
const CHATSECURE: &str = "\
import base64, os, sys, potr.compatcrypto
from Cryptodome.PublicKey import DSA
os.umask(0o077)
key = DSA.generate(1024)
text = lambda der: base64.b64encode(der).decode().replace('=', '\\\\=')
with open(sys.argv[1], 'w') as store:
    store.write('#Tue Nov 15 14:39:30 EST 2011\\n')
    store.write('me@example.org.privateKey=' + text(key.export_key('DER', pkcs8=True)) + '\\n')
    store.write('me@example.org.publicKey=' + text(key.publickey().export_key('DER')) + '\\n')
same = potr.compatcrypto.DSAKey((key.y, key.g, key.p, key.q, key.x), private=True)
with open(sys.argv[2], 'wb') as file:
    file.write(same.serializePrivateKey())
print(same.cfingerprint())
";

/// Two libraries that know nothing of each other write one key in two formats, and we read it in both.
#[test]
fn keys_of_chatsecure_and_gajim_are_those_that_other_libraries_write() {
    let user = User::new();
    let (store, gajim) = (user.home().join("otr_keystore"), user.home().join("me@example.org.key3"));
    let made = Command::new("/usr/bin/python3").args(["-c", CHATSECURE]).args([&store, &gajim]).output().unwrap();
    let error = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "python3-potr and python3-pycryptodome: run `cargo xtask setup`: {error}");
    let fingerprint = String::from_utf8(made.stdout).unwrap();
    for (program, file) in [("chatsecure", &store), ("gajim", &gajim)] {
        let said = user.keys(&["import", "--from", program, "--file", file.to_str().unwrap()]);
        assert!(said.contains(" -> me@example.org (prpl-jabber)") && said.contains(": taken\n"), "{program}: {said}");
        assert!(is_same(&own_fingerprint(&user.keys(&["list"])), fingerprint.trim()), "{program}: {fingerprint}");
        fs::remove_dir_all(user.home().join(".local")).unwrap();
    }
}
