//! Keys as they stand in the files.

use otr_crypto::{DhKeyPair, IdentityKey};
use serde::{Deserialize, Serialize};

use super::{
    Problem,
    oracle::{self, curve25519},
    problem::same,
    value::Hex,
};

/// A Diffie-Hellman key pair; numbers without leading zeros.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DhPair {
    pub(crate) private: Hex,
    pub(crate) public: Hex,
}

impl DhPair {
    /// The pair of a private key, its public half from the oracle.
    pub(crate) fn of(private: &[u8]) -> Result<Self, Problem> {
        let private = oracle::bytes(&oracle::number(private));
        let public = oracle::power(&[2], &private)?;
        Ok(Self { private: Hex(private), public: Hex(public) })
    }

    /// Our key pair, which must have the public half that stands beside the private one.
    pub(crate) fn get(&self) -> Result<DhKeyPair, Problem> {
        let pair = DhKeyPair::hazmat_from_bytes(self.private.padded()?)?;
        same("g^x", Hex::from(pair.public().as_bytes()), self.public.clone())?;
        Ok(pair)
    }
}

/// A DSA key with its secret; numbers without leading zeros.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Dsa {
    pub(crate) p: Hex,
    pub(crate) q: Hex,
    pub(crate) g: Hex,
    pub(crate) y: Hex,
    pub(crate) x: Hex,
}

impl Dsa {
    /// Our key, if the numbers are one.
    pub(crate) fn get(&self) -> Result<IdentityKey, otr_crypto::Error> {
        IdentityKey::from_parts(&self.p.0, &self.q.0, &self.g.0, &self.y.0, &self.x.0)
    }

    pub(crate) fn public(&self) -> oracle::DsaPublic {
        let [p, q, g, y] = [&self.p, &self.q, &self.g, &self.y].map(|number| oracle::number(&number.0));
        oracle::DsaPublic { p, q, g, y }
    }

    /// The key's MPIs, which its fingerprint is over.
    pub(crate) fn encoded(&self) -> Result<Vec<u8>, Problem> {
        let mut encoded = Vec::new();
        for number in [&self.p, &self.q, &self.g, &self.y] {
            encoded.extend(oracle::data(&number.0)?);
        }
        Ok(encoded)
    }
}

/// An Ed25519 key with its secret (RFC 8032).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ed25519 {
    pub(crate) seed: Hex,
    pub(crate) public: Hex,
}

impl Ed25519 {
    /// The key of a seed, its public half from the oracle.
    pub(crate) fn of(seed: [u8; 32]) -> Self {
        Self { seed: seed.as_slice().into(), public: Hex(curve25519::SigningKey::of(&seed).public) }
    }

    /// Our key, which must have the public half that stands beside the seed.
    pub(crate) fn get(&self) -> Result<IdentityKey, Problem> {
        let key = IdentityKey::from_ed25519_seed(self.seed.array()?);
        same("public key", Hex([&[0x63, 0xaf], self.public.0.as_slice()].concat()), key.public_key().encoded().into())?;
        Ok(key)
    }
}

impl TryFrom<&IdentityKey> for Dsa {
    type Error = Problem;

    fn try_from(key: &IdentityKey) -> Result<Self, Problem> {
        let parts = key.hazmat_parts().ok_or_else(|| Problem::new("no DSA key"))?;
        let [p, q, g, y, x] = [&parts.p, &parts.q, &parts.g, &parts.y, &*parts.x].map(|n| Hex(n.clone()));
        Ok(Self { p, q, g, y, x })
    }
}
