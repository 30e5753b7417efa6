//! Whole key exchanges: every message made again from the recorded secrets, and both recorded sides run against ours.

use std::time::Duration;

use otr_ake::{Ake, Context, Offer, Outcome};
use otr_crypto::{AkeKeys, CommitmentKey, DhKeyPair, IdentityKey, PublicKeyCache, SignatureKeys};
use otr_wire::{
    DhCommit, DhKey, Header, KeyId, MAX_MESSAGE, Message, Mpi, Payload, RevealSignature, Signature, SignedIdentity,
    armour,
};
use serde::Deserialize;

use crate::vectors::{
    Case, Group, Library, Problem,
    derived::{ExchangeSecrets, check_exchange},
    keys::{DhPair, Dsa},
    kinds::{Problems, each_with},
    oracle,
    problem::{holds, same},
    scripted::Scripted,
    value::{Hex, Tag},
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shared {
    version: u16,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Exchange {
    initiator: Side,
    responder: Side,
    r: Hex,
    hash_gx: Hex,
    x: DhPair,
    y: DhPair,
    secrets: ExchangeSecrets,
    messages: Messages,
    session_id: Hex,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Side {
    dsa: Dsa,
    fingerprint: Hex,
    instance_tag: Tag,
    keyid: u32,
    half: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Messages {
    dh_commit: String,
    dh_key: String,
    reveal_signature: String,
    signature: String,
}

pub(crate) fn check(group: &Group, _: &Library) -> Problems {
    each_with(group.fields::<Shared>(), group, |shared, case| {
        same("version", 3, shared.version)?;
        check_case(case)
    })
}

fn check_case(case: &Case) -> Result<(), Problem> {
    let exchange: Exchange = case.fields()?;
    holds("recorded exchanges are complete", case.is_valid())?;
    let run = Run {
        initiator: exchange.initiator.dsa.get()?,
        responder: exchange.responder.dsa.get()?,
        x: exchange.x.get()?,
        y: exchange.y.get()?,
        exchange: &exchange,
    };
    run.check_sides()?;
    run.check_opening()?;
    let keys = run.check_keys()?;
    run.check_proofs(&keys)?;
    run.run_ours_as_initiator()?;
    run.run_ours_as_responder()
}

struct Run<'a> {
    exchange: &'a Exchange,
    initiator: IdentityKey,
    responder: IdentityKey,
    x: DhKeyPair,
    y: DhKeyPair,
}

impl Run<'_> {
    fn check_sides(&self) -> Result<(), Problem> {
        let Exchange { initiator, responder, .. } = self.exchange;
        for (identity, side, half) in [(&self.initiator, initiator, "first"), (&self.responder, responder, "second")] {
            let fingerprint = identity.public_key().fingerprint();
            same("fingerprint", Hex::from(fingerprint.as_bytes().as_slice()), side.fingerprint.clone())?;
            same("half of the session id read out", half, &side.half)?;
        }
        Ok(())
    }

    /// D-H Commit and D-H Key, made again.
    fn check_opening(&self) -> Result<(), Problem> {
        let exchange = self.exchange;
        let commitment = CommitmentKey::from_bytes(exchange.r.array()?).commit(self.x.public());
        same("hash of g^x", Hex::from(commitment.hash.as_slice()), exchange.hash_gx.clone())?;
        let commit = DhCommit { encrypted_gx: &commitment.encrypted, hashed_gx: &commitment.hash };
        let header = Header::V3 { sender: exchange.initiator.instance_tag.get()?, receiver: None };
        check_message("D-H Commit", header, Payload::DhCommit(commit), &exchange.messages.dh_commit)?;

        let opened = CommitmentKey::from_bytes(exchange.r.array()?).open(&commitment.encrypted, &commitment.hash)?;
        holds("the commitment opens", &opened == self.x.public())?;

        let key = DhKey { gy: Mpi::new(self.y.public().as_bytes())?, kem_key: &[] };
        check_message("D-H Key", self.to_initiator()?, Payload::DhKey(key), &exchange.messages.dh_key)
    }

    /// The secrets, from both sides' keys.
    fn check_keys(&self) -> Result<AkeKeys, Problem> {
        let Exchange { secrets, session_id, x, y, .. } = self.exchange;
        same("g^xy", Hex(oracle::power(&x.public.0, &y.private.0)?), secrets.s.clone())?;
        check_exchange(&self.y, self.x.public(), secrets, session_id)?;
        Ok(check_exchange(&self.x, self.y.public(), secrets, session_id)?.ake_keys())
    }

    /// Reveal Signature and Signature: taken apart, verified, and put together again.
    fn check_proofs(&self, keys: &AkeKeys) -> Result<(), Problem> {
        let Exchange { initiator, responder, secrets, messages, .. } = self.exchange;
        let bytes = armour::decode(messages.reveal_signature.as_bytes(), MAX_MESSAGE)?;
        let Payload::RevealSignature(reveal) = Message::decode(&bytes)?.payload else {
            return Err(Problem::new("the third message is no Reveal Signature"));
        };
        same("revealed r", Hex::from(reveal.revealed_key.as_slice()), self.exchange.r.clone())?;
        let proof = Proof { side: initiator, identity: &self.initiator, own: &self.x, other: &self.y };
        let made = proof.check(keys.reveal_signature(), &secrets.m1, reveal.encrypted_signature, reveal.mac)?;
        let payload = RevealSignature { encrypted_signature: &made, ..reveal };
        let header = self.to_responder()?;
        check_message("Reveal Signature", header, Payload::RevealSignature(payload), &messages.reveal_signature)?;

        let bytes = armour::decode(messages.signature.as_bytes(), MAX_MESSAGE)?;
        let Payload::Signature(signature) = Message::decode(&bytes)?.payload else {
            return Err(Problem::new("the fourth message is no Signature"));
        };
        let proof = Proof { side: responder, identity: &self.responder, own: &self.y, other: &self.x };
        let made = proof.check(keys.signature(), &secrets.m1_prime, signature.encrypted_signature, signature.mac)?;
        let payload = Signature { encrypted_signature: &made, ..signature };
        check_message("Signature", self.to_initiator()?, Payload::Signature(payload), &messages.signature)
    }

    /// Our initiator with the recorded x and r, against the recorded responder.
    fn run_ours_as_initiator(&self) -> Result<(), Problem> {
        let exchange = self.exchange;
        let mut rng = Scripted::new(&[&exchange.x.private.padded::<40>()?, &exchange.r.0]);
        let header = Header::V3 { sender: exchange.initiator.instance_tag.get()?, receiver: None };
        let offer = Offer::new(header, Duration::ZERO, &mut rng);
        same("our D-H Commit", &armour::encode(&offer.message(None)), &exchange.messages.dh_commit)?;
        let mut ake = Ake::new(self.to_responder()?);
        ake.begin(offer);
        let reply = receive(&mut ake, &self.initiator, &exchange.messages.dh_key, &mut rng)?;
        holds("a D-H Key is answered by a Reveal Signature", matches!(reply, Outcome::Reply(_)))?;
        let outcome = receive(&mut ake, &self.initiator, &exchange.messages.signature, &mut rng)?;
        self.check_established(outcome, &exchange.responder)
    }

    /// Our responder with the recorded y, against the recorded initiator.
    fn run_ours_as_responder(&self) -> Result<(), Problem> {
        let exchange = self.exchange;
        let mut rng = Scripted::new(&[&exchange.y.private.padded::<40>()?]);
        let mut ake = Ake::new(self.to_initiator()?);
        let Outcome::Reply(key) = receive(&mut ake, &self.responder, &exchange.messages.dh_commit, &mut rng)? else {
            return Err(Problem::new("a D-H Commit is not answered"));
        };
        same("our D-H Key", &armour::encode(&key), &exchange.messages.dh_key)?;
        let outcome = receive(&mut ake, &self.responder, &exchange.messages.reveal_signature, &mut rng)?;
        self.check_established(outcome, &exchange.initiator)
    }

    fn check_established(&self, outcome: Outcome, other: &Side) -> Result<(), Problem> {
        let Outcome::Established(established, _) = outcome else {
            return Err(Problem::new("the exchange does not complete"));
        };
        let session_id = Hex::from(established.session_id.as_bytes().as_slice());
        same("session id of our exchange", session_id, self.exchange.session_id.clone())?;
        let fingerprint = established.their_key.fingerprint();
        same("their fingerprint", Hex::from(fingerprint.as_bytes().as_slice()), other.fingerprint.clone())?;
        same("their keyid", established.their_keyid.get(), other.keyid)
    }

    fn to_responder(&self) -> Result<Header, Problem> {
        header(&self.exchange.initiator, &self.exchange.responder)
    }

    fn to_initiator(&self) -> Result<Header, Problem> {
        header(&self.exchange.responder, &self.exchange.initiator)
    }
}

fn header(sender: &Side, receiver: &Side) -> Result<Header, Problem> {
    Ok(Header::V3 { sender: sender.instance_tag.get()?, receiver: Some(receiver.instance_tag.get()?) })
}

/// Hands a recorded message to our side.
fn receive(ake: &mut Ake, identity: &IdentityKey, text: &str, rng: &mut Scripted) -> Result<Outcome, Problem> {
    let bytes = armour::decode(text.as_bytes(), MAX_MESSAGE)?;
    let mut known_keys = PublicKeyCache::default();
    let mut context = Context { identity, known_keys: &mut known_keys, bond: None, now: Duration::ZERO, rng };
    Ok(ake.receive(&Message::decode(&bytes)?, &mut context)?)
}

/// One side's proof of identity.
struct Proof<'a> {
    side: &'a Side,
    identity: &'a IdentityKey,
    own: &'a DhKeyPair,
    other: &'a DhKeyPair,
}

impl Proof<'_> {
    /// Checks MAC, encryption, content and signature; returns the encryption made again.
    fn check(&self, keys: &SignatureKeys, m1: &Hex, encrypted: &[u8], mac: &[u8; 20]) -> Result<Vec<u8>, Problem> {
        keys.verify(encrypted, mac)?;
        same("our MAC", Hex::from(keys.mac(encrypted).as_slice()), Hex::from(mac.as_slice()))?;
        let mut decrypted = encrypted.to_vec();
        keys.apply_cipher(&mut decrypted);
        let x = SignedIdentity::decode(&decrypted)?;
        same("keyid", x.keyid.get(), self.side.keyid)?;
        let public = self.identity.public_key();
        same("public key", Hex(x.public_key.encode()), Hex::from(public.encoded()))?;

        let m = keys.authenticate(self.own.public(), self.other.public(), public, x.keyid.get());
        public.verify(&m, x.signature)?;
        let mut signed = oracle::data(self.own.public().as_bytes())?;
        signed.extend(oracle::data(self.other.public().as_bytes())?);
        signed.extend(public.encoded());
        signed.extend(x.keyid.get().to_be_bytes());
        let m = oracle::hmac_sha256(&m1.0, &signed)?;
        holds("the formula accepts the signature", self.side.dsa.public().accepts(&m, x.signature))?;

        let mut made = SignedIdentity::encode(public.encoded(), KeyId::try_from(self.side.keyid)?, x.signature);
        keys.apply_cipher(&mut made);
        Ok(made)
    }
}

fn check_message(what: &str, header: Header, payload: Payload<'_>, recorded: &str) -> Result<(), Problem> {
    let message = Message { header, payload };
    same(what, armour::encode(&message.encode()).as_str(), recorded)?;
    let bytes = armour::decode(recorded.as_bytes(), MAX_MESSAGE)?;
    same(what, Message::decode(&bytes)?, message)
}
