//! Java's properties: `key=value` lines with escapes and continuations
//! (`java.util.Properties.load`, "line-oriented format").

use zeroize::Zeroizing;

/// One property.
pub(crate) struct Property {
    /// The line in which it begins, counted from 1.
    pub(crate) line: usize,
    pub(crate) key: String,
    /// It may be a private key.
    pub(crate) value: Zeroizing<String>,
}

/// What is wrong, and in which line.
pub(crate) type SyntaxError = (usize, &'static str);

/// All properties, in their order. What is not UTF-8 is taken for Latin-1, as Java writes it.
pub(crate) fn parse(bytes: &[u8]) -> Result<Vec<Property>, SyntaxError> {
    let mut properties = Vec::new();
    let mut lines = Lines { rest: bytes, line: 0 };
    while let Some(first) = lines.next().map(trim_start) {
        let line = lines.line;
        if first.is_empty() || first.starts_with(b"#") || first.starts_with(b"!") {
            continue;
        }
        let mut last = first;
        let mut pieces = Vec::new();
        while continues(last) {
            pieces.push(last.split_last().map_or(last, |(_, piece)| piece));
            last = lines.next().map(trim_start).unwrap_or_default();
        }
        pieces.push(last);
        // Of the right size from the beginning, so that growing leaves nothing behind.
        let mut whole = Zeroizing::new(Vec::with_capacity(pieces.iter().map(|piece| piece.len()).sum()));
        for piece in pieces {
            whole.extend_from_slice(piece);
        }
        properties.push(property(line, &whole)?);
    }
    Ok(properties)
}

struct Lines<'a> {
    rest: &'a [u8],
    /// The number of the line that was last given, counted from 1.
    line: usize,
}

impl<'a> Lines<'a> {
    /// The next line without its end.
    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let end = self.rest.iter().position(|byte| *byte == b'\n').unwrap_or(self.rest.len());
        let (line, rest) = self.rest.split_at(end);
        self.rest = rest.get(1..).unwrap_or_default();
        self.line += 1;
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }
}

fn trim_start(line: &[u8]) -> &[u8] {
    let blanks = line.iter().take_while(|byte| is_blank(**byte)).count();
    line.get(blanks..).unwrap_or_default()
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | 0x0c)
}

/// Whether the line ends with a backslash that is not itself escaped.
fn continues(line: &[u8]) -> bool {
    line.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

fn property(number: usize, line: &[u8]) -> Result<Property, SyntaxError> {
    let mut escaped = false;
    let end = line.iter().position(|byte| {
        let ends = !escaped && (is_blank(*byte) || matches!(byte, b'=' | b':'));
        escaped = *byte == b'\\' && !escaped;
        ends
    });
    let (key, rest) = line.split_at(end.unwrap_or(line.len()));
    let rest = trim_start(rest);
    let value = rest.strip_prefix(b"=").or_else(|| rest.strip_prefix(b":")).map_or(rest, trim_start);
    let wrong = (number, "an escape is not known");
    let key = unescape(key).ok_or(wrong)?;
    Ok(Property { line: number, key: key.to_string(), value: unescape(value).ok_or(wrong)? })
}

fn unescape(text: &[u8]) -> Option<Zeroizing<String>> {
    let text = decode(text);
    let mut out = Zeroizing::new(String::with_capacity(text.len()));
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            None => {}
            Some('t') => out.push('\t'),
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('f') => out.push('\x0c'),
            Some('u') => {
                let digits = (0..4).try_fold(0, |value, _| Some(value * 16 + chars.next()?.to_digit(16)?))?;
                // Half of a pair stands for nothing that we would look for.
                out.push(char::from_u32(digits).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            Some(other) => out.push(other),
        }
    }
    Some(out)
}

fn decode(text: &[u8]) -> Zeroizing<String> {
    let size = text.len() * 2;
    let mut out = Zeroizing::new(String::with_capacity(size));
    match std::str::from_utf8(text) {
        Ok(text) => out.push_str(text),
        Err(_) => out.extend(text.iter().map(|byte| char::from(*byte))),
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pairs(text: &[u8]) -> Vec<(String, String)> {
        let properties = parse(text).unwrap();
        properties.into_iter().map(|property| (property.key, property.value.to_string())).collect()
    }

    #[test]
    fn every_way_to_write_a_property() {
        for (text, key, value) in [
            (&b"a=b"[..], "a", "b"),
            (b"  a : b \n", "a", "b "),
            (b"a b c\r\n", "a", "b c"),
            (b"a\\ b\\=c\\:d=e=f", "a b=c:d", "e=f"),
            (b"a=one\\\n   two\\\\\n", "a", "onetwo\\"),
            (b"a=one\\n\\ttwo\\u00e9\\x", "a", "one\n\ttwo\u{e9}x"),
            (b"a=\xe9", "a", "\u{e9}"),
            ("a=\u{e9}".as_bytes(), "a", "\u{e9}"),
            (b"a", "a", ""),
            (b"a=b\\", "a", "b"),
        ] {
            assert_eq!(pairs(text), [(key.to_owned(), value.to_owned())], "{}", text.escape_ascii());
        }
        assert!(pairs(b"# a=b\n! c=d\n\n").is_empty());
        assert_eq!(parse(b"ok=1\na=\\u00g0\n").err(), Some((2, "an escape is not known")));
    }

    #[test]
    fn a_property_of_many_pieces_is_put_together_in_one_pass() {
        // Put together anew with each piece, these were some 100 GB.
        let count = 500_000;
        let text = [b"a=".to_vec(), b"x\\\n".repeat(count), b"\nb=\\u00g0".to_vec()].concat();
        assert_eq!(parse(&text).err(), Some((count + 2, "an escape is not known")));
        let end = text.len() - b"\nb=\\u00g0".len();
        assert_eq!(pairs(&text[..end]), [("a".to_owned(), "x".repeat(count))]);
        // A backslash that was escaped in one piece does not continue the next.
        assert_eq!(pairs(b"a=\\\\\\\n\\\\\nb=c").len(), 2);
    }

    proptest! {
        // attack: FILE-6
        #[test]
        fn reading_never_panics(bytes: Vec<u8>) {
            let _ = parse(&bytes);
        }
    }
}
