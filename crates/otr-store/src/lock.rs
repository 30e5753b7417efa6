//! One program at a time changes the files of a directory (attack rule FILE-9).

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::file::{self, io_error};
use crate::{Error, platform};

/// An empty file that stays where it is: to remove it would let two programs hold a lock each.
const NAME: &str = "otr.lock";

/// How long between two attempts.
const PAUSE: Duration = Duration::from_millis(5);

/// The lock of a directory; given back when dropped, and by the system when the program dies.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Waits for the lock, but not much longer than `patience`.
    ///
    /// # Errors
    ///
    /// [`Error::Locked`] if another program has it all the while.
    pub(crate) fn take(directory: &Path, patience: Duration) -> Result<Self, Error> {
        let path = directory.join(NAME);
        let failed = |error: io::Error| io_error(&path, "lock", &error);
        let mut waited = Duration::ZERO;
        loop {
            let file = open(&path)?;
            match file.try_lock() {
                // A file that somebody has removed meanwhile would keep nobody out.
                Ok(()) if is_at(&file, &path).map_err(failed)? => return Ok(Self { _file: file }),
                Ok(()) | Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
            if waited >= patience {
                return Err(Error::Locked { directory: directory.to_owned() });
            }
            thread::sleep(PAUSE);
            waited += PAUSE;
        }
    }
}

fn open(path: &Path) -> Result<File, Error> {
    loop {
        // To be written too, though it never is: over NFS a lock that keeps others out is only given to who could write.
        if let Some((file, _)) = file::open_with(path, OpenOptions::new().read(true).write(true))? {
            return Ok(file);
        }
        match platform::create_private_file(path) {
            Ok(file) => return Ok(file),
            // Another program was faster.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(io_error(path, "create", &error)),
        }
    }
}

fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => Ok(platform::is_same_file(&file.metadata()?, &metadata)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // attack: FILE-9
    #[test]
    fn one_at_a_time_holds_it_and_the_other_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let lock = Lock::take(dir.path(), Duration::ZERO).unwrap();
        let refused = Lock::take(dir.path(), Duration::from_millis(20)).map(drop);
        assert_eq!(refused, Err(Error::Locked { directory: dir.path().to_owned() }));
        drop(lock);
        Lock::take(dir.path(), Duration::ZERO).unwrap();
    }

    /// What Linux asks of it over NFS, where it makes a lock of another kind of it.
    // attack: FILE-9
    #[test]
    fn the_lock_file_is_open_for_writing_the_second_time_too() {
        let dir = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            let lock = Lock::take(dir.path(), Duration::ZERO).unwrap();
            lock._file.set_len(0).unwrap();
        }
    }

    #[test]
    fn a_lock_on_a_file_that_is_gone_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(NAME);
        let file = open(&path).unwrap();
        assert!(is_at(&file, &path).unwrap());
        fs::remove_file(&path).unwrap();
        assert!(!is_at(&file, &path).unwrap());
        drop(open(&path).unwrap());
        assert!(!is_at(&file, &path).unwrap(), "another file by that name");
    }
}
