//! Encryption with a passphrase, turned on and off.

use super::Store;
use crate::{Error, Passphrase, WorkFactor};

impl Store {
    /// Makes encrypted files readable and changeable. Of several programs each needs the passphrase.
    ///
    /// Takes as long as the work factor says.
    ///
    /// # Errors
    ///
    /// [`Error::WrongPassphrase`]; [`Error::NotEncrypted`] if they are not encrypted; [`Error::Undecryptable`] if the
    /// file with the key is damaged; [`Error::TooLarge`], [`Error::NotAFile`] and [`Error::Io`]. Nothing is changed.
    pub fn unlock(&mut self, passphrase: &Passphrase) -> Result<(), Error> {
        self.directory.unlock(passphrase)
    }

    /// Encrypts all files, now and from now on, and removes those in the clear. If the program dies meanwhile they are
    /// all as they were, or all encrypted.
    ///
    /// What stood in the clear on the disk may still be there for who can read the disk itself.
    ///
    /// # Errors
    ///
    /// [`Error::Encrypted`] if they are encrypted already; [`Error::Locked`], [`Error::TooLarge`],
    /// [`Error::NotAFile`] and [`Error::Io`].
    pub fn encrypt(&mut self, passphrase: &Passphrase, work: WorkFactor) -> Result<(), Error> {
        self.directory.encrypt(passphrase, work)
    }

    /// Puts another passphrase in the place of the one that unlocked the files.
    ///
    /// The key that they are encrypted with stays the same, and no copy of the file with it is kept: one that somebody has
    /// made before still opens them with the passphrase from before. [`decrypt`](Self::decrypt) and then
    /// [`encrypt`](Self::encrypt) make a new key.
    ///
    /// # Errors
    ///
    /// [`Error::EncryptedAnew`] if another program has done that since they were unlocked;
    /// [`Error::Encrypted`] if they were not unlocked; [`Error::NotEncrypted`] if they are not encrypted;
    /// [`Error::Locked`] and [`Error::Io`].
    pub fn change_passphrase(&mut self, passphrase: &Passphrase, work: WorkFactor) -> Result<(), Error> {
        self.directory.change_passphrase(passphrase, work)
    }

    /// Puts all files in the clear again, after they were unlocked. If the program dies meanwhile they are all encrypted,
    /// or all in the clear.
    ///
    /// # Errors
    ///
    /// [`Error::Encrypted`] if they were not unlocked; [`Error::NotEncrypted`] if they are not encrypted;
    /// [`Error::EncryptedAnew`] as with [`change_passphrase`](Self::change_passphrase);
    /// [`Error::Undecryptable`] if one is damaged, and all stay encrypted; [`Error::Locked`], [`Error::BothForms`],
    /// [`Error::TooLarge`], [`Error::NotAFile`] and [`Error::Io`].
    pub fn decrypt(&mut self) -> Result<(), Error> {
        self.directory.decrypt()
    }
}
