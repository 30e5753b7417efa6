//! Certificates and servers of every kind, against TLS servers in this process.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use otr_transport::{CertificateProblem, Error};
use otr_transport_tls::{CertificateFingerprint, Tls, TlsStream, Trust, open_tcp};
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ServerConfig, SupportedProtocolVersion};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::TcpListener;
use tokio_rustls::{TlsAcceptor, TlsConnector};

const NAME: &str = "chat.example";

/// A certificate with its key.
struct Identity {
    der: CertificateDer<'static>,
    pem: String,
    key: KeyPair,
}

impl Identity {
    fn sha256(&self) -> [u8; 32] {
        Sha256::digest(&self.der).into()
    }

    fn refused_as(&self, problem: CertificateProblem) -> Error {
        Error::Certificate { problem, sha256: self.sha256() }
    }
}

struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        Self { pem, issuer: Issuer::new(params, key) }
    }

    fn issue(&self, params: &CertificateParams) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Identity { der: certificate.der().clone(), pem: certificate.pem(), key }
    }

    fn tls(&self) -> Tls {
        trusting(&self.pem)
    }
}

fn trusting(pem: &str) -> Tls {
    Tls::new(Trust::nobody().and_pem(pem.as_bytes()).unwrap()).unwrap()
}

fn params(name: &str) -> CertificateParams {
    CertificateParams::new([name.to_owned()]).unwrap()
}

fn self_signed(params: &CertificateParams) -> Identity {
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    Identity { der: certificate.der().clone(), pem: certificate.pem(), key }
}

fn server_config(
    chain: Vec<CertificateDer<'static>>,
    key: &KeyPair,
    versions: &[&'static SupportedProtocolVersion],
) -> Arc<ServerConfig> {
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    let builder = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let builder = builder.with_protocol_versions(versions).unwrap().with_no_client_auth();
    Arc::new(builder.with_single_cert(chain, key.into()).unwrap())
}

/// A handshake with a server of that configuration; the server answers with a word.
async fn handshake_with(tls: &Tls, name: &str, config: Arc<ServerConfig>) -> Result<TlsStream<DuplexStream>, Error> {
    let (ours, theirs) = duplex(1 << 14);
    let serving = tokio::spawn(async move {
        // A client that refuses the certificate goes away in the middle.
        if let Ok(mut stream) = TlsAcceptor::from(config).accept(theirs).await {
            stream.write_all(b"hello").await.unwrap();
            stream.shutdown().await.unwrap();
        }
    });
    let connected = tls.connect(name, ours).await;
    if connected.is_ok() {
        serving.await.unwrap();
    }
    connected
}

async fn handshake(tls: &Tls, name: &str, identity: &Identity) -> Result<(), Error> {
    let config = server_config(vec![identity.der.clone()], &identity.key, rustls::ALL_VERSIONS);
    let mut stream = handshake_with(tls, name, config).await?;
    let mut said = String::new();
    stream.read_to_string(&mut said).await.unwrap();
    assert_eq!(said, "hello");
    Ok(())
}

#[tokio::test]
async fn a_right_certificate_passes_for_its_names_only() {
    let authority = Authority::new();
    let host = authority.issue(&params(NAME));
    assert_eq!(handshake(&authority.tls(), NAME, &host).await, Ok(()));
    assert_eq!(handshake(&authority.tls(), "CHAT.example", &host).await, Ok(()));
    let wrong_name = host.refused_as(CertificateProblem::WrongName);
    for name in ["other.example", "example", "evil.chat.example", "127.0.0.1"] {
        assert_eq!(handshake(&authority.tls(), name, &host).await, Err(wrong_name), "{name}");
    }

    let address = authority.issue(&params("127.0.0.1"));
    assert_eq!(handshake(&authority.tls(), "127.0.0.1", &address).await, Ok(()));
    let wrong_address = address.refused_as(CertificateProblem::WrongName);
    assert_eq!(handshake(&authority.tls(), "127.0.0.2", &address).await, Err(wrong_address));
}

#[tokio::test]
async fn dates_are_checked() {
    let authority = Authority::new();
    let mut expired = params(NAME);
    (expired.not_before, expired.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1));
    let mut early = params(NAME);
    early.not_before = date_time_ymd(3001, 1, 1);
    for (params, problem) in [(expired, CertificateProblem::Expired), (early, CertificateProblem::NotYetValid)] {
        let issued = authority.issue(&params);
        assert_eq!(handshake(&authority.tls(), NAME, &issued).await, Err(issued.refused_as(problem)));
        // Being given does not stop the clock, whether or not the certificate calls itself an authority.
        assert_eq!(handshake(&trusting(&issued.pem), NAME, &issued).await, Err(issued.refused_as(problem)));
        let mut own = params;
        own.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let own = self_signed(&own);
        assert_eq!(handshake(&trusting(&own.pem), NAME, &own).await, Err(own.refused_as(problem)));
    }
}

