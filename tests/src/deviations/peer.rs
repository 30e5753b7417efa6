//! The hostile peer: it holds real keys and can make every message correctly, so that one thing at a time can be wrong.

#![expect(clippy::expect_used, clippy::missing_panics_doc, reason = "test code: a broken expectation is a failed test")]

use std::collections::BTreeMap;

use chacha20::ChaCha20Rng;
use num_bigint::BigUint;
use otr_wire::{Message, MessageType, Payload, Plaintext, SignedIdentity, Version, armour};

use super::{
    drafts::{CommitDraft, DataDraft, DhKeyDraft, Envelope, ProofDraft, SealedDraft},
    dsa_key::{DsaKey, signature},
    numbers::{
        Dh, DirectionKeys, ExchangeKeys, ProofKeys, aes, bytes, data, hmac_sha1, hmac_sha256, hmac_sha256_160, mpi,
        random,
    },
};
use crate::{
    pair::{identity, rng},
    vectors::oracle,
};

/// The hostile peer's instance.
const TAG: u32 = 0x2002;

/// Who began the key exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Began {
    /// The hostile peer.
    Peer,
    /// The victim.
    Victim,
}

/// A peer that can say anything.
#[derive(Debug)]
pub struct Peer {
    /// The version it speaks.
    pub version: Version,
    /// Its instance.
    pub tag: u32,
    /// The victim's instance.
    pub victim_tag: u32,
    /// Its long-term key.
    pub identity: DsaKey,
    /// Its randomness.
    pub rng: ChaCha20Rng,
    /// Its key in the exchange.
    pub dh: Dh,
    /// The key of its commitment.
    pub r: Vec<u8>,
    /// What the victim has sent, oldest first.
    pub heard: Vec<String>,
    /// The records of the last Data message of the victim's: type and value.
    pub records: Vec<(u16, Vec<u8>)>,
    /// The victim's key in the exchange, once it is known.
    pub victim_dh: Option<BigUint>,
    /// The victim's commitment: the encrypted g^x.
    victim_commit: Vec<u8>,
    /// The session, once there is one.
    pub session: Option<PeerSession>,
}

/// What it holds of a conversation.
#[derive(Debug, Clone)]
pub struct PeerSession {
    /// Its keys by serial number.
    pub own: BTreeMap<u32, Dh>,
    /// The victim's keys by serial number.
    pub theirs: BTreeMap<u32, BigUint>,
    /// The session id, 8 bytes.
    pub session_id: Vec<u8>,
    /// The victim's fingerprint, 20 bytes.
    pub victim_fingerprint: Vec<u8>,
    /// Who began.
    pub began: Began,
    counter: u64,
}

/// How the peer proves its identity; each part can be another than it should be.
#[derive(Debug, Clone)]
pub struct Proof {
    /// The key that is shown.
    pub key: DsaKey,
    /// The type that is written before it.
    pub key_type: [u8; 2],
    /// The key that signs.
    pub signer: DsaKey,
    /// The key whose bytes are signed.
    pub signed_key: DsaKey,
    /// The public value signed as its own.
    pub own: BigUint,
    /// The public value signed as the victim's.
    pub other: BigUint,
    /// The serial number that is signed.
    pub signed_keyid: u32,
    /// The serial number that is shown.
    pub keyid: u32,
    /// The keys of this half of the exchange.
    pub keys: ProofKeys,
    /// r and s, if not those of a signature.
    pub signature: Option<Vec<u8>>,
    /// What follows the signature.
    pub tail: Vec<u8>,
    /// How many bytes are cut off at the end.
    pub cut: usize,
}

