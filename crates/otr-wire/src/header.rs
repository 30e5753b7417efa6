//! The header of an encoded message: version, and in version 3 the instance tags.

use alloc::vec::Vec;

use crate::{
    DecodeError, FRAGMENT_OVERHEAD_V2, FRAGMENT_OVERHEAD_V3, InstanceTag, Version, reader::Reader, writer::Writer,
};

/// Which version a message is of and, in version 3, between which clients it travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Header {
    /// Version 2 names no clients.
    V2,
    /// Version 3 names the sending and the receiving client.
    V3 {
        /// Who sent the message.
        sender: InstanceTag,
        /// Whom it is for; `None` (zero on the wire) only in a D-H Commit to a client not known yet.
        receiver: Option<InstanceTag>,
    },
    /// The Curve25519 suite names them in the same way.
    Curve25519 {
        /// Who sent the message.
        sender: InstanceTag,
        /// Whom it is for, as in version 3.
        receiver: Option<InstanceTag>,
    },
}

impl Header {
    /// The header of `version` between two clients, which version 2 does not name.
    #[must_use]
    pub const fn new(version: Version, sender: InstanceTag, receiver: Option<InstanceTag>) -> Self {
        match version {
            Version::Two => Self::V2,
            Version::Three => Self::V3 { sender, receiver },
            Version::Curve25519 => Self::Curve25519 { sender, receiver },
        }
    }

    /// The header of the fragments of a message with this one: there is a form without names and one with names.
    #[must_use]
    pub const fn of_fragments(self) -> Self {
        match self {
            Self::V2 => Self::V2,
            Self::V3 { sender, receiver } | Self::Curve25519 { sender, receiver } => Self::V3 { sender, receiver },
        }
    }

    /// The characters that a fragment with this header spends around its piece.
    #[must_use]
    pub const fn fragment_overhead(self) -> usize {
        match self {
            Self::V2 => FRAGMENT_OVERHEAD_V2,
            Self::V3 { .. } | Self::Curve25519 { .. } => FRAGMENT_OVERHEAD_V3,
        }
    }

    /// The protocol version.
    #[must_use]
    pub const fn version(self) -> Version {
        match self {
            Self::V2 => Version::Two,
            Self::V3 { .. } => Version::Three,
            Self::Curve25519 { .. } => Version::Curve25519,
        }
    }

    /// The sending client, where the version names it.
    #[must_use]
    pub const fn sender(self) -> Option<InstanceTag> {
        match self {
            Self::V2 => None,
            Self::V3 { sender, .. } | Self::Curve25519 { sender, .. } => Some(sender),
        }
    }

    /// The receiving client, where it is named.
    #[must_use]
    pub const fn receiver(self) -> Option<InstanceTag> {
        match self {
            Self::V2 => None,
            Self::V3 { receiver, .. } | Self::Curve25519 { receiver, .. } => receiver,
        }
    }

    /// Reads version, type byte and tags; returns the header and the type byte.
    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<(Self, u8), DecodeError> {
        let number = reader.u16()?;
        let version = Version::from_number(number).ok_or(DecodeError::UnknownVersion(number))?;
        let kind = reader.u8()?;
        let header = match version {
            Version::Two => Self::V2,
            Version::Three | Version::Curve25519 => {
                let (sender, receiver) = (InstanceTag::new(reader.u32()?)?, InstanceTag::receiver(reader.u32()?)?);
                Self::new(version, sender, receiver)
            }
        };
        Ok((header, kind))
    }

    pub(crate) fn encode(self, kind: u8, out: &mut Vec<u8>) {
        out.put_u16(self.version().number());
        out.push(kind);
        if let Self::V3 { sender, receiver } | Self::Curve25519 { sender, receiver } = self {
            out.put_u32(sender.get());
            out.put_u32(receiver.map_or(0, InstanceTag::get));
        }
    }
}
