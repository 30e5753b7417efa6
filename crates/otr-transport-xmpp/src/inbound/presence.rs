use tokio_xmpp::jid::{FullJid, Jid};
use tokio_xmpp::minidom::Element;
use tokio_xmpp::parsers::ns;

use super::message::{is_us, sender};
use crate::contacts::State;

/// Which device of a peer came or went (RFC 6121, 4). Requests to be told of our own presence are passed over: nobody is
/// ever let in without having been asked for. So are rooms and our own clients.
pub(crate) fn read_presence(presence: &Element, us: &FullJid) -> Option<(Jid, State)> {
    let from = sender(presence, us)?;
    if is_us(&from, us) || presence.has_child("x", ns::MUC_USER) {
        return None;
    }
    let state = match presence.attr("type") {
        None => State::Available { away: is_away(presence), program: program(presence) },
        Some("unavailable") => State::Unavailable,
        Some(_) => return None,
    };
    Some((from, state))
}

/// RFC 6121, 4.7.2.1. Who must not be disturbed is there.
fn is_away(presence: &Element) -> bool {
    let show = presence.get_child("show", ns::JABBER_CLIENT).map(Element::text);
    matches!(show.as_deref(), Some("away" | "xa"))
}

/// XEP-0115: what names the program in its announcement of what it can do.
fn program(presence: &Element) -> Option<String> {
    presence.get_child("c", ns::CAPS)?.attr("node").map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(attributes: &str, inside: &str) -> Option<State> {
        let xml = format!("<presence xmlns='jabber:client' {attributes}>{inside}</presence>");
        let us = FullJid::new("alice@example.org/desk").unwrap();
        read_presence(&xml.parse().unwrap(), &us).map(|(_, state)| state)
    }

    #[test]
    fn devices_come_and_go_with_their_programs() {
        let from_bob = "from='bob@example.org/x'";
        let here = |away, program: Option<&str>| Some(State::Available { away, program: program.map(str::to_owned) });
        assert_eq!(read(from_bob, ""), here(false, None));
        assert_eq!(read(from_bob, "<show>dnd</show>"), here(false, None));
        assert_eq!(read(from_bob, "<show>xa</show>"), here(true, None));
        let caps = "<c xmlns='http://jabber.org/protocol/caps' node='http://pidgin.im/' ver='x'/>";
        assert_eq!(read(from_bob, caps), here(false, Some("http://pidgin.im/")));
        assert_eq!(read(&format!("{from_bob} type='unavailable'"), ""), Some(State::Unavailable));
    }

    #[test]
    fn the_rest_is_passed_over() {
        for kind in ["subscribe", "subscribed", "unsubscribe", "unsubscribed", "probe", "error", "invisible"] {
            assert_eq!(read(&format!("from='bob@example.org/x' type='{kind}'"), ""), None, "{kind}");
        }
        for us in ["", "from='alice@example.org/phone'", "from='alice@example.org'", "from='@'"] {
            assert_eq!(read(us, ""), None, "{us}");
        }
        let room = "<x xmlns='http://jabber.org/protocol/muc#user'/>";
        assert_eq!(read("from='room@example.org/bob'", room), None);
    }
}
