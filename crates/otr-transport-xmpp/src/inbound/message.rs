use otr_transport::{Incoming, Origin};
use tokio_xmpp::jid::{FullJid, Jid};
use tokio_xmpp::minidom::Element;
use tokio_xmpp::minidom::rxml::Namespace;
use tokio_xmpp::parsers::date::DateTime;
use tokio_xmpp::parsers::ns;

/// XEP-0091, what delayed messages were marked with before XEP-0203.
const LEGACY_DELAY: &str = "jabber:x:delay";

/// A message for the host.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) incoming: Incoming,
    /// Where an answer goes, where the message asks for one: the device that sent it (RFC 6121, 5.1).
    pub(crate) answer_to: Option<FullJid>,
}

/// While a resumed session gets what its last connection did not bring any more: the server marks that as delayed,
/// although it is as live as the session.
#[derive(Debug)]
pub(crate) struct Redelivery<'a> {
    /// When the session began, by the server's clock.
    pub(crate) since: &'a DateTime,
}

/// What `message` says, and how it came, if it is one that has something to say. `us` is who we are.
///
/// Whatever it is not certain of is no [`Origin::Live`]:
/// * delayed (XEP-0203, XEP-0091) or archived (XEP-0313): [`Origin::History`], or [`Origin::OwnCopy`] if it was ours;
/// * from a room or through it (XEP-0045), or a headline (RFC 6121, 5.2.2: "no reply is expected"):
///   [`Origin::Group`];
/// * from our own account, by whatever way: [`Origin::OwnCopy`];
/// * copies (XEP-0280): [`Origin::OwnCopy`] and [`Origin::PeerCopy`].
///
/// Wrapped messages are taken from our own account only; from anybody else they are forged, and passed over. The body
/// alone counts; XHTML and whatever else there is are not read.
pub(crate) fn read_message(message: &Element, us: &FullJid, redelivery: Option<&Redelivery<'_>>) -> Option<Taken> {
    let from = sender(message, us)?;
    if let Some(wrapper) = message.children().find(|child| is_wrapper(child)) {
        // No resource: the account itself wraps, not one of its clients.
        let genuine = from.resource().is_none() && is_us(&from, us);
        return genuine.then(|| unwrap(wrapper, us)).flatten().map(Taken::aside);
    }
    let body = body(message)?;
    let origin = origin(message, &from, us, redelivery);
    let answer_to = (origin == Origin::Live && message.attr("type") == Some("chat")).then(|| from.clone());
    let answer_to = answer_to.and_then(|from| FullJid::try_from(from).ok());
    Some(Taken { incoming: incoming(&from, body, origin), answer_to })
}

impl Taken {
    /// One that is not answered.
    fn aside(incoming: Incoming) -> Self {
        Self { incoming, answer_to: None }
    }
}

fn origin(message: &Element, from: &Jid, us: &FullJid, redelivery: Option<&Redelivery<'_>>) -> Origin {
    if is_of_a_room(message) || message.attr("type") == Some("headline") {
        Origin::Group
    } else if is_us(from, us) {
        Origin::OwnCopy
    } else if is_delayed(message) && !redelivery.is_some_and(|redelivery| is_redelivered(message, us, redelivery)) {
        Origin::History
    } else {
        Origin::Live
    }
}

/// What a copy or an archive holds.
fn unwrap(wrapper: &Element, us: &FullJid) -> Option<Incoming> {
    let forwarded = wrapper.get_child("forwarded", ns::FORWARD)?;
    let message = forwarded.get_child("message", ns::JABBER_CLIENT)?;
    let archived = wrapper.has_ns(ns::MAM);
    let from = sender(message, us)?;
    if message.attr("type") == Some("error") || (wrapper.is("sent", ns::CARBONS) && !is_us(&from, us)) {
        return None;
    }
    let body = body(message)?;
    if is_of_a_room(message) {
        return Some(incoming(&from, body, Origin::Group));
    }
    if is_us(&from, us) {
        let to = message.attr("to").map_or_else(|| Some(us.clone().into()), |to| Jid::new(to).ok())?;
        return Some(Incoming::new(to.to_bare().as_str(), body, Origin::OwnCopy));
    }
    Some(incoming(&from, body, if archived { Origin::History } else { Origin::PeerCopy }))
}

