//! One contact: its instances, and everything about it that is not about one of them.

use core::time::Duration;
use std::{collections::BTreeMap, sync::Arc};

use otr_ake::{ATTEMPT_LIFETIME, Offer};
use otr_crypto::Fingerprint;
use otr_wire::{Assembler, Header, InstanceTag, Versions};

use crate::{
    Config, Conversation, Event, MAX_NEW_INSTANCES, Policy, STALE_KEYS_AFTER, SessionChange, Trust,
    budget::Budget,
    instance::{Instance, MessageState},
    queue::Queue,
    session::Session,
    shared::Shared,
    trust::KnownFingerprints,
};

/// Which instance is meant; `None` is the one unnamed instance of version 2.
pub(crate) type InstanceName = Option<InstanceTag>;

/// One contact.
#[derive(Debug)]
pub(crate) struct Contact {
    pub(crate) settings: Settings,
    pub(crate) known: KnownFingerprints,
    pub(crate) instances: BTreeMap<InstanceName, Instance>,
    pub(crate) offer: Option<OpenOffer>,
    pub(crate) assembler: Assembler,
    pub(crate) queue: Queue,
    /// Until when text waits because the user asked for a private conversation.
    pub(crate) starting_until: Option<Duration>,
    pub(crate) tag_offer: TagOffer,
    pub(crate) budgets: Budgets,
}

/// What the host has set for this contact alone.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) policy: Option<Policy>,
    pub(crate) versions: Option<Versions>,
    /// Nothing is sent to this contact unless the user does it.
    pub(crate) silent: bool,
}

/// Our D-H Commit to everybody at this contact.
#[derive(Debug)]
pub(crate) struct OpenOffer {
    pub(crate) offer: Arc<Offer>,
    /// An exchange was completed since, so that the next one needs fresh keys (attack rule AKE-7).
    pub(crate) spent: bool,
}

/// What became of the whitespace tags we send (attack rule VER-6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TagOffer {
    NotSent,
    Sent,
    /// A plain message came back: the contact does not know the tag.
    Rejected,
}

/// What may happen without the user asking.
#[derive(Debug)]
pub(crate) struct Budgets {
    pub(crate) exchanges: Budget,
    /// Exchanges begun by unauthenticated prompting while a private conversation runs.
    pub(crate) prompts_in_private: Budget,
    pub(crate) queries: Budget,
    pub(crate) errors: Budget,
    pub(crate) other_instance_warnings: Budget,
}

impl Budgets {
    const fn new() -> Self {
        Self {
            exchanges: Budget::exchanges_of_a_contact(),
            prompts_in_private: Budget::one_per_interval(),
            queries: Budget::one_per_interval(),
            errors: Budget::one_per_interval(),
            other_instance_warnings: Budget::one_per_interval(),
        }
    }

    fn are_full(&self, now: Duration) -> bool {
        [&self.exchanges, &self.prompts_in_private, &self.queries, &self.errors, &self.other_instance_warnings]
            .into_iter()
            .all(|budget| budget.is_full(now))
    }
}

