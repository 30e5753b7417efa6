//! `otr.versions`: contact, account, protocol, 40 hexadecimal digits, and the highest version of the protocol spoken with
//! that identity, in decimal digits. A file of ours that libotr does not know.

use otr_crypto::Fingerprint;
use zeroize::Zeroizing;

use crate::file::Contents;
use crate::fingerprints;
use crate::lines::{self, Problem, Record};
use crate::{Error, name};

/// The first line of a new file.
const HEADER: &str = "# The highest protocol version spoken with each identity: none below it is quietly spoken again.";
/// Nothing below is spoken (attack rule G-12).
const MIN_VERSION: u16 = 2;

/// The highest version of the protocol that was ever spoken with an identity (attack rule VER-1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpokenVersion {
    /// Whose identity it is; a label, as the network names them.
    pub contact: String,
    /// Our own account in which we met it.
    pub account: String,
    /// That account's protocol, as libotr names it.
    pub protocol: String,
    /// The fingerprint.
    pub fingerprint: Fingerprint,
    /// The number of the version, 2 or above.
    pub version: u16,
}

/// All that a file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SpokenVersions {
    /// Its records, in the order of the file. No identity occurs twice for a contact: the later line counts.
    pub records: Vec<SpokenVersion>,
    /// Lines that are none.
    pub problems: Vec<Problem>,
}

impl Record for SpokenVersion {
    type Key<'a> = fingerprints::Key<'a>;

    fn key(&self) -> Self::Key<'_> {
        (self.fingerprint, &self.contact, &self.account, &self.protocol)
    }

    fn parse(fields: &[&str]) -> Result<Self, &'static str> {
        let &[contact, account, protocol, fingerprint, version] = fields else {
            return Err("a record has five fields");
        };
        Ok(Self {
            contact: contact.to_owned(),
            account: account.to_owned(),
            protocol: protocol.to_owned(),
            fingerprint: lines::fingerprint(fingerprint)?,
            version: number(version).ok_or("the version is not a number of 2 or above")?,
        })
    }
}

/// Decimal digits without a sign or a leading zero.
fn number(digits: &str) -> Option<u16> {
    let number = digits.parse().ok().filter(|number: &u16| *number >= MIN_VERSION)?;
    (number.to_string() == digits).then_some(number)
}

pub(crate) fn load(contents: &Contents) -> SpokenVersions {
    let (records, problems) = lines::load(contents);
    SpokenVersions { records, problems }
}

/// The file with `record` in it, unless it has a higher version already.
pub(crate) fn save(contents: Option<&Contents>, record: &SpokenVersion) -> Result<Zeroizing<Vec<u8>>, Error> {
    name::check("contact name", &record.contact)?;
    name::check_account(&record.account, &record.protocol)?;
    if record.version < MIN_VERSION {
        return Err(Error::InvalidVersion(record.version));
    }
    if let Some(contents) = contents {
        let spoken = load(contents).records.into_iter().find(|spoken| spoken.key() == record.key());
        if spoken.is_some_and(|spoken| spoken.version >= record.version) {
            return Ok(contents.bytes.clone());
        }
    }
    let hex = format!("{:x}", record.fingerprint);
    let line = lines::join(&[&record.contact, &record.account, &record.protocol, &hex, &record.version.to_string()])?;
    lines::put(contents, HEADER, record, &line)
}
