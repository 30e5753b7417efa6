//! Keys that are made and shown: in digits, in words, in pictures.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{User, fingerprint_line, own_fingerprint, shown};
use crate::support::process::otr;

/// What an independent reader sees in a picture.
fn scanned(picture: &Path) -> String {
    let output = Command::new("zbarimg")
        .args(["--quiet", "--raw", "--nodbus", "-Sdisable", "-Sqrcode.enable"])
        .arg(picture)
        .output();
    let output = output.expect("zbarimg is missing: run `cargo xtask setup`");
    assert!(output.status.success(), "nothing to be read in {}", picture.display());
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

// attack: FILE-10
#[test]
fn a_key_is_made_once_and_listed() {
    let user = User::new();
    let fingerprint = user.generate("xmpp:me@example.org/desk");
    assert_eq!(fingerprint.len(), 44);
    let listed = user.keys(&["list"]);
    assert!(listed.starts_with("me@example.org (prpl-jabber)\n"), "{listed}");
    assert_eq!(own_fingerprint(&listed), fingerprint);
    let error = user.refused(&["generate", "me@example.org", "--protocol", "prpl-jabber"]);
    assert!(error.contains("has a key already") && error.contains(&fingerprint), "{error}");
    assert_eq!(own_fingerprint(&user.keys(&["list"])), fingerprint);

    let other = user.generate("irc:me@irc.example.org:6667");
    assert_ne!(other, fingerprint);
    let error = user.refused(&["generate", "alice"]);
    assert!(error.contains("cannot be told which account \"alice\" is"), "{error}");
    user.keys(&["generate", "alice", "--protocol", "otr-tcp"]);
    assert_eq!(user.keys(&["list"]).matches("  key  ").count(), 3);
}

/// Two at a time: one makes the key, and the other is told of it.
// attack: FILE-10, FILE-9
#[test]
fn two_that_make_a_key_at_once_make_one() {
    let user = User::new();
    let children: Vec<_> = (0..2)
        .map(|_| {
            let mut command = otr(&["keys", "generate", "xmpp:me@example.org"]);
            command.env("HOME", user.home()).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
            command.spawn().unwrap()
        })
        .collect();
    let outputs: Vec<_> = children.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
    let made: Vec<_> = outputs.iter().filter(|output| output.status.success()).collect();
    assert_eq!(made.len(), 1, "{outputs:?}");
    let fingerprint = own_fingerprint(std::str::from_utf8(&made[0].stdout).unwrap());
    assert_eq!(own_fingerprint(&user.keys(&["list"])), fingerprint);
    let refused = outputs.iter().find(|output| !output.status.success()).unwrap();
    assert!(String::from_utf8_lossy(&refused.stderr).contains(&fingerprint), "{refused:?}");
}

#[test]
fn a_fingerprint_is_shown_in_digits_and_in_words() {
    let user = User::new();
    assert!(user.refused(&["show"]).contains("otr keys generate"));
    let fingerprint = user.generate("xmpp:me@example.org");
    let line = fingerprint_line("you@example.org", "me@example.org", "prpl-jabber", 7, "");
    user.put(".local/share/otr/otr.fingerprints", &line);
    let own = format!("me@example.org (prpl-jabber)\n  {fingerprint}\n");
    assert_eq!(user.keys(&["show"]), own);
    assert_eq!(user.keys(&["show", "me@example.org"]), own);
    assert_eq!(user.keys(&["show", "xmpp:me@example.org"]), own);
    let theirs = format!("you@example.org (prpl-jabber), not verified\n  {}\n", shown(7));
    assert_eq!(user.keys(&["show", "you@example.org"]), theirs);
    let words = user.keys(&["show", "you@example.org", "--words"]).to_lowercase();
    assert_eq!(words.lines().skip(1).collect::<Vec<_>>(), ["  ahead amusement ahead amusement"; 5]);
    assert!(user.refused(&["show", "nobody"]).contains("neither an account here nor a contact"));
}

#[test]
fn a_picture_says_the_same_to_an_independent_reader() {
    let user = User::new();
    let fingerprint = user.generate("xmpp:me@example.org");
    let link = format!("xmpp:me@example.org?otr-fingerprint={}", fingerprint.replace(' ', "").to_lowercase());
    let (png, svg) = (user.home().join("me.png"), user.home().join("me.svg"));
    let said = user.keys(&["show", "--png", png.to_str().unwrap(), "--svg", svg.to_str().unwrap(), "--qr"]);
    assert!(said.contains(&link), "{said}");
    assert_eq!(scanned(&png), link);

    let drawn = user.home().join("svg.png");
    let draw = Command::new("rsvg-convert").arg(&svg).arg("--output").arg(&drawn).status();
    assert!(draw.expect("rsvg-convert is missing: run `cargo xtask setup`").success());
    assert_eq!(scanned(&drawn), link);

    let lines: Vec<&str> = said.lines().filter(|line| line.starts_with("\x1b[30;107m")).collect();
    assert!(lines.len() <= 23, "{} lines", lines.len());
    let picture = user.home().join("terminal.pbm");
    fs::write(&picture, bitmap(&modules_of_terminal(&lines))).unwrap();
    assert_eq!(scanned(&picture), link);
}

#[test]
fn a_picture_is_of_one_key() {
    let user = User::new();
    let lines = [7, 8].map(|byte| fingerprint_line("you", "me", "prpl-irc", byte, "")).concat();
    user.put(".local/share/otr/otr.fingerprints", &lines);
    let png = user.home().join("you.png");
    let png = png.to_str().unwrap();
    let error = user.refused(&["show", "you", "--png", png]);
    assert!(error.contains("several keys") && error.contains(&shown(7)) && error.contains(&shown(8)), "{error}");
    user.keys(&["show", "you", "--png", png, "--fingerprint", &shown(8)]);
    assert_eq!(scanned(Path::new(png)), format!("otr-fingerprint:{}", "08".repeat(20)));
    let error = user.refused(&["show", "you", "--fingerprint", &shown(8), "--png", "/nowhere/you.png"]);
    assert!(error.contains("cannot write /nowhere/you.png"), "{error}");
}

/// Eight pixels a module.
fn bitmap(modules: &[Vec<bool>]) -> String {
    let side = modules.len() * 8;
    let row = |row: &Vec<bool>| -> String {
        let line: String = row.iter().map(|dark| if *dark { "1 " } else { "0 " }.repeat(8)).collect();
        format!("{line}\n").repeat(8)
    };
    format!("P1\n{side} {side}\n{}", modules.iter().map(row).collect::<String>())
}

fn modules_of_terminal(lines: &[&str]) -> Vec<Vec<bool>> {
    let halves = |line: &&str| {
        let plain = line.replace("\x1b[30;107m", "").replace("\x1b[0m", "");
        let upper = plain.chars().map(|c| matches!(c, '\u{2580}' | '\u{2588}')).collect::<Vec<_>>();
        let lower = plain.chars().map(|c| matches!(c, '\u{2584}' | '\u{2588}')).collect::<Vec<_>>();
        [upper, lower]
    };
    let mut modules: Vec<Vec<bool>> = lines.iter().flat_map(halves).collect();
    modules.truncate(modules[0].len());
    modules
}

#[test]
fn shells_get_their_completions() {
    for (shell, parts) in [
        ("bash", ["_otr", "distrust"]),
        ("zsh", ["#compdef otr", "--instance-tags"]),
        ("fish", ["complete -c otr", "forget"]),
    ] {
        let output = otr(&["completions", shell]).output().unwrap();
        assert!(output.status.success());
        let script = String::from_utf8(output.stdout).unwrap();
        assert!(parts.iter().all(|part| script.contains(part)), "{shell}");
    }
    let check = Command::new("bash").args(["-n", "-c"]).arg(text_of(&["completions", "bash"])).status().unwrap();
    assert!(check.success(), "bash does not understand its script");
}

fn text_of(args: &[&str]) -> String {
    String::from_utf8(otr(args).output().unwrap().stdout).unwrap()
}
