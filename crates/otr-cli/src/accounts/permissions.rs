//! What other users of the machine may do with a file.

use std::fs::Metadata;

/// Whether the file's group or all users can read it.
pub(crate) fn others_can_read(metadata: &Metadata) -> bool {
    mode(metadata) & 0o044 != 0
}

/// Whether the file's group or all users can change it.
pub(crate) fn others_can_write(metadata: &Metadata) -> bool {
    mode(metadata) & 0o022 != 0
}

#[cfg(unix)]
fn mode(metadata: &Metadata) -> u32 {
    std::os::unix::fs::MetadataExt::mode(metadata)
}

/// There is no such mode here; the system's own rules keep others out of a user's directory.
#[cfg(not(unix))]
fn mode(_: &Metadata) -> u32 {
    0
}
