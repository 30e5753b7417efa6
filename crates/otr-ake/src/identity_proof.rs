//! The encrypted signature: proving who one is, inside the channel that is being made.

use otr_crypto::{DhPublic, IdentityKey, PublicKey, PublicKeyCache, SignatureKeys};
use otr_wire::{KeyId, SignedIdentity, SignedKey};
use rand_core::CryptoRng;

use crate::{Error, MAX_KEYID};

/// An encrypted X and its MAC.
pub(crate) struct Proof {
    pub(crate) encrypted: Vec<u8>,
    pub(crate) mac: [u8; 20],
}

/// Makes X: public key, keyid, and the signature over both sides' Diffie-Hellman keys, ours first.
pub(crate) fn prove(
    identity: &IdentityKey,
    keys: &SignatureKeys,
    ours: &DhPublic,
    theirs: &DhPublic,
    rng: &mut (impl CryptoRng + ?Sized),
) -> Result<Proof, Error> {
    let m = keys.authenticate(ours, theirs, identity.public_key(), OUR_KEYID.get());
    let signature = identity.sign(&m, rng).map_err(|_| Error::Signing)?;
    let mut encrypted = SignedIdentity::encode(identity.public_key().encoded(), OUR_KEYID, &signature);
    keys.apply_cipher(&mut encrypted);
    let mac = keys.mac(&encrypted);
    Ok(Proof { encrypted, mac })
}

/// Checks X in the fixed order of attack rule AKE-1: MAC, decryption, form, keyid, key, M, signature.
pub(crate) fn verify(
    identity: &IdentityKey,
    known_keys: &mut PublicKeyCache,
    keys: &SignatureKeys,
    theirs: &DhPublic,
    ours: &DhPublic,
    encrypted: &[u8],
    mac: &[u8; 20],
) -> Result<(PublicKey, KeyId), Error> {
    keys.verify(encrypted, mac).map_err(|_| Error::Verification)?;
    let mut decrypted = encrypted.to_vec();
    keys.apply_cipher(&mut decrypted);
    let proof = SignedIdentity::decode(&decrypted)?;
    // attack rule AKE-18: 0 is refused by the decoder, the far end of the range here.
    if proof.keyid.get() > MAX_KEYID {
        return Err(Error::Verification);
    }
    let key = match &proof.public_key {
        SignedKey::Dsa(key) => {
            let [p, q, g, y] = [key.p, key.q, key.g, key.y].map(|number| number.as_bytes());
            known_keys.get(p, q, g, y)
        }
        SignedKey::Ed25519(key) => known_keys.get_ed25519(key),
    };
    // attack rule NEW-9: no key of one suite proves anything in the other.
    let key = key.ok().filter(|key| key.suite() == ours.suite()).ok_or(Error::Verification)?;
    let m = keys.authenticate(theirs, ours, &key, proof.keyid.get());
    key.verify(&m, proof.signature).map_err(|_| Error::Verification)?;
    // attack rule AKE-11: whoever proves our own identity is us.
    if &key == identity.public_key() {
        return Err(Error::Reflected);
    }
    Ok((key, proof.keyid))
}

/// The serial number of our key in every exchange: it is always fresh (attack rule AKE-7).
pub(crate) const OUR_KEYID: KeyId = KeyId::MIN;
