//! ChatSecure's and otr4j's key store: one file of Java properties.
//!
//! | property | value |
//! | --- | --- |
//! | `ACCOUNT.privateKey`, `ACCOUNT.publicKey` | ours, in base64 |
//! | `CONTACT.publicKey` | the key that the contact used last |
//! | `CONTACT.fingerprint` | its fingerprint |
//! | `CONTACT.FINGERPRINT.publicKey.verified` | `true` if the user has verified it |
//! | `CONTACT.publicKey.verified` | the same about the key used last (otr4j) |
//!
//! Addresses are of XMPP; contacts may have a resource. Which of our accounts met a contact is not said, so it counts for
//! all of them.

use std::collections::BTreeMap;

use otr_crypto::Fingerprint;
use otr_store::{Error, ForeignFile};

use crate::found::{Found, FoundFingerprint, FoundKey, Name};
use crate::properties::{self, Property};
use crate::{java_key, naming};

/// What libotr's programs call XMPP.
const PROTOCOL: &str = "prpl-jabber";

/// Whether these bytes can be a key store.
pub(crate) fn looks_like_it(bytes: &[u8]) -> bool {
    let endings = [".privateKey", ".publicKey", ".fingerprint", ".verified"];
    properties::parse(bytes).is_ok_and(|properties| {
        properties.iter().any(|property| endings.iter().any(|ending| property.key.ends_with(ending)))
    })
}

/// What is said of an address.
#[derive(Default)]
struct Entry<'a> {
    private: Option<&'a Property>,
    public: Option<&'a Property>,
    fingerprint: Option<&'a Property>,
    /// Whether the key used last is verified.
    verified: bool,
    /// Whether these are.
    by_fingerprint: Vec<(Fingerprint, bool)>,
}

pub(crate) fn read(file: &ForeignFile, found: &mut Found) -> Result<(), Error> {
    let properties = properties::parse(file.bytes()).map_err(|(offset, problem)| file.damaged(offset, problem))?;
    let mut entries: BTreeMap<String, Entry<'_>> = BTreeMap::new();
    for property in &properties {
        if let Err(problem) = sort(property, &mut entries) {
            found.problems.push(file.damaged(property.offset, problem).into());
        }
    }
    let (ours, theirs): (Vec<_>, Vec<_>) = entries.iter().partition(|(_, entry)| entry.private.is_some());
    let mut accounts = Vec::new();
    for (account, entry) in ours {
        let name = Name::new(account.as_str(), PROTOCOL);
        match key(file, entry) {
            Ok(key) => found.keys.push(FoundKey { name: name.clone(), key }),
            Err(error) => found.problems.push(error.into()),
        }
        accounts.push(name);
    }
    if accounts.is_empty() {
        accounts.push(Name::new("", PROTOCOL));
    }
    for (contact, entry) in theirs {
        match fingerprints(file, entry) {
            Ok(fingerprints) => add(contact, &fingerprints, &accounts, found),
            Err(error) => found.problems.push(error.into()),
        }
    }
    Ok(())
}

/// Puts a property where it belongs. Others than those of the table are none of our business.
fn sort<'a>(property: &'a Property, entries: &mut BTreeMap<String, Entry<'a>>) -> Result<(), &'static str> {
    let key = property.key.as_str();
    let verified = property.value.trim() == "true";
    if let Some(address) = key.strip_suffix(".publicKey.verified") {
        match address.rsplit_once('.') {
            Some((address, hex)) if hex.len() == 40 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                let fingerprint = hex.parse().map_err(|_| "the fingerprint is not 40 hexadecimal digits")?;
                entry_of(entries, address).by_fingerprint.push((fingerprint, verified));
            }
            _ => entry_of(entries, address).verified = verified,
        }
    } else if let Some(address) = key.strip_suffix(".privateKey") {
        entry_of(entries, address).private = Some(property);
    } else if let Some(address) = key.strip_suffix(".publicKey") {
        entry_of(entries, address).public = Some(property);
    } else if let Some(address) = key.strip_suffix(".fingerprint") {
        entry_of(entries, address).fingerprint = Some(property);
    }
    Ok(())
}

/// A contact's key is stored with the resource, what the user says of it without: they are put together.
fn entry_of<'e, 'a>(entries: &'e mut BTreeMap<String, Entry<'a>>, address: &str) -> &'e mut Entry<'a> {
    entries.entry(naming::bare(address).to_owned()).or_default()
}

fn key(file: &ForeignFile, entry: &Entry<'_>) -> Result<otr_crypto::IdentityKey, Error> {
    let Some(private) = entry.private else { return Err(file.damaged(0, "there is no private key")) };
    let at = |problem| file.damaged(private.offset, problem);
    let public = entry.public.ok_or_else(|| at("the public key of this private key is missing"))?;
    java_key::pair(&private.value, &public.value).map_err(at)
}

/// The fingerprints of a contact, and whether each is verified.
fn fingerprints(file: &ForeignFile, entry: &Entry<'_>) -> Result<Vec<(Fingerprint, bool)>, Error> {
    let mut all = entry.by_fingerprint.clone();
    let mut last = Vec::new();
    if let Some(public) = entry.public {
        let key = java_key::public(&public.value).map_err(|problem| file.damaged(public.offset, problem))?;
        last.push(key.fingerprint());
    }
    if let Some(property) = entry.fingerprint {
        let problem = "the fingerprint is not 40 hexadecimal digits";
        last.push(property.value.trim().parse().map_err(|_| file.damaged(property.offset, problem))?);
    }
    all.extend(last.into_iter().map(|fingerprint| (fingerprint, entry.verified)));
    Ok(all)
}

/// Each once; verified if it is so anywhere.
fn add(contact: &str, fingerprints: &[(Fingerprint, bool)], accounts: &[Name], found: &mut Found) {
    let mut merged: BTreeMap<Fingerprint, bool> = BTreeMap::new();
    for (fingerprint, verified) in fingerprints {
        *merged.entry(*fingerprint).or_default() |= verified;
    }
    for (name, (fingerprint, verified)) in accounts.iter().flat_map(|name| merged.iter().map(move |one| (name, one))) {
        found.fingerprints.push(FoundFingerprint {
            contact: contact.to_owned(),
            name: name.clone(),
            fingerprint: *fingerprint,
            trust: if *verified { "verified".to_owned() } else { String::new() },
        });
    }
}
