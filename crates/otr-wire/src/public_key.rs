//! What the encrypted signature of the key exchange holds: a public key, a keyid, a signature.

use alloc::vec::Vec;

use crate::{DecodeError, KeyId, Mpi, limits::MAX_DSA_PARAMETER, reader::Reader, writer::Writer};

/// The type number of a DSA public key.
const DSA: u16 = 0;

/// The type number of an Ed25519 public key.
const ED25519: u16 = 25519;

/// A DSA public key as it stands in a message, unchecked (spec: "OTR public authentication DSA key").
///
/// ```text
/// 2           public key type   SHORT   0x0000
/// 4 + 0..384  p                 MPI
/// 4 + 0..384  q                 MPI
/// 4 + 0..384  g                 MPI
/// 4 + 0..384  y                 MPI
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EncodedPublicKey<'a> {
    /// The prime modulus.
    pub p: Mpi<'a>,
    /// The order of g.
    pub q: Mpi<'a>,
    /// The generator.
    pub g: Mpi<'a>,
    /// The public value.
    pub y: Mpi<'a>,
}

impl<'a> EncodedPublicKey<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        match reader.u16()? {
            DSA => Self::read_numbers(reader),
            kind => Err(DecodeError::UnknownKeyType(kind)),
        }
    }

    fn read_numbers(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(Self {
            p: reader.mpi("p", MAX_DSA_PARAMETER)?,
            q: reader.mpi("q", MAX_DSA_PARAMETER)?,
            g: reader.mpi("g", MAX_DSA_PARAMETER)?,
            y: reader.mpi("y", MAX_DSA_PARAMETER)?,
        })
    }

    /// Decodes a public key that stands alone.
    ///
    /// # Errors
    ///
    /// Every way in which `bytes` is not exactly one DSA public key.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let key = Self::read(&mut reader)?;
        reader.finish()?;
        Ok(key)
    }

    /// The key's bytes, type included.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.put_u16(DSA);
        for number in [self.p, self.q, self.g, self.y] {
            out.put_mpi(number);
        }
        out
    }
}

/// The long-term public key in X.
///
/// ```text
/// 2    public key type   SHORT   0 or, in the Curve25519 suite, 25519
/// …    DSA: the numbers of [`EncodedPublicKey`]; Ed25519: 32 bytes
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignedKey<'a> {
    /// Of versions 2 and 3.
    Dsa(EncodedPublicKey<'a>),
    /// Of the Curve25519 suite, unchecked.
    Ed25519(&'a [u8; 32]),
}

impl<'a> SignedKey<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        match reader.u16()? {
            DSA => EncodedPublicKey::read_numbers(reader).map(Self::Dsa),
            ED25519 => reader.array().map(Self::Ed25519),
            kind => Err(DecodeError::UnknownKeyType(kind)),
        }
    }

    /// The key's bytes, type included.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Dsa(key) => key.encode(),
            Self::Ed25519(key) => [&ED25519.to_be_bytes(), key.as_slice()].concat(),
        }
    }
}

/// The structure X of the key exchange: who speaks, with which key, and the proof.
///
/// ```text
/// …    public key   PUBKEY
/// 4    keyid        INT      not 0
/// 40   signature    SIG      r and s, 20 bytes each; Ed25519: 64 bytes
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedIdentity<'a> {
    /// The sender's long-term public key.
    pub public_key: SignedKey<'a>,
    /// The serial number of the sender's Diffie-Hellman key.
    pub keyid: KeyId,
    /// The signature over M: r, then s.
    pub signature: &'a [u8],
}

impl<'a> SignedIdentity<'a> {
    /// Decodes X after its decryption.
    ///
    /// # Errors
    ///
    /// Every way in which `bytes` is not exactly one X.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let public_key = SignedKey::read(&mut reader)?;
        let keyid = reader.keyid()?;
        let signature: &[u8] = match public_key {
            SignedKey::Dsa(_) => reader.array::<40>()?,
            SignedKey::Ed25519(_) => reader.array::<64>()?,
        };
        reader.finish()?;
        Ok(Self { public_key, keyid, signature })
    }

    /// The bytes of X for a public key that is already encoded, type included.
    #[must_use]
    pub fn encode(public_key: &[u8], keyid: KeyId, signature: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(public_key.len().saturating_add(signature.len()).saturating_add(4));
        out.extend_from_slice(public_key);
        out.put_u32(keyid.get());
        out.extend_from_slice(signature);
        out
    }
}