fn incoming(from: &Jid, body: String, origin: Origin) -> Incoming {
    let incoming = Incoming::new(from.to_bare().as_str(), body, origin);
    match from.resource() {
        Some(device) => incoming.with_device(device.as_str()),
        None => incoming,
    }
}

/// Who a stanza is from; one that does not say is from our own account (RFC 6120, 8.1.2.1).
pub(super) fn sender(stanza: &Element, us: &FullJid) -> Option<Jid> {
    match stanza.attr("from") {
        Some(from) => Jid::new(from).ok(),
        None => Some(us.to_bare().into()),
    }
}

pub(super) fn is_us(jid: &Jid, us: &FullJid) -> bool {
    jid.node() == us.node() && jid.domain() == us.domain()
}

fn is_wrapper(child: &Element) -> bool {
    child.is("sent", ns::CARBONS) || child.is("received", ns::CARBONS) || child.is("result", ns::MAM)
}

fn is_of_a_room(message: &Element) -> bool {
    message.attr("type") == Some("groupchat") || message.has_child("x", ns::MUC_USER)
}

fn is_delay(child: &&Element) -> bool {
    child.is("delay", ns::DELAY) || child.is("x", LEGACY_DELAY)
}

fn is_delayed(message: &Element) -> bool {
    message.children().any(|child| is_delay(&child))
}

/// Whether the one mark of delay is our own account's or server's, and younger than the session.
fn is_redelivered(message: &Element, us: &FullJid, redelivery: &Redelivery<'_>) -> bool {
    let mut delays = message.children().filter(is_delay);
    let (Some(delay), None) = (delays.next(), delays.next()) else { return false };
    let by_our_server = delay.attr("from").and_then(|by| Jid::new(by).ok()).is_some_and(|by| {
        by.resource().is_none() && by.domain() == us.domain() && (by.node().is_none() || is_us(&by, us))
    });
    let stamp = delay.attr("stamp").and_then(|stamp| stamp.parse::<DateTime>().ok());
    by_our_server && stamp.is_some_and(|stamp| stamp.0 >= redelivery.since.0)
}