#[tokio::test]
async fn an_unknown_issuer_is_refused() {
    let (authority, other) = (Authority::new(), Authority::new());
    let issued = other.issue(&params(NAME));
    let unknown = issued.refused_as(CertificateProblem::UnknownIssuer);
    assert_eq!(handshake(&authority.tls(), NAME, &issued).await, Err(unknown));
    // That the server shows its authority as well does not make it a trusted one.
    let chain = vec![issued.der.clone(), CertificateDer::from(pem_to_der(&other.pem))];
    let config = server_config(chain, &issued.key, rustls::ALL_VERSIONS);
    assert_eq!(handshake_with(&authority.tls(), NAME, config).await.map(drop), Err(unknown));
}

#[tokio::test]
async fn an_intermediate_that_the_server_shows_is_followed() {
    let authority = Authority::new();
    let key = KeyPair::generate().unwrap();
    let mut middle = params("middle.example");
    middle.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let middle_der = middle.signed_by(&key, &authority.issuer).unwrap().der().clone();
    let middle = Authority { pem: String::new(), issuer: Issuer::new(middle, key) };
    let host = middle.issue(&params(NAME));
    let config = server_config(vec![host.der.clone(), middle_der], &host.key, rustls::ALL_VERSIONS);
    assert_eq!(handshake_with(&authority.tls(), NAME, config).await.map(drop), Ok(()));
}

#[tokio::test]
async fn a_self_signed_certificate_passes_once_it_is_given() {
    let authority = Authority::new();
    let mut as_authority = params(NAME);
    as_authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    for params in [params(NAME), as_authority] {
        let own = self_signed(&params);
        let unknown = own.refused_as(CertificateProblem::UnknownIssuer);
        assert_eq!(handshake(&authority.tls(), NAME, &own).await, Err(unknown));
        assert_eq!(handshake(&trusting(&own.pem), NAME, &own).await, Ok(()));
        let wrong_name = own.refused_as(CertificateProblem::WrongName);
        assert_eq!(handshake(&trusting(&own.pem), "other.example", &own).await, Err(wrong_name));
        // Another one with the same contents and another key is another one.
        let twin = self_signed(&params);
        let unknown = twin.refused_as(CertificateProblem::UnknownIssuer);
        assert_eq!(handshake(&trusting(&own.pem), NAME, &twin).await, Err(unknown));
    }
}

#[tokio::test]
async fn a_given_certificate_needs_no_authority() {
    let issued = Authority::new().issue(&params(NAME));
    assert_eq!(handshake(&trusting(&issued.pem), NAME, &issued).await, Ok(()));
    let wrong_name = issued.refused_as(CertificateProblem::WrongName);
    assert_eq!(handshake(&trusting(&issued.pem), "other.example", &issued).await, Err(wrong_name));
}

#[tokio::test]
async fn what_is_given_is_trusted_besides_the_system() {
    let authority = Authority::new();
    let host = authority.issue(&params(NAME));
    let both = format!("A comment.\n{}{}", Authority::new().pem, authority.pem);
    let tls = Tls::new(Trust::system().and_pem(both.as_bytes()).unwrap()).unwrap();
    assert_eq!(handshake(&tls, NAME, &host).await, Ok(()));
}

