//! One account and where its keys and what it knows of others are kept.

mod records;

use std::io::Write;

use otr_crypto::IdentityKey;
use otr_session::{Account, Config};
use otr_store::Store;
use otr_wire::InstanceTag;

use crate::{args::Curve25519, error::Error, outside};

pub(crate) use records::{CaughtUp, Decision};

/// The names of an account, and its store if it has one.
#[derive(Debug)]
pub(crate) struct Profile {
    account: String,
    protocol: String,
    store: Option<Store>,
    records: records::Records,
}

impl Profile {
    /// The account `account` of `protocol`, kept in `store`, or nowhere.
    pub(crate) fn new(store: Option<Store>, account: &str, protocol: &str) -> Self {
        Self { account: account.to_owned(), protocol: protocol.to_owned(), store, records: records::Records::default() }
    }

    pub(crate) fn account(&self) -> &str {
        &self.account
    }

    pub(crate) fn protocol(&self) -> &str {
        &self.protocol
    }

    /// The account with its keys, its instance tag and the identities it knows. What is missing is made and stored; what
    /// is damaged is told, and a copy of it kept.
    pub(crate) fn load(&mut self, config: Config, suite: Curve25519) -> Result<Account, Error> {
        let loaded = self.read(config, suite);
        self.look_after_damage(loaded.as_ref().err());
        loaded
    }

    fn read(&mut self, config: Config, suite: Curve25519) -> Result<Account, Error> {
        let mut account = Account::new(self.identity()?, self.instance_tag()?, config);
        if suite == Curve25519::On {
            let used = account.use_curve25519(self.ed25519_identity()?);
            used.map_err(|_| otr_store::Error::KeyOfAnotherKind { wanted: "Ed25519" })?;
        }
        if let Some(store) = &self.store {
            for file in store.exposed_files()? {
                log(&format!("other users of this machine can read {}", file.display()));
            }
        }
        self.remember(&mut account, suite)?;
        Ok(account)
    }

    /// Says what in the files cannot be read, unless it ends the program, which says it then.
    fn look_after_damage(&mut self, failure: Option<&Error>) {
        let Some(store) = &mut self.store else { return };
        let damage = store.damage().unwrap_or_default();
        if damage.is_empty() {
            return;
        }
        let copies = store.keep_damaged();
        if failure.is_some() {
            return;
        }
        for error in damage {
            log(&format!("{error}; passed over, and left as it is"));
        }
        match copies {
            Ok(copies) => copies.iter().for_each(|copy| log(&format!("a copy is kept as {}", copy.display()))),
            Err(error) => log(&format!("no copy of it is kept: {error}")),
        }
    }

    fn identity(&mut self) -> Result<IdentityKey, Error> {
        let name = crate::readable::one_line(&self.account);
        let fresh = || IdentityKey::generate(&mut outside::randomness());
        let Some(store) = &mut self.store else { return Ok(fresh()) };
        let make = || {
            log(&format!("making a key for {name} ..."));
            fresh()
        };
        Ok(store.identity_or(&self.account, &self.protocol, make)?)
    }

    fn ed25519_identity(&mut self) -> Result<IdentityKey, Error> {
        let fresh = || IdentityKey::generate_ed25519(&mut outside::randomness());
        let Some(store) = &mut self.store else { return Ok(fresh()) };
        Ok(store.ed25519_identity_or(&self.account, &self.protocol, fresh)?)
    }

    fn instance_tag(&mut self) -> Result<InstanceTag, Error> {
        let fresh = || Account::generate_instance_tag(&mut outside::randomness());
        let Some(store) = &mut self.store else { return Ok(fresh()) };
        let tag = store.instance_tag_or(&self.account, &self.protocol, || fresh().get())?;
        // The store has none that is not one.
        Ok(InstanceTag::new(tag).map_err(|_| otr_store::Error::InvalidInstanceTag(tag))?)
    }
}

/// One line for standard error. Where nobody reads it, nothing is lost that could be done about it.
pub(crate) fn log(line: &str) {
    let _ = writeln!(std::io::stderr(), "otr: {line}");
}
