//! Strings of bytes, in the ways they can be written.

use zeroize::Zeroizing;

/// What a symbol may contain besides ASCII letters and digits.
const SYMBOL_MARKS: &[u8] = b"-./_:*+=";

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

impl Atom<'_> {
    /// `None` only for contents that are not well formed.
    pub(crate) fn decode(&self) -> Option<Zeroizing<Vec<u8>>> {
        match self {
            Self::Symbol(bytes) | Self::Raw(bytes) => Some(Zeroizing::new(bytes.to_vec())),
            Self::Quoted(escaped) => unescape(escaped),
            Self::Hex(text) => decode_hex(text),
        }
    }
}

pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | 0x0b | 0x0c | b'\r' | b'\n')
}

pub(crate) fn is_symbol(byte: u8) -> bool {
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
