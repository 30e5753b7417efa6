//! Moving in from other programs, and out again.

use std::fs;
use std::process::Stdio;

use serde_json::json;

use super::{User, fingerprint_line, is_same, own_fingerprint, shown};
use crate::support::engine::Engine;

/// A user of Pidgin: our key under Pidgin's name, and a contact.
fn pidgin_user() -> (User, String) {
    let user = User::new();
    let fingerprint = user.generate("xmpp:me@example.org");
    fs::create_dir(user.home().join(".purple")).unwrap();
    user.keys(&["export", "--to", "pidgin", "--as", "me@example.org/home"]);
    fs::remove_dir_all(user.home().join(".local")).unwrap();
    let name = "me@example.org/home";
    user.put(".purple/otr.fingerprints", &fingerprint_line("you@example.org", name, "prpl-jabber", 7, "verified"));
    user.put(".purple/otr.instance_tags", &format!("{name}\tprpl-jabber\t00001234\n"));
    (user, fingerprint)
}

#[test]
fn a_dry_run_says_everything_and_changes_nothing() {
    let (user, fingerprint) = pidgin_user();
    let before = user.everything();
    let said = user.keys(&["import", "--dry-run"]);
    for line in [
        "me@example.org/home (prpl-jabber) -> me@example.org (prpl-jabber), for \"otr chat xmpp:me@example.org\""
            .to_owned(),
        format!("  key {fingerprint}: taken"),
        format!("  you@example.org {}, verified: taken", shown(7)),
        "  instance tag 00001234: not taken: the program may go on using it, and two that use one at the same time get \
         in each other's way; --instance-tags takes it"
            .to_owned(),
        "2 taken, 0 known already, 1 not taken; this was a dry run, and nothing was changed".to_owned(),
    ] {
        assert!(said.lines().any(|other| other == line), "{line:?} in {said}");
    }
    assert_eq!(user.everything(), before);
}

/// What was Pidgin's account `me@example.org/home` is what `otr chat xmpp:me@example.org` is.
#[test]
fn a_key_of_pidgins_is_used_from_then_on() {
    let (user, fingerprint) = pidgin_user();
    let said = user.keys(&["import", "--from", "pidgin", "--instance-tags"]);
    assert!(said.ends_with("3 taken, 0 known already, 0 not taken\n"), "{said}");
    assert!(user.keys(&["show", "xmpp:me@example.org"]).contains(&fingerprint));
    let listed = user.keys(&["list"]);
    assert!(listed.contains("instance tag   00001234") && listed.contains("verified (imported, 20"), "{listed}");

    let home = user.home().join(".local/share/otr");
    let home = home.to_str().unwrap();
    let mut engine = Engine::spawn(&["--home", home, "--account", "me@example.org", "--protocol", "prpl-jabber"]);
    let identity = engine.ask("identity", json!({}));
    assert!(is_same(identity["fingerprint"].as_str().unwrap(), &fingerprint), "{identity}");
    assert_eq!(identity["instance_tag"], "00001234");
    engine.finish();

    let again = user.keys(&["import"]);
    assert!(again.ends_with("0 taken, 3 known already, 0 not taken\n"), "{again}");
}

#[test]
fn what_is_called_by_its_network_waits_for_a_name() {
    let user = User::new();
    let fingerprint = user.generate("irc:me@irc.example.org");
    fs::create_dir(user.home().join(".irssi")).unwrap();
    user.put(".local/share/otr/otr.fingerprints", &fingerprint_line("you", "me@irc.example.org", "prpl-irc", 7, "smp"));
    let error = user.refused(&["export", "--to", "irssi"]);
    assert!(
        error.contains("it has to be the name that irssi has for the network") && error.contains("--as"),
        "{error}"
    );
    let said = user.keys(&["export", "--to", "irssi", "--as", "examplenet"]);
    assert!(said.starts_with("me@irc.example.org (prpl-irc) -> examplenet (IRC)\n"), "{said}");
    assert_eq!(user.file(".irssi/otr/otr.fp"), fingerprint_line("you", "examplenet", "IRC", 7, "smp"));

    fs::remove_dir_all(user.home().join(".local")).unwrap();
    let said = user.keys(&["import"]);
    assert!(said.contains("examplenet (IRC) -> no name here"), "{said}");
    assert!(said.contains("lacks the nick or the server; say it with --as"), "{said}");
    assert_eq!(user.keys(&["list"]), "nothing is kept here yet\n");
    let said = user.keys(&["import", "--as", "irc:me@irc.example.org"]);
    assert!(said.contains("examplenet (IRC) -> me@irc.example.org (prpl-irc)"), "{said}");
    assert_eq!(own_fingerprint(&user.keys(&["list"])), fingerprint);
}

