//! `otr keys verify` and `otr keys distrust`: trust is about a whole fingerprint (attack rules ID-4, ID-5).

use otr_crypto::Fingerprint;
use otr_store::{How, KnownFingerprint, Store};

use super::contact::{Contact, fingerprint, report, with_fingerprint};
use super::home::Home;
use super::{Error, account};
use crate::error::Error as ProgramError;
use crate::outside;
use crate::readable::one_line;

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
    let records = args.contact.chosen(&store, &args.fingerprint)?;
    for record in &records {
        store.set_trust(&record.contact, &record.account, &record.protocol, &record.fingerprint, "")?;
    }
    Ok(report(&records, "not verified any more"))
}
