//! Looking for a text in what others could see.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use memchr::memmem;

/// A word, in every form in which it could stand in clear: as it is, in hexadecimal digits, and in base64.
///
/// What stands in base64 is found at whatever place of the encoded bytes the word begins.
#[derive(Debug)]
pub(super) struct Sought(Vec<Vec<u8>>);

impl Sought {
    /// Everything that is searched for `word`, of at least six bytes.
    pub(super) fn new(word: &str) -> Self {
        let hexadecimal = hex::encode(word);
        let mut forms =
            vec![word.as_bytes().to_vec(), hexadecimal.to_uppercase().into_bytes(), hexadecimal.into_bytes()];
        forms.extend((0..3).map(|before| encoded(word, before)));
        Self(forms)
    }

    /// Whether any form of it is in `bytes`.
    pub(super) fn is_in(&self, bytes: &[u8]) -> bool {
        self.0.iter().any(|form| contains(bytes, form))
    }
}

/// Whether `part` is in `bytes`.
pub(super) fn contains(bytes: &[u8], part: &[u8]) -> bool {
    memmem::find(bytes, part).is_some()
}

/// The base64 of the word with `before` bytes before it, without the digits at both ends that depend on other bytes.
fn encoded(word: &str, before: usize) -> Vec<u8> {
    let digits = STANDARD_NO_PAD.encode([&vec![0; before], word.as_bytes()].concat());
    let whole = before.saturating_add(word.len());
    let shared = usize::from(!whole.is_multiple_of(3));
    let from = [0, 2, 3].get(before).copied().unwrap_or(0);
    digits.get(from..digits.len().saturating_sub(shared)).unwrap_or_default().as_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_in_every_form_and_at_every_place() {
        let sought = Sought::new("secretword");
        for before in 0..8 {
            for after in 0..8 {
                let text = [&vec![b'<'; before], b"secretword".as_slice(), &vec![0xff; after]].concat();
                assert!(sought.is_in(&text));
                assert!(sought.is_in(STANDARD_NO_PAD.encode(&text).as_bytes()), "{before} {after}");
                assert!(sought.is_in(hex::encode(&text).as_bytes()));
                assert!(sought.is_in(hex::encode_upper(&text).as_bytes()));
            }
        }
        for other in ["", "secretwor", "secretWord", "ecretword"] {
            assert!(!sought.is_in(other.as_bytes()));
            assert!(!sought.is_in(STANDARD_NO_PAD.encode(other).as_bytes()));
        }
    }
}
