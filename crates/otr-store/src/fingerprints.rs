//! `otr.fingerprints`: contact, account, protocol, 40 hexadecimal digits, and optionally trust.

use otr_crypto::Fingerprint;
use zeroize::Zeroizing;

use crate::file::Contents;
use crate::lines::{self, Change, Line, Problem, Record};
use crate::{Error, name};

/// A key that a contact has used, and what we think of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownFingerprint {
    /// Whose key it is; a label, as the network names them.
    pub contact: String,
    /// Our own account in which we met it.
    pub account: String,
    /// That account's protocol, as libotr names it.
    pub protocol: String,
    /// The fingerprint.
    pub fingerprint: Fingerprint,
    /// How it was verified, in a word: libotr's programs write `verified` or `smp`. Empty: it was not.
    pub trust: String,
}

/// What trust is about: a key of a contact, as met in one of our accounts.
pub(crate) type Key<'a> = (Fingerprint, &'a str, &'a str, &'a str);

impl KnownFingerprint {
    /// Whether somebody has verified it in any way.
    pub fn is_trusted(&self) -> bool {
        !self.trust.is_empty()
    }

    fn is_same_key(&self, other: &Self) -> bool {
        self.key() == other.key()
    }

    fn whose(&self) -> (&str, &str, &str) {
        (&self.contact, &self.account, &self.protocol)
    }

    fn check(&self) -> Result<(), Error> {
        name::check("contact name", &self.contact)?;
        name::check_account(&self.account, &self.protocol)?;
        name::check("trust word", &self.trust)
    }

    fn to_line(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        let hex = format!("{:x}", self.fingerprint);
        lines::join(&[&self.contact, &self.account, &self.protocol, &hex, &self.trust])
    }
}

impl Record for KnownFingerprint {
    type Key<'a> = Key<'a>;

    fn key(&self) -> Self::Key<'_> {
        (self.fingerprint, &self.contact, &self.account, &self.protocol)
    }

    fn parse(fields: &[&str]) -> Result<Self, &'static str> {
        let (contact, account, protocol, hex, trust) = match *fields {
            [contact, account, protocol, hex] => (contact, account, protocol, hex, ""),
            [contact, account, protocol, hex, trust] => (contact, account, protocol, hex, trust),
            _ => return Err("a record has four or five fields"),
        };
        Ok(Self {
            contact: contact.to_owned(),
            account: account.to_owned(),
            protocol: protocol.to_owned(),
            fingerprint: lines::fingerprint(hex)?,
            trust: trust.to_owned(),
        })
    }
}

/// All that a file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownFingerprints {
    /// Its records, in the order of the file. No key occurs twice for a contact: the later line counts.
    pub records: Vec<KnownFingerprint>,
    /// Lines that are none.
    pub problems: Vec<Problem>,
}

pub(crate) fn load(contents: &Contents) -> KnownFingerprints {
    let (records, problems) = lines::load(contents);
    KnownFingerprints { records, problems }
}

/// How many keys that nobody has verified are kept of one contact: as many as a conversation keeps in mind.
const MAX_UNVERIFIED: usize = 256;
/// How large strangers can make the file, in bytes: half of what a file may have, and the rest is the user's own.
const MAX_STRANGERS_SIZE: usize = 1 << 19;

/// The records that have to go before one that nobody asked for is added: the oldest that nobody has verified, of the same
/// contact if it has too many, or else of anybody if the file is too large for more.
pub(crate) fn too_many(contents: &Contents, new: &KnownFingerprint) -> Result<Vec<KnownFingerprint>, Error> {
    // What cannot be stored costs nobody anything.
    new.check()?;
    let unverified: Vec<_> = load(contents).records.into_iter().filter(|known| !known.is_trusted()).collect();
    let theirs = unverified.iter().filter(|known| known.whose() == new.whose()).count();
    let mut excess = (theirs + 1).saturating_sub(MAX_UNVERIFIED);
    let mut size = contents.bytes.len() + new.to_line()?.len() + 1;
    let goes = |known: &KnownFingerprint| {
        let is_theirs = excess > 0 && known.whose() == new.whose();
        excess -= usize::from(is_theirs);
        let goes = is_theirs || size > MAX_STRANGERS_SIZE;
        if goes {
            // Its line is at least that long: the last tab may not be there, but its end is.
            size = size.saturating_sub(known.to_line().map_or(0, |line| line.len()));
        }
        goes
    };
    Ok(unverified.into_iter().filter(goes).collect())
}

/// Why a record may be missing that nobody has removed: the first line that cannot be read, or that there is nothing at all.
pub(crate) fn doubt(contents: &Contents) -> Option<Error> {
    if contents.bytes.is_empty() {
        return Some(contents.damaged(0, "the file is empty"));
    }
    lines::damage::<KnownFingerprint>(contents).into_iter().next()
}

/// The file without the records that `goes` is true for. It says so where it had no others, since programs that die while
/// they write it leave an empty one.
pub(crate) fn remove(
    contents: &Contents,
    goes: impl Fn(&KnownFingerprint) -> bool,
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let left = lines::remove(contents, goes)?;
    Ok(if left.is_empty() { format!("{NOBODY}\n").into_bytes().into() } else { left })
}

/// What is left of a file without any record. It has no tab, so that every program passes over it.
const NOBODY: &str = "# Nobody is known here.";

/// What to do with a record that the file does not have yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IfMissing {
    Add,
    Refuse,
}

/// The file with `record` in it; where its key is there already, only the trust changes.
pub(crate) fn save(
    contents: Option<&Contents>,
    record: &KnownFingerprint,
    if_missing: IfMissing,
) -> Result<Zeroizing<Vec<u8>>, Error> {
    record.check()?;
    let known = contents.is_some_and(|contents| load(contents).records.iter().any(|known| known.is_same_key(record)));
    if !known && if_missing == IfMissing::Refuse {
        return Err(Error::UnknownFingerprint);
    }
    let line = record.to_line()?;
    let change = |old: &Line<'_>| match old.record::<KnownFingerprint>() {
        Ok(Some(old)) if old.is_same_key(record) && old.trust != record.trust => Change::Replace(&line),
        _ => Change::Keep,
    };
    lines::rewrite(contents, "", change, (!known).then_some(line.as_slice()))
}
