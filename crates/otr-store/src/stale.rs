//! Whether the key that the files were unlocked with is still the one they are encrypted with. Another program may have put
//! them in the clear meanwhile and encrypted them anew: what was then written with the key from before could be opened by
//! nobody, and a key file with it would make that true of all others.

use crate::directory::{Directory, Form, KEY_FILE};
use crate::kind::Kind;
use crate::seal::Seal;
use crate::{Error, file};

impl Directory {
    /// Proves the key before anything is written with it. Only who has the lock can rely on that.
    pub(crate) fn prove(&self, seal: &Seal) -> Result<(), Error> {
        if !self.has_another_key_file()? {
            return Ok(());
        }
        // Another passphrase for the same key: then it opens what is there.
        let mut proved = false;
        for kind in Kind::ALL {
            if let Some(contents) = file::read(&self.file(kind, Form::Encrypted))? {
                seal.open(contents).map_err(|_| self.encrypted_anew())?;
                proved = true;
            }
        }
        if proved { Ok(()) } else { Err(self.encrypted_anew()) }
    }

    /// Why a file could not be opened with the key: where that is not the key any more, it is not for damage.
    pub(crate) fn unopened(&self, seal: &Seal, error: Error) -> Error {
        match self.prove(seal) {
            Err(anew @ Error::EncryptedAnew { .. }) => anew,
            _ => error,
        }
    }

    fn has_another_key_file(&self) -> Result<bool, Error> {
        let key_file = file::read(&self.path().join(KEY_FILE))?;
        Ok(key_file.is_none_or(|key_file| *key_file.bytes != self.key_file))
    }

    fn encrypted_anew(&self) -> Error {
        Error::EncryptedAnew { directory: self.path().to_owned() }
    }
}
