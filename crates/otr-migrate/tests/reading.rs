//! Every format of every program, as the programs write it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

mod common;

use std::path::{Path, PathBuf};

use otr_migrate::{Found, Name, Places, Problem, Program, Reading, files_in, read};
use otr_store::Error;
use sha2::Sha256;
use tempfile::TempDir;
use zeroize::Zeroizing;

use common::*;

/// A home directory.
fn home() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn read_program(program: Program, home: &Path) -> Found {
    let places = Places::below(home);
    let how = Reading { program: Some(program), places: Some(&places), ..Reading::default() };
    read(&program.files(&places), &how)
}

/// Account, protocol and fingerprint of each key.
fn keys(found: &Found) -> Vec<(&str, &str, otr_crypto::Fingerprint)> {
    let row = |key: &'_ otr_migrate::FoundKey| fingerprint_of(&key.key);
    found.keys.iter().map(|key| (key.name.account.as_str(), key.name.protocol.as_str(), row(key))).collect()
}

/// Contact, account, first byte of the fingerprint and trust of each.
fn contacts(found: &Found) -> Vec<(&str, &str, u8, &str)> {
    let all = found.fingerprints.iter();
    all.map(|one| (one.contact.as_str(), one.name.account.as_str(), one.fingerprint.as_bytes()[0], one.trust.as_str()))
        .collect()
}

// attack: FILE-8
#[test]
fn libotrs_files_are_read_wherever_a_program_keeps_them() {
    for (program, keys_at, fingerprints_at, tags_at, account, protocol) in [
        (
            Program::Pidgin,
            ".purple/otr.private_key",
            ".purple/otr.fingerprints",
            ".purple/otr.instance_tags",
            "me@example.org/home",
            "prpl-jabber",
        ),
        (Program::Irssi, ".irssi/otr/otr.key", ".irssi/otr/otr.fp", ".irssi/otr/otr.instag", "liberachat", "IRC"),
        (
            Program::HexChat,
            ".config/hexchat/otr/otr.key",
            ".config/hexchat/otr/otr.fp",
            ".config/hexchat/otr/otr.instag",
            "me@irc.example.org",
            "IRC",
        ),
        (
            Program::XChat,
            ".xchat2/otr/otr.key",
            ".xchat2/otr/otr.fp",
            ".xchat2/otr/otr.instag",
            "me@irc.example.org",
            "IRC",
        ),
        (
            Program::Profanity,
            ".local/share/profanity/otr/me_at_example.org/keys.txt",
            ".local/share/profanity/otr/me_at_example.org/fingerprints.txt",
            "",
            "me@example.org",
            "xmpp",
        ),
        (
            Program::MCabber,
            ".mcabber/otr/me@example.org.key",
            ".mcabber/otr/me@example.org.fpr",
            ".mcabber/otr/me@example.org.tag",
            "me@example.org",
            "jabber",
        ),
        (
            Program::BitlBee,
            ".bitlbee/me.otr_keys",
            ".bitlbee/me.otr_fprints",
            ".bitlbee/me.otr_instags",
            "me@example.org",
            "jabber",
        ),
        (
            Program::Psi,
            ".local/share/psi/profiles/default/otr.keys",
            ".local/share/psi/profiles/default/otr.fingerprints",
            ".local/share/psi/profiles/default/otr.instags",
            "{7a1b}",
            "prpl-jabber",
        ),
        (
            Program::PsiPlus,
            ".local/share/psi+/profiles/default/otr.keys",
            ".local/share/psi+/profiles/default/otr.fingerprints",
            ".local/share/psi+/profiles/default/otr.instags",
            "{7a1b}",
            "prpl-jabber",
        ),
        (
            Program::Kopete,
            ".kde/share/apps/kopete_otr/privkeys",
            ".kde/share/apps/kopete_otr/fingerprints",
            ".kde/share/apps/kopete_otr/instags",
            "me@example.org",
            "Jabber",
        ),
        (
            Program::Thunderbird,
            ".thunderbird/x1.default/otr.private_key",
            ".thunderbird/x1.default/otr.fingerprints",
            ".thunderbird/x1.default/otr.instance_tags",
            "me@example.org",
            "jabber",
        ),
        (
            Program::TorMessenger,
            "tor-messenger/Messenger/TorMessenger/Data/Browser/profile.default/otr.private_key",
            "tor-messenger/Messenger/TorMessenger/Data/Browser/profile.default/otr.fingerprints",
            "",
            "me@example.org",
            "prpl-jabber",
        ),
    ] {
        let home = home();
        put(&home.path().join(keys_at), libotr_keys(&[(account, protocol, key(0))]));
        put(&home.path().join(fingerprints_at), fingerprint_line("you", account, protocol, 7, "smp"));
        if !tags_at.is_empty() {
            put(&home.path().join(tags_at), format!("# Do not copy\n{account}\t{protocol}\t00001234\n"));
        }
        let found = read_program(program, home.path());
        assert_eq!(found.problems, [], "{program}");
        assert_eq!(keys(&found), [(account, protocol, fingerprint_of(key(0)))], "{program}");
        assert_eq!(contacts(&found), [("you", account, 7, "smp")], "{program}");
        let tags: Vec<u32> = found.instance_tags.iter().map(|tag| tag.tag).collect();
        assert_eq!(tags, if tags_at.is_empty() { vec![] } else { vec![0x1234] }, "{program}");
        assert_eq!(program.name().parse(), Ok(program));
    }
}

