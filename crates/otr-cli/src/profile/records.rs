//! What is on record of others: taken over at the start and whenever another program has changed it, and stored decision
//! by decision, so that none of another program is overwritten.

use std::collections::BTreeMap;

use otr_crypto::Fingerprint;
use otr_session::{Account, Conversation, Trust};
use otr_store::{Error, How, KnownFingerprint, KnownIdentity, Revision, SpokenVersion, VouchedFingerprint};
use otr_wire::Version;

use super::Profile;
use crate::args::Curve25519;
use crate::outside::{self, Clock};

/// What the files said when they were read last.
#[derive(Debug, Default)]
pub(super) struct Records {
    revision: Option<Revision>,
    trust: BTreeMap<(String, Fingerprint), Trust>,
    /// Why they could not be read again, which is told once.
    trouble: Option<Error>,
    /// Why what is missing from them may still hold, which is told once too.
    doubt: Option<Error>,
}

/// What came of looking at the files again.
#[derive(Debug)]
pub(crate) struct CaughtUp {
    /// What other programs have decided.
    pub(crate) decisions: Vec<Decision>,
    /// Why that may not be all.
    pub(crate) trouble: Option<Error>,
}

/// A decision about an identity that another program has stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decision {
    /// Whose identity it is.
    pub(crate) contact: String,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) trust: Trust,
}

fn trust_of(record: &KnownFingerprint) -> Trust {
    if record.is_trusted() { Trust::Verified } else { Trust::Unverified }
}

impl Profile {
    /// Says who is known, who of them is verified, and what was spoken with each (attack rule VER-1).
    pub(super) fn remember(&mut self, account: &mut Account, suite: Curve25519) -> Result<(), Error> {
        let Some(store) = &self.store else { return Ok(()) };
        self.records.revision = Some(store.fingerprints_revision()?);
        // Of this the user is told with all else that is damaged.
        self.records.doubt = store.fingerprints_and_doubt()?.1;
        for KnownIdentity { known, version, .. } in store.known_identities()? {
            if !self.is_ours(&known.account, &known.protocol) {
                continue;
            }
            let trust = trust_of(&known);
            // A name that the session does not take is one that no message will come from.
            let _ = account.remember(&known.contact, known.fingerprint, trust);
            let spoken = version.and_then(Version::from_number);
            let spoken =
                spoken.map(|version| if suite == Curve25519::On { version } else { version.min(Version::Three) });
            if let Some(version) = spoken {
                let _ = account.remember_version(&known.contact, known.fingerprint, version);
            }
            self.records.trust.insert((known.contact, known.fingerprint), trust);
        }
        if suite == Curve25519::Off {
            return Ok(());
        }
        for record in store.vouched_fingerprints()?.records {
            if self.is_ours(&record.account, &record.protocol) {
                // An identity that the user has struck off the record stays off it.
                let _ = account.remember_vouched(&record.contact, record.fingerprint, record.by);
            }
        }
        Ok(())
    }

    /// Takes over what other programs have decided since the files were read last. An error is told once.
    pub(crate) fn catch_up(&mut self, account: &mut Account, clock: Clock) -> CaughtUp {
        let (CaughtUp { decisions, trouble: doubt }, trouble) = match self.changes() {
            Ok(found) => (found, None),
            Err(error) => (CaughtUp { decisions: Vec::new(), trouble: None }, Some(error)),
        };
        for Decision { contact, fingerprint, trust } in &decisions {
            // Who is not on record yet is put there; for who is, it is a decision, with all that follows from it.
            if account.set_trust(contact, *fingerprint, *trust, clock.now()).is_err() {
                let _ = account.remember(contact, *fingerprint, *trust);
            }
        }
        let is_old = self.records.trouble == trouble;
        self.records.trouble.clone_from(&trouble);
        CaughtUp { decisions, trouble: trouble.filter(|_| !is_old).or(doubt) }
    }

