//! Copies of files that could not be read, for the user to mend: the file itself may be overwritten by another program.

use std::path::PathBuf;

use crate::Error;
use crate::file::{self, Contents, with_suffix};

/// How many different states of one file are kept. After that something is wrong that no copy helps against.
const MAX_COPIES: usize = 9;

/// What is added to the name of a file for its copies.
pub(crate) fn suffixes() -> impl Iterator<Item = String> {
    (1..=MAX_COPIES).map(|number| if number == 1 { ".damaged".to_owned() } else { format!(".damaged.{number}") })
}

/// Makes a copy of the file as `NAME.damaged`, or by the next name that is free, unless there is one already.
/// Gives its place; `None` if all names are taken.
pub(crate) fn keep(contents: &Contents) -> Result<Option<PathBuf>, Error> {
    for suffix in suffixes() {
        let path = with_suffix(&contents.path, &suffix);
        match file::read(&path)? {
            Some(copy) if *copy.bytes == contents.on_disk() => return Ok(Some(path)),
            Some(_) => {}
            None => return file::write(&path, contents.on_disk()).map(|()| Some(path)),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    // attack: FILE-6
    #[test]
    fn each_state_is_kept_once_and_none_is_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        let states: Vec<String> = (1..=MAX_COPIES + 2).map(|number| format!("state {number}")).collect();
        let copies: Vec<_> = states
            .iter()
            .map(|state| {
                fs::write(&path, state).unwrap();
                let contents = file::read(&path).unwrap().unwrap();
                let copy = keep(&contents).unwrap();
                assert_eq!(keep(&contents).unwrap(), copy, "not twice");
                copy
            })
            .collect();
        assert_eq!(copies[0], Some(dir.path().join("file.damaged")));
        assert_eq!(copies[1], Some(dir.path().join("file.damaged.2")));
        assert_eq!(copies[MAX_COPIES..], [None, None]);
        for (copy, state) in copies.iter().flatten().zip(&states) {
            assert_eq!(fs::read_to_string(copy).unwrap(), *state);
        }
    }
}
