//! Whole exchanges of the suite, by the formulas and by our state machine.

use std::time::Duration;

use otr_ake::{Ake, Context, Established, Offer, Outcome};
use otr_crypto::{Binding, Bond, DataKeys, PublicKeyCache, Suite, Transcript};
use otr_wire::{Header, InstanceTag, Message, Version};
use serde::{Deserialize, Serialize};

use super::{Pair, commit, digest, fixtures};
use crate::vectors::{
    Group, Library, Problem, Verdict,
    derived::{DataSecrets, SAMPLE},
    file::{Builder, Nothing},
    keys::Ed25519,
    kinds::{Problems, each_with},
    oracle::{
        self,
        curve25519::{SigningKey, aes256_ctr, encapsulated, kdf, mac, rejected},
    },
    problem::{holds, same},
    scripted::Scripted,
    value::{Hex, Tag},
};

/// An exchange: what goes in, and what comes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Exchange {
    initiator: Initiator,
    responder: Responder,
    bond: Hex,
    encapsulation_key: Hex,
    ciphertext: Hex,
    dh_commit: Hex,
    dh_key: Hex,
    reveal_signature: Hex,
    signature: Hex,
    pub(super) keys: Keys,
    pub(super) session_id: Hex,
    data: Vec<Data>,
}

/// Who begins, with all that is drawn, in this order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Initiator {
    identity: Ed25519,
    tag: Tag,
    dh: Pair,
    r: Hex,
    kem_message: Hex,
}

/// Who answers, with all that is drawn, in this order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Responder {
    identity: Ed25519,
    tag: Tag,
    dh: Pair,
    kem_seed: Hex,
}

/// What is derived on the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Keys {
    dh_secret: Hex,
    kem_secret: Hex,
    /// What the responder gets in its place from the ciphertext with the lowest bit of its first byte turned.
    rejected_kem_secret: Hex,
    /// SHA-256 of all that both have to have seen alike.
    transcript: Hex,
    exchange: Hex,
    initiator: ProofKeys,
    responder: ProofKeys,
    /// What the exchange gives, before it is known between whom.
    root: Hex,
    session_root: Hex,
    /// What stands for the session, beside its id, where something is bound to it.
    pub(super) binding: Hex,
}

/// What one side proves its identity with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ProofKeys {
    cipher: Hex,
    m1: Hex,
    m2: Hex,
}

/// Keys of data messages between two public values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    ours: Pair,
    theirs: Pair,
    keys: DataSecrets,
}

impl ProofKeys {
    fn of(exchange: &[u8], side: &str) -> Result<Self, Problem> {
        let key = |name| kdf(&format!("OTR-25519 v1 {side} {name}"), &[exchange], &[], 32).map(Hex);
        Ok(Self { cipher: key("cipher")?, m1: key("m1")?, m2: key("m2")? })
    }

    /// The encrypted X and its MAC, as they stand in a message.
    fn prove(&self, identity: &Ed25519, own: &Pair, other: &Pair) -> Result<Vec<u8>, Problem> {
        let key = [&[0x63, 0xaf], identity.public.0.as_slice()].concat();
        let keyid = [0, 0, 0, 1];
        let proved = [&oracle::data(&own.public.0)?, &oracle::data(&other.public.0)?, &key, keyid.as_slice()].concat();
        let m = oracle::hmac_sha256(&self.m1.0, &proved)?;
        let signature =
            SigningKey::of(&identity.seed.array()?).sign(&[b"OTR-25519 v1 identity", m.as_slice()].concat());
        let x = [&key, keyid.as_slice(), &signature].concat();
        let encrypted = oracle::data(&aes256_ctr(&self.cipher.0, 0, &x)?)?;
        Ok([encrypted.as_slice(), &mac(&self.m2.0, &encrypted)?].concat())
    }
}

impl Data {
    /// By the formulas, for the owner of `ours`.
    fn of(root: &[u8], ours: &Pair, theirs: &Pair) -> Result<Self, Problem> {
        let dh = ours.agree(theirs)?;
        let (our_value, their_value) = (ours.public.0.as_slice(), theirs.public.0.as_slice());
        let direction = |from: &[u8], to: &[u8]| -> Result<[Hex; 2], Problem> {
            let mut cipher = kdf("OTR-25519 v1 data", &[root, &dh], &[from, to].concat(), 52)?;
            let mac = cipher.split_off(32);
            Ok([Hex(cipher), Hex(mac)])
        };
        let [sending_aes_key, sending_mac_key] = direction(our_value, their_value)?;
        let [receiving_aes_key, receiving_mac_key] = direction(their_value, our_value)?;
        let values = [our_value.min(their_value), our_value.max(their_value)].concat();
        let extra_key = Hex(kdf("OTR-25519 v1 extra key", &[root, &dh], &values, 32)?);
        let keys = DataSecrets { sending_aes_key, sending_mac_key, receiving_aes_key, receiving_mac_key, extra_key };
        Ok(Self { ours: ours.clone(), theirs: theirs.clone(), keys })
    }

