//! Files in the clear become encrypted ones, and the other way round: all of them, at one moment, which is when the key
//! file comes or goes. What was written before that moment or not removed after it is in the way of nothing.

use crate::Error;
use crate::directory::{Directory, Form, KEY_FILE, exists};
use crate::file;
use crate::seal::{Passphrase, Seal, WorkFactor};

impl Directory {
    pub(crate) fn unlock(&mut self, passphrase: &Passphrase) -> Result<(), Error> {
        let key_file = file::read(&self.path().join(KEY_FILE))?;
        let key_file = key_file.ok_or_else(|| Error::NotEncrypted { directory: self.path().to_owned() })?;
        self.seal = Some(Seal::from_key_file(&key_file, passphrase)?);
        // What a program left half done is finished now, or else before the next change.
        match self.lock().map(drop) {
            Err(error @ Error::BothForms { .. }) => {
                self.seal = None;
                Err(error)
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    pub(crate) fn encrypt(&mut self, passphrase: &Passphrase, work: WorkFactor) -> Result<(), Error> {
        if self.is_encrypted() {
            return Err(Error::Encrypted { directory: self.path().to_owned() });
        }
        let held = self.lock()?;
        let seal = Seal::generate();
        for (plain, encrypted) in self.pairs() {
            match file::read(&plain)? {
                Some(contents) => file::write(&encrypted, &seal.close(&encrypted, &contents.bytes)?)?,
                None if exists(&encrypted) => return Err(Error::Undecryptable { file: encrypted }),
                None => {}
            }
        }
        let key_file = self.path().join(KEY_FILE);
        file::write(&key_file, &seal.to_key_file(&key_file, passphrase, work)?)?;
        for (plain, _) in self.pairs() {
            file::remove(&plain)?;
        }
        drop(held);
        self.seal = Some(seal);
        Ok(())
    }

    pub(crate) fn change_passphrase(&mut self, passphrase: &Passphrase, work: WorkFactor) -> Result<(), Error> {
        let _held = self.lock()?;
        let key_file = self.path().join(KEY_FILE);
        file::write(&key_file, &self.unlocked()?.to_key_file(&key_file, passphrase, work)?)
    }

    pub(crate) fn decrypt(&mut self) -> Result<(), Error> {
        let held = self.lock()?;
        if self.form()? == Form::Plain {
            return Err(Error::NotEncrypted { directory: self.path().to_owned() });
        }
        for (plain, encrypted) in self.pairs() {
            if exists(&plain) {
                return Err(Error::Unencrypted { file: plain });
            }
            if let Some(sealed) = file::read(&encrypted)? {
                file::write(&plain, &self.unlocked()?.open(sealed)?.bytes)?;
            }
        }
        file::remove(&self.path().join(KEY_FILE))?;
        for (_, encrypted) in self.pairs() {
            file::remove(&encrypted)?;
        }
        drop(held);
        self.seal = None;
        Ok(())
    }

    fn unlocked(&self) -> Result<&Seal, Error> {
        self.seal.as_ref().ok_or_else(|| Error::Encrypted { directory: self.path().to_owned() })
    }
}
