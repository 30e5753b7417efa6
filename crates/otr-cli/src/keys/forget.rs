//! `otr keys forget`.

use super::Error;
use super::home::Home;
use super::verify::{Contact, distinct, fingerprint, report, with_fingerprint};
use crate::error::Error as ProgramError;
use crate::readable::one_line;

/// The arguments of `otr keys forget`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    contact: Contact,
    /// The fingerprint; needed if the contact has several
    #[arg(value_name = "FINGERPRINT", num_args = 0..)]
    fingerprint: Vec<String>,
}

/// Removes what is on record, and the trust in it. The next conversation is as with somebody new.
pub(super) fn run(home: &Home, args: &Args) -> Result<String, ProgramError> {
    let mut store = home.open()?;
    let contact = &args.contact.contact;
    let mut records = args.contact.records(&store)?;
    if records.is_empty() {
        return Err(Error::Unknown(one_line(contact)).into());
    }
    if !args.fingerprint.is_empty() {
        records = with_fingerprint(contact, records, fingerprint(&args.fingerprint)?)?;
    }
    let known = distinct(&records);
    if known.len() > 1 {
        return Err(Error::SeveralFingerprints { contact: one_line(contact), known }.into());
    }
    for record in &records {
        store.forget(contact, &record.account, &record.protocol, &record.fingerprint)?;
    }
    Ok(report(&records, "forgotten"))
}