#[test]
fn adiums_numbers_are_accounts() {
    let home = home();
    let at = home.path().join("Library/Application Support/Adium 2.0/Users/Default");
    put(&at.join("Accounts.plist"), ADIUM);
    put(
        &at.join("otr.private_key"),
        libotr_keys(&[("1", "libpurple-Jabber", key(0)), ("5", "libpurple-Jabber", key(1))]),
    );
    put(&at.join("otr.fingerprints"), fingerprint_line("you@example.org", "1", "libpurple-Jabber", 7, "verified"));
    let found = read_program(Program::Adium, home.path());
    assert_eq!(found.problems, []);
    let (one, other) = (fingerprint_of(key(0)), fingerprint_of(key(1)));
    assert_eq!(keys(&found), [("me@example.org", "libpurple-Jabber", one), ("5", "libpurple-Jabber", other)]);
    assert_eq!(contacts(&found), [("you@example.org", "me@example.org", 7, "verified")]);

    for (list, problem) in
        [("bplist00", "binary"), ("<plist><dict>", "no property list"), ("\u{ff}<a></b>", "no property")]
    {
        put(&at.join("Accounts.plist"), list);
        let found = read_program(Program::Adium, home.path());
        assert!(found.keys.is_empty());
        assert!(found.problems[0].to_string().contains(problem), "{}", found.problems[0]);
    }
    let deep = format!("<plist>{}", "<array>".repeat(100_000));
    put(&at.join("Accounts.plist"), deep);
    assert_eq!(read_program(Program::Adium, home.path()).problems.len(), 2);
}

#[test]
fn potrs_keys_get_their_name_from_what_is_around_them() {
    let home = home();
    let weechat = home.path().join(".weechat/otr");
    put(&weechat.join("me@libera.key3"), potr_key(key(0)));
    put(&weechat.join("me@libera.fpr"), fingerprint_line("you@libera", "me@libera", "irc", 7, ""));
    let found = read_program(Program::WeeChat, home.path());
    assert_eq!(found.problems, []);
    assert_eq!(keys(&found), [("me@libera", "irc", fingerprint_of(key(0)))]);
    assert_eq!(contacts(&found), [("you@libera", "me@libera", 7, "")]);

    let gajim = home.path().join(".local/share/gajim");
    put(&gajim.join("work.key3"), potr_key(key(1)));
    put(&gajim.join("me@home.example.key3"), potr_key(key(0)));
    let config = "accounts.work.name = me\naccounts.work.hostname = example.org\n";
    put(&home.path().join(".config/gajim/config"), config);
    let found = read_program(Program::Gajim, home.path());
    let (one, other) = (fingerprint_of(key(1)), fingerprint_of(key(0)));
    assert_eq!(keys(&found), [("me@home.example", "xmpp", other), ("me@example.org", "xmpp", one)]);

    // Found on its own, a key has a file name only.
    let alone = put(&home.path().join("backup/work.key3"), potr_key(key(0)));
    assert_eq!(found_names(&[alone]), [Name::new("work", "")]);
}

