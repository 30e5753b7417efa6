use std::fmt;

use tokio_xmpp::minidom::Element;
use tokio_xmpp::parsers::ns;
use xso::error::{Error, FromEventsError};
use xso::exports::rxml::{AttrMap, Event, QName};
use xso::minidom_compat::ElementFromEvents;
use xso::{Context, FromEventsBuilder, FromXml};

/// Elements and texts within one stanza that are taken. Each costs some hundred bytes of memory, however short it is.
const MAX_NODES: usize = 4096;

/// One element of a stream, as it comes directly below the stream's root.
pub(crate) enum Received {
    /// All of it.
    Whole(Element),
    /// It had too many parts, and has been passed over. Any peer can send such a thing through an honest server, so it
    /// must not end the connection. Nor is a part of it taken for all: what is left out may say that it is old.
    TooComplex {
        /// Whether it was a message, a presence or an iq, which stream management counts.
        stanza: bool,
    },
}

/// Whether an element of this name is one of the three kinds that XEP-0198 counts.
pub(crate) fn is_stanza(namespace: &str, name: &str) -> bool {
    namespace == ns::JABBER_CLIENT && matches!(name, "message" | "presence" | "iq")
}

impl FromXml for Received {
    type Builder = Collector;

    fn from_events(name: QName, attributes: AttrMap, _: &Context<'_>) -> Result<Collector, FromEventsError> {
        let stanza = is_stanza(&name.0, &name.1);
        Ok(Collector { stanza, depth: 0, nodes: 1, tree: Some(ElementFromEvents::new(name, attributes)) })
    }
}

/// Builds a [`Received`] as long as it is within bounds, and goes on to its end where it is not.
pub(crate) struct Collector {
    stanza: bool,
    depth: usize,
    nodes: usize,
    tree: Option<ElementFromEvents>,
}

impl FromEventsBuilder for Collector {
    type Output = Received;

    fn feed(&mut self, event: Event, context: &Context<'_>) -> Result<Option<Received>, Error> {
        let mut last = false;
        match event {
            Event::StartElement(..) => {
                self.depth += 1;
                self.nodes += 1;
            }
            Event::EndElement(_) => match self.depth.checked_sub(1) {
                Some(depth) => self.depth = depth,
                None => last = true,
            },
            Event::Text(..) => self.nodes += 1,
            Event::XmlDeclaration(..) => {}
        }
        if self.nodes > MAX_NODES {
            self.tree = None;
        }
        match &mut self.tree {
            Some(tree) => Ok(tree.feed(event, context)?.map(Received::Whole)),
            None => Ok(last.then_some(Received::TooComplex { stanza: self.stanza })),
        }
    }
}

/// Shows no text: it may be private.
impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(element) => write!(f, "Whole({})", element.name()),
            Self::TooComplex { stanza } => f.debug_struct("TooComplex").field("stanza", stanza).finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(xml: &str) -> Received {
        xso::from_bytes(xml.as_bytes()).unwrap()
    }

    #[test]
    fn an_element_is_taken_whole_within_bounds() {
        let wide = format!("<iq xmlns='jabber:client'>{}</iq>", "<a/>".repeat(MAX_NODES - 1));
        assert!(matches!(received(&wide), Received::Whole(_)));
    }

    #[test]
    fn what_has_too_many_parts_is_counted_and_not_built() {
        let wide = format!("<iq xmlns='jabber:client'>{}</iq>", "<a/>".repeat(MAX_NODES));
        assert!(matches!(received(&wide), Received::TooComplex { stanza: true }));
        let strange = format!("<iq xmlns='other'>{}</iq>", "<a/>".repeat(MAX_NODES));
        assert!(matches!(received(&strange), Received::TooComplex { stanza: false }));
    }

    #[test]
    fn debug_hides_the_text() {
        let shown = format!("{:?}", received("<message xmlns='jabber:client'><body>hush</body></message>"));
        assert_eq!(shown, "Whole(message)");
    }
}
