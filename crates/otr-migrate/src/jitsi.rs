//! Jitsi's configuration, `sip-communicator.properties`, in which its OTR plugin keeps keys among all other settings.
//!
//! A property is called `net.java.sip.communicator.plugin.otr.` and the name of an account or a contact, in which every
//! character but letters and digits has become `_`. So the names themselves come from elsewhere: those of accounts from
//! the `ACCOUNT_UID` of the same file, those of contacts from `contactlist.xml` beside it.
//!
//! | property | value |
//! | --- | --- |
//! | `ACCOUNT_privateKey`, `ACCOUNT_publicKey` | ours, in base64 |
//! | `CONTACT_fingerprints` | all that the contact has used, with commas between |
//! | `CONTACTFINGERPRINT_fingerprint_verified` | `true` if the user has verified it |
//! | `CONTACT_publicKey`, `CONTACT_publicKey_verified` | the same in older versions, one key only |

use std::collections::{BTreeMap, HashMap};

use otr_crypto::Fingerprint;
use otr_store::{Error, ForeignFile};
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

use crate::found::{Found, FoundFingerprint, FoundKey, Name};
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
    verified: Vec<Fingerprint>,
}

pub(crate) fn read(file: &ForeignFile, found: &mut Found) -> Result<(), Error> {
    let properties = properties::parse(file.bytes()).map_err(|(offset, problem)| file.damaged(offset, problem))?;
    let accounts: HashMap<String, Name> = properties
        .iter()
        .filter(|property| property.key.ends_with(".ACCOUNT_UID"))
        .map(|property| (friendly(&property.value), account(&property.value)))
        .collect();
    let contacts = Contacts::beside(file)?;
    for (name, entry) in sort(&properties) {
        let outcome = match (accounts.get(name), entry.private) {
            (Some(account), Some(_)) => {
                key(file, &entry).map(|key| found.keys.push(FoundKey { name: account.clone(), key }))
            }
            (None, Some(private)) => Err(file.damaged(private.offset, "no account here has this private key")),
            (Some(_), None) => Ok(()),
            (None, None) => contact(file, name, &entry, &contacts).map(|all| found.fingerprints.extend(all)),
        };
        if let Err(error) = outcome {
            found.problems.push(error.into());
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
            && let (Ok(fingerprint), true) = (hex.parse(), is_true)
        {
            entries.entry(name).or_default().verified.push(fingerprint);
        }
    }
    entries
}

fn key(file: &ForeignFile, entry: &Entry<'_>) -> Result<otr_crypto::IdentityKey, Error> {
    let Some(private) = entry.private else { return Err(file.damaged(0, "there is no private key")) };
    let at = |problem| file.damaged(private.offset, problem);
    let public = entry.public.ok_or_else(|| at("the public key of this private key is missing"))?;
    java_key::pair(&private.value, &public.value).map_err(at)
}

fn contact(
    file: &ForeignFile,
    name: &str,
    entry: &Entry<'_>,
    contacts: &Contacts,
) -> Result<Vec<FoundFingerprint>, Error> {
    let mut fingerprints = BTreeMap::new();
    let mut place = 0;
    if let Some(public) = entry.public {
        place = public.offset;
        let key = java_key::public(&public.value).map_err(|problem| file.damaged(public.offset, problem))?;
        fingerprints.insert(key.fingerprint(), entry.public_verified);
    }
    if let Some(list) = entry.fingerprints {
        place = list.offset;
        for hex in list.value.split(',') {
            let problem = "a fingerprint is not 40 hexadecimal digits";
            let fingerprint = hex.trim().parse().map_err(|_| file.damaged(list.offset, problem))?;
            let verified = entry.verified.contains(&fingerprint);
            *fingerprints.entry(fingerprint).or_insert(false) |= verified;
        }
    }
    if fingerprints.is_empty() {
        // That something which is not there is verified says nothing.
        return Ok(Vec::new());
    }
    let owners =
        contacts.0.get(name).ok_or_else(|| file.damaged(place, "the contact list does not say whose key this is"))?;
    let all = owners.iter().flat_map(|owner| fingerprints.iter().map(move |one| (owner, one)));
    let record = |(owner, (fingerprint, verified)): (&Contact, (&Fingerprint, &bool))| FoundFingerprint {
        contact: owner.address.clone(),
        name: owner.account.clone(),
        fingerprint: *fingerprint,
        trust: if *verified { "verified".to_owned() } else { String::new() },
    };
    Ok(all.map(record).collect())
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
