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
//! Addresses are of XMPP; contacts may have a resource, and then each has a key of its own: what is said of the key used
//! last is said of the one under the same full address. Which of our accounts met a contact is not said, so it counts for
//! all of them.

use std::collections::{BTreeMap, BTreeSet};

use otr_crypto::Fingerprint;
use otr_store::{Error, ForeignFile};

use crate::found::{Found, FoundKey, Name, Taking};
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

/// What is said of a full address.
#[derive(Default)]
struct Entry<'a> {
    private: Option<&'a Property>,
    public: Option<&'a Property>,
    fingerprint: Option<&'a Property>,
    /// Whether the key used last is verified.
    verified: bool,
}

/// Whether a fingerprint is verified, and in which line something is said of it.
struct Said {
    line: usize,
    verified: bool,
}

/// The line of something that is wrong, and what it is.
type Wrong = (usize, &'static str);

/// What is said of fingerprints, by the address without resource.
type Contacts<'a> = BTreeMap<&'a str, BTreeMap<Fingerprint, Said>>;

/// The properties by what they are about.
#[derive(Default)]
struct Sorted<'a> {
    /// By the full address.
    entries: BTreeMap<&'a str, Entry<'a>>,
    /// What names the fingerprint itself, whichever resource has it.
    by_fingerprint: Contacts<'a>,
}

pub(crate) fn read(file: &ForeignFile, found: &mut Found) -> Result<(), Error> {
    let at = |(line, problem)| Error::Damaged { file: file.path().to_owned(), line, problem };
    let properties = properties::parse(file.bytes()).map_err(at)?;
    let mut sorted = Sorted::default();
    for property in &properties {
        if let Err(problem) = sorted.add(property) {
            found.problems.push(at((property.line, problem)).into());
        }
    }
    let mut accounts = BTreeSet::new();
    for (address, entry) in &sorted.entries {
        let Some(private) = entry.private else { continue };
        let account = naming::bare(address);
        accounts.insert(account);
        match key(private, entry.public) {
            Ok(key) => found.keys.push(FoundKey { name: Name::new(account, PROTOCOL), key }),
            Err(problem) => found.problems.push(at((private.line, problem)).into()),
        }
    }
    let (contacts, problems) = sorted.contacts();
    found.problems.extend(problems.into_iter().map(|problem| at(problem).into()));
    let names: Vec<Name> = match accounts.len() {
        0 => vec![Name::new("", PROTOCOL)],
        _ => accounts.iter().map(|account| Name::new(*account, PROTOCOL)).collect(),
    };
    let mut taking = Taking::into(&mut found.fingerprints);
    for (contact, fingerprints) in contacts.iter().filter(|(contact, _)| !accounts.contains(*contact)) {
        for (fingerprint, said) in fingerprints {
            let whose = names.iter().map(|name| (*contact, name));
            if let Err(problem) = taking.add(whose, *fingerprint, said.verified) {
                found.problems.push(at((said.line, problem)).into());
            }
        }
    }
    Ok(())
}

impl<'a> Sorted<'a> {
    /// Puts a property where it belongs. Others than those of the table are none of our business.
    fn add(&mut self, property: &'a Property) -> Result<(), &'static str> {
        let key = property.key.as_str();
        let verified = property.value.trim() == "true";
        if let Some(address) = key.strip_suffix(".publicKey.verified") {
            match address.rsplit_once('.') {
                Some((address, hex)) if hex.len() == 40 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                    let fingerprint = hex.parse().map_err(|_| NO_FINGERPRINT)?;
                    let known = self.by_fingerprint.entry(naming::bare(address)).or_default().entry(fingerprint);
                    // Said twice, what was taken back counts.
                    let said = known.or_insert(Said { line: property.line, verified });
                    said.verified &= verified;
                }
                _ => self.entry(address).verified = verified,
            }
        } else if let Some(address) = key.strip_suffix(".privateKey") {
            self.entry(address).private = Some(property);
        } else if let Some(address) = key.strip_suffix(".publicKey") {
            self.entry(address).public = Some(property);
        } else if let Some(address) = key.strip_suffix(".fingerprint") {
            self.entry(address).fingerprint = Some(property);
        }
        Ok(())
    }

    fn entry(&mut self, address: &'a str) -> &mut Entry<'a> {
        self.entries.entry(address).or_default()
    }

    /// The fingerprints of every address, each once, and the lines with keys that could not be read. What names the
    /// fingerprint itself counts before what is said of the key used last.
    fn contacts(self) -> (Contacts<'a>, Vec<Wrong>) {
        let mut contacts = Contacts::new();
        let mut problems = Vec::new();
        for (address, entry) in self.entries.into_iter().filter(|(_, entry)| entry.private.is_none()) {
            let contact = contacts.entry(naming::bare(address)).or_default();
            let (last, problem) = last_key(&entry);
            if let Some((fingerprint, line)) = last {
                let said = contact.entry(fingerprint).or_insert(Said { line, verified: false });
                said.verified |= entry.verified && problem.is_none();
            }
            problems.extend(problem);
        }
        for (address, said) in self.by_fingerprint {
            contacts.entry(address).or_default().extend(said);
        }
        (contacts, problems)
    }
}

const NO_FINGERPRINT: &str = "the fingerprint is not 40 hexadecimal digits";

fn key(private: &Property, public: Option<&Property>) -> Result<otr_crypto::IdentityKey, &'static str> {
    let public = public.ok_or("the public key of this private key is missing")?;
    java_key::pair(&private.value, &public.value)
}

/// The fingerprint of the key that a contact used last and its line, and what is wrong. Where the key itself is there, a
/// fingerprint of another is none that the contact has, and which of them was verified cannot be told.
fn last_key(entry: &Entry<'_>) -> (Option<(Fingerprint, usize)>, Option<Wrong>) {
    let told = entry.fingerprint.map(|property| (property.value.trim().parse::<Fingerprint>(), property.line));
    let key = entry.public.map(|property| (java_key::public(&property.value), property.line));
    match (key, told) {
        (None, None) => (None, None),
        (None, Some((Ok(fingerprint), line))) => (Some((fingerprint, line)), None),
        (Some((Ok(key), line)), None) => (Some((key.fingerprint(), line)), None),
        (Some((Ok(key), at)), Some((Ok(fingerprint), line))) => {
            let wrong = (line, "the fingerprint is not that of the public key, which is taken as not verified");
            let last = key.fingerprint();
            (Some((last, at)), (last != fingerprint).then_some(wrong))
        }
        (Some((Ok(key), at)), Some((Err(_), line))) => (Some((key.fingerprint(), at)), Some((line, NO_FINGERPRINT))),
        (None, Some((Err(_), line))) => (None, Some((line, NO_FINGERPRINT))),
        (Some((Err(problem), line)), _) => (None, Some((line, problem))),
    }
}
