use tokio_xmpp::jid::{FullJid, Jid};
use tokio_xmpp::minidom::Element;
use tokio_xmpp::parsers::disco::{DiscoInfoResult, Identity};
use tokio_xmpp::parsers::iq::Iq;
use tokio_xmpp::parsers::ns;
use tokio_xmpp::parsers::stanza_error::{DefinedCondition, ErrorType, StanzaError};

use super::message::{is_us, sender};

/// Whether a stanza is from our own server, or from our own account, for which the server speaks.
pub(crate) fn is_from_server(stanza: &Element, us: &FullJid) -> bool {
    sender(stanza, us).is_some_and(|from| {
        is_us(&from, us) || (from.node().is_none() && from.resource().is_none() && from.domain() == us.domain())
    })
}

/// The answer to a request: XEP-0199 (ping), XEP-0030 (what are you), and "no" to everything else.
///
/// Only our own server and our own clients get one. Any answer tells others that we are there, and they need not know.
pub(crate) fn answer(iq: &Element, us: &FullJid) -> Option<Element> {
    if !matches!(iq.attr("type"), Some("get" | "set")) || !is_from_server(iq, us) {
        return None;
    }
    let id = iq.attr("id")?.to_owned();
    let to = iq.attr("from").and_then(|from| Jid::new(from).ok());
    let request = iq.children().next();
    let is = |name: &str, namespace: &str| {
        iq.attr("type") == Some("get") && request.is_some_and(|request| request.is(name, namespace))
    };
    let (from, payload) = (None, None);
    let answer = if is("ping", ns::PING) {
        Iq::Result { from, to, id, payload }
    } else if is("query", ns::DISCO_INFO) {
        let node = request.and_then(|request| request.attr("node")).map(str::to_owned);
        Iq::Result { from, to, id, payload: Some(description(node)) }
    } else {
        let error = StanzaError::new(ErrorType::Cancel, DefinedCondition::ServiceUnavailable, "", "");
        Iq::Error { from, to, id, error: StanzaError { texts: Default::default(), ..error }, payload }
    };
    Some(answer.into())
}

/// What we are, without a name.
fn description(node: Option<String>) -> Element {
    let identity = Identity { category: "client".to_owned(), type_: "console".to_owned(), lang: None, name: None };
    let features = [ns::DISCO_INFO, ns::PING].map(str::to_owned).into();
    DiscoInfoResult { node, identities: vec![identity], features, extensions: Vec::new() }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(attributes: &str, inside: &str) -> Option<String> {
        let xml = format!("<iq xmlns='jabber:client' id='7' {attributes}>{inside}</iq>");
        let us = FullJid::new("alice@example.org/desk").unwrap();
        answer(&xml.parse().unwrap(), &us).map(|answer| String::from(&answer))
    }

    #[test]
    fn our_server_gets_answers() {
        for from in ["", "from='example.org'", "from='alice@example.org'", "from='alice@example.org/x'"] {
            let pong = answered(&format!("{from} type='get'"), "<ping xmlns='urn:xmpp:ping'/>").unwrap();
            assert!(pong.contains("type='result'") && pong.contains("id='7'"), "{pong}");
        }
        let disco = "<query xmlns='http://jabber.org/protocol/disco#info' node='n'/>";
        let description = answered("from='example.org' type='get'", disco).unwrap();
        assert!(description.contains("node='n'") && description.contains("category='client'"), "{description}");
        for (kind, request) in [("set", disco), ("get", "<query xmlns='jabber:iq:version'/>"), ("get", "")] {
            let refusal = answered(&format!("from='example.org' type='{kind}'"), request).unwrap();
            assert!(refusal.contains("service-unavailable") && refusal.contains("to='example.org'"), "{refusal}");
        }
    }

    #[test]
    fn nobody_else_learns_that_we_are_there() {
        for from in ["bob@example.org/x", "example.org/x", "elsewhere.org", "alice@elsewhere.org", "@"] {
            assert_eq!(answered(&format!("from='{from}' type='get'"), "<ping xmlns='urn:xmpp:ping'/>"), None, "{from}");
        }
        for kind in ["result", "error", "other"] {
            assert_eq!(answered(&format!("type='{kind}'"), ""), None, "{kind}");
        }
    }
}
