//! What of the found is taken, what is not, and why.

mod deciding;

use std::collections::HashSet;
use std::time::SystemTime;

use otr_crypto::{Fingerprint, IdentityKey};
use otr_store::{Error, How, KnownFingerprint, Store};

use crate::found::{Found, FoundFingerprint, FoundKey, FoundTag, Name};
use crate::naming::Unnamed;
use deciding::Deciding;

/// What the user wants.
#[derive(Debug, Clone, Default)]
pub struct Importing {
    /// Take only what is of this account, as the program names it.
    pub only: Option<String>,
    /// Call the account this, instead of what follows from its name there.
    pub name: Option<Name>,
    /// Put a key in place of another that the account has.
    pub replace: bool,
    /// Take over trust in a fingerprint that is here already and not verified. The user may have taken that back.
    pub trust: bool,
    /// Take instance tags as well. Two programs that use one at the same time get in each other's way.
    pub instance_tags: bool,
}

/// `--as` stands for one account, and there are several.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("one name was given, and there are several accounts: {}", .0.join(", "))]
pub struct SeveralAccounts(pub Vec<String>);

/// One thing that was found, and what becomes of it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Step {
    /// The account, as the program names it.
    pub theirs: Name,
    /// The account here, if it has a name here.
    pub ours: Option<Name>,
    /// What it is.
    pub item: Item,
    /// What becomes of it.
    pub outcome: Outcome,
}

/// Something that can be taken.
#[derive(Debug)]
#[non_exhaustive]
pub enum Item {
    /// Our own key.
    Key(IdentityKey),
    /// The fingerprint of somebody else.
    Fingerprint {
        /// Whose, by the name that they have here.
        contact: String,
        /// Which.
        fingerprint: Fingerprint,
        /// The program's word for how it was verified; empty if it was not.
        trust: String,
    },
    /// An instance tag.
    InstanceTag(u32),
}

/// What becomes of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It is taken.
    Taken,
    /// It is taken, and another key of the account goes.
    Replaces(Fingerprint),
    /// The fingerprint is here already, or comes before, and now it counts as verified.
    Verifies,
    /// It is here already.
    Known,
    /// It is not taken.
    Left(Reason),
}

/// Why something is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// It cannot be told whose it is.
    #[error(transparent)]
    Unnamed(#[from] Unnamed),
    /// The account has another key here.
    #[error("the account has another key here, {0}")]
    OtherKey(Fingerprint),
    /// A key that comes before it is of the same account here.
    #[error("another key for the same account comes before it, {0}")]
    SecondKey(Fingerprint),
    /// It is an instance tag, and those were not asked for.
    #[error("the program may go on using it, and two that use one at the same time get in each other's way")]
    InUse,
    /// The account has another instance tag here.
    #[error("the account has another instance tag here, {0:08x}")]
    OtherTag(u32),
    /// The fingerprint is here already and not verified, whether nobody has done so or it was taken back.
    #[error("it is here already, as not verified")]
    NotVerified,
    /// It has a name that cannot be stored.
    #[error("a name in it is empty, too long, or has control characters")]
    Unstorable,
}

/// What will be done.
#[derive(Debug)]
pub struct Plan {
    steps: Vec<Step>,
}

impl Plan {
    /// Decides about everything in `found`. Nothing changes yet.
    ///
    /// # Errors
    ///
    /// [`SeveralAccounts`] where one name would stand for more than one account; what reading `store` gives.
    pub fn new(found: Found, store: &Store, how: &Importing) -> Result<Self, PlanError> {
        let mut deciding = Deciding::new(store, how)?;
        let Found { keys, fingerprints, instance_tags, .. } = found;
        let is_chosen = |name: &Name| how.only.as_ref().is_none_or(|only| *only == name.account);
        let keys: Vec<FoundKey> = keys.into_iter().filter(|key| is_chosen(&key.name)).collect();
        let fingerprints: Vec<FoundFingerprint> =
            fingerprints.into_iter().filter(|fingerprint| is_chosen(&fingerprint.name)).collect();
        let tags: Vec<FoundTag> = instance_tags.into_iter().filter(|tag| is_chosen(&tag.name)).collect();
        if how.name.is_some() {
            let names = keys.iter().map(|key| &key.name).chain(fingerprints.iter().map(|one| &one.name));
            one_account(names.chain(tags.iter().map(|tag| &tag.name)))?;
        }
        for FoundKey { name, key } in keys {
            deciding.key(name, key)?;
        }
        for fingerprint in fingerprints {
            deciding.fingerprint(fingerprint);
        }
        for FoundTag { name, tag } in tags {
            deciding.tag(name, tag)?;
        }
        Ok(Self { steps: deciding.into_steps() })
    }

    /// Everything, in the order in which it was found: keys, fingerprints, instance tags.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Does what was decided, at the time `when`. What the program trusted counts as verified from now on, for the reason
    /// that it was imported.
    ///
    /// # Errors
    ///
    /// What writing to `store` gives; what came before it is stored.
    pub fn carry_out(&self, store: &mut Store, when: SystemTime) -> Result<(), Error> {
        for Step { ours, item, outcome, .. } in &self.steps {
            let Some(name) = ours else { continue };
            match (outcome, item) {
                (Outcome::Known | Outcome::Left(_), _) => {}
                (_, Item::Key(key)) => store.save_identity(&name.account, &name.protocol, key)?,
                (_, Item::Fingerprint { contact, fingerprint, trust }) => {
                    store.save_fingerprint(&record(name, contact, *fingerprint, trust))?;
                    if !trust.is_empty() {
                        let Name { account, protocol } = name;
                        store.verify(contact, account, protocol, fingerprint, How::Imported, when)?;
                    }
                }
                (_, Item::InstanceTag(tag)) => store.save_instance_tag(&name.account, &name.protocol, *tag)?,
            }
        }
        Ok(())
    }
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// Our own files cannot be read.
    #[error(transparent)]
    Store(#[from] Error),
    /// One name was given for several accounts.
    #[error(transparent)]
    Several(#[from] SeveralAccounts),
}

fn one_account<'a>(names: impl Iterator<Item = &'a Name>) -> Result<(), SeveralAccounts> {
    let mut seen = HashSet::new();
    let accounts: Vec<String> =
        names.filter(|name| seen.insert(name.account.as_str())).map(|name| name.account.clone()).collect();
    if accounts.len() > 1 { Err(SeveralAccounts(accounts)) } else { Ok(()) }
}

fn record(name: &Name, contact: &str, fingerprint: Fingerprint, trust: &str) -> KnownFingerprint {
    KnownFingerprint {
        contact: contact.to_owned(),
        account: name.account.clone(),
        protocol: name.protocol.clone(),
        fingerprint,
        trust: trust.to_owned(),
    }
}
