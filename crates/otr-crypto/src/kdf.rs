//! h1 and h2 of the spec: hashes of one byte and the encoded shared secret.

use sha1::{Digest, Sha1};
use sha2::Sha256;

use crate::secret::Secret;

/// h1(b): SHA-1 over `label` and `secbytes`.
pub(crate) fn h1(label: u8, secbytes: &[u8]) -> Secret<20> {
    let mut hash = Sha1::new();
    hash.update([label]);
    hash.update(secbytes);
    let mut out = Secret::zeroed();
    hash.finalize_into(out.as_mut().into());
    out
}

/// h2(b): SHA-256 over `label` and `secbytes`.
pub(crate) fn h2(label: u8, secbytes: &[u8]) -> Secret<32> {
    let mut hash = Sha256::new();
    hash.update([label]);
    hash.update(secbytes);
    let mut out = Secret::zeroed();
    hash.finalize_into(out.as_mut().into());
    out
}

/// Halves a secret into an equally secret first and second part.
pub(crate) fn halves(whole: &Secret<32>) -> (Secret<16>, Secret<16>) {
    let (mut first, mut second) = (Secret::zeroed(), Secret::zeroed());
    let (low, high) = whole.as_bytes().split_at(16);
    first.as_mut().copy_from_slice(low);
    second.as_mut().copy_from_slice(high);
    (first, second)
}

#[cfg(test)]
mod tests {
    use super::*;

    // FIPS 180, "abc".
    #[test]
    fn known_answers() {
        let sha1 = h1(b'a', b"bc");
        let sha256 = h2(b'a', b"bc");
        assert_eq!(hex::encode(sha1.as_bytes()), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(hex::encode(sha256.as_bytes()), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        let (first, second) = halves(&sha256);
        assert_eq!(first.as_bytes(), sha256.as_bytes().split_at(16).0);
        assert_eq!(second.as_bytes(), sha256.as_bytes().split_at(16).1);
    }
}
