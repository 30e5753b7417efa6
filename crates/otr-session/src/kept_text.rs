//! A text that is wiped when it is no longer needed.

use zeroize::Zeroizing;

/// A text in words of 8 bytes: wiping goes one element at a time, which for 64 KiB of single bytes would take a third
/// as long as hashing them.
pub(crate) struct KeptText {
    words: Zeroizing<Vec<u64>>,
    bytes: usize,
}

impl KeptText {
    pub(crate) fn new(text: &str) -> Self {
        let (words, rest) = text.as_bytes().as_chunks::<8>();
        let mut kept = Zeroizing::new(Vec::with_capacity(words.len().saturating_add(1)));
        kept.extend(words.iter().map(|word| u64::from_le_bytes(*word)));
        let last = rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
        kept.push(last);
        Self { words: kept, bytes: text.len() }
    }

    /// Its length in bytes.
    pub(crate) const fn len(&self) -> usize {
        self.bytes
    }

    pub(crate) fn to_text(&self) -> Zeroizing<String> {
        let mut bytes = Vec::with_capacity(size_of_val(self.words.as_slice()));
        for word in &*self.words {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
        bytes.truncate(self.bytes);
        // It was a string before.
        Zeroizing::new(String::from_utf8(bytes).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_comes_back() {
        let text: String = "wörter, 𝄞 and\0 all ".repeat(3);
        let cuts = (0..=text.len()).filter(|at| text.is_char_boundary(*at));
        for part in cuts.map(|at| &text[..at]) {
            let kept = KeptText::new(part);
            assert_eq!((kept.to_text().as_str(), kept.len()), (part, part.len()));
        }
    }
}
