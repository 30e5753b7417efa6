//! Certificates as they should be, and as they should not.

use std::fmt::Write as _;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use sha2::{Digest, Sha256};

use super::Papers;

/// An authority of our own, and what it and others have signed for the server `localhost`.
#[derive(Debug)]
pub(super) struct Office {
    /// The authority's own certificate in PEM, for those who trust it.
    pub(super) authority: String,
    /// Nothing is wrong with it.
    pub(super) good: Paper,
    /// For a server of another name.
    pub(super) wrong_name: Paper,
    /// Its time is over.
    pub(super) expired: Paper,
    /// Signed by itself alone.
    pub(super) self_signed: Paper,
}

/// A certificate with its key.
#[derive(Debug)]
pub(super) struct Paper {
    certificate: String,
    key: String,
    sha256: String,
}

impl Office {
    /// Signs all of them.
    pub(super) fn open() -> Result<Self, rcgen::Error> {
        let mut params = CertificateParams::new([])?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let sign = |params: CertificateParams| {
            let key = KeyPair::generate()?;
            let certificate = params.signed_by(&key, &authority)?;
            Ok::<_, rcgen::Error>(Paper::new(&certificate, &key))
        };
        let key = KeyPair::generate()?;
        let self_signed = named("localhost")?.self_signed(&key)?;
        let mut expired = named("localhost")?;
        expired.not_before = date_time_ymd(2020, 1, 1);
        expired.not_after = date_time_ymd(2021, 1, 1);
        Ok(Self {
            good: sign(named("localhost")?)?,
            wrong_name: sign(named("elsewhere.test")?)?,
            expired: sign(expired)?,
            self_signed: Paper::new(&self_signed, &key),
            authority: authority.pem(),
        })
    }
}

fn named(name: &str) -> Result<CertificateParams, rcgen::Error> {
    CertificateParams::new([name.to_owned()])
}

impl Paper {
    fn new(certificate: &rcgen::Certificate, key: &KeyPair) -> Self {
        let mut sha256 = String::new();
        for byte in Sha256::digest(certificate.der()) {
            let _ = write!(sha256, "{byte:02x}");
        }
        Self { certificate: certificate.pem(), key: key.serialize_pem(), sha256 }
    }

    /// What a server is given.
    pub(super) fn papers(&self) -> Papers<'_> {
        Papers { certificate: &self.certificate, key: &self.key }
    }

    /// The certificate alone, in PEM.
    pub(super) fn certificate(&self) -> &str {
        &self.certificate
    }

    /// The SHA-256 of the certificate, in hexadecimal digits.
    pub(super) fn sha256(&self) -> &str {
        &self.sha256
    }
}
