//! AES-128 and AES-256 in counter mode.

use aes::{Aes128, Aes256};
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit, StreamCipher};

/// Encrypts or decrypts `data` in place with AES-128.
///
/// The first counter block is the 8-byte big-endian `counter` followed by 8 zero bytes; the whole
/// block counts up as one 128-bit number.
pub(crate) fn aes_ctr(key: &[u8; 16], counter: u64, data: &mut [u8]) {
    Ctr128BE::<Aes128>::new(key.into(), (&first_block(counter)).into()).apply_keystream(data);
}

/// As [`aes_ctr`], with AES-256.
pub(crate) fn aes256_ctr(key: &[u8; 32], counter: u64, data: &mut [u8]) {
    Ctr128BE::<Aes256>::new(key.into(), (&first_block(counter)).into()).apply_keystream(data);
}

fn first_block(counter: u64) -> [u8; 16] {
    (u128::from(counter) << 64).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use aes::cipher::{BlockCipherEncrypt, KeyInit};

    use super::*;

    // FIPS 197, appendix C.1.
    #[test]
    fn the_block_cipher_is_aes() {
        let key = core::array::from_fn(|i| u8::try_from(i).unwrap());
        let plain: [u8; 16] = core::array::from_fn(|i| u8::try_from(i * 0x11).unwrap());
        let mut block = plain.into();
        Aes128::new(&<[u8; 16]>::into(key)).encrypt_block(&mut block);
        assert_eq!(hex::encode(block), "69c4e0d86a7b0430d8cdb78070b4c55a");
    }

    // FIPS 197, appendix C.3.
    #[test]
    fn the_larger_block_cipher_is_aes() {
        let key: [u8; 32] = core::array::from_fn(|i| u8::try_from(i).unwrap());
        let plain: [u8; 16] = core::array::from_fn(|i| u8::try_from(i * 0x11).unwrap());
        let mut block = plain.into();
        Aes256::new(&key.into()).encrypt_block(&mut block);
        assert_eq!(hex::encode(block), "8ea2b7ca516745bfeafc49904b496089");
    }

    /// The key stream is the encryption of 0, 1, 2, ... as the first and second half of the block
    /// say; the first two known from AES and GCM test vectors with the zero key.
    // attack: SIDE-3
    #[test]
    fn the_key_stream_is_the_encrypted_counter() {
        let mut stream = [0; 32];
        aes_ctr(&[0; 16], 0, &mut stream);
        assert_eq!(hex::encode(stream), "66e94bd4ef8a2c3b884cfa59ca342b2e58e2fccefa7e3061367f1d57a4e7455a");
        for counter in [1, 0x0102_0304_0506_0708, u64::MAX] {
            let cipher = Aes128::new(&[7; 16].into());
            let mut stream = [0; 16 * 20];
            aes_ctr(&[7; 16], counter, &mut stream);
            for (index, block) in stream.chunks(16).enumerate() {
                let low = u128::try_from(index).unwrap();
                let mut expected = (u128::from(counter) << 64 | low).to_be_bytes().into();
                cipher.encrypt_block(&mut expected);
                assert_eq!(block, expected.as_slice());
            }
        }
    }

    /// The same with AES-256; the first two blocks of the zero key are OpenSSL's.
    // attack: SIDE-3
    #[test]
    fn the_larger_key_stream_is_the_encrypted_counter() {
        let mut stream = [0; 32];
        aes256_ctr(&[0; 32], 0, &mut stream);
        assert_eq!(hex::encode(stream), "dc95c078a2408989ad48a21492842087530f8afbc74536b9a963b4f1c4cb738b");
        for counter in [1, 0x0102_0304_0506_0708, u64::MAX] {
            let cipher = Aes256::new(&[7; 32].into());
            let mut stream = [0; 16 * 20];
            aes256_ctr(&[7; 32], counter, &mut stream);
            for (index, block) in stream.chunks(16).enumerate() {
                let low = u128::try_from(index).unwrap();
                let mut expected = (u128::from(counter) << 64 | low).to_be_bytes().into();
                cipher.encrypt_block(&mut expected);
                assert_eq!(block, expected.as_slice());
            }
        }
    }

    #[test]
    fn any_length_works_and_returns() {
        for length in 0..70 {
            let mut data = alloc::vec![5; length];
            aes256_ctr(&[1; 32], 2, &mut data);
            aes256_ctr(&[1; 32], 2, &mut data);
            assert_eq!(data, alloc::vec![5; length]);
            let mut data = alloc::vec![5; length];
            aes_ctr(&[1; 16], 2, &mut data);
            aes_ctr(&[1; 16], 2, &mut data);
            assert_eq!(data, alloc::vec![5; length]);
        }
    }
}
