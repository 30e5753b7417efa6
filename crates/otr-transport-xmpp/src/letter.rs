//! How a message of ours is written.

use otr_transport::Error;
use tokio_xmpp::jid::{BareJid, Jid};
use tokio_xmpp::minidom::Element;
use tokio_xmpp::parsers::carbons::Private;
use tokio_xmpp::parsers::eme::ExplicitMessageEncryption;
use tokio_xmpp::parsers::message::{Id, Lang, Message};

/// What every server and every path between servers takes: 10,000 bytes for a stanza (RFC 6120, 13.12), less
/// [`ENVELOPE`].
const SAFE_BODY: usize = 10_000 - ENVELOPE;
/// Bytes of a stanza beside its body: names of ordinary length, hints, and what servers add on the way.
const ENVELOPE: usize = 1000;
/// Bytes of both addresses together that [`ENVELOPE`] has room for.
const ROOM_FOR_ADDRESSES: usize = 300;
/// The most that is sent without being asked for, however much a server takes.
const LARGEST_UNASKED: usize = 65_000;

/// XEP-0334.
const HINTS: &str = "urn:xmpp:hints";
/// OTR's name in XEP-0380.
const OTR: &str = "urn:xmpp:otr:0";

/// What decides how long a body may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Who we are, with the resource.
    pub(crate) from: Jid,
    /// What the account's owner set.
    pub(crate) set: Option<usize>,
    /// The largest stanza that our own server takes, where it says so (XEP-0478).
    pub(crate) announced: Option<usize>,
}

impl Limits {
    /// The largest body for `to`, in bytes as they stand in XML. What our own server announces says nothing about
    /// another one, which may take less.
    pub(crate) fn body(&self, to: &BareJid) -> usize {
        let announced = self.announced.map(|stanza| stanza.saturating_sub(ENVELOPE));
        let of_our_server = announced.filter(|_| to.domain() == self.from.domain());
        let asked = self.set.or(of_our_server.map(|body| body.min(LARGEST_UNASKED))).unwrap_or(SAFE_BODY);
        let addresses = escaped_size(self.from.as_str()) + escaped_size(to.as_str());
        asked.min(announced.unwrap_or(usize::MAX)).saturating_sub(addresses.saturating_sub(ROOM_FOR_ADDRESSES))
    }
}

/// Whether a message can be carried as it is.
///
/// # Errors
///
/// [`Error::EmptyMessage`], [`Error::NotSupported`] for characters that XML has no form for, or that do not pass it
/// unchanged, as the carriage return; [`Error::MessageTooLarge`].
pub(crate) fn check(body: &str, limit: usize) -> Result<(), Error> {
    if body.is_empty() {
        return Err(Error::EmptyMessage);
    }
    if !body.chars().all(is_carried) {
        return Err(Error::NotSupported("control characters in a message"));
    }
    let size = escaped_size(body);
    if size > limit { Err(Error::MessageTooLarge { size, limit }) } else { Ok(()) }
}

/// XML 1.0, 2.2 (Char), without the carriage return, which parsers turn into a line feed (2.11).
const fn is_carried(c: char) -> bool {
    matches!(c, '\t' | '\n' | ' '..='\u{fffd}' | '\u{10000}'..)
}

/// The bytes of a text in XML. Quotes need not be escaped in a text, but some servers do.
fn escaped_size(text: &str) -> usize {
    let sizes = text.bytes().map(|byte| match byte {
        b'&' => "&amp;".len(),
        b'<' | b'>' => "&lt;".len(),
        b'\'' | b'"' => "&quot;".len(),
        _ => 1,
    });
    sizes.sum()
}

/// A message with the hints that XEP-0364, 4.3 asks for when the body is OTR's: no copies to other clients, which could
/// not read them (XEP-0280, XEP-0334), no archive, and by which means it is encrypted (XEP-0380). No chat states, no
/// request for receipts, no markup.
pub(crate) fn compose(id: String, to: Jid, body: String) -> Element {
    let mut message = Message::chat(to);
    message.id = Some(Id(id));
    if body.starts_with("?OTR") {
        message.payloads.push(Element::bare("no-copy", HINTS));
        message.payloads.push(Element::bare("no-permanent-store", HINTS));
        message.payloads.push(Private.into());
    }
    // A query is to be read by people, too, where no program understands it: it is not marked.
    if ["?OTR:", "?OTR|", "?OTR,"].iter().any(|beginning| body.starts_with(beginning)) {
        message.payloads.push(ExplicitMessageEncryption { namespace: OTR.to_owned(), name: None }.into());
    }
    message.bodies.insert(Lang::new(), body);
    message.into()
}

