//! Changes a home: once, for ever, together with others, or as far as the disk lets it. The tests of the store start it,
//! several at a time, and kill it.

#![expect(clippy::print_stdout, reason = "what it says is what its tests go by")]

use std::error::Error;
use std::io::{Write, stdin, stdout};
use std::path::Path;

use otr_crypto::IdentityKey;
use otr_store::{Store, is_copy};
use otr_tests::store::{self, ACCOUNT, files, stranger};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match *arguments {
        ["once", home, what] => once(home, what),
        ["steps", home] => steps(home, None),
        ["steps", home, keys] => steps(home, Some(&stored_keys(keys)?)),
        ["hammer", home, name, count] => hammer(home, name, count.parse()?),
        ["hold", home] => hold(home),
        ["key", home, number] => key(home, number.parse()?),
        ["full", home, what] => full(home, what),
        _ => Err("usage: store-writer once|steps|hammer|hold|key|full HOME ...".into()),
    }
}

/// One change, when told to go.
fn once(home: &str, what: &str) -> Outcome {
    let mut home = Store::open(home)?;
    let key = other_key(what);
    wait()?;
    change(&mut home, what, key.as_ref())
}

/// The key that is to be stored, made before, so that only the writing counts.
fn other_key(what: &str) -> Option<IdentityKey> {
    (what == "identity").then(|| store::key(2))
}

fn change(home: &mut Store, what: &str, key: Option<&IdentityKey>) -> Outcome {
    match what {
        "identity" => home.save_identity(ACCOUNT.0, ACCOUNT.1, key.ok_or("no key")?)?,
        "ed25519" => home.save_ed25519_identity(ACCOUNT.0, ACCOUNT.1, &store::ed25519(1))?,
        "fingerprint" => home.save_fingerprint(&stranger("new"))?,
        "trust" => store::verify(home, "bob", 1)?,
        "forget" => home.forget("bob", ACCOUNT.0, ACCOUNT.1, &stranger("bob").fingerprint)?,
        "tag" => home.save_instance_tag(ACCOUNT.0, ACCOUNT.1, 0x1234)?,
        _ => return Err("to change: identity, ed25519, fingerprint, trust, forget or tag".into()),
    }
    Ok(())
}

/// Keys that are taken from another home, which is quicker than to make them.
fn stored_keys(home: &str) -> Result<[IdentityKey; 2], Box<dyn Error>> {
    let home = Store::open(home)?;
    let [even, odd] = ["even", "odd"].map(|account| home.identity(account, ACCOUNT.1));
    Ok([even?.ok_or("no key")?, odd?.ok_or("no key")?])
}

/// One step after the other, each told when it is done.
fn steps(home: &str, dsa: Option<&[IdentityKey; 2]>) -> Outcome {
    let mut home = Store::open(home)?;
    loop {
        let number = store::steps(&home)? + 1;
        store::step(&mut home, number, dsa)?;
        say(&number.to_string())?;
    }
}

/// Many contacts and accounts of its own, and trust that others change as well.
fn hammer(home: &str, name: &str, count: u32) -> Outcome {
    let mut home = Store::open(home)?;
    say("ready")?;
    wait()?;
    for number in 0..count {
        let contact = format!("{name} {number}");
        home.save_fingerprint(&stranger(&contact))?;
        store::verify(&mut home, &contact, number)?;
        home.save_instance_tag(&contact, ACCOUNT.1, 0x100 + number)?;
        home.set_trust("bob", ACCOUNT.0, ACCOUNT.1, &stranger("bob").fingerprint, &contact)?;
    }
    Ok(())
}

/// Has the lock until told to go.
fn hold(home: &str) -> Outcome {
    let mut home = Store::open(home)?;
    home.identity_or(ACCOUNT.0, ACCOUNT.1, || {
        let held = say("held").and_then(|()| wait());
        held.map_or_else(|_| std::process::exit(1), |()| store::key(1))
    })?;
    Ok(())
}

/// Says whether it made a key, and which one there is then.
fn key(home: &str, number: u8) -> Outcome {
    let mut home = Store::open(home)?;
    say("ready")?;
    wait()?;
    let mut made = "found";
    let key = home.identity_or(ACCOUNT.0, ACCOUNT.1, || {
        made = "made";
        store::key(number)
    })?;
    say(&format!("{made} {}", key.public_key().fingerprint()))
}

/// Tries the same change with room for ever more bytes in a file, until it fits.
fn full(home: &str, what: &str) -> Outcome {
    let path = Path::new(home);
    let before = files(path);
    let mut home = Store::open(path)?;
    let key = other_key(what);
    let none = getrlimit(Resource::Fsize);
    for (tries, room) in (0..).step_by(5).enumerate() {
        setrlimit(Resource::Fsize, Rlimit { current: Some(room), maximum: none.maximum })?;
        let outcome = change(&mut home, what, key.as_ref());
        setrlimit(Resource::Fsize, none)?;
        let Err(error) = outcome else { return say(&format!("{tries}")) };
        let after = files(path);
        let lost: Vec<_> = before.iter().filter(|(name, bytes)| after.get(*name) != Some(bytes)).collect();
        let more: Vec<_> = after.keys().filter(|name| !before.contains_key(*name)).collect();
        // The state before is written first, and is the same as what there is.
        let only_copies = more.iter().all(|name| is_copy(name));
        if !lost.is_empty() || !only_copies || !error.to_string().contains("cannot write") {
            return Err(format!("room for {room} bytes: {error}: {lost:?} {more:?}").into());
        }
    }
    Ok(())
}

fn say(line: &str) -> Outcome {
    println!("{line}");
    Ok(stdout().flush()?)
}

fn wait() -> Outcome {
    let mut line = String::new();
    stdin().read_line(&mut line)?;
    Ok(())
}
