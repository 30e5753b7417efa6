//! Keys, trust and instance tags for another program, in its files.

use std::path::{Path, PathBuf};

use otr_crypto::{Fingerprint, IdentityKey};
use otr_store::{ForeignFile, KnownFingerprint};
use zeroize::Zeroizing;

use crate::dsa;
use crate::found::Name;
use crate::target::{ExportError, Target};

/// What goes out, of one account.
#[derive(Debug)]
pub struct Exported<'a> {
    /// The account.
    pub name: &'a Name,
    /// Its key, if that is to go.
    pub key: Option<&'a IdentityKey>,
    /// What it knows of others. Records of other accounts are passed over.
    pub fingerprints: &'a [KnownFingerprint],
    /// Its instance tag, if that is to go. Two programs that use one at the same time get in each other's way.
    pub instance_tag: Option<u32>,
}

/// A file that an export has to do with.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Written {
    /// The file.
    pub path: PathBuf,
    /// Whether it changes. What was there before is kept as `NAME.previous`.
    pub changes: bool,
}

/// An export that is ready: every file is computed, and none is written.
#[derive(Debug)]
pub struct Export {
    files: Vec<Ready>,
}

#[derive(Debug)]
struct Ready {
    path: PathBuf,
    old: Option<ForeignFile>,
    new: Zeroizing<Vec<u8>>,
}

impl Export {
    /// Computes what the files of `target` become. With `replace`, a key of the same account that is there already may
    /// be another one.
    ///
    /// # Errors
    ///
    /// [`ExportError::OtherKey`] without `replace`; [`ExportError::File`] for files that are there and cannot be read as a
    /// whole, and for names that cannot be stored in them.
    pub fn new(what: &Exported<'_>, target: &Target, replace: bool) -> Result<Self, ExportError> {
        let name = target.name();
        let mut files = Vec::new();
        if let Some(key) = what.key {
            files.push(key_file(target, key, replace)?);
        }
        let contacts: Vec<KnownFingerprint> = what
            .fingerprints
            .iter()
            .filter(|record| record.account == what.name.account && record.protocol == what.name.protocol)
            .map(|record| their_record(target, record))
            .collect();
        if !contacts.is_empty() {
            files.push(fingerprint_file(&target.fingerprints(), &contacts)?);
        }
        if let (Some(tag), Some(path)) = (what.instance_tag, target.instance_tags()) {
            let old = ForeignFile::read(&path)?;
            let new = ForeignFile::with_instance_tag(old.as_ref(), &name.account, &name.protocol, tag)?;
            files.push(Ready { path, old, new });
        }
        Ok(Self { files })
    }

    /// The files.
    pub fn files(&self) -> impl Iterator<Item = Written> {
        self.files.iter().map(|file| Written { path: file.path.clone(), changes: file.changes() })
    }

    /// Writes them, each as a whole and with mode 0600.
    ///
    /// # Errors
    ///
    /// [`ExportError::File`]; the files before it are written.
    pub fn carry_out(&self) -> Result<(), ExportError> {
        for file in self.files.iter().filter(|file| file.changes()) {
            ForeignFile::replace(&file.path, file.old.as_ref(), &file.new)?;
        }
        Ok(())
    }
}

impl Ready {
    fn changes(&self) -> bool {
        self.old.as_ref().is_none_or(|old| old.bytes() != self.new.as_slice())
    }
}

fn key_file(target: &Target, key: &IdentityKey, replace: bool) -> Result<Ready, ExportError> {
    let name = target.name();
    let path = target.keys();
    let old = ForeignFile::read(&path)?;
    let there = old.as_ref().map(|old| key_there(target, old)).transpose()?.flatten();
    let fingerprint = key.public_key().fingerprint();
    if let Some(there) = there.filter(|there| *there != fingerprint && !replace) {
        return Err(ExportError::OtherKey { file: path, account: name.account.clone(), fingerprint: there });
    }
    let new = match &old {
        Some(old) if there == Some(fingerprint) => Zeroizing::new(old.bytes().to_vec()),
        _ if target.is_potr() => dsa::to_mpis(key).ok_or(otr_store::Error::KeyOfAnotherKind { wanted: "DSA" })?,
        old => ForeignFile::with_private_key(old.as_ref(), &name.account, &name.protocol, key)?,
    };
    Ok(Ready { path, old, new })
}

/// The key that the account has there.
fn key_there(target: &Target, old: &ForeignFile) -> Result<Option<Fingerprint>, otr_store::Error> {
    let name = target.name();
    if target.is_potr() {
        let key = dsa::from_mpis(old.bytes()).map_err(|problem| old.damaged(0, problem))?;
        return Ok(Some(key.public_key().fingerprint()));
    }
    for record in old.private_keys()? {
        if record.account == name.account && record.protocol == name.protocol {
            return record.key.map(|key| Some(key.public_key().fingerprint()));
        }
    }
    Ok(None)
}

fn their_record(target: &Target, record: &KnownFingerprint) -> KnownFingerprint {
    let name = target.name();
    KnownFingerprint {
        contact: target.contact(&record.contact),
        account: name.account.clone(),
        protocol: name.protocol.clone(),
        ..record.clone()
    }
}

/// Fingerprints are added; what is there of others, and trust that is there, stays.
fn fingerprint_file(path: &Path, contacts: &[KnownFingerprint]) -> Result<Ready, ExportError> {
    let old = ForeignFile::read(path)?;
    let there = old.as_ref().map(|old| old.fingerprints().records).unwrap_or_default();
    let mut now: Option<ForeignFile> = None;
    for contact in contacts {
        let same = |record: &&KnownFingerprint| {
            KnownFingerprint { trust: contact.trust.clone(), ..(*record).clone() } == *contact
        };
        if there.iter().find(same).is_some_and(|record| record.is_trusted() || !contact.is_trusted()) {
            continue;
        }
        let new = ForeignFile::with_fingerprint(now.as_ref().or(old.as_ref()), contact)?;
        now = Some(ForeignFile::of_bytes(path, new));
    }
    let bytes = now.as_ref().or(old.as_ref()).map_or(&[][..], ForeignFile::bytes);
    let new = Zeroizing::new(bytes.to_vec());
    Ok(Ready { path: path.to_owned(), old, new })
}
