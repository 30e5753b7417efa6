//! What differs between operating systems: permissions, and whether two handles are the same file.

use std::fs::{DirBuilder, File, Metadata};
use std::io;
use std::path::Path;

#[cfg(unix)]
mod imp {
    use super::*;
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};

    /// Bits by which anyone but the owner could get at a file.
    const OTHERS: u32 = 0o077;

    pub(crate) fn create_private_directory(path: &Path) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        // The mask of the process may have taken bits that we need.
        set_permissions(path, Permissions::from_mode(0o700))
    }

    /// Makes a file that is new private whatever the mask of the process, which may also have taken bits that we need.
    pub(crate) fn make_private(file: &File) -> io::Result<()> {
        file.set_permissions(Permissions::from_mode(0o600))
    }

    /// Makes an empty file, which must not be there yet.
    pub(crate) fn create_private_file(path: &Path) -> io::Result<File> {
        let file = std::fs::OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)?;
        make_private(&file)?;
        Ok(file)
    }

    /// Makes sure that what was renamed or removed in a directory stays so.
    pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    /// The owner, if that is neither who runs this program nor the one who may do everything anyway.
    pub(crate) fn stranger(metadata: &Metadata) -> Option<u32> {
        stranger_to(rustix::process::geteuid().as_raw(), metadata.uid())
    }

    pub(super) fn stranger_to(user: u32, owner: u32) -> Option<u32> {
        const ROOT: u32 = 0;
        (owner != user && owner != ROOT).then_some(owner)
    }

    /// The permission bits, if they let others in.
    pub(crate) fn exposure(metadata: &Metadata) -> Option<u32> {
        let mode = metadata.mode() & 0o777;
        (mode & OTHERS != 0).then_some(mode)
    }

    /// The permission bits, if they let others put files into a directory or remove them.
    pub(crate) fn open_to_writing(directory: &Metadata) -> Option<u32> {
        const WRITING: u32 = 0o022;
        let mode = directory.mode() & 0o7777;
        (mode & WRITING != 0).then_some(mode)
    }

    pub(crate) fn is_same_file(a: &Metadata, b: &Metadata) -> bool {
        (a.dev(), a.ino()) == (b.dev(), b.ino())
    }

    /// The file's number, its length, and when anything about it changed last, in seconds and nanoseconds.
    pub(crate) type Revision = (u64, u64, i64, i64);

    pub(crate) fn revision(metadata: &Metadata) -> Revision {
        (metadata.ino(), metadata.len(), metadata.ctime(), metadata.ctime_nsec())
    }
}

/// Elsewhere the directories of a user are private by inheritance.
#[cfg(not(unix))]
mod imp {
    use super::*;

    pub(crate) fn create_private_directory(path: &Path) -> io::Result<()> {
        DirBuilder::new().recursive(true).create(path)
    }

    pub(crate) fn make_private(_: &File) -> io::Result<()> {
        Ok(())
    }

    pub(crate) fn create_private_file(path: &Path) -> io::Result<File> {
        std::fs::OpenOptions::new().read(true).write(true).create_new(true).open(path)
    }

    pub(crate) fn sync_directory(_: &Path) -> io::Result<()> {
        Ok(())
    }

    pub(crate) fn stranger(_: &Metadata) -> Option<u32> {
        None
    }

    pub(crate) fn exposure(_: &Metadata) -> Option<u32> {
        None
    }

    pub(crate) fn open_to_writing(_: &Metadata) -> Option<u32> {
        None
    }

    pub(crate) fn is_same_file(_: &Metadata, _: &Metadata) -> bool {
        true
    }

    /// Its length, and when it was written last.
    pub(crate) type Revision = (u64, Option<std::time::SystemTime>);

    pub(crate) fn revision(metadata: &Metadata) -> Revision {
        (metadata.len(), metadata.modified().ok())
    }
}

pub(crate) use imp::*;

#[cfg(test)]
mod tests {
    // attack: FILE-3
    #[cfg(unix)]
    #[test]
    fn a_file_is_ours_or_of_who_may_do_everything() {
        use super::imp::stranger_to;

        assert_eq!(stranger_to(1000, 1000), None);
        assert_eq!(stranger_to(1000, 0), None);
        assert_eq!(stranger_to(0, 0), None);
        assert_eq!(stranger_to(1000, 1001), Some(1001));
        assert_eq!(stranger_to(0, 1000), Some(1000), "what a user may change is not what everything may rest on");
    }
}
