//! Exchanges of the Curve25519 suite: the scripts of versions 2 and 3, and what there is in the suite only.

use chacha20::rand_core::Rng;
use otr_crypto::Bond;
use otr_wire::{DhKey, MAX_MESSAGE, Message, Payload, RevealSignature, armour};

use super::Who::{Alice, Bob};
use super::{
    super::fixtures, Identity, Place, Recorder, Script, Shared, again, crossing, expect, flipped, forged_commit,
    forged_reveal, forged_signature, other_key, other_route, out_of_turn, plain, reflected_commit, repeated_commit,
    repeated_key, repeated_reveal, repeated_signature, too_late, too_many, with_gy,
};
use crate::vectors::{
    Library, Problem, VectorFile, Verdict,
    file::Builder,
    keys::DhPair,
    oracle::curve25519::{self, LOW_ORDER},
    value::Hex,
};

const VERSION: u16 = 25519;

/// Where the numbers of the seeds begin, so that none serves in another file too.
const FIRST: u32 = 25_519;

/// The scripts, by what they show and the error each must end up with.
const SCRIPTS: &[(&str, &[&str], Script)] = &[
    ("start to end", &[], plain),
    ("both start at once", &[], crossing),
    ("a D-H Commit comes twice", &[], repeated_commit),
    ("a D-H Key comes twice", &[], repeated_key),
    ("a second exchange after the first", &[], again),
    ("both are bound to the same", &[], |r| bound(r, Some("what both know"), Some("what both know"))),
    ("the same g^y with another encapsulation key, after it was answered", &[], second_kem_key),
    ("no exchange is under way", &["Ignores"], out_of_turn),
    ("another D-H Key for the same offer", &["Ignores"], second_key),
    ("the Reveal Signature comes twice", &["Ignores"], repeated_reveal),
    ("the Signature comes twice", &["Ignores"], repeated_signature),
    ("the attempt is a minute old", &["Ignores"], too_late),
    ("the responder is bound to something else", &["Verification"], |r| bound(r, Some("what both know"), Some("else"))),
    ("the responder is bound to nothing", &["Verification"], |r| bound(r, Some("what both know"), None)),
    ("the initiator is bound to nothing", &["Verification"], |r| bound(r, None, Some("what both know"))),
    ("g^y is 0", &["IllegalValue"], |r| other_key(r, native(LOW_ORDER[0])?)),
    ("g^y is 1", &["IllegalValue"], |r| other_key(r, native(LOW_ORDER[1])?)),
    ("g^y is p - 1", &["IllegalValue"], |r| other_key(r, native(LOW_ORDER[2])?)),
    ("g^y is of order 8", &["IllegalValue"], |r| other_key(r, native(LOW_ORDER[3])?)),
    ("g^y is the other one of order 8", &["IllegalValue"], |r| other_key(r, native(LOW_ORDER[4])?)),
    ("g^y is p + 9, another form of 9", &["IllegalValue"], |r| {
        other_key(r, native("f6ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")?)
    }),
    ("g^y is 9 with the highest bit set", &["IllegalValue"], |r| {
        other_key(r, native("0900000000000000000000000000000000000000000000000000000000000080")?)
    }),
    ("g^y without the byte before it", &["IllegalValue"], |r| other_key(r, vec![9; 32])),
    ("g^y with another byte before it", &["IllegalValue"], |r| other_key(r, [&[0x41; 1][..], &[9; 32]].concat())),
    ("g^y with a byte too many", &["IllegalValue"], |r| other_key(r, [&[0x40; 1][..], &[9; 33]].concat())),
    ("g^y is empty", &["IllegalValue"], |r| other_key(r, Vec::new())),
    ("g^y is of the 1536-bit group", &["IllegalValue"], |r| {
        other_key(r, DhPair::of(&fixtures::bytes("of the other group", 40))?.public.0)
    }),
    ("g^y is g^x", &["Reflected"], reflected_key),
    ("the encapsulation key is not reduced", &["IllegalValue"], kem_not_reduced),
    ("the encapsulation key is another one", &["Verification"], other_kem_key),
    ("one bit of the KEM ciphertext turned", &["Verification"], forged_ciphertext),
    ("our D-H Commit comes back", &["Reflected"], reflected_commit),
    ("one bit of the encrypted g^x turned", &["Verification"], |r| forged_commit(r, 20)),
    ("one bit of the hash of g^x turned", &["Verification"], |r| forged_commit(r, 70)),
    ("one bit of r turned", &["Verification"], |r| forged_reveal(r, Place::Key)),
    ("one bit of the encrypted proof turned", &["Verification"], |r| forged_reveal(r, Place::Proof)),
    ("one bit of the MAC turned", &["Verification"], |r| forged_reveal(r, Place::Mac)),
    ("one bit of the answered proof turned", &["Verification"], |r| forged_signature(r, Place::Proof)),
    ("one bit of the answered MAC turned", &["Verification"], |r| forged_signature(r, Place::Mac)),
    ("eight forged messages end the attempt", &["Verification"], too_many),
    ("another sender's tag", &["OtherExchange"], |r| other_route(r, 3)),
    ("another receiver's tag", &["OtherExchange"], |r| other_route(r, 7)),
];

