//! The slot of an exchange we started.

use core::time::Duration;
use std::sync::Arc;

use otr_crypto::{AkeKeys, DhPublic, SessionRoot, SharedSecret};
use otr_wire::{DhKey, Header, Message, Payload, RevealSignature, Signature};
use rand_core::CryptoRng;

use crate::{Context, Error, Established, Offer, Role, identity_proof, transcript};

/// Where an exchange we started stands.
#[derive(Debug)]
pub(crate) enum Initiator {
    /// We started none.
    Idle,
    /// Our D-H Commit is out (spec: `AUTHSTATE_AWAITING_DHKEY`).
    AwaitingDhKey(Arc<Offer>),
    /// Our Reveal Signature is out (spec: `AUTHSTATE_AWAITING_SIG`).
    AwaitingSignature(Box<AwaitingSignature>),
}

/// Everything needed to accept the last message.
#[derive(Debug)]
pub(crate) struct AwaitingSignature {
    offer: Arc<Offer>,
    their_dh: DhPublic,
    shared: SharedSecret,
    keys: AkeKeys,
    root: SessionRoot,
    reveal_signature: Vec<u8>,
    pub(crate) since: Duration,
}

/// Answers a D-H Key to `offer`: checks g^y and makes the Reveal Signature.
pub(crate) fn reveal<R: CryptoRng + ?Sized>(
    offer: &Arc<Offer>,
    header: Header,
    message: &DhKey<'_>,
    context: &mut Context<'_, R>,
) -> Result<AwaitingSignature, Error> {
    let our_dh = offer.key_pair.public();
    let suite = our_dh.suite();
    let their_dh = suite.public(message.gy.as_bytes()).map_err(|_| Error::IllegalValue)?;
    if &their_dh == our_dh {
        return Err(Error::Reflected);
    }
    let shared = offer.key_pair.agree(&their_dh).map_err(|_| Error::IllegalValue)?;
    let (kem_ciphertext, kem) = suite.encapsulate(message.kem_key, context.rng).map_err(|_| Error::IllegalValue)?;
    let revealed_key = offer.key.as_bytes();
    let transcript = transcript::of_exchange(&transcript::Exchange {
        suite,
        bond: context.bond,
        tags: [header.sender(), header.receiver()],
        commitment: [&offer.commitment.encrypted, &offer.commitment.hash],
        dh_key: message,
        revealed_key,
        kem_ciphertext: &kem_ciphertext,
    });
    let (keys, root) = shared.exchange_keys(&kem, &transcript);
    let proof = identity_proof::prove(context.identity, keys.reveal_signature(), our_dh, &their_dh, context.rng)?;
    let payload = Payload::RevealSignature(RevealSignature {
        revealed_key,
        kem_ciphertext: &kem_ciphertext,
        encrypted_signature: &proof.encrypted,
        mac: &proof.mac,
    });
    let reveal_signature = Message { header, payload }.encode();
    offer.set_revealed();
    Ok(AwaitingSignature { offer: offer.clone(), their_dh, shared, keys, root, reveal_signature, since: context.now })
}

impl AwaitingSignature {
    /// The offer that was answered.
    pub(crate) fn offer(&self) -> &Arc<Offer> {
        &self.offer
    }

    /// The Reveal Signature again, when `message` is the D-H Key we already answered.
    pub(crate) fn repeat(&self, message: &DhKey<'_>) -> Option<Vec<u8>> {
        (message.gy.as_bytes() == self.their_dh.as_bytes()).then(|| self.reveal_signature.clone())
    }

    /// Checks the peer's Signature.
    pub(crate) fn check<R: CryptoRng + ?Sized>(
        &self,
        message: &Signature<'_>,
        context: &mut Context<'_, R>,
    ) -> Result<ProvedPeer, Error> {
        let (key, keyid) = identity_proof::verify(
            context.identity,
            context.known_keys,
            self.keys.signature(),
            &self.their_dh,
            self.offer.key_pair.public(),
            message.encrypted_signature,
            message.mac,
        )?;
        Ok(ProvedPeer { ours: context.identity.public_key().clone(), key, keyid })
    }

    /// Completes the exchange with what [`check`](Self::check) has proved.
    pub(crate) fn complete(self, peer: ProvedPeer, header: Header) -> Established {
        Established {
            header,
            role: Role::Initiator,
            session_id: self.keys.session_id(),
            root: self.root.between(&peer.ours, &peer.key),
            their_key: peer.key,
            their_keyid: peer.keyid,
            their_dh: self.their_dh,
            our_dh: self.offer.key_pair.clone(),
            shared: self.shared,
        }
    }
}

/// The proof that a Signature was checked.
pub(crate) struct ProvedPeer {
    ours: otr_crypto::PublicKey,
    key: otr_crypto::PublicKey,
    keyid: otr_wire::KeyId,
}
