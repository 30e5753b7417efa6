//! Text as it came from the other side.

use std::{borrow::Cow, fmt};

/// What a peer wrote, byte for byte. Nothing says that it is UTF-8, free of control characters, or harmless markup.
///
/// OTR leaves open whether a text is plain or HTML, and there are programs that send HTML. Nothing here interprets it:
/// show it as it is, or take the markup out with [`strip_html`](Self::strip_html). A program whose own display is HTML
/// puts in what [`escape_html`](Self::escape_html) returns, never the text itself (attack rule TEXT-1).
///
/// ```
/// # use otr_session::Text;
/// # fn show(text: &Text) {
/// println!("{text}"); // literally, to a display of plain text
/// let html = format!("<p>{}</p>", text.escape_html()); // literally, to a display of HTML
/// let html = format!("<p>{}</p>", text.strip_html()); // without its markup, to either
/// # }
/// ```
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Text(Vec<u8>);

impl Text {
    pub(crate) const fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether the bytes are UTF-8 without NUL, so that [`to_string_lossy`](Self::to_string_lossy) loses nothing.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        !self.0.contains(&0) && std::str::from_utf8(&self.0).is_ok()
    }

    /// The text, with a replacement character where the bytes are not UTF-8.
    #[must_use]
    pub fn to_string_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }

    /// The text as HTML that shows it literally, in an element or in a quoted attribute: `&`, `<`, `>` and both quotes
    /// become character references.
    #[must_use]
    pub fn escape_html(&self) -> String {
        let mut escaped = String::with_capacity(self.0.len());
        for c in self.to_string_lossy().chars() {
            match c {
                '&' => escaped.push_str("&amp;"),
                '<' => escaped.push_str("&lt;"),
                '>' => escaped.push_str("&gt;"),
                '"' => escaped.push_str("&quot;"),
                '\'' => escaped.push_str("&#39;"),
                c => escaped.push(c),
            }
        }
        escaped
    }

    /// The text without tags, comments and declarations of HTML, so that no `<` is left that begins one. A line break
    /// (`<br>`) becomes one; a `<` that begins nothing stays; of a tag that does not end, the sign alone is left out.
    /// Character references such as `&lt;` stay as they are: what they stand for could make up new markup.
    #[must_use]
    pub fn strip_html(&self) -> String {
        let text = self.to_string_lossy();
        let mut stripped = String::with_capacity(text.len());
        let mut rest: &str = &text;
        // Searched for once after the last one, so that many tags that do not end cost no more than one.
        let last_end = text.rfind('>').map_or(0, |at| text.len().saturating_sub(at));
        while let Some((before, tag)) = rest.split_once('<') {
            stripped.push_str(before);
            rest = tag;
            if !begins_tag(tag) {
                stripped.push('<');
            } else if tag.len() >= last_end
                && last_end > 0
                && let Some((inside, after)) = tag.split_once('>')
            {
                if is_line_break(inside) {
                    stripped.push('\n');
                }
                rest = after;
            }
        }
        stripped.push_str(rest);
        stripped
    }

    /// At most `longest` characters with control and direction-changing characters taken out: for words that come
    /// unauthenticated, such as the other side's error messages (attack rules ERR-1, TEXT-3).
    pub(crate) fn quoted(bytes: &[u8], longest: usize) -> Self {
        let words = String::from_utf8_lossy(bytes);
        let plain = words.chars().filter(|&c| !c.is_control() && !changes_direction(c)).take(longest);
        Self(plain.collect::<String>().into_bytes())
    }
}

/// Whether a `<` begins something when this follows it. Another `<` counts: what stands between the two might go.
fn begins_tag(follows: &str) -> bool {
    follows.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?' | '<'))
}

fn is_line_break(tag: &str) -> bool {
    tag.trim_end_matches(['/', ' ']).eq_ignore_ascii_case("br")
}

const fn changes_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_string_lossy())
    }
}

