//! S-expressions as libgcrypt writes and reads them: lists of symbols, quoted texts, `#hex#` and length-prefixed bytes.

mod atom;
mod write;

use zeroize::Zeroizing;

use atom::{Atom, is_space, is_symbol};
pub(crate) use write::{write_number, write_text};

/// Lists within lists, at most.
const MAX_DEPTH: usize = 16;

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

/// Why the input is not an expression, and where.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    pub(crate) offset: usize,
    pub(crate) problem: &'static str,
}

/// As much as there is of an input that should be one list, with white space around it.
pub(crate) struct Parsed<'a> {
    /// The list: what of it could be read.
    pub(crate) root: Node<'a>,
    /// Why there is no more, if it is not whole.
    pub(crate) error: Option<SyntaxError>,
}

/// Reads a list up to its end, or to the first fault.
pub(crate) fn parse(input: &[u8]) -> Result<Parsed<'_>, SyntaxError> {
    let mut reader = Reader { input, position: 0 };
    reader.skip_space();
    let start = reader.position;
    if reader.peek() != Some(b'(') {
        return Err(reader.error("the file does not begin with a list"));
    }
    reader.position += 1;
    let mut nodes = Vec::new();
    let error = loop {
        match reader.element(1) {
            Ok(Some(node)) => nodes.push(node),
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    let root = Node { start, end: reader.position, value: Value::List(nodes) };
    Ok(Parsed { root, error: error.or_else(|| reader.nothing_more().err()) })
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
        while let Some(node) = self.element(depth + 1)? {
            nodes.push(node);
        }
        Ok(nodes)
    }

    /// The next node of a list, or `None` behind its end.
    fn element(&mut self, depth: usize) -> Result<Option<Node<'a>>, SyntaxError> {
        self.skip_space();
        if self.peek() == Some(b')') {
            self.position += 1;
            return Ok(None);
        }
        self.node(depth).map(Some)
    }

    fn nothing_more(&mut self) -> Result<(), SyntaxError> {
        self.skip_space();
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.error("something follows the last parenthesis")),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(input: &[u8]) -> Result<Node<'_>, SyntaxError> {
        let Parsed { root, error } = parse(input)?;
        error.map_or(Ok(root), Err)
    }

    fn atom(input: &[u8]) -> Vec<u8> {
        let list = [b"(list ", input, b")"].concat();
        let root = whole(&list).unwrap();
        let [atom] = root.named(b"list").unwrap() else { panic!("one atom") };
        atom.bytes().expect("an atom").to_vec()
    }

    fn problem(input: &[u8]) -> (usize, &'static str) {
        let error = whole(input).err().expect("this should not parse");
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
            assert_eq!(atom(input), expected, "{}", input.escape_ascii());
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
            assert!(whole(input).is_err(), "{}", input.escape_ascii());
        }
        for input in cases.iter().filter(|input| !matches!(**input, b"" | b" " | b"a b")) {
            let list = [b"(", *input, b")"].concat();
            assert!(whole(&list).is_err(), "{}", list.escape_ascii());
        }
        assert_eq!(problem(b"(a\n (b #1#))").0, 7);
    }

    // attack: FILE-8, DOS-9
    #[test]
    fn nesting_is_bounded() {
        let nested = |depth: usize| [vec![b'('; depth], vec![b')'; depth]].concat();
        assert!(whole(&nested(16)).is_ok());
        assert_eq!(problem(&nested(17)).1, "lists are nested too deeply");
        assert_eq!(problem(&vec![b'('; 1 << 20]).1, "lists are nested too deeply");
    }

    #[test]
    fn lists_are_found_by_name_and_know_their_place() {
        let input = b" (keys (p #01#) (\"q\" q) (p #02#) )";
        let root = whole(input).unwrap();
        assert_eq!((root.start, root.end), (1, input.len()));
        let nodes = root.named(b"keys").unwrap();
        assert_eq!(find(nodes, b"p").unwrap()[0].number().unwrap().as_slice(), [1]);
        let symbol = &find(nodes, b"q").unwrap()[0];
        assert_eq!(symbol.bytes().unwrap().as_slice(), b"q");
        assert!(symbol.number().is_none(), "a symbol is no number");
        assert!(find(nodes, b"x").is_none());
        assert!(root.bytes().is_none());
    }

    // attack: FILE-6
    #[test]
    fn what_stands_before_a_fault_can_be_read() {
        for (input, count, offset) in
            [(&b"(a (b) (c"[..], 2, 9), (b"(a (b) #0# (c))", 2, 7), (b"(a (b) (c)) (d)", 3, 12)]
        {
            let Parsed { root, error } = parse(input).unwrap();
            let Value::List(nodes) = root.value else { panic!("a list") };
            assert_eq!((nodes.len(), error.unwrap().offset), (count, offset), "{}", input.escape_ascii());
        }
    }
}
