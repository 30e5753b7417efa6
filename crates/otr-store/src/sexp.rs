//! S-expressions as libgcrypt writes and reads them: lists of symbols, quoted texts, `#hex#` and length-prefixed bytes.

use zeroize::Zeroizing;

/// Lists within lists, at most.
const MAX_DEPTH: usize = 16;
/// What a symbol may contain besides ASCII letters and digits.
const SYMBOL_MARKS: &[u8] = b"-./_:*+=";

/// A list or an atom, and where it stands in the input.
pub(crate) struct Node<'a> {
    /// Its first byte.
    pub(crate) start: usize,
    /// The byte after its last one.
    pub(crate) end: usize,
    pub(crate) value: Value<'a>,
}

pub(crate) enum Value<'a> {
    Atom(Atom<'a>),
    List(Vec<Node<'a>>),
}

/// A string of bytes in one of the ways it can be written. The contents were checked when it was read.
pub(crate) enum Atom<'a> {
    /// `private-key`
    Symbol(&'a [u8]),
    /// `"..."`, without the quotation marks, with its escapes.
    Quoted(&'a [u8]),
    /// `#...#`, without the marks: hexadecimal digits and white space.
    Hex(&'a [u8]),
    /// `3:abc`, without the prefix.
    Raw(&'a [u8]),
}

/// Why the input is not an expression, and where.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    pub(crate) offset: usize,
    pub(crate) problem: &'static str,
}

/// Reads an input that is one expression, with white space around it.
pub(crate) fn parse(input: &[u8]) -> Result<Node<'_>, SyntaxError> {
    let mut reader = Reader { input, position: 0 };
    reader.skip_space();
    let node = reader.node(0)?;
    reader.skip_space();
    match reader.peek() {
        None => Ok(node),
        Some(_) => Err(reader.error("something follows the last parenthesis")),
    }
}

impl<'a> Node<'a> {
    /// For a list `(name ...)`: what follows the name.
    pub(crate) fn named(&self, name: &[u8]) -> Option<&[Node<'a>]> {
        match &self.value {
            Value::List(nodes) => {
                let (head, rest) = nodes.split_first()?;
                (head.bytes()?.as_slice() == name).then_some(rest)
            }
            Value::Atom(_) => None,
        }
    }

    /// For an atom: its bytes.
    pub(crate) fn bytes(&self) -> Option<Zeroizing<Vec<u8>>> {
        match &self.value {
            Value::Atom(atom) => atom.decode(),
            Value::List(_) => None,
        }
    }

    /// For an atom that can stand for a number, which a symbol cannot: its bytes.
    pub(crate) fn number(&self) -> Option<Zeroizing<Vec<u8>>> {
        match &self.value {
            Value::Atom(Atom::Symbol(_)) | Value::List(_) => None,
            Value::Atom(atom) => atom.decode(),
        }
    }
}

/// The rest of the first list `(name ...)` among `nodes`.
pub(crate) fn find<'n, 'a>(nodes: &'n [Node<'a>], name: &[u8]) -> Option<&'n [Node<'a>]> {
    nodes.iter().find_map(|node| node.named(name))
}

impl Atom<'_> {
    /// `None` only for contents that are not well formed.
    fn decode(&self) -> Option<Zeroizing<Vec<u8>>> {
        match self {
            Self::Symbol(bytes) | Self::Raw(bytes) => Some(Zeroizing::new(bytes.to_vec())),
            Self::Quoted(escaped) => unescape(escaped),
            Self::Hex(text) => decode_hex(text),
        }
    }
}

struct Reader<'a> {
    input: &'a [u8],
    position: usize,
}

