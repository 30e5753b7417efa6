use std::time::Duration;

use hyper::StatusCode;
use otr_transport::Error;
use ruma::api::error::{Error as Refusal, ErrorKind, RetryAfter};

use crate::clock;

/// Why a request had no success, by what can be done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// No answer, a meaningless one, or one that says that the server is in trouble: the same request may succeed later.
    Trouble(Error),
    /// We ask too often (429, `M_LIMIT_EXCEEDED`).
    RateLimited(Option<Duration>),
    /// The server does not know our access token, or no longer (401, `M_UNKNOWN_TOKEN`).
    TokenRefused,
    /// The answer is larger than we allow.
    Oversized,
    /// What we sent is larger than the server allows (413, `M_TOO_LARGE`).
    TooLarge,
    /// 403.
    Forbidden,
    /// 404.
    NotFound,
    /// Any other refusal.
    Refused(Error),
}

impl Failure {
    /// What an answer with a status other than success means (client-server API, "Standard error response").
    pub(crate) fn of_refusal(status: StatusCode, refusal: &Refusal) -> Self {
        let kind = refusal.error_kind();
        match (status.as_u16(), kind) {
            (_, Some(ErrorKind::LimitExceeded(data))) => Self::RateLimited(data.retry_after.as_ref().and_then(wait)),
            (429, _) => Self::RateLimited(None),
            (401, Some(ErrorKind::UnknownToken(_) | ErrorKind::MissingToken)) => Self::TokenRefused,
            // Without a word in Matrix's own terms it is some proxy that wants to know who we are.
            (401, Some(_)) => Self::Refused(Error::LoginRefused),
            (_, Some(ErrorKind::UserDeactivated)) => Self::Refused(Error::LoginRefused),
            (413, _) | (_, Some(ErrorKind::TooLarge)) => Self::TooLarge,
            (404, Some(ErrorKind::Unrecognized)) | (405, _) => {
                Self::Refused(Error::NotSupported("a part of the Matrix protocol that we need"))
            }
            (403, _) => Self::Forbidden,
            (404, _) => Self::NotFound,
            (408, _) => Self::Trouble(Error::TimedOut),
            (status @ 500..=599, _) => Self::Trouble(Error::Unavailable { status: Some(status) }),
            (402..=499, _) | (400, _) => Self::Refused(Error::NotAllowed),
            // A redirection could lead our token to another server.
            (300..=399, _) => Self::Trouble(Error::Malformed("a redirection where an answer belongs")),
            _ => Self::Trouble(Error::Malformed("an answer with a status that means nothing")),
        }
    }

    /// The error for a host, where nothing can be done about it.
    pub(crate) const fn into_error(self) -> Error {
        match self {
            Self::Trouble(error) | Self::Refused(error) => error,
            Self::RateLimited(wait) => Error::RateLimited { wait },
            Self::TokenRefused => Error::LoginRefused,
            Self::Oversized => Error::Malformed("an answer is larger than allowed"),
            Self::TooLarge | Self::Forbidden => Error::NotAllowed,
            Self::NotFound => Error::NotSupported("what we ask it for"),
        }
    }
}

fn wait(after: &RetryAfter) -> Option<Duration> {
    match after {
        RetryAfter::Delay(wait) => Some(*wait),
        RetryAfter::DateTime(time) => Some(time.duration_since(clock::now()).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use ruma::api::EndpointError;

    use super::*;

    fn failure(status: u16, body: &str) -> Failure {
        answered(hyper::Response::builder().status(status), body)
    }

    fn answered(builder: hyper::http::response::Builder, body: &str) -> Failure {
        let response = builder.body(body.as_bytes()).unwrap();
        let status = response.status();
        Failure::of_refusal(status, &Refusal::from_http_response(response))
    }

    #[test]
    fn a_rate_limit_says_how_long_in_the_body_or_the_head() {
        let limited = |millis| Failure::RateLimited(Some(Duration::from_millis(millis)));
        let body = r#"{"errcode":"M_LIMIT_EXCEEDED","error":"slow down","retry_after_ms":1500}"#;
        assert_eq!(failure(429, body), limited(1500));
        let with_header = hyper::Response::builder().status(429).header("retry-after", "7");
        assert_eq!(answered(with_header, body), limited(7000));
        assert_eq!(failure(429, "<html>"), Failure::RateLimited(None));
        let past = hyper::Response::builder().status(429).header("retry-after", "Thu, 01 Jan 1970 00:00:10 GMT");
        assert_eq!(answered(past, body), limited(0));
    }

    #[test]
    fn statuses_and_codes_are_told_apart() {
        let code = |status, code| failure(status, &format!(r#"{{"errcode":"{code}","error":"x"}}"#));
        assert_eq!(code(401, "M_UNKNOWN_TOKEN"), Failure::TokenRefused);
        assert_eq!(code(401, "M_MISSING_TOKEN"), Failure::TokenRefused);
        assert_eq!(code(401, "M_USER_LOCKED"), Failure::Refused(Error::LoginRefused));
        assert!(matches!(failure(401, "<html>"), Failure::Trouble(Error::Malformed(_))));
        assert_eq!(code(403, "M_FORBIDDEN"), Failure::Forbidden);
        assert_eq!(code(403, "M_USER_DEACTIVATED"), Failure::Refused(Error::LoginRefused));
        assert_eq!(code(413, "M_TOO_LARGE"), Failure::TooLarge);
        assert_eq!(code(404, "M_NOT_FOUND"), Failure::NotFound);
        assert!(matches!(code(404, "M_UNRECOGNIZED"), Failure::Refused(Error::NotSupported(_))));
        assert_eq!(code(400, "M_BAD_JSON"), Failure::Refused(Error::NotAllowed));
        assert_eq!(failure(502, "<html>"), Failure::Trouble(Error::Unavailable { status: Some(502) }));
        assert!(matches!(failure(302, ""), Failure::Trouble(Error::Malformed(_))));
        assert!(matches!(failure(999, "{}"), Failure::Trouble(Error::Malformed(_))));
    }
}
