use hyper::Uri;
use hyper::http::uri::Scheme;
use otr_transport::Error;
use ruma::ServerName;
use ruma::api::client::discovery::discover_homeserver;

use crate::failure::Failure;
use crate::http::{Bounds, Http, get};

/// Redirections that are followed while the homeserver is looked for. No secret is sent on that way.
const MAX_REDIRECTIONS: usize = 3;

/// Whether `http://` will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encryption {
    Required,
    Optional,
}

/// Where a homeserver is: scheme, host, port and perhaps a path, without a slash at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BaseUrl(String);

impl BaseUrl {
    pub(crate) fn parse(text: &str, encryption: Encryption) -> Result<Self, Error> {
        let uri: Uri = text.parse().map_err(|_| Error::InvalidAddress)?;
        check(&uri, encryption)?;
        if uri.query().is_some() {
            return Err(Error::InvalidAddress);
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

fn check(uri: &Uri, encryption: Encryption) -> Result<(), Error> {
    let authority = uri.authority().ok_or(Error::InvalidAddress)?;
    // A name and password in the address would be shown wherever it is.
    if authority.as_str().contains('@') || authority.host().is_empty() {
        return Err(Error::InvalidAddress);
    }
    match uri.scheme() {
        Some(scheme) if *scheme == Scheme::HTTPS => Ok(()),
        Some(scheme) if *scheme == Scheme::HTTP => match encryption {
            Encryption::Optional => Ok(()),
            Encryption::Required => Err(Error::Tls("the homeserver's address begins with http://")),
        },
        _ => Err(Error::InvalidAddress),
    }
}

/// Asks the server that user names end with where its homeserver is (client-server API, "Well-known URI").
pub(crate) async fn discover(
    http: &Http,
    name: &ServerName,
    encryption: Encryption,
    bounds: Bounds,
) -> Result<BaseUrl, Error> {
    let scheme = match encryption {
        Encryption::Required => "https",
        Encryption::Optional => "http",
    };
    let mut uri: Uri =
        format!("{scheme}://{name}/.well-known/matrix/client").parse().map_err(|_| Error::InvalidAddress)?;
    for _ in 0..=MAX_REDIRECTIONS {
        check(&uri, encryption)?;
        let answer = http.exchange(get(uri.clone()), bounds).await.map_err(Failure::into_error)?;
        match answer.status().as_u16() {
            300..=399 => {
                uri = redirected(&uri, answer.headers()).ok_or(Error::Malformed("a redirection to nowhere"))?
            }
            // Without such a document the server itself is the place to try.
            404 => return BaseUrl::parse(&format!("{scheme}://{name}"), encryption),
            200 => return found(answer.body(), encryption),
            status @ 500..=599 => return Err(Error::Unavailable { status: Some(status) }),
            _ => return Err(Error::Malformed("the server does not say where its homeserver is")),
        }
    }
    Err(Error::Malformed("the way to the homeserver goes in circles"))
}

fn found(document: &[u8], encryption: Encryption) -> Result<BaseUrl, Error> {
    let malformed = Error::Malformed("the document that names the homeserver is not well formed");
    let response = hyper::Response::new(document);
    let response =
        <discover_homeserver::Response as ruma::api::IncomingResponse>::try_from_http_response_inner(response)
            .map_err(|_| malformed)?;
    BaseUrl::parse(&response.homeserver.base_url, encryption).map_err(|error| match error {
        Error::InvalidAddress => malformed,
        other => other,
    })
}

fn redirected(from: &Uri, headers: &hyper::HeaderMap) -> Option<Uri> {
    let location: Uri = headers.get(hyper::header::LOCATION)?.to_str().ok()?.parse().ok()?;
    if location.authority().is_some() {
        return Some(location);
    }
    // Only the path is given: the same server.
    let mut parts = from.clone().into_parts();
    parts.path_and_query = Some(location.path_and_query()?.clone());
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<String, Error> {
        BaseUrl::parse(text, Encryption::Required).map(|base| base.0)
    }

    #[test]
    fn a_base_url_is_https_without_slash_at_the_end() {
        assert_eq!(parse("https://matrix.example.org/").as_deref(), Ok("https://matrix.example.org"));
        assert_eq!(parse("https://example.org:8448/chat/").as_deref(), Ok("https://example.org:8448/chat"));
        assert_eq!(parse("https://[::1]:8448").as_deref(), Ok("https://[::1]:8448"));
    }

    #[test]
    fn http_has_to_be_allowed() {
        assert!(matches!(parse("http://127.0.0.1:8008"), Err(Error::Tls(_))));
        assert!(BaseUrl::parse("http://127.0.0.1:8008", Encryption::Optional).is_ok());
    }

    #[test]
    fn what_is_no_base_url_is_refused() {
        for text in
            ["", "example.org", "/path", "ftp://example.org", "https://me:pw@example.org", "https://a/?b=c", "\0"]
        {
            assert_eq!(parse(text), Err(Error::InvalidAddress), "{text}");
        }
    }

    #[test]
    fn a_redirection_is_to_a_url_or_a_path() {
        let from: Uri = "https://example.org/.well-known/matrix/client".parse().unwrap();
        let to = |location: &'static str| {
            let mut headers = hyper::HeaderMap::new();
            headers.insert(hyper::header::LOCATION, hyper::header::HeaderValue::from_static(location));
            redirected(&from, &headers).map(|uri| uri.to_string())
        };
        assert_eq!(to("https://www.example.org/x").as_deref(), Some("https://www.example.org/x"));
        assert_eq!(to("/y").as_deref(), Some("https://example.org/y"));
        assert_eq!(redirected(&from, &hyper::HeaderMap::new()), None);
    }
}
