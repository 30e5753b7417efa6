//! A peer that runs the key exchange correctly and then says whatever it likes, correctly encrypted.

#![expect(clippy::expect_used, clippy::panic, reason = "test code: a broken expectation is a failed test")]

use std::{sync::Arc, time::Duration};

use chacha20::ChaCha20Rng;
use otr_ake::{Ake, Context, Established, Offer, Outcome};
use otr_crypto::{CommitmentKey, DataKeys, DhKeyPair, DhPublic, IdentityKey, PublicKeyCache};
use otr_wire::{
    Counter, DataEncoder, DataFields, DhCommit, Flags, Header, InstanceTag, KeyId, Message, Mpi, Payload, Plaintext,
    RevealSignature, SignedIdentity, Tlv, armour,
};

use crate::pair::{Side, identity, rng, unarmour};

/// A peer with the keys of a completed exchange in its hands.
#[derive(Debug)]
pub struct Hostile {
    header: Header,
    established: Established,
    /// The key it announces as its next one, serial number 2.
    pub next: DhKeyPair,
    keys: DataKeys,
    counter: u64,
}

/// One Data message to be made; the default is an honest one.
#[derive(Debug, Clone)]
pub struct Forged<'a> {
    /// The text.
    pub text: &'a [u8],
    /// The records.
    pub tlvs: Vec<Tlv<'a>>,
    /// The flags.
    pub flags: Flags,
    /// The serial number of its own key.
    pub sender_keyid: u32,
    /// The serial number of the victim's key.
    pub recipient_keyid: u32,
    /// The next key, if not the honest one.
    pub next_dh: Option<Vec<u8>>,
    /// The counter, if not the next one.
    pub counter: Option<u64>,
    /// The old MAC keys to be revealed.
    pub revealed: Vec<u8>,
}

impl Default for Forged<'_> {
    fn default() -> Self {
        Self {
            text: b"",
            tlvs: Vec::new(),
            flags: Flags::NONE,
            sender_keyid: 1,
            recipient_keyid: 1,
            next_dh: None,
            counter: None,
            revealed: Vec::new(),
        }
    }
}

impl Hostile {
    /// Runs the exchange with `victim`, as identity `number` (see [`identity`]) at instance `tag`.
    ///
    /// # Panics
    ///
    /// When the exchange does not complete.
    #[must_use]
    pub fn connect(victim: &mut Side, number: usize, tag: u32, now: Duration) -> Self {
        let mut exchange = Exchange::new(victim, number, tag, u64::from(tag));
        let commit = exchange.commit(now);
        let dh_key = single(victim.receive(&commit, now));
        let Outcome::Reply(reveal) = exchange.receive(&dh_key, now) else { panic!("no Reveal Signature") };
        let signature = victim.receive(&armour::encode(&reveal), now).remove(0);
        let Outcome::Established(established, None) = exchange.receive(&signature, now) else {
            panic!("the exchange did not complete")
        };
        Self::with(*established, exchange)
    }

    /// Runs the exchange by hand, so that its own key can have any serial number; `None` when the victim refuses it.
    ///
    /// # Panics
    ///
    /// When `keyid` is zero.
    pub fn connect_with_keyid(victim: &mut Side, keyid: u32, now: Duration) -> Option<Self> {
        let mut rng = rng(u64::from(keyid));
        let identity = identity(2);
        let ours = InstanceTag::new(0x2002).expect("a legal tag");
        let header = Header::V3 { sender: ours, receiver: Some(victim.account.instance_tag()) };
        let encode = |payload| armour::encode(&Message { header, payload }.encode());
        let key_pair = DhKeyPair::generate(&mut rng);
        let key = CommitmentKey::generate(&mut rng);
        let commitment = key.commit(key_pair.public());
        let commit = DhCommit { encrypted_gx: &commitment.encrypted, hashed_gx: &commitment.hash };
        let answer = unarmour(&single(victim.receive(&encode(Payload::DhCommit(commit)), now)));
        let Ok(Message { payload: Payload::DhKey(answer), .. }) = Message::decode(&answer) else {
            panic!("no D-H Key")
        };
        let their_dh = DhPublic::from_bytes(answer.gy.as_bytes()).expect("a legal key");
        let shared = key_pair.agree(&their_dh).expect("a secret");
        let keys = shared.ake_keys();
        let m = keys.reveal_signature().authenticate(key_pair.public(), &their_dh, identity.public_key(), keyid);
        let signature = identity.sign(&m, &mut rng).expect("a signature");
        let keyid = KeyId::new(keyid).expect("not zero");
        let mut encrypted = SignedIdentity::encode(identity.public_key().encoded(), keyid, &signature);
        keys.reveal_signature().apply_cipher(&mut encrypted);
        let mac = keys.reveal_signature().mac(&encrypted);
        let reveal = RevealSignature {
            revealed_key: key.as_bytes(),
            kem_ciphertext: &[],
            encrypted_signature: &encrypted,
            mac: &mac,
        };
        if victim.receive(&encode(Payload::RevealSignature(reveal)), now).is_empty() {
            return None;
        }
        let established = Established {
            header,
            role: otr_ake::Role::Initiator,
            session_id: keys.session_id(),
            their_key: identity.public_key().clone(),
            their_keyid: KeyId::MIN,
            their_dh: their_dh.clone(),
            our_dh: Arc::new(key_pair),
            shared,
            root: otr_crypto::SessionRoot::otr(),
        };
        let keys = established.shared.data_keys(established.our_dh.public(), &their_dh);
        Some(Self { header, established, next: DhKeyPair::generate(&mut rng), keys, counter: 0 })
    }