impl Proof {
    /// The encrypted X and its authenticator.
    pub fn seal(&self, rng: &mut ChaCha20Rng) -> (Vec<u8>, Vec<u8>) {
        let signed =
            [mpi(&self.own), mpi(&self.other), self.signed_key.encoded(), self.signed_keyid.to_be_bytes().to_vec()];
        let m = hmac_sha256(&self.keys.m1, &signed.concat());
        let signature = self.signature.clone().unwrap_or_else(|| {
            let (r, s) = self.signer.sign(&m, rng);
            signature(&r, &s)
        });
        let mut x =
            [&self.key_type, self.key.numbers().as_slice(), &self.keyid.to_be_bytes(), &signature, &self.tail].concat();
        x.truncate(x.len().saturating_sub(self.cut));
        let encrypted = aes(&self.keys.cipher, 0, &x);
        let mac = hmac_sha256_160(&self.keys.m2, &data(&encrypted));
        (encrypted, mac)
    }
}

/// What a message of the victim's is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// A text in clear.
    Clear(String),
    /// A query.
    Query,
    /// An error message.
    Error,
    /// A message of the key exchange.
    Exchange(&'static str),
    /// A Data message that the peer can read: its text, and the types of its records without padding.
    Data(String, Vec<u16>),
    /// A Data message that it cannot read.
    Sealed,
}

impl Peer {
    /// A peer with randomness of its own that speaks `version` to the victim at `victim_tag`.
    #[must_use]
    pub fn new(version: Version, victim_tag: u32, seed: u64) -> Self {
        let mut rng = rng(0x6d61_6c6c_6f72_7900 ^ seed);
        Self {
            version,
            tag: TAG,
            victim_tag,
            identity: DsaKey::from(&identity(2)),
            dh: Dh::generate(&mut rng),
            r: random::<16>(&mut rng).to_vec(),
            rng,
            heard: Vec::new(),
            records: Vec::new(),
            victim_dh: None,
            victim_commit: Vec::new(),
            session: None,
        }
    }

    /// Draws fresh keys for another exchange.
    pub fn renew(&mut self) {
        self.dh = Dh::generate(&mut self.rng);
        self.r = random::<16>(&mut self.rng).to_vec();
        self.victim_dh = None;
    }

    /// The honest header of a message of this type.
    #[must_use]
    pub fn envelope(&self, kind: MessageType) -> Envelope {
        let receiver = if kind == MessageType::DhCommit { 0 } else { self.victim_tag };
        let tags = (self.version == Version::Three).then_some((self.tag, receiver));
        Envelope { version: self.version.number(), kind: kind.byte(), tags }
    }

    /// A query for its version alone.
    #[must_use]
    pub fn query(&self) -> String {
        format!("?OTRv{}?", self.version.identifier())
    }

    /// D-H Commit to its key.
    #[must_use]
    pub fn commit(&self) -> CommitDraft {
        self.commit_to(&mpi(&self.dh.public))
    }

    /// D-H Commit to these bytes, which stand where the MPI should.
    #[must_use]
    pub fn commit_to(&self, opened: &[u8]) -> CommitDraft {
        CommitDraft {
            envelope: self.envelope(MessageType::DhCommit),
            encrypted: aes(&self.r, 0, opened),
            hash: oracle::sha256(opened),
        }
    }

    /// D-H Key.
    #[must_use]
    pub fn dh_key(&self) -> DhKeyDraft {
        DhKeyDraft { envelope: self.envelope(MessageType::DhKey), gy: bytes(&self.dh.public) }
    }

    /// The victim's key in the exchange.
    ///
    /// # Panics
    ///
    /// When it is not known yet.
    #[must_use]
    pub fn victims_key(&self) -> BigUint {
        self.victim_dh.clone().expect("the victim's key is known by now")
    }

    /// The secret of the exchange.
    #[must_use]
    pub fn shared(&self) -> BigUint {
        self.dh.agree(&self.victims_key())
    }

