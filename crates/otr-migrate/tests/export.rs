//! What is written for other programs, and that nothing of theirs is lost.

mod common;

use std::fs;
use std::path::Path;

use otr_crypto::IdentityKey;
use otr_migrate::{Destination, Export, ExportError, Exported, Name, Places, Program, Target};
use otr_store::KnownFingerprint;

use common::*;

fn xmpp() -> Name {
    Name::new("me@example.org", "prpl-jabber")
}

fn irc() -> Name {
    Name::new("me@irc.example.org", "prpl-irc")
}

fn target(name: &Name, program: Program, home: &Path, account: Option<&str>) -> Result<Target, ExportError> {
    let to = Destination { program: Some(program), account, directory: None };
    Target::find(name, &to, &Places::below(home))
}

fn export(
    name: &Name,
    key: &IdentityKey,
    contacts: &[KnownFingerprint],
    target: &Target,
    replace: bool,
) -> Result<Vec<bool>, ExportError> {
    let what = Exported { name, key: Some(key), fingerprints: contacts, instance_tag: Some(0x1234) };
    let export = Export::new(&what, target, replace)?;
    target.make_directory()?;
    export.carry_out()?;
    Ok(export.files().map(|file| file.changes).collect())
}

/// Whatever we write for a program, we read again as that program's: names, keys, trust.
#[test]
fn what_is_written_reads_back() {
    for (program, name, called, account, protocol, contact, made) in [
        (Program::Pidgin, xmpp(), Some("me@example.org/home"), "me@example.org/home", "prpl-jabber", "you", ".purple"),
        (Program::Pidgin, irc(), None, "me@irc.example.org", "prpl-irc", "you", ".purple"),
        (Program::Irssi, irc(), Some("liberachat"), "liberachat", "IRC", "you", ".irssi"),
        (Program::HexChat, irc(), Some("me@Libera.Chat"), "me@Libera.Chat", "IRC", "you", ".config/hexchat"),
        (Program::XChat, irc(), Some("me@Libera.Chat"), "me@Libera.Chat", "IRC", "you", ".xchat2"),
        (Program::Profanity, xmpp(), None, "me@example.org", "xmpp", "you", ".local/share/profanity"),
        (Program::MCabber, xmpp(), None, "me@example.org", "jabber", "you", ".mcabber"),
        (Program::BitlBee, xmpp(), Some("me"), "me@example.org", "jabber", "you", ".bitlbee"),
        (Program::WeeChat, irc(), Some("me@libera"), "me@libera", "irc", "you@libera", ".weechat"),
        (Program::Gajim, xmpp(), Some("work"), "me@example.org", "xmpp", "you", ".local/share/gajim"),
    ] {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir_all(home.path().join(made)).unwrap();
        let to = Destination { program: Some(program), account: called, directory: None };
        let places = Places::below(home.path());
        let target = Target::find(&name, &to, &places).unwrap_or_else(|error| unreachable!("{program}: {error}"));
        let contacts = [
            known("you", &name.account, &name.protocol, 7, "smp"),
            known("you", &name.account, &name.protocol, 8, ""),
            known("stranger", "another account", &name.protocol, 9, "verified"),
        ];
        assert!(export(&name, key(0), &contacts, &target, false).unwrap().into_iter().all(|changes| changes));

        let found = found(&program.files(&places));
        let theirs = Name::new(account, protocol);
        assert_eq!(found.keys.len(), 1, "{program}");
        assert_eq!(
            (&found.keys[0].name, fingerprint_of(&found.keys[0].key)),
            (&theirs, fingerprint_of(key(0))),
            "{program}"
        );
        let trust: Vec<_> =
            found.fingerprints.iter().map(|one| (one.contact.as_str(), &one.name, one.trust.as_str())).collect();
        assert_eq!(trust, [(contact, &theirs, "smp"), (contact, &theirs, "")], "{program}");
        let without_tags = [Program::Profanity, Program::WeeChat, Program::Gajim].contains(&program);
        assert_eq!(found.instance_tags.len(), usize::from(!without_tags), "{program}");

        // Once more changes nothing.
        assert!(
            !export(&name, key(0), &contacts, &target, false).unwrap().into_iter().any(|changes| changes),
            "{program}"
        );
    }
}

