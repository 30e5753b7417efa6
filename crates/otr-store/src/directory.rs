//! The files of a directory on the disk: in which form they are there, and who may read and change them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use zeroize::Zeroizing;

use crate::file::{self, Contents, MAX_FILE_SIZE, with_suffix};
use crate::kind::Kind;
use crate::lock::Lock;
use crate::seal::Seal;
use crate::{Error, access, copies, leftovers, platform};
use copies::Reason;

/// What is added to the name of a file that is encrypted.
const ENCRYPTED: &str = ".age";
/// The key that the other files are encrypted to, itself encrypted with the passphrase. A directory is encrypted if and
/// only if this is there.
pub(crate) const KEY_FILE: &str = "otr.key.age";
/// Writing takes milliseconds, and making a key some hundredths of a second.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(crate) struct Directory {
    path: PathBuf,
    pub(crate) accepts_exposed_keys: bool,
    pub(crate) patience: Duration,
    /// With what the files are encrypted, once that is known.
    pub(crate) seal: Option<Seal>,
    /// What stood in the file with the key when the key was taken from it or put there.
    pub(crate) key_file: Vec<u8>,
}

/// What tells one state of a file from another, without reading it: which file it is, and when it was changed last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision(Option<platform::Revision>);

/// In which form a file stands on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Plain,
    Encrypted,
}

impl Directory {
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        if !path.is_dir() {
            platform::create_private_directory(path).map_err(|error| file::io_error(path, "create", &error))?;
        }
        access::check_directory(path)?;
        let path = path.to_owned();
        Ok(Self { path, accepts_exposed_keys: false, patience: PATIENCE, seal: None, key_file: Vec::new() })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        exists(&self.path.join(KEY_FILE))
    }

    pub(crate) fn file(&self, kind: Kind, form: Form) -> PathBuf {
        let plain = self.path.join(kind.name());
        match form {
            Form::Plain => plain,
            Form::Encrypted => with_suffix(&plain, ENCRYPTED),
        }
    }

    /// What a file says now, without a lock: files are replaced as a whole.
    pub(crate) fn read(&self, kind: Kind) -> Result<Option<Contents>, Error> {
        let form = self.form()?;
        let Some(contents) = file::read(&self.file(kind, form))? else {
            return self.none_of(kind, form).map(|()| None);
        };
        self.check_access(kind, &contents)?;
        match &self.seal {
            Some(seal) => seal.open(contents).map(Some).map_err(|error| self.unopened(seal, error)),
            None => Ok(Some(contents)),
        }
    }

    /// What tells one state of a file from another.
    pub(crate) fn revision(&self, kind: Kind) -> Result<Revision, Error> {
        let path = self.file(kind, self.form()?);
        Ok(Revision(fs::symlink_metadata(path).ok().map(|metadata| platform::revision(&metadata))))
    }

    /// The right to change the files, when no other program has it.
    pub(crate) fn lock(&self) -> Result<Held<'_>, Error> {
        let lock = Lock::take(&self.path, self.patience)?;
        leftovers::remove(&self.path);
        let held = Held { directory: self, _lock: lock };
        if self.form()? == Form::Encrypted {
            held.prove_key()?;
            held.remove_plain_copies()?;
        }
        Ok(held)
    }

    /// Changes one file.
    pub(crate) fn change(
        &self,
        kind: Kind,
        edit: impl FnOnce(Option<&Contents>) -> Result<Zeroizing<Vec<u8>>, Error>,
    ) -> Result<(), Error> {
        self.lock()?.change(kind, edit)
    }

    /// The form of the files, if it is the one we can read.
    pub(crate) fn form(&self) -> Result<Form, Error> {
        match (&self.seal, self.is_encrypted()) {
            (None, false) => Ok(Form::Plain),
            (Some(_), true) => Ok(Form::Encrypted),
            (None, true) => Err(self.encrypted()),
            (Some(_), false) => Err(Error::NotEncrypted { directory: self.path.clone() }),
        }
    }

    /// A file that is not there in one form must not be there in the other, or what it says would be taken for missing,
    /// and made anew.
    fn none_of(&self, kind: Kind, form: Form) -> Result<(), Error> {
        match form {
            Form::Plain if exists(&self.file(kind, Form::Encrypted)) => Err(self.encrypted()),
            Form::Encrypted if exists(&self.file(kind, Form::Plain)) => {
                Err(Error::Unencrypted { file: self.file(kind, Form::Plain) })
            }
            Form::Plain | Form::Encrypted => Ok(()),
        }
    }

    fn encrypted(&self) -> Error {
        Error::Encrypted { directory: self.path.clone() }
    }

    fn check_access(&self, kind: Kind, contents: &Contents) -> Result<(), Error> {
        if self.accepts_exposed_keys { Ok(()) } else { access::check_file(kind, contents) }
    }
}

