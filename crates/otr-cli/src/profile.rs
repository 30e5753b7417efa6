//! One account and where its keys and what it knows of others are kept.

use std::io::Write;
use std::path::Path;

use otr_crypto::{Fingerprint, IdentityKey};
use otr_session::{Account, Config, Conversation, Trust};
use otr_store::{KnownFingerprint, Problem, Store, VouchedFingerprint};
use otr_wire::InstanceTag;

use crate::{args::Curve25519, error::Error, outside};

/// The word libotr's programs store for an identity that was compared by hand.
const VERIFIED: &str = "verified";

/// The names of an account, and its store if it has one.
#[derive(Debug)]
pub(crate) struct Profile {
    account: String,
    protocol: String,
    store: Option<Store>,
}

impl Profile {
    /// The account `account` of `protocol`, kept in `directory`, or nowhere.
    pub(crate) fn open(directory: Option<&Path>, account: &str, protocol: &str) -> Result<Self, Error> {
        let store = directory.map(Store::open).transpose()?;
        Ok(Self { account: account.to_owned(), protocol: protocol.to_owned(), store })
    }

    pub(crate) fn account(&self) -> &str {
        &self.account
    }

    pub(crate) fn protocol(&self) -> &str {
        &self.protocol
    }

    /// The account with its keys, its instance tag and the identities it knows. What is missing is made and stored.
    pub(crate) fn load(&mut self, config: Config, suite: Curve25519) -> Result<Account, Error> {
        let mut account = Account::new(self.identity()?, self.instance_tag()?, config);
        if suite == Curve25519::On {
            let used = account.use_curve25519(self.ed25519_identity()?);
            used.map_err(|_| otr_store::Error::KeyOfAnotherKind { wanted: "Ed25519" })?;
        }
        let Some(store) = &self.store else { return Ok(account) };
        for file in store.exposed_files()? {
            log(&format!("other users of this machine can read {}", file.display()));
        }
        let known = store.fingerprints()?;
        tell_problems("otr.fingerprints", &known.problems);
        for record in known.records {
            if record.account == self.account && record.protocol == self.protocol {
                let trust = if record.is_trusted() { Trust::Verified } else { Trust::Unverified };
                // A name that the session does not take is one that no message will come from.
                let _ = account.remember(&record.contact, record.fingerprint, trust);
            }
        }
        if suite == Curve25519::On {
            self.remember_suite(store, &mut account)?;
        }
        Ok(account)
    }

    /// Says who has spoken the Curve25519 suite before, so that it is told when somebody does not any more (attack rule
    /// VER-1).
    fn remember_suite(&self, store: &Store, account: &mut Account) -> Result<(), Error> {
        let vouched = store.vouched_fingerprints()?;
        tell_problems("otr.vouched", &vouched.problems);
        for record in vouched.records {
            if record.account == self.account && record.protocol == self.protocol {
                // An identity that the user has struck off the record stays off it.
                let _ = account.remember_vouched(&record.contact, record.fingerprint, record.by);
            }
        }
        Ok(())
    }

    /// Stores an identity that was seen for the first time.
    pub(crate) fn save_new(&mut self, contact: &str, fingerprint: Fingerprint) -> Result<(), otr_store::Error> {
        self.save(contact, fingerprint, Trust::Unverified)
    }

    /// Stores the trust in an identity.
    pub(crate) fn save(
        &mut self,
        contact: &str,
        fingerprint: Fingerprint,
        trust: Trust,
    ) -> Result<(), otr_store::Error> {
        let Some(store) = &mut self.store else { return Ok(()) };
        let trust = match trust {
            Trust::Unverified => "",
            Trust::Verified => VERIFIED,
        };
        store.save_fingerprint(&KnownFingerprint {
            contact: contact.to_owned(),
            account: self.account.clone(),
            protocol: self.protocol.clone(),
            fingerprint,
            trust: trust.to_owned(),
        })
    }

    /// Stores the identity in the Curve25519 suite that a conversation has vouched for, if there is one.
    pub(crate) fn save_vouched(&mut self, contact: &str, conversation: &Conversation) -> Result<(), otr_store::Error> {
        let (Some(store), Some(fingerprint)) = (&mut self.store, conversation.suite_fingerprint) else {
            return Ok(());
        };
        store.save_vouched_fingerprint(&VouchedFingerprint {
            contact: contact.to_owned(),
            account: self.account.clone(),
            protocol: self.protocol.clone(),
            fingerprint,
            by: conversation.their_fingerprint,
        })
    }

    fn identity(&mut self) -> Result<IdentityKey, Error> {
        let Some(store) = &mut self.store else { return Ok(IdentityKey::generate(&mut outside::randomness())) };
        if let Some(key) = store.identity(&self.account, &self.protocol)? {
            return Ok(key);
        }
        log(&format!("making a key for {} ...", crate::readable::one_line(&self.account)));
        let key = IdentityKey::generate(&mut outside::randomness());
        // Making it took a while, in which another program may have made one for the same account.
        if let Some(key) = store.identity(&self.account, &self.protocol)? {
            return Ok(key);
        }
        store.save_identity(&self.account, &self.protocol, &key)?;
        Ok(key)
    }

    fn ed25519_identity(&mut self) -> Result<IdentityKey, Error> {
        let fresh = || IdentityKey::generate_ed25519(&mut outside::randomness());
        let Some(store) = &mut self.store else { return Ok(fresh()) };
        if let Some(key) = store.ed25519_identity(&self.account, &self.protocol)? {
            return Ok(key);
        }
        let key = fresh();
        store.save_ed25519_identity(&self.account, &self.protocol, &key)?;
        Ok(key)
    }

    fn instance_tag(&mut self) -> Result<InstanceTag, Error> {
        let fresh = || Account::generate_instance_tag(&mut outside::randomness());
        let Some(store) = &mut self.store else { return Ok(fresh()) };
        let stored = store.instance_tag(&self.account, &self.protocol)?;
        if let Some(tag) = stored.and_then(|tag| InstanceTag::new(tag).ok()) {
            return Ok(tag);
        }
        let tag = fresh();
        store.save_instance_tag(&self.account, &self.protocol, tag.get())?;
        Ok(tag)
    }
}

fn tell_problems(file: &str, problems: &[Problem]) {
    for problem in problems {
        log(&format!("{file}, line {}: {}; passed over", problem.line, problem.what));
    }
}

/// One line for standard error. Where nobody reads it, nothing is lost that could be done about it.
pub(crate) fn log(line: &str) {
    let _ = writeln!(std::io::stderr(), "otr: {line}");
}
