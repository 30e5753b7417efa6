//! `otr keys list`.

use std::fmt::Write;
use std::time::SystemTime;

use otr_migrate::Name;
use otr_store::{How, KnownIdentity, Store, Verification};

use super::account;
use super::home::Home;
use crate::error::Error;
use crate::profile::log;
use crate::readable::one_line;

/// Everything that is kept, account by account.
pub(super) fn run(home: &Home) -> Result<String, Error> {
    let store = home.open()?;
    for problem in store.damage()? {
        log(&problem.to_string());
    }
    let known = store.known_identities()?;
    let mut out = String::new();
    for name in account::all(&store)? {
        describe(&mut out, &store, &name, &known)?;
    }
    if out.is_empty() {
        out.push_str("nothing is kept here yet\n");
    }
    Ok(out)
}

fn describe(out: &mut String, store: &Store, name: &Name, known: &[KnownIdentity]) -> Result<(), Error> {
    let Name { account, protocol } = name;
    line(out, &format!("{} ({})", one_line(account), one_line(protocol)));
    match store.identity(account, protocol) {
        Ok(Some(key)) => line(out, &format!("  key            {}", key.public_key().fingerprint())),
        Ok(None) => line(out, "  key            none yet"),
        Err(error) => line(out, &format!("  key            cannot be read: {error}")),
    }
    if let Ok(Some(key)) = store.ed25519_identity(account, protocol) {
        line(out, &format!("  Curve25519     {}", key.public_key().fingerprint()));
    }
    if let Some(tag) = store.instance_tag(account, protocol)? {
        line(out, &format!("  instance tag   {tag:08x}"));
    }
    let ours = |identity: &&KnownIdentity| identity.known.account == *account && identity.known.protocol == *protocol;
    for identity in known.iter().filter(ours) {
        let contact = one_line(&identity.known.contact);
        line(out, &format!("  {contact}  {}  {}", identity.known.fingerprint, trust(identity)));
    }
    Ok(())
}

/// How far an identity is trusted, and why.
pub(super) fn trust(identity: &KnownIdentity) -> String {
    match identity.verification {
        Verification::None => "not verified".to_owned(),
        Verification::Elsewhere => format!("verified (\"{}\")", one_line(&identity.known.trust)),
        Verification::Here { how, when } => format!("verified ({}, {})", reason(how), day(when)),
    }
}

fn reason(how: How) -> &'static str {
    match how {
        How::ByHand => "compared",
        How::Smp => "by a shared secret",
        How::Imported => "imported",
        _ => "in another way",
    }
}

/// The day in UTC, as the store writes it.
fn day(when: SystemTime) -> String {
    let time = humantime::format_rfc3339_seconds(when).to_string();
    time.split('T').next().unwrap_or_default().to_owned()
}

fn line(out: &mut String, text: &str) {
    // Writing to a text does not fail.
    let _ = writeln!(out, "{text}");
}