impl<'a> Reader<'a> {
    fn node(&mut self, depth: usize) -> Result<Node<'a>, SyntaxError> {
        let start = self.position;
        let value = match self.peek() {
            Some(b'(') => Value::List(self.list(depth)?),
            Some(b'"') => Value::Atom(self.quoted()?),
            Some(b'#') => Value::Atom(self.hex()?),
            Some(b'0'..=b'9') => Value::Atom(self.length_prefixed()?),
            Some(byte) if is_symbol(byte) => Value::Atom(Atom::Symbol(self.take_while(is_symbol))),
            Some(_) => return Err(self.error("neither a list nor an atom begins here")),
            None => return Err(self.error("the file ends too early")),
        };
        Ok(Node { start, end: self.position, value })
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Node<'a>>, SyntaxError> {
        if depth == MAX_DEPTH {
            return Err(self.error("lists are nested too deeply"));
        }
        self.position += 1;
        let mut nodes = Vec::new();
        loop {
            self.skip_space();
            if self.peek() == Some(b')') {
                self.position += 1;
                return Ok(nodes);
            }
            nodes.push(self.node(depth + 1)?);
        }
    }

    fn quoted(&mut self) -> Result<Atom<'a>, SyntaxError> {
        let start = self.position;
        self.position += 1;
        let rest = self.rest();
        let mut escaped = false;
        let end = rest.iter().position(|byte| {
            let ends = *byte == b'"' && !escaped;
            escaped = *byte == b'\\' && !escaped;
            ends
        });
        let atom = Atom::Quoted(self.enclosed(end)?);
        self.checked(atom, start, "an escape in the text is not known")
    }

    fn hex(&mut self) -> Result<Atom<'a>, SyntaxError> {
        let start = self.position;
        self.position += 1;
        let end = self.rest().iter().position(|byte| *byte == b'#');
        let atom = Atom::Hex(self.enclosed(end)?);
        self.checked(atom, start, "a number is not written in pairs of hexadecimal digits")
    }

    /// `3:abc`, or a length before a quoted text or hexadecimal digits.
    fn length_prefixed(&mut self) -> Result<Atom<'a>, SyntaxError> {
        let start = self.position;
        let wrong = SyntaxError { offset: start, problem: "a length does not fit what follows it" };
        let digits = self.take_while(|byte| byte.is_ascii_digit());
        let length: Option<usize> = str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
        let atom = match self.peek() {
            Some(b':') => {
                self.position += 1;
                let bytes = length.and_then(|length| self.rest().get(..length));
                self.position += bytes.map_or(0, <[u8]>::len);
                bytes.map(Atom::Raw)
            }
            Some(b'"') => Some(self.quoted()?),
            Some(b'#') => Some(self.hex()?),
            _ => None,
        };
        let fits = |atom: &Atom<'_>| atom.decode().map(|bytes| bytes.len()) == length;
        atom.filter(fits).ok_or(wrong)
    }

    /// What stands between here and the closing mark at `end`, and steps over that.
    fn enclosed(&mut self, end: Option<usize>) -> Result<&'a [u8], SyntaxError> {
        let inside = end.and_then(|end| self.rest().get(..end));
        let inside = inside.ok_or_else(|| self.error("the closing mark is missing"))?;
        self.position += inside.len() + 1;
        Ok(inside)
    }

    fn checked(&self, atom: Atom<'a>, offset: usize, problem: &'static str) -> Result<Atom<'a>, SyntaxError> {
        if atom.decode().is_some() { Ok(atom) } else { Err(SyntaxError { offset, problem }) }
    }

    fn take_while(&mut self, wanted: impl Fn(u8) -> bool) -> &'a [u8] {
        let rest = self.rest();
        let length = rest.iter().take_while(|byte| wanted(**byte)).count();
        self.position += length;
        rest.get(..length).unwrap_or_default()
    }

    fn skip_space(&mut self) {
        self.take_while(is_space);
    }

    fn peek(&self) -> Option<u8> {
        self.rest().first().copied()
    }

    fn rest(&self) -> &'a [u8] {
        self.input.get(self.position..).unwrap_or_default()
    }

    fn error(&self, problem: &'static str) -> SyntaxError {
        SyntaxError { offset: self.position, problem }
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | 0x0b | 0x0c | b'\r' | b'\n')
}

fn is_symbol(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || SYMBOL_MARKS.contains(&byte)
}

