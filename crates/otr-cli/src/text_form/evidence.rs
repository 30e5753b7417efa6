//! What tells how a program takes texts.

/// How a program takes texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// It sends and reads them as they are.
    Plain,
    /// It sends and reads HTML.
    Html,
    /// It sends them as they are and reads HTML.
    Mixed,
}

/// Who asks for a conversation like that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Query {
    /// A program that leaves the words to libotr: Pidgin, BitlBee, MCabber; HexChat now and then.
    Libotr,
    /// One that leaves them to potr: WeeChat.
    Potr,
    /// Another.
    Plain,
}

/// What a text can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// Text: it has a `<` or a `&` that HTML would not have.
    NoHtml,
    /// HTML by its looks.
    Html,
    /// Both, and the same text.
    Either,
}

/// Programs, by a part of the names they give.
const PROGRAMS: &[(&str, Way)] = &[
    ("pidgin", Way::Html),
    ("bitlbee", Way::Html),
    ("adium", Way::Html),
    ("psi-im.org", Way::Html),
    ("psi-plus", Way::Html),
    ("psi+", Way::Html),
    ("mcabber", Way::Mixed),
    ("weechat", Way::Mixed),
    ("profanity", Way::Plain),
    ("irssi", Way::Plain),
    ("hexchat", Way::Plain),
];

/// Tags that a program could send. What is called otherwise is more likely something that the user typed.
const TAGS: &[&str] = &[
    "a",
    "abbr",
    "b",
    "big",
    "blockquote",
    "body",
    "br",
    "center",
    "cite",
    "code",
    "dd",
    "del",
    "div",
    "dl",
    "dt",
    "em",
    "font",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "hr",
    "html",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "samp",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "tr",
    "tt",
    "u",
    "ul",
];

/// Entities that a program could send, besides numbers. It has no need for others, as all is Unicode.
const ENTITIES: &[&str] = &["amp", "lt", "gt", "quot", "apos", "nbsp"];

/// The way of the program that goes by `name`, if we know it.
pub(super) fn software(name: &str) -> Option<Way> {
    let name = name.to_ascii_lowercase();
    PROGRAMS.iter().find(|(part, _)| name.contains(part)).map(|&(_, way)| way)
}

/// Who sends `line` in clear, if it is about OTR.
pub(super) fn query(line: &str) -> Option<Query> {
    if line.contains("has requested an <a href=") && line.contains(">Off-the-Record private conversation</a>") {
        return Some(Query::Libotr);
    }
    if line.contains("I would like to start an Off-the-Record private conversation") {
        return Some(Query::Potr);
    }
    (line.contains("?OTRv") || line.contains("?OTR?")).then_some(Query::Plain)
}

/// Whether `name`, in small letters, is that of a tag we know.
pub(super) fn is_tag(name: &str) -> bool {
    TAGS.binary_search(&name).is_ok()
}

/// What `text` can be.
pub(super) fn look(text: &str) -> Look {
    let mut look = Look::Either;
    let mut rest = text;
    while let Some(at) = rest.find(['<', '&']) {
        let (_, markup) = rest.split_at(at);
        let Some(after) = after_tag(markup).or_else(|| after_entity(markup)) else { return Look::NoHtml };
        look = Look::Html;
        rest = after;
    }
    look
}

/// What follows the tag or comment at the start of `text`, if there is one.
fn after_tag(text: &str) -> Option<&str> {
    let inside = text.strip_prefix('<')?;
    if let Some(comment) = inside.strip_prefix("!--") {
        return comment.split_once("-->").map(|(_, after)| after);
    }
    let name = inside.strip_prefix('/').unwrap_or(inside);
    let (name, attributes) = name.split_at(name.find(|c: char| !c.is_ascii_alphanumeric())?);
    if !is_tag(&name.to_ascii_lowercase()) || !attributes.starts_with([' ', '\t', '\n', '/', '>']) {
        return None;
    }
    let mut quote = None;
    for (at, c) in attributes.char_indices() {
        match (quote, c) {
            (None, '>') => return attributes.get(at.saturating_add(1)..),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    None
}

/// What follows the entity at the start of `text`, if there is one.
fn after_entity(text: &str) -> Option<&str> {
    let (name, after) = text.strip_prefix('&')?.split_once(';')?;
    let is_number = |digits: &str| match digits.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).is_ok(),
        None => digits.parse::<u32>().is_ok(),
    };
    let known = ENTITIES.contains(&name) || name.strip_prefix('#').is_some_and(is_number);
    known.then_some(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tags_are_in_order() {
        assert!(TAGS.is_sorted());
        assert!(is_tag("br") && !is_tag("foo"));
    }

    #[test]
    fn a_text_shows_what_it_can_be() {
        for text in ["", "plain", "a > b", "\"quoted\"", "1 ; 2", "é 𝄞"] {
            assert_eq!(look(text), Look::Either, "{text}");
        }
        for text in [
            "a &lt; b",
            "&#39;&#x27;",
            "a<br>b<BR/>c",
            "<b>x</b>",
            "<a href=\"https://example.org/?a=1&b>\">x</a>",
            "<FONT FACE='x'>y</FONT>",
            "x<!-- <y> -->",
        ] {
            assert_eq!(look(text), Look::Html, "{text}");
        }
        for text in [
            "<b>&amp; 3 < 4",
            "<3",
            "a & b",
            "https://example.org/?a=1&b=2",
            "&copy;",
            "&lt",
            "Vec<String>",
            "<https://example.org/>",
            "<b",
            "<a href=\"x>",
            "</>",
            "<!-- x",
            "&#;",
            "&#x110000000;",
            "&lt; &",
        ] {
            assert_eq!(look(text), Look::NoHtml, "{text}");
        }
    }

    #[test]
    fn programs_go_by_their_names() {
        for (name, way) in [
            ("http://pidgin.im/", Some(Way::Html)),
            ("http://bitlbee.org/xmpp/caps", Some(Way::Html)),
            ("BitlBee0b8d3f2a", Some(Way::Html)),
            ("http://mcabber.com/caps", Some(Way::Mixed)),
            ("mcabber.1f2e3d4c", Some(Way::Mixed)),
            ("http://profanity-im.github.io", Some(Way::Plain)),
            ("profanity.Xk2a", Some(Way::Plain)),
            ("desk", None),
            ("", None),
        ] {
            assert_eq!(software(name), way, "{name}");
        }
    }

    #[test]
    fn queries_go_by_their_words() {
        let libotr = "<b>bob@localhost</b> has requested an <a href=\"https://otr.cypherpunks.ca/\">Off-the-Record \
                      private conversation</a>.  However, you do not have a plugin to support that.";
        assert_eq!(query(&format!("?OTRv23?\n{libotr}")), Some(Query::Libotr));
        assert_eq!(query(libotr), Some(Query::Libotr), "on IRC it is a line of its own");
        let profanity = "?OTR?v2? This user has requested an Off-the-Record private conversation. However, you do not \
                         have a plugin to support that. See http://otr.cypherpunks.ca/ for more information.";
        assert_eq!(query(profanity), Some(Query::Plain));
        let weechat = "?OTRv2? I would like to start an Off-the-Record private conversation. However, you do not have \
                       a plugin to support that. See https://otr.cypherpunks.ca/ for more information.";
        assert_eq!(query(weechat), Some(Query::Potr));
        assert_eq!(query("?OTRv23?"), Some(Query::Plain));
        assert_eq!(query("<b>hello</b>"), None);
        assert_eq!(query("?OTR:AAMC"), None);
    }
}
