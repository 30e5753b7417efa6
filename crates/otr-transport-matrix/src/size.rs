/// Bytes that `text` takes as a JSON string, as servers measure events (client-server API, "Canonical JSON").
pub(crate) fn in_json(text: &str) -> usize {
    text.bytes().map(escaped).sum()
}

const fn escaped(byte: u8) -> usize {
    match byte {
        b'"' | b'\\' | 0x08 | 0x09 | 0x0a | 0x0c | 0x0d => 2,
        0x00..=0x1f => 6,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_what_json_really_takes() {
        let mut text: String = (0..=0x7f_u8).map(char::from).collect();
        text.push_str("\u{e9}\u{2028}\u{1d11e}");
        assert_eq!(in_json(&text) + 2, serde_json::to_string(&text).unwrap().len());
    }
}
