//! One client of a contact: its key exchange and its session.

use core::time::Duration;

use otr_ake::Ake;
use otr_crypto::Fingerprint;
use otr_wire::Header;

use crate::{contact::InstanceName, moving::Moving, session::Session};

/// One client of a contact.
#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) ake: Ake,
    /// The move to the Curve25519 suite, while it is under way.
    pub(crate) moving: Option<Box<Moving>>,
    /// The private conversation, while there is one.
    pub(crate) session: Option<Box<Session>>,
    /// When a message of it last led to anything.
    pub(crate) touched: Duration,
    /// How many Data messages could not be read since the session began, flagged ones included (attack rule DATA-9).
    pub(crate) unreadable: u64,
}

/// The instances of one contact, by name. Nearly always there is one, so they stand in a row, in order.
#[derive(Debug, Default)]
pub(crate) struct Instances(Vec<(InstanceName, Box<Instance>)>);

impl Instances {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn get(&self, name: InstanceName) -> Option<&Instance> {
        self.iter().find_map(|(known, instance)| (known == name).then_some(instance))
    }

    pub(crate) fn get_mut(&mut self, name: InstanceName) -> Option<&mut Instance> {
        self.iter_mut().find_map(|(known, instance)| (known == name).then_some(instance))
    }

    /// Adds an instance whose name is not there.
    pub(crate) fn insert(&mut self, name: InstanceName, instance: Box<Instance>) {
        let at = self.0.partition_point(|(known, _)| *known < name);
        self.0.reserve_exact(1);
        self.0.insert(at, (name, instance));
    }

    pub(crate) fn retain(&mut self, mut keep: impl FnMut(InstanceName, &Instance) -> bool) {
        self.0.retain(|(name, instance)| keep(*name, instance));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (InstanceName, &Instance)> + Clone {
        self.0.iter().map(|(name, instance)| (*name, &**instance))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (InstanceName, &mut Instance)> {
        self.0.iter_mut().map(|(name, instance)| (*name, &mut **instance))
    }

    /// Takes all of them out.
    pub(crate) fn take(&mut self) -> Vec<(InstanceName, Box<Instance>)> {
        std::mem::take(&mut self.0)
    }
}

impl Instance {
    pub(crate) const fn new(header: Header, now: Duration) -> Self {
        Self { ake: Ake::new(header), moving: None, session: None, touched: now, unreadable: 0 }
    }

    /// Whose identity the session at this instance has.
    pub(crate) fn fingerprint(&self) -> Option<Fingerprint> {
        self.session.as_ref().map(|session| session.fingerprint())
    }

    /// Whether the instance says nothing that would be missed.
    pub(crate) const fn is_idle(&self) -> bool {
        self.session.is_none() && !self.ake.state().is_active()
    }
}
