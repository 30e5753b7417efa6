//! HTML as chat programs use it: text made from it, and it made from text.

use std::borrow::Cow;
use std::mem;

use html5gum::emitters::default::DefaultEmitter;
use html5gum::{StartTag, Token, Tokenizer};

use super::evidence::is_tag;

/// HTML that says `text`: `&`, `<`, `>` and `"` as entities, line breaks as `<br>`.
///
/// That is what all programs that read HTML agree on; MCabber knows no other entities but `&apos;`. Blanks stay as they
/// are, since none of them draws several together.
pub(super) fn from_text(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\n', '\r']) {
        return Cow::Borrowed(text);
    }
    let mut html = String::with_capacity(text.len().saturating_add(64));
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\r' if chars.peek() == Some(&'\n') => {}
            '\n' | '\r' => html.push_str("<br>"),
            c => html.push(c),
        }
    }
    Cow::Owned(html)
}

/// The text of `html`.
///
/// A `<br>` and the edge of a paragraph end a line, a link is followed by where it leads, a picture is what it is called.
/// Blanks and line breaks stay, as chat programs let them. What is no tag of those we know is text, so that nothing of a
/// text is lost that was none of HTML's.
///
/// Any input is taken. A tokenizer reads it, which builds no tree, in one pass.
pub(super) fn to_text(html: &str) -> String {
    // The tokenizer would take the line ends for the same, and count other offsets; and drop a tag without a name.
    let html = html.replace("\r\n", "\n").replace('\r', "\n").replace("</>", "&lt;/>");
    let mut text = Text { out: String::with_capacity(html.len()), ..Text::default() };
    let source = |from: usize, to: usize| html.get(from..to).unwrap_or_default();
    let mut end = 0;
    let emitter = DefaultEmitter::<usize>::new_with_span();
    for token in Tokenizer::new_with_emitter(html.as_str(), emitter).flatten() {
        let span = match &token {
            Token::StartTag(tag) => tag.span,
            Token::EndTag(tag) => tag.span,
            Token::String(string) => string.span,
            Token::Comment(comment) => comment.span,
            Token::Doctype(doctype) => doctype.span,
            Token::Error(_) => continue,
        };
        text.say(source(end, span.start));
        end = span.end.max(end);
        let written = source(span.start, span.end);
        match token {
            Token::String(string) => text.say(&String::from_utf8_lossy(&string)),
            Token::StartTag(tag) if is_tag(&String::from_utf8_lossy(&tag.name)) => text.start(&tag),
            Token::EndTag(tag) if is_tag(&String::from_utf8_lossy(&tag.name)) => text.end(&tag.name),
            Token::Comment(_) if written.starts_with("<!--") && written.ends_with("-->") => {}
            _ => text.say(written),
        }
    }
    text.say(source(end, html.len()));
    text.end_link();
    text.out
}

/// Text on its way out of HTML.
#[derive(Debug, Default)]
struct Text {
    out: String,
    /// The next text begins a line.
    at_edge: bool,
    /// The link we are in: where it leads, and where its text begins in `out`.
    link: Option<(String, usize)>,
}

impl Text {
    fn say(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if mem::take(&mut self.at_edge) && !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push('\n');
        }
        self.out.push_str(text);
    }

    fn start(&mut self, tag: &StartTag<usize>) {
        let attribute = |name: &[u8]| tag.attributes.get(name).map(|value| String::from_utf8_lossy(value).into_owned());
        match tag.name.as_slice() {
            b"br" => self.say("\n"),
            b"a" => {
                self.end_link();
                self.link = attribute(b"href").map(|target| (target, self.out.len()));
            }
            b"img" => match attribute(b"alt") {
                Some(name) if !name.is_empty() => self.say(&format!("[{name}]")),
                _ => self.say("[picture]"),
            },
            name => self.at_edge |= is_block(name),
        }
    }

    fn end(&mut self, name: &[u8]) {
        match name {
            b"a" => self.end_link(),
            name => self.at_edge |= is_block(name),
        }
    }

    /// Says where the link leads, unless its text says so.
    fn end_link(&mut self) {
        let Some((target, start)) = self.link.take() else { return };
        let said = self.out.get(start..).unwrap_or_default().trim();
        let target = target.trim();
        if target.is_empty() || said == target || target.strip_prefix("mailto:") == Some(said) {
            return;
        }
        let target = if said.is_empty() { target.to_owned() } else { format!(" ({target})") };
        self.say(&target);
    }
}