/// Prints the length only: what people write to each other has no place in a debug output.
impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Pieces of markup, as an attacker puts them together.
    fn markup() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("<".to_owned()),
            Just(">".to_owned()),
            Just("</".to_owned()),
            Just("<!--".to_owned()),
            Just("-->".to_owned()),
            Just("<script>".to_owned()),
            Just("<br/>".to_owned()),
            Just("&lt;".to_owned()),
            Just("&".to_owned()),
            Just("\"'".to_owned()),
            any::<String>(),
            any::<char>().prop_map(String::from),
        ];
        proptest::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
    }

    fn text(text: impl AsRef<[u8]>) -> Text {
        Text::new(text.as_ref().to_vec())
    }

    fn unescape(html: &str) -> String {
        let plain = html.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
        plain.replace("&amp;", "&")
    }

    // attack: TEXT-1
    #[test]
    fn what_attackers_send_is_escaped_and_stripped() {
        let cases = [
            ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;", "alert(1)"),
            ("<img src=x onerror='a()'>", "&lt;img src=x onerror=&#39;a()&#39;&gt;", ""),
            ("\" onmouseover=\"a()", "&quot; onmouseover=&quot;a()", "\" onmouseover=\"a()"),
            ("<<b>script>x", "&lt;&lt;b&gt;script&gt;x", "script>x"),
            ("<scr<b>ipt>", "&lt;scr&lt;b&gt;ipt&gt;", "ipt>"),
            ("&lt;b&gt;", "&amp;lt;b&amp;gt;", "&lt;b&gt;"),
            ("<!-- a --><?php b ?></p>", "&lt;!-- a --&gt;&lt;?php b ?&gt;&lt;/p&gt;", ""),
            ("<a href='javascript:a()'", "&lt;a href=&#39;javascript:a()&#39;", "a href='javascript:a()'"),
            ("one<br>two<BR />three", "one&lt;br&gt;two&lt;BR /&gt;three", "one\ntwo\nthree"),
            ("I <3 you, 1 < 2 <", "I &lt;3 you, 1 &lt; 2 &lt;", "I <3 you, 1 < 2 <"),
            ("<font color=\"#000\">hi</font>", "&lt;font color=&quot;#000&quot;&gt;hi&lt;/font&gt;", "hi"),
        ];
        for (payload, escaped, stripped) in cases {
            assert_eq!(text(payload).escape_html(), escaped, "{payload}");
            assert_eq!(text(payload).strip_html(), stripped, "{payload}");
            assert_eq!(text(payload).to_string(), payload, "shown literally");
        }
    }

    // attack: TEXT-1, DOS-5
    #[test]
    fn many_tags_without_an_end_are_no_more_work_than_one() {
        // A search to the end for each of them would take hours.
        let open = "<a".repeat(4_000_000);
        assert_eq!(text(&open).strip_html().len(), 4_000_000);
    }

    proptest! {
        // attack: TEXT-1
        #[test]
        fn no_markup_is_left(markup in markup()) {
            let escaped = text(&markup).escape_html();
            prop_assert!(!escaped.contains(['<', '>', '"', '\'']));
            prop_assert_eq!(unescape(&escaped), markup.as_str());
            let stripped = text(&markup).strip_html();
            let mut follows = stripped.split('<').skip(1).peekable();
            while let Some(part) = follows.next() {
                let is_sign = part.starts_with(|c: char| c.is_ascii_alphabetic() || "/!?".contains(c));
                prop_assert!(!is_sign && (!part.is_empty() || follows.peek().is_none()), "{}", stripped);
            }
            prop_assert!(stripped.len() <= markup.len());
            prop_assert_eq!(text(&stripped).strip_html(), stripped);
        }

        // attack: TEXT-1, TEXT-6
        #[test]
        fn any_bytes_are_a_text(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let text = text(&bytes);
            let _ = (text.escape_html(), text.strip_html(), text.to_string());
            prop_assert_eq!(text.as_bytes(), bytes);
        }
    }
}
