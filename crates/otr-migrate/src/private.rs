//! Whether other users of this machine can get at a file with private keys (attack rule FILE-1).

use otr_store::{Error, ForeignFile};

/// Refuses a file that others can read, unless a directory around it keeps them out: some programs rely on that.
pub(crate) fn check(file: &ForeignFile) -> Result<(), Error> {
    match file.exposure() {
        Some(mode) if !is_in_private_directory(file) => Err(Error::Exposed { file: file.path().to_owned(), mode }),
        _ => Ok(()),
    }
}

#[cfg(unix)]
fn is_in_private_directory(file: &ForeignFile) -> bool {
    use std::fs;
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;

    let Ok(path) = file.path().canonicalize() else { return false };
    // Without the right to search a directory nobody gets at what is below it.
    let keeps_out = |directory: &Path| fs::metadata(directory).is_ok_and(|metadata| metadata.mode() & 0o011 == 0);
    path.ancestors().skip(1).any(keeps_out)
}

/// Elsewhere no file is ever called exposed.
#[cfg(not(unix))]
fn is_in_private_directory(_: &ForeignFile) -> bool {
    true
}
