//! One contact: its instances, and everything about it that is not about one of them.

use core::time::Duration;
use std::sync::Arc;

use otr_ake::{ATTEMPT_LIFETIME, Ake, Offer};
use otr_crypto::Fingerprint;
use otr_wire::{Assembler, Header, InstanceTag, Version, Versions};

use crate::{
    Config, Conversation, Event, MAX_NEW_INSTANCES, Policy, STALE_KEYS_AFTER, SessionChange, SessionState,
    budget::Budget,
    comparing,
    instance::{Instance, Instances},
    loss::Loss,
    queue::Queue,
    renewal::Renewal,
    session::Session,
    shared::Shared,
    trust::KnownFingerprints,
    unconfirmed::Unconfirmed,
};

/// Which instance is meant; `None` is the one unnamed instance of version 2.
pub(crate) type InstanceName = Option<InstanceTag>;

/// One contact.
#[derive(Debug)]
pub(crate) struct Contact {
    pub(crate) settings: Settings,
    pub(crate) known: KnownFingerprints,
    pub(crate) instances: Instances,
    pub(crate) offer: Option<OpenOffer>,
    pub(crate) assembler: Assembler,
    pub(crate) queue: Queue,
    /// Until when text waits because the user asked for a private conversation.
    pub(crate) starting_until: Option<Duration>,
    /// Messages of the private conversation may have been lost: text waits for new keys.
    pub(crate) renewal: Option<Renewal>,
    /// The conversation that text went to and that the other side ended; text goes nowhere until the user acts or an exchange completes
    /// (spec: `MSGSTATE_FINISHED`).
    pub(crate) ended: Option<Ended>,
    /// The identity that the user's text went to last.
    pub(crate) talked_to: Option<Fingerprint>,
    /// How often a query is still repeated for the text that waits.
    pub(crate) queries_left: u8,
    pub(crate) unconfirmed: Unconfirmed,
    pub(crate) loss: Loss,
    /// How many sessions there have been.
    pub(crate) sessions: u64,
    pub(crate) tag_offer: TagOffer,
    /// Whether the last query was, to the letter, one of ours: the same program seems to be there.
    pub(crate) asked_as_we_ask: bool,
    pub(crate) budgets: Budgets,
}

/// What the host has set for this contact alone.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) policy: Option<Policy>,
    pub(crate) versions: Option<Versions>,
    /// Nothing is sent to this contact unless the user does it.
    pub(crate) silent: bool,
    /// A version below one already spoken with this contact may be spoken.
    pub(crate) allow_downgrade: bool,
}

/// Our D-H Commit to everybody at this contact.
#[derive(Debug)]
pub(crate) struct OpenOffer {
    pub(crate) offer: Arc<Offer>,
    /// An exchange was completed since, so that the next one needs fresh keys (attack rule AKE-7).
    pub(crate) spent: bool,
}

/// A conversation that the other side has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ended {
    /// At which instance.
    pub(crate) at: InstanceName,
    /// By whom.
    pub(crate) by: Fingerprint,
}

/// What becomes of text for a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Destination {
    /// It goes to the session at this instance.
    Private(InstanceName),
    /// It goes out in clear, if the policy allows it.
    Clear,
    /// It goes nowhere.
    Nowhere,
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
    /// The same while the user waits for this contact.
    pub(crate) wanted_exchanges: Budget,
    /// Messages of an exchange sent once more.
    pub(crate) repetitions: Budget,
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
            wanted_exchanges: Budget::exchanges_of_a_contact(),
            repetitions: Budget::exchanges_of_a_contact(),
            prompts_in_private: Budget::one_per_interval(),
            queries: Budget::one_per_interval(),
            errors: Budget::one_per_interval(),
            other_instance_warnings: Budget::one_per_interval(),
        }
    }

    fn are_full(&self, now: Duration) -> bool {
        let Self {
            exchanges,
            wanted_exchanges,
            repetitions,
            prompts_in_private,
            queries,
            errors,
            other_instance_warnings,
        } = self;
        [exchanges, wanted_exchanges, repetitions, prompts_in_private, queries, errors, other_instance_warnings]
            .into_iter()
            .all(|budget| budget.is_full(now))
    }
}

