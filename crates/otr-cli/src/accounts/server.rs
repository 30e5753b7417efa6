//! How the server is reached, where the user says so.

use std::path::PathBuf;
use std::str::FromStr;

use clap::ValueEnum;
use serde::Deserialize;

use super::address::Host;

/// The server to connect to, in place of the one that the network names.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum Server {
    /// For XMPP and IRC.
    Host(Host),
    /// For Matrix: `https://`, or `http://` where everything shall go in clear.
    Url(String),
}

/// How the connection to the server is encrypted. It is not what keeps the conversation private.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Tls {
    /// After a start in clear that the server must offer to leave (XMPP)
    Starttls,
    /// From the first byte
    Direct,
    /// Not at all: the password and who talks to whom go in clear
    None,
}

/// A certificate that is trusted whoever signed it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum TrustedCertificate {
    /// A file with certificates in PEM.
    Pem(PathBuf),
    /// The SHA-256 of the server's certificate in DER.
    Sha256([u8; 32]),
}

/// Why it is no server.
#[derive(Debug, thiserror::Error)]
#[error("{given:?} is no server; write xmpp.example.org:5222, [::1]:5222, or for Matrix https://matrix.example.org")]
pub(crate) struct InvalidServer {
    given: String,
}

/// Why it is no certificate.
#[derive(Debug, thiserror::Error)]
#[error("after sha256: come the 64 hexadecimal digits of a certificate's SHA-256, in pairs with colons or without")]
pub(crate) struct InvalidCertificate;

impl FromStr for Server {
    type Err = InvalidServer;

    fn from_str(text: &str) -> Result<Self, InvalidServer> {
        let refused = || InvalidServer { given: text.to_owned() };
        let is_url = |rest: &str| {
            !rest.is_empty() && !rest.starts_with('/') && !rest.contains(|c: char| c.is_whitespace() || c.is_control())
        };
        match text.split_once("://") {
            Some(("https" | "http", rest)) if is_url(rest) => Ok(Self::Url(text.to_owned())),
            Some(_) => Err(refused()),
            None => Host::parse(text, None).map(Self::Host).ok_or_else(refused),
        }
    }
}

impl TryFrom<String> for Server {
    type Error = InvalidServer;

    fn try_from(text: String) -> Result<Self, InvalidServer> {
        text.parse()
    }
}

impl FromStr for TrustedCertificate {
    type Err = InvalidCertificate;

    fn from_str(text: &str) -> Result<Self, InvalidCertificate> {
        let Some(digits) = text.strip_prefix("sha256:") else {
            return if text.is_empty() { Err(InvalidCertificate) } else { Ok(Self::Pem(PathBuf::from(text))) };
        };
        let mut sha256 = [0; 32];
        hex::decode_to_slice(digits.replace(':', ""), &mut sha256).map_err(|_| InvalidCertificate)?;
        Ok(Self::Sha256(sha256))
    }
}

impl TryFrom<String> for TrustedCertificate {
    type Error = InvalidCertificate;

    fn try_from(text: String) -> Result<Self, InvalidCertificate> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_hosts_or_urls() {
        let host = Host { name: "a.example.org".to_owned(), port: 5222 };
        assert_eq!("a.example.org:5222".parse::<Server>().unwrap(), Server::Host(host));
        assert!(matches!("[::1]:5222".parse::<Server>(), Ok(Server::Host(_))));
        assert!(matches!("https://a.example.org/base".parse::<Server>(), Ok(Server::Url(_))));
        for no in
            ["", "a.example.org", "a.example.org:", "::1:5222", "ftp://a", "https://", "https:///a", "https://a b"]
        {
            assert!(no.parse::<Server>().is_err(), "{no}");
        }
    }

    /// The error of a refused certificate shows its digest; that is what is put in here.
    #[test]
    fn a_certificate_is_known_by_the_digest_that_is_shown() {
        let error = otr_transport::Error::Certificate {
            problem: otr_transport::CertificateProblem::UnknownIssuer,
            sha256: [0xa5; 32],
        };
        let shown = error.to_string();
        let digest = shown.split_once("(SHA-256 ").and_then(|(_, rest)| rest.split_once(')')).unwrap().0;
        let expected = TrustedCertificate::Sha256([0xa5; 32]);
        assert_eq!(format!("sha256:{digest}").parse::<TrustedCertificate>().unwrap(), expected);
        assert_eq!(format!("sha256:{}", "a5".repeat(32)).parse::<TrustedCertificate>().unwrap(), expected);
        assert_eq!("a.pem".parse::<TrustedCertificate>().unwrap(), TrustedCertificate::Pem("a.pem".into()));
        for no in ["", "sha256:", "sha256:a5", "sha256:xyz"] {
            assert!(no.parse::<TrustedCertificate>().is_err(), "{no}");
        }
    }
}
