//! Files in the format of age (age-encryption.org/v1): the key file for a passphrase, all others for the key in it.

use std::fmt;
use std::io::{self, Read, Write};
use std::iter;
use std::path::Path;

use age::secrecy::{ExposeSecret, SecretString};
use age::{DecryptError, Decryptor, Encryptor, scrypt, x25519};
use zeroize::Zeroizing;

use super::{Passphrase, WorkFactor};
use crate::Error;
use crate::file::{Contents, MAX_FILE_SIZE, io_error};

/// How much the library keeps of what it encrypts, and does not wipe.
const CHUNK: usize = 64 * 1024;

/// The key that files are encrypted with. The library wipes it on drop.
pub(crate) struct Seal {
    key: x25519::Identity,
}

impl Seal {
    /// A new key, from the system's randomness.
    pub(crate) fn generate() -> Self {
        Self { key: x25519::Identity::generate() }
    }

    /// The key in a key file.
    pub(crate) fn from_key_file(contents: &Contents, passphrase: &Passphrase) -> Result<Self, Error> {
        let file = || contents.path.clone();
        let mut identity = scrypt::Identity::new(secret(passphrase));
        identity.set_max_work_factor(WorkFactor::most());
        let opened = decrypt(&contents.bytes, &identity).map_err(|error| match error {
            DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed => {
                Error::WrongPassphrase { file: file() }
            }
            _ => Error::Undecryptable { file: file() },
        })?;
        let key = str::from_utf8(&opened).ok().and_then(|text| text.trim_end().parse().ok());
        key.map(|key| Self { key }).ok_or_else(|| Error::Undecryptable { file: file() })
    }

    /// What stands in a key file for this key.
    pub(crate) fn to_key_file(&self, path: &Path, passphrase: &Passphrase, work: WorkFactor) -> Result<Vec<u8>, Error> {
        let mut recipient = scrypt::Recipient::new(secret(passphrase));
        recipient.set_work_factor(work.log_n());
        let key = self.key.to_string();
        let line = Zeroizing::new([key.expose_secret(), "\n"].concat());
        encrypt(line.as_bytes(), &recipient).map_err(|error| io_error(path, "encrypt", &error))
    }

    /// What an encrypted file says.
    pub(crate) fn open(&self, contents: Contents) -> Result<Contents, Error> {
        let Contents { path, bytes, exposure, stranger, .. } = contents;
        match decrypt(&bytes, &self.key) {
            Ok(opened) => Ok(Contents { path, bytes: opened, sealed: Some(bytes.to_vec()), exposure, stranger }),
            Err(_) => Err(Error::Undecryptable { file: path }),
        }
    }

    /// What stands in the file at `path` if it is to say `plain`.
    pub(crate) fn close(&self, path: &Path, plain: &[u8]) -> Result<Vec<u8>, Error> {
        let sealed = encrypt(plain, &self.key.to_public()).map_err(|error| io_error(path, "encrypt", &error))?;
        if fits(sealed.len()) {
            Ok(sealed)
        } else {
            Err(Error::TooLarge { file: path.to_owned(), limit: MAX_FILE_SIZE })
        }
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seal").finish_non_exhaustive()
    }
}

fn secret(passphrase: &Passphrase) -> SecretString {
    SecretString::from(passphrase.as_str())
}

fn fits(length: usize) -> bool {
    u64::try_from(length).is_ok_and(|length| length <= MAX_FILE_SIZE)
}

fn decrypt(bytes: &[u8], identity: &dyn age::Identity) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
    let mut reader = Decryptor::new_buffered(bytes)?.decrypt(iter::once(identity))?;
    // What is encrypted is longer than what it says, so that no copy is left behind by growing.
    let mut opened = Zeroizing::new(Vec::with_capacity(bytes.len()));
    reader.read_to_end(&mut opened)?;
    Ok(opened)
}

fn encrypt(plain: &[u8], recipient: &dyn age::Recipient) -> io::Result<Vec<u8>> {
    let encryptor = Encryptor::with_recipients(iter::once(recipient)).map_err(io::Error::other)?;
    let mut writer = encryptor.wrap_output(Vec::new())?;
    writer.write_all(plain)?;
    let sealed = writer.finish();
    // The library gives its buffer back unwiped. Whoever asks for as much next gets the same.
    drop(Zeroizing::new(vec![0xff_u8; CHUNK]));
    sealed
}
