use alloc::vec::Vec;

use crate::curve25519::kdf::kdf;
use crate::secret::{Secret, opaque_debug};
use crate::{DataKeys, DhPublic, Fingerprint, PublicKey, SessionId, SharedSecret, Suite, mpi};

/// What all data message keys of a session of the Curve25519 suite rest on, beside the Diffie-Hellman pair in use: the
/// secrets of its exchange, what ML-KEM carried among them. Nothing in versions 2 and 3. Wiped on drop.
pub struct SessionRoot(Option<Secret<32>>);

/// What the two ends of an exchange of the Curve25519 suite have to know beside it, 32 bytes. Where a session of version 3
/// gives way to it, nobody else knows them. Wiped on drop.
pub struct Bond(Secret<32>);

/// What stands for a session where something is bound to it, such as a comparison of secrets: the session id, and in the
/// Curve25519 suite 32 bytes more, which nobody can search for by trying keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    session_id: SessionId,
    more: Option<[u8; 32]>,
}

opaque_debug!(SessionRoot, Bond);

impl Binding {
    /// That of a session of version 2 or 3.
    pub const fn otr(session_id: SessionId) -> Self {
        Self { session_id, more: None }
    }

    /// That of a session of the Curve25519 suite, of given bytes: for test vectors and tools.
    pub const fn hazmat_curve25519(session_id: SessionId, more: [u8; 32]) -> Self {
        Self { session_id, more: Some(more) }
    }

    /// The primitives of the session.
    pub const fn suite(&self) -> Suite {
        match self.more {
            None => Suite::Otr,
            Some(_) => Suite::Curve25519,
        }
    }

    pub(crate) const fn session_id(&self) -> &SessionId {
        &self.session_id
    }

    pub(crate) fn more(&self) -> &[u8] {
        self.more.as_ref().map_or(&[], |more| more)
    }
}

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

    /// What stands for the session of this root and id.
    pub fn binding(&self, session_id: SessionId) -> Binding {
        let more = |root: &Secret<32>| *kdf::<32>(b"OTR-25519 v1 binding", &[root.as_bytes()], &[]).as_bytes();
        Binding { session_id, more: self.0.as_ref().map(more) }
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
    /// A bond of what both ends have said or know, each part with its length before it; `before` is what a session of
    /// version 3 has left.
    pub fn of(before: Option<&Self>, parts: &[&[u8]]) -> Self {
        let context: Vec<u8> = parts.iter().flat_map(|part| [&mpi::length(part), *part].concat()).collect();
        Self(kdf(b"OTR-25519 v1 bond of parts", &[before.map_or(&[], |bond| bond.0.as_bytes())], &context))
    }

    /// The bond with these bytes: for test vectors and tools.
    pub fn hazmat_from_bytes(bytes: [u8; 32]) -> Self {
        Self(Secret::from_array(bytes))
    }

    /// The 32 bytes, for the transcript of the exchange.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}