    /// The same as the owner of `theirs` has it.
    fn reversed(&self) -> Self {
        let DataSecrets { sending_aes_key, sending_mac_key, receiving_aes_key, receiving_mac_key, extra_key } =
            self.keys.clone();
        Self {
            ours: self.theirs.clone(),
            theirs: self.ours.clone(),
            keys: DataSecrets {
                sending_aes_key: receiving_aes_key,
                sending_mac_key: receiving_mac_key,
                receiving_aes_key: sending_aes_key,
                receiving_mac_key: sending_mac_key,
                extra_key,
            },
        }
    }

    /// Our keys on this root are these.
    fn check(&self, session: &Established) -> Result<(), Problem> {
        let (ours, theirs) = (self.ours.get()?, self.theirs.get()?);
        let shared = ours.agree(theirs.public())?;
        let DataKeys { sending, receiving, extra } = session.root.data_keys(&shared, ours.public(), theirs.public());
        let keys = &self.keys;
        let mut text = SAMPLE.to_vec();
        sending.encrypt(7, &mut text);
        same("sending cipher key", Hex(text), Hex(aes256_ctr(&keys.sending_aes_key.0, 7, &SAMPLE)?))?;
        let code = Hex(mac(&keys.sending_mac_key.0, &SAMPLE)?);
        same("sending MAC key", Hex::from(sending.mac(&SAMPLE).as_slice()), code)?;
        let mut text = SAMPLE.to_vec();
        receiving.decrypt(7, &mut text);
        same("receiving cipher key", Hex(text), Hex(aes256_ctr(&keys.receiving_aes_key.0, 7, &SAMPLE)?))?;
        let code = mac(&keys.receiving_mac_key.0, &SAMPLE)?.as_slice().try_into()?;
        holds("our receiving MAC key verifies", receiving.verify(&SAMPLE, &code).is_ok())?;
        same("receiving MAC key", Hex::from(receiving.reveal().as_bytes().as_slice()), keys.receiving_mac_key.clone())?;
        same("extra key", Hex::from(extra.as_bytes().as_slice()), keys.extra_key.clone())
    }
}

impl Exchange {
    /// The exchange of a name.
    pub(super) fn of(name: &str, bond: &[u8]) -> Result<Self, Problem> {
        let seed = |what: &str| fixtures::seed(&format!("{name}: {what}"), 0);
        let bytes = |what: &str, length| Hex(fixtures::bytes(&format!("{name}: {what}"), length));
        let initiator = Initiator {
            identity: fixtures::ed25519("alice"),
            tag: InstanceTag::new(0x0000_0100)?.into(),
            dh: Pair::of(seed("x")),
            r: bytes("r", 16),
            kem_message: bytes("m", 32),
        };
        let responder = Responder {
            identity: fixtures::ed25519("bob"),
            tag: InstanceTag::new(0xb0b0_b0b0)?.into(),
            dh: Pair::of(seed("y")),
            kem_seed: bytes("d and z", 64),
        };
        // These two are of the library: the oracle takes them as they are.
        let key = Suite::Curve25519.kem_key(&mut Scripted::new(&[&responder.kem_seed.0]));
        let (ciphertext, _) =
            Suite::Curve25519.encapsulate(key.public(), &mut Scripted::new(&[&initiator.kem_message.0]))?;
        let later = [Pair::of(seed("the next x")), Pair::of(seed("the next y"))];
        Self::by_formulas(initiator, responder, bond.into(), key.public().into(), Hex(ciphertext), &later)
    }

