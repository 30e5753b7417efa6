//! Encrypted connections to servers, for the transports: TLS 1.2 and 1.3 by rustls, and who may be at the other end.
//!
//! [`Trust`] says which certificates a server may show: those that the system's authorities vouch for, those given as
//! PEM besides, or exactly one, told by its SHA-256. [`Tls`] makes connections by that rule, or hands it to a library
//! that makes its own. A refused certificate is reported with what is wrong with it and with its SHA-256
//! ([`Error::Certificate`](otr_transport::Error::Certificate)), so that a user who knows better can trust just that one.
//! [`open_tcp`] opens the connection underneath.
//!
//! RFC 8446 and RFC 5246 (TLS), RFC 5280 (certificates), RFC 9525 (names of servers in them). Revocation is not looked
//! up.
//!
//! ```
//! use std::time::Duration;
//!
//! use otr_transport::{CertificateProblem, Error};
//! use otr_transport_tls::{CertificateFingerprint, Tls, Trust, open_tcp};
//! # use std::sync::Arc;
//! # use rustls::pki_types::PrivatePkcs8KeyDer;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let rcgen::CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
//! # let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der()).into();
//! # let provider = Arc::new(rustls::crypto::ring::default_provider());
//! # let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
//! # let config = config.with_no_client_auth().with_single_cert(vec![cert.der().clone()], key)?;
//! # let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! # let port = listener.local_addr()?.port();
//! # tokio::spawn(async move {
//! #     let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
//! #     while let Ok((stream, _)) = listener.accept().await {
//! #         drop(acceptor.accept(stream).await);
//! #     }
//! # });
//! # let company_ca = rcgen::generate_simple_self_signed(["ca.example".to_owned()])?.cert.pem();
//! // A server with a certificate that it signed itself ..
//! let tls = Tls::new(Trust::nobody().and_pem(company_ca.as_bytes())?)?;
//! let stream = open_tcp("127.0.0.1", port, Duration::from_secs(10)).await?;
//! let Err(Error::Certificate { problem, sha256 }) = tls.connect("localhost", stream).await else { panic!() };
//! assert_eq!(problem, CertificateProblem::UnknownIssuer);
//! let shown = CertificateFingerprint::from(sha256).to_string();
//!
//! // .. is trusted once its user has compared the fingerprint.
//! let compared: CertificateFingerprint = shown.parse()?;
//! let tls = Tls::new(Trust::only_sha256(compared))?;
//! let stream = open_tcp("127.0.0.1", port, Duration::from_secs(10)).await?;
//! tls.connect("localhost", stream).await?;
//! # Ok(())
//! # }
//! ```

mod failure;
mod fingerprint;
mod tcp;
mod tls;
mod trust;
mod verifier;

pub use fingerprint::{CertificateFingerprint, InvalidFingerprint};
pub use tcp::open_tcp;
pub use tls::Tls;
pub use tokio_rustls::client::TlsStream;
pub use trust::Trust;
