//! Atoms as libgcrypt writes them.

use zeroize::Zeroizing;

use super::atom::is_symbol;

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