/// An X25519 value as it is sent.
fn native(u: &str) -> Result<Vec<u8>, Problem> {
    let u = hex::decode(u).map_err(|_| Problem::new("no hex digits"))?;
    Ok([vec![0x40], u].concat())
}

/// Each side is bound to the 32 bytes of a name, or to nothing.
fn bound(r: &mut Recorder, initiator: Option<&str>, responder: Option<&str>) -> Result<(), Problem> {
    let bond = |name: Option<&str>| name.map(|name| fixtures::seed(name, 0));
    let (initiator, responder) = (bond(initiator), bond(responder));
    r.exchange.alice.bond = initiator.map(|bond| Hex::from(bond.as_slice()));
    r.exchange.bob.bond = responder.map(|bond| Hex::from(bond.as_slice()));
    r.scene.alice.bond = initiator.map(Bond::hazmat_from_bytes);
    r.scene.bob.bond = responder.map(Bond::hazmat_from_bytes);
    let commit = r.begin(Alice)?;
    let key = r.receive(Bob, &commit)?;
    let reveal = r.receive(Alice, &key)?;
    let signature = r.receive(Bob, &reveal)?;
    if signature.is_empty() { Ok(()) } else { r.receive(Alice, &signature).map(|_| ()) }
}

/// The D-H Key with another encapsulation key.
fn with_kem_key(text: &str, change: impl FnOnce(&mut [u8])) -> Result<String, Problem> {
    let bytes = armour::decode(text.as_bytes(), MAX_MESSAGE)?;
    let message = Message::decode(&bytes)?;
    let Payload::DhKey(key) = message.payload else { return Err(Problem::new("it is no D-H Key")) };
    let mut changed = key.kem_key.to_vec();
    change(&mut changed);
    let payload = Payload::DhKey(DhKey { kem_key: &changed, ..key });
    Ok(armour::encode(&Message { payload, ..message }.encode()))
}

/// The first bit of the seed at the end of an encapsulation key: what comes of it is a key as well.
fn other_seed(key: &mut [u8]) {
    if let Some(last) = key.last_mut() {
        *last ^= 1;
    }
}

/// The first coefficient becomes 4095.
fn unreduced(key: &mut [u8]) {
    if let [first, second, ..] = key {
        *first = 0xff;
        *second |= 0x0f;
    }
}

/// An answer is not made a second time, whatever comes with the value that it was made for.
fn second_kem_key(r: &mut Recorder) -> Result<(), Problem> {
    let commit = r.begin(Alice)?;
    let key = r.receive(Bob, &commit)?;
    r.receive(Alice, &key)?;
    let reveal = r.receive(Alice, &with_kem_key(&key, other_seed)?)?;
    let signature = r.receive(Bob, &reveal)?;
    r.receive(Alice, &signature).map(|_| ())
}

