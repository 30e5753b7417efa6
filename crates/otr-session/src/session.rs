//! One private conversation with one instance: data messages out and in.

use core::time::Duration;
use std::mem;

use otr_ake::{Established, Role};
use otr_crypto::{Binding, Bond, ExtraSymmetricKey, Fingerprint, PublicKey, SessionId};
use otr_wire::{Data, DataEncoder, DataFields, Flags, Header, KeyId, Mpi, Plaintext, Tlv, TlvType, Version};
use rand_core::CryptoRng;

use crate::{
    comparing::Comparison,
    key_ring::KeyRing,
    moving::Vouched,
    revealed::PendingReveals,
    row::Row,
    stretch::{MessageMac, Place, Stretch},
};

/// A private conversation. It exists only with keys (attack rule STATE-5).
#[derive(Debug)]
pub(crate) struct Session {
    number: u64,
    header: Header,
    role: Role,
    session_id: SessionId,
    their_key: PublicKey,
    /// In the Curve25519 suite, where the session took the place of one of version 3: what that vouched for.
    pub(crate) vouched: Option<Box<Vouched>>,
    /// In version 3, if the Curve25519 suite is on: what its exchange is bound to.
    pub(crate) bond: Option<Bond>,
    /// Whether our suites have been named in it.
    pub(crate) named: bool,
    /// Until when the conversation should have moved to the suite, because it did before, or both have it.
    pub(crate) moves_until: Option<Duration>,
    keys: KeyRing,
    reveals: PendingReveals,
    /// The serial number of the key that we announced last.
    announced: Option<KeyId>,
    /// When we last sent a Data message.
    pub(crate) last_sent: Duration,
    /// When an authenticated message last came.
    pub(crate) last_received: Duration,
    /// When keys last rotated.
    pub(crate) last_rotated: Duration,
    /// Whether [`Event::StaleKeys`](crate::Event::StaleKeys) was raised since.
    pub(crate) stale_said: bool,
    /// Whether sending waits for the user to accept a changed identity.
    pub(crate) blocked: bool,
    /// Whether text of the user's has gone out in it.
    pub(crate) spoken_in: bool,
    pub(crate) comparison: Comparison,
    /// Until when a text has to be answered, by the other side's program at least.
    pub(crate) answer_due: Option<Duration>,
}

/// What of a session goes over to the one that takes its place.
#[derive(Debug, Default)]
pub(crate) struct Carried {
    /// MAC keys to be published.
    reveals: PendingReveals,
    /// The comparison of secrets and whether the user has spoken, for the same identity only.
    talk: Option<(Fingerprint, Comparison, bool)>,
}

/// A Data message of ours, still unarmoured.
pub(crate) struct Sealed {
    pub(crate) message: Vec<u8>,
    /// Its authenticator.
    pub(crate) mac: MessageMac,
    pub(crate) place: Place,
    /// The serial number of the key announced with it.
    pub(crate) announces: KeyId,
    /// Whether no message of the session announced that key before.
    pub(crate) is_first: bool,
}

/// Why a Data message was not accepted. To the network all causes look the same (attack rule G-11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReceiveError {
    Unreadable,
    Replayed,
}

/// No serial number or counter is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exhausted;

/// An accepted Data message.
pub(crate) struct Opened {
    plaintext: Vec<u8>,
    /// The extra symmetric key that goes with this message, if the message puts it to a use.
    pub(crate) extra_key: Option<ExtraSymmetricKey>,
    /// Whether the message published a MAC key that was still in use.
    pub(crate) exposed: bool,
    /// The version of the session it came in.
    pub(crate) version: Version,
    /// It and the messages before it that came without one missing.
    pub(crate) stretch: Stretch,
}

impl Opened {
    /// Whether there is a text: a NUL ends it.
    pub(crate) fn has_text(&self) -> bool {
        self.plaintext.first().is_some_and(|first| *first != 0)
    }

    /// Takes the text out, without copying it where it is most of the plaintext; the records stay.
    pub(crate) fn take_text(&mut self) -> Vec<u8> {
        let length = self.plaintext().text.len();
        if length == 0 {
            return Vec::new();
        }
        let records = self.plaintext.split_off(length);
        let mut text = mem::replace(&mut self.plaintext, records);
        // Where the records were, they would stay readable for as long as the host keeps the text.
        if text.capacity() > text.len().saturating_add(1) {
            text.shrink_to_fit();
        }
        text
    }

    pub(crate) fn plaintext(&self) -> Plaintext<'_> {
        Plaintext::decode(&self.plaintext)
    }
}

