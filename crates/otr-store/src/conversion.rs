//! Files in the clear become encrypted ones, and the other way round: all of them, at one moment, which is when the key
//! file comes or goes. What was written before that moment or not removed after it is in the way of nothing.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::Error;
use crate::directory::{Directory, Form, KEY_FILE, exists};
use crate::file;
use crate::seal::{Passphrase, Seal, WorkFactor};

impl Directory {
    pub(crate) fn unlock(&mut self, passphrase: &Passphrase) -> Result<(), Error> {
        let key_file = file::read(&self.path().join(KEY_FILE))?;
        let key_file = key_file.ok_or_else(|| Error::NotEncrypted { directory: self.path().to_owned() })?;
        self.seal = Some(Seal::from_key_file(&key_file, passphrase)?);
        self.key_file = key_file.bytes.to_vec();
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
        let key = seal.to_key_file(&key_file, passphrase, work)?;
        file::write(&key_file, &key)?;
        for (plain, _) in self.pairs() {
            file::remove(&plain)?;
        }
        drop(held);
        self.seal = Some(seal);
        self.key_file = key;
        Ok(())
    }

    pub(crate) fn change_passphrase(&mut self, passphrase: &Passphrase, work: WorkFactor) -> Result<(), Error> {
        let held = self.lock()?;
        let key_file = self.path().join(KEY_FILE);
        let key = self.unlocked()?.to_key_file(&key_file, passphrase, work)?;
        file::write(&key_file, &key)?;
        drop(held);
        self.key_file = key;
        Ok(())
    }

    pub(crate) fn decrypt(&mut self) -> Result<(), Error> {
        let held = self.lock()?;
        if self.form()? == Form::Plain {
            return Err(Error::NotEncrypted { directory: self.path().to_owned() });
        }
        // All of it first, so that nothing is in the clear if something cannot be opened.
        let mut opened = Vec::new();
        for (plain, encrypted) in self.pairs() {
            if exists(&plain) {
                return Err(Error::Unencrypted { file: plain });
            }
            if let Some(sealed) = file::read(&encrypted)? {
                opened.push((plain, self.unlocked()?.open(sealed)?.bytes));
            }
        }
        let key_file = self.path().join(KEY_FILE);
        in_the_clear_or_not_at_all(&opened, &key_file, file::write, file::remove)?;
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

/// Writes all files and then removes the file with the key. If either fails, and the key is still there, what was written
/// goes again: it is encrypted all the same, and whoever made the files private does not expect it here.
fn in_the_clear_or_not_at_all(
    opened: &[(PathBuf, Zeroizing<Vec<u8>>)],
    key_file: &Path,
    write: impl Fn(&Path, &[u8]) -> Result<(), Error>,
    remove: impl Fn(&Path) -> Result<(), Error>,
) -> Result<(), Error> {
    let written = opened.iter().try_for_each(|(plain, bytes)| write(plain, bytes));
    written.and_then(|()| remove(key_file)).inspect_err(|_| {
        if exists(key_file) {
            for (plain, _) in opened {
                // The error is what the caller needs to know; what stays goes before the next change.
                let _ = file::remove(plain);
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::file::io_error;

    // attack: FILE-12
    #[test]
    fn a_disk_that_fills_up_leaves_nothing_in_the_clear() {
        let dir = tempfile::tempdir().unwrap();
        let key_file = dir.path().join(KEY_FILE);
        let names = || {
            let mut names: Vec<_> = dir.path().read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
            names.sort();
            names
        };
        let opened: Vec<_> = ["a", "b", "c"].map(|name| (dir.path().join(name), b"secret".to_vec().into())).into();
        let full = |path: &Path| Err(io_error(path, "write", &io::ErrorKind::StorageFull.into()));
        file::write(&key_file, b"key").unwrap();
        for (fails, _) in &opened {
            // A write may fail when the file is there already, but the disk does not confirm it.
            let write = |path: &Path, bytes: &[u8]| {
                file::write(path, bytes)?;
                if path == fails { full(path) } else { Ok(()) }
            };
            let outcome = in_the_clear_or_not_at_all(&opened, &key_file, write, file::remove);
            assert_eq!((outcome, names()), (full(fails), vec![key_file.clone()]));
        }
        let outcome = in_the_clear_or_not_at_all(&opened, &key_file, file::write, full);
        assert_eq!((outcome, names()), (full(&key_file), vec![key_file.clone()]));
        // Once the key is gone, the files in the clear are all there is.
        let gone = |path: &Path| file::remove(path).and_then(|()| full(path));
        assert!(in_the_clear_or_not_at_all(&opened, &key_file, file::write, gone).is_err());
        assert_eq!(names(), opened.into_iter().map(|(path, _)| path).collect::<Vec<_>>());
    }
}