#[cfg(unix)]
#[test]
fn what_is_written_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;

    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join(".mcabber")).unwrap();
    let target = target(&xmpp(), Program::MCabber, home.path(), None).unwrap();
    export(&xmpp(), key(0), &[known("you", "me@example.org", "prpl-jabber", 7, "")], &target, false).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(target.directory()), 0o700);
    let mut names: Vec<String> = fs::read_dir(target.directory())
        .unwrap()
        .map(|entry| entry.unwrap())
        .inspect(|entry| assert_eq!(mode(&entry.path()), 0o600))
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["me@example.org.fpr", "me@example.org.key", "me@example.org.tag"]);
}

/// For libotr's files and for potr's.
#[test]
fn another_key_there_is_replaced_only_if_that_is_wanted_and_kept() {
    for (program, name, called, key_at) in [
        (Program::Pidgin, irc(), None, ".purple/otr.private_key"),
        (Program::WeeChat, irc(), Some("me@libera"), ".weechat/otr/me@libera.key3"),
    ] {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join(key_at);
        let theirs = match program {
            Program::WeeChat => potr_key(key(1)),
            _ => libotr_keys(&[("other", "prpl-irc", key(0)), ("me@irc.example.org", "prpl-irc", key(1))]),
        };
        put(&path, &theirs);
        let target = target(&name, program, home.path(), called).unwrap();
        let refused = export(&name, key(0), &[], &target, false);
        let there = ExportError::OtherKey {
            file: path.clone(),
            account: target.name().account.clone(),
            fingerprint: fingerprint_of(key(1)),
        };
        assert_eq!(refused, Err(there));
        assert_eq!(fs::read(&path).unwrap(), theirs);

        export(&name, key(0), &[], &target, true).unwrap();
        let now = found(std::slice::from_ref(&path));
        assert!(now.keys.iter().all(|found| fingerprint_of(&found.key) == fingerprint_of(key(0))), "{program}");
        let mut previous = path.into_os_string();
        previous.push(".previous");
        assert_eq!(fs::read(previous).unwrap(), theirs);
    }
}

/// What is there of other accounts keeps every byte; trust that is there stays.
#[test]
fn what_is_there_already_stays() {
    let home = tempfile::tempdir().unwrap();
    let there = fingerprint_line("a", "other", "prpl-icq", 1, "")
        + "a line that is no record\n"
        + &fingerprint_line("you", "me@irc.example.org", "prpl-irc", 7, "verified");
    let path = put(&home.path().join(".purple/otr.fingerprints"), &there);
    let target = target(&irc(), Program::Pidgin, home.path(), None).unwrap();
    let contacts = [
        known("you", "me@irc.example.org", "prpl-irc", 7, ""),
        known("new", "me@irc.example.org", "prpl-irc", 8, "smp"),
    ];
    export(&irc(), key(0), &contacts, &target, false).unwrap();
    let added = fingerprint_line("new", "me@irc.example.org", "prpl-irc", 8, "smp");
    assert_eq!(fs::read_to_string(&path).unwrap(), there + &added);
}

// attack: FILE-6
#[test]
fn a_damaged_file_is_not_touched() {
    let home = tempfile::tempdir().unwrap();
    let damaged = b"(privkeys\n (account\n(name me";
    let path = put(&home.path().join(".purple/otr.private_key"), damaged);
    let target = target(&irc(), Program::Pidgin, home.path(), None).unwrap();
    let refused = export(&irc(), key(0), &[], &target, true).unwrap_err();
    assert!(matches!(refused, ExportError::File(otr_store::Error::Damaged { .. })), "{refused}");
    assert!(refused.to_string().contains("otr.private_key, line "), "{refused}");
    assert_eq!(fs::read(&path).unwrap(), damaged);
}

