//! The slot of an exchange we answer.

use core::time::Duration;
use std::sync::Arc;

use otr_crypto::{CommitmentKey, DhKeyPair, KemKey};
use otr_wire::{DhCommit, DhKey, Header, Message, Mpi, Payload, RevealSignature, Signature, Version};
use rand_core::CryptoRng;

use crate::{Context, Error, Established, Role, identity_proof, suite, transcript};

/// Where an exchange we answer stands.
#[derive(Debug)]
pub(crate) enum Responder {
    /// We answer none.
    Idle,
    /// Our D-H Key is out (spec: `AUTHSTATE_AWAITING_REVEALSIG`).
    AwaitingRevealSignature(Box<AwaitingRevealSignature>),
}

/// Everything needed to accept the Reveal Signature.
#[derive(Debug)]
pub(crate) struct AwaitingRevealSignature {
    key_pair: Arc<DhKeyPair>,
    kem_key: KemKey,
    encrypted_gx: Vec<u8>,
    hashed_gx: [u8; 32],
    /// When the last commit came.
    pub(crate) since: Duration,
    /// When the first commit came.
    pub(crate) begun: Duration,
}

impl AwaitingRevealSignature {
    /// Answers a first D-H Commit with a fresh key.
    pub(crate) fn new<R: CryptoRng + ?Sized>(
        version: Version,
        commit: &DhCommit<'_>,
        context: &mut Context<'_, R>,
    ) -> Self {
        let suite = suite(version);
        Self {
            key_pair: Arc::new(suite.key_pair(context.rng)),
            kem_key: suite.kem_key(context.rng),
            encrypted_gx: commit.encrypted_gx.to_vec(),
            hashed_gx: *commit.hashed_gx,
            since: context.now,
            begun: context.now,
        }
    }

    /// The hashed g^x of the commit we answered last.
    pub(crate) const fn hashed_gx(&self) -> &[u8; 32] {
        &self.hashed_gx
    }

    /// Takes a later D-H Commit in place of the stored one; our key stays the same.
    pub(crate) fn replace_commit(&mut self, commit: &DhCommit<'_>, now: Duration) {
        self.encrypted_gx = commit.encrypted_gx.to_vec();
        self.hashed_gx = *commit.hashed_gx;
        self.since = now;
    }

    /// The D-H Key message.
    pub(crate) fn message(&self, header: Header) -> Result<Vec<u8>, Error> {
        Ok(Message { header, payload: Payload::DhKey(self.dh_key()?) }.encode())
    }

    fn dh_key(&self) -> Result<DhKey<'_>, Error> {
        let gy = Mpi::new(self.key_pair.public().as_bytes())?;
        Ok(DhKey { gy, kem_key: self.kem_key.public() })
    }

    /// Checks a Reveal Signature and, when all is right, makes the Signature and the result.
    ///
    /// The cheap checks come first: without r, a forger gets no further than one hash (attack rules AKE-2, DOS-2).
    pub(crate) fn check<R: CryptoRng + ?Sized>(
        &self,
        message: &RevealSignature<'_>,
        header: Header,
        context: &mut Context<'_, R>,
    ) -> Result<(Established, Vec<u8>), Error> {
        let key = CommitmentKey::from_bytes(*message.revealed_key);
        let our_dh = self.key_pair.public();
        let suite = our_dh.suite();
        let their_dh = key.open_in(suite, &self.encrypted_gx, &self.hashed_gx).map_err(|_| Error::Verification)?;
        if &their_dh == our_dh {
            return Err(Error::Reflected);
        }
        let shared = self.key_pair.agree(&their_dh).map_err(|_| Error::IllegalValue)?;
        let kem = self.kem_key.open(message.kem_ciphertext).map_err(|_| Error::IllegalValue)?;
        let transcript = transcript::of_exchange(&transcript::Exchange {
            suite,
            bond: context.bond,
            tags: [header.receiver(), header.sender()],
            commitment: [&self.encrypted_gx, &self.hashed_gx],
            dh_key: &self.dh_key()?,
            revealed_key: message.revealed_key,
            kem_ciphertext: message.kem_ciphertext,
        });
        let (keys, root) = shared.exchange_keys(&kem, &transcript);
        let (their_key, their_keyid) = identity_proof::verify(
            context.identity,
            context.known_keys,
            keys.reveal_signature(),
            &their_dh,
            our_dh,
            message.encrypted_signature,
            message.mac,
        )?;
        let proof = identity_proof::prove(context.identity, keys.signature(), our_dh, &their_dh, context.rng)?;
        let payload = Payload::Signature(Signature { encrypted_signature: &proof.encrypted, mac: &proof.mac });
        let reply = Message { header, payload }.encode();
        let established = Established {
            header,
            role: Role::Responder,
            session_id: keys.session_id(),
            root: root.between(&their_key, context.identity.public_key()),
            their_key,
            their_keyid,
            their_dh,
            our_dh: self.key_pair.clone(),
            shared,
        };
        Ok((established, reply))
    }
}
