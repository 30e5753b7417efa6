//! `otr keys verify` and `otr keys distrust`: trust is about a whole fingerprint (attack rules ID-4, ID-5).

use std::fmt::Write;

use otr_crypto::Fingerprint;
use otr_store::{How, KnownFingerprint, Store};

use super::home::Home;
use super::{Error, account};
use crate::error::Error as ProgramError;
use crate::readable::one_line;
use crate::{args, outside};

/// The arguments of `otr keys verify`.
#[derive(Debug, clap::Args)]
pub(super) struct VerifyArgs {
    #[command(flatten)]
    contact: Contact,
    /// The whole fingerprint, as the contact has told it; blanks do not matter
    #[arg(value_name = "FINGERPRINT", required = true, num_args = 1..)]
    fingerprint: Vec<String>,
}

/// The arguments of `otr keys distrust`.
#[derive(Debug, clap::Args)]
pub(super) struct DistrustArgs {
    #[command(flatten)]
    contact: Contact,
    /// Only this fingerprint of the contact; by default every one
    #[arg(value_name = "FINGERPRINT", num_args = 0..)]
    fingerprint: Vec<String>,
}

/// Of whom it is.
#[derive(Debug, clap::Args)]
pub(super) struct Contact {
    /// The contact, as "otr keys list" shows it
    #[arg(value_name = "CONTACT", value_parser = args::parse_name)]
    pub(super) contact: String,
    /// Only as this account of ours knows the contact
    #[arg(long, value_name = "ACCOUNT", value_parser = args::parse_name)]
    pub(super) account: Option<String>,
    /// The account's protocol, as libotr's programs call it
    #[arg(long, value_name = "NAME", requires = "account", value_parser = args::parse_name)]
    pub(super) protocol: Option<String>,
}

impl Contact {
    /// All that is known of the contact.
    pub(super) fn records(&self, store: &Store) -> Result<Vec<KnownFingerprint>, ProgramError> {
        let all = store.fingerprints()?.records.into_iter().filter(|record| record.contact == self.contact);
        let Some(account) = &self.account else { return Ok(all.collect()) };
        let name = account::find(store, account, self.protocol.as_deref())?;
        Ok(all.filter(|record| record.account == name.account && record.protocol == name.protocol).collect())
    }
}

/// A whole fingerprint, from one argument or several.
pub(super) fn fingerprint(words: &[String]) -> Result<Fingerprint, Error> {
    words.join(" ").parse().map_err(|_| Error::NotAFingerprint)
}

/// Those of `records` that have this fingerprint. Others are no reason to guess.
pub(super) fn with_fingerprint(
    contact: &str,
    records: Vec<KnownFingerprint>,
    wanted: Fingerprint,
) -> Result<Vec<KnownFingerprint>, Error> {
    let known = distinct(&records);
    let fitting: Vec<KnownFingerprint> = records.into_iter().filter(|record| record.fingerprint == wanted).collect();
    if fitting.is_empty() {
        return Err(Error::OtherFingerprint { contact: one_line(contact), known });
    }
    Ok(fitting)
}

pub(super) fn distinct(records: &[KnownFingerprint]) -> Vec<Fingerprint> {
    let mut all: Vec<Fingerprint> = records.iter().map(|record| record.fingerprint).collect();
    all.sort();
    all.dedup();
    all
}

pub(super) fn run(home: &Home, args: &VerifyArgs) -> Result<String, ProgramError> {
    let mut store = home.open()?;
    let fingerprint = fingerprint(&args.fingerprint)?;
    let contact = &args.contact.contact;
    let records = match args.contact.records(&store)? {
        records if records.is_empty() => vec![stranger(&mut store, &args.contact, fingerprint)?],
        records => with_fingerprint(contact, records, fingerprint)?,
    };
    let now = outside::wall_clock();
    for record in &records {
        let KnownFingerprint { account, protocol, .. } = record;
        store.verify(contact, account, protocol, &fingerprint, How::ByHand, now)?;
    }
    Ok(report(&records, "verified"))
}

/// A fingerprint that was told before its owner was met.
fn stranger(store: &mut Store, contact: &Contact, fingerprint: Fingerprint) -> Result<KnownFingerprint, ProgramError> {
    let Some(account) = &contact.account else { return Err(Error::UnknownContact(one_line(&contact.contact)).into()) };
    let name = account::find(store, account, contact.protocol.as_deref())?;
    let record = KnownFingerprint {
        contact: contact.contact.clone(),
        account: name.account,
        protocol: name.protocol,
        fingerprint,
        trust: String::new(),
    };
    store.save_fingerprint(&record)?;
    Ok(record)
}

pub(super) fn run_distrust(home: &Home, args: &DistrustArgs) -> Result<String, ProgramError> {
    let mut store = home.open()?;
    let contact = &args.contact.contact;
    let mut records = args.contact.records(&store)?;
    if records.is_empty() {
        return Err(Error::Unknown(one_line(contact)).into());
    }
    if !args.fingerprint.is_empty() {
        records = with_fingerprint(contact, records, fingerprint(&args.fingerprint)?)?;
    }
    for record in &records {
        store.set_trust(contact, &record.account, &record.protocol, &record.fingerprint, "")?;
    }
    Ok(report(&records, "not verified any more"))
}

/// What became of each.
pub(super) fn report(records: &[KnownFingerprint], what: &str) -> String {
    let mut out = String::new();
    for record in records {
        let (contact, account) = (one_line(&record.contact), one_line(&record.account));
        // Writing to a text does not fail.
        let _ = writeln!(out, "{contact}  {}  {what} (for {account})", record.fingerprint);
    }
    out
}
