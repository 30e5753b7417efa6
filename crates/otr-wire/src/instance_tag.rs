//! Instance tags: which of several logged-in clients a message is from and for.

use core::fmt;

/// The tag of one client, 4 bytes big-endian on the wire, 0x100 or more (spec: "Instance Tags").
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceTag(u32);

impl InstanceTag {
    /// The smallest legal tag.
    pub const MIN: Self = Self(0x100);

    /// The tag with this value.
    ///
    /// # Errors
    ///
    /// When `value` is below 0x100.
    pub const fn new(value: u32) -> Result<Self, InvalidInstanceTag> {
        // attack rule TAG-1: the whole range from 0x100 up is legal, nothing below is.
        if value < Self::MIN.0 { Err(InvalidInstanceTag(value)) } else { Ok(Self(value)) }
    }

    /// The tag as a receiver: zero stands for "not known yet".
    ///
    /// # Errors
    ///
    /// When `value` is between 1 and 0xff.
    pub(crate) const fn receiver(value: u32) -> Result<Option<Self>, InvalidInstanceTag> {
        // attack rule TAG-2
        if value == 0 {
            return Ok(None);
        }
        match Self::new(value) {
            Ok(tag) => Ok(Some(tag)),
            Err(error) => Err(error),
        }
    }

    /// The tag's value.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// Eight lower-case hex digits.
impl fmt::Display for InstanceTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

impl fmt::Debug for InstanceTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InstanceTag({self})")
    }
}

/// A value that cannot be an instance tag where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0:#x} is below 0x100")]
pub struct InvalidInstanceTag(pub u32);
