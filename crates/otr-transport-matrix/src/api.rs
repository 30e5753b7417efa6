use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use hyper::header::AUTHORIZATION;
use otr_transport::Error;
use ruma::api::auth_scheme::{AuthScheme, SendAccessToken};
use ruma::api::client::discovery::get_supported_versions;
use ruma::api::error::Error as Refusal;
use ruma::api::path_builder::PathBuilder;
use ruma::api::{EndpointError, IncomingResponse, OutgoingRequest, OutgoingRequestExt, SupportedVersions};
use tokio::sync::watch;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::homeserver::BaseUrl;
use crate::http::{Bounds, Http};
use crate::link::Link;

/// What lets us in. Not shown anywhere.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token(Arc<Zeroizing<String>>);

impl Token {
    pub(crate) fn new(token: impl Into<Zeroizing<String>>) -> Self {
        Self(Arc::new(token.into()))
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").finish_non_exhaustive()
    }
}

/// The client-server API of one homeserver, each request typed by `ruma`.
#[derive(Clone)]
pub(crate) struct Api {
    http: Http,
    pub(crate) base: BaseUrl,
    versions: Arc<SupportedVersions>,
}

impl Api {
    /// Asks which versions of the protocol the server speaks.
    pub(crate) async fn open(http: Http, base: BaseUrl, bounds: Bounds) -> Result<Self, Failure> {
        let request = get_supported_versions::Request::new();
        let request: hyper::Request<Vec<u8>> =
            request.try_into_http_request(base.as_str(), SendAccessToken::None, ()).map_err(|_| unsupported())?;
        let response: get_supported_versions::Response = answer(&http, request, bounds).await.map_err(|failure| {
            let none = Error::NotSupported("the Matrix protocol at this address");
            if failure == Failure::NotFound { Failure::Refused(none) } else { failure }
        })?;
        Ok(Self { http, base, versions: Arc::new(response.as_supported_versions()) })
    }

    /// Sends `request` and waits for its answer. The token, if there is one, goes to this server only.
    pub(crate) async fn call<R>(
        &self,
        request: R,
        token: Option<&Token>,
        bounds: Bounds,
    ) -> Result<R::IncomingResponse, Failure>
    where
        R: OutgoingRequest<EndpointError = Refusal>,
        R::Authentication: for<'a> AuthScheme<Input<'a> = SendAccessToken<'a>>,
        R::PathBuilder: for<'a> PathBuilder<Input<'a> = Cow<'a, SupportedVersions>>,
    {
        let token = token.map_or(SendAccessToken::None, |token| SendAccessToken::IfRequired(token.expose()));
        let mut request: hyper::Request<Vec<u8>> = request
            .try_into_http_request(self.base.as_str(), token, Cow::Borrowed(&self.versions))
            .map_err(|_| unsupported())?;
        if let Some(secret) = request.headers_mut().get_mut(AUTHORIZATION) {
            secret.set_sensitive(true);
        }
        answer(&self.http, request, bounds).await
    }
}

async fn answer<R>(http: &Http, request: hyper::Request<Vec<u8>>, bounds: Bounds) -> Result<R, Failure>
where
    R: IncomingResponse<EndpointError = Refusal>,
{
    let answer = http.exchange(request, bounds).await?;
    let (head, body) = answer.into_parts();
    let status = head.status;
    let answer = hyper::Response::from_parts(head, &*body);
    if !status.is_success() {
        return Err(Failure::of_refusal(status, &Refusal::from_http_response(answer)));
    }
    R::try_from_http_response_inner(answer)
        .map_err(|_| Failure::Trouble(Error::Malformed("an answer is not what was asked for")))
}

const fn unsupported() -> Failure {
    Failure::Refused(Error::NotSupported("a version of the Matrix protocol that we know"))
}

/// The API once we are in, with the token of the moment.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) api: Api,
    pub(crate) link: watch::Receiver<Link>,
    /// For everything that is asked for by and by.
    pub(crate) bounds: Bounds,
}

impl Client {
    pub(crate) async fn call<R>(&self, request: R) -> Result<R::IncomingResponse, Failure>
    where
        R: OutgoingRequest<EndpointError = Refusal>,
        R::Authentication: for<'a> AuthScheme<Input<'a> = SendAccessToken<'a>>,
        R::PathBuilder: for<'a> PathBuilder<Input<'a> = Cow<'a, SupportedVersions>>,
    {
        self.call_within(request, self.bounds).await
    }

    pub(crate) async fn call_within<R>(&self, request: R, bounds: Bounds) -> Result<R::IncomingResponse, Failure>
    where
        R: OutgoingRequest<EndpointError = Refusal>,
        R::Authentication: for<'a> AuthScheme<Input<'a> = SendAccessToken<'a>>,
        R::PathBuilder: for<'a> PathBuilder<Input<'a> = Cow<'a, SupportedVersions>>,
    {
        let token = self.link.borrow().token.clone();
        self.api.call(request, Some(&token), bounds).await
    }
}