    /// What the files say that they did not say before. A fingerprint that is gone is one that nobody trusts, unless it may
    /// be behind what cannot be read: damage withdraws no trust.
    fn changes(&mut self) -> Result<CaughtUp, Error> {
        let nothing = CaughtUp { decisions: Vec::new(), trouble: None };
        let Some(store) = &self.store else { return Ok(nothing) };
        let revision = store.fingerprints_revision()?;
        if self.records.revision.as_ref() == Some(&revision) {
            return Ok(nothing);
        }
        let mut now = BTreeMap::new();
        let (known, doubt) = store.fingerprints_and_doubt()?;
        for record in known.records {
            if self.is_ours(&record.account, &record.protocol) {
                let trust = trust_of(&record);
                now.insert((record.contact, record.fingerprint), trust);
            }
        }
        if doubt.is_some() {
            for (key, trust) in &self.records.trust {
                now.entry(key.clone()).or_insert(*trust);
            }
        }
        // Where nothing was on record, nothing can be missing.
        let trouble = doubt.clone().filter(|doubt| self.records.doubt.as_ref() != Some(doubt) && !now.is_empty());
        self.records.doubt = doubt;
        // What was written between the two calls is read once more, without harm.
        self.records.revision = Some(revision);
        let before = std::mem::replace(&mut self.records.trust, now);
        let gone = before.keys().filter(|key| !self.records.trust.contains_key(*key));
        let gone = gone.map(|key| (key, Trust::Unverified));
        let present = self.records.trust.iter().map(|(key, trust)| (key, *trust));
        let changed =
            present.chain(gone).filter(|(key, trust)| before.get(*key).unwrap_or(&Trust::Unverified) != trust);
        let decision = |((contact, fingerprint), trust): (&(String, Fingerprint), Trust)| Decision {
            contact: contact.clone(),
            fingerprint: *fingerprint,
            trust,
        };
        Ok(CaughtUp { decisions: changed.map(decision).collect(), trouble })
    }

    /// Stores an identity that was seen for the first time. Trust that another program has stored for it stays, and is
    /// taken over with the next [`catch_up`](Self::catch_up).
    pub(crate) fn save_new(&mut self, contact: &str, fingerprint: Fingerprint) -> Result<(), Error> {
        let record = self.record(contact, fingerprint);
        let Some(store) = &mut self.store else { return Ok(()) };
        store.add_fingerprint(&record).map(drop)
    }

    /// Stores that an identity is verified, by what, and that it happened now.
    pub(crate) fn verify(&mut self, contact: &str, fingerprint: Fingerprint, how: How) -> Result<(), Error> {
        let record = self.record(contact, fingerprint);
        let Some(store) = &mut self.store else { return Ok(()) };
        // Another program may have forgotten it, or it could not be stored before.
        store.add_fingerprint(&record)?;
        let when = outside::wall_clock();
        store.verify(contact, &record.account, &record.protocol, &fingerprint, how, when)?;
        self.records.trust.insert((record.contact, fingerprint), Trust::Verified);
        Ok(())
    }

    /// Stores that an identity is not verified any more.
    pub(crate) fn distrust(&mut self, contact: &str, fingerprint: Fingerprint) -> Result<(), Error> {
        let record = self.record(contact, fingerprint);
        let Some(store) = &mut self.store else { return Ok(()) };
        store.save_fingerprint(&record)?;
        self.records.trust.insert((record.contact, fingerprint), Trust::Unverified);
        Ok(())
    }

    /// Stores what a private conversation has shown: the version that is spoken, and the identity in the Curve25519 suite
    /// that it has vouched for, if there is one.
    pub(crate) fn save_conversation(&mut self, contact: &str, conversation: &Conversation) -> Result<(), Error> {
        let KnownFingerprint { contact, account, protocol, fingerprint, .. } =
            self.record(contact, conversation.their_fingerprint);
        let Some(store) = &mut self.store else { return Ok(()) };
        if let Some(suite) = conversation.suite_fingerprint {
            store.save_vouched_fingerprint(&VouchedFingerprint {
                contact: contact.clone(),
                account: account.clone(),
                protocol: protocol.clone(),
                fingerprint: suite,
                by: fingerprint,
            })?;
        }
        let version = conversation.version.number();
        store.save_spoken_version(&SpokenVersion { contact, account, protocol, fingerprint, version })
    }

    fn is_ours(&self, account: &str, protocol: &str) -> bool {
        account == self.account && protocol == self.protocol
    }

    fn record(&self, contact: &str, fingerprint: Fingerprint) -> KnownFingerprint {
        KnownFingerprint {
            contact: contact.to_owned(),
            account: self.account.clone(),
            protocol: self.protocol.clone(),
            fingerprint,
            trust: String::new(),
        }
    }
}
