//! A signature of a key exchange: what is signed, by whom, and who checks it.

use chacha20::{ChaCha20Rng, rand_core::SeedableRng};
use otr_crypto::{AkeKeys, AkeMac, DhKeyPair, IdentityKey, IdentityParts, PublicKey};

/// An identity, and its public key as somebody has it who knows nothing else.
#[derive(Debug)]
pub struct Signing {
    /// Who signs.
    pub identity: IdentityKey,
    /// The public key alone.
    pub stranger: PublicKey,
    /// The numbers of the key.
    pub parts: IdentityParts,
    /// For the nonces.
    pub rng: ChaCha20Rng,
    ours: DhKeyPair,
    theirs: DhKeyPair,
    keys: AkeKeys,
}

impl Signing {
    /// With a fresh key, the same each time.
    ///
    /// # Panics
    ///
    /// When our own values are not legal, which cannot be.
    #[must_use]
    pub fn new() -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(3);
        let (ours, theirs) = (DhKeyPair::generate(&mut rng), DhKeyPair::generate(&mut rng));
        let keys = ours.agree(theirs.public()).expect("an honest value").ake_keys();
        let identity = IdentityKey::generate(&mut rng);
        let parts = identity.hazmat_parts().expect("a DSA key");
        let stranger = PublicKey::from_parts(&parts.p, &parts.q, &parts.g, &parts.y).expect("a legal key");
        Self { identity, stranger, parts, rng, ours, theirs, keys }
    }

    /// What is signed; another value for each `keyid`.
    #[must_use]
    pub fn value(&self, keyid: u32) -> AkeMac {
        let reveal = self.keys.reveal_signature();
        reveal.authenticate(self.ours.public(), self.theirs.public(), &self.stranger, keyid)
    }

    /// Signs `m`.
    ///
    /// # Panics
    ///
    /// When the machine makes a mistake.
    pub fn sign(&mut self, m: &AkeMac) -> Vec<u8> {
        self.identity.sign(m, &mut self.rng).expect("a sound machine")
    }
}

impl Default for Signing {
    fn default() -> Self {
        Self::new()
    }
}
