//! A server whose certificate nobody vouches for, refused first, then trusted by its fingerprint.
//!
//! ```text
//! cargo run -p otr-transport-tls --example trust_certificate
//! ```

use std::error::Error;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use otr_transport_tls::{CertificateFingerprint, Tls, Trust, open_tcp};
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let port = start_server().await?;
    let someone_else = rcgen::generate_simple_self_signed(["elsewhere".to_owned()])?.cert.pem();

    let strict = Tls::new(Trust::nobody().and_pem(someone_else.as_bytes())?)?;
    let refused = greeting(&strict, port).await.err();
    let Some(otr_transport::Error::Certificate { sha256, .. }) = refused else {
        return Err("the certificate should be refused".into());
    };
    writeln!(std::io::stdout(), "refused: {}", CertificateFingerprint::from(sha256))?;

    let trusting = Tls::new(Trust::only_sha256(sha256))?;
    writeln!(std::io::stdout(), "the server says: {}", greeting(&trusting, port).await?)?;
    Ok(())
}

/// What the server says on an encrypted connection.
async fn greeting(tls: &Tls, port: u16) -> Result<String, otr_transport::Error> {
    let stream = open_tcp("127.0.0.1", port, Duration::from_secs(10)).await?;
    let mut stream = tls.connect("localhost", stream).await?;
    let mut text = String::new();
    let read = stream.read_to_string(&mut text).await;
    read.map_err(|error| tls.error_in(&error).unwrap_or(otr_transport::Error::ConnectionLost(error.kind())))?;
    Ok(text)
}

/// A server on this machine, with a certificate of its own making.
async fn start_server() -> Result<u16, Box<dyn Error>> {
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let key = PrivatePkcs8KeyDer::from(own.signing_key.serialize_der()).into();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let acceptor =
        TlsAcceptor::from(Arc::new(config.with_no_client_auth().with_single_cert(vec![own.cert.der().clone()], key)?));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A client that does not trust us is gone again.
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let greeted = stream.write_all(b"hello").await.and(stream.shutdown().await);
            drop(greeted);
        }
    });
    Ok(port)
}
