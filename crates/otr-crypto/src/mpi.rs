//! Numbers as the spec writes them: a 4-byte big-endian length, then the shortest big-endian form.

use alloc::vec::Vec;

use crate::Error;

/// Right-aligns a number in its shortest form (no leading zero byte) in `N` bytes.
pub(crate) fn pad<const N: usize>(minimal: &[u8]) -> Result<[u8; N], Error> {
    if minimal.first() == Some(&0) {
        return Err(Error::Encoding);
    }
    let mut padded = [0; N];
    let start = N.checked_sub(minimal.len()).ok_or(Error::Encoding)?;
    let (_, tail) = padded.split_at_mut(start);
    tail.copy_from_slice(minimal);
    Ok(padded)
}

/// The shortest form of a big-endian number; empty for zero.
pub(crate) fn trim(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.split_at(zeros).1
}

/// Appends an MPI; `minimal` is already in the shortest form.
pub(crate) fn write(out: &mut Vec<u8>, minimal: &[u8]) {
    out.extend_from_slice(&length(minimal));
    out.extend_from_slice(minimal);
}

/// Takes the single MPI that fills `bytes` exactly.
pub(crate) fn read_whole(bytes: &[u8]) -> Option<&[u8]> {
    let (head, number) = bytes.split_first_chunk::<4>()?;
    (*head == length(number)).then_some(number)
}

/// The 4-byte big-endian length of `bytes`.
///
/// Longer than 4 GiB has no length on the wire; it is given one that no such input can match.
pub(crate) fn length(bytes: &[u8]) -> [u8; 4] {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    // attack: PARSE-4
    #[test]
    fn numbers_have_one_form() {
        assert_eq!(pad::<3>(&[]), Ok([0, 0, 0]));
        assert_eq!(pad::<3>(&[1, 0]), Ok([0, 1, 0]));
        assert_eq!(pad::<3>(&[0, 1]), Err(Error::Encoding));
        assert_eq!(pad::<3>(&[1, 2, 3, 4]), Err(Error::Encoding));
        assert_eq!(trim(&[0, 0, 1, 0]), [1, 0]);
        assert!(trim(&[0, 0]).is_empty());
    }

    #[test]
    fn one_number_is_read_whole() {
        let mut out = Vec::new();
        write(&mut out, &[9, 8]);
        assert_eq!(out, [0, 0, 0, 2, 9, 8]);
        assert_eq!(read_whole(&out), Some(&[9, 8][..]));
        assert_eq!(read_whole(&out[..5]), None);
        assert_eq!(read_whole(&out[..3]), None);
        out.push(0);
        assert_eq!(read_whole(&out), None);
    }
}