#[tokio::test]
async fn a_certificate_for_clients_is_refused() {
    let authority = Authority::new();
    let mut for_clients = params(NAME);
    for_clients.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let issued = authority.issue(&for_clients);
    let invalid = issued.refused_as(CertificateProblem::Invalid);
    assert_eq!(handshake(&authority.tls(), NAME, &issued).await, Err(invalid));
}

#[tokio::test]
async fn a_fingerprint_lets_exactly_one_certificate_pass() {
    let mut expired = params("elsewhere.example");
    (expired.not_before, expired.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1));
    let own = self_signed(&expired);
    let shown = CertificateFingerprint::from(own.sha256()).to_string();
    let pinned = Tls::new(Trust::only_sha256(shown.parse::<CertificateFingerprint>().unwrap())).unwrap();
    assert_eq!(handshake(&pinned, NAME, &own).await, Ok(()));

    let authority = Authority::new();
    let other = authority.issue(&params(NAME));
    let refused = other.refused_as(CertificateProblem::NotTheTrustedOne);
    assert_eq!(handshake(&pinned, NAME, &other).await, Err(refused));
    let with_authority = Trust::only_sha256(own.sha256()).and_pem(authority.pem.as_bytes()).unwrap();
    assert_eq!(handshake(&Tls::new(with_authority).unwrap(), NAME, &other).await, Err(refused));
}

/// A server that shows the certificate of another one, without having its key.
#[tokio::test]
async fn a_copied_certificate_is_of_no_use() {
    #[derive(Debug)]
    struct Copied(Arc<rustls::sign::CertifiedKey>);
    impl rustls::server::ResolvesServerCert for Copied {
        fn resolve(&self, _: rustls::server::ClientHello<'_>) -> Option<Arc<rustls::sign::CertifiedKey>> {
            Some(Arc::clone(&self.0))
        }
    }

    let own = self_signed(&params(NAME));
    let wrong_key = PrivatePkcs8KeyDer::from(KeyPair::generate().unwrap().serialize_der()).into();
    let signer = rustls::crypto::ring::sign::any_supported_type(&wrong_key).unwrap();
    let copied = Copied(Arc::new(rustls::sign::CertifiedKey::new(vec![own.der.clone()], signer)));
    let copied = Arc::new(copied);
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        for tls in [trusting(&own.pem), Tls::new(Trust::only_sha256(own.sha256())).unwrap()] {
            let builder = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
            let builder = builder.with_protocol_versions(&[version]).unwrap().with_no_client_auth();
            let resolver: Arc<dyn rustls::server::ResolvesServerCert> = Arc::<Copied>::clone(&copied);
            let outcome = handshake_with(&tls, NAME, Arc::new(builder.with_cert_resolver(resolver))).await;
            let expected = Error::Tls("the server does not have the key of the certificate it shows");
            assert_eq!(outcome.map(drop), Err(expected), "{version:?}");
        }
    }
}

#[tokio::test]
async fn both_versions_work_and_older_ones_do_not() {
    let own = self_signed(&params(NAME));
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let config = server_config(vec![own.der.clone()], &own.key, &[version]);
        let stream = handshake_with(&trusting(&own.pem), NAME, config).await.unwrap();
        assert_eq!(stream.get_ref().1.protocol_version(), Some(version.version));
    }
    // ServerHello of TLS 1.1 with a suite of that time: RFC 4346 section 7.4.1.3.
    let mut hello = vec![22, 3, 2, 0, 42, 2, 0, 0, 38, 3, 2];
    hello.extend([7; 32]);
    hello.extend([0, 0, 0x2f, 0]);
    let outdated = Error::Tls("the server has no version or cipher that we accept");
    assert_eq!(answered_with(&hello).await, outdated);
    // And its alert protocol_version: RFC 5246 section 7.2.
    assert_eq!(answered_with(&[21, 3, 1, 0, 2, 2, 70]).await, outdated);
}