/// The body in no particular language, or the first one.
fn body(message: &Element) -> Option<String> {
    let bodies = || message.children().filter(|child| child.is("body", ns::JABBER_CLIENT));
    let neutral = bodies().find(|body| body.attr_ns(&Namespace::XML, "lang").is_none());
    neutral.or_else(|| bodies().next()).map(Element::text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: &str = "<x xmlns='http://jabber.org/protocol/muc#user'/>";
    const DELAY: &str = "<delay xmlns='urn:xmpp:delay' from='example.org' stamp='2024-05-05T12:00:00Z'/>";

    fn us() -> FullJid {
        FullJid::new("alice@example.org/desk").unwrap()
    }

    fn taken(attributes: &str, inside: &str) -> Option<Taken> {
        taken_while(attributes, inside, None)
    }

    fn taken_while(attributes: &str, inside: &str, redelivery: Option<&Redelivery<'_>>) -> Option<Taken> {
        let xml = format!("<message xmlns='jabber:client' {attributes}>{inside}</message>");
        read_message(&xml.parse().unwrap(), &us(), redelivery)
    }

    fn origin(attributes: &str, inside: &str) -> Origin {
        taken(attributes, &format!("{inside}<body>x</body>")).unwrap().incoming.origin
    }

    fn wrapped(name: &str, namespace: &str, attributes: &str, inside: &str) -> String {
        format!(
            "<{name} xmlns='{namespace}'><forwarded xmlns='urn:xmpp:forward:0'>{DELAY}\
             <message xmlns='jabber:client' {attributes}>{inside}<body>secret</body></message></forwarded></{name}>"
        )
    }

    #[test]
    fn a_chat_message_is_live_and_answered_where_it_came_from() {
        let message = taken("from='bob@example.org/phone' type='chat'", "<body> a\n\t&amp;&#x1d11e; </body>").unwrap();
        let expected = Incoming::new("bob@example.org", " a\n\t&\u{1d11e} ", Origin::Live).with_device("phone");
        assert_eq!(message.incoming, expected);
        assert_eq!(message.answer_to.unwrap().as_str(), "bob@example.org/phone");
    }

    #[test]
    fn other_kinds_of_messages() {
        let from_bob = "from='bob@example.org/phone'";
        // RFC 6121, 5.2.2: unknown kinds are normal ones.
        for kind in ["", "type='normal'", "type='something'"] {
            let message = taken(&format!("{from_bob} {kind}"), "<body>x</body>").unwrap();
            assert_eq!((message.incoming.origin, message.answer_to), (Origin::Live, None), "{kind}");
        }
        assert_eq!(origin(&format!("{from_bob} type='headline'"), ""), Origin::Group);
        assert_eq!(origin("type='chat'", ""), Origin::OwnCopy);
        assert_eq!(origin("from='alice@example.org/phone' type='chat'", ""), Origin::OwnCopy);
        for nothing in ["", "<subject>x</subject>", "<html xmlns='http://jabber.org/protocol/xhtml-im'/>"] {
            assert_eq!(taken(from_bob, nothing), None, "{nothing}");
        }
        assert_eq!(taken("from='@@'", "<body>x</body>"), None);
        assert_eq!(taken(from_bob, "<body/>").unwrap().incoming.body, "");
    }

    #[test]
    fn the_body_in_no_language_counts() {
        let bodies = "<body xml:lang='de'>eins</body><body>one</body><body>two</body>";
        assert_eq!(taken("from='bob@example.org'", bodies).unwrap().incoming.body, "one");
        let german = "<body xml:lang='de'>eins</body><body xml:lang='fr'>un</body>";
        assert_eq!(taken("from='bob@example.org'", german).unwrap().incoming.body, "eins");
        let foreign = "<body xmlns='http://www.w3.org/1999/xhtml'>html</body>";
        assert_eq!(taken("from='bob@example.org'", foreign), None);
    }

    // attack: VER-8
    #[test]
    fn rooms_delays_and_archives_are_never_live() {
        let chat = "from='bob@example.org/phone' type='chat'";
        assert_eq!(origin(chat, ROOM), Origin::Group);
        assert_eq!(origin("from='room@example.org/bob' type='groupchat'", ""), Origin::Group);
        assert_eq!(origin("from='room@example.org/bob' type='groupchat'", DELAY), Origin::Group);
        assert_eq!(origin(chat, DELAY), Origin::History);
        assert_eq!(origin(chat, "<delay xmlns='urn:xmpp:delay'/>"), Origin::History);
        assert_eq!(origin(chat, "<x xmlns='jabber:x:delay' stamp='20240505T12:00:00'/>"), Origin::History);

        let from_bob = wrapped("result", ns::MAM, "from='bob@example.org/phone' to='alice@example.org'", "");
        let archived = taken("from='alice@example.org'", &from_bob).unwrap();
        assert_eq!((archived.incoming.origin, archived.incoming.from.as_str()), (Origin::History, "bob@example.org"));
        let from_us = wrapped("result", ns::MAM, "from='alice@example.org/x' to='bob@example.org'", "");
        let archived = taken("from='alice@example.org'", &from_us).unwrap();
        assert_eq!((archived.incoming.origin, archived.incoming.from.as_str()), (Origin::OwnCopy, "bob@example.org"));
    }

    // attack: VER-8
    #[test]
    fn copies_are_told_apart_and_never_live() {
        let to_bob = wrapped("sent", ns::CARBONS, "from='alice@example.org/x' to='bob@example.org/phone'", "");
        for account in ["from='alice@example.org'", ""] {
            let copy = taken(account, &to_bob).unwrap();
            assert_eq!(copy.incoming, Incoming::new("bob@example.org", "secret", Origin::OwnCopy), "{account}");
            assert_eq!(copy.answer_to, None);
        }
        let chat = "from='bob@example.org/phone' to='alice@example.org/x' type='chat'";
        let copy = taken("from='alice@example.org'", &wrapped("received", ns::CARBONS, chat, "")).unwrap();
        let expected = Incoming::new("bob@example.org", "secret", Origin::PeerCopy).with_device("phone");
        assert_eq!((copy.incoming, copy.answer_to), (expected, None));

        let of_a_room = wrapped("received", ns::CARBONS, chat, ROOM);
        assert_eq!(taken("from='alice@example.org'", &of_a_room).unwrap().incoming.origin, Origin::Group);
    }

    // attack: VER-8
    #[test]
    fn forged_copies_and_archives_are_passed_over() {
        let chat = "from='carol@example.org' to='alice@example.org' type='chat'";
        for (name, namespace) in [("sent", ns::CARBONS), ("received", ns::CARBONS), ("result", ns::MAM)] {
            for sender in [
                "mallory@example.org",
                "mallory@example.org/x",
                "alice@example.org/x",
                "alice@example.org.evil",
                "example.org",
                "alice",
            ] {
                let forged = format!("{}<body>bait</body>", wrapped(name, namespace, chat, ""));
                assert_eq!(taken(&format!("from='{sender}' type='chat'"), &forged), None, "{name} {sender}");
            }
        }
        let not_ours = wrapped("sent", ns::CARBONS, chat, "");
        assert_eq!(taken("from='alice@example.org'", &not_ours), None);
        let error = wrapped("received", ns::CARBONS, "from='bob@example.org' type='error'", "");
        assert_eq!(taken("from='alice@example.org'", &error), None);
        for empty in ["<sent xmlns='urn:xmpp:carbons:2'/>", "<result xmlns='urn:xmpp:mam:2'/>"] {
            assert_eq!(taken("from='alice@example.org'", empty), None, "{empty}");
        }
    }

    // attack: VER-8
    #[test]
    fn only_what_the_server_held_back_since_the_session_began_is_live_again() {
        let since: DateTime = "2024-05-05T12:00:00Z".parse().unwrap();
        let redelivery = Redelivery { since: &since };
        let chat = "from='bob@example.org/phone' type='chat'";
        let origin = |delay: &str| {
            let inside = format!("{delay}<body>x</body>");
            taken_while(chat, &inside, Some(&redelivery)).unwrap().incoming.origin
        };
        let by = |by: &str, stamp: &str| format!("<delay xmlns='urn:xmpp:delay' from='{by}' stamp='{stamp}'/>");
        assert_eq!(origin(DELAY), Origin::Live);
        assert_eq!(origin(&by("alice@example.org", "2024-05-05T14:30:00.5+02:00")), Origin::Live);

        assert_eq!(origin(&by("example.org", "2024-05-05T11:59:59Z")), Origin::History);
        assert_eq!(origin(&by("example.org", "later")), Origin::History);
        for other in ["bob@example.org", "elsewhere.org", "alice@example.org/x", ""] {
            assert_eq!(origin(&by(other, "2024-05-05T12:30:00Z")), Origin::History, "{other}");
        }
        assert_eq!(origin(&format!("{DELAY}{}", by("elsewhere.org", "2024-05-05T12:30:00Z"))), Origin::History);
        assert_eq!(origin("<x xmlns='jabber:x:delay' from='example.org' stamp='20240505T12:30:00'/>"), Origin::History);
    }
}