/// Constant-time in the digits, which may be those of a secret; white space among them shows.
fn decode_hex(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut digits = Zeroizing::new(Vec::with_capacity(text.len()));
    digits.extend(text.iter().filter(|byte| !is_space(**byte)));
    let mut bytes = Zeroizing::new(vec![0; digits.len() / 2]);
    base16ct::mixed::decode(digits.as_slice(), &mut bytes).ok()?;
    Some(bytes)
}

fn unescape(escaped: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(escaped.len()));
    let mut rest = escaped;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'\\' {
            bytes.push(*first);
            continue;
        }
        let (byte, after) = escape(rest)?;
        bytes.extend(byte);
        rest = after;
    }
    Some(bytes)
}

/// The byte that an escape stands for, if any, and what follows it. The backslash is already gone.
fn escape(rest: &[u8]) -> Option<(Option<u8>, &[u8])> {
    let byte = match rest {
        [b'\r', b'\n', after @ ..] | [b'\n', b'\r', after @ ..] | [b'\n' | b'\r', after @ ..] => {
            return Some((None, after));
        }
        [b'x', digits @ ..] => return numeric(digits, 2, 16),
        [b'0'..=b'3', ..] => return numeric(rest, 3, 8),
        [b'b', ..] => 0x08,
        [b't', ..] => b'\t',
        [b'v', ..] => 0x0b,
        [b'n', ..] => b'\n',
        [b'f', ..] => 0x0c,
        [b'r', ..] => b'\r',
        [b'"', ..] => b'"',
        [b'\'', ..] => b'\'',
        [b'\\', ..] => b'\\',
        _ => return None,
    };
    Some((Some(byte), rest.get(1..)?))
}

fn numeric(rest: &[u8], count: usize, radix: u32) -> Option<(Option<u8>, &[u8])> {
    let (digits, after) = rest.split_at_checked(count)?;
    let value = digits.iter().try_fold(0, |value, digit| Some(value * radix + char::from(*digit).to_digit(radix)?))?;
    Some((Some(u8::try_from(value).ok()?), after))
}

/// Adds `bytes` as an atom in the way libgcrypt would choose: a symbol if it can be one, then a quoted text, then
/// hexadecimal digits.
pub(crate) fn write_text(out: &mut Vec<u8>, bytes: &[u8]) {
    let printable = |byte: &u8| !matches!(byte, 0..b' ' | 0x7f..=0xa0);
    let begins_well = bytes.first().is_none_or(|byte| byte.is_ascii());
    if bytes.first().is_some_and(|byte| !byte.is_ascii_digit()) && bytes.iter().all(|byte| is_symbol(*byte)) {
        out.extend_from_slice(bytes);
    } else if begins_well && bytes.iter().all(printable) {
        out.push(b'"');
        for byte in bytes {
            if matches!(byte, b'"' | b'\\') {
                out.push(b'\\');
            }
            out.push(*byte);
        }
        out.push(b'"');
    } else {
        write_hex(out, bytes);
    }
}

/// Adds an unsigned number, big-endian, in hexadecimal digits. A zero byte keeps it from looking negative.
pub(crate) fn write_number(out: &mut Vec<u8>, number: &[u8]) {
    if number.first().is_some_and(|byte| *byte >= 0x80) {
        let mut padded = Zeroizing::new(Vec::with_capacity(number.len() + 1));
        padded.push(0);
        padded.extend_from_slice(number);
        write_hex(out, &padded);
    } else {
        write_hex(out, number);
    }
}

