//! Jitsi's configuration, `sip-communicator.properties`, in which its OTR plugin keeps keys among all other settings.
//!
//! A property is called `net.java.sip.communicator.plugin.otr.` and the name of an account or a contact, in which every
//! character but letters and digits has become `_`: one name may stand for several people, and then none of them is taken as
//! verified. So the names themselves come from elsewhere: those of accounts from
//! the `ACCOUNT_UID` of the same file, those of contacts from `contactlist.xml` beside it.
//!
//! | property | value |
//! | --- | --- |
//! | `ACCOUNT_privateKey`, `ACCOUNT_publicKey` | ours, in base64 |
//! | `CONTACT_fingerprints` | all that the contact has used, with commas between |
//! | `CONTACTFINGERPRINT_fingerprint_verified` | `true` if the user has verified it |
//! | `CONTACT_publicKey`, `CONTACT_publicKey_verified` | the same in older versions, one key only |

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use otr_crypto::Fingerprint;
use otr_store::{Error, ForeignFile};
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

use crate::found::{Found, FoundKey, Name, Taking};
use crate::properties::{self, Property};
use crate::{java_key, xml};

const PREFIX: &str = "net.java.sip.communicator.plugin.otr.";
const CONTACTS: &str = "contactlist.xml";

/// What is said under one name.
#[derive(Default)]
struct Entry<'a> {
    private: Option<&'a Property>,
    public: Option<&'a Property>,
    public_verified: bool,
    fingerprints: Option<&'a Property>,
    verified: BTreeSet<Fingerprint>,
}

/// The line of something that is wrong, and what it is.
type Wrong = (usize, &'static str);

pub(crate) fn read(file: &ForeignFile, found: &mut Found) -> Result<(), Error> {
    let at = |(line, problem): Wrong| Error::Damaged { file: file.path().to_owned(), line, problem };
    let properties = properties::parse(file.bytes()).map_err(at)?;
    let accounts: HashMap<String, Name> = properties
        .iter()
        .filter(|property| property.key.ends_with(".ACCOUNT_UID"))
        .map(|property| (friendly(&property.value), account(&property.value)))
        .collect();
    let contacts = Contacts::beside(file)?;
    let mut taking = Taking::into(&mut found.fingerprints);
    for (name, entry) in sort(&properties) {
        let outcome = match (accounts.get(name), entry.private) {
            (Some(account), Some(private)) => {
                key(private, entry.public).map(|key| found.keys.push(FoundKey { name: account.clone(), key }))
            }
            (None, Some(private)) => Err((private.line, "no account here has this private key")),
            (Some(_), None) => Ok(()),
            (None, None) => theirs(&entry).and_then(|theirs| {
                let owners = contacts.0.get(name).map(Vec::as_slice).unwrap_or_default();
                take(&theirs, owners, &mut taking).map_err(|problem| (theirs.line, problem))
            }),
        };
        if let Err(wrong) = outcome {
            found.problems.push(at(wrong).into());
        }
    }
    Ok(())
}

/// The properties of the plugin by the name that they are about.
fn sort(properties: &[Property]) -> BTreeMap<&str, Entry<'_>> {
    let mut entries: BTreeMap<&str, Entry<'_>> = BTreeMap::new();
    for property in properties {
        let Some(rest) = property.key.strip_prefix(PREFIX) else { continue };
        let is_true = property.value.trim() == "true";
        if let Some(name) = rest.strip_suffix("_privateKey") {
            entries.entry(name).or_default().private = Some(property);
        } else if let Some(name) = rest.strip_suffix("_publicKey") {
            entries.entry(name).or_default().public = Some(property);
        } else if let Some(name) = rest.strip_suffix("_publicKey_verified") {
            entries.entry(name).or_default().public_verified = is_true;
        } else if let Some(name) = rest.strip_suffix("_fingerprints") {
            entries.entry(name).or_default().fingerprints = Some(property);
        } else if let Some(both) = rest.strip_suffix("_fingerprint_verified")
            && let Some((name, hex)) = both.len().checked_sub(40).and_then(|length| both.split_at_checked(length))
            && let Ok(fingerprint) = hex.parse()
        {
            // Said twice, the later line counts, as for Java.
            let verified = &mut entries.entry(name).or_default().verified;
            let _ = if is_true { verified.insert(fingerprint) } else { verified.remove(&fingerprint) };
        }
    }
    entries
}

