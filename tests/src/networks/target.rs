use std::env;
use std::io;
use std::path::{Path, PathBuf};

/// Where cargo builds: this program stands in there, too.
///
/// # Errors
///
/// When it was moved elsewhere.
pub fn target_directory() -> io::Result<PathBuf> {
    let program = env::current_exe()?;
    let is_profile = |folder: &&Path| folder.ends_with("debug") || folder.ends_with("release");
    let profile = program.ancestors().find(is_profile);
    profile.and_then(Path::parent).map(Path::to_path_buf).ok_or_else(|| io::ErrorKind::NotFound.into())
}