impl Contact {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            settings: Settings::default(),
            known: KnownFingerprints::default(),
            instances: BTreeMap::new(),
            offer: None,
            assembler: Assembler::new(config.message_limit),
            queue: Queue::default(),
            starting_until: None,
            tag_offer: TagOffer::NotSent,
            budgets: Budgets::new(),
        }
    }

    /// The policy in force. A verified contact gets nothing in clear unless that was set for it
    /// (attack rule STATE-9).
    pub(crate) fn policy(&self, config: &Config) -> Policy {
        match (self.settings.policy, config.policy) {
            (Some(policy), _) => policy,
            (None, Policy::Never) => Policy::Never,
            (None, _) if self.known.verified().is_some() => Policy::Always,
            (None, policy) => policy,
        }
    }

    pub(crate) fn versions(&self, config: &Config) -> Versions {
        self.settings.versions.unwrap_or(config.versions)
    }

    /// The instance that text goes to: one in private, a verified one first, then the one heard from last
    /// (attack rule TAG-8).
    pub(crate) fn best(&self) -> Option<InstanceName> {
        let private = self.instances.iter().filter_map(|(&name, instance)| {
            let session = instance.session()?;
            let verified = self.known.is_verified(session.their_key().fingerprint());
            Some((verified, session.last_received, name))
        });
        private.max_by_key(|&(verified, heard, _)| (verified, heard)).map(|(_, _, name)| name)
    }

    pub(crate) fn best_session_mut(&mut self) -> Option<&mut Session> {
        let name = self.best()?;
        self.instances.get_mut(&name)?.session_mut()
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        self.instances.values().any(|instance| instance.session().is_some())
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.instances.values().any(|instance| matches!(instance.state, MessageState::Finished))
    }

    /// What the host is told of the conversation with an instance.
    pub(crate) fn conversation(&self, session: &Session) -> Conversation {
        let their_fingerprint = session.their_key().fingerprint();
        Conversation {
            version: session.header().version(),
            their_fingerprint,
            trust: self.known.trust(their_fingerprint).unwrap_or(Trust::Unverified),
            session_id: session.session_id(),
            role: session.role(),
        }
    }

    /// The present state of an instance, as an event.
    pub(crate) fn session_change(&self, name: InstanceName, refreshed: bool) -> Event {
        let instance = self.instances.get(&name);
        Event::Session(SessionChange {
            state: instance.map_or(MessageState::Plaintext.name(), |instance| instance.state.name()),
            conversation: instance.and_then(Instance::session).map(|session| self.conversation(session)),
            refreshed,
            instance: name,
        })
    }

    /// Makes room for an instance that has no session yet and adds it.
    pub(crate) fn add_instance(&mut self, name: InstanceName, header: Header, now: Duration) -> &mut Instance {
        let new = self.instances.iter().filter(|(_, instance)| instance.session().is_none());
        if new.clone().count() >= MAX_NEW_INSTANCES
            && let Some((&oldest, _)) = new.min_by_key(|(_, instance)| instance.touched)
        {
            self.instances.remove(&oldest);
        }
        let instance = self.instances.entry(name).or_insert_with(|| Instance::new(header, now));
        if let Some(open) = &self.offer {
            instance.ake.begin(open.offer.clone());
        }
        instance
    }

    /// Lets sessions with this identity send again.
    pub(crate) fn unblock(&mut self, fingerprint: Fingerprint) {
        let sessions = self.instances.values_mut().filter_map(Instance::session_mut);
        for session in sessions.filter(|session| session.their_key().fingerprint() == fingerprint) {
            session.blocked = false;
        }
    }

    /// Everything that time does to a contact.
    pub(crate) fn expire(&mut self, peer: &str, shared: &mut Shared, now: Duration) {
        if self.offer.as_ref().is_some_and(|open| now >= open.ends()) {
            self.offer = None;
        }
        for instance in self.instances.values_mut() {
            instance.ake.expire(now);
            if let Some(session) = instance.session_mut()
                && !session.stale_said
                && now.saturating_sub(session.last_rotated) >= STALE_KEYS_AFTER
            {
                session.stale_said = true;
                shared.event(peer, Event::StaleKeys);
            }
        }
        self.instances.retain(|_, instance| !instance.is_idle());
        let before = self.assembler.bytes();
        self.assembler.expire(now);
        shared.partial_bytes = shared.partial_bytes.saturating_sub(before.saturating_sub(self.assembler.bytes()));
        if self.starting_until.is_some_and(|until| now >= until) {
            self.starting_until = None;
            // Under a policy that requires encryption the texts keep waiting; otherwise the user decides anew.
            if !self.policy(&shared.config).requires_encryption() {
                self.give_back(peer, shared);
            }
        }
    }

    /// When [`expire`](Self::expire) next has something to do.
    pub(crate) fn next_timeout(&self) -> Option<Duration> {
        let offer = self.offer.as_ref().map(OpenOffer::ends);
        let exchanges = self.instances.values().filter_map(|instance| instance.ake.next_timeout()).min();
        [offer, exchanges, self.starting_until].into_iter().flatten().min()
    }

    /// Hands every waiting text back to the user.
    pub(crate) fn give_back(&mut self, peer: &str, shared: &mut Shared) {
        for text in self.queue.take() {
            shared.event(peer, Event::NotDelivered { text });
        }
    }

    /// Whether forgetting this contact would change nothing.
    pub(crate) fn is_idle(&self, now: Duration) -> bool {
        self.settings == Settings::default()
            && self.known.is_empty()
            && self.instances.is_empty()
            && self.offer.is_none()
            && self.assembler.is_empty()
            && self.queue.is_empty()
            && self.starting_until.is_none()
            && self.tag_offer == TagOffer::NotSent
            && self.budgets.are_full(now)
    }
}

impl OpenOffer {
    pub(crate) fn ends(&self) -> Duration {
        self.offer.made().saturating_add(ATTEMPT_LIFETIME)
    }
}