fn key(private: &Property, public: Option<&Property>) -> Result<otr_crypto::IdentityKey, Wrong> {
    let public = public.ok_or((private.line, "the public key of this private key is missing"))?;
    java_key::pair(&private.value, &public.value).map_err(|problem| (private.line, problem))
}

/// The fingerprints under a name, each once, and whether it is verified.
#[derive(Default)]
struct Theirs {
    line: usize,
    fingerprints: BTreeMap<Fingerprint, bool>,
}

/// There may be none: that something which is not there is verified says nothing.
fn theirs(entry: &Entry<'_>) -> Result<Theirs, Wrong> {
    let mut theirs = Theirs::default();
    if let Some(public) = entry.public {
        theirs.line = public.line;
        let key = java_key::public(&public.value).map_err(|problem| (public.line, problem))?;
        theirs.fingerprints.insert(key.fingerprint(), entry.public_verified);
    }
    if let Some(list) = entry.fingerprints {
        theirs.line = list.line;
        for hex in list.value.split(',') {
            let problem = (list.line, "a fingerprint is not 40 hexadecimal digits");
            let fingerprint = hex.trim().parse().map_err(|_| problem)?;
            *theirs.fingerprints.entry(fingerprint).or_insert(false) |= entry.verified.contains(&fingerprint);
        }
    }
    Ok(theirs)
}

/// Whose each fingerprint is. The same address under several accounts of ours is one person.
fn take(theirs: &Theirs, owners: &[Contact], taking: &mut Taking<'_>) -> Result<(), &'static str> {
    if theirs.fingerprints.is_empty() {
        return Ok(());
    }
    let people: HashSet<_> = owners.iter().map(|owner| (&owner.address, &owner.account.protocol)).collect();
    for (fingerprint, verified) in &theirs.fingerprints {
        let whose = owners.iter().map(|owner| (owner.address.as_str(), &owner.account));
        taking.add(whose, *fingerprint, *verified && people.len() == 1)?;
    }
    match people.len() {
        0 => Err("the contact list does not say whose key this is"),
        1 => Ok(()),
        _ => Err("several contacts share this name, so their keys are taken as not verified"),
    }
}

/// A name as it stands in properties.
fn friendly(name: &str) -> String {
    let digit = name.starts_with(|c: char| c.is_numeric());
    let rest = name.chars().map(|c| if c.is_alphanumeric() { c } else { '_' });
    digit.then_some('p').into_iter().chain(rest).collect()
}

/// `Jabber:me@example.org@example.org`: protocol, address, server.
fn account(unique: &str) -> Name {
    let (protocol, address) = unique.split_once(':').unwrap_or(("", unique));
    let address = match address.rsplit_once('@') {
        Some((address, _)) if address.contains('@') => address,
        _ => address,
    };
    Name::new(address, protocol)
}

struct Contact {
    address: String,
    account: Name,
}

/// The contact list by the names that properties have.
struct Contacts(HashMap<String, Vec<Contact>>);

impl Contacts {
    fn beside(file: &ForeignFile) -> Result<Self, Error> {
        match ForeignFile::read(&file.path().with_file_name(CONTACTS))? {
            Some(list) => Self::parse(list.bytes()).ok_or_else(|| list.damaged(0, "this is no contact list in XML")),
            None => Ok(Self(HashMap::new())),
        }
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut all: HashMap<String, Vec<Contact>> = HashMap::new();
        let mut reader = xml::reader(bytes)?;
        loop {
            match reader.read_event().ok()? {
                Event::Start(tag) | Event::Empty(tag) if tag.name().as_ref() == "contact" => {
                    let contact = attribute(&tag, "address").zip(attribute(&tag, "account-id"));
                    if let Some((address, unique)) = contact {
                        let contact = Contact { account: account(&unique), address };
                        all.entry(friendly(&contact.address)).or_default().push(contact);
                    }
                }
                Event::Eof => return Some(Self(all)),
                _ => {}
            }
        }
    }
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let value = tag.try_get_attribute(name).ok()??;
    value.normalized_value(XmlVersion::Implicit1_0).ok().map(|value| value.into_owned())
}
