use otr_transport::Error;
use otr_transport_tls::Tls;
use tokio::net::TcpStream;
use tokio_xmpp::parsers::ns;
use tokio_xmpp::parsers::starttls::Request;
use tokio_xmpp::parsers::stream_features::StreamFeatures;
use tokio_xmpp::xmlstream::Timeouts;

use super::{locate, sasl};
use crate::wire::{Carrier, Stream, open, read, restart, write};
use crate::{Account, Security};

/// What tells a server that has several protocols on one port which is meant (XEP-0368, 3).
const ALPN: &[u8] = b"xmpp-client";

/// A stream whose other end knows who we are, before a resource is bound to it, and what it offers.
pub(crate) struct Authenticated {
    pub(crate) stream: Stream<Box<dyn Carrier>>,
    pub(crate) features: StreamFeatures,
}

/// Connects, encrypts as the account asks, and logs in.
pub(crate) async fn authenticate(account: &Account) -> Result<Authenticated, Error> {
    let domain = account.address.domain().as_str();
    let timeouts = Timeouts { read_timeout: account.options.silence, response_timeout: account.options.answer_timeout };
    let tcp = locate::connect(account).await?;
    let carrier: Box<dyn Carrier> = match &account.security {
        Security::StartTls(tls) => start_tls(tcp, tls, account, timeouts).await?,
        Security::DirectTls(tls) => Box::new(tls.offering(ALPN).connect(&account.server_name, tcp).await?),
        Security::Cleartext => Box::new(tcp),
    };
    let (mut stream, features) = open(carrier, domain, timeouts).await?;
    if features.sasl_mechanisms.is_empty() && features.can_starttls() {
        return Err(Error::Tls("the server demands it before a login"));
    }
    sasl::log_in(&mut stream, &features.sasl_mechanisms, account).await?;
    let (stream, features) = restart(stream, domain).await?;
    Ok(Authenticated { stream, features })
}

/// RFC 6120, 5.4: asks the server to encrypt, and does.
async fn start_tls(
    tcp: TcpStream,
    tls: &Tls,
    account: &Account,
    timeouts: Timeouts,
) -> Result<Box<dyn Carrier>, Error> {
    let (mut stream, features) = open(tcp, account.address.domain().as_str(), timeouts).await?;
    if !features.can_starttls() {
        return Err(Error::Tls("the server does not offer it"));
    }
    write(&mut stream, Request).await?;
    if !read(&mut stream).await?.is("proceed", ns::TLS) {
        return Err(Error::Tls("the server offers it, but refuses"));
    }
    // What came in clear ends here: the stream and its parser are thrown away.
    let tcp = stream.into_inner().into_inner()?;
    Ok(Box::new(tls.connect(&account.server_name, tcp).await?))
}
