//! How the files of a directory are encrypted, if they are: with the key in `otr.key.age`, which is encrypted with the
//! passphrase. Both are ordinary age files; `age --decrypt` opens them.

#[cfg(feature = "encryption")]
mod age_files;
#[cfg(feature = "encryption")]
mod passphrase;

#[cfg(feature = "encryption")]
pub(crate) use age_files::Seal;
#[cfg(feature = "encryption")]
pub use passphrase::{Passphrase, WorkFactor};

#[cfg(not(feature = "encryption"))]
pub(crate) use none::Seal;

/// What there is without the feature: no way to unlock a directory, so no value.
#[cfg(not(feature = "encryption"))]
mod none {
    use crate::Error;
    use crate::file::Contents;

    #[derive(Debug)]
    pub(crate) enum Seal {}

    impl Seal {
        pub(crate) fn open(&self, _: Contents) -> Result<Contents, Error> {
            match *self {}
        }

        pub(crate) fn close(&self, _: &std::path::Path, _: &[u8]) -> Result<Vec<u8>, Error> {
            match *self {}
        }
    }
}