    fn by_formulas(
        initiator: Initiator,
        responder: Responder,
        bond: Hex,
        encapsulation_key: Hex,
        ciphertext: Hex,
        [next_x, next_y]: &[Pair; 2],
    ) -> Result<Self, Problem> {
        let data = oracle::data;
        let header = |kind, from: &Tag, to: &Tag| [&[0x63, 0xaf, kind], from.0.0.as_slice(), &to.0.0].concat();
        let [to_responder, to_initiator] = [(&initiator.tag, &responder.tag), (&responder.tag, &initiator.tag)]
            .map(|(from, to)| move |kind| header(kind, from, to));
        let (encrypted, hash) = commit(&initiator.r.0, &data(&initiator.dh.public.0)?)?;
        let dh_commit = [to_responder(0x02), data(&encrypted)?, data(&hash)?].concat();
        let dh_key = [to_initiator(0x0a), data(&responder.dh.public.0)?, data(&encapsulation_key.0)?].concat();

        let mut seen = b"OTR-25519 v1 transcript".to_vec();
        for part in [
            &bond.0,
            &initiator.tag.0.0,
            &responder.tag.0.0,
            &encrypted,
            &hash,
            &responder.dh.public.0,
            &encapsulation_key.0,
            &initiator.r.0,
            &ciphertext.0,
        ] {
            seen.extend(data(part)?);
        }
        let transcript = oracle::sha256(&seen);
        let dh_secret = initiator.dh.agree(&responder.dh)?;
        let kem_secret = encapsulated(&initiator.kem_message.0, &encapsulation_key.0);
        let (_, z) = responder.kem_seed.0.split_at_checked(32).ok_or_else(|| Problem::new("no seed"))?;
        let rejected_kem_secret = rejected(z, &turned(&ciphertext));
        let exchange = kdf("OTR-25519 v1 exchange", &[&dh_secret, &kem_secret], &transcript, 32)?;
        let session_id = Hex(kdf("OTR-25519 v1 session id", &[&exchange], &[], 8)?);
        let root = kdf("OTR-25519 v1 root", &[&exchange], &[], 32)?;
        let identities = [digest(&initiator.identity.public.0), digest(&responder.identity.public.0)].concat();
        let session_root = kdf("OTR-25519 v1 session", &[&root], &identities, 32)?;
        let (of_initiator, of_responder) =
            (ProofKeys::of(&exchange, "initiator")?, ProofKeys::of(&exchange, "responder")?);

        let proof = of_initiator.prove(&initiator.identity, &initiator.dh, &responder.dh)?;
        let reveal_signature = [to_responder(0x11), data(&initiator.r.0)?, data(&ciphertext.0)?, proof].concat();
        let proof = of_responder.prove(&responder.identity, &responder.dh, &initiator.dh)?;
        let signature = [to_initiator(0x12), proof].concat();
        let first = Data::of(&session_root, &initiator.dh, &responder.dh)?;
        let later = Data::of(&session_root, next_x, next_y)?;
        Ok(Self {
            bond,
            encapsulation_key,
            ciphertext,
            dh_commit: Hex(dh_commit),
            dh_key: Hex(dh_key),
            reveal_signature: Hex(reveal_signature),
            signature: Hex(signature),
            keys: Keys {
                dh_secret: Hex(dh_secret),
                kem_secret: Hex(kem_secret),
                rejected_kem_secret: Hex(rejected_kem_secret),
                transcript: Hex(transcript),
                exchange: Hex(exchange),
                initiator: of_initiator,
                responder: of_responder,
                root: Hex(root),
                binding: Hex(kdf("OTR-25519 v1 binding", &[&session_root], &[], 32)?),
                session_root: Hex(session_root),
            },
            session_id,
            data: vec![first, later],
            initiator,
            responder,
        })
    }

    /// It is what the formulas say, and what our two sides make of what they draw.
    pub(super) fn check(&self) -> Result<Binding, Problem> {
        let [_, later] = self.data.as_slice() else { return Err(Problem::new("other than two pairs of keys")) };
        let formulas = Self::by_formulas(
            self.initiator.clone(),
            self.responder.clone(),
            self.bond.clone(),
            self.encapsulation_key.clone(),
            self.ciphertext.clone(),
            &[later.ours.clone(), later.theirs.clone()],
        )?;
        same("by the formulas", formulas, self.clone())?;
        let Self { initiator, responder, .. } = self;
        let tags = [initiator.tag.get()?, responder.tag.get()?];
        let draws = [&initiator.dh.private.0, &initiator.r.0, &initiator.kem_message.0].map(Vec::as_slice);
        let mut alice = Party::new(&initiator.identity, tags, &self.bond, &draws)?;
        let [ours, theirs] = tags;
        let draws = [&responder.dh.private.0, &responder.kem_seed.0].map(Vec::as_slice);
        let mut bob = Party::new(&responder.identity, [theirs, ours], &self.bond, &draws)?;
        same("D-H Commit", Hex(alice.begin()), self.dh_commit.clone())?;
        same("D-H Key", Hex(bob.reply(&self.dh_commit)?), self.dh_key.clone())?;
        same("Reveal Signature", Hex(alice.reply(&self.dh_key)?), self.reveal_signature.clone())?;
        let (at_bob, signature) = bob.complete(&self.reveal_signature)?;
        same("Signature", signature.map(Hex), Some(self.signature.clone()))?;
        let (at_alice, nothing) = alice.complete(&self.signature)?;
        same("a fifth message", nothing, None)?;
        for session in [&at_alice, &at_bob] {
            same("session id", Hex::from(session.session_id.as_bytes().as_slice()), self.session_id.clone())?;
            let binding = Binding::hazmat_curve25519(session.session_id, self.keys.binding.array()?);
            same("binding", session.root.binding(session.session_id), binding)?;
        }
        for data in &self.data {
            data.check(&at_alice)?;
            data.reversed().check(&at_bob)?;
        }
        self.check_rejection()?;
        Ok(at_alice.root.binding(at_alice.session_id))
    }