/// Constant-time in the bytes.
fn write_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    let mut digits = Zeroizing::new(vec![0; bytes.len() * 2]);
    out.push(b'#');
    out.extend_from_slice(base16ct::upper::encode(bytes, &mut digits).unwrap_or_default());
    out.push(b'#');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn atom(input: &[u8]) -> Result<Vec<u8>, SyntaxError> {
        let node = parse(input)?;
        Ok(node.bytes().expect("an atom").to_vec())
    }

    fn problem(input: &[u8]) -> (usize, &'static str) {
        let error = parse(input).err().expect("this should not parse");
        (error.offset, error.problem)
    }

    // attack: FILE-8
    #[test]
    fn every_way_to_write_an_atom() {
        let cases: [(&[u8], &[u8]); 14] = [
            (b"private-key", b"private-key"),
            (b" a.b/c_d:e*f+g=1 ", b"a.b/c_d:e*f+g=1"),
            (b"\"\"", b""),
            (b"\"two words\"", b"two words"),
            (b"\"a\\\"b\\\\c\\'d\"", b"a\"b\\c'd"),
            (b"\"\\b\\t\\v\\n\\f\\r\"", b"\x08\t\x0b\n\x0c\r"),
            (b"\"\\101\\x42\\377\"", b"AB\xff"),
            (b"\"one\\\r\nline\\\nonly\"", b"onelineonly"),
            (b"#0aFf#", b"\x0a\xff"),
            (b"# 0 0\n11 #", b"\x00\x11"),
            (b"##", b""),
            (b"3:(\0)", b"(\0)"),
            (b"2\"\\x41b\"", b"Ab"),
            (b"1#41#", b"A"),
        ];
        for (input, expected) in cases {
            assert_eq!(atom(input).unwrap(), expected, "{}", input.escape_ascii());
        }
    }

    // attack: FILE-8
    #[test]
    fn refuses_what_is_not_an_expression() {
        let cases: [&[u8]; 22] = [
            b"",
            b" ",
            b"(",
            b"((a)",
            b"a b",
            b"(a))",
            b")",
            b"\"a",
            b"\"a\\\"",
            b"\"\\q\"",
            b"\"\\400\"",
            b"\"\\xg0\"",
            b"\"\\12\"",
            b"#0",
            b"#0#",
            b"#0g#",
            b"3:ab",
            b"99999999999999999999999:a",
            b"3\"ab\"",
            b"7",
            b"|YQ==|",
            b"[a]b",
        ];
        for input in cases {
            assert!(parse(input).is_err(), "{}", input.escape_ascii());
        }
        assert_eq!(problem(b"(a\n (b #1#))").0, 7);
    }

    // attack: FILE-8, DOS-9
    #[test]
    fn nesting_is_bounded() {
        let nested = |depth: usize| [vec![b'('; depth], vec![b')'; depth]].concat();
        assert!(parse(&nested(16)).is_ok());
        assert_eq!(problem(&nested(17)).1, "lists are nested too deeply");
        assert_eq!(problem(&vec![b'('; 1 << 20]).1, "lists are nested too deeply");
    }

    #[test]
    fn lists_are_found_by_name_and_know_their_place() {
        let input = b" (keys (p #01#) (\"q\" q) (p #02#) )";
        let root = parse(input).ok().unwrap();
        assert_eq!((root.start, root.end), (1, input.len()));
        let nodes = root.named(b"keys").unwrap();
        assert_eq!(find(nodes, b"p").unwrap()[0].number().unwrap().as_slice(), [1]);
        let symbol = &find(nodes, b"q").unwrap()[0];
        assert_eq!(symbol.bytes().unwrap().as_slice(), b"q");
        assert!(symbol.number().is_none(), "a symbol is no number");
        assert!(find(nodes, b"x").is_none());
        assert!(root.bytes().is_none());
    }

    #[test]
    fn texts_and_numbers_are_written_as_libgcrypt_does() {
        let written = |bytes: &[u8]| {
            let mut out = Vec::new();
            write_text(&mut out, bytes);
            out
        };
        assert_eq!(written(b"prpl-jabber"), b"prpl-jabber");
        assert_eq!(written(b"a@b"), b"\"a@b\"");
        assert_eq!(written(b"1234"), b"\"1234\"");
        assert_eq!(written(b""), b"\"\"");
        assert_eq!(written(b"say \"\\\""), b"\"say \\\"\\\\\\\"\"");
        assert_eq!(written("z\u{f6}e".as_bytes()), "\"z\u{f6}e\"".as_bytes());
        assert_eq!(written("\u{e9}va".as_bytes()), b"#C3A97661#");
        assert_eq!(written("A\u{c0}".as_bytes()), b"#41C380#");
        let mut number = Vec::new();
        write_number(&mut number, &[0x7f, 0xab]);
        write_number(&mut number, &[0x80]);
        assert_eq!(number, b"#7FAB##0080#");
    }
}
