//! The keys of one key exchange: ssid, c, c', m1, m2, m1', m2' of the spec.

use hmac::Mac;
use hmac::digest::FixedOutput;

use crate::cipher::{aes_ctr, aes256_ctr};
use crate::curve25519::kdf::kdf;
use crate::kdf::{h2, halves};
use crate::mac::{self, hmac_sha256};
use crate::secret::{Secret, opaque_debug};
use crate::{DhPublic, Error, KemSecret, PublicKey, SessionRoot, Transcript, mpi};

/// The secure session id, 8 bytes: what two users compare to know that nobody sits between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionId([u8; 8]);

impl SessionId {
    /// The bytes, shown as two big-endian halves.
    pub fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }
}

/// All keys that a key exchange takes from its shared secret. Wiped on drop.
pub struct AkeKeys {
    session_id: SessionId,
    reveal_signature: SignatureKeys,
    signature: SignatureKeys,
}

/// The keys of one of the two signed messages: a cipher key of 16 bytes, or 32 in the Curve25519 suite, and two
/// authenticator keys of 32 bytes. Wiped on drop.
pub struct SignatureKeys {
    c: CipherKey,
    m1: Secret<32>,
    m2: Secret<32>,
}

enum CipherKey {
    Aes128(Secret<16>),
    Aes256(Secret<32>),
}

/// M of the spec: the 32-byte authenticator of one side of a key exchange, and the only thing an
/// identity key signs. Wiped on drop.
///
/// It cannot be made from bytes: signing bytes of a stranger's choosing would let them forge.
///
/// ```compile_fail,E0423
/// let m = otr_crypto::AkeMac([0; 32]);
/// ```
///
/// ```compile_fail,E0308
/// fn sign(key: &otr_crypto::IdentityKey, rng: &mut impl rand_core::CryptoRng) {
///     let _ = key.sign(&[0u8; 32], rng);
/// }
/// ```
pub struct AkeMac(Secret<32>);

opaque_debug!(AkeKeys, SignatureKeys, AkeMac);

impl AkeKeys {
    pub(crate) fn derive(secbytes: &[u8]) -> Self {
        let (c, c_prime) = halves(&h2(0x01, secbytes));
        let mut session_id = [0; 8];
        session_id.copy_from_slice(h2(0x00, secbytes).as_bytes().split_at(8).0);
        Self {
            session_id: SessionId(session_id),
            reveal_signature: SignatureKeys { c: CipherKey::Aes128(c), m1: h2(0x02, secbytes), m2: h2(0x03, secbytes) },
            signature: SignatureKeys { c: CipherKey::Aes128(c_prime), m1: h2(0x04, secbytes), m2: h2(0x05, secbytes) },
        }
    }

    pub(crate) fn derive_curve25519(dh: &[u8], kem: &KemSecret, transcript: &Transcript) -> (Self, SessionRoot) {
        let secret: Secret<32> = kdf(b"OTR-25519 v1 exchange", &[dh, kem.as_bytes()], &transcript.digest());
        let derive = |label: &[u8]| kdf(label, &[secret.as_bytes()], &[]);
        let session_id: Secret<8> = kdf(b"OTR-25519 v1 session id", &[secret.as_bytes()], &[]);
        let keys = Self {
            session_id: SessionId(*session_id.as_bytes()),
            reveal_signature: SignatureKeys {
                c: CipherKey::Aes256(derive(b"OTR-25519 v1 initiator cipher")),
                m1: derive(b"OTR-25519 v1 initiator m1"),
                m2: derive(b"OTR-25519 v1 initiator m2"),
            },
            signature: SignatureKeys {
                c: CipherKey::Aes256(derive(b"OTR-25519 v1 responder cipher")),
                m1: derive(b"OTR-25519 v1 responder m1"),
                m2: derive(b"OTR-25519 v1 responder m2"),
            },
        };
        (keys, SessionRoot::of_exchange(derive(b"OTR-25519 v1 root")))
    }

    /// ssid: the first 8 bytes of h2(0x00).
    pub fn session_id(&self) -> SessionId {
        self.session_id
    }

    /// c, m1 and m2: the keys of the Reveal Signature message.
    pub fn reveal_signature(&self) -> &SignatureKeys {
        &self.reveal_signature
    }

    /// c', m1' and m2': the keys of the Signature message.
    pub fn signature(&self) -> &SignatureKeys {
        &self.signature
    }
}

impl SignatureKeys {
    /// M: HMAC-SHA-256 with m1 over the signer's own public value, the other one, the signer's
    /// identity key and the serial number of the signer's public value.
    pub fn authenticate(&self, own: &DhPublic, other: &DhPublic, key: &PublicKey, keyid: u32) -> AkeMac {
        let mut hmac = hmac_sha256(self.m1.as_bytes());
        for public in [own, other] {
            hmac.update(&mpi::length(public.as_bytes()));
            hmac.update(public.as_bytes());
        }
        hmac.update(key.encoded());
        hmac.update(&keyid.to_be_bytes());
        let mut m = Secret::zeroed();
        hmac.finalize_into(m.as_mut().into());
        AkeMac(m)
    }

    /// Encrypts or decrypts the signed part in place: AES-128 (AES-256 in the
    /// Curve25519 suite) with c, counter mode from 0.
    pub fn apply_cipher(&self, data: &mut [u8]) {
        match &self.c {
            CipherKey::Aes128(c) => aes_ctr(c.as_bytes(), 0, data),
            CipherKey::Aes256(c) => aes256_ctr(c.as_bytes(), 0, data),
        }
    }

    /// The first 20 bytes of HMAC-SHA-256 with m2 over the 4-byte length of `encrypted` and
    /// `encrypted`.
    pub fn mac(&self, encrypted: &[u8]) -> [u8; 20] {
        mac::truncated(self.outer(encrypted))
    }

    /// Checks [`Self::mac`] in constant time.
    ///
    /// # Errors
    ///
    /// [`Error::Rejected`] if it differs.
    pub fn verify(&self, encrypted: &[u8], mac: &[u8; 20]) -> Result<(), Error> {
        mac::verify(self.outer(encrypted), mac)
    }

    fn outer(&self, encrypted: &[u8]) -> impl Mac + use<> {
        hmac_sha256(self.m2.as_bytes()).chain_update(mpi::length(encrypted)).chain_update(encrypted)
    }
}

impl AkeMac {
    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// For the vectors of this crate; there is no such function outside its tests.
    #[cfg(test)]
    pub(crate) fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Secret::from_array(bytes))
    }
}
