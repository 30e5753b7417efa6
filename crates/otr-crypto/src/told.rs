//! What of a secret may be told: the answers that decide what is done next, in one place, so that a tool which watches
//! secrets knows where they end.

use core::hint::black_box;

use crate::group::ELEMENT_BYTES;

/// Whether something holds that must not stay secret, because an operation fails or is begun again without it.
#[inline(never)]
pub(crate) fn told(bit: u8) -> bool {
    static ANSWERS: [bool; 2] = [false, true];
    black_box(&ANSWERS)[usize::from(bit & 1)]
}

/// A length of at most 192 bytes that the specification makes part of what is hashed.
#[inline(never)]
pub(crate) fn told_length(length: usize) -> usize {
    static LENGTHS: [usize; ELEMENT_BYTES + 1] = {
        let mut lengths = [0; ELEMENT_BYTES + 1];
        let mut length = 0;
        while length <= ELEMENT_BYTES {
            lengths[length] = length;
            length += 1;
        }
        lengths
    };
    black_box(&LENGTHS).get(length).copied().unwrap_or(ELEMENT_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_true() {
        assert!(told(1) && !told(0));
        assert!((0..=192).all(|length| told_length(length) == length));
    }
}
