//! The client's own files: `otr keys import` takes over what it has written, and what `otr keys export` writes is the
//! client's own from then on.

use std::fs;
use std::path::PathBuf;

use super::super::super::{ALICE, Kind};
use super::super::client::{Act, THEIRS, Words};
use super::super::home::Home;
use super::super::seen::Seen;
use super::super::talk::Talk;
use super::{Finding, comparing};
use crate::interop::Failure;

/// The fingerprint of somebody whom nobody has met.
const STRANGERS: &str = "07070707 07070707 07070707 07070707 07070707";

/// A file and what is in it.
type Contents = (PathBuf, Vec<u8>);

/// What the client has written is read: its key, and its trust in us. Written again it has every byte, and one more line
/// for what is new. With that, the client is who it was and trusts whom it trusted.
pub(super) fn read(talk: &mut Talk) -> Result<Finding, Failure> {
    talk.plain()?;
    let seen = talk.seen()?;
    talk.they_start()?;
    they_do_not_trust_us(talk, &seen)?;
    comparing::their_question_right(talk)?;
    talk.verify()?;
    talk.they_end()?;
    talk.they_leave()?;

    let (keys, home) = (talk.our_home("imported")?, talk.their_home()?);
    let said = import(talk, &keys, &home)?;
    let theirs = taken(&said, "key ", ": taken")?;
    let ours = own_fingerprint(&talk.otr(&talk.our_home("ours")?, &["keys", "list", "--home", "keys"])?)?;
    taken(&said, &format!("{} {ours}", ALICE.address(talk.habits.kind)), ", verified: taken")?;
    let files = files(&said)?;

    let said = export(talk, &keys, &home)?;
    if said.contains("written") || contents(&files)? != files {
        return Err(Failure(format!("what was there has changed: {said}")));
    }
    let stranger = Person::of(talk.habits.kind, "carol");
    let verify =
        ["keys", "verify", &stranger.address, STRANGERS, "--account", &Person::of(talk.habits.kind, THEIRS).account];
    talk.otr(&home, &[&verify[..], &["--home", &text(&keys)]].concat())?;
    export(talk, &keys, &home)?;
    one_line_more(&files, &contents(&files)?, &stranger.address)?;

    talk.they_return(&home)?;
    let seen = talk.seen()?;
    talk.we_start()?;
    talk.verified()?;
    let shown = they_trust_us(talk, &seen)?;
    Ok(Finding::Passed(format!("key {theirs}, {} files / {shown}", files.len())))
}

/// A key of ours and trust in a contact are the client's, once they stand in its files.
pub(super) fn written(talk: &mut Talk) -> Result<Finding, Failure> {
    talk.private()?;
    talk.verify()?;
    talk.they_end()?;
    talk.they_leave()?;
    let (imported, home) = (talk.our_home("imported")?, talk.their_home()?);
    for (path, _) in files(&import(talk, &imported, &home)?)? {
        fs::remove_file(&path).map_err(|error| Failure(format!("{}: {error}", path.display())))?;
    }
    let keys = talk.our_home("exported")?;
    let (at, account) = (text(&keys), Person::of(talk.habits.kind, THEIRS).account);
    let made = own_fingerprint(&talk.otr(&home, &["keys", "generate", &account, "--home", &at])?)?;
    let ours = own_fingerprint(&talk.otr(&talk.our_home("ours")?, &["keys", "list", "--home", "keys"])?)?;
    let us = ALICE.address(talk.habits.kind);
    talk.otr(&home, &["keys", "verify", &us, &ours, "--account", &account, "--home", &at])?;
    let said = export(talk, &keys, &home)?;
    if said.matches(" written\n").count() != 2 {
        return Err(Failure(format!("not two files are written: {said}")));
    }

    talk.they_return(&home)?;
    let (mark, seen) = (talk.ours.mark(), talk.seen()?);
    talk.they_start()?;
    let changed = talk.ours.wait(mark, &[&format!("! {THEIRS}'s identity has changed")])?;
    let mark = talk.ours.mark();
    talk.ours.type_line("/accept")?;
    talk.ours.wait(mark, &["* "])?;
    let shown = they_trust_us(talk, &seen)?;
    let listed = talk.otr(&talk.our_home("ours")?, &["keys", "list", "--home", "keys"])?;
    if !listed.contains(&format!("{THEIRS}  {made}")) {
        return Err(Failure(format!("{THEIRS} has not the key {made}: {listed}")));
    }
    Ok(Finding::Passed(format!("key {made}, {changed} / {shown}")))
}

/// What a person is called.
struct Person {
    /// As a contact.
    address: String,
    /// As an account of ours.
    account: String,
}

