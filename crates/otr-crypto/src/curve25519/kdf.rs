//! Key derivation: HKDF with SHA-256 (RFC 5869), each use under its own label.

use hkdf::HkdfExtract;
use sha2::Sha256;
use zeroize::Zeroize;

use crate::secret::Secret;

/// `N` bytes from `secrets`, for the use that `label` names and, within it, for `context`.
///
/// HKDF's salt is `label`, its info is `context`, and its input is every secret with its length before it in 4 bytes,
/// big-endian: two lists of secrets never give the same input.
pub(crate) fn kdf<const N: usize>(label: &[u8], secrets: &[&[u8]], context: &[u8]) -> Secret<N> {
    let mut extract = HkdfExtract::<Sha256>::new(Some(label));
    for secret in secrets {
        // No secret is 4 GiB long.
        extract.input_ikm(&u32::try_from(secret.len()).unwrap_or(u32::MAX).to_be_bytes());
        extract.input_ikm(secret);
    }
    expand(extract, context)
}

fn expand<const N: usize>(extract: HkdfExtract<Sha256>, info: &[u8]) -> Secret<N> {
    const { assert!(N <= 255 * 32, "HKDF ends after 255 blocks") };
    let (mut pseudorandom_key, hkdf) = extract.finalize();
    pseudorandom_key.as_mut_slice().zeroize();
    let mut out = Secret::zeroed();
    // Once: no length that passes the assertion is refused. A key that was not filled must not come out.
    while hkdf.expand(info, out.as_mut()).is_err() {}
    out
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use hmac::Mac;

    use super::*;
    use crate::mac::hmac_sha256;

    fn rfc_5869<const N: usize>(salt: &[u8], input: &[u8], info: &[u8]) -> alloc::string::String {
        let mut extract = HkdfExtract::new(Some(salt));
        extract.input_ikm(input);
        hex::encode(expand::<N>(extract, info).as_bytes())
    }

    // RFC 5869, appendix A.1 to A.3.
    #[test]
    fn known_answers() {
        let bytes = |range: core::ops::RangeInclusive<u8>| range.collect::<Vec<_>>();
        assert_eq!(
            rfc_5869::<42>(&bytes(0..=12), &[0x0b; 22], &bytes(0xf0..=0xf9)),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
        );
        assert_eq!(
            rfc_5869::<82>(&bytes(0x60..=0xaf), &bytes(0..=0x4f), &bytes(0xb0..=0xff)),
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09\
             da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"
        );
        assert_eq!(
            rfc_5869::<42>(b"", &[0x0b; 22], b""),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
        );
    }

    /// Label, lengths, secrets and context stand where the text says: with HMAC alone, the same.
    #[test]
    fn the_layout_is_what_is_written() {
        let mut label = [0; 32];
        label[..5].copy_from_slice(b"label");
        let input = hmac_sha256(&label).chain_update(b"\0\0\0\x03one\0\0\0\x05other\0\0\0\0");
        let key: [u8; 32] = input.finalize().into_bytes().into();
        let first = hmac_sha256(&key).chain_update(b"context\x01").finalize().into_bytes();
        let second = hmac_sha256(&key).chain_update(first).chain_update(b"context\x02").finalize().into_bytes();
        let derived = kdf::<48>(b"label", &[b"one", b"other", b""], b"context");
        assert_eq!(derived.as_bytes()[..32], first[..]);
        assert_eq!(derived.as_bytes()[32..], second[..16]);
    }

    // attack: NEW-9
    #[test]
    fn every_input_matters_and_no_two_are_one() {
        type Input<'a> = (&'a [u8], &'a [&'a [u8]], &'a [u8]);
        let inputs: [Input<'_>; 9] = [
            (b"label", &[b"one", b"two"], b"context"),
            (b"lebal", &[b"one", b"two"], b"context"),
            (b"label", &[b"one", b"two"], b""),
            (b"label", &[b"onet", b"wo"], b"context"),
            (b"label", &[b"onetwo"], b"context"),
            (b"label", &[b"two", b"one"], b"context"),
            (b"label", &[b"one", b"two", b""], b"context"),
            (b"label", &[b"one"], b"twocontext"),
            (b"label", &[], b"context"),
        ];
        let outputs = inputs.map(|(label, secrets, context)| *kdf::<32>(label, secrets, context).as_bytes());
        for (index, output) in outputs.iter().enumerate() {
            assert!(!outputs[..index].contains(output), "{index}");
        }
    }
}
