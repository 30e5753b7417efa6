//! The account: the one type a host drives.

mod identities;

use core::time::Duration;
use std::collections::BTreeMap;

use otr_crypto::{ExtraSymmetricKey, Fingerprint, IdentityKey, Suite};
use otr_smp::{RunId, State};
use otr_wire::{InstanceTag, Versions};
use rand_core::CryptoRng;

use crate::{
    Config, Conversation, Incoming, MAX_NAME, MAX_PARTIAL_BYTES, Output, Policy, Refusal, Sent, SessionState, Warning,
    contact::{Contact, Destination},
    receiving::Turn,
    shared::Shared,
};

/// One user on one network.
///
/// `now` is the host's monotonic time, counted from any fixed moment. After every call, empty [`poll`](Self::poll).
#[derive(Debug)]
pub struct Account {
    shared: Shared,
    contacts: BTreeMap<String, Box<Contact>>,
}

/// Why a command could not be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotPossible {
    /// There is no private conversation.
    #[error("there is no private conversation; start one first")]
    NotInPrivate,
    /// The policy forbids it.
    #[error("the policy forbids private conversations here; set another policy first")]
    Policy,
    /// The fingerprint is not on record for this contact.
    #[error("this fingerprint is not known for this contact")]
    UnknownFingerprint,
    /// The comparison of secrets cannot be begun, answered or given up so.
    #[error(transparent)]
    Comparison(otr_smp::Error),
    /// The other side has had too many wrong guesses.
    #[error("too many comparisons with this identity have failed; wait, or compare fingerprints")]
    TooManyComparisons,
    /// The Curve25519 suite was given a key that is not of it.
    #[error("this is no Ed25519 key")]
    KeyOfAnotherKind,
    /// What would have been sent was refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// How things stand with a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The state that decides what becomes of the next text.
    pub state: SessionState,
    /// The private conversation the next text would go to.
    pub conversation: Option<Conversation>,
    /// The instance the next text would go to.
    pub their_instance: Option<InstanceTag>,
    /// Whether sending waits for a changed identity to be accepted.
    pub blocked: bool,
    /// How many messages of this conversation could not be read.
    pub unreadable: u64,
    /// Where the comparison of secrets stands.
    pub comparison: State,
}

impl Account {
    /// An account without contacts.
    #[must_use]
    pub fn new(identity: IdentityKey, instance_tag: InstanceTag, config: Config) -> Self {
        Self { shared: Shared::new(identity, instance_tag, config), contacts: BTreeMap::new() }
    }

    /// Switches the Curve25519 suite on, with our Ed25519 identity in it: private conversations with programs that have
    /// it, too, move over by themselves, from their next exchange on. Without this the account knows nothing of it.
    ///
    /// # Errors
    ///
    /// [`NotPossible::KeyOfAnotherKind`] for a DSA key.
    pub fn use_curve25519(&mut self, identity: IdentityKey) -> Result<(), NotPossible> {
        if identity.public_key().suite() != Suite::Curve25519 {
            return Err(NotPossible::KeyOfAnotherKind);
        }
        self.shared.curve25519 = Some(identity);
        Ok(())
    }

    /// Our fingerprint in the Curve25519 suite, if that is on.
    #[must_use]
    pub fn curve25519_fingerprint(&self) -> Option<Fingerprint> {
        self.shared.curve25519.as_ref().map(|key| key.public_key().fingerprint())
    }

    /// A fresh instance tag, uniform over the legal range (attack rule TAG-5). Keep it with the account.
    pub fn generate_instance_tag(rng: &mut (impl CryptoRng + ?Sized)) -> InstanceTag {
        loop {
            if let Ok(tag) = InstanceTag::new(rng.next_u32()) {
                return tag;
            }
        }
    }