    /// The honest proof of its identity in an exchange that `began` began.
    #[must_use]
    pub fn proof(&self, began: Began) -> Proof {
        let keys = ExchangeKeys::of(&self.shared());
        let keys = match began {
            Began::Peer => keys.reveal,
            Began::Victim => keys.signature,
        };
        Proof {
            key: self.identity.clone(),
            key_type: [0, 0],
            signer: self.identity.clone(),
            signed_key: self.identity.clone(),
            own: self.dh.public.clone(),
            other: self.victims_key(),
            signed_keyid: 1,
            keyid: 1,
            keys,
            signature: None,
            tail: Vec::new(),
            cut: 0,
        }
    }

    /// The third or fourth message of an exchange that `began` began, with this proof.
    pub fn prove(&mut self, began: Began, proof: &Proof) -> ProofDraft {
        let (encrypted, mac) = proof.seal(&mut self.rng);
        let (kind, revealed) = match began {
            Began::Peer => (MessageType::RevealSignature, Some(self.r.clone())),
            Began::Victim => (MessageType::Signature, None),
        };
        ProofDraft { envelope: self.envelope(kind), revealed, encrypted, mac }
    }

    /// The honest third or fourth message.
    pub fn honest_proof(&mut self, began: Began) -> ProofDraft {
        let proof = self.proof(began);
        self.prove(began, &proof)
    }

    /// Takes in what the victim has put on the network, and says what it was.
    pub fn hear(&mut self, body: &str) -> Said {
        self.heard.push(body.to_owned());
        if body.starts_with("?OTR Error:") {
            return Said::Error;
        }
        if body.starts_with("?OTRv") || body.starts_with("?OTR?") {
            return Said::Query;
        }
        let Ok(decoded) = armour::decode(body.as_bytes(), otr_wire::MAX_MESSAGE) else {
            return Said::Clear(body.to_owned());
        };
        let Ok(message) = Message::decode(&decoded) else { return Said::Clear(body.to_owned()) };
        match message.payload {
            Payload::DhCommit(commit) => {
                self.victim_commit = commit.encrypted_gx.to_vec();
                Said::Exchange("D-H Commit")
            }
            Payload::DhKey(key) => {
                self.victim_dh = Some(oracle::number(key.gy.as_bytes()));
                Said::Exchange("D-H Key")
            }
            Payload::RevealSignature(reveal) => {
                let opened = aes(reveal.revealed_key, 0, &self.victim_commit);
                self.victim_dh = Some(oracle::number(opened.get(4..).unwrap_or_default()));
                self.establish(Began::Victim, reveal.encrypted_signature);
                Said::Exchange("Reveal Signature")
            }
            Payload::Signature(signature) => {
                self.establish(Began::Peer, signature.encrypted_signature);
                Said::Exchange("Signature")
            }
            Payload::Data(data) => {
                let Some(session) = &mut self.session else { return Said::Sealed };
                let (theirs, own) = (data.sender_keyid.get(), data.recipient_keyid.get());
                let Some(keys) = session.keys(own, theirs, Direction::FromVictim) else { return Said::Sealed };
                if hmac_sha1(&keys.mac, data.authenticated()) != data.mac {
                    return Said::Sealed;
                }
                session.theirs.insert(theirs.wrapping_add(1), oracle::number(data.next_dh.as_bytes()));
                let plain = aes(&keys.cipher, data.counter.get(), data.encrypted);
                let plain = Plaintext::decode(&plain);
                self.records = plain.tlvs.iter().map(|tlv| (tlv.kind().0, tlv.value().to_vec())).collect();
                let records = self.records.iter().map(|(kind, _)| *kind).filter(|&kind| kind != 0).collect();
                Said::Data(String::from_utf8_lossy(plain.text).into_owned(), records)
            }
        }
    }

