use std::time::Duration;

use otr_transport::Error;
use tokio_xmpp::jid::{FullJid, Jid};
use tokio_xmpp::minidom::Element;
use tokio_xmpp::parsers::bind::{BindQuery, BindResponse};
use tokio_xmpp::parsers::iq::Iq;
use tokio_xmpp::parsers::ns;
use tokio_xmpp::parsers::sm::Enable;
use tokio_xmpp::parsers::stream_features::StreamFeatures;

use crate::Account;
use crate::session::Resumption;
use crate::wire::{Carrier, Stream, read, write};

/// The id of our request, on a stream where there is no other one yet.
const ID: &str = "bind";
/// How long a session can be resumed where the server does not say: what servers commonly keep.
const DEFAULT_KEPT: Duration = Duration::from_secs(300);
/// Longer than this no session is waited for, whatever the server promises.
const MAX_KEPT: Duration = Duration::from_secs(3600);
/// Names of a session longer than this are not kept. Servers in the field use less than 100 bytes.
const MAX_RESUMPTION_ID: usize = 4096;

/// What a new session has been given.
#[derive(Debug)]
pub(crate) struct Bound {
    /// Our address with the resource, which may be another one than we asked for.
    pub(crate) address: FullJid,
    /// Whether stanzas are counted and confirmed (XEP-0198).
    pub(crate) managed: bool,
    /// How it can be taken up again.
    pub(crate) resumption: Option<Resumption>,
    /// The largest stanza that the server takes from us, where it says so (XEP-0478).
    pub(crate) max_stanza_size: Option<usize>,
}

/// Begins a new session: a resource (RFC 6120, 7), and stream management where there is any (XEP-0198, 3).
pub(crate) async fn bind(
    stream: &mut Stream<Box<dyn Carrier>>,
    features: &StreamFeatures,
    account: &Account,
) -> Result<Bound, Error> {
    if !features.can_bind() {
        return Err(Error::NotSupported("resource binding"));
    }
    write(stream, Iq::from_set(ID, BindQuery::new(account.resource.clone()))).await?;
    let address = bound(&read_answer(stream, is_answer).await?)?;
    // Everything that is said to be from ourselves is believed, so the server must not rename us.
    if Jid::from(address.clone()).to_bare() != account.address {
        return Err(Error::Malformed("the server gives us somebody else's address"));
    }
    let mut session = Bound { address, managed: false, resumption: None, max_stanza_size: announced(features) };
    if features.stream_management.is_some() {
        write(stream, Enable::new().with_resume()).await?;
        let answer = read_answer(stream, |element| element.has_ns(ns::SM)).await?;
        session.managed = answer.is("enabled", ns::SM);
        session.resumption = resumption(&answer).filter(|_| session.managed);
    }
    Ok(session)
}

/// Elements that may come before an answer; nothing is on its way to us before we have said that we are there.
const MAX_BEFORE_ANSWER: usize = 16;

async fn read_answer(
    stream: &mut Stream<Box<dyn Carrier>>,
    is_answer: impl Fn(&Element) -> bool,
) -> Result<Element, Error> {
    for _ in 0..MAX_BEFORE_ANSWER {
        let element = read(stream).await?;
        if is_answer(&element) {
            return Ok(element);
        }
    }
    Err(Error::Malformed("the server does not answer what it is asked"))
}

fn is_answer(element: &Element) -> bool {
    element.is("iq", ns::JABBER_CLIENT) && element.attr("id") == Some(ID)
}

fn bound(answer: &Element) -> Result<FullJid, Error> {
    if answer.attr("type") == Some("result") {
        let response = answer.get_child("bind", ns::BIND).cloned().map(BindResponse::try_from);
        return match response {
            Some(Ok(response)) => Ok(response.into()),
            _ => Err(Error::Malformed("the server does not say our address")),
        };
    }
    let error = answer.get_child("error", ns::JABBER_CLIENT);
    let condition = error.and_then(|error| error.children().find(|child| child.has_ns(ns::XMPP_STANZAS)));
    Err(match condition.map(Element::name) {
        Some("conflict") => Error::NameTaken,
        Some("resource-constraint") => Error::RateLimited { wait: None },
        _ => Error::NotAllowed,
    })
}

fn announced(features: &StreamFeatures) -> Option<usize> {
    let size = features.limits.as_ref()?.max_bytes?;
    usize::try_from(size.get()).ok()
}

fn resumption(enabled: &Element) -> Option<Resumption> {
    if !matches!(enabled.attr("resume"), Some("true" | "1")) {
        return None;
    }
    let id = enabled.attr("id").filter(|id| id.len() <= MAX_RESUMPTION_ID)?.to_owned();
    let kept = enabled.attr("max").and_then(|seconds| seconds.parse().ok()).map_or(DEFAULT_KEPT, Duration::from_secs);
    Some(Resumption { id, kept: kept.min(MAX_KEPT) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn iq(kind: &str, inside: &str) -> Result<FullJid, Error> {
        bound(&format!("<iq xmlns='jabber:client' type='{kind}' id='bind'>{inside}</iq>").parse().unwrap())
    }

    #[test]
    fn the_server_says_our_address_or_why_not() {
        let jid = |text: &str| format!("<bind xmlns='{}'><jid>{text}</jid></bind>", ns::BIND);
        assert_eq!(iq("result", &jid("alice@example.org/desk")).unwrap().as_str(), "alice@example.org/desk");
        for bad in ["", "<other xmlns='x'/>", &jid(""), &jid("alice@example.org"), &jid("@/")] {
            assert!(matches!(iq("result", bad), Err(Error::Malformed(_))), "{bad}");
        }
        let error =
            |condition: &str| format!("<error type='cancel'><{condition} xmlns='{}'/></error>", ns::XMPP_STANZAS);
        assert_eq!(iq("error", &error("conflict")), Err(Error::NameTaken));
        assert_eq!(iq("error", &error("resource-constraint")), Err(Error::RateLimited { wait: None }));
        assert_eq!(iq("error", &error("not-allowed")), Err(Error::NotAllowed));
        assert_eq!(iq("error", ""), Err(Error::NotAllowed));
    }

    #[test]
    fn a_session_can_be_resumed_where_the_server_says_how() {
        let enabled =
            |attributes: &str| resumption(&format!("<enabled xmlns='{}' {attributes}/>", ns::SM).parse().unwrap());
        let kept = |seconds| Some(Resumption { id: "x".to_owned(), kept: Duration::from_secs(seconds) });
        assert_eq!(enabled("id='x' resume='true' max='60'"), kept(60));
        assert_eq!(enabled("id='x' resume='true' max='18446744073709551615'"), kept(3600));
        assert_eq!(enabled("id='x' resume='1'"), kept(300));
        assert_eq!(enabled("id='x' resume='true' max='soon'"), kept(300));
        assert_eq!(enabled("id='x'"), None);
        assert_eq!(enabled("resume='true'"), None);
        assert_eq!(enabled(&format!("resume='true' id='{}'", "x".repeat(MAX_RESUMPTION_ID + 1))), None);
    }
}
