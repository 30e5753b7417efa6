use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::{Method, Request, Response, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use otr_transport::Error;
use otr_transport_tls::Tls;
use tokio::time::timeout;

use crate::dial::Dial;
use crate::failure::Failure;

/// The most that the head of an answer may take, in bytes.
const MAX_HEAD: usize = 64 * 1024;
/// The most that is read of an answer that says that something went wrong, in bytes.
const MAX_REFUSAL: usize = 16 * 1024;
/// Connections to one server that are kept open while nothing goes over them.
const MAX_IDLE: usize = 4;
/// How long they are kept. Many servers close them after a minute, and what is sent just then is lost.
const IDLE: Duration = Duration::from_secs(45);
/// Causes that are looked into for one of ours.
const MAX_CAUSES: usize = 16;

/// What an answer may cost: its size in bytes, and the time until it is there as a whole.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) size: usize,
    pub(crate) time: Duration,
}

/// HTTP/1.1 with bounded answers. Redirections are not followed: what we send is for the server that we chose.
#[derive(Clone)]
pub(crate) struct Http {
    client: Client<HttpsConnector<Dial>, Full<Bytes>>,
    tls: Tls,
}

impl Http {
    pub(crate) fn new(tls: Tls, connect_timeout: Duration) -> Self {
        let mut config = (*tls.client_config()).clone();
        // The connector insists on setting these itself.
        config.alpn_protocols.clear();
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(config)
            .https_or_http()
            .enable_http1()
            .wrap_connector(Dial { limit: connect_timeout });
        let client = Client::builder(TokioExecutor::new())
            .http1_max_buf_size(MAX_HEAD)
            .pool_max_idle_per_host(MAX_IDLE)
            .pool_idle_timeout(IDLE)
            .pool_timer(TokioTimer::new())
            .build(connector);
        Self { client, tls }
    }

    /// One request and its whole answer, whatever its status.
    pub(crate) async fn exchange(&self, request: Request<Vec<u8>>, bounds: Bounds) -> Result<Response<Bytes>, Failure> {
        let request = request.map(|body| Full::new(Bytes::from(body)));
        let exchange = async {
            let answer = self.client.request(request).await.map_err(|error| Failure::Trouble(self.cause(&error)))?;
            let refused = answer.status().is_client_error() || answer.status().is_server_error();
            self.whole(answer, if refused { MAX_REFUSAL.min(bounds.size) } else { bounds.size }).await
        };
        timeout(bounds.time, exchange).await.unwrap_or(Err(Failure::Trouble(Error::TimedOut)))
    }

    async fn whole(&self, answer: Response<Incoming>, limit: usize) -> Result<Response<Bytes>, Failure> {
        let (head, body) = answer.into_parts();
        match Limited::new(body, limit).collect().await {
            Ok(body) => Ok(Response::from_parts(head, body.to_bytes())),
            Err(error) if error.is::<LengthLimitError>() => Err(Failure::Oversized),
            Err(error) => Err(Failure::Trouble(self.cause(&*error))),
        }
    }

    /// Why there is no answer. One that did not come about because there was no connection has not been asked for
    /// either; of any other the server may know.
    fn cause(&self, error: &(dyn StdError + 'static)) -> Error {
        if let Some(error) = self.tls.error_in(error) {
            return error;
        }
        let mut next = Some(error);
        for _ in 0..MAX_CAUSES {
            let Some(cause) = next else { break };
            next = cause.source();
            if let Some(error) = cause.downcast_ref::<Error>() {
                return *error;
            }
            if let Some(error) = cause.downcast_ref::<io::Error>() {
                return Error::ConnectionLost(error.kind());
            }
            if let Some(error) = cause.downcast_ref::<hyper::Error>()
                && error.is_parse()
            {
                return Error::Malformed("an answer is not HTTP");
            }
        }
        Error::ConnectionLost(io::ErrorKind::UnexpectedEof)
    }
}

pub(crate) fn get(uri: Uri) -> Request<Vec<u8>> {
    let mut request = Request::new(Vec::new());
    *request.method_mut() = Method::GET;
    *request.uri_mut() = uri;
    request
}