#[test]
fn pidgins_name_for_an_account_comes_from_its_settings_or_its_keys() {
    let home = tempfile::tempdir().unwrap();
    let purple = home.path().join(".purple");
    fs::create_dir(&purple).unwrap();
    let name = || target(&xmpp(), Program::Pidgin, home.path(), None).map(|target| target.name().account.clone());
    assert!(matches!(name(), Err(ExportError::WhichName { .. })));

    let other = ("me@example.org.evil/x", "prpl-jabber", key(1));
    put(&purple.join("otr.private_key"), libotr_keys(&[("me@example.org/old", "prpl-jabber", key(1)), other]));
    assert_eq!(name(), Ok("me@example.org/old".to_owned()));

    let accounts = |resources: &[&str]| {
        let account = |resource: &&str| {
            format!(
                "<account><protocol>prpl-jabber</protocol><name>me@example.org/{resource}</name>\
                 <password>p&lt;w</password></account>"
            )
        };
        let all: String = resources.iter().map(account).collect();
        let irc = "<account><protocol>prpl-irc</protocol><name>me@example.org/irc</name></account>";
        put(&purple.join("accounts.xml"), format!("<?xml version='1.0'?><account version='1.0'>{irc}{all}</account>"));
    };
    accounts(&["at &amp; home"]);
    assert_eq!(name(), Ok("me@example.org/at & home".to_owned()));
    accounts(&[""]);
    assert_eq!(name(), Ok("me@example.org/".to_owned()));
    accounts(&["a", "b"]);
    assert!(matches!(name(), Err(ExportError::WhichName { .. })));
    put(&purple.join("accounts.xml"), "<account><name>");
    assert!(matches!(name(), Err(ExportError::File(_))));
}

#[test]
fn what_cannot_be_told_is_asked_and_not_guessed() {
    let home = tempfile::tempdir().unwrap();
    let find = |name: &Name, program, called| target(name, program, home.path(), called).map(drop).unwrap_err();
    // Nothing is there yet.
    assert_eq!(
        find(&irc(), Program::Irssi, Some("x")),
        ExportError::WhichDirectory { program: Program::Irssi, found: 0 }
    );
    for directory in
        [".irssi", ".config/hexchat", ".weechat/otr", ".local/share/weechat/otr", ".mcabber", ".local/share/gajim"]
    {
        fs::create_dir_all(home.path().join(directory)).unwrap();
    }
    let several = ExportError::WhichDirectory { program: Program::WeeChat, found: 2 };
    assert_eq!(find(&irc(), Program::WeeChat, Some("me@libera")), several);
    for program in [Program::Irssi, Program::HexChat] {
        assert!(matches!(find(&irc(), program, None), ExportError::WhichName { .. }), "{program}");
    }
    assert!(matches!(find(&xmpp(), Program::Gajim, None), ExportError::WhichName { .. }));
    for program in [Program::Adium, Program::Jitsi, Program::ChatSecure, Program::CoyIm, Program::Thunderbird] {
        assert_eq!(find(&xmpp(), program, None), ExportError::NotSupported(program));
    }
    assert!(matches!(find(&irc(), Program::MCabber, None), ExportError::WrongNetwork { .. }));
    assert!(matches!(find(&xmpp(), Program::Irssi, None), ExportError::WrongNetwork { .. }));
    let evil = Name::new("../../me@example.org", "prpl-jabber");
    assert!(matches!(find(&evil, Program::MCabber, None), ExportError::NotAFileName(_)));
    assert!(matches!(find(&evil, Program::Profanity, None), ExportError::NotAFileName(_)));
    assert!(matches!(find(&xmpp(), Program::Gajim, Some("../x")), ExportError::NotAFileName(_)));
    let nowhere = Target::find(&xmpp(), &Destination::default(), &Places::default()).map(drop);
    assert_eq!(nowhere, Err(ExportError::NoDirectory));
}
