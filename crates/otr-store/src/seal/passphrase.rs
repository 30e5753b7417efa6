use std::fmt;

use zeroize::Zeroizing;

use crate::Error;

/// What only the user knows, and the files are encrypted with. Wiped on drop, and never shown.
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Takes over what the user has typed.
    ///
    /// # Errors
    ///
    /// [`Error::EmptyPassphrase`] if that is nothing.
    pub fn new(text: Zeroizing<String>) -> Result<Self, Error> {
        if text.is_empty() { Err(Error::EmptyPassphrase) } else { Ok(Self(text)) }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passphrase").finish_non_exhaustive()
    }
}

/// How much work each try of a passphrase is: scrypt with N of two to this power, which takes that many KiB of memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkFactor(u8);

impl WorkFactor {
    /// The largest that is taken, as much as a gigabyte.
    const MAX: u8 = 20;

    /// Two to the 18th: about a second, and 256 MiB.
    pub const DEFAULT: Self = Self(18);

    /// Another one, from 1 to 20. Small ones are for tests.
    #[must_use]
    pub const fn new(log_n: u8) -> Option<Self> {
        if 1 <= log_n && log_n <= Self::MAX { Some(Self(log_n)) } else { None }
    }

    pub(super) const fn log_n(self) -> u8 {
        self.0
    }

    pub(super) const fn most() -> u8 {
        Self::MAX
    }
}

impl Default for WorkFactor {
    fn default() -> Self {
        Self::DEFAULT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passphrase_is_not_shown_and_not_nothing() {
        let passphrase = Passphrase::new(Zeroizing::new("hunter2".to_owned())).unwrap();
        assert_eq!(format!("{passphrase:?}"), "Passphrase { .. }");
        assert_eq!(Passphrase::new(Zeroizing::default()).map(drop), Err(Error::EmptyPassphrase));
    }

    #[test]
    fn work_has_bounds() {
        assert_eq!(WorkFactor::new(0), None);
        assert_eq!(WorkFactor::new(21), None);
        assert_eq!(WorkFactor::new(18), Some(WorkFactor::default()));
    }
}