    /// A changed ciphertext gives another secret, which is seen in the session id that comes of it.
    fn check_rejection(&self) -> Result<(), Problem> {
        let Self { initiator, responder, keys, .. } = self;
        let shared = responder.dh.get()?.agree(initiator.dh.get()?.public())?;
        let key = Suite::Curve25519.kem_key(&mut Scripted::new(&[&responder.kem_seed.0]));
        let kem = key.open(&turned(&self.ciphertext))?;
        let (ours, _) = shared.exchange_keys(&kem, &Transcript::new(Suite::Curve25519));
        let secrets = [keys.dh_secret.0.as_slice(), &keys.rejected_kem_secret.0];
        let nothing = oracle::sha256(b"OTR-25519 v1 transcript");
        let exchange = kdf("OTR-25519 v1 exchange", &secrets, &nothing, 32)?;
        let id = Hex(kdf("OTR-25519 v1 session id", &[&exchange], &[], 8)?);
        same("session id of a changed ciphertext", Hex::from(ours.session_id().as_bytes().as_slice()), id)
    }
}

/// The ciphertext with the lowest bit of its first byte turned.
fn turned(ciphertext: &Hex) -> Vec<u8> {
    let mut turned = ciphertext.0.clone();
    if let Some(first) = turned.first_mut() {
        *first ^= 1;
    }
    turned
}

/// One of our sides, which draws what it is told to.
struct Party {
    identity: otr_crypto::IdentityKey,
    header: Header,
    ake: Ake,
    bond: Option<Bond>,
    rng: Scripted,
}

impl Party {
    fn new(identity: &Ed25519, [own, other]: [InstanceTag; 2], bond: &Hex, draws: &[&[u8]]) -> Result<Self, Problem> {
        let header = Header::new(Version::Curve25519, own, Some(other));
        let (identity, rng) = (identity.get()?, Scripted::new(draws));
        let bond = if bond.is_empty() { None } else { Some(Bond::hazmat_from_bytes(bond.array()?)) };
        Ok(Self { identity, header, ake: Ake::new(header), bond, rng })
    }

    fn begin(&mut self) -> Vec<u8> {
        let offer = Offer::new(self.header, Duration::ZERO, &mut self.rng);
        self.ake.begin(offer.clone());
        offer.message(None)
    }

    fn receive(&mut self, message: &Hex) -> Result<Outcome, Problem> {
        let Self { identity, bond, rng, .. } = self;
        let known_keys = &mut PublicKeyCache::default();
        let mut context = Context { identity, known_keys, bond: bond.as_ref(), now: Duration::ZERO, rng };
        Ok(self.ake.receive(&Message::decode(&message.0)?, &mut context)?)
    }

    fn reply(&mut self, message: &Hex) -> Result<Vec<u8>, Problem> {
        match self.receive(message)? {
            Outcome::Reply(reply) => Ok(reply),
            other => Err(Problem::new(format!("no reply: {other:?}"))),
        }
    }

    fn complete(&mut self, message: &Hex) -> Result<(Box<Established>, Option<Vec<u8>>), Problem> {
        match self.receive(message)? {
            Outcome::Established(established, reply) => Ok((established, reply)),
            other => Err(Problem::new(format!("not complete: {other:?}"))),
        }
    }
}

pub(crate) fn check(group: &Group, _: &Library) -> Problems {
    each_with(group.fields::<Nothing>(), group, |_, case| case.fields::<Exchange>()?.check().map(|_| ()))
}

pub(super) fn generate(file: &mut Builder) -> Result<(), Problem> {
    file.group("OtrCurve25519Exchange", &Nothing {})?;
    let [bond, other] = ["a bond", "another bond"].map(|name| fixtures::bytes(name, 32));
    for (comment, name, bond) in [
        ("by itself", "first", [].as_slice()),
        ("by itself, once more", "second", &[]),
        ("bound to something", "third", &bond),
        ("bound to something else", "fourth", &other),
    ] {
        file.case(comment, &[], Verdict::Valid, &Exchange::of(name, bond)?)?;
    }
    Ok(())
}