fn second_key(r: &mut Recorder) -> Result<(), Problem> {
    let commit = r.begin(Alice)?;
    let key = r.receive(Bob, &commit)?;
    let reveal = r.receive(Alice, &key)?;
    let other = curve25519::x25519(&fixtures::seed("another g^y", 0), &curve25519::BASE);
    r.receive(Alice, &with_gy(&key, &[&[0x40], other.as_slice()].concat())?)?;
    let signature = r.receive(Bob, &reveal)?;
    r.receive(Alice, &signature).map(|_| ())
}

/// Bob answers with what only the key r hides from him, so the seed of Alice tells it here.
fn reflected_key(r: &mut Recorder) -> Result<(), Problem> {
    let commit = r.begin(Alice)?;
    let key = r.receive(Bob, &commit)?;
    let mut secret = [0; 32];
    super::generator(&r.exchange.alice)?.fill_bytes(&mut secret);
    let ours = curve25519::x25519(&secret, &curve25519::BASE);
    r.receive(Alice, &with_gy(&key, &[&[0x40], ours.as_slice()].concat())?)?;
    r.receive(Alice, &key).map(|_| ())
}

/// The key that was refused is forgotten, the right one still completes the exchange.
fn kem_not_reduced(r: &mut Recorder) -> Result<(), Problem> {
    let commit = r.begin(Alice)?;
    let key = r.receive(Bob, &commit)?;
    r.receive(Alice, &with_kem_key(&key, unreduced)?)?;
    let reveal = r.receive(Alice, &key)?;
    let signature = r.receive(Bob, &reveal)?;
    r.receive(Alice, &signature).map(|_| ())
}

fn other_kem_key(r: &mut Recorder) -> Result<(), Problem> {
    let commit = r.begin(Alice)?;
    let key = r.receive(Bob, &commit)?;
    let reveal = r.receive(Alice, &with_kem_key(&key, other_seed)?)?;
    r.receive(Bob, &reveal).map(|_| ())
}

/// The forged message is refused, the true one still completes the exchange.
fn forged_ciphertext(r: &mut Recorder) -> Result<(), Problem> {
    let commit = r.begin(Alice)?;
    let key = r.receive(Bob, &commit)?;
    let reveal = r.receive(Alice, &key)?;
    let bytes = armour::decode(reveal.as_bytes(), MAX_MESSAGE)?;
    let Payload::RevealSignature(RevealSignature { kem_ciphertext, .. }) = Message::decode(&bytes)?.payload else {
        return Err(Problem::new("it is no Reveal Signature"));
    };
    // Header, r, and two lengths stand before it.
    let at = 11 + 4 + 16 + 4 + kem_ciphertext.len() / 2;
    r.receive(Bob, &flipped(&reveal, at)?)?;
    let signature = r.receive(Bob, &reveal)?;
    r.receive(Alice, &signature).map(|_| ())
}

pub(crate) fn generate(_: &Library) -> Result<VectorFile, Problem> {
    let mut file = Builder::new(
        "OTR-Curve25519-Exchange",
        &[
            "Key exchanges of the Curve25519 suite, from seeds: each side draws from ChaCha20 with its seed as key, nonce 0,",
            "from block 0. alice and bob of a group are Ed25519 identities (RFC 8032).",
            "bond: what a side is bound to beside the messages; nothing where it is left out.",
            "steps: who gets which message at which second (null: who begins), and what comes of it.",
            "invalid: some message is refused or ignored; what follows shows what is left.",
        ],
    );
    let identity = |name| Identity::Ed25519(fixtures::ed25519(name));
    let shared = Shared { alice: identity("alice"), bob: identity("bob") };
    file.group("OtrExchange", &shared)?;
    for (number, (comment, flags, script)) in (FIRST..).zip(SCRIPTS) {
        let mut recorder = Recorder::new(&shared, VERSION, number)?;
        script(&mut recorder)?;
        expect(comment, flags, &recorder.exchange.steps)?;
        let verdict = if flags.is_empty() { Verdict::Valid } else { Verdict::Invalid };
        file.case(*comment, flags, verdict, &recorder.exchange)?;
    }
    Ok(file.finish())
}
