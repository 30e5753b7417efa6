//! Values as they stand in the files.

use std::fmt;

use otr_wire::InstanceTag;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::Problem;

/// Bytes, written as lower-case hex digits. Other spellings are refused, so that every byte of a file counts.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hex(pub(crate) Vec<u8>);

impl Hex {
    /// Whether there are none.
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As an array of exactly `N` bytes.
    pub(crate) fn array<const N: usize>(&self) -> Result<[u8; N], Problem> {
        let array = <[u8; N]>::try_from(self.0.as_slice());
        array.map_err(|_| Problem::new(format!("{} bytes where {N} belong", self.0.len())))
    }

    /// As a number of `N` bytes, with the leading zeros that the files leave out.
    pub(crate) fn padded<const N: usize>(&self) -> Result<[u8; N], Problem> {
        let mut array = [0; N];
        let start = N.checked_sub(self.0.len()).ok_or_else(|| Problem::new(format!("a number over {N} bytes")))?;
        if self.0.first() == Some(&0) {
            return Err(Problem::new("a number with a leading zero byte"));
        }
        array[start..].copy_from_slice(&self.0);
        Ok(array)
    }
}

impl From<&[u8]> for Hex {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl fmt::Debug for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.bytes().any(|digit| digit.is_ascii_uppercase()) {
            return Err(D::Error::custom("upper-case hex digits"));
        }
        hex::decode(&text).map(Self).map_err(D::Error::custom)
    }
}

/// An instance tag: eight hex digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tag(pub(crate) Hex);

impl Tag {
    pub(crate) fn get(&self) -> Result<InstanceTag, Problem> {
        Ok(InstanceTag::new(u32::from_be_bytes(self.0.array()?))?)
    }
}

impl From<InstanceTag> for Tag {
    fn from(tag: InstanceTag) -> Self {
        Self(Hex(tag.get().to_be_bytes().to_vec()))
    }
}
