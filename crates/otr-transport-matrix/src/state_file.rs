use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use atomic_write_file::{AtomicWriteFile, OpenOptions};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// What the file says of itself.
const FORMAT: &str = "otr matrix state 1";
/// A larger file is none of ours: it holds five short values.
const MAX_SIZE: u64 = 64 * 1024;

/// Why a file with a stored login cannot be used. It is left as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// It cannot be read.
    #[error("the stored login cannot be read: {0}")]
    Unreadable(io::ErrorKind),
    /// It is not what we write: damaged, or another kind of file.
    #[error("the file with the stored login is damaged, or of another kind")]
    Damaged,
    /// It is another user's.
    #[error("the stored login is another user's")]
    OfAnotherUser,
}

/// What is kept between two starts.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Stored {
    format: String,
    pub(crate) user_id: String,
    /// The base URL that the token is for; no other server is ever shown it.
    pub(crate) homeserver: String,
    pub(crate) device_id: Option<String>,
    /// Missing where the user brings a token for each start.
    pub(crate) access_token: Option<String>,
    /// Up to where in the stream of events the host has taken all.
    pub(crate) next_batch: Option<String>,
}

impl Stored {
    pub(crate) fn new(user_id: &str, homeserver: &str) -> Self {
        Self {
            format: FORMAT.to_owned(),
            user_id: user_id.to_owned(),
            homeserver: homeserver.to_owned(),
            device_id: None,
            access_token: None,
            next_batch: None,
        }
    }
}

/// Leaves the token out.
impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stored").field("user_id", &self.user_id).finish_non_exhaustive()
    }
}

/// A file that keeps a login, and what was in it when it was opened.
#[derive(Debug, Clone)]
pub(crate) struct StateFile {
    path: PathBuf,
    pub(crate) stored: Option<Stored>,
}

impl StateFile {
    /// Reads the file if there is one.
    pub(crate) fn open(path: &Path, user_id: &str) -> Result<Self, StateError> {
        let stored = match read(path) {
            Ok(bytes) => Some(parse(&bytes)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(StateError::Unreadable(error.kind())),
        };
        if stored.as_ref().is_some_and(|stored| stored.user_id != user_id) {
            return Err(StateError::OfAnotherUser);
        }
        Ok(Self { path: path.to_owned(), stored })
    }

    /// Replaces the file as a whole, or leaves it as it was.
    pub(crate) fn write(&self, stored: &Stored) -> io::Result<()> {
        let mut bytes = Zeroizing::new(Vec::new());
        serde_json::to_writer_pretty(&mut *bytes, stored)?;
        bytes.push(b'\n');
        let mut file = open_private(&self.path)?;
        file.write_all(&bytes)?;
        file.commit()
    }

    /// Forgets the login.
    pub(crate) fn remove(&self) -> io::Result<()> {
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

fn read(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::new());
    File::open(path)?.take(MAX_SIZE).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn parse(bytes: &[u8]) -> Result<Stored, StateError> {
    let stored: Stored = serde_json::from_slice(bytes).map_err(|_| StateError::Damaged)?;
    if stored.format == FORMAT { Ok(stored) } else { Err(StateError::Damaged) }
}

/// A file that will be private from its first moment, whatever the mode of the one it replaces.
#[cfg(unix)]
fn open_private(path: &Path) -> io::Result<AtomicWriteFile> {
    use std::fs::Permissions;
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};

    use atomic_write_file::unix::OpenOptionsExt as _;

    let mut options = OpenOptions::new();
    options.mode(0o600).preserve_mode(false).preserve_owner(false);
    let file = options.open(path)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    Ok(file)
}

/// Elsewhere the directories of a user are private by inheritance.
#[cfg(not(unix))]
fn open_private(path: &Path) -> io::Result<AtomicWriteFile> {
    OpenOptions::new().open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: &str = "@me:example.org";

    fn stored() -> Stored {
        let mut stored = Stored::new(ME, "https://matrix.example.org");
        stored.access_token = Some("syt_secret".to_owned());
        stored.next_batch = Some("s1_2".to_owned());
        stored
    }

    #[test]
    fn what_was_written_is_read_again_and_nobody_else_may_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        let file = StateFile::open(&path, ME).unwrap();
        assert_eq!(file.stored, None);
        file.write(&stored()).unwrap();
        assert_eq!(StateFile::open(&path, ME).unwrap().stored, Some(stored()));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        file.remove().unwrap();
        file.remove().unwrap();
        assert_eq!(StateFile::open(&path, ME).unwrap().stored, None);
    }

    #[test]
    fn a_damaged_file_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        let whole = serde_json::to_string(&stored()).unwrap();
        for damaged in ["", "{}", &whole[..whole.len() / 2], &whole.replace(FORMAT, "something else")] {
            std::fs::write(&path, damaged).unwrap();
            assert_eq!(StateFile::open(&path, ME).unwrap_err(), StateError::Damaged, "{damaged}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), damaged);
        }
        std::fs::write(&path, whole).unwrap();
        assert_eq!(StateFile::open(&path, "@you:example.org").unwrap_err(), StateError::OfAnotherUser);
        assert!(matches!(StateFile::open(folder.path(), ME), Err(StateError::Unreadable(_))));
    }

    #[test]
    fn debug_hides_the_token() {
        assert!(!format!("{:?}", stored()).contains("syt_secret"));
    }
}
