//! Whole files: read with a limit, replaced at once.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::{Error, platform};

/// The largest file that is read, in bytes.
pub(crate) const MAX_FILE_SIZE: u64 = 1 << 20;

/// A file of the store as it was read. Wiped on drop, since it may hold keys.
pub(crate) struct Contents {
    pub(crate) path: PathBuf,
    pub(crate) bytes: Zeroizing<Vec<u8>>,
    /// The permission bits, if they let other users in.
    pub(crate) exposure: Option<u32>,
}

impl Contents {
    /// What is wrong at `offset`, as an error that names the line.
    pub(crate) fn damaged(&self, offset: usize, problem: &'static str) -> Error {
        Error::Damaged { file: self.path.clone(), line: self.line_at(offset), problem }
    }

    pub(crate) fn line_at(&self, offset: usize) -> usize {
        1 + self.bytes.iter().take(offset).filter(|byte| **byte == b'\n').count()
    }
}

/// The file at `path`, or `None` if there is none.
///
/// Links are not followed: replacing the file would cut them off from what they point to.
pub(crate) fn read(path: &Path) -> Result<Option<Contents>, Error> {
    let failed = |error: io::Error| io_error(path, "read", &error);
    let expected = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    if !expected.is_file() {
        return Err(Error::NotAFile { file: path.to_owned() });
    }
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if !platform::is_same_file(&expected, &metadata) {
        return Err(Error::NotAFile { file: path.to_owned() });
    }
    let bytes = read_bounded(file, path, metadata.len())?;
    Ok(Some(Contents { path: path.to_owned(), bytes, exposure: platform::exposure(&metadata) }))
}

fn read_bounded(file: File, path: &Path, size: u64) -> Result<Zeroizing<Vec<u8>>, Error> {
    let too_large = || Error::TooLarge { file: path.to_owned(), limit: MAX_FILE_SIZE };
    if size > MAX_FILE_SIZE {
        return Err(too_large());
    }
    // Room for one byte more than the file has, so that no copy is left behind by growing.
    let capacity = usize::try_from(size).map_err(|_| too_large())?.saturating_add(1);
    let mut bytes = Zeroizing::new(Vec::with_capacity(capacity));
    file.take(MAX_FILE_SIZE + 1).read_to_end(&mut bytes).map_err(|error| io_error(path, "read", &error))?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= MAX_FILE_SIZE) { Ok(bytes) } else { Err(too_large()) }
}

/// Makes `new` the contents of `path`, and keeps what was there as `NAME.previous`.
///
/// Whatever happens on the way, `path` holds either all of the old bytes or all of the new ones.
pub(crate) fn replace(path: &Path, old: Option<&Contents>, new: &[u8]) -> Result<(), Error> {
    if u64::try_from(new.len()).map_or(true, |length| length > MAX_FILE_SIZE) {
        return Err(Error::TooLarge { file: path.to_owned(), limit: MAX_FILE_SIZE });
    }
    if let Some(old) = old {
        if old.bytes.as_slice() == new {
            return Ok(());
        }
        write(&previous(path), &old.bytes)?;
    }
    write(path, new)
}

/// Where the state before the last change is kept.
pub(crate) fn previous(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".previous");
    name.into()
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    write_with(path, |file| file.write_all(bytes)).map_err(|error| io_error(path, "write", &error))
}

/// Committing syncs the new file, renames it over the old one and syncs the directory; without it nothing changes.
fn write_with(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let mut file = platform::open_private(path)?;
    fill(file.as_file_mut())?;
    file.commit()
}

pub(crate) fn io_error(path: &Path, action: &'static str, error: &io::Error) -> Error {
    Error::Io { file: path.to_owned(), action, kind: error.kind() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes_at(path: &Path) -> Option<Vec<u8>> {
        read(path).unwrap().map(|contents| contents.bytes.to_vec())
    }

    fn replace_with(path: &Path, new: &[u8]) {
        replace(path, read(path).unwrap().as_ref(), new).unwrap();
    }

    #[test]
    fn the_last_state_but_one_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        assert_eq!(bytes_at(&path), None);
        replace_with(&path, b"one");
        assert_eq!(bytes_at(&previous(&path)), None);
        replace_with(&path, b"two");
        replace_with(&path, b"two");
        assert_eq!(bytes_at(&path).unwrap(), b"two");
        assert_eq!(bytes_at(&previous(&path)).unwrap(), b"one");
    }

    // attack: FILE-2
    #[test]
    fn a_write_that_fails_at_any_place_leaves_the_old_file_and_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        let new = [b'n'; 250];
        for cut in 0..=new.len() {
            replace_with(&path, b"old");
            let outcome = write_with(&path, |file| {
                file.write_all(&new[..cut])?;
                Err(io::ErrorKind::StorageFull.into())
            });
            assert_eq!(outcome.unwrap_err().kind(), io::ErrorKind::StorageFull);
            assert_eq!(bytes_at(&path).unwrap(), b"old", "after {cut} bytes");
            assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing else is left behind");
        }
    }

    #[test]
    fn refuses_what_is_too_large() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        let limit = usize::try_from(MAX_FILE_SIZE).unwrap();
        let too_large = Error::TooLarge { file: path.clone(), limit: MAX_FILE_SIZE };
        assert_eq!(replace(&path, None, &vec![0; limit + 1]), Err(too_large.clone()));
        fs::write(&path, vec![b' '; limit]).unwrap();
        assert_eq!(bytes_at(&path).unwrap().len(), limit);
        fs::write(&path, vec![b' '; limit + 1]).unwrap();
        assert_eq!(read(&path).map(drop), Err(too_large));
    }

    #[cfg(unix)]
    #[test]
    fn links_and_directories_are_not_files() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("target");
        fs::write(&target, "x").unwrap();
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(&target, &link).unwrap();
        let dangling = dir.path().join("dangling");
        std::os::unix::fs::symlink(dir.path().join("nowhere"), &dangling).unwrap();
        for file in [link, dangling, dir.path().to_owned()] {
            assert_eq!(read(&file).map(drop), Err(Error::NotAFile { file }));
        }
    }
}
