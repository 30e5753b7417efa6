//! What a proof of identity must be bound to: a hand-made peer that gets one thing wrong at a time.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests stop the test")]

mod common;

use common::{ALICE, BOB, IDLE, Party, rng, run, v3};
use otr_ake::{Error, MAX_KEYID, Offer, Outcome};
use otr_crypto::{AkeKeys, CommitmentKey, DhKeyPair, DhPublic, IdentityKey, PublicKey, SignatureKeys};
use otr_wire::{DhCommit, DhKey, Header, Message, MessageType, Mpi, Payload, RevealSignature, Signature};
use sha2::{Digest, Sha256};

/// The header of what the hand-made peer sends to Alice.
fn from_peer() -> Header {
    v3(0x200, 0x100)
}

fn commit(encrypted_gx: &[u8], hashed_gx: &[u8; 32]) -> Vec<u8> {
    Message { header: from_peer(), payload: Payload::DhCommit(DhCommit { encrypted_gx, hashed_gx }) }.encode()
}

fn key(gy: &DhPublic) -> Vec<u8> {
    let gy = Mpi::new(gy.as_bytes()).unwrap();
    Message { header: from_peer(), payload: Payload::DhKey(DhKey { gy, kem_key: &[] }) }.encode()
}

fn reveal(r: &CommitmentKey, (encrypted_signature, mac): &Sealed) -> Vec<u8> {
    let payload = RevealSignature { revealed_key: r.as_bytes(), kem_ciphertext: &[], encrypted_signature, mac };
    Message { header: from_peer(), payload: Payload::RevealSignature(payload) }.encode()
}

fn signature((encrypted_signature, mac): &Sealed) -> Vec<u8> {
    Message { header: from_peer(), payload: Payload::Signature(Signature { encrypted_signature, mac }) }.encode()
}

fn public_key(bytes: &[u8]) -> DhPublic {
    match Message::decode(bytes).unwrap().payload {
        Payload::DhKey(key) => DhPublic::from_bytes(key.gy.as_bytes()).unwrap(),
        other => panic!("{other:?}"),
    }
}

/// An encrypted X and its MAC.
type Sealed = (Vec<u8>, [u8; 20]);

/// Everything that goes into a proof of identity.
struct Proof<'a> {
    m1: &'a SignatureKeys,
    c: &'a SignatureKeys,
    m2: &'a SignatureKeys,
    own: &'a DhPublic,
    other: &'a DhPublic,
    signer: &'a IdentityKey,
    signed_key: &'a PublicKey,
    signed_keyid: u32,
    sent_key: &'a PublicKey,
    sent_keyid: u32,
}

impl Proof<'_> {
    fn seal(&self) -> Sealed {
        let m = self.m1.authenticate(self.own, self.other, self.signed_key, self.signed_keyid);
        let signature = self.signer.sign(&m, &mut rng(70)).unwrap();
        let mut x = [self.sent_key.encoded(), &self.sent_keyid.to_be_bytes(), &signature].concat();
        self.c.apply_cipher(&mut x);
        let mac = self.m2.mac(&x);
        (x, mac)
    }
}

/// The right proof, and everything that can be put in the wrong place.
struct Materials {
    right: AkeKeysOf,
    own: DhPublic,
    other: DhPublic,
    stranger: DhPublic,
    other_run: AkeKeys,
}

/// The keys of a run, and whose turn it is.
struct AkeKeysOf {
    keys: AkeKeys,
    is_initiator: bool,
}

impl AkeKeysOf {
    fn ours(&self) -> &SignatureKeys {
        if self.is_initiator { self.keys.reveal_signature() } else { self.keys.signature() }
    }

    /// Those of the other direction.
    fn primed(&self) -> &SignatureKeys {
        if self.is_initiator { self.keys.signature() } else { self.keys.reveal_signature() }
    }
}

