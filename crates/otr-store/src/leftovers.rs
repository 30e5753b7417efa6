//! Files that a program was writing when it died. They may hold keys.

use std::fs;
use std::path::Path;

use crate::file::UNFINISHED;

/// Removes them. Only whoever has the lock may: to everybody else they could be files that are being written now.
///
/// What cannot be removed does no harm, and is tried again before the next change.
pub(crate) fn remove(directory: &Path) {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().to_str().is_some_and(|name| name.starts_with(UNFINISHED))) {
        let _ = fs::remove_file(entry.path());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // attack: FILE-2
    #[test]
    fn only_what_was_never_finished_goes() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["otr.private_key", ".otr.private_key.backup", "otr.unfinished.x7Kq2a", ".otr.unfinished.x7Kq2a"] {
            fs::write(dir.path().join(name), "").unwrap();
        }
        remove(dir.path());
        let left = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut left: Vec<_> = left.collect();
        left.sort();
        assert_eq!(left, [".otr.private_key.backup", "otr.private_key", "otr.unfinished.x7Kq2a"]);
    }
}
