use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::Uri;
use hyper_util::rt::TokioIo;
use otr_transport::Error;
use otr_transport_tls::open_tcp;
use tokio::net::TcpStream;
use tower_service::Service;

/// Opens the TCP connections of the HTTP client, so that what goes wrong there has our own errors.
#[derive(Debug, Clone)]
pub(crate) struct Dial {
    pub(crate) limit: Duration,
}

impl Service<Uri> for Dial {
    type Response = TokioIo<TcpStream>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let limit = self.limit;
        Box::pin(async move {
            let host = uri.host().ok_or(Error::InvalidAddress)?;
            // An IPv6 address stands in brackets in a URL, and without them everywhere else.
            let host = host.trim_start_matches('[').trim_end_matches(']');
            let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("http") { 80 } else { 443 });
            open_tcp(host, port, limit).await.map(TokioIo::new)
        })
    }
}
