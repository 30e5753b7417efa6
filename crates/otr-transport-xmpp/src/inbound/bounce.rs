use otr_transport::Error;
use tokio_xmpp::jid::{FullJid, Jid};
use tokio_xmpp::minidom::Element;
use tokio_xmpp::parsers::ns;

use super::message::sender;

/// A message of ours that could not be delivered, or what claims to be one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Bounce<'a> {
    /// Where it had been sent to.
    pub(crate) from: Jid,
    pub(crate) id: &'a str,
    pub(crate) error: Error,
}

/// Reads a message of type `error` (RFC 6120, 8.3).
pub(crate) fn read_bounce<'a>(message: &'a Element, us: &FullJid) -> Option<Bounce<'a>> {
    if message.attr("type") != Some("error") {
        return None;
    }
    Some(Bounce { from: sender(message, us)?, id: message.attr("id")?, error: reason(message) })
}

/// Why, in the words that all networks share.
fn reason(message: &Element) -> Error {
    let error = message.get_child("error", ns::JABBER_CLIENT);
    let condition =
        error.and_then(|error| error.children().find(|child| child.has_ns(ns::XMPP_STANZAS) && child.name() != "text"));
    match condition.map(Element::name) {
        Some(
            "gone"
            | "item-not-found"
            | "jid-malformed"
            | "recipient-unavailable"
            | "remote-server-not-found"
            | "service-unavailable",
        ) => Error::NoSuchPeer,
        Some("resource-constraint") => Error::RateLimited { wait: None },
        Some("internal-server-error" | "remote-server-timeout") => Error::Unavailable { status: None },
        Some("bad-request" | "feature-not-implemented" | "unexpected-request") => {
            Error::NotSupported("messages of this kind")
        }
        _ => Error::NotAllowed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounced(attributes: &str, inside: &str) -> Option<(String, Error)> {
        let xml = format!("<message xmlns='jabber:client' {attributes}>{inside}</message>");
        let us = FullJid::new("alice@example.org/desk").unwrap();
        read_bounce(&xml.parse().unwrap(), &us).map(|bounce| (bounce.from.to_string(), bounce.error))
    }

    #[test]
    fn conditions_become_errors() {
        let error = |condition: &str| {
            let inside = format!(
                "<error type='cancel'><text xmlns='{0}'>no</text><{condition} xmlns='{0}'/></error>",
                ns::XMPP_STANZAS
            );
            bounced("type='error' id='1' from='bob@example.org/x'", &inside).unwrap().1
        };
        assert_eq!(error("service-unavailable"), Error::NoSuchPeer);
        assert_eq!(error("item-not-found"), Error::NoSuchPeer);
        assert_eq!(error("resource-constraint"), Error::RateLimited { wait: None });
        assert_eq!(error("remote-server-timeout"), Error::Unavailable { status: None });
        assert_eq!(error("forbidden"), Error::NotAllowed);
        assert_eq!(error("something-new"), Error::NotAllowed);
    }

    #[test]
    fn only_errors_with_an_id_count() {
        let from_bob = "from='bob@example.org'";
        let found = Some(("bob@example.org".to_owned(), Error::NotAllowed));
        assert_eq!(bounced(&format!("type='error' id='1' {from_bob}"), ""), found);
        assert_eq!(bounced(&format!("type='chat' id='1' {from_bob}"), ""), None);
        assert_eq!(bounced(&format!("type='error' {from_bob}"), ""), None);
        assert_eq!(bounced("type='error' id='1' from='@'", ""), None);
    }
}
