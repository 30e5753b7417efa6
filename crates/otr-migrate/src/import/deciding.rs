//! Thing by thing: whether it is taken.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use otr_crypto::{Fingerprint, IdentityKey};
use otr_store::{Error, ForeignFile, Store};

use super::{Importing, Item, Outcome, Reason, Step, record};
use crate::found::{FoundFingerprint, Name};
use crate::naming::{self, Unnamed};

/// What is decided so far.
pub(super) struct Deciding<'a> {
    store: &'a Store,
    how: &'a Importing,
    /// The keys that come before.
    keys: HashMap<Name, Fingerprint>,
    known: Known,
    steps: Vec<Step>,
}

impl<'a> Deciding<'a> {
    pub(super) fn new(store: &'a Store, how: &'a Importing) -> Result<Self, Error> {
        Ok(Self { store, how, keys: HashMap::new(), known: known(store)?, steps: Vec::new() })
    }

    pub(super) fn into_steps(self) -> Vec<Step> {
        self.steps
    }

    pub(super) fn key(&mut self, theirs: Name, key: IdentityKey) -> Result<(), Error> {
        let fingerprint = key.public_key().fingerprint();
        let ours = self.ours(&theirs);
        let outcome = match &ours {
            Err(reason) => Outcome::Left((*reason).into()),
            Ok(name) => match self.keys.get(name) {
                Some(earlier) if *earlier == fingerprint => Outcome::Known,
                Some(earlier) => Outcome::Left(Reason::SecondKey(*earlier)),
                None => self.key_of(name, &key, fingerprint)?,
            },
        };
        self.push(theirs, ours, Item::Key(key), outcome);
        Ok(())
    }

    fn key_of(&mut self, name: &Name, key: &IdentityKey, fingerprint: Fingerprint) -> Result<Outcome, Error> {
        if name.account.is_empty() || ForeignFile::with_private_key(None, &name.account, &name.protocol, key).is_err() {
            return Ok(Outcome::Left(Reason::Unstorable));
        }
        let stored = self.store.identity(&name.account, &name.protocol)?.map(|key| key.public_key().fingerprint());
        let outcome = match stored {
            Some(stored) if stored == fingerprint => Outcome::Known,
            Some(stored) if self.how.replace => Outcome::Replaces(stored),
            Some(stored) => Outcome::Left(Reason::OtherKey(stored)),
            None => Outcome::Taken,
        };
        if !matches!(outcome, Outcome::Left(_)) {
            self.keys.insert(name.clone(), fingerprint);
        }
        Ok(outcome)
    }

    pub(super) fn fingerprint(&mut self, found: FoundFingerprint) {
        let FoundFingerprint { contact, name: theirs, fingerprint, trust } = found;
        let ours = self.ours(&theirs);
        let protocol = ours.as_ref().map_or(theirs.protocol.as_str(), |name| name.protocol.as_str());
        let contact = naming::contact(protocol, &contact).to_owned();
        let outcome = match &ours {
            Err(reason) => Outcome::Left((*reason).into()),
            Ok(name) => self.fingerprint_of(name, &contact, fingerprint, &trust),
        };
        self.push(theirs, ours, Item::Fingerprint { contact, fingerprint, trust }, outcome);
    }

    fn fingerprint_of(&mut self, name: &Name, contact: &str, fingerprint: Fingerprint, trust: &str) -> Outcome {
        let storable = ForeignFile::with_fingerprint(None, &record(name, contact, fingerprint, trust)).is_ok();
        if contact.is_empty() || !storable {
            return Outcome::Left(Reason::Unstorable);
        }
        let trusted = !trust.is_empty();
        match self.known.entry((name.clone(), contact.to_owned(), fingerprint)) {
            Entry::Vacant(new) => {
                new.insert(Trust { trusted, stored: false });
                Outcome::Taken
            }
            // Trust that is here already is not taken away by a program that has none.
            Entry::Occupied(known) if known.get().trusted || !trusted => Outcome::Known,
            // Nor is it given back unasked: the user may have taken it away.
            Entry::Occupied(known) if known.get().stored && !self.how.trust => Outcome::Left(Reason::NotVerified),
            Entry::Occupied(mut known) => {
                known.get_mut().trusted = true;
                Outcome::Verifies
            }
        }
    }

    pub(super) fn tag(&mut self, theirs: Name, tag: u32) -> Result<(), Error> {
        let ours = self.ours(&theirs);
        let outcome = match &ours {
            Err(reason) => Outcome::Left((*reason).into()),
            Ok(name) => match self.store.instance_tag(&name.account, &name.protocol)? {
                Some(stored) if stored == tag => Outcome::Known,
                _ if !self.how.instance_tags => Outcome::Left(Reason::InUse),
                Some(stored) if !self.how.replace => Outcome::Left(Reason::OtherTag(stored)),
                _ if ForeignFile::with_instance_tag(None, &name.account, &name.protocol, tag).is_err() => {
                    Outcome::Left(Reason::Unstorable)
                }
                _ => Outcome::Taken,
            },
        };
        self.push(theirs, ours, Item::InstanceTag(tag), outcome);
        Ok(())
    }

    fn ours(&self, theirs: &Name) -> Result<Name, Unnamed> {
        self.how.name.clone().map_or_else(|| naming::ours(theirs), Ok)
    }

    fn push(&mut self, theirs: Name, ours: Result<Name, Unnamed>, item: Item, outcome: Outcome) {
        self.steps.push(Step { theirs, ours: ours.ok(), item, outcome });
    }
}

/// What a fingerprint is known for, and how far it is trusted.
type Known = HashMap<(Name, String, Fingerprint), Trust>;

struct Trust {
    trusted: bool,
    /// Whether it is in the store, and not only among what was found.
    stored: bool,
}

fn known(store: &Store) -> Result<Known, Error> {
    let records = store.fingerprints()?.records.into_iter();
    Ok(records
        .map(|record| {
            let trust = Trust { trusted: record.is_trusted(), stored: true };
            ((Name::new(record.account, record.protocol), record.contact, record.fingerprint), trust)
        })
        .collect())
}
