//! Copies of files that no later one overwrites: of what could not be read, for the user to mend, since another program may
//! overwrite the file itself; and of what held a private key that another one has replaced.

use std::path::PathBuf;

use crate::Error;
use crate::file::{self, Contents, PREVIOUS, with_suffix};
use crate::kind::Kind;

/// Why a copy is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The file could not be read.
    Damaged,
    /// A key in it is replaced.
    Replaced,
}

impl Reason {
    /// What is added to the name of a file for its copies.
    fn suffixes(self) -> impl Iterator<Item = String> {
        let (word, most) = match self {
            // After that something is wrong that no copy helps against.
            Self::Damaged => (".damaged", 9),
            // More keys than anybody replaces, and few enough to look at every name.
            Self::Replaced => (".replaced", 99),
        };
        (1..=most).map(move |number: u8| if number == 1 { word.to_owned() } else { format!("{word}.{number}") })
    }
}

/// What is added to the name of such a file for every copy that there may be of it.
pub(crate) fn suffixes(kind: Kind) -> impl Iterator<Item = String> {
    let replaced = (kind == Kind::PrivateKey).then(|| Reason::Replaced.suffixes()).into_iter().flatten();
    [PREVIOUS.to_owned()].into_iter().chain(Reason::Damaged.suffixes()).chain(replaced)
}

/// Whether a file of that name is a copy of an older state of another one: `NAME.previous`, or `NAME.damaged` or
/// `NAME.replaced`, perhaps with a number behind it.
pub fn is_copy(name: &str) -> bool {
    suffixes(Kind::PrivateKey).any(|suffix| name.ends_with(&suffix))
}

/// Makes a copy of the file as `NAME.damaged` or `NAME.replaced`, or by the next name that is free, unless there is one
/// already. Gives its place; `None` if all names are taken.
pub(crate) fn keep(contents: &Contents, reason: Reason) -> Result<Option<PathBuf>, Error> {
    for suffix in reason.suffixes() {
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
        for (reason, most) in [(Reason::Damaged, 9), (Reason::Replaced, 99)] {
            keeps(reason, most);
        }
    }

    fn keeps(reason: Reason, most: usize) {
        let word = if reason == Reason::Damaged { "damaged" } else { "replaced" };
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        let states: Vec<String> = (1..=most + 2).map(|number| format!("state {number}")).collect();
        let copies: Vec<_> = states
            .iter()
            .map(|state| {
                fs::write(&path, state).unwrap();
                let contents = file::read(&path).unwrap().unwrap();
                let copy = keep(&contents, reason).unwrap();
                assert_eq!(keep(&contents, reason).unwrap(), copy, "not twice");
                copy
            })
            .collect();
        assert_eq!(copies[0], Some(dir.path().join(format!("file.{word}"))));
        assert_eq!(copies[1], Some(dir.path().join(format!("file.{word}.2"))));
        assert_eq!(copies[most..], [None, None]);
        for (copy, state) in copies.iter().flatten().zip(&states) {
            assert_eq!(fs::read_to_string(copy).unwrap(), *state);
        }
    }

    #[test]
    fn copies_are_told_by_their_names() {
        for name in ["a.previous", "a.age.previous", "a.damaged", "a.damaged.9", "otr.key.replaced", "a.replaced.99"] {
            assert!(is_copy(name), "{name}");
        }
        for name in ["otr.private_key", "a.previous.age", "a.damaged.10", "a.replaced.1", "replaced", "a.2"] {
            assert!(!is_copy(name), "{name}");
        }
    }
}
