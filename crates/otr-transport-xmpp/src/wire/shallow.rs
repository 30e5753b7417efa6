/// Elements within elements that are let through, the root of the stream included. Nothing that is of use here lies
/// deeper than ten. The parser needs time by the square of the depth to find out namespaces, and trees are built, read
/// and dropped by recursion, so some 100 KiB that are nothing but depth would take seconds, or exhaust the stack.
const MAX_DEPTH: usize = 64;

const CDATA: &[u8] = b"[CDATA[";

/// Leaves out of a stream of XML (1.0, 3) the elements that are too deep, with all there is in them. Everything else is
/// let through byte for byte; whether it is well-formed is for the parser to say.
#[derive(Debug, Default)]
pub(super) struct Shallow {
    /// Elements that are open.
    depth: usize,
    at: At,
    /// Whether the markup that we are in is let through.
    kept: bool,
}

/// Where in the XML we are.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum At {
    #[default]
    Text,
    /// Right behind a `<`, which has not been let through yet: what follows decides.
    Markup,
    /// In a tag that opens an element; `slash` right behind a slash, so that it may close it as well.
    Start { slash: bool },
    /// In a quoted value within such a tag.
    Value { quote: u8 },
    /// In a tag that closes an element.
    End,
    /// In a declaration or an instruction, of which so many bytes are those of a CDATA section.
    Other { matched: usize },
    /// In a CDATA section, behind so many closing brackets.
    CData { brackets: usize },
}

impl Shallow {
    /// Whether what has been let through ends where markup may begin.
    pub(super) fn is_between_tags(&self) -> bool {
        self.at == At::Text
    }

    /// Lets through what may be.
    pub(super) fn pass(&mut self, from: &[u8], to: &mut Vec<u8>) {
        for &byte in from {
            match self.at {
                At::Text if byte == b'<' => {
                    self.at = At::Markup;
                    continue;
                }
                At::Text => self.kept = self.depth <= MAX_DEPTH,
                At::Markup => {
                    self.begin(byte);
                    if self.kept {
                        to.push(b'<');
                    }
                }
                _ => {}
            }
            if self.kept {
                to.push(byte);
            }
            self.at = self.after(byte);
        }
    }

    /// Decides by the first byte behind `<`. An element counts with its tags.
    fn begin(&mut self, byte: u8) {
        let opened = match byte {
            b'/' | b'!' | b'?' => 0,
            _ => 1,
        };
        self.kept = self.depth + opened <= MAX_DEPTH;
        self.at = match byte {
            b'/' => At::End,
            b'!' => At::Other { matched: 0 },
            b'?' => At::Other { matched: CDATA.len() },
            _ => At::Start { slash: false },
        };
    }

    fn after(&mut self, byte: u8) -> At {
        match (self.at, byte) {
            (At::Start { slash }, b'>') => {
                self.depth += usize::from(!slash);
                At::Text
            }
            (At::Start { .. }, b'"' | b'\'') => At::Value { quote: byte },
            (At::Start { .. }, _) => At::Start { slash: byte == b'/' },
            (At::Value { quote }, _) if byte == quote => At::Start { slash: false },
            (At::End, b'>') => {
                self.depth = self.depth.saturating_sub(1);
                At::Text
            }
            (At::Other { matched: 0 }, b'!') => At::Other { matched: 0 },
            (At::Other { matched }, _) if CDATA.get(matched) == Some(&byte) => match matched + 1 {
                all if all == CDATA.len() => At::CData { brackets: 0 },
                some => At::Other { matched: some },
            },
            (At::Other { .. }, b'>') => At::Text,
            (At::Other { .. }, _) => At::Other { matched: CDATA.len() },
            (At::CData { brackets: 2.. }, b'>') => At::Text,
            (At::CData { brackets }, b']') => At::CData { brackets: brackets.saturating_add(1) },
            (At::CData { .. }, _) => At::CData { brackets: 0 },
            (same, _) => same,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(xml: &str) -> String {
        let mut at_once = Vec::new();
        Shallow::default().pass(xml.as_bytes(), &mut at_once);
        let (mut bytewise, mut shallow) = (Vec::new(), Shallow::default());
        for byte in xml.bytes() {
            shallow.pass(&[byte], &mut bytewise);
        }
        assert_eq!(at_once, bytewise);
        String::from_utf8(at_once).unwrap()
    }

    fn nested(depth: usize, inside: &str) -> String {
        format!("{}{inside}{}", "<a>".repeat(depth), "</a>".repeat(depth))
    }

    #[test]
    fn what_is_not_deep_is_let_through() {
        for xml in [
            "<?xml version='1.0'?><stream:stream xmlns='jabber:client'>text &lt; \u{1d11e}<a b='>' c=\"/>'\"/>\n",
            "<a><![CDATA[<b><b>]]]><b>]]></a><!-- <b> --><b/>",
            "<>< ></><!><?><a/b><'><\"'>",
        ] {
            assert_eq!(passed(xml), xml);
        }
        let most = nested(MAX_DEPTH, "text<![CDATA[<x>]]>");
        assert_eq!(passed(&most), most);
    }

    #[test]
    fn what_is_too_deep_is_left_out_and_the_rest_is_whole() {
        for deep in [
            nested(1, "text"),
            nested(100_000, "x"),
            "<b c='</b>'/>".to_owned(),
            "<b>]]><![CDATA[</b></b>]]]>]]></b>".to_owned(),
            "<b/ ><c></c></b>".to_owned(),
        ] {
            let around = |inside: &str| nested(MAX_DEPTH, &format!("1{inside}2")) + "<c>3</c>";
            assert_eq!(passed(&around(&deep)), around(""), "{} bytes", deep.len());
        }
    }

    #[test]
    fn a_stream_is_never_deeper_than_allowed_whatever_comes() {
        let pieces = ["<a>", "</a>", "<a/>", "<![CDATA[", "]]>", "<!--", "-->", "'", "\"", "<a b='", "<?x", ">", "x"];
        let mut shallow = Shallow::default();
        let mut through = Vec::new();
        let mut chance = 1_u32;
        for _ in 0..100_000 {
            chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let piece = pieces[usize::try_from(chance >> 16).unwrap() % pieces.len()];
            shallow.pass(piece.as_bytes(), &mut through);
        }
        let mut again = Vec::new();
        Shallow::default().pass(&through, &mut again);
        assert_eq!(through, again);
    }
}
