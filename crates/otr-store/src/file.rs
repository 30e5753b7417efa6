//! Whole files: read with a limit, replaced at once.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::{Error, platform};

/// The largest file that is read, in bytes.
pub(crate) const MAX_FILE_SIZE: u64 = 1 << 20;

/// A file of the store as it was read. Wiped on drop, since it may hold keys.
#[derive(Clone)]
pub(crate) struct Contents {
    pub(crate) path: PathBuf,
    pub(crate) bytes: Zeroizing<Vec<u8>>,
    /// What stands in the file, if that is not `bytes` but their encrypted form.
    pub(crate) sealed: Option<Vec<u8>>,
    /// The permission bits, if they let other users in.
    pub(crate) exposure: Option<u32>,
    /// The owner, if that is somebody else.
    pub(crate) stranger: Option<u32>,
}

impl Contents {
    /// The bytes of the file itself.
    pub(crate) fn on_disk(&self) -> &[u8] {
        self.sealed.as_deref().unwrap_or(&self.bytes)
    }

    /// What is wrong at `offset`, as an error that names the line.
    pub(crate) fn damaged(&self, offset: usize, problem: &'static str) -> Error {
        self.damaged_line(self.line_at(offset), problem)
    }

    pub(crate) fn damaged_line(&self, line: usize, problem: &'static str) -> Error {
        Error::Damaged { file: self.path.clone(), line, problem }
    }

    pub(crate) fn line_at(&self, offset: usize) -> usize {
        1 + self.bytes.iter().take(offset).filter(|byte| **byte == b'\n').count()
    }
}

/// The file at `path`, or `None` if there is none.
pub(crate) fn read(path: &Path) -> Result<Option<Contents>, Error> {
    let Some((file, metadata)) = open(path)? else { return Ok(None) };
    let bytes = read_bounded(file, path, metadata.len())?;
    let contents = Contents {
        path: path.to_owned(),
        bytes,
        sealed: None,
        exposure: platform::exposure(&metadata),
        stranger: platform::stranger(&metadata),
    };
    Ok(Some(contents))
}

/// Opens the file at `path`, or gives `None` if there is none.
///
/// Links are not followed: replacing the file would cut them off from what they point to.
fn open(path: &Path) -> Result<Option<(File, Metadata)>, Error> {
    open_with(path, OpenOptions::new().read(true))
}

/// The same, to do with it what `options` say.
pub(crate) fn open_with(path: &Path, options: &OpenOptions) -> Result<Option<(File, Metadata)>, Error> {
    let failed = |error: io::Error| io_error(path, "read", &error);
    let expected = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    if !expected.is_file() {
        return Err(Error::NotAFile { file: path.to_owned() });
    }
    let file = options.open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if !platform::is_same_file(&expected, &metadata) {
        return Err(Error::NotAFile { file: path.to_owned() });
    }
    Ok(Some((file, metadata)))
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
pub(crate) fn replace(path: &Path, old: Option<&[u8]>, new: &[u8]) -> Result<(), Error> {
    if let Some(old) = old {
        write(&with_suffix(path, PREVIOUS), old)?;
    }
    write(path, new)
}

/// Removes the file, durably, if it is there.
pub(crate) fn remove(path: &Path) -> Result<(), Error> {
    let failed = |error: io::Error| io_error(path, "remove", &error);
    match fs::remove_file(path) {
        Ok(()) => platform::sync_directory(directory(path)).map_err(failed),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failed(error)),
    }
}

/// What is added to a name for the state before the last change.
pub(crate) const PREVIOUS: &str = ".previous";

/// `path` with something added to its name.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    write_with(path, |file| file.write_all(bytes)).map_err(|error| io_error(path, "write", &error))
}

/// Writes a new file, syncs it, renames it over the old one and syncs the directory. Before it is renamed nothing changes.
fn write_with(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let directory = directory(path);
    // Readable by the owner only from its first moment.
    let mut new = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(directory)?;
    platform::make_private(new.as_file())?;
    fill(new.as_file_mut())?;
    new.as_file().sync_all()?;
    new.persist(path).map_err(|error| error.error)?;
    platform::sync_directory(directory)
}

/// How the names of files begin that are being written, or were when a program died.
pub(crate) const UNFINISHED: &str = ".otr.unfinished.";

/// The directory that a file is in.
fn directory(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
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
        replace(path, bytes_at(path).as_deref(), new).unwrap();
    }

    #[test]
    fn the_last_state_but_one_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        assert_eq!(bytes_at(&path), None);
        replace_with(&path, b"one");
        let previous = with_suffix(&path, PREVIOUS);
        assert_eq!(bytes_at(&previous), None);
        replace_with(&path, b"two");
        assert_eq!(bytes_at(&path).unwrap(), b"two");
        assert_eq!(bytes_at(&previous).unwrap(), b"one");
    }

    // attack: FILE-2
    #[test]
    fn a_write_that_fails_at_any_place_leaves_the_old_file_and_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        let new = [b'n'; 250];
        for cut in 0..=new.len() {
            write(&path, b"old").unwrap();
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
