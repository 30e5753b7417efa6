//! `otr keys forget`.

use super::Error;
use super::contact::{Contact, distinct, report};
use super::home::Home;
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
    let records = args.contact.chosen(&store, &args.fingerprint)?;
    let known = distinct(&records);
    if known.len() > 1 {
        return Err(Error::SeveralFingerprints { contact: one_line(&args.contact.contact), known }.into());
    }
    for record in &records {
        store.forget(&record.contact, &record.account, &record.protocol, &record.fingerprint)?;
    }
    Ok(report(&records, "forgotten"))
}
