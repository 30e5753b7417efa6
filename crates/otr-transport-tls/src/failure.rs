use std::error::Error as StdError;
use std::io;

use otr_transport::Error;
use rustls::{AlertDescription, CertificateError, InvalidMessage};

use crate::verifier::Refused;

/// Errors that are followed to their causes; longer chains have none that concern us.
const MAX_CAUSES: usize = 32;

/// What a chain of errors says about TLS, if anything.
pub(crate) fn find(error: &(dyn StdError + 'static)) -> Option<Error> {
    let mut next = Some(error);
    for _ in 0..MAX_CAUSES {
        let error = next?;
        if let Some(failure) = error.downcast_ref::<rustls::Error>() {
            return Some(typed(failure));
        }
        // An I/O error hands on the cause of what it wraps, not what it wraps.
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = wrapped.map(|inner| -> &(dyn StdError + 'static) { inner }).or_else(|| error.source());
    }
    None
}

/// Why a handshake failed.
pub(crate) fn of_handshake(error: &io::Error) -> Error {
    find(error).unwrap_or_else(|| match error.kind() {
        io::ErrorKind::UnexpectedEof => Error::Tls("the server closed the connection during the handshake"),
        kind => Error::ConnectionLost(kind),
    })
}

fn typed(failure: &rustls::Error) -> Error {
    match failure {
        rustls::Error::InvalidCertificate(CertificateError::Other(other)) => match other.0.downcast_ref() {
            Some(Refused(error)) => *error,
            None => Error::Tls("the server's certificate is refused"),
        },
        rustls::Error::InvalidCertificate(_) => Error::Tls("the server's certificate is refused"),
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            Error::Tls("the server speaks no TLS here")
        }
        rustls::Error::InvalidMessage(_) => Error::Tls("the server sent something that is not TLS"),
        rustls::Error::PeerIncompatible(_) | rustls::Error::AlertReceived(AlertDescription::ProtocolVersion) => {
            Error::Tls("the server has no version or cipher that we accept")
        }
        rustls::Error::AlertReceived(AlertDescription::UnrecognisedName) => {
            Error::Tls("the server does not go by that name")
        }
        rustls::Error::AlertReceived(
            AlertDescription::CertificateRequired | AlertDescription::AccessDenied | AlertDescription::UnknownCA,
        ) => Error::Tls("the server asks for a certificate of ours"),
        rustls::Error::AlertReceived(_) => Error::Tls("the server refused the handshake"),
        rustls::Error::NoCertificatesPresented => Error::Tls("the server shows no certificate"),
        rustls::Error::DecryptError => Error::Tls("what arrives has been tampered with"),
        rustls::Error::PeerMisbehaved(_) => Error::Tls("the server broke the rules of TLS"),
        _ => Error::Tls("TLS failed"),
    }
}