#[cfg(test)]
mod tests {
    use tokio_xmpp::parsers::ns;

    use super::*;

    fn limits(set: Option<usize>, announced: Option<usize>) -> Limits {
        Limits { from: Jid::new("alice@example.org/desk").unwrap(), set, announced }
    }

    fn bare(text: &str) -> BareJid {
        BareJid::new(text).unwrap()
    }

    #[test]
    fn what_fits_depends_on_servers_and_settings() {
        let (ours, theirs) = (bare("bob@example.org"), bare("bob@elsewhere.org"));
        for (set, announced, to_ours, to_theirs) in [
            (None, None, 9_000, 9_000),
            (Some(65_000), None, 65_000, 65_000),
            (None, Some(262_144), 65_000, 9_000),
            (Some(200_000), Some(262_144), 200_000, 200_000),
            (Some(300_000), Some(262_144), 261_144, 261_144),
            (None, Some(5_000), 4_000, 4_000),
            (None, Some(10), 0, 0),
        ] {
            let limits = limits(set, announced);
            assert_eq!((limits.body(&ours), limits.body(&theirs)), (to_ours, to_theirs), "{set:?} {announced:?}");
        }
        let long = bare(&format!("{}@{}.org", "b".repeat(1000), "c".repeat(50)));
        assert!(limits(None, None).body(&long) < 9_000 - 700);
    }

    #[test]
    fn the_limit_holds_for_what_stands_in_xml() {
        assert_eq!(check(&"x".repeat(100), 100), Ok(()));
        assert_eq!(check(&"&".repeat(20), 100), Ok(()));
        assert_eq!(check(&"&".repeat(21), 100), Err(Error::MessageTooLarge { size: 105, limit: 100 }));
        assert_eq!(check("\u{e9}\u{1d11e}", 6), Ok(()));
        assert_eq!(check("", 6), Err(Error::EmptyMessage));
    }

    #[test]
    fn a_full_stanza_is_within_what_the_limit_stands_for() {
        let to = Jid::new("bob@example.org/mcabber.0123456789").unwrap();
        let limit = limits(None, None).body(&to.to_bare());
        let body = format!("?OTR:{}", "'".repeat((limit - 5) / 6));
        check(&body, limit).unwrap();
        let mut stanza = Vec::new();
        compose("0123456789abcdef".to_owned(), to, body.clone()).write_to(&mut stanza).unwrap();
        let envelope = stanza.len() - body.len();
        assert!(envelope + 200 + ROOM_FOR_ADDRESSES < ENVELOPE, "{envelope}");
    }

    #[test]
    fn characters_that_would_not_arrive_are_refused() {
        for good in ["\t a\n b \t", "\u{7f}\u{85}\u{2028}", "\u{fffd}\u{10ffff}", "<b>&amp;</b>"] {
            assert_eq!(check(good, 1000), Ok(()), "{good:?}");
        }
        for bad in ["\0", "a\u{1b}[0m", "\r\n", "\u{fffe}", "\u{ffff}", "\u{b}"] {
            assert!(matches!(check(bad, 1000), Err(Error::NotSupported(_))), "{bad:?}");
        }
    }

    fn marks(body: &str) -> Vec<String> {
        let message = compose("1".to_owned(), Jid::new("bob@example.org").unwrap(), body.to_owned());
        assert_eq!((message.attr("type"), message.attr("id")), (Some("chat"), Some("1")));
        assert_eq!(message.get_child("body", ns::JABBER_CLIENT).unwrap().text(), body);
        let marks = message.children().filter(|child| child.name() != "body");
        marks.map(|mark| format!("{} {}", mark.name(), mark.ns())).collect()
    }

    #[test]
    fn otr_gets_the_hints_and_nothing_else_does() {
        let hints = ["no-copy urn:xmpp:hints", "no-permanent-store urn:xmpp:hints", "private urn:xmpp:carbons:2"];
        let encrypted = [&hints[..], &["encryption urn:xmpp:eme:0"]].concat();
        for body in ["?OTRv3?", "?OTR?v2?", "?OTR Error: no"] {
            assert_eq!(marks(body), hints, "{body}");
        }
        for body in ["?OTR:AAMD.", "?OTR|1|2,1,2,AA,", "?OTR,1,2,AA,"] {
            assert_eq!(marks(body), encrypted, "{body}");
        }
        for body in ["hello", " ?OTR:AAMD.", "plain \t  \t\t\t\t \t \t \t  "] {
            assert!(marks(body).is_empty(), "{body}");
        }
    }
}