impl Materials {
    fn new(keys: AkeKeys, own: &DhPublic, other: &DhPublic, is_initiator: bool) -> Self {
        let stranger = DhKeyPair::generate(&mut rng(71));
        let other_run = stranger.agree(own).unwrap().ake_keys();
        let right = AkeKeysOf { keys, is_initiator };
        Self { right, own: own.clone(), other: other.clone(), stranger: stranger.public().clone(), other_run }
    }

    fn right(&self) -> Proof<'_> {
        let keys = self.right.ours();
        Proof {
            m1: keys,
            c: keys,
            m2: keys,
            own: &self.own,
            other: &self.other,
            signer: &BOB,
            signed_key: BOB.public_key(),
            signed_keyid: 1,
            sent_key: BOB.public_key(),
            sent_keyid: 1,
        }
    }

    /// Every proof that must be refused, by the name of what is wrong.
    fn wrong(&self) -> Vec<(&'static str, Sealed)> {
        let (right, primed) = (|| self.right(), self.right.primed());
        let other_run =
            if self.right.is_initiator { self.other_run.reveal_signature() } else { self.other_run.signature() };
        let (own, other, stranger) = (&self.own, &self.other, &self.stranger);
        let alice = ALICE.public_key();
        let proofs = [
            ("m1 of the other direction", Proof { m1: primed, ..right() }),
            ("c of the other direction", Proof { c: primed, ..right() }),
            ("m2 of the other direction", Proof { m2: primed, ..right() }),
            ("all keys of the other direction", Proof { m1: primed, c: primed, m2: primed, ..right() }),
            ("m1 of another run", Proof { m1: other_run, ..right() }),
            ("c of another run", Proof { c: other_run, ..right() }),
            ("m2 of another run", Proof { m2: other_run, ..right() }),
            ("all of another run", Proof { m1: other_run, c: other_run, m2: other_run, ..right() }),
            ("the values in the order of the verifier", Proof { own: other, other: own, ..right() }),
            ("another value of the signer's", Proof { own: stranger, ..right() }),
            ("another value of the verifier's", Proof { other: stranger, ..right() }),
            ("the signer's value twice", Proof { other: own, ..right() }),
            ("the verifier's value twice", Proof { own: other, ..right() }),
            ("the verifier's key signed", Proof { signed_key: alice, ..right() }),
            ("the verifier's key sent", Proof { sent_key: alice, ..right() }),
            ("signed by another key", Proof { signer: &ALICE, ..right() }),
            ("another keyid signed", Proof { signed_keyid: 2, ..right() }),
            ("another keyid sent", Proof { sent_keyid: 2, ..right() }),
            ("keyid zero", Proof { signed_keyid: 0, sent_keyid: 0, ..right() }),
            ("keyid too high", Proof { signed_keyid: MAX_KEYID + 1, sent_keyid: MAX_KEYID + 1, ..right() }),
            ("highest keyid", Proof { signed_keyid: u32::MAX, sent_keyid: u32::MAX, ..right() }),
        ];
        let mut sealed: Vec<_> = proofs.into_iter().map(|(what, proof)| (what, proof.seal())).collect();
        let (x, mac) = right().seal();
        let mut open = x.clone();
        self.right.ours().apply_cipher(&mut open);
        let seal = |mut x: Vec<u8>| {
            self.right.ours().apply_cipher(&mut x);
            let mac = self.right.ours().mac(&x);
            (x, mac)
        };
        let end = open.len();
        let changed = |at: usize| {
            let mut x = open.clone();
            x[at] ^= 1;
            seal(x)
        };
        sealed.extend([
            ("a byte too many", seal([&open[..], &[0]].concat())),
            ("a byte too few", seal(open[..end - 1].to_vec())),
            ("another key type", changed(1)),
            ("a length that does not fit", changed(5)),
            ("another p", changed(7)),
            ("another y", changed(end - 46)),
            ("another r", changed(end - 40)),
            ("another s", changed(end - 1)),
            ("r of zero", seal([&open[..end - 40], &[0; 20], &open[end - 20..]].concat())),
            ("s of zero", seal([&open[..end - 20], &[0; 20]].concat())),
            ("another MAC", (x, mac.map(|byte| byte ^ 1))),
        ]);
        sealed
    }
}