    /// Makes the session of a completed exchange, if the victim's proof can be read.
    fn establish(&mut self, began: Began, encrypted: &[u8]) {
        let Some(victim_dh) = &self.victim_dh else { return };
        let keys = ExchangeKeys::of(&self.shared());
        let theirs = match began {
            Began::Peer => &keys.signature,
            Began::Victim => &keys.reveal,
        };
        let x = aes(&theirs.cipher, 0, encrypted);
        let Ok(x) = SignedIdentity::decode(&x) else { return };
        let encoded = x.public_key.encode();
        let next = Dh::generate(&mut self.rng);
        self.session = Some(PeerSession {
            own: [(1, self.dh.clone()), (2, next)].into(),
            theirs: [(x.keyid.get(), victim_dh.clone())].into(),
            session_id: keys.session_id,
            victim_fingerprint: oracle::sha1(encoded.get(2..).unwrap_or_default()),
            began,
            counter: 0,
        });
    }

    /// The session.
    ///
    /// # Panics
    ///
    /// When there is none yet.
    pub fn session(&mut self) -> &mut PeerSession {
        self.session.as_mut().expect("there is a session by now")
    }

    /// An honest Data message with this plaintext: made with the keys of the exchange, which stay good for as long as
    /// nobody uses newer ones.
    pub fn draft(&mut self, plaintext: &[u8]) -> DataDraft {
        let envelope = self.envelope(MessageType::Data);
        let session = self.session();
        session.counter += 1;
        let theirs = session.theirs.first_key_value().map_or(1, |(&keyid, _)| keyid);
        DataDraft {
            envelope,
            flags: 0,
            sender_keyid: 1,
            recipient_keyid: theirs,
            next_dh: bytes(&session.own[&2].public),
            counter: session.counter,
            plaintext: plaintext.to_vec(),
            revealed: Vec::new(),
        }
    }

    /// Encrypts and authenticates; with the keys of the exchange where the serial numbers name none.
    pub fn seal(&mut self, draft: &DataDraft) -> SealedDraft {
        let keys = self.keys_for(draft);
        self.seal_with(draft, &keys)
    }

    /// The keys that the serial numbers in `draft` name.
    pub fn keys_for(&mut self, draft: &DataDraft) -> DirectionKeys {
        let session = self.session();
        let first = session.theirs.first_key_value().map_or(1, |(&keyid, _)| keyid);
        let named = session.keys(draft.sender_keyid, draft.recipient_keyid, Direction::ToVictim);
        named.or_else(|| session.keys(1, first, Direction::ToVictim)).expect("the exchange gave keys")
    }

    /// Encrypts and authenticates with these keys.
    #[must_use]
    pub fn seal_with(&self, draft: &DataDraft, keys: &DirectionKeys) -> SealedDraft {
        let encrypted = aes(&keys.cipher, draft.counter, &draft.plaintext);
        let authenticated = draft.authenticated(&encrypted);
        let mac = hmac_sha1(&keys.mac, &authenticated);
        SealedDraft { authenticated, mac, revealed: draft.revealed.clone() }
    }

    /// An honest Data message with this text.
    pub fn say(&mut self, text: &str) -> SealedDraft {
        let draft = self.draft(text.as_bytes());
        self.seal(&draft)
    }

    /// An honest Data message with these records.
    pub fn say_records(&mut self, text: &str, records: &[u8]) -> SealedDraft {
        let draft = self.draft(&[text.as_bytes(), &[0], records].concat());
        self.seal(&draft)
    }
}

/// Which way a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the peer to the victim.
    ToVictim,
    /// From the victim to the peer.
    FromVictim,
}

impl PeerSession {
    /// The keys between the peer's key `own` and the victim's key `theirs`, where both are known.
    #[must_use]
    pub fn keys(&self, own: u32, theirs: u32, direction: Direction) -> Option<DirectionKeys> {
        let (own, theirs) = (self.own.get(&own)?, self.theirs.get(&theirs)?);
        let s = own.agree(theirs);
        Some(match direction {
            Direction::ToVictim => DirectionKeys::of(&s, &own.public, theirs),
            Direction::FromVictim => DirectionKeys::of(&s, theirs, &own.public),
        })
    }
}