fn is_block(name: &[u8]) -> bool {
    matches!(
        name,
        b"blockquote"
            | b"center"
            | b"dd"
            | b"div"
            | b"dl"
            | b"dt"
            | b"h1"
            | b"h2"
            | b"h3"
            | b"h4"
            | b"h5"
            | b"h6"
            | b"hr"
            | b"li"
            | b"ol"
            | b"p"
            | b"pre"
            | b"table"
            | b"tr"
            | b"ul"
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn markup_goes_and_what_it_says_stays() {
        for (html, text) in [
            ("plain", "plain"),
            ("&lt;b&gt;&amp;amp; 3 &lt; 4 é 𝄞", "<b>&amp; 3 < 4 é 𝄞"),
            ("<b>bold</b> <I>and</I> <FONT SIZE=\"7\" color=red>big</FONT>", "bold and big"),
            ("one<br>two<BR/>three<br />four\nfive", "one\ntwo\nthree\nfour\nfive"),
            ("<p>one</p><p>two</p>", "one\ntwo"),
            ("<ul><li>one</li><li>two</li></ul>after", "one\ntwo\nafter"),
            ("<HTML><BODY BGCOLOR=\"#ffffff\">x</BODY></HTML>", "x"),
            ("  two  blanks\tand a tab ", "  two  blanks\tand a tab "),
            ("&quot;&apos;&#39;&#x1D11E;&nbsp;&eacute;", "\"''𝄞\u{a0}é"),
            ("a<!-- hidden -->b", "ab"),
            ("", ""),
        ] {
            assert_eq!(to_text(html), text, "{html}");
        }
    }

    #[test]
    fn links_say_where_they_lead() {
        for (html, text) in [
            ("<a href=\"https://example.org/\">https://example.org/</a>!", "https://example.org/!"),
            ("<a href='https://evil.example/?a=1&amp;b=2'>your bank</a>", "your bank (https://evil.example/?a=1&b=2)"),
            ("<A HREF=javascript:alert(1)>x</A>", "x (javascript:alert(1))"),
            ("<a href=\"mailto:you@example.org\">you@example.org</a>", "you@example.org"),
            (
                "<a href=\"https://a.example/\"><b>one <a href=\"https://b.example/\">two",
                "one  (https://a.example/)two (https://b.example/)",
            ),
            ("<a href=\"https://a.example/\"></a>", "https://a.example/"),
            ("<a name=x>anchor</a>", "anchor"),
            ("<img src=\"https://a.example/x.png\"> <img alt=\"a cat\">", "[picture] [a cat]"),
        ] {
            assert_eq!(to_text(html), text, "{html}");
        }
    }

    // What is no HTML reads as it was typed, as far as that can be.
    #[test]
    fn nothing_that_is_no_markup_is_lost() {
        for text in [
            "3 < 4 & 5 > 4",
            "<3",
            "Vec<String> and </> and <!x> and <?php ?>",
            "unfinished <b",
            "unfinished <a href=\"x",
            "unfinished <!-- comment",
            "<script>alert(1)</script>",
            "<style>b { }</style>",
            "<plaintext>x<textarea>y<title>z",
            "&unknown; & &;",
        ] {
            assert_eq!(to_text(text), text);
        }
    }

    // attack: TEXT-1
    #[test]
    fn markup_of_an_attacker_is_at_most_text() {
        for html in [
            "<img src=x onerror=alert(1)>",
            "<svg/onload=alert(1)>",
            "<a href=\"https://evil.example/\" onclick=x>https://good.example/</a>",
            "<iframe src=https://evil.example/></iframe>",
            "<b><b><b>",
            "&lt;script&gt;alert(1)&lt;/script&gt;",
            "<math><mtext></p><img src=x>",
        ] {
            let text = to_text(html);
            // It is shown by writing characters. Read once more, it can be no more than before.
            assert!(!text.contains("<img") && !text.contains("<a ") && !text.contains("<b>"), "{text}");
        }
        assert!(to_text("<a href=https://evil.example/>https://good.example/</a>").contains("https://evil.example/"));
    }

    #[test]
    fn depth_and_length_do_no_harm() {
        let deep = format!("{}x{}", "<div><b>".repeat(100_000), "</b></div>".repeat(100_000));
        assert_eq!(to_text(&deep), "x");
        assert_eq!(to_text(&"<a href=x>".repeat(100_000)).len(), 100_000);
        assert_eq!(to_text(&"&#".repeat(100_000)).len(), 200_000);
        assert_eq!(to_text(&format!("<a {}>x</a>", "y=z ".repeat(100_000))), "x");
        assert_eq!(to_text(&"<".repeat(100_000)).len(), 100_000);
    }

    #[test]
    fn only_what_needs_it_is_escaped() {
        assert!(matches!(from_text("it's  5 o'clock é 𝄞"), Cow::Borrowed(_)));
        assert_eq!(from_text("<b>&amp; \"x\"\r\ny\rz\n"), "&lt;b&gt;&amp;amp; &quot;x&quot;<br>y<br>z<br>");
    }

    proptest! {
        #[test]
        fn any_input_is_reduced(html in ".*", more in "[<>&;#a-z/\"'= \n!-]*") {
            to_text(&html);
            to_text(&more);
        }

        #[test]
        fn what_is_sent_is_what_is_read(text in "[^\r]*", more in "[<>&;#a-z/\"'= \n!-]*") {
            prop_assert_eq!(to_text(&from_text(&text)), text);
            prop_assert_eq!(to_text(&from_text(&more)), more);
        }
    }
}
