use std::fmt;
use std::sync::Arc;

use otr_transport::Error;
use rustls::ClientConfig;
use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::failure;
use crate::trust::Trust;
use crate::verifier::Verifier;

/// How to encrypt connections to servers: TLS 1.2 and 1.3, with the certificates that a [`Trust`] accepts.
///
/// Cloning is cheap, and the clones share what makes a second handshake with the same server short.
#[derive(Clone)]
pub struct Tls {
    config: Arc<ClientConfig>,
}

impl Tls {
    /// Reads the system's authorities, where `trust` asks for them.
    ///
    /// # Errors
    ///
    /// [`Error::Tls`] where nobody is trusted: the system has no list of authorities, and none was given.
    pub fn new(trust: Trust) -> Result<Self, Error> {
        let provider = Arc::new(ring::default_provider());
        let verifier = Verifier::new(trust, Arc::clone(&provider))?;
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|_| Error::Tls("no version of TLS is usable"))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        Ok(Self { config: Arc::new(config) })
    }

    /// The same, saying to the server that `protocol` is meant (ALPN, RFC 7301). A server that does not know of this
    /// passes over it.
    #[must_use]
    pub fn offering(&self, protocol: &[u8]) -> Self {
        let mut config = ClientConfig::clone(&self.config);
        config.alpn_protocols = vec![protocol.to_vec()];
        Self { config: Arc::new(config) }
    }

    /// Makes `stream` an encrypted one to the server that goes by `server_name`: a host name or an IP address, without a
    /// port. How long that may take is for the caller to bound; dropping the future closes `stream`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidAddress`] for a name that no server can have, [`Error::Certificate`], [`Error::Tls`] where there
    /// is no TLS to be had, or [`Error::ConnectionLost`].
    pub async fn connect<S>(&self, server_name: &str, stream: S) -> Result<TlsStream<S>, Error>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let name = ServerName::try_from(server_name).map_err(|_| Error::InvalidAddress)?.to_owned();
        let connecting = TlsConnector::from(Arc::clone(&self.config)).connect(name, stream);
        connecting.await.map_err(|error| failure::of_handshake(&error))
    }

    /// The same rules for a library that does the handshake itself. It offers no application protocol (ALPN) but
    /// what [`offering`](Self::offering) named.
    pub fn client_config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.config)
    }

    /// The failure of TLS that `error`, or one of its causes, is, for the errors of libraries that were given
    /// [`client_config`](Self::client_config): [`Error::Certificate`] or [`Error::Tls`]. `None` where there is none.
    pub fn error_in(&self, error: &(dyn std::error::Error + 'static)) -> Option<Error> {
        failure::find(error)
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}