    /// Our fingerprint.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.shared.identity.public_key().fingerprint()
    }

    /// Our instance tag.
    #[must_use]
    pub const fn instance_tag(&self) -> InstanceTag {
        self.shared.instance_tag
    }

    /// The account's settings.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.shared.config
    }

    /// Sets the longest message that the network carries from now on, in bytes; `None` for no limit. On some networks it
    /// changes while we are there.
    pub const fn set_max_message_size(&mut self, size: Option<usize>) {
        self.shared.config.max_message_size = size;
    }

    /// The next thing to do; `None` when everything is done.
    pub fn poll(&mut self) -> Option<Output> {
        self.shared.poll()
    }

    /// Takes in one body from `peer`. A body from a name that is no name (empty, over [`MAX_NAME`] bytes, control
    /// characters) is dropped.
    pub fn receive(&mut self, peer: &str, incoming: Incoming<'_>, now: Duration, rng: &mut (impl CryptoRng + ?Sized)) {
        if !is_name(peer) {
            return;
        }
        let (contact, shared) = self.contact(peer);
        shared.tell_repeats(peer, now);
        contact.expire(peer, shared, now);
        contact.receive(incoming, &mut Turn { peer, shared, now, rng, may_reply: false });
        self.tell_namesake(peer);
        self.make_room_for_partials(now);
        self.forget_idle(peer, now);
    }

    /// Sends what the user typed, in the one way that state and policy allow.
    pub fn send(&mut self, peer: &str, text: &str, now: Duration) -> Sent {
        if !is_name(peer) {
            return Sent::Refused(Refusal::BadName);
        }
        let (contact, shared) = self.contact(peer);
        shared.tell_repeats(peer, now);
        contact.expire(peer, shared, now);
        let sent = contact.send(peer, text, shared, now);
        self.forget_idle(peer, now);
        sent
    }

    /// Asks `peer` for a private conversation, or to refresh the one there is. Text typed from now on waits for it,
    /// for [`START_PATIENCE`](crate::START_PATIENCE) at most.
    ///
    /// # Errors
    ///
    /// When the policy forbids it, or `peer` is not a name.
    pub fn start(&mut self, peer: &str, now: Duration) -> Result<(), NotPossible> {
        self.command(peer, now, |contact, shared| contact.start(peer, shared, now))
    }

    /// Says that messages of the private conversation may have been lost, in either direction: our connection was, or the
    /// other side's. New keys are asked for, some times if need be, and text waits for them; texts that turn out not to
    /// have been read are handed back.
    ///
    /// # Errors
    ///
    /// When there is no private conversation, or policy forbids a new one.
    pub fn renew(&mut self, peer: &str, now: Duration, rng: &mut (impl CryptoRng + ?Sized)) -> Result<(), NotPossible> {
        self.command(peer, now, |contact, shared| contact.renew(&mut Turn { peer, shared, now, rng, may_reply: true }))
    }

    /// Ends every private conversation with `peer`, politely, and gives back text that still waits.
    pub fn end(&mut self, peer: &str, now: Duration) {
        if let Some(contact) = self.contacts.get_mut(peer) {
            contact.end(peer, &mut self.shared, now);
            self.forget_idle(peer, now);
        }
    }

    /// Ends every private conversation of the account.
    pub fn end_all(&mut self, now: Duration) {
        let peers: Vec<String> = self.contacts.keys().cloned().collect();
        for peer in peers {
            self.end(&peer, now);
        }
    }

    /// Sends an empty encrypted message.
    ///
    /// # Errors
    ///
    /// When there is no private conversation, or it cannot send.
    pub fn heartbeat(&mut self, peer: &str, now: Duration) -> Result<(), NotPossible> {
        self.command(peer, now, |contact, shared| contact.heartbeat(peer, shared, now))
    }

    /// Tells `peer` that the extra symmetric key is put to the use `usage`, with `data` about it, and returns the
    /// key. Two uses under the same pair of session keys get the same key: derive one per use from it.
    ///
    /// # Errors
    ///
    /// When there is no private conversation, or it cannot send.
    pub fn extra_key(
        &mut self,
        peer: &str,
        usage: u32,
        data: &[u8],
        now: Duration,
    ) -> Result<ExtraSymmetricKey, NotPossible> {
        self.command(peer, now, |contact, shared| contact.extra_key(peer, usage, data, shared, now))
    }

    /// Compares a secret with `peer`: both users learn whether they typed the same, and nothing else (spec:
    /// "Socialist Millionaires' Protocol (SMP)"). The other user is asked for it, with `question` if there is one. A
    /// comparison under way is given up for this one. The outcome comes as [`Event::Comparison`](crate::Event).
    ///
    /// `secret` is compared as UTF-8, unchanged: case, blanks and composed letters count.
    ///
    /// # Errors
    ///
    /// When there is no private conversation, the question is too long or holds a NUL, or too many comparisons with
    /// this identity have failed.
    pub fn start_comparison(
        &mut self,
        peer: &str,
        secret: &str,
        question: Option<&str>,
        now: Duration,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<(), NotPossible> {
        self.command(peer, now, |contact, shared| contact.start_comparison(peer, secret, question, shared, now, rng))
    }

    /// Answers the comparison `run` that `peer` began, with what our user takes for the secret.
    ///
    /// # Errors
    ///
    /// When that comparison does not wait for an answer (any more).
    pub fn answer_comparison(
        &mut self,
        peer: &str,
        run: RunId,
        secret: &str,
        now: Duration,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<(), NotPossible> {
        self.command(peer, now, |contact, shared| contact.answer_comparison(peer, run, secret, shared, now, rng))
    }

    /// Gives up the comparison under way with `peer`.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn abort_comparison(&mut self, peer: &str, now: Duration) -> Result<(), NotPossible> {
        self.command(peer, now, |contact, shared| contact.abort_comparisons(peer, shared, now))
    }

    /// How things stand with `peer`, computed from the very session that the next text would go to
    /// (attack rule STATE-15).
    #[must_use]
    pub fn status(&self, peer: &str) -> Status {
        let nothing = |state| Status {
            state,
            conversation: None,
            their_instance: None,
            blocked: false,
            unreadable: 0,
            comparison: State::Expect1,
        };
        let Some(contact) = self.contacts.get(peer) else { return nothing(SessionState::Plaintext) };
        let name = match contact.destination() {
            Destination::Clear => return nothing(SessionState::Plaintext),
            Destination::Nowhere => return nothing(SessionState::Finished),
            Destination::Private(name) => name,
        };
        let session = contact.session(name);
        Status {
            state: SessionState::Encrypted,
            conversation: session.map(|session| contact.conversation(session)),
            their_instance: name,
            blocked: session.is_some_and(|session| session.blocked),
            unreadable: contact.instances.get(name).map_or(0, |instance| instance.unreadable),
            comparison: contact.comparison(),
        }
    }

    /// The policy and versions in force for `peer`.
    #[must_use]
    pub fn policy(&self, peer: &str) -> (Policy, Versions) {
        let config = &self.shared.config;
        self.contacts
            .get(peer)
            .map_or((config.policy, config.versions), |contact| (contact.policy(config), contact.versions(config)))
    }

    /// Sets the policy for `peer` alone; `None` for the account's.
    ///
    /// # Errors
    ///
    /// When `peer` is not a name.
    pub fn set_policy(&mut self, peer: &str, policy: Option<Policy>) -> Result<(), NotPossible> {
        if !is_name(peer) {
            return Err(Refusal::BadName.into());
        }
        let (contact, shared) = self.contact(peer);
        contact.settings.policy = policy;
        contact.release_queue(peer, shared);
        Ok(())
    }

    /// Sets the versions for `peer` alone; `None` for the account's.
    ///
    /// # Errors
    ///
    /// When `peer` is not a name.
    pub fn set_versions(&mut self, peer: &str, versions: Option<Versions>) -> Result<(), NotPossible> {
        if !is_name(peer) {
            return Err(Refusal::BadName.into());
        }
        let (contact, shared) = self.contact(peer);
        contact.set_versions(versions, shared);
        Ok(())
    }

    /// Allows a version below one already spoken with `peer`, as when the contact has moved to a program that speaks
    /// only an older one. It is not allowed unless this says so (attack rule VER-1).
    ///
    /// # Errors
    ///
    /// When `peer` is not a name.
    pub fn set_allow_downgrade(&mut self, peer: &str, allow: bool) -> Result<(), NotPossible> {
        if !is_name(peer) {
            return Err(Refusal::BadName.into());
        }
        self.contact(peer).0.settings.allow_downgrade = allow;
        Ok(())
    }

    /// Whether anything may be sent to `peer` without the user asking: answers to key exchanges, heartbeats, error
    /// messages. It is allowed unless this says otherwise.
    ///
    /// # Errors
    ///
    /// When `peer` is not a name.
    pub fn set_may_reply(&mut self, peer: &str, may_reply: bool) -> Result<(), NotPossible> {
        if !is_name(peer) {
            return Err(Refusal::BadName.into());
        }
        self.contact(peer).0.settings.silent = !may_reply;
        Ok(())
    }

    /// Lets time pass: wipes the secrets of exchanges that were given up, drops half-received messages, gives back
    /// text that waited in vain. Everything is also done in time by the other calls; this serves the quiet times.
    pub fn tick(&mut self, now: Duration) {
        self.shared.tell_all_repeats(now);
        for (peer, contact) in &mut self.contacts {
            contact.expire(peer, &mut self.shared, now);
        }
        self.contacts.retain(|_, contact| !contact.is_idle(now));
    }

    /// When [`tick`](Self::tick) is next needed.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Duration> {
        let contacts = self.contacts.values().filter_map(|contact| contact.next_timeout(&self.shared.config));
        contacts.chain(self.shared.next_timeout()).min()
    }

    #[cfg(test)]
    pub(crate) fn contact_for_test(&mut self, peer: &str) -> Option<&mut Contact> {
        self.contacts.get_mut(peer).map(Box::as_mut)
    }

    fn command<T>(
        &mut self,
        peer: &str,
        now: Duration,
        command: impl FnOnce(&mut Contact, &mut Shared) -> Result<T, NotPossible>,
    ) -> Result<T, NotPossible> {
        if !is_name(peer) {
            return Err(Refusal::BadName.into());
        }
        let (contact, shared) = self.contact(peer);
        shared.tell_repeats(peer, now);
        contact.expire(peer, shared, now);
        let result = command(contact, shared);
        self.forget_idle(peer, now);
        result
    }

    fn contact(&mut self, peer: &str) -> (&mut Contact, &mut Shared) {
        let contact =
            self.contacts.entry(peer.to_owned()).or_insert_with(|| Box::new(Contact::new(&self.shared.config)));
        (contact, &mut self.shared)
    }

    /// Keeps half-received messages of all contacts within their limit. Those of strangers go first, the largest
    /// first; a friend's stay (attack rule FRAG-4).
    fn make_room_for_partials(&mut self, now: Duration) {
        while self.shared.partial_bytes > MAX_PARTIAL_BYTES {
            let largest = self.contacts.iter_mut().max_by_key(|(_, contact)| {
                let bytes = contact.assembler.bytes();
                (bytes > 0 && !contact.is_encrypted(), bytes)
            });
            let Some((peer, contact)) = largest else { return };
            let freed = contact.assembler.bytes();
            contact.assembler.clear();
            self.shared.partial_bytes = self.shared.partial_bytes.saturating_sub(freed.max(1));
            self.shared.warn_of_input(peer, Warning::FragmentDropped, now);
        }
    }

    /// A contact about whom there is nothing to remember takes no memory.
    fn forget_idle(&mut self, peer: &str, now: Duration) {
        if self.contacts.get(peer).is_some_and(|contact| contact.is_idle(now)) {
            self.contacts.remove(peer);
        }
    }
}

/// attack rule TEXT-8
fn is_name(peer: &str) -> bool {
    !peer.is_empty() && peer.len() <= MAX_NAME && !peer.chars().any(char::is_control)
}
