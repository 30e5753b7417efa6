//! What `openssl aes-256-cbc` has encrypted with a passphrase: `Salted__`, eight bytes of salt, and AES-256 in CBC mode
//! with PKCS#7 padding. ChatSecure and KeySync exchange key stores in it, as `otr_keystore.ofcaes`.
//!
//! It is not authenticated, and its key comes from the passphrase by a single pass of MD5 or, since OpenSSL 1.1, SHA-256.
//! It is read here and never written.

use aes::Aes256;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, KeyIvInit};
use md5::{Digest, Md5};
use otr_store::ForeignFile;
use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

use crate::chatsecure;
use crate::found::Problem;

const MAGIC: &[u8] = b"Salted__";

/// The key store in `file`.
pub(crate) fn decrypt(file: &ForeignFile, passphrase: &str) -> Result<ForeignFile, Problem> {
    let rest = file.bytes().strip_prefix(MAGIC).and_then(|rest| rest.split_first_chunk::<8>());
    let (salt, encrypted) = rest.ok_or_else(|| file.damaged(0, "the encrypted file is cut short"))?;
    let opened = open::<Md5>(encrypted, passphrase.as_bytes(), *salt)
        .or_else(|| open::<Sha256>(encrypted, passphrase.as_bytes(), *salt));
    let opened = opened.ok_or_else(|| Problem::WrongPassphrase { file: file.path().to_owned() })?;
    Ok(ForeignFile::of_bytes(file.path(), opened))
}

/// What comes out, if it can be a key store: one wrong passphrase of 256 would give a padding that fits.
fn open<D: Digest>(encrypted: &[u8], passphrase: &[u8], salt: [u8; 8]) -> Option<Zeroizing<Vec<u8>>> {
    let material = bytes_to_key::<D>(passphrase, salt);
    let (key, iv) = material.split_first_chunk::<32>()?;
    let iv = iv.first_chunk::<16>()?;
    let mut bytes = Zeroizing::new(encrypted.to_vec());
    let cipher = cbc::Decryptor::<Aes256>::new(key.into(), iv.into());
    let length = cipher.decrypt_padded::<Pkcs7>(&mut bytes).ok()?.len();
    bytes.truncate(length);
    chatsecure::looks_like_it(&bytes).then_some(bytes)
}

/// `EVP_BytesToKey` with one iteration: 32 bytes of key, 16 of initialization vector.
fn bytes_to_key<D: Digest>(passphrase: &[u8], salt: [u8; 8]) -> Zeroizing<Vec<u8>> {
    let mut material = Zeroizing::new(Vec::with_capacity(64 + 32));
    let mut block: Zeroizing<Vec<u8>> = Zeroizing::new(Vec::new());
    while material.len() < 48 {
        let mut digest = D::new().chain_update(block.as_slice()).chain_update(passphrase).chain_update(salt).finalize();
        block = Zeroizing::new(digest.to_vec());
        digest.as_mut_slice().zeroize();
        material.extend_from_slice(&block);
    }
    material
}
