//! Whether what a directory holds can be ours alone (attack rules FILE-1 and FILE-3).

use std::fs;
use std::path::Path;

use crate::file::{Contents, io_error};
use crate::kind::Kind;
use crate::{Error, platform};

/// Refuses a directory in which others could put files: with trust in it that nobody gave, or keys that they know.
pub(crate) fn check_directory(path: &Path) -> Result<(), Error> {
    let metadata = fs::metadata(path).map_err(|error| io_error(path, "read", &error))?;
    refuse(path, platform::stranger(&metadata), platform::open_to_writing(&metadata))
}

fn refuse(path: &Path, stranger: Option<u32>, open: Option<u32>) -> Result<(), Error> {
    let directory = path.to_owned();
    match (stranger, open) {
        (Some(owner), _) => Err(Error::DirectoryNotOurs { directory, owner }),
        (None, Some(mode)) => Err(Error::OpenDirectory { directory, mode }),
        (None, None) => Ok(()),
    }
}

/// Refuses a file that belongs to somebody else, whatever it says, and one with private keys that others can reach.
pub(crate) fn check_file(kind: Kind, contents: &Contents) -> Result<(), Error> {
    let file = || contents.path.clone();
    match (contents.stranger, contents.exposure) {
        (Some(owner), _) => Err(Error::NotOurs { file: file(), owner }),
        (None, Some(mode)) if kind.is_secret() => Err(Error::Exposed { file: file(), mode }),
        (None, _) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // attack: FILE-3
    #[test]
    fn a_file_of_somebody_else_is_refused_whatever_it_holds() {
        let path = Path::new("file");
        let contents = |stranger, exposure| Contents {
            path: path.to_owned(),
            bytes: Vec::new().into(),
            sealed: None,
            exposure,
            stranger,
        };
        for kind in Kind::ALL {
            assert_eq!(check_file(kind, &contents(None, None)), Ok(()), "{kind:?}");
            let refused = Err(Error::NotOurs { file: path.to_owned(), owner: 1001 });
            assert_eq!(check_file(kind, &contents(Some(1001), None)), refused, "{kind:?}");
            assert_eq!(check_file(kind, &contents(Some(1001), Some(0o644))), refused, "{kind:?}");
            assert_eq!(check_file(kind, &contents(None, Some(0o644))).is_err(), kind.is_secret(), "{kind:?}");
        }
    }

    // attack: FILE-3
    #[test]
    fn a_directory_of_somebody_else_is_refused() {
        let path = Path::new("home");
        let refused = Err(Error::DirectoryNotOurs { directory: path.to_owned(), owner: 1001 });
        assert_eq!(refuse(path, Some(1001), None), refused);
        assert_eq!(refuse(path, Some(1001), Some(0o777)), refused);
        assert_eq!(refuse(path, None, None), Ok(()));
    }
}
