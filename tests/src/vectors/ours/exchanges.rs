//! Key exchanges of our own two sides, from seeds: every message that goes over, and what each side says to it.

use std::{sync::Arc, time::Duration};

use chacha20::{ChaCha20Rng, rand_core::SeedableRng};
use otr_ake::{Ake, Context, Offer, Outcome};
use otr_crypto::{Bond, IdentityKey, PublicKey, PublicKeyCache};
use otr_wire::{Header, InstanceTag, MAX_MESSAGE, Message, Payload, Version, armour};
use serde::{Deserialize, Serialize};

pub(crate) mod curve25519;

use super::fixtures;
use crate::vectors::{
    Case, Group, Library, Problem, VectorFile, Verdict,
    file::Builder,
    keys::{Dsa, Ed25519},
    kinds::{Problems, each_with},
    oracle,
    problem::same,
    value::{Hex, Tag},
};
use Who::{Alice, Bob};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shared {
    alice: Identity,
    bob: Identity,
}

/// An identity key, of versions 2 and 3 or of the Curve25519 suite.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
enum Identity {
    Dsa(Dsa),
    Ed25519(Ed25519),
}

impl Identity {
    fn get(&self) -> Result<IdentityKey, Problem> {
        match self {
            Self::Dsa(key) => Ok(key.get()?),
            Self::Ed25519(key) => key.get(),
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exchange {
    version: u16,
    alice: Side,
    bob: Side,
    steps: Vec<Step>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Side {
    tag: Tag,
    seed: Hex,
    /// What else the other side has to know alike, in the Curve25519 suite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bond: Option<Hex>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Who {
    Alice,
    Bob,
}

/// `who` begins or gets a message, at a time in seconds, and answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    at: u64,
    who: Who,
    /// `null` begins an exchange.
    receives: Option<String>,
    then: Then,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
enum Then {
    Ignores,
    Sends(String),
    Completes { session_id: Hex, fingerprint: Hex, keyid: u32, sends: Option<String> },
    Refuses(String),
}

pub(crate) fn check(group: &Group, _: &Library) -> Problems {
    each_with(group.fields::<Shared>(), group, check_case)
}

fn check_case(shared: &Shared, case: &Case) -> Result<(), Problem> {
    let exchange: Exchange = case.fields()?;
    let mut scene = Scene::new(shared, &exchange)?;
    for (number, step) in exchange.steps.iter().enumerate() {
        let then = scene.side(step.who).step(step.at, step.receives.as_deref())?;
        same(&format!("step {number}"), &then, &step.then)?;
    }
    let refused = exchange.steps.iter().any(|step| matches!(step.then, Then::Refuses(_) | Then::Ignores));
    same("result", case.result, if refused { Verdict::Invalid } else { Verdict::Valid })
}

/// One side of an exchange.
struct Party {
    identity: IdentityKey,
    header: Header,
    ake: Ake,
    rng: ChaCha20Rng,
    known_keys: PublicKeyCache,
    bond: Option<Bond>,
}

impl Party {
    fn new(identity: IdentityKey, peer: &PublicKey, version: u16, own: &Side, other: &Side) -> Result<Self, Problem> {
        let version = Version::from_number(version).ok_or_else(|| Problem::new("a version that is not spoken"))?;
        let header = Header::new(version, own.tag.get()?, Some(other.tag.get()?));
        let rng = generator(own)?;
        // Checking a key takes long; keys that are none are shown elsewhere.
        let mut known_keys = PublicKeyCache::default();
        known_keys.insert(peer.clone());
        let bond = own.bond.as_ref().map(Hex::array).transpose()?.map(Bond::hazmat_from_bytes);
        Ok(Self { identity, header, ake: Ake::new(header), rng, known_keys, bond })
    }

    fn step(&mut self, at: u64, receives: Option<&str>) -> Result<Then, Problem> {
        let now = Duration::from_secs(at);
        let Some(text) = receives else {
            let sender = self.header.sender();
            let everybody = sender.map_or(self.header, |sender| Header::new(self.header.version(), sender, None));
            let offer: Arc<Offer> = Offer::new(everybody, now, &mut self.rng);
            self.ake.begin(offer.clone());
            return Ok(Then::Sends(armour::encode(&offer.message(None))));
        };
        let bytes = armour::decode(text.as_bytes(), MAX_MESSAGE)?;
        let Self { identity, known_keys, rng, bond, .. } = self;
        let mut context = Context { identity, known_keys, bond: bond.as_ref(), now, rng };
        Ok(match self.ake.receive(&Message::decode(&bytes)?, &mut context) {
            Err(error) => Then::Refuses(format!("{error:?}")),
            Ok(Outcome::Ignored) => Then::Ignores,
            Ok(Outcome::Reply(reply)) => Then::Sends(armour::encode(&reply)),
            Ok(Outcome::Established(established, reply)) => Then::Completes {
                session_id: established.session_id.as_bytes().as_slice().into(),
                fingerprint: established.their_key.fingerprint().as_bytes().as_slice().into(),
                keyid: established.their_keyid.get(),
                sends: reply.map(|reply| armour::encode(&reply)),
            },
        })
    }
}

/// What a side draws from.
fn generator(side: &Side) -> Result<ChaCha20Rng, Problem> {
    Ok(ChaCha20Rng::from_seed(side.seed.array()?))
}

struct Scene {
    alice: Party,
    bob: Party,
}

impl Scene {
    fn new(shared: &Shared, exchange: &Exchange) -> Result<Self, Problem> {
        let Exchange { version, alice, bob, .. } = exchange;
        let (identity_a, identity_b) = (shared.alice.get()?, shared.bob.get()?);
        let (public_a, public_b) = (identity_a.public_key().clone(), identity_b.public_key().clone());
        Ok(Self {
            alice: Party::new(identity_a, &public_b, *version, alice, bob)?,
            bob: Party::new(identity_b, &public_a, *version, bob, alice)?,
        })
    }

    const fn side(&mut self, who: Who) -> &mut Party {
        match who {
            Alice => &mut self.alice,
            Bob => &mut self.bob,
        }
    }
}

/// Records an exchange while it runs.
struct Recorder {
    scene: Scene,
    exchange: Exchange,
}

impl Recorder {
    fn new(shared: &Shared, version: u16, number: u32) -> Result<Self, Problem> {
        let side = |name: &str, tag| -> Result<Side, Problem> {
            let seed = Hex::from(fixtures::seed(&format!("exchange of {name}"), number).as_slice());
            Ok(Side { tag: InstanceTag::new(tag)?.into(), seed, bond: None })
        };
        let exchange =
            Exchange { version, alice: side("alice", 0x100)?, bob: side("bob", 0xb0b0_b0b0)?, steps: Vec::new() };
        Ok(Self { scene: Scene::new(shared, &exchange)?, exchange })
    }

    /// Lets `who` take a step, and gives the message that comes of it, if any.
    fn step_at(&mut self, at: u64, who: Who, receives: Option<&str>) -> Result<String, Problem> {
        let then = self.scene.side(who).step(at, receives)?;
        let sends = match &then {
            Then::Sends(text) => text.clone(),
            Then::Completes { sends, .. } => sends.clone().unwrap_or_default(),
            Then::Ignores | Then::Refuses(_) => String::new(),
        };
        self.exchange.steps.push(Step { at, who, receives: receives.map(Into::into), then });
        Ok(sends)
    }

    fn begin(&mut self, who: Who) -> Result<String, Problem> {
        self.step_at(0, who, None)
    }

    fn receive(&mut self, who: Who, text: &str) -> Result<String, Problem> {
        self.step_at(0, who, Some(text))
    }
}

type Script = fn(&mut Recorder) -> Result<(), Problem>;

/// The scripts, by what they show, the error each must end up with, and their versions.
const SCRIPTS: &[(&str, &[&str], &[u16], Script)] = &[
    ("start to end", &[], &[2, 3], plain),
    ("both start at once", &[], &[2, 3], crossing),
    ("a D-H Commit comes twice", &[], &[3], repeated_commit),
    ("a D-H Key comes twice", &[], &[3], repeated_key),
    ("a second exchange after the first", &[], &[2, 3], again),
    ("no exchange is under way", &["Ignores"], &[2, 3], out_of_turn),
    ("another D-H Key for the same offer", &["Ignores"], &[3], second_key),
    ("the Reveal Signature comes twice", &["Ignores"], &[2, 3], repeated_reveal),
    ("the Signature comes twice", &["Ignores"], &[3], repeated_signature),
    ("the attempt is a minute old", &["Ignores"], &[3], too_late),
    ("g^y is 1", &["IllegalValue"], &[2, 3], |r| other_key(r, vec![1])),
    ("g^y is p - 1", &["IllegalValue"], &[2, 3], |r| other_key(r, oracle::bytes(&(oracle::prime()? - 1u8)))),
    ("g^y is no square", &["IllegalValue"], &[3], |r| other_key(r, oracle::bytes(&(oracle::prime()? - 2u8)))),
    ("our D-H Commit comes back", &["Reflected"], &[2, 3], reflected_commit),
    ("one bit of the encrypted g^x turned", &["Verification"], &[2, 3], |r| forged_commit(r, 20)),
    ("one bit of the hash of g^x turned", &["Verification"], &[3], |r| forged_commit(r, 230)),
    ("one bit of r turned", &["Verification"], &[2, 3], |r| forged_reveal(r, Place::Key)),
    ("one bit of the encrypted proof turned", &["Verification"], &[2, 3], |r| forged_reveal(r, Place::Proof)),
    ("one bit of the MAC turned", &["Verification"], &[2, 3], |r| forged_reveal(r, Place::Mac)),
    ("one bit of the answered proof turned", &["Verification"], &[2, 3], |r| forged_signature(r, Place::Proof)),
    ("one bit of the answered MAC turned", &["Verification"], &[3], |r| forged_signature(r, Place::Mac)),
    ("eight forged messages end the attempt", &["Verification"], &[3], too_many),
    ("another sender's tag", &["OtherExchange"], &[3], |r| other_route(r, 3)),
    ("another receiver's tag", &["OtherExchange"], &[3], |r| other_route(r, 7)),
];

fn plain(r: &mut Recorder) -> Result<(), Problem> {
    let commit = r.begin(Alice)?;
    let key = r.receive(Bob, &commit)?;
    let reveal = r.receive(Alice, &key)?;
    let signature = r.receive(Bob, &reveal)?;
    r.receive(Alice, &signature).map(|_| ())
}

fn again(r: &mut Recorder) -> Result<(), Problem> {
    plain(r)?;
    let commit = r.begin(Bob)?;
    let key = r.receive(Alice, &commit)?;
    let reveal = r.receive(Bob, &key)?;
    let signature = r.receive(Alice, &reveal)?;
    r.receive(Bob, &signature).map(|_| ())
}

/// The higher hash stays; the other side answers it.
fn crossing(r: &mut Recorder) -> Result<(), Problem> {
    let (from_alice, from_bob) = (r.begin(Alice)?, r.begin(Bob)?);
    let answer_of_alice = r.receive(Alice, &from_bob)?;
    let answer_of_bob = r.receive(Bob, &from_alice)?;
    let bytes = armour::decode(answer_of_alice.as_bytes(), MAX_MESSAGE)?;
    let (winner, loser, key) = match Message::decode(&bytes)?.payload {
        Payload::DhKey(_) => (Bob, Alice, answer_of_alice),
        _ => (Alice, Bob, answer_of_bob),
    };
    let reveal = r.receive(winner, &key)?;
    let signature = r.receive(loser, &reveal)?;
    r.receive(winner, &signature).map(|_| ())
}

fn repeated_commit(r: &mut Recorder) -> Result<(), Problem> {
    let commit = r.begin(Alice)?;
    r.receive(Bob, &commit)?;
    let key = r.receive(Bob, &commit)?;
    let reveal = r.receive(Alice, &key)?;
    let signature = r.receive(Bob, &reveal)?;
    r.receive(Alice, &signature).map(|_| ())
}

fn repeated_key(r: &mut Recorder) -> Result<(), Problem> {
    let commit = r.begin(Alice)?;
    let key = r.receive(Bob, &commit)?;
    r.receive(Alice, &key)?;
    let reveal = r.receive(Alice, &key)?;
    let signature = r.receive(Bob, &reveal)?;
    r.receive(Alice, &signature).map(|_| ())
}

fn repeated_reveal(r: &mut Recorder) -> Result<(), Problem> {
    let commit = r.begin(Alice)?;
    let key = r.receive(Bob, &commit)?;
    let reveal = r.receive(Alice, &key)?;
    r.receive(Bob, &reveal)?;
    r.receive(Bob, &reveal).map(|_| ())
}

fn repeated_signature(r: &mut Recorder) -> Result<(), Problem> {
    let commit = r.begin(Alice)?;
    let key = r.receive(Bob, &commit)?;
    let reveal = r.receive(Alice, &key)?;
    let signature = r.receive(Bob, &reveal)?;
    r.receive(Alice, &signature)?;
    r.receive(Alice, &signature).map(|_| ())
}

/// What follows a D-H Commit means nothing without one.
fn out_of_turn(r: &mut Recorder) -> Result<(), Problem> {
    let commit = r.begin(Alice)?;
    let key = r.receive(Bob, &commit)?;
    let reveal = r.receive(Alice, &key)?;
    let signature = r.receive(Bob, &reveal)?;
    r.receive(Alice, &signature)?;
    r.receive(Alice, &key)?;
    r.receive(Alice, &signature)?;
    r.receive(Bob, &reveal).map(|_| ())
}

fn second_key(r: &mut Recorder) -> Result<(), Problem> {
    let commit = r.begin(Alice)?;
    let key = r.receive(Bob, &commit)?;
    let reveal = r.receive(Alice, &key)?;
    let other = with_gy(&key, &oracle::bytes(&4u8.into()))?;
    r.receive(Alice, &other)?;
    let signature = r.receive(Bob, &reveal)?;
    r.receive(Alice, &signature).map(|_| ())
}

fn too_late(r: &mut Recorder) -> Result<(), Problem> {
    let commit = r.begin(Alice)?;
    let key = r.receive(Bob, &commit)?;
    let reveal = r.step_at(59, Alice, Some(&key))?;
    r.step_at(60, Bob, Some(&reveal))?;
    r.step_at(60, Alice, Some(&key)).map(|_| ())
}

fn other_key(r: &mut Recorder, gy: Vec<u8>) -> Result<(), Problem> {
    let commit = r.begin(Alice)?;
    let key = r.receive(Bob, &commit)?;
    r.receive(Alice, &with_gy(&key, &gy)?)?;
    let reveal = r.receive(Alice, &key)?;
    let signature = r.receive(Bob, &reveal)?;
    r.receive(Alice, &signature).map(|_| ())
}

fn reflected_commit(r: &mut Recorder) -> Result<(), Problem> {
    let commit = r.begin(Alice)?;
    let mut bytes = armour::decode(commit.as_bytes(), MAX_MESSAGE)?;
    if r.exchange.version != 2 {
        // As if it came from the other side.
        bytes.splice(3..11, [0xb0, 0xb0, 0xb0, 0xb0, 0, 0, 1, 0]);
    }
    r.receive(Alice, &armour::encode(&bytes)).map(|_| ())
}

fn forged_commit(r: &mut Recorder, at: usize) -> Result<(), Problem> {
    let commit = r.begin(Alice)?;
    let key = r.receive(Bob, &flipped(&commit, at)?)?;
    let reveal = r.receive(Alice, &key)?;
    r.receive(Bob, &reveal).map(|_| ())
}

/// Which part of a Reveal Signature or Signature is forged.
#[derive(Clone, Copy)]
enum Place {
    Key,
    Proof,
    Mac,
}

fn forge(text: &str, place: Place) -> Result<String, Problem> {
    let bytes = armour::decode(text.as_bytes(), MAX_MESSAGE)?;
    let key = match Message::decode(&bytes)?.header {
        Header::V2 => 3 + 4,
        Header::V3 { .. } | Header::Curve25519 { .. } => 11 + 4,
    };
    let at = match place {
        Place::Key => key,
        Place::Proof => bytes.len() - 100,
        Place::Mac => bytes.len() - 1,
    };
    flipped(text, at)
}

/// The forged message is refused, the true one still completes the exchange.
fn forged_reveal(r: &mut Recorder, place: Place) -> Result<(), Problem> {
    let commit = r.begin(Alice)?;
    let key = r.receive(Bob, &commit)?;
    let reveal = r.receive(Alice, &key)?;
    r.receive(Bob, &forge(&reveal, place)?)?;
    let signature = r.receive(Bob, &reveal)?;
    r.receive(Alice, &signature).map(|_| ())
}

fn forged_signature(r: &mut Recorder, place: Place) -> Result<(), Problem> {
    let commit = r.begin(Alice)?;
    let key = r.receive(Bob, &commit)?;
    let reveal = r.receive(Alice, &key)?;
    let signature = r.receive(Bob, &reveal)?;
    r.receive(Alice, &forge(&signature, place)?)?;
    r.receive(Alice, &signature).map(|_| ())
}

fn too_many(r: &mut Recorder) -> Result<(), Problem> {
    let commit = r.begin(Alice)?;
    let key = r.receive(Bob, &commit)?;
    let reveal = r.receive(Alice, &key)?;
    for _ in 0..otr_ake::MAX_FAILURES {
        r.receive(Bob, &forge(&reveal, Place::Mac)?)?;
    }
    r.receive(Bob, &reveal).map(|_| ())
}

fn other_route(r: &mut Recorder, at: usize) -> Result<(), Problem> {
    let commit = r.begin(Alice)?;
    let key = r.receive(Bob, &commit)?;
    r.receive(Alice, &flipped(&key, at)?).map(|_| ())
}

/// The message with the lowest bit of one byte turned.
fn flipped(text: &str, at: usize) -> Result<String, Problem> {
    let mut bytes = armour::decode(text.as_bytes(), MAX_MESSAGE)?;
    *bytes.get_mut(at).ok_or_else(|| Problem::new("no such byte"))? ^= 1;
    Ok(armour::encode(&bytes))
}

fn with_gy(text: &str, gy: &[u8]) -> Result<String, Problem> {
    let bytes = armour::decode(text.as_bytes(), MAX_MESSAGE)?;
    let message = Message::decode(&bytes)?;
    let Payload::DhKey(key) = message.payload else { return Err(Problem::new("it is no D-H Key")) };
    let payload = Payload::DhKey(otr_wire::DhKey { gy: otr_wire::Mpi::new(gy)?, ..key });
    Ok(armour::encode(&Message { payload, ..message }.encode()))
}

pub(crate) fn generate(_: &Library) -> Result<VectorFile, Problem> {
    let mut file = Builder::new(
        "OTRv3-Exchange",
        &[
            "Key exchanges from seeds: each side draws from ChaCha20 with its seed as key, nonce 0, from block 0.",
            "steps: who gets which message at which second (null: who begins), and what comes of it.",
            "invalid: some message is refused or ignored; what follows shows what is left.",
        ],
    );
    let identity = |name| fixtures::dsa(name).map(Identity::Dsa);
    let shared = Shared { alice: identity("alice")?, bob: identity("bob")? };
    file.group("OtrExchange", &shared)?;
    let mut number = 0;
    for (comment, flags, versions, script) in SCRIPTS {
        for &version in *versions {
            let mut recorder = Recorder::new(&shared, version, number)?;
            number += 1;
            script(&mut recorder)?;
            expect(comment, flags, &recorder.exchange.steps)?;
            let verdict = if flags.is_empty() { Verdict::Valid } else { Verdict::Invalid };
            file.case(format!("{comment}, version {version}"), flags, verdict, &recorder.exchange)?;
        }
    }
    Ok(file.finish())
}

/// A script shows what its flag says.
fn expect(comment: &str, flags: &[&str], steps: &[Step]) -> Result<(), Problem> {
    let seen = |step: &Step| match &step.then {
        Then::Ignores => Some("Ignores".to_owned()),
        Then::Refuses(error) => Some(error.clone()),
        Then::Sends(_) | Then::Completes { .. } => None,
    };
    let seen: Vec<String> = steps.iter().filter_map(seen).collect();
    let right = match flags {
        [] => seen.is_empty() && steps.iter().filter(|step| matches!(step.then, Then::Completes { .. })).count() >= 2,
        [flag, ..] => seen.iter().any(|seen| seen == flag),
    };
    if right { Ok(()) } else { Err(Problem::new(format!("{comment}: it shows {seen:?}"))) }
}