impl Contact {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            settings: Settings::default(),
            known: KnownFingerprints::default(),
            instances: Instances::new(),
            offer: None,
            assembler: Assembler::new(config.message_limit),
            queue: Queue::default(),
            starting_until: None,
            renewal: None,
            ended: None,
            talked_to: None,
            queries_left: 0,
            unconfirmed: Unconfirmed::default(),
            loss: Loss::default(),
            sessions: 0,
            tag_offer: TagOffer::NotSent,
            asked_as_we_ask: false,
            budgets: Budgets::new(),
        }
    }

    /// The policy in force. A verified contact gets nothing in clear unless that was set for it
    /// (attack rule STATE-9).
    pub(crate) fn policy(&self, config: &Config) -> Policy {
        match (self.settings.policy, config.policy) {
            (Some(policy), _) => policy,
            (None, policy) if policy.allows() && self.known.verified().is_some() => {
                policy.without(Policy::SEND_WHITESPACE_TAG).with(Policy::ALWAYS)
            }
            (None, policy) => policy,
        }
    }

    /// The versions that the host allows.
    pub(crate) fn versions(&self, config: &Config) -> Versions {
        let versions = self.settings.versions.unwrap_or(config.versions);
        // The Curve25519 suite is offered to nobody unless it is all there is: others are moved to it from inside.
        if versions == Versions::only(Version::Curve25519) { versions } else { versions.common(Versions::ALL) }
    }

    /// The host allows other versions from now on; exchanges with the instances there are begin in one of these.
    pub(crate) fn set_versions(&mut self, versions: Option<Versions>, shared: &Shared) {
        self.settings.versions = versions;
        let best = self.versions(&shared.config).best();
        let Some(version) = best.filter(|&version| version != Version::Two) else { return };
        let ours = shared.instance_tag;
        // The one without a name is of version 2 for ever.
        for (name, instance) in self.instances.iter_mut().filter(|(name, _)| name.is_some()) {
            if instance.ake.version() != version {
                instance.ake = Ake::new(Header::new(version, ours, name));
            }
        }
    }

    /// The versions that an exchange may have now: those allowed that are no step back.
    pub(crate) fn offered_versions(&self, config: &Config) -> Versions {
        let versions = self.versions(config);
        self.pinned(config).map_or(versions, |pinned| versions.from(pinned))
    }

    /// The version below which none is spoken, because it was spoken before: who edits our offers, or the other
    /// side's, is not to bring us back to an older one (attack rule VER-1). A host that does not allow that version
    /// any more, or allows the step back, has said so.
    pub(crate) fn pinned(&self, config: &Config) -> Option<Version> {
        let versions = self.versions(config);
        // A conversation of the Curve25519 suite has begun in version 3.
        let begins = |version| match version {
            Version::Curve25519 if !versions.contains(version) => Version::Three,
            version => version,
        };
        self.known.pinned().map(begins).filter(|&highest| !self.settings.allow_downgrade && versions.contains(highest))
    }

    /// The instance in private that text would go to: a verified one first, then one that may be sent to, then the
    /// one heard from last (attack rule TAG-8).
    pub(crate) fn best(&self) -> Option<InstanceName> {
        let private = self.instances.iter().filter_map(|(name, instance)| {
            let session = instance.session.as_ref()?;
            let verified = self.known.is_verified(session.fingerprint());
            Some(((verified, !session.blocked, session.last_received), name))
        });
        private.max_by_key(|&(rank, _)| rank).map(|(_, name)| name)
    }

    /// What becomes of text: the one answer that both sending and the status go by (attack rule STATE-15).
    pub(crate) fn destination(&self) -> Destination {
        match (&self.ended, self.best()) {
            (Some(_), _) => Destination::Nowhere,
            (None, Some(name)) => Destination::Private(name),
            (None, None) => Destination::Clear,
        }
    }

    pub(crate) fn session(&self, name: InstanceName) -> Option<&Session> {
        self.instances.get(name)?.session.as_deref()
    }

    pub(crate) fn session_mut(&mut self, name: InstanceName) -> Option<&mut Session> {
        self.instances.get_mut(name)?.session.as_deref_mut()
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        self.instances.iter().map(|(_, instance)| instance).any(|instance| instance.session.is_some())
    }

    /// Whether there is, or was until the other side ended it, a private conversation.
    pub(crate) fn is_private(&self) -> bool {
        self.is_encrypted() || self.ended.is_some()
    }

    /// What the host is told of the conversation with an instance.
    pub(crate) fn conversation(&self, session: &Session) -> Conversation {
        Conversation {
            version: session.header().version(),
            their_fingerprint: session.fingerprint(),
            trust: self.known.trust_in(session.their_key()),
            suite_fingerprint: session.vouched.as_ref().map(|vouched| vouched.key),
            session_id: session.session_id(),
            role: session.role(),
        }
    }

    /// The session at an instance, as an event; `without` is the state when there is none.
    pub(crate) fn session_change(&self, name: InstanceName, without: SessionState, refreshed: bool) -> Event {
        let conversation = self.session(name).map(|session| self.conversation(session));
        let state = conversation.as_ref().map_or(without, |_| SessionState::Encrypted);
        Event::Session(SessionChange { state, conversation, refreshed, instance: name })
    }

    /// The exchange with an instance not known yet. It becomes known with [`add_instance`](Self::add_instance), once
    /// a message of it was accepted.
    pub(crate) fn new_instance(&self, header: Header, now: Duration) -> Box<Instance> {
        let mut instance = Box::new(Instance::new(header, now));
        if let Some(open) = &self.offer
            && open.offer.header().version() == header.version()
        {
            instance.ake.begin(open.offer.clone());
        }
        instance
    }

    /// Adds an instance; among too many without a session the one untouched longest goes.
    pub(crate) fn add_instance(&mut self, name: InstanceName, instance: Box<Instance>) {
        let is_new = |(_, instance): &(_, &Instance)| instance.session.is_none();
        if self.instances.iter().filter(is_new).count() >= MAX_NEW_INSTANCES
            && let Some((oldest, _)) = self.instances.iter().filter(is_new).min_by_key(|(_, new)| new.touched)
        {
            self.instances.retain(|name, _| name != oldest);
        }
        self.instances.insert(name, instance);
    }

    /// The session at `name` is over, by the other side's word or for want of room. If text went there, it goes on
    /// only to the same identity or to a verified one. `best` is where text went before the last message came.
    pub(crate) fn finish(
        &mut self,
        name: InstanceName,
        best: Option<InstanceName>,
    ) -> Option<impl Iterator<Item = Event> + use<>> {
        let instance = self.instances.get_mut(name)?;
        instance.moving = None;
        let session = instance.session.take()?;
        let cut_off = comparing::cut_off(&session, name, self.known.is_verified(session.fingerprint()));
        let next = self.best().and_then(|next| self.session(next));
        let goes_on = next.is_some_and(|next| {
            let same = next.fingerprint() == session.fingerprint() || self.known.is_verified(next.fingerprint());
            // A step back in the version is most likely to a session that is dead.
            same && next.header().version() >= session.header().version()
        });
        // Who only came and went, without a word of ours, has ended nothing of ours.
        if best == Some(name) && !goes_on && (session.spoken_in || next.is_none()) {
            self.ended = Some(Ended { at: name, by: session.fingerprint() });
            self.loss.repair_due = false;
        }
        self.wait_for_report(session.last_received);
        Some(cut_off.into_iter().chain([self.session_change(name, SessionState::Finished, false)]))
    }

    /// Lets the user's word about an identity act on the sessions there are: one that the user accepts may be sent
    /// to; where one is verified, others that were not accepted may not.
    pub(crate) fn apply_trust(&mut self) {
        let anyone_verified = self.known.verified().is_some();
        for session in self
            .instances
            .iter_mut()
            .map(|(_, instance)| instance)
            .filter_map(|instance| instance.session.as_deref_mut())
        {
            let accepted = self.known.is_accepted(session.fingerprint());
            session.blocked = !accepted && (session.blocked || anyone_verified);
        }
    }

    /// Everything that time does to a contact.
    pub(crate) fn expire(&mut self, peer: &str, shared: &mut Shared, now: Duration) {
        if self.offer.as_ref().is_some_and(|open| now >= open.ends()) {
            self.offer = None;
        }
        for instance in self.instances.iter_mut().map(|(_, instance)| instance) {
            instance.ake.expire(now);
            if let Some(session) = &mut instance.session
                && !session.stale_said
                && now.saturating_sub(session.last_rotated) >= STALE_KEYS_AFTER
            {
                session.stale_said = true;
                shared.event(peer, Event::StaleKeys);
            }
        }
        self.expire_moving(peer, shared, now);
        self.instances.retain(|_, instance| !instance.is_idle());
        let before = self.assembler.bytes();
        self.assembler.expire(now);
        shared.partial_bytes = shared.partial_bytes.saturating_sub(before.saturating_sub(self.assembler.bytes()));
        if self.starting_until.is_some_and(|until| now >= until) {
            self.starting_until = None;
            // Under a policy that requires encryption the texts keep waiting; otherwise the user decides anew.
            self.release_queue(peer, shared);
        }
        self.expire_renewal(peer, shared, now);
        self.expire_loss(peer, shared, now);
        self.expire_comparisons(peer, shared, now);
        if self.next_query(&shared.config).is_some_and(|at| at <= now) {
            self.query(peer, shared, now);
        }
    }

    /// When [`expire`](Self::expire) next has something to do.
    pub(crate) fn next_timeout(&self, config: &Config) -> Option<Duration> {
        let offer = self.offer.as_ref().map(OpenOffer::ends);
        let exchanges = self
            .instances
            .iter()
            .map(|(_, instance)| instance)
            .flat_map(|instance| [instance.ake.next_timeout(), instance.next_move()])
            .flatten()
            .min();
        let sessions =
            self.instances.iter().map(|(_, instance)| instance).filter_map(|instance| instance.session.as_deref());
        let stale = sessions.filter(|session| !session.stale_said);
        let stale = stale.map(|session| session.last_rotated.saturating_add(STALE_KEYS_AFTER)).min();
        let query = self.next_query(config);
        let partials = self.assembler.next_timeout();
        let comparison = self.sessions().filter_map(|(_, session)| session.comparison.next_timeout()).min();
        let (loss, repair, report) = (self.loss.next_timeout(), self.repair_at(config), self.report_at());
        let renewal = self.renewal.map(|renewal| renewal.until);
        let waits = [self.starting_until, renewal].into_iter().flatten().min();
        [offer, exchanges, stale, query, partials, loss, repair, report, comparison, waits].into_iter().flatten().min()
    }

    /// When a query goes out by itself for text that waits; `None` when none will.
    fn next_query(&self, config: &Config) -> Option<Duration> {
        let can_go = match self.destination() {
            Destination::Private(name) => self.session(name).is_some_and(|session| !session.blocked),
            Destination::Clear | Destination::Nowhere => false,
        };
        let waits = !self.queue.is_empty() && !can_go && self.queries_left > 0;
        waits.then(|| self.may_query_at(config)).flatten()
    }

    /// From when on a query may go out without the user having said so: at most once a minute, and not while the
    /// user's own query waits for its answer or an exchange is under way (attack rule AKE-17). `None` for never.
    pub(crate) fn may_query_at(&self, config: &Config) -> Option<Duration> {
        let forbidden =
            self.settings.silent || !self.policy(config).allows() || self.offered_versions(config).is_empty();
        let under_way =
            self.instances.iter().map(|(_, instance)| instance).filter_map(|instance| instance.ake.under_way_until());
        let at = under_way.chain(self.starting_until).fold(self.budgets.queries.ready_at(), Duration::max);
        (!forbidden).then_some(at)
    }

    /// Hands waiting text back when nothing makes it wait any more.
    pub(crate) fn release_queue(&mut self, peer: &str, shared: &mut Shared) {
        if self.starting_until.is_none() && !self.policy(&shared.config).requires_encryption() {
            self.give_back(peer, shared);
        }
    }

    /// Hands every waiting text back to the user.
    pub(crate) fn give_back(&mut self, peer: &str, shared: &mut Shared) {
        for text in self.queue.take() {
            shared.event(peer, Event::NotDelivered { text, certain: true });
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
            && self.unconfirmed.is_empty()
            && self.loss.is_idle()
            && self.starting_until.is_none()
            && self.renewal.is_none()
            && self.ended.is_none()
            && self.tag_offer == TagOffer::NotSent
            && self.budgets.are_full(now)
    }
}

impl OpenOffer {
    pub(crate) fn ends(&self) -> Duration {
        self.offer.made().saturating_add(ATTEMPT_LIFETIME)
    }
}
