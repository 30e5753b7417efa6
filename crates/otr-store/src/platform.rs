//! What differs between operating systems: permissions, and whether two handles are the same file.

use std::fs::{DirBuilder, Metadata};
use std::io;
use std::path::Path;

use atomic_write_file::{AtomicWriteFile, OpenOptions};

#[cfg(unix)]
mod imp {
    use super::*;
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};

    use atomic_write_file::unix::OpenOptionsExt as _;

    /// Bits by which anyone but the owner could get at a file.
    const OTHERS: u32 = 0o077;

    pub(crate) fn create_private_directory(path: &Path) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        // The mask of the process may have taken bits that we need.
        set_permissions(path, Permissions::from_mode(0o700))
    }

    /// A file that will be private from its first moment, whatever the mode of the one it replaces.
    pub(crate) fn open_private(path: &Path) -> io::Result<AtomicWriteFile> {
        let mut options = OpenOptions::new();
        options.mode(0o600).preserve_mode(false).preserve_owner(false);
        let file = options.open(path)?;
        file.set_permissions(Permissions::from_mode(0o600))?;
        Ok(file)
    }

    /// The permission bits, if they let others in.
    pub(crate) fn exposure(metadata: &Metadata) -> Option<u32> {
        let mode = metadata.mode() & 0o777;
        (mode & OTHERS != 0).then_some(mode)
    }

    pub(crate) fn is_same_file(a: &Metadata, b: &Metadata) -> bool {
        (a.dev(), a.ino()) == (b.dev(), b.ino())
    }
}

/// Elsewhere the directories of a user are private by inheritance.
#[cfg(not(unix))]
mod imp {
    use super::*;

    pub(crate) fn create_private_directory(path: &Path) -> io::Result<()> {
        DirBuilder::new().recursive(true).create(path)
    }

    pub(crate) fn open_private(path: &Path) -> io::Result<AtomicWriteFile> {
        OpenOptions::new().open(path)
    }

    pub(crate) fn exposure(_: &Metadata) -> Option<u32> {
        None
    }

    pub(crate) fn is_same_file(_: &Metadata, _: &Metadata) -> bool {
        true
    }
}

pub(crate) use imp::*;