/// Alice, who answered the commit of a hand-made peer, and what that peer can say next.
fn alice_answering() -> (Party, CommitmentKey, Materials) {
    let mut alice = Party::alice(1);
    let (pair, r) = (DhKeyPair::generate(&mut rng(2)), CommitmentKey::generate(&mut rng(3)));
    let commitment = r.commit(pair.public());
    let gy = public_key(&alice.answer(&commit(&commitment.encrypted, &commitment.hash)));
    let keys = pair.agree(&gy).unwrap().ake_keys();
    (alice, r, Materials::new(keys, pair.public(), &gy, true))
}

/// Alice, who revealed her offer to a hand-made peer, and what that peer can say next.
fn alice_revealing() -> (Party, Materials) {
    let mut alice = Party::alice(1);
    let pair = DhKeyPair::generate(&mut rng(2));
    let offered = alice.begin();
    let revealed = alice.answer(&key(pair.public()));
    let gx = opened(&offered, &revealed);
    let keys = pair.agree(&gx).unwrap().ake_keys();
    (alice, Materials::new(keys, pair.public(), &gx, false))
}

fn opened(commit: &[u8], reveal: &[u8]) -> DhPublic {
    match (Message::decode(commit).unwrap().payload, Message::decode(reveal).unwrap().payload) {
        (Payload::DhCommit(commit), Payload::RevealSignature(reveal)) => {
            CommitmentKey::from_bytes(*reveal.revealed_key).open(commit.encrypted_gx, commit.hashed_gx).unwrap()
        }
        other => panic!("{other:?}"),
    }
}

// attack: AKE-1, AKE-18, AKE-20, G-1
#[test]
fn a_reveal_signature_is_bound_to_everything() {
    let (_, _, materials) = alice_answering();
    for (what, proof) in materials.wrong() {
        let (mut alice, r, materials) = alice_answering();
        // Nothing but an error comes out: Alice has shown nothing of her key.
        assert_eq!(alice.receive(&reveal(&r, &proof)).err(), Some(Error::Verification), "{what}");
        assert!(alice.state().awaiting_reveal_signature);
        let (established, reply) = alice.complete(&reveal(&r, &materials.right().seal()));
        assert_eq!(&established.their_key, BOB.public_key(), "after {what}");
        assert_eq!(established.session_id, materials.right.keys.session_id());
        assert_eq!(common::kind(&reply.unwrap()), MessageType::Signature);
    }
}

// attack: AKE-1, AKE-18, G-1
#[test]
fn a_signature_is_bound_to_everything() {
    let (_, materials) = alice_revealing();
    for (what, proof) in materials.wrong() {
        let (mut alice, materials) = alice_revealing();
        assert_eq!(alice.receive(&signature(&proof)).err(), Some(Error::Verification), "{what}");
        assert!(alice.state().awaiting_signature);
        let (established, _) = alice.complete(&signature(&materials.right().seal()));
        assert_eq!(&established.their_key, BOB.public_key(), "after {what}");
        assert_eq!(established.session_id, materials.right.keys.session_id());
    }
}

// attack: AKE-18
#[test]
fn the_highest_legal_keyid_is_taken() {
    assert_eq!(MAX_KEYID, u32::MAX - 15);
    for keyid in [1, 2, MAX_KEYID] {
        let (mut alice, r, materials) = alice_answering();
        let proof = Proof { signed_keyid: keyid, sent_keyid: keyid, ..materials.right() }.seal();
        assert_eq!(alice.complete(&reveal(&r, &proof)).0.their_keyid.get(), keyid);
        let (mut alice, materials) = alice_revealing();
        let proof = Proof { signed_keyid: keyid, sent_keyid: keyid, ..materials.right() }.seal();
        assert_eq!(alice.complete(&signature(&proof)).0.their_keyid.get(), keyid);
    }
}

