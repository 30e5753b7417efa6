//! `otr.vouched`: contact, account, protocol, and two fingerprints of 40 hexadecimal digits. A file of ours that libotr
//! does not know.

use otr_crypto::Fingerprint;
use zeroize::Zeroizing;

use crate::file::Contents;
use crate::lines::{self, Problem, Record};
use crate::{Error, name};

/// An identity in the Curve25519 suite, and the one that has vouched for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VouchedFingerprint {
    /// Whose identities they are; a label, as the network names them.
    pub contact: String,
    /// Our own account in which we met them.
    pub account: String,
    /// That account's protocol, as libotr names it.
    pub protocol: String,
    /// The fingerprint of the Ed25519 key.
    pub fingerprint: Fingerprint,
    /// The fingerprint of the DSA key, in whose conversation the other one was named: trust in this one, which
    /// `otr.fingerprints` has, is what the other one goes by.
    pub by: Fingerprint,
}

/// All that a file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VouchedFingerprints {
    /// Its records, in the order of the file. No DSA key occurs twice for a contact: the later line counts.
    pub records: Vec<VouchedFingerprint>,
    /// Lines that are none.
    pub problems: Vec<Problem>,
}

impl Record for VouchedFingerprint {
    type Key<'a> = (Fingerprint, &'a str, &'a str, &'a str);

    fn key(&self) -> Self::Key<'_> {
        (self.by, &self.contact, &self.account, &self.protocol)
    }

    fn parse(fields: &[&str]) -> Result<Self, &'static str> {
        let &[contact, account, protocol, fingerprint, by] = fields else { return Err("a record has five fields") };
        Ok(Self {
            contact: contact.to_owned(),
            account: account.to_owned(),
            protocol: protocol.to_owned(),
            fingerprint: lines::fingerprint(fingerprint)?,
            by: lines::fingerprint(by)?,
        })
    }
}

pub(crate) fn load(contents: &Contents) -> VouchedFingerprints {
    let (records, problems) = lines::load(contents);
    VouchedFingerprints { records, problems }
}

/// The file with `record` in it, in place of what the same DSA key vouched for before.
pub(crate) fn save(contents: Option<&Contents>, record: &VouchedFingerprint) -> Result<Zeroizing<Vec<u8>>, Error> {
    name::check("contact name", &record.contact)?;
    name::check_account(&record.account, &record.protocol)?;
    let [hex, by] = [record.fingerprint, record.by].map(|fingerprint| format!("{fingerprint:x}"));
    let line = lines::join(&[&record.contact, &record.account, &record.protocol, &hex, &by])?;
    lines::put(contents, "", record, &line)
}
