//! The header of an encoded message: version, and in version 3 the instance tags.

use alloc::vec::Vec;

use crate::{DecodeError, InstanceTag, Version, reader::Reader, writer::Writer};

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
}

impl Header {
    /// The protocol version.
    #[must_use]
    pub const fn version(self) -> Version {
        match self {
            Self::V2 => Version::Two,
            Self::V3 { .. } => Version::Three,
        }
    }

    /// The sending client, where the version names it.
    #[must_use]
    pub const fn sender(self) -> Option<InstanceTag> {
        match self {
            Self::V2 => None,
            Self::V3 { sender, .. } => Some(sender),
        }
    }

    /// The receiving client, where it is named.
    #[must_use]
    pub const fn receiver(self) -> Option<InstanceTag> {
        match self {
            Self::V2 => None,
            Self::V3 { receiver, .. } => receiver,
        }
    }

    /// Reads version, type byte and tags; returns the header and the type byte.
    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<(Self, u8), DecodeError> {
        let number = reader.u16()?;
        let version = Version::from_number(number).ok_or(DecodeError::UnknownVersion(number))?;
        let kind = reader.u8()?;
        let header = match version {
            Version::Two => Self::V2,
            Version::Three => {
                Self::V3 { sender: InstanceTag::new(reader.u32()?)?, receiver: InstanceTag::receiver(reader.u32()?)? }
            }
        };
        Ok((header, kind))
    }

    pub(crate) fn encode(self, kind: u8, out: &mut Vec<u8>) {
        out.put_u16(self.version().number());
        out.push(kind);
        if let Self::V3 { sender, receiver } = self {
            out.put_u32(sender.get());
            out.put_u32(receiver.map_or(0, InstanceTag::get));
        }
    }
}
