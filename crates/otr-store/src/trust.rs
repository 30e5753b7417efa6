//! `otr.trust`: contact, account, protocol, 40 hexadecimal digits, how the identity was verified and when. A file of
//! ours, beside `otr.fingerprints`: that one alone says who is trusted, this one what is behind it.

use std::time::SystemTime;

use otr_crypto::Fingerprint;
use zeroize::Zeroizing;

use crate::file::Contents;
use crate::fingerprints::{self, KnownFingerprint};
use crate::lines::{self, Record};
use crate::{Error, name};

/// The first line of a new file.
pub(crate) const HEADER: &str = "# How and when identities were verified; whether they are is in otr.fingerprints.";

/// How an identity was verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum How {
    /// The user has compared the fingerprint.
    ByHand,
    /// Both knew the same secret (socialist millionaires' protocol).
    Smp,
    /// Another program had it on record as verified.
    Imported,
}

impl How {
    const ALL: [Self; 3] = [Self::ByHand, Self::Smp, Self::Imported];

    /// The word in our file, and in libotr's where it has none of its own.
    const fn word(self) -> &'static str {
        match self {
            Self::ByHand => "verified",
            Self::Smp => "smp",
            Self::Imported => "imported",
        }
    }

    /// What to write into libotr's file, which has `old` now. What was imported keeps the word it had.
    pub(crate) fn trust_word(self, old: &str) -> &str {
        match self {
            Self::Imported if !old.is_empty() => old,
            Self::Imported | Self::ByHand => Self::ByHand.word(),
            Self::Smp => Self::Smp.word(),
        }
    }

    /// Whether the word in libotr's file can come from this.
    fn explains(self, trust: &str) -> bool {
        !trust.is_empty() && trust == self.trust_word(trust)
    }
}

/// Who verified an identity, by what, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Verification {
    /// Nobody has.
    #[default]
    None,
    /// Another program has, or an older version of ours. Its word, which may say how, is
    /// [`KnownFingerprint::trust`].
    Elsewhere,
    /// One of ours has.
    Here {
        /// By what.
        how: How,
        /// When, to the second.
        when: SystemTime,
    },
}

/// One line of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) contact: String,
    pub(crate) account: String,
    pub(crate) protocol: String,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) how: How,
    pub(crate) when: SystemTime,
}

impl Record for Row {
    type Key<'a> = fingerprints::Key<'a>;

    fn key(&self) -> Self::Key<'_> {
        (self.fingerprint, &self.contact, &self.account, &self.protocol)
    }

    fn parse(fields: &[&str]) -> Result<Self, &'static str> {
        let &[contact, account, protocol, fingerprint, how, when] = fields else {
            return Err("a record has six fields");
        };
        let how = How::ALL.into_iter().find(|known| known.word() == how);
        Ok(Self {
            contact: contact.to_owned(),
            account: account.to_owned(),
            protocol: protocol.to_owned(),
            fingerprint: lines::fingerprint(fingerprint)?,
            how: how.ok_or("the way of verification is not known")?,
            when: humantime::parse_rfc3339(when).map_err(|_| "the time is not one of RFC 3339, in UTC")?,
        })
    }
}

impl Row {
    fn to_line(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        name::check("contact name", &self.contact)?;
        name::check_account(&self.account, &self.protocol)?;
        let hex = format!("{:x}", self.fingerprint);
        lines::join(&[&self.contact, &self.account, &self.protocol, &hex, self.how.word(), &time(self.when)?])
    }
}

/// The time to the second, as RFC 3339 writes it in UTC.
fn time(when: SystemTime) -> Result<String, Error> {
    const LATEST: u64 = 253_402_300_799;
    let since = when.duration_since(SystemTime::UNIX_EPOCH).ok().filter(|since| since.as_secs() <= LATEST);
    since.ok_or(Error::Time)?;
    Ok(humantime::format_rfc3339_seconds(when).to_string())
}

/// The file with `row` in it, in place of what it said about the same identity.
pub(crate) fn save(contents: Option<&Contents>, row: &Row) -> Result<Zeroizing<Vec<u8>>, Error> {
    lines::put(contents, HEADER, row, &row.to_line()?)
}

/// The file without what it says about an identity that is not trusted, or not for that reason.
pub(crate) fn withdraw(contents: &Contents, known: &KnownFingerprint) -> Result<Zeroizing<Vec<u8>>, Error> {
    lines::remove(contents, |row: &Row| row.key() == known.key() && !row.how.explains(&known.trust))
}

/// What is behind the trust in `known`. A row without trust in libotr's file, or with another word there, is what
/// another program has overruled.
pub(crate) fn verification(known: &KnownFingerprint, rows: &[Row]) -> Verification {
    if !known.is_trusted() {
        return Verification::None;
    }
    let row = rows.iter().find(|row| row.key() == known.key() && row.how.explains(&known.trust));
    row.map_or(Verification::Elsewhere, |row| Verification::Here { how: row.how, when: row.when })
}
