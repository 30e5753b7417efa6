//! Text as it came from the other side.

use std::{borrow::Cow, fmt};

/// What a peer wrote, byte for byte. Nothing says that it is UTF-8, free of control characters, or harmless markup.
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

    /// At most `longest` characters with control and direction-changing characters taken out: for words that come
    /// unauthenticated, such as the other side's error messages (attack rules ERR-1, TEXT-3).
    pub(crate) fn quoted(bytes: &[u8], longest: usize) -> Self {
        let words = String::from_utf8_lossy(bytes);
        let plain = words.chars().filter(|&c| !c.is_control() && !changes_direction(c)).take(longest);
        Self(plain.collect::<String>().into_bytes())
    }
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