/// What a server that answers the first bytes with `answer`, and then closes, is reported as.
async fn answered_with(answer: &[u8]) -> Error {
    let (ours, mut theirs) = duplex(1 << 14);
    let answer = answer.to_vec();
    tokio::spawn(async move {
        theirs.read_u8().await.unwrap();
        theirs.write_all(&answer).await.unwrap();
        // What the client still says is read, so that it is not cut off in saying it.
        theirs.shutdown().await.unwrap();
        drop(theirs.read_to_end(&mut Vec::new()).await);
    });
    trusting(&Authority::new().pem).connect(NAME, ours).await.unwrap_err()
}

#[tokio::test]
async fn servers_without_tls_are_told_apart_from_broken_ones() {
    let none = Error::Tls("the server speaks no TLS here");
    assert_eq!(answered_with(b":irc.example NOTICE * :*** Looking up your hostname\r\n").await, none);
    assert_eq!(answered_with(b"HTTP/1.1 400 Bad Request\r\n\r\n").await, none);
    assert_eq!(answered_with(b"<stream:stream>").await, none);
    let closed = Error::Tls("the server closed the connection during the handshake");
    assert_eq!(answered_with(b"").await, closed);
    assert_eq!(answered_with(&[22, 3, 3]).await, closed);
    for garbage in [&[0xff_u8; 64][..], &[0; 64], &[22, 3, 3, 0xff, 0xff, 1], &[22, 3, 3, 0, 4, 99, 0, 0, 0]] {
        assert!(matches!(answered_with(garbage).await, Error::Tls(_)), "{garbage:?}");
    }
    let refused = Error::Tls("the server refused the handshake");
    assert_eq!(answered_with(&[21, 3, 3, 0, 2, 2, 40]).await, refused);
    let nameless = Error::Tls("the server does not go by that name");
    assert_eq!(answered_with(&[21, 3, 3, 0, 2, 2, 112]).await, nameless);
}

#[tokio::test]
async fn names_that_no_server_can_have_are_refused() {
    let tls = trusting(&Authority::new().pem);
    for name in ["", "two words", "chat.example:6697", "-", "[::1"] {
        let outcome = tls.connect(name, duplex(1).0).await;
        assert_eq!(outcome.map(drop), Err(Error::InvalidAddress), "{name}");
    }
}

/// The errors of libraries that make the handshake themselves.
#[tokio::test]
async fn the_failure_is_found_inside_other_errors() {
    #[derive(Debug, thiserror::Error)]
    #[error("a request failed")]
    struct Request(#[source] io::Error);

    let own = self_signed(&params(NAME));
    let tls = trusting(&Authority::new().pem);
    let (ours, theirs) = duplex(1 << 14);
    let config = server_config(vec![own.der.clone()], &own.key, rustls::ALL_VERSIONS);
    tokio::spawn(async move { TlsAcceptor::from(config).accept(theirs).await.map(drop) });
    let connector = TlsConnector::from(tls.client_config());
    let error = connector.connect(ServerName::try_from(NAME).unwrap(), ours).await.unwrap_err();

    let expected = Some(own.refused_as(CertificateProblem::UnknownIssuer));
    assert_eq!(tls.error_in(&error), expected);
    let nested = Request(io::Error::other(Request(error)));
    assert_eq!(tls.error_in(&nested), expected);
    assert_eq!(tls.error_in(&io::Error::other("anything else")), None);
    assert_eq!(tls.error_in(&Request(io::ErrorKind::BrokenPipe.into())), None);
}

#[tokio::test]
async fn tcp_opens_with_typed_errors() {
    let limit = Duration::from_secs(10);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let stream = open_tcp("localhost", port, limit).await.unwrap();
    assert_eq!(stream.peer_addr().unwrap().ip(), IpAddr::from([127, 0, 0, 1]));
    assert!(stream.nodelay().unwrap());
    drop(listener);
    assert_eq!(open_tcp("127.0.0.1", port, limit).await.map(drop), Err(Error::ConnectionRefused));
    assert_eq!(open_tcp("no-such-host.invalid", port, limit).await.map(drop), Err(Error::NameNotResolved));
}

fn pem_to_der(pem: &str) -> Vec<u8> {
    use rustls::pki_types::pem::PemObject;
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap().to_vec()
}