// attack: AKE-2
#[test]
fn a_commitment_opens_to_what_was_committed_and_nothing_else() {
    let (pair, r) = (DhKeyPair::generate(&mut rng(2)), CommitmentKey::generate(&mut rng(3)));
    let honest = r.commit(pair.public());
    let mpi = |number: &[u8]| [&u32::try_from(number.len()).unwrap().to_be_bytes()[..], number].concat();
    let right = mpi(pair.public().as_bytes());
    // Counter mode: what was encrypted and its encryption give the key stream.
    let stream: Vec<u8> = honest.encrypted.iter().zip(&right).map(|(cipher, plain)| cipher ^ plain).collect();
    let encrypt = |plain: &[u8]| plain.iter().zip(&stream).map(|(plain, key)| plain ^ key).collect::<Vec<_>>();
    let hash = |plain: &[u8]| -> [u8; 32] { Sha256::digest(plain).into() };

    let other = mpi(DhKeyPair::generate(&mut rng(4)).public().as_bytes());
    let number = pair.public().as_bytes();
    let shorter = [&[0, 0, 0, 191][..], number].concat();
    let longer = [&[0, 0, 0, 193][..], number].concat();
    let padded = mpi(&[&[0], &number[..191]].concat());
    let one = mpi(&[1]);
    let cut = right[..195].to_vec();
    let cases: [(&str, Vec<u8>, [u8; 32]); 10] = [
        ("another value encrypted", encrypt(&other), hash(&right)),
        ("another value hashed", encrypt(&right), hash(&other)),
        ("hashed without the length", encrypt(&right), hash(number)),
        ("a length too short", encrypt(&shorter), hash(&shorter)),
        ("a length too long", encrypt(&longer), hash(&longer)),
        ("a leading zero", encrypt(&padded), hash(&padded)),
        ("one", encrypt(&one), hash(&one)),
        ("cut short", encrypt(&cut), hash(&cut)),
        ("all ones, above the modulus", encrypt(&mpi(&[0xff; 192])), hash(&mpi(&[0xff; 192]))),
        ("a changed byte", honest.encrypted.iter().map(|byte| byte ^ 1).collect(), honest.hash),
    ];
    for (what, encrypted, hashed) in cases {
        let mut alice = Party::alice(1);
        let gy = public_key(&alice.answer(&commit(&encrypted, &hashed)));
        let keys = pair.agree(&gy).unwrap().ake_keys();
        let materials = Materials::new(keys, pair.public(), &gy, true);
        let revealed = reveal(&r, &materials.right().seal());
        assert_eq!(alice.receive(&revealed).err(), Some(Error::Verification), "{what}");
        // The same words after the honest commit are right.
        let _ = alice.answer(&commit(&honest.encrypted, &honest.hash));
        let _ = alice.complete(&revealed);
    }
    // And the right commit with another key.
    let (mut alice, _, materials) = alice_answering();
    let wrong = reveal(&CommitmentKey::generate(&mut rng(5)), &materials.right().seal());
    assert_eq!(alice.receive(&wrong).err(), Some(Error::Verification));
}

// attack: AKE-11
#[test]
fn our_own_messages_are_refused() {
    // In version 2 no tag tells that a message is ours.
    let mut alice = Party::new(&ALICE, Header::V2, 1);
    let own = alice.begin();
    assert_eq!(alice.receive(&own).err(), Some(Error::Reflected));
    assert!(alice.state().awaiting_dh_key && !alice.state().awaiting_reveal_signature);
}

// attack: AKE-11
#[test]
fn our_own_public_value_is_refused() {
    // As initiator: one peer makes us reveal g^x, another sends it back.
    let mut alice = Party::alice(1);
    let offer = alice.offer();
    alice.ake.begin(offer.clone());
    let revealed = alice.answer(&key(DhKeyPair::generate(&mut rng(2)).public()));
    let gx = opened(&offer.message(None), &revealed);
    let mut other = Party::alice(3);
    other.ake.begin(offer);
    assert_eq!(other.receive(&key(&gx)).err(), Some(Error::Reflected));
    assert!(other.state().awaiting_dh_key);

    // As responder: the peer commits anew, to the g^y that we answered with.
    let (mut alice, r, materials) = alice_answering();
    let commitment = r.commit(&materials.other);
    let _ = alice.answer(&commit(&commitment.encrypted, &commitment.hash));
    assert_eq!(alice.receive(&reveal(&r, &materials.right().seal())).err(), Some(Error::Reflected));
    assert!(alice.state().awaiting_reveal_signature);
}