fn found_names(files: &[PathBuf]) -> Vec<Name> {
    found(files).keys.into_iter().map(|key| key.name).collect()
}

#[test]
fn jitsis_configuration_is_read_with_its_contact_list() {
    let home = home();
    let (properties, list) = jitsi(key(0), key(1));
    put(&home.path().join(".jitsi/sip-communicator.properties"), properties);
    put(&home.path().join(".jitsi/contactlist.xml"), list);
    let found = read_program(Program::Jitsi, home.path());
    assert_eq!(keys(&found), [("me@example.org", "Jabber", fingerprint_of(key(0)))]);
    let theirs = fingerprint_of(key(1)).as_bytes()[0];
    let me = "me@example.org";
    assert_eq!(
        contacts(&found),
        [
            ("old@example.org", me, theirs, "verified"),
            ("7you@example.org", me, 8, ""),
            ("7you@example.org", me, 9, "verified")
        ]
    );
    // One contact is not in the list.
    assert_eq!(found.problems.len(), 1);
    let problem = found.problems[0].to_string();
    assert!(problem.contains("sip-communicator.properties, line 9: the contact list does not say"), "{problem}");
}

#[test]
fn chatsecures_key_store_is_read_open_and_encrypted() {
    let home = home();
    let plain = chatsecure(key(0), key(1));
    let check = |found: &Found| {
        assert_eq!(found.problems, []);
        assert_eq!(keys(found), [("me@example.org", "prpl-jabber", fingerprint_of(key(0)))]);
        let theirs = fingerprint_of(key(1)).as_bytes()[0];
        let me = "me@example.org";
        let expected = [("other@example.org", me, 9, ""), ("you@example.org", me, theirs, "verified")];
        assert_eq!(contacts(found), expected);
    };
    check(&found(&[put(&home.path().join("otr_keystore"), &plain)]));

    let passphrase = "c29tZSBwYXNzcGhyYXNl";
    let with = |passphrase: &str, file: &PathBuf| {
        let how = Reading { passphrase: Some(Zeroizing::new(passphrase.to_owned())), ..Reading::default() };
        read(std::slice::from_ref(file), &how)
    };
    let encrypted = put(&home.path().join("otr_keystore.ofcaes"), ofcaes(plain.as_bytes(), passphrase));
    check(&with(passphrase, &encrypted));
    let newer = openssl::<Sha256>(plain.as_bytes(), passphrase, [0xff; 8]);
    check(&with(passphrase, &put(&home.path().join("newer.ofcaes"), newer)));

    let locked = read(std::slice::from_ref(&encrypted), &Reading::default());
    assert_eq!((locked.locked, locked.keys.len()), (vec![encrypted.clone()], 0));
    for wrong in ["", "c29tZSBwYXNzcGhyYXNm", "another"] {
        let found = with(wrong, &encrypted);
        assert_eq!(found.problems, [Problem::WrongPassphrase { file: encrypted.clone() }]);
        assert!(found.keys.is_empty());
    }
}