#[test]
fn a_key_there_or_here_is_replaced_only_if_that_is_wanted() {
    let (user, theirs) = pidgin_user();
    let ours = user.generate("xmpp:me@example.org");
    let said = user.keys(&["import"]);
    let line = format!("  key {theirs}: not taken: the account has another key here, {ours}; --replace takes this one");
    assert!(said.contains(&line), "{said}");
    assert_eq!(own_fingerprint(&user.keys(&["list"])), ours);

    // The account's name comes from what Pidgin has.
    let before = user.file(".purple/otr.private_key");
    let error = user.refused(&["export", "--to", "pidgin"]);
    assert!(error.contains(&theirs) && error.contains("--replace"), "{error}");
    assert_eq!(user.file(".purple/otr.private_key"), before);
    let said = user.keys(&["export", "--to", "pidgin", "--replace", "--dry-run"]);
    assert!(said.contains("otr.private_key written") && said.contains("nothing was changed"), "{said}");
    assert_eq!(user.file(".purple/otr.private_key"), before);
    user.keys(&["export", "--to", "pidgin", "--replace"]);
    assert_eq!(user.file(".purple/otr.private_key.previous"), before);
    let said = user.keys(&["import", "--dry-run"]);
    assert!(said.contains(&format!("  key {ours}: known here already")), "{said}");
}

#[test]
fn distrust_outlives_an_import_unless_trust_is_asked_for() {
    let (user, _) = pidgin_user();
    user.keys(&["import"]);
    user.keys(&["distrust", "you@example.org"]);
    let said = user.keys(&["import"]);
    let line = format!(
        "  you@example.org {}, verified: not taken: it is here already, as not verified; --trust takes over that it is \
         verified\n",
        shown(7)
    );
    assert!(said.contains(&line), "{said}");
    assert!(user.file(".local/share/otr/otr.fingerprints").ends_with("\t\n"));
    let said = user.keys(&["import", "--trust"]);
    assert!(said.contains("verified: known here, and verified from now on\n"), "{said}");
    assert!(user.file(".local/share/otr/otr.fingerprints").ends_with("\tverified\n"));
}

#[test]
fn a_directory_of_anything_is_searched() {
    let (user, fingerprint) = pidgin_user();
    let backup = user.home().join("backup");
    fs::rename(user.home().join(".purple"), &backup).unwrap();
    fs::rename(backup.join("otr.private_key"), backup.join("kept")).unwrap();
    user.put("backup/notes.txt", "buy milk\n");
    let said = user.keys(&["import", "--file", backup.to_str().unwrap()]);
    assert!(said.contains(&format!("  key {fingerprint}: taken")) && !said.contains("notes"), "{said}");
    let error = user.refused(&["import", "--from", "pidgin"]);
    assert!(error.contains("no keys, fingerprints or instance tags of other programs were found"), "{error}");
    let error = user.refused(&["import", "--file", "/nowhere"]);
    assert!(error.contains("cannot read /nowhere"), "{error}");
}

#[test]
fn damage_is_named_and_the_rest_is_taken() {
    let (user, fingerprint) = pidgin_user();
    let lines = user.file(".purple/otr.fingerprints") + "x\ty\tz\n" + &fingerprint_line("w\u{7}", "y", "irc", 9, "smp");
    user.put(".purple/otr.fingerprints", &lines);
    let (said, error) = user.partly(&["import"]);
    assert!(error.contains("was left aside, in 2 place(s)"), "{error}");
    assert!(said.contains("otr.fingerprints, line 2: "), "{said}");
    assert!(said.contains("otr.fingerprints, line 3: ") && !said.contains('\u{7}'), "{said}");
    assert!(said.contains(&format!("  key {fingerprint}: taken")), "{said}");

    let keys = user.file(".purple/otr.private_key");
    user.put(".purple/otr.private_key", &keys[..keys.len() / 2]);
    let (said, _) = user.partly(&["import"]);
    assert!(said.contains("not read: ") && said.contains("otr.private_key, line "), "{said}");
}

/// The passphrase comes from standard input where there is no terminal; a wrong one takes nothing.
#[test]
fn an_encrypted_key_store_asks_for_its_passphrase() {
    use std::io::Write;

    let user = User::new();
    let plain = format!("you@example.org.fingerprint={}\n", "07".repeat(20));
    user.put("plain", &plain);
    let store = user.home().join("otr_keystore.ofcaes");
    let mut openssl = std::process::Command::new("openssl");
    openssl.args(["enc", "-aes-256-cbc", "-md", "md5", "-salt", "-pass", "pass:sesame", "-in"]);
    openssl.arg(user.home().join("plain")).arg("-out").arg(&store).stderr(Stdio::null());
    assert!(openssl.status().expect("openssl is missing: run `cargo xtask setup`").success());
    let import = |passphrase: &str| {
        let store = store.to_str().unwrap();
        let mut command =
            crate::support::process::otr(&["keys", "import", "--file", store, "--as", "xmpp:me@example.org"]);
        command.env("HOME", user.home()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        writeln!(child.stdin.take().unwrap(), "{passphrase}").unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, said) = import("open");
    assert_eq!(code, Some(1));
    assert!(said.contains("the passphrase is wrong, or the file is damaged"), "{said}");
    let (code, said) = import("sesame");
    assert_eq!(code, Some(0));
    assert!(said.contains(&format!("  you@example.org {}, not verified: taken", shown(7))), "{said}");
}