impl Person {
    fn of(kind: Kind, name: &str) -> Self {
        match kind {
            Kind::Ngircd => Self { address: name.to_owned(), account: format!("irc:{name}@irc.otr.test") },
            Kind::Prosody => Self { address: format!("{name}@localhost"), account: format!("xmpp:{name}@localhost") },
            Kind::Synapse => {
                Self { address: format!("@{name}:localhost"), account: format!("matrix:@{name}:localhost") }
            }
        }
    }
}

fn import(talk: &Talk, keys: &Home, home: &Home) -> Result<String, Failure> {
    let (at, folder) = (text(keys), folder(talk, home));
    let mut arguments = vec!["keys", "import", "--home", &at, "--from", talk.habits.name];
    arguments.extend(folder.iter().flat_map(|folder| ["--file", folder]));
    arguments.extend(talk.habits.files.ours.iter().flat_map(|name| ["--as", name]));
    talk.otr(home, &arguments)
}

fn export(talk: &Talk, keys: &Home, home: &Home) -> Result<String, Failure> {
    let (at, folder) = (text(keys), folder(talk, home));
    let mut arguments = vec!["keys", "export", "--home", &at, "--to", talk.habits.name];
    arguments.extend(folder.iter().flat_map(|folder| ["--file", folder]));
    arguments.extend(talk.habits.files.theirs.iter().flat_map(|name| ["--as", name]));
    talk.otr(home, &arguments)
}

/// The folder of its files, where that is a place of its own.
fn folder(talk: &Talk, home: &Home) -> Option<String> {
    talk.habits.files.folder.map(|folder| home.path().join(folder).display().to_string())
}

fn text(home: &Home) -> String {
    home.path().display().to_string()
}

/// What stands between the two in a line of a report.
fn taken(said: &str, before: &str, after: &str) -> Result<String, Failure> {
    let found = said.lines().find_map(|line| line.trim_start().strip_prefix(before)?.strip_suffix(after));
    found.map(str::to_owned).ok_or_else(|| Failure(format!("no line {before:?} ... {after:?} in {said}")))
}

/// The first key of an account in a list.
fn own_fingerprint(listed: &str) -> Result<String, Failure> {
    let found = listed.lines().find_map(|line| line.trim_start().strip_prefix("key "));
    found.map(|found| found.trim().to_owned()).ok_or_else(|| Failure(format!("no key in {listed}")))
}

/// The files that were read.
fn files(said: &str) -> Result<Vec<Contents>, Failure> {
    let paths = said.lines().filter_map(|line| line.strip_prefix("read "));
    contents(&paths.map(|path| (PathBuf::from(path), Vec::new())).collect::<Vec<_>>())
}

/// What is in these files now.
fn contents(files: &[Contents]) -> Result<Vec<Contents>, Failure> {
    let read = |(path, _): &Contents| {
        let bytes = fs::read(path).map_err(|error| Failure(format!("{}: {error}", path.display())))?;
        Ok((path.clone(), bytes))
    };
    files.iter().map(read).collect()
}

/// One file has a line more, which is about `contact`; everything else is as it was.
fn one_line_more(old: &[Contents], new: &[Contents], contact: &str) -> Result<(), Failure> {
    let changed: Vec<_> = old.iter().zip(new).filter(|((_, old), (_, new))| old != new).collect();
    if let [((_, old), (_, new))] = changed.as_slice()
        && let Some(line) = new.strip_prefix(old.as_slice()).and_then(|more| more.strip_suffix(b"\n"))
        && line.starts_with(contact.as_bytes())
        && !line.contains(&b'\n')
    {
        return Ok(());
    }
    let names: Vec<_> = changed.iter().map(|((path, _), _)| path.display().to_string()).collect();
    Err(Failure(format!("not one line more in one file: {names:?}")))
}

/// What the client says of its trust in us in the conversation that has begun, and a line each way.
fn they_trust_us(talk: &mut Talk, seen: &Seen) -> Result<String, Failure> {
    talk.theirs.act(Act::Trust)?;
    if let Some(words) = talk.habits.trusted {
        let shown = talk.they_show(seen, words)?;
        talk.a_line_each_way()?;
        return Ok(shown);
    }
    they_are_silent_about(talk, seen, talk.habits.new_key)?;
    Ok("no word of a key that is not trusted".to_owned())
}

/// The same for a key that it has only seen: nothing of trust.
fn they_do_not_trust_us(talk: &mut Talk, seen: &Seen) -> Result<(), Failure> {
    talk.theirs.act(Act::Trust)?;
    match talk.habits.trusted {
        Some(words) => they_are_silent_about(talk, seen, words),
        None => talk.they_show(seen, talk.habits.new_key).map(|_| ()),
    }
}

/// By when a line has arrived that was sent later, it would have been shown.
fn they_are_silent_about(talk: &mut Talk, seen: &Seen, words: Words) -> Result<(), Failure> {
    talk.a_line_each_way()?;
    words.iter().try_for_each(|words| talk.they_do_not_show(seen, words))
}