#[test]
fn coyims_accounts_are_read_unless_they_are_encrypted() {
    let home = home();
    put(&home.path().join(".config/coyim/accounts.json"), coyim(key(0)));
    let found = read_program(Program::CoyIm, home.path());
    assert_eq!(found.problems, []);
    assert_eq!(keys(&found), [("me@example.org", "prpl-jabber", fingerprint_of(key(0)))]);
    let me = "me@example.org";
    let expected = [
        ("you@example.org", me, 1, "verified"),
        ("you@example.org", me, 2, ""),
        ("old@example.org", me, 3, "verified"),
    ];
    assert_eq!(contacts(&found), expected);
    assert_eq!(found.instance_tags[0].tag, 4096);

    // What is wrong with one account hides no other, and is named where that account begins, wherever its name stands.
    let accounts = r#"{"Accounts": [
        {"Account": "a@example.org", "Peers": [{"UserID": "b@example.org"}]},
        {"Account": "b@example.org", "PrivateKeys": ["A"]},
        {"Account": 7},
        {"Account": "c@example.org", "InstanceTag": 4096}
    ]}"#;
    let found = read(&[put(&home.path().join("accounts.json"), accounts)], &Reading::default());
    let problems: Vec<String> = found.problems.iter().map(Problem::to_string).collect();
    assert!(problems[0].ends_with("accounts.json, line 3: a private key is not in base64"), "{}", problems[0]);
    assert!(problems[1].ends_with("accounts.json, line 4: this is no account of CoyIM's"), "{}", problems[1]);
    assert_eq!((problems.len(), found.instance_tags.len()), (2, 1));

    let encrypted = put(&home.path().join("accounts.json.enc"), r#"{"Params": {"Nonce": "00"}, "Data": "00"}"#);
    let found = read(&[encrypted], &Reading::default());
    assert!(found.problems[0].to_string().contains("CoyIM has encrypted this"), "{}", found.problems[0]);
}

#[test]
fn a_directory_is_searched_by_contents() {
    let home = home();
    let at = |name: &str| home.path().join(name);
    put(&at("a"), libotr_keys(&[("me@example.org", "xmpp", key(0))]));
    for copy in ["previous", "damaged", "damaged.2", "replaced", "replaced.17"] {
        put(&at(&format!("a.{copy}")), libotr_keys(&[("me@example.org", "xmpp", key(1))]));
    }
    put(&at("b"), fingerprint_line("you@example.org", "me@example.org", "xmpp", 7, ""));
    put(&at("c"), potr_key(key(1)));
    put(&at("photo.jpeg"), [0xff, 0xd8, 0xff, 0xe0]);
    put(&at("notes.txt"), "hello\n");
    put(&at("empty"), "");
    assert_eq!(files_in(home.path()), [at("a"), at("b"), at("c")]);
    let found = read(&[at("notes.txt")], &Reading::default());
    assert_eq!(found.problems.len(), 1);
    assert!(read(&[at("nothing")], &Reading::default()).files.is_empty());
}

// attack: FILE-1
#[cfg(unix)]
#[test]
fn private_keys_that_others_can_read_are_refused_unless_that_is_allowed() {
    use std::fs::{Permissions, create_dir, set_permissions};
    use std::os::unix::fs::PermissionsExt;

    let home = home();
    let (open, closed) = (home.path().join("open"), home.path().join("closed"));
    set_permissions(home.path(), Permissions::from_mode(0o755)).unwrap();
    create_dir(&open).unwrap();
    create_dir(&closed).unwrap();
    set_permissions(&open, Permissions::from_mode(0o755)).unwrap();
    set_permissions(&closed, Permissions::from_mode(0o700)).unwrap();
    let (properties, _) = jitsi(key(0), key(1));
    for contents in [
        libotr_keys(&[("me@example.org", "xmpp", key(0))]),
        potr_key(key(0)),
        chatsecure(key(0), key(1)).into_bytes(),
        properties.into_bytes(),
        coyim(key(0)).into_bytes(),
    ] {
        let files = [open.join("file"), closed.join("below/file")].map(|path| put(&path, &contents));
        for file in &files {
            set_permissions(file, Permissions::from_mode(0o644)).unwrap();
        }
        let refused = read(&files[..1], &Reading::default());
        assert_eq!(refused.problems, [Problem::File(Error::Exposed { file: files[0].clone(), mode: 0o644 })]);
        assert!(refused.keys.is_empty());
        let allowed = Reading { accept_exposed: true, ..Reading::default() };
        assert_eq!(read(&files[..1], &allowed).keys.len(), 1);
        // Some programs rely on the directory.
        assert_eq!(read(&files[1..], &Reading::default()).keys.len(), 1);
    }
    // Fingerprints are no secrets.
    let file = put(&open.join("fp"), fingerprint_line("you", "me", "irc", 7, ""));
    set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    assert_eq!(found(&[file]).fingerprints.len(), 1);
}
