//! The four messages of the authenticated key exchange.

use alloc::vec::Vec;

use crate::{
    DecodeError, Mpi, Version,
    limits::{
        ENCRYPTED_ED25519_SIGNATURE, ENCRYPTED_GX, ENCRYPTED_SIGNATURE, KEM_CIPHERTEXT, KEM_KEY, MAX_GROUP_ELEMENT,
    },
    reader::Reader,
    writer::Writer,
};

/// D-H Commit, the first message: a commitment to g^x.
///
/// ```text
/// 4 + 5..196   encrypted g^x   DATA   AES-128-CTR with key r, counter 0, over the MPI g^x
/// 4 + 32       hashed g^x      DATA   SHA-256 of the MPI g^x
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DhCommit<'a> {
    /// The encrypted MPI g^x, 5 to 196 bytes.
    pub encrypted_gx: &'a [u8],
    /// SHA-256 of the MPI g^x, its length included.
    pub hashed_gx: &'a [u8; 32],
}

impl<'a> DhCommit<'a> {
    pub(crate) fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(Self {
            encrypted_gx: reader.data("encrypted g^x", ENCRYPTED_GX)?,
            hashed_gx: reader.data_array("hashed g^x")?,
        })
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.put_data(self.encrypted_gx);
        out.put_data(self.hashed_gx);
    }
}

/// D-H Key, the second message: g^y.
///
/// ```text
/// 4 + 0..192   g^y                 MPI
/// 4 + 1184     encapsulation key   DATA   in the Curve25519 suite only
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DhKey<'a> {
    /// The responder's Diffie-Hellman key, unchecked.
    pub gy: Mpi<'a>,
    /// The responder's ML-KEM-768 encapsulation key, unchecked; empty in versions 2 and 3.
    pub kem_key: &'a [u8],
}

impl<'a> DhKey<'a> {
    pub(crate) fn decode(reader: &mut Reader<'a>, version: Version) -> Result<Self, DecodeError> {
        let gy = reader.mpi("g^y", MAX_GROUP_ELEMENT)?;
        let kem_key = if has_kem(version) { reader.data("encapsulation key", KEM_KEY)? } else { &[] };
        Ok(Self { gy, kem_key })
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>, version: Version) {
        out.put_mpi(self.gy);
        if has_kem(version) {
            out.put_data(self.kem_key);
        }
    }
}

/// Reveal Signature, the third message: opens the commitment and authenticates the initiator.
///
/// ```text
/// 4 + 16         revealed key          DATA   r
/// 4 + 1088       KEM ciphertext        DATA   in the Curve25519 suite only
/// 4 + 212..1300  encrypted signature   DATA   AES-128-CTR with key c, counter 0, over X
/// 20             MAC'd signature       MAC    HMAC-SHA-256-160 with key m2 over the field above and its length
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RevealSignature<'a> {
    /// The key r of the commitment.
    pub revealed_key: &'a [u8; 16],
    /// The ML-KEM-768 ciphertext to the responder's key; empty in versions 2 and 3.
    pub kem_ciphertext: &'a [u8],
    /// The encrypted X, 212 to 1300 bytes; 102 in the Curve25519 suite.
    pub encrypted_signature: &'a [u8],
    /// The first 20 bytes of the HMAC-SHA-256.
    pub mac: &'a [u8; 20],
}

impl<'a> RevealSignature<'a> {
    pub(crate) fn decode(reader: &mut Reader<'a>, version: Version) -> Result<Self, DecodeError> {
        let revealed_key = reader.data_array("revealed key")?;
        let kem_ciphertext = if has_kem(version) { reader.data("KEM ciphertext", KEM_CIPHERTEXT)? } else { &[] };
        let Signature { encrypted_signature, mac } = Signature::decode(reader, version)?;
        Ok(Self { revealed_key, kem_ciphertext, encrypted_signature, mac })
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>, version: Version) {
        out.put_data(self.revealed_key);
        if has_kem(version) {
            out.put_data(self.kem_ciphertext);
        }
        out.put_data(self.encrypted_signature);
        out.extend_from_slice(self.mac);
    }
}

/// Signature, the fourth message: authenticates the responder.
///
/// ```text
/// 4 + 212..1300  encrypted signature   DATA   AES-128-CTR with key c', counter 0, over X
/// 20             MAC'd signature       MAC    HMAC-SHA-256-160 with key m2' over the field above and its length
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signature<'a> {
    /// The encrypted X, 212 to 1300 bytes; 102 in the Curve25519 suite.
    pub encrypted_signature: &'a [u8],
    /// The first 20 bytes of the HMAC-SHA-256.
    pub mac: &'a [u8; 20],
}

impl<'a> Signature<'a> {
    pub(crate) fn decode(reader: &mut Reader<'a>, version: Version) -> Result<Self, DecodeError> {
        let length = if has_kem(version) { ENCRYPTED_ED25519_SIGNATURE } else { ENCRYPTED_SIGNATURE };
        Ok(Self { encrypted_signature: reader.data("encrypted signature", length)?, mac: reader.array()? })
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.put_data(self.encrypted_signature);
        out.extend_from_slice(self.mac);
    }
}

/// Whether messages of a version carry what ML-KEM-768 needs, beside other sizes.
const fn has_kem(version: Version) -> bool {
    matches!(version, Version::Curve25519)
}
