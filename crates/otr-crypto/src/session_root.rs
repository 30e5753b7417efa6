use crate::curve25519::kdf::kdf;
use crate::secret::{Secret, opaque_debug};
use crate::{DataKeys, DhPublic, Fingerprint, PublicKey, SessionId, SharedSecret, Suite};

/// What all data message keys of a session of the Curve25519 suite rest on, beside the Diffie-Hellman pair in use: the
/// secrets of its exchange, what ML-KEM carried among them. Nothing in versions 2 and 3. Wiped on drop.
pub struct SessionRoot(Option<Secret<32>>);

/// What a session of version 3 leaves to the exchange that takes its place: 32 bytes that only its two ends know.
/// Wiped on drop.
pub struct Bond(Secret<32>);

opaque_debug!(SessionRoot, Bond);

impl SessionRoot {
    /// That of versions 2 and 3.
    pub const fn otr() -> Self {
        Self(None)
    }

    pub(crate) const fn of_exchange(root: Secret<32>) -> Self {
        Self(Some(root))
    }

    /// The root once both have proved who they are (attack rule NEW-8).
    #[must_use]
    pub fn between(self, initiator: &PublicKey, responder: &PublicKey) -> Self {
        let identities = [initiator.full_digest(), responder.full_digest()];
        Self(self.0.map(|root| kdf(b"OTR-25519 v1 session", &[root.as_bytes()], identities.as_flattened())))
    }

    /// The keys of data messages between two public values, of which `shared` was made.
    pub fn data_keys(&self, shared: &SharedSecret, ours: &DhPublic, theirs: &DhPublic) -> DataKeys {
        match (&self.0, shared.suite()) {
            (Some(root), _) => DataKeys::derive_curve25519(root.as_bytes(), shared.secbytes(), ours, theirs),
            (None, Suite::Curve25519) => DataKeys::derive_curve25519(&[0; 32], shared.secbytes(), ours, theirs),
            (None, Suite::Otr) => shared.data_keys(ours, theirs),
        }
    }
}

impl SharedSecret {
    /// The bond of the session that was made of this secret.
    pub fn bond(&self, session: &SessionId, initiator: &Fingerprint, responder: &Fingerprint) -> Bond {
        let context = [session.as_bytes().as_slice(), initiator.as_bytes(), responder.as_bytes()].concat();
        Bond(kdf(b"OTR-25519 v1 bond", &[self.secbytes()], &context))
    }
}

impl Bond {
    /// The 32 bytes, for the transcript of the exchange.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}
