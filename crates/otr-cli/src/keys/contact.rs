//! A contact on the command line, and what is known of it.

use std::fmt::Write;

use otr_crypto::Fingerprint;
use otr_store::{KnownFingerprint, Store};

use super::{Error, account};
use crate::args;
use crate::error::Error as ProgramError;
use crate::readable::one_line;

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

    /// The same, and only one fingerprint if `words` are one. It is an error if nothing is left.
    pub(super) fn chosen(&self, store: &Store, words: &[String]) -> Result<Vec<KnownFingerprint>, ProgramError> {
        let records = self.records(store)?;
        if records.is_empty() {
            return Err(Error::Unknown(one_line(&self.contact)).into());
        }
        if words.is_empty() {
            return Ok(records);
        }
        Ok(with_fingerprint(&self.contact, records, fingerprint(words)?)?)
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