/// The right to change the files of a directory.
#[derive(Debug)]
pub(crate) struct Held<'a> {
    directory: &'a Directory,
    _lock: Lock,
}

impl Held<'_> {
    pub(crate) fn read(&self, kind: Kind) -> Result<Option<Contents>, Error> {
        self.directory.read(kind)
    }

    /// Reads a file anew and replaces it with what `edit` makes of it. What is the same is not written; of what is
    /// damaged a copy is made.
    pub(crate) fn change(
        &self,
        kind: Kind,
        edit: impl FnOnce(Option<&Contents>) -> Result<Zeroizing<Vec<u8>>, Error>,
    ) -> Result<(), Error> {
        self.change_and_keep(kind, |_| false, edit)
    }

    /// The same; but where `keeps` holds for what is replaced, a copy of it is made first that nothing overwrites.
    pub(crate) fn change_and_keep(
        &self,
        kind: Kind,
        keeps: impl FnOnce(&Contents) -> bool,
        edit: impl FnOnce(Option<&Contents>) -> Result<Zeroizing<Vec<u8>>, Error>,
    ) -> Result<(), Error> {
        let old = self.read(kind)?;
        let new = edit(old.as_ref()).inspect_err(|error| {
            if let Some(old) = old.as_ref().filter(|_| error.is_damage()) {
                // The error is what the caller needs to know, and the file itself is as it was.
                let _ = copies::keep(old, Reason::Damaged);
            }
        })?;
        if old.as_ref().is_some_and(|old| *old.bytes == *new) {
            return Ok(());
        }
        let path = self.directory.file(kind, self.directory.form()?);
        if u64::try_from(new.len()).map_or(true, |length| length > MAX_FILE_SIZE) {
            return Err(Error::TooLarge { file: path, limit: MAX_FILE_SIZE });
        }
        let sealed = self.directory.seal.as_ref().map(|seal| seal.close(&path, &new)).transpose()?;
        if let Some(old) = old.as_ref().filter(|old| keeps(old)) {
            copies::keep(old, Reason::Replaced)?.ok_or_else(|| Error::CopiesFull { file: path.clone() })?;
        }
        file::replace(&path, old.as_ref().map(Contents::on_disk), sealed.as_deref().unwrap_or(&new))
    }

    /// Changes a file unless there is none.
    pub(crate) fn change_if_there(
        &self,
        kind: Kind,
        edit: impl FnOnce(&Contents) -> Result<Zeroizing<Vec<u8>>, Error>,
    ) -> Result<(), Error> {
        match self.read(kind)? {
            Some(_) => self.change(kind, |contents| contents.map_or(Ok(Zeroizing::default()), edit)),
            None => Ok(()),
        }
    }

    fn prove_key(&self) -> Result<(), Error> {
        self.directory.seal.as_ref().map_or(Ok(()), |seal| self.directory.prove(seal))
    }

    /// What stands here in the clear beside its encrypted form, because a program died while it was about to remove it.
    fn remove_plain_copies(&self) -> Result<(), Error> {
        let Some(seal) = &self.directory.seal else { return Ok(()) };
        for (plain, encrypted) in self.directory.pairs() {
            let (Some(copy), Some(sealed)) = (file::read(&plain)?, file::read(&encrypted)?) else { continue };
            if *seal.open(sealed)?.bytes != *copy.bytes {
                return Err(Error::BothForms { plain, encrypted });
            }
            file::remove(&plain)?;
        }
        Ok(())
    }
}

impl Directory {
    /// Every file that may be there, the copies of older states among them: in the clear and encrypted.
    pub(crate) fn pairs(&self) -> Vec<(PathBuf, PathBuf)> {
        let of = |kind: Kind| {
            let forms = [Form::Plain, Form::Encrypted].map(|form| self.file(kind, form));
            let suffixes = [String::new()].into_iter().chain(copies::suffixes(kind));
            suffixes.map(move |suffix| (with_suffix(&forms[0], &suffix), with_suffix(&forms[1], &suffix)))
        };
        Kind::ALL.into_iter().flat_map(of).collect()
    }
}

/// Whether anything goes by that name, a link to nowhere too. What cannot be looked at cannot be read either, which is
/// told then.
pub(crate) fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}
