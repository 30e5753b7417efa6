//! Keys at rest: encrypted with a passphrase, which comes from a file, from the environment or from a terminal.

use std::process::Command;

use serde_json::json;

use super::{User, fingerprint_line, is_same, own_fingerprint};
use crate::support::engine::Engine;

/// Little work for each try: the default takes a second on purpose, and many in a build for tests.
const WORK: &str = "--work-factor=6";

/// A user with a key and a contact, and what is in the files.
fn user() -> (User, Vec<(String, Vec<u8>)>) {
    let user = User::new();
    user.generate("xmpp:me@example.org");
    let line = fingerprint_line("you@example.org", "me@example.org", "prpl-jabber", 7, "verified");
    user.put(".local/share/otr/otr.fingerprints", &line);
    let kept = files(&user);
    user.put("secret", "correct horse\nsecond line\n");
    (user, kept)
}

/// The files where keys are kept, but for what is there to lock them.
fn files(user: &User) -> Vec<(String, Vec<u8>)> {
    user.everything().into_iter().filter(|(name, _)| name.contains("/otr/otr.") && !name.contains("lock")).collect()
}

fn with(user: &User, variables: &[(&str, &str)], args: &[&str]) -> (Option<i32>, String, String) {
    let mut command = user.command(args);
    let output = command.envs(variables.iter().copied()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

// attack: FILE-12
#[test]
fn files_are_encrypted_with_a_passphrase_and_opened_with_no_other() {
    let (user, before) = user();
    let fingerprint = own_fingerprint(&user.keys(&["list"]));
    let secret = user.home().join("secret").display().to_string();
    let said = user.keys(&["encrypt", "--passphrase-file", &secret, WORK]);
    let exception = ", but not what Matrix accounts keep there (matrix.*, with the access token)";
    assert!(said.contains(&format!("are encrypted from now on{exception}")), "{said}");
    for (name, bytes) in files(&user) {
        assert!(bytes.starts_with(b"age-encryption.org/v1\n"), "{name} is in the clear");
    }

    let locked = user.refused(&["list"]);
    assert!(
        locked.contains("no terminal; use --passphrase-file or the environment variable OTR_PASSPHRASE"),
        "{locked}"
    );
    for (variables, args, problem) in [
        (&[("OTR_PASSPHRASE", "wrong horse")][..], &["list"][..], "the passphrase does not open "),
        (&[("OTR_PASSPHRASE", "")], &["list"], "the passphrase is empty"),
        (&[], &["list", "--passphrase-file", "/nowhere"], "cannot read the passphrase from /nowhere"),
        (
            &[("OTR_PASSPHRASE", "correct horse")],
            &["encrypt"],
            "are encrypted already; \"otr keys passphrase\" changes",
        ),
    ] {
        let (code, out, error) = with(&user, variables, args);
        assert_eq!((code, out.as_str()), (Some(1), ""), "{error}");
        assert!(error.contains(problem), "{error}");
    }
    let (code, listed, _) = with(&user, &[("OTR_PASSPHRASE", "correct horse")], &["list"]);
    assert_eq!((code, own_fingerprint(&listed)), (Some(0), fingerprint.clone()));

    let home = user.home().join(".local/share/otr").display().to_string();
    let account = ["--home", &home, "--passphrase-file", &secret, "--account", "me@example.org"];
    let mut engine = Engine::spawn(&account);
    let identity = engine.ask("identity", json!({}));
    assert!(is_same(identity["fingerprint"].as_str().unwrap(), &fingerprint), "{identity}");
    engine.finish();

    let said = user.keys(&["decrypt", "--passphrase-file", &secret]);
    assert!(said.contains("are not encrypted any more"), "{said}");
    let after = files(&user);
    for file in &before {
        assert!(after.contains(file), "{} is not as it was", file.0);
    }
    let error = user.refused(&["decrypt"]);
    assert!(error.contains("are not encrypted"), "{error}");
}

#[test]
fn a_passphrase_is_changed_by_who_knows_it() {
    let (user, _) = user();
    let (old, new) = (("OTR_PASSPHRASE", "old"), ("OTR_NEW_PASSPHRASE", "new"));
    assert_eq!(with(&user, &[old], &["encrypt", WORK]).0, Some(0));
    let (code, _, error) = with(&user, &[("OTR_PASSPHRASE", "guess"), new], &["passphrase", WORK]);
    assert!(code == Some(1) && error.contains("does not open"), "{error}");
    let (code, _, error) = with(&user, &[old], &["passphrase", WORK]);
    assert!(code == Some(1) && error.contains("use --new-passphrase-file or"), "{error}");
    let (code, said, _) = with(&user, &[old, new], &["passphrase", WORK]);
    assert!(code == Some(0) && said.contains("have a new passphrase"), "{said}");
    assert_eq!(with(&user, &[old], &["list"]).0, Some(1));
    assert_eq!(with(&user, &[("OTR_PASSPHRASE", "new")], &["list"]).0, Some(0));
    let error = User::new().refused(&["passphrase"]);
    assert!(error.contains("are not encrypted"), "{error}");
}

/// Arguments can be seen by every user of the machine.
#[test]
fn a_passphrase_is_never_an_argument() {
    let (user, _) = user();
    for args in [&["encrypt", "correct horse"][..], &["encrypt", "--passphrase", "x"], &["encrypt", "--work-factor=21"]]
    {
        assert_eq!(user.output(args).status.code(), Some(2), "{args:?}");
    }
    assert!(user.keys(&["list"]).contains("me@example.org"));
}

/// The files are those of age, and its own program opens them: with the passphrase the key, with the key the rest.
#[cfg(target_os = "linux")]
#[test]
fn age_opens_what_we_have_encrypted() {
    use crate::support::terminal::Terminal;

    let (user, before) = user();
    assert_eq!(with(&user, &[("OTR_PASSPHRASE", "open sesame")], &["encrypt", WORK]).0, Some(0));
    let mut age = Terminal::run(user.home(), "age --decrypt -o key .local/share/otr/otr.key.age");
    age.wait_for("passphrase");
    age.wait_unseen();
    age.press("open sesame\n");
    let (code, shown) = age.end();
    assert_eq!(code, Some(0), "age is missing (`cargo xtask setup`), or refuses: {shown}");
    for (name, plain) in before.iter().filter(|(name, _)| !name.ends_with(".previous")) {
        let mut age = Command::new("age");
        let opened = age.args(["--decrypt", "-i"]).arg(user.home().join("key")).arg(format!("{name}.age")).output();
        assert_eq!(opened.unwrap().stdout, *plain, "{name}");
    }
}

/// On a terminal it is asked for, not shown, and a new one has to be typed twice.
#[cfg(target_os = "linux")]
#[test]
fn a_passphrase_is_typed_unseen() {
    use crate::support::terminal::Terminal;

    let (user, _) = user();
    let typed = |args: &[&str], lines: &[&str]| {
        let mut terminal = Terminal::open(user.home(), &[&["keys"], args].concat());
        for (asked, line) in ["assphrase", "Once more"].iter().zip(lines) {
            terminal.wait_for(asked);
            terminal.wait_unseen();
            terminal.press(&format!("{line}\n"));
        }
        terminal.end()
    };
    let (code, shown) = typed(&["encrypt", WORK], &["open sesame", "open sesme"]);
    assert!(code == Some(1) && shown.contains("another passphrase; nothing was changed"), "{shown}");
    let (code, shown) = typed(&["encrypt", WORK], &["open sesame", "open sesame"]);
    assert!(code == Some(0) && shown.contains("encrypted from now on") && !shown.contains("sesame"), "{shown}");
    let (code, shown) = typed(&["list"], &["open sesame"]);
    assert!(code == Some(0) && shown.contains("me@example.org (prpl-jabber)") && !shown.contains("sesame"), "{shown}");
    assert_eq!(user.output(&["list"]).status.code(), Some(1), "it is encrypted");
}