impl Session {
    /// The session that a completed key exchange gives: the contact's session `number`. `carried` is of the session it takes the place of.
    pub(crate) fn new(
        number: u64,
        established: Established,
        carried: Carried,
        now: Duration,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Self {
        let fingerprint = established.their_key.fingerprint();
        // attack rules SMP-11, STATE-1
        let talk = carried.talk.filter(|(with, ..)| *with == fingerprint);
        let (comparison, spoken_in) =
            talk.map_or_else(|| (Comparison::new(), false), |(_, comparison, spoken_in)| (comparison, spoken_in));
        Self {
            number,
            header: established.header,
            role: established.role,
            session_id: established.session_id,
            their_key: established.their_key.clone(),
            vouched: None,
            bond: None,
            named: false,
            moves_until: None,
            keys: KeyRing::new(established, rng),
            reveals: carried.reveals,
            announced: None,
            last_sent: now,
            last_received: now,
            last_rotated: now,
            stale_said: false,
            blocked: false,
            spoken_in,
            answer_due: None,
            comparison,
        }
    }

    /// Which session with the contact this is, counted from the first.
    pub(crate) const fn number(&self) -> u64 {
        self.number
    }

    pub(crate) const fn header(&self) -> Header {
        self.header
    }

    /// What a comparison of secrets is bound to.
    pub(crate) fn binding(&self) -> Binding {
        self.keys.root().binding(self.session_id)
    }

    pub(crate) const fn role(&self) -> Role {
        self.role
    }

    pub(crate) const fn session_id(&self) -> SessionId {
        self.session_id
    }

    pub(crate) const fn their_key(&self) -> &PublicKey {
        &self.their_key
    }

    pub(crate) fn fingerprint(&self) -> Fingerprint {
        self.their_key.fingerprint()
    }

    /// Makes a Data message.
    pub(crate) fn encrypt(
        &mut self,
        plaintext: &Plaintext<'_>,
        flags: Flags,
        now: Duration,
    ) -> Result<Sealed, Exhausted> {
        let (encoder, mac, place) = self.seal(plaintext, flags)?;
        let announces = place.sender_keyid.saturating_add(1);
        let is_first = self.announced.replace(announces) != Some(announces);
        self.last_sent = now;
        Ok(Sealed { message: encoder.finish(&mac, &self.reveals.take()), mac, place, announces, is_first })
    }

    /// Encrypts and authenticates; what is left to add are the MAC keys to be revealed.
    fn seal(&mut self, plaintext: &Plaintext<'_>, flags: Flags) -> Result<(DataEncoder, MessageMac, Place), Exhausted> {
        let (sender_keyid, recipient_keyid) = self.keys.sending_keyids().ok_or(Exhausted)?;
        let reveals = self.reveals.len().saturating_add(self.keys.most_reveals());
        // attack rule DATA-3: the counter is used up before anything is encrypted with it.
        let counter = self.keys.sending_row().and_then(Row::next_counter).ok_or(Exhausted)?;
        let next_dh = Mpi::new(self.keys.next_public().as_bytes()).map_err(|_| Exhausted)?;
        let fields = DataFields { flags, sender_keyid, recipient_keyid, next_dh, counter };
        let mut encoder = DataEncoder::new(self.header, &fields, plaintext, reveals);
        let keys = self.keys.sending_row().ok_or(Exhausted)?.sending();
        keys.encrypt(counter.get(), encoder.text_mut());
        let mac = keys.mac(encoder.authenticated());
        let place = Place { session: self.number, sender_keyid, recipient_keyid, counter: counter.get() };
        Ok((encoder, mac, place))
    }

    /// The extra symmetric key of the message sent next.
    pub(crate) fn sending_extra_key(&mut self) -> Option<ExtraSymmetricKey> {
        self.keys.sending_row().map(|row| row.extra_key().duplicate())
    }

    /// How many bytes a message of `plaintext` bytes takes at most, unarmoured.
    pub(crate) fn most_bytes(&self, plaintext: usize) -> usize {
        const AROUND: usize = 256;
        let reveals = self.reveals.len().saturating_add(self.keys.most_reveals());
        plaintext.saturating_add(reveals).saturating_add(AROUND)
    }

    /// Accepts a Data message: keys, MAC, counter, next key, decryption, and only then every change.
    pub(crate) fn decrypt(
        &mut self,
        message: &Data<'_>,
        now: Duration,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Opened, ReceiveError> {
        let (ours, theirs) = self.keys.select(message).ok_or(ReceiveError::Unreadable)?;
        self.keys.row(ours, theirs).ok_or(ReceiveError::Unreadable)?.check(message)?;
        let next = self.keys.check_next_key(theirs, message)?;

        // Everything has been checked; from here on nothing fails.
        let row = self.keys.row(ours, theirs).ok_or(ReceiveError::Unreadable)?;
        let plaintext = row.decrypt(message);
        let first = row.accept(message.counter);
        let uses_extra_key = |tlv: &Tlv<'_>| tlv.kind() == TlvType::EXTRA_SYMMETRIC_KEY;
        let extra_key =
            Plaintext::decode(&plaintext).tlvs.iter().any(uses_extra_key).then(|| row.extra_key().duplicate());
        let exposed = self.keys.expose(message.revealed);
        self.last_received = now;
        self.answer_due = None;
        if self.keys.rotate(ours, next, &mut self.reveals, rng) {
            self.last_rotated = now;
            self.stale_said = false;
        }
        let &Data { sender_keyid, recipient_keyid, counter, .. } = message;
        let last = Place { session: self.number, sender_keyid, recipient_keyid, counter: counter.get() };
        let version = self.header.version();
        Ok(Opened { plaintext, extra_key, exposed, version, stretch: Stretch { last, first } })
    }

    /// The last message of the session, with the records `tlvs` as well. It publishes every used MAC key, also those in use
    /// until now, in the same step that ends them (attack rule REV-3).
    pub(crate) fn disconnect(mut self, mut tlvs: Vec<Tlv<'_>>) -> Option<Vec<u8>> {
        tlvs.push(Tlv::new(TlvType::DISCONNECTED, &[]).ok()?);
        let plaintext = Plaintext { tlvs, ..Plaintext::default() };
        let (encoder, mac, _) = self.seal(&plaintext, Flags::IGNORE_UNREADABLE).ok()?;
        self.keys.retire_all(&mut self.reveals);
        Some(encoder.finish(&mac, &self.reveals.take()))
    }

    /// Takes over what another session leaves.
    pub(crate) fn inherit(&mut self, carried: Carried) {
        self.reveals.join(carried.reveals);
    }

    /// The other side's Curve25519 identity goes by that of the session which vouched for it; and the talk goes on.
    pub(crate) fn take_over(&mut self, before: &mut Self) {
        self.their_key = before.their_key.clone();
        self.comparison = mem::replace(&mut before.comparison, Comparison::new());
        self.spoken_in = before.spoken_in;
        self.blocked = before.blocked;
    }

    /// Ends the session for another to take its place.
    pub(crate) fn supersede(mut self) -> Carried {
        self.keys.retire_all(&mut self.reveals);
        let talk = Some((self.fingerprint(), self.comparison, self.spoken_in));
        Carried { reveals: self.reveals, talk }
    }

    #[cfg(test)]
    pub(crate) const fn keys(&mut self) -> &mut KeyRing {
        &mut self.keys
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use chacha20::{ChaCha20Rng, rand_core::SeedableRng};
    use otr_ake::MAX_KEYID;
    use otr_crypto::IdentityKey;
    use otr_wire::{InstanceTag, KeyId};

    use crate::{Account, Config, Event, Incoming, Output, Refusal, Sent, SessionState, key_ring::Age};

    const NOW: Duration = Duration::from_secs(1);

    /// Two accounts in a private conversation.
    fn private() -> ([Account; 2], ChaCha20Rng) {
        let mut rng = ChaCha20Rng::from_seed([4; 32]);
        let mut accounts = [0x1001, 0x2002].map(|tag| {
            let key = IdentityKey::generate(&mut rng);
            Account::new(key, InstanceTag::new(tag).unwrap(), Config::default())
        });
        accounts[0].start("peer", NOW).unwrap();
        run(&mut accounts, &mut rng);
        assert_eq!(accounts[0].status("peer").state, SessionState::Encrypted);
        (accounts, rng)
    }

    /// Carries messages until both are quiet; returns the events of both.
    fn run(accounts: &mut [Account; 2], rng: &mut ChaCha20Rng) -> Vec<Event> {
        let mut events = Vec::new();
        let mut quiet = 0;
        let mut turn = 0;
        while quiet < 2 {
            quiet += 1;
            while let Some(output) = accounts[turn].poll() {
                match output {
                    Output::Transmit { message, .. } => {
                        quiet = 0;
                        accounts[1 - turn].receive("peer", Incoming::direct(message.as_bytes()), NOW, rng);
                    }
                    Output::Event { event, .. } => events.push(event),
                }
            }
            turn = 1 - turn;
        }
        events
    }

    fn session(account: &mut Account) -> &mut super::Session {
        let contact = account.contact_for_test("peer").unwrap();
        let name = contact.best().unwrap();
        contact.session_mut(name).unwrap()
    }

    // attack: DATA-4, AKE-18
    #[test]
    fn when_serial_numbers_run_out_nothing_is_sent_and_a_new_exchange_is_asked_for() {
        let (mut accounts, mut rng) = private();
        session(&mut accounts[0]).keys().force_our_keyid(KeyId::new(MAX_KEYID + 1).unwrap());
        assert_eq!(accounts[0].send("peer", "one too many", NOW), Sent::Refused(Refusal::Exhausted));
        let Some(Output::Transmit { message, .. }) = accounts[0].poll() else { panic!("no query") };
        assert!(message.starts_with("?OTRv3?"));
        accounts[1].receive("peer", Incoming::direct(message.as_bytes()), NOW, &mut rng);
        run(&mut accounts, &mut rng);
        assert_eq!(accounts[0].send("peer", "with new keys", NOW), Sent::Encrypted);
    }

    // attack: DATA-4
    #[test]
    fn the_last_counters_are_never_used() {
        let (mut accounts, mut rng) = private();
        let row = session(&mut accounts[0]).keys().row(Age::Previous, Age::Current).unwrap();
        row.force_sent(u64::MAX - 3);
        assert_eq!(accounts[0].send("peer", "the last one", NOW), Sent::Encrypted);
        assert_eq!(accounts[0].send("peer", "one too many", NOW), Sent::Refused(Refusal::Exhausted));
        let events = run(&mut accounts, &mut rng);
        let shown = events.iter().filter(|event| matches!(event, Event::Message(_))).count();
        assert_eq!(shown, 1);
    }
}