    fn with(established: Established, mut exchange: Exchange) -> Self {
        let keys = established.shared.data_keys(established.our_dh.public(), &established.their_dh);
        let next = DhKeyPair::generate(&mut exchange.rng);
        Self { header: established.header, established, next, keys, counter: 0 }
    }

    /// The keys of the session's first row.
    #[must_use]
    pub const fn keys(&self) -> &DataKeys {
        &self.keys
    }

    /// What the exchange gave.
    #[must_use]
    pub const fn established(&self) -> &Established {
        &self.established
    }

    /// Encrypts and authenticates a message with the keys of the exchange.
    ///
    /// # Panics
    ///
    /// When a keyid or the counter is zero.
    pub fn data(&mut self, forged: &Forged<'_>) -> String {
        self.counter += 1;
        let counter = forged.counter.unwrap_or(self.counter);
        let next_dh = forged.next_dh.as_deref().unwrap_or_else(|| self.next.public().as_bytes());
        let fields = DataFields {
            flags: forged.flags,
            sender_keyid: KeyId::new(forged.sender_keyid).expect("not zero"),
            recipient_keyid: KeyId::new(forged.recipient_keyid).expect("not zero"),
            next_dh: Mpi::new(next_dh).expect("minimal"),
            counter: Counter::new(counter).expect("not zero"),
        };
        let plaintext = Plaintext { text: forged.text, tlvs: forged.tlvs.clone(), cut_short: false };
        let mut encoder = DataEncoder::new(self.header, &fields, &plaintext, forged.revealed.len());
        self.keys.sending.encrypt(counter, encoder.text_mut());
        let mac = self.keys.sending.mac(encoder.authenticated());
        armour::encode(&encoder.finish(&mac, &forged.revealed))
    }

    /// A message with this text, honest otherwise.
    pub fn say(&mut self, text: &str) -> String {
        self.data(&Forged { text: text.as_bytes(), ..Forged::default() })
    }
}

/// The exchange of a peer that drives `otr-ake` by itself.
#[derive(Debug)]
pub struct Exchange {
    identity: IdentityKey,
    ours: InstanceTag,
    ake: Ake,
    known_keys: PublicKeyCache,
    /// Its randomness.
    pub rng: ChaCha20Rng,
}

impl Exchange {
    /// A peer of `victim` with identity `number` at instance `tag`.
    ///
    /// # Panics
    ///
    /// When `tag` is not legal.
    #[must_use]
    pub fn new(victim: &Side, number: usize, tag: u32, seed: u64) -> Self {
        let ours = InstanceTag::new(tag).expect("a legal tag");
        let header = Header::V3 { sender: ours, receiver: Some(victim.account.instance_tag()) };
        Self {
            identity: identity(number),
            ours,
            ake: Ake::new(header),
            known_keys: PublicKeyCache::default(),
            rng: rng(0x686f_7374 ^ seed),
        }
    }

    /// A D-H Commit to everybody.
    pub fn commit(&mut self, now: Duration) -> String {
        let offer = Offer::new(Header::V3 { sender: self.ours, receiver: None }, now, &mut self.rng);
        self.ake.begin(offer.clone());
        armour::encode(&offer.message(None))
    }

    /// Handles a message of the victim's.
    ///
    /// # Panics
    ///
    /// When it is refused.
    pub fn receive(&mut self, text: &str, now: Duration) -> Outcome {
        let bytes = unarmour(text);
        let message = Message::decode(&bytes).expect("a well-formed message");
        let mut context =
            Context { identity: &self.identity, known_keys: &mut self.known_keys, bond: None, now, rng: &mut self.rng };
        self.ake.receive(&message, &mut context).expect("an acceptable message")
    }
}

/// The one message in `messages`.
///
/// # Panics
///
/// When there are none or several.
#[must_use]
pub fn single(mut messages: Vec<String>) -> String {
    assert_eq!(messages.len(), 1, "{messages:?}");
    messages.remove(0)
}
