use std::sync::Arc;

use otr_transport::{CertificateProblem, Error};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, OtherError, SignatureScheme};

use crate::fingerprint::CertificateFingerprint;
use crate::trust::{Trust, Trusted, roots};

/// Why a handshake ended, as rustls carries it from the verifier to whoever holds its error. Its own errors do not say
/// which certificate was refused.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(crate) struct Refused(pub(crate) Error);

/// Checks the certificate that a server shows, and that the server has its key.
#[derive(Debug)]
pub(crate) struct Verifier {
    rule: Rule,
    provider: Arc<CryptoProvider>,
}

#[derive(Debug)]
enum Rule {
    Authorities { webpki: Arc<WebPkiServerVerifier>, given: Vec<CertificateDer<'static>> },
    Only(CertificateFingerprint),
}

impl Verifier {
    pub(crate) fn new(trust: Trust, provider: Arc<CryptoProvider>) -> Result<Self, Error> {
        let rule = match trust.0 {
            Trusted::Only(fingerprint) => Rule::Only(fingerprint),
            Trusted::Authorities { system, given } => {
                let roots = Arc::new(roots(system, &given)?);
                let webpki = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider)).build();
                Rule::Authorities { webpki: webpki.map_err(|_| Error::Tls("nobody is trusted"))?, given }
            }
        };
        Ok(Self { rule, provider })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let fingerprint = CertificateFingerprint::of(certificate);
        let problem = match &self.rule {
            Rule::Only(trusted) if *trusted == fingerprint => return Ok(ServerCertVerified::assertion()),
            Rule::Only(_) => CertificateProblem::NotTheTrustedOne,
            Rule::Authorities { webpki, given } => {
                let verified = if given.iter().any(|one| one == certificate) {
                    verify_given(webpki, certificate, name, now)
                } else {
                    webpki.verify_server_cert(certificate, intermediates, name, ocsp, now)
                };
                match verified {
                    Err(rustls::Error::InvalidCertificate(error)) => problem(&error),
                    other => return other,
                }
            }
        };
        Err(refused(Error::Certificate { problem, sha256: fingerprint.into() }))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms).map_err(without_key)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms).map_err(without_key)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Verifies a certificate that is itself trusted, so that it needs no issuer and may be its own.
fn verify_given(
    webpki: &WebPkiServerVerifier,
    certificate: &CertificateDer<'_>,
    name: &ServerName<'_>,
    now: UnixTime,
) -> Result<ServerCertVerified, rustls::Error> {
    match webpki.verify_server_cert(certificate, &[], name, &[], now) {
        // webpki looks for an issuer, and refuses an authority as a server, only after the dates have passed.
        Err(rustls::Error::InvalidCertificate(error)) if problem(&error) == CertificateProblem::UnknownIssuer => {
            rustls::client::verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
            Ok(ServerCertVerified::assertion())
        }
        other => other,
    }
}

fn problem(error: &CertificateError) -> CertificateProblem {
    match error {
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            CertificateProblem::WrongName
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => CertificateProblem::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => CertificateProblem::NotYetValid,
        // Someone we trust may have the name of its issuer, but did not sign it.
        CertificateError::UnknownIssuer
        | CertificateError::BadSignature
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            CertificateProblem::UnknownIssuer
        }
        CertificateError::Revoked => CertificateProblem::Revoked,
        // The usual self-signed certificate says of itself that it is an authority.
        CertificateError::Other(OtherError(other)) if is_authority(other.as_ref()) => CertificateProblem::UnknownIssuer,
        _ => CertificateProblem::Invalid,
    }
}

fn is_authority(error: &(dyn std::error::Error + 'static)) -> bool {
    matches!(error.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
}

/// A signature in the handshake that is not made by the key of the certificate.
fn without_key(error: rustls::Error) -> rustls::Error {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::BadSignature) => {
            refused(Error::Tls("the server does not have the key of the certificate it shows"))
        }
        other => other,
    }
}

fn refused(error: Error) -> rustls::Error {
    rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(Refused(error)))))
}
