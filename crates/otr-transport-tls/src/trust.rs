use otr_transport::{CertificateProblem, Error};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::fingerprint::CertificateFingerprint;

/// Which certificates a server may show.
#[derive(Debug, Clone)]
pub struct Trust(pub(crate) Trusted);

#[derive(Debug, Clone)]
pub(crate) enum Trusted {
    /// One that a chain of signatures joins to an authority, and each one that was given itself.
    Authorities { system: bool, given: Vec<CertificateDer<'static>> },
    /// This one and no other.
    Only(CertificateFingerprint),
}

impl Trust {
    /// Whatever authority the system trusts, or those in the files that the environment variables `SSL_CERT_FILE` and
    /// `SSL_CERT_DIR` name.
    pub const fn system() -> Self {
        Self(Trusted::Authorities { system: true, given: Vec::new() })
    }

    /// Nobody, until [`and_pem`](Self::and_pem) says whom.
    pub const fn nobody() -> Self {
        Self(Trusted::Authorities { system: false, given: Vec::new() })
    }

    /// Exactly the certificate whose DER has this SHA-256, whatever its name, its dates and its issuer. The server must
    /// still prove that it has the key.
    pub fn only_sha256(sha256: impl Into<[u8; 32]>) -> Self {
        Self(Trusted::Only(CertificateFingerprint::from(sha256.into())))
    }

    /// The certificates in `pem` as well: those of authorities, or the one that the server itself shows, which then may
    /// be signed by itself or by anybody. Names and dates are checked all the same.
    ///
    /// It changes nothing after [`only_sha256`](Self::only_sha256).
    ///
    /// # Errors
    ///
    /// [`Error::Tls`] where `pem` holds no certificate, [`Error::Certificate`] where it holds a broken one.
    pub fn and_pem(mut self, pem: &[u8]) -> Result<Self, Error> {
        let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        let found = found.map_err(|_| Error::Tls("the text with trusted certificates is not well-formed PEM"))?;
        if found.is_empty() {
            return Err(Error::Tls("the text with trusted certificates holds none"));
        }
        found.iter().try_for_each(|certificate| add(&mut RootCertStore::empty(), certificate))?;
        if let Trusted::Authorities { given, .. } = &mut self.0 {
            given.extend(found);
        }
        Ok(self)
    }
}

/// The authorities of the system, if wanted, and the certificates given.
pub(crate) fn roots(system: bool, given: &[CertificateDer<'static>]) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    if system {
        // Some systems hold a few that no library reads; what counts is whether any is left.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    given.iter().try_for_each(|certificate| add(&mut roots, certificate))?;
    if roots.is_empty() { Err(Error::Tls("this machine has no list of trusted authorities")) } else { Ok(roots) }
}

fn add(roots: &mut RootCertStore, certificate: &CertificateDer<'static>) -> Result<(), Error> {
    roots.add(certificate.clone()).map_err(|_| Error::Certificate {
        problem: CertificateProblem::Invalid,
        sha256: CertificateFingerprint::of(certificate).into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_without_whole_certificates_is_refused() {
        for pem in ["", "no certificate here", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
            let refused = Trust::nobody().and_pem(pem.as_bytes()).unwrap_err();
            assert_eq!(refused, Error::Tls("the text with trusted certificates holds none"), "{pem}");
        }
        let cut = Trust::nobody().and_pem(b"-----BEGIN CERTIFICATE-----\nAAAA\n").unwrap_err();
        assert_eq!(cut, Error::Tls("the text with trusted certificates is not well-formed PEM"));
    }

    #[test]
    fn a_broken_certificate_is_named_by_its_fingerprint() {
        let broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let sha256 = CertificateFingerprint::of(&CertificateDer::from(vec![0, 0, 0])).into();
        let expected = Error::Certificate { problem: CertificateProblem::Invalid, sha256 };
        assert_eq!(Trust::system().and_pem(broken).unwrap_err(), expected);
    }

    #[test]
    fn trusting_nobody_is_an_error() {
        assert!(matches!(roots(false, &[]), Err(Error::Tls(_))));
    }
}