// attack: AKE-11
#[test]
fn our_own_identity_is_refused() {
    // Both ends are Alice, on two devices or through a mirror that gets everything else right.
    let (mut one, mut other) = (Party::alice(1), Party::new(&ALICE, v3(0x200, 0x100), 2));
    let key = other.answer(&one.begin());
    let reveal = one.answer(&key);
    assert_eq!(other.receive(&reveal).err(), Some(Error::Reflected));

    let (mut alice, materials) = alice_revealing();
    let alices = ALICE.public_key();
    let proof = Proof { signer: &ALICE, signed_key: alices, sent_key: alices, ..materials.right() };
    assert_eq!(alice.receive(&signature(&proof.seal())).err(), Some(Error::Reflected));
    assert!(alice.state().awaiting_signature);
}

// attack: AKE-12
#[test]
fn earlier_transcripts_are_worth_nothing() {
    let old = run(&mut Party::bob(1), &mut Party::alice(2));
    let older = run(&mut Party::alice(3), &mut Party::bob(4));

    // Alice answers: the old commit gets a new key, so the old reveal does not fit.
    let mut alice = Party::alice(5);
    assert_ne!(alice.answer(&old.commit), old.key);
    assert_eq!(alice.receive(&old.reveal).err(), Some(Error::Verification));
    // Alice starts: the old key is answered with a new offer, so the old signature does not fit.
    let mut alice = Party::alice(6);
    alice.begin();
    assert_ne!(alice.answer(&older.key), older.reveal);
    assert_eq!(alice.receive(&older.signature).err(), Some(Error::Verification));
    // Signatures of one run in the other direction's place.
    let (mut alice, mut bob) = (Party::alice(7), Party::bob(8));
    let key = bob.answer(&alice.begin());
    let reveal = alice.answer(&key);
    for replayed in [&old.commit, &old.key, &old.reveal, &old.signature, &older.key, &older.signature] {
        let message = Message::decode(replayed).unwrap();
        let to_alice = Message { header: bob.header, payload: message.payload };
        assert!(!matches!(alice.receive_message(&to_alice), Ok(Outcome::Established(..))));
    }
    // The honest run completes all the same.
    let (_, signature) = bob.complete(&reveal);
    let _ = alice.complete(&signature.unwrap());
    // A finished exchange takes nothing more of its own.
    assert_eq!(bob.state(), IDLE);
    assert!(matches!(bob.receive(&reveal), Ok(Outcome::Ignored)));
}

// attack: AKE-20
#[test]
fn nothing_before_the_signature_shows_the_responders_key() {
    let (mut bob, mut alice) = (Party::bob(1), Party::alice(2));
    let shows = |bytes: &[u8], key: &PublicKey| bytes.windows(16).any(|window| window == &key.encoded()[6..22]);
    let run = run(&mut bob, &mut alice);
    for bytes in [&run.commit, &run.key, &run.reveal, &run.signature] {
        assert!(!shows(bytes, ALICE.public_key()) && !shows(bytes, BOB.public_key()), "keys travel encrypted");
    }
    // Whoever merely asks gets a D-H Key, which is the same length whoever answers, and names nobody.
    let asked = Offer::new(from_peer(), alice.now, &mut rng(9)).message(None);
    assert_eq!(common::kind(&alice.answer(&asked)), MessageType::DhKey);
    // Without a proof of their own they get no further; see `a_reveal_signature_is_bound_to_everything`.
    assert!(alice.receive(&run.reveal).is_err());
}
