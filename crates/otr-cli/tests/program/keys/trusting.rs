//! Trust: given to one fingerprint, as a whole, and taken back.

use super::{User, fingerprint_line, shown};

const FINGERPRINTS: &str = ".local/share/otr/otr.fingerprints";

/// A user who knows two keys of one contact and one of another.
fn acquainted() -> User {
    let user = User::new();
    let lines = [
        fingerprint_line("you@example.org", "me@example.org", "prpl-jabber", 7, ""),
        fingerprint_line("you@example.org", "me@example.org", "prpl-jabber", 8, ""),
        fingerprint_line("other@example.org", "me@example.org", "prpl-jabber", 9, "smp"),
    ];
    user.put(FINGERPRINTS, &lines.concat());
    user
}

/// The last field of each line.
fn trust(user: &User) -> Vec<String> {
    user.file(FINGERPRINTS).lines().map(|line| line.rsplit('\t').next().unwrap().to_owned()).collect()
}

// attack: ID-4, ID-5
#[test]
fn only_the_whole_fingerprint_verifies_and_only_that_one() {
    let user = acquainted();
    let before = user.file(FINGERPRINTS);
    for (fingerprint, problem) in [
        (&shown(7)[..35], "40 hexadecimal digits"),
        ("07070707", "40 hexadecimal digits"),
        (&shown(9), "this is not a key of you@example.org"),
        (&shown(7).replace('7', "6"), "nothing was changed; on record"),
    ] {
        let error = user.refused(&["verify", "you@example.org", fingerprint]);
        assert!(error.contains(problem), "{error}");
        assert_eq!(user.file(FINGERPRINTS), before);
    }
    let said = user.keys(&["verify", "you@example.org", &shown(8).to_lowercase()]);
    assert_eq!(said, format!("you@example.org  {}  verified (for me@example.org)\n", shown(8)));
    assert_eq!(trust(&user), ["", "verified", "smp"]);
    let listed = user.keys(&["list"]);
    let line = listed.lines().find(|line| line.contains(&shown(8))).unwrap();
    assert!(line.contains("verified (compared, 20"), "{line}");
    // Typed in groups, as it is shown.
    let groups = shown(7);
    let mut args = vec!["verify", "you@example.org"];
    args.extend(groups.split(' '));
    user.keys(&args);
    assert_eq!(trust(&user), ["verified", "verified", "smp"]);
}

#[test]
fn somebody_not_met_yet_is_trusted_for_an_account_only() {
    let user = acquainted();
    let error = user.refused(&["verify", "new@example.org", &shown(1)]);
    assert!(error.contains("nobody here has met"), "{error}");
    user.keys(&["verify", "new@example.org", &shown(1), "--account", "xmpp:me@example.org"]);
    assert!(user.file(FINGERPRINTS).ends_with(&fingerprint_line(
        "new@example.org",
        "me@example.org",
        "prpl-jabber",
        1,
        "verified"
    )));
}

#[test]
fn trust_is_taken_back() {
    let user = acquainted();
    user.keys(&["verify", "you@example.org", &shown(7)]);
    user.keys(&["verify", "you@example.org", &shown(8)]);
    user.keys(&["distrust", "you@example.org", &shown(7)]);
    assert_eq!(trust(&user), ["", "verified", "smp"]);
    user.keys(&["distrust", "you@example.org"]);
    assert_eq!(trust(&user), ["", "", "smp"]);
    assert!(user.refused(&["distrust", "nobody"]).contains("neither an account here"));
    assert!(user.refused(&["distrust", "you@example.org", &shown(9)]).contains("not a key of"));
    assert!(user.refused(&["distrust", "you@example.org", "--account", "xmpp:else@example.org"]).contains("neither"));
}

#[test]
fn a_key_is_forgotten_and_others_stay() {
    let user = acquainted();
    let error = user.refused(&["forget", "you@example.org"]);
    assert!(error.contains("several keys") && error.contains(&shown(8)), "{error}");
    user.keys(&["forget", "you@example.org", &shown(8)]);
    assert_eq!(trust(&user), ["", "smp"]);
    user.keys(&["forget", "you@example.org"]);
    assert_eq!(trust(&user), ["smp"]);
    assert!(user.refused(&["forget", "you@example.org"]).contains("neither"));
    assert!(!user.keys(&["list"]).contains("you@example.org"));
}

// attack: TEXT-3
#[test]
fn names_cannot_drive_the_terminal() {
    let user = User::new();
    // libotr keeps control characters out of its files no better than tabs, so a line may have any.
    user.put(FINGERPRINTS, &fingerprint_line("y\u{202e}ou", "m\u{9b}e", "irc", 7, ""));
    let listed = user.output(&["list"]);
    let text = format!("{}{}", String::from_utf8_lossy(&listed.stdout), String::from_utf8_lossy(&listed.stderr));
    assert!(!text.contains(['\u{202e}', '\u{9b}', '\u{1b}']), "{text:?}");
}
