//! The Data message.

use alloc::vec::Vec;
use core::ops::Range;

use crate::{
    Counter, DecodeError, Header, KeyId, MessageType, Mpi, Plaintext, limits::MAX_GROUP_ELEMENT, reader::Reader,
    writer::Writer,
};

/// The flags of a Data message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags(pub u8);

impl Flags {
    /// No flag.
    pub const NONE: Self = Self(0);
    /// `IGNORE_UNREADABLE`: a receiver that cannot read the message says nothing about it.
    pub const IGNORE_UNREADABLE: Self = Self(1);

    /// Whether `IGNORE_UNREADABLE` is set. Other bits have no meaning.
    #[must_use]
    pub const fn ignore_unreadable(self) -> bool {
        self.0 & Self::IGNORE_UNREADABLE.0 != 0
    }
}

/// An encrypted message.
///
/// ```text
/// 1           flags               BYTE
/// 4           sender keyid        INT    not 0
/// 4           recipient keyid     INT    not 0
/// 4 + 0..192  next D-H key        MPI    the sender's key number sender keyid + 1
/// 8           counter             CTR    not 0
/// 4 + n       encrypted message   DATA
/// 20          authenticator       MAC    HMAC-SHA-1 over everything above, header included
/// 4 + n       old MAC keys        DATA   outside the MAC
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Data<'a> {
    /// Flags, unauthenticated until the MAC is checked.
    pub flags: Flags,
    /// Which of the sender's keys was used.
    pub sender_keyid: KeyId,
    /// Which of the receiver's keys was used.
    pub recipient_keyid: KeyId,
    /// The sender's next Diffie-Hellman key, unchecked.
    pub next_dh: Mpi<'a>,
    /// The top half of the first counter block.
    pub counter: Counter,
    /// The encrypted [`Plaintext`].
    pub encrypted: &'a [u8],
    /// The authenticator.
    pub mac: &'a [u8; 20],
    /// MAC keys that have become public, 20 bytes each. They are outside the MAC: anybody may have changed them.
    pub revealed: &'a [u8],
    authenticated: &'a [u8],
}

impl<'a> Data<'a> {
    pub(crate) fn decode(reader: &mut Reader<'a>, whole: &'a [u8]) -> Result<Self, DecodeError> {
        let flags = Flags(reader.u8()?);
        let sender_keyid = reader.keyid()?;
        let recipient_keyid = reader.keyid()?;
        let next_dh = reader.mpi("next D-H key", MAX_GROUP_ELEMENT)?;
        let counter = Counter::new(reader.u64()?).ok_or(DecodeError::ZeroCounter)?;
        let encrypted = reader.data("encrypted message", 0..=usize::MAX)?;
        let covered = whole.len().saturating_sub(reader.remaining());
        let authenticated = whole.get(..covered).ok_or(DecodeError::Truncated)?;
        let mac = reader.array()?;
        let revealed = reader.data("old MAC keys", 0..=usize::MAX)?;
        Ok(Self { flags, sender_keyid, recipient_keyid, next_dh, counter, encrypted, mac, revealed, authenticated })
    }

    /// The bytes the authenticator covers: from the protocol version to the end of the encrypted message.
    #[must_use]
    pub const fn authenticated(&self) -> &'a [u8] {
        self.authenticated
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        let start = DataFields {
            flags: self.flags,
            sender_keyid: self.sender_keyid,
            recipient_keyid: self.recipient_keyid,
            next_dh: self.next_dh,
            counter: self.counter,
        };
        start.encode(out);
        out.put_data(self.encrypted);
        out.extend_from_slice(self.mac);
        out.put_data(self.revealed);
    }
}

/// The fields before the encrypted part of a Data message that is being made.
#[derive(Debug, Clone, Copy)]
pub struct DataFields<'a> {
    /// Flags.
    pub flags: Flags,
    /// Which of our keys is used.
    pub sender_keyid: KeyId,
    /// Which of their keys is used.
    pub recipient_keyid: KeyId,
    /// Our next Diffie-Hellman key.
    pub next_dh: Mpi<'a>,
    /// The top half of the first counter block.
    pub counter: Counter,
}

impl DataFields<'_> {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.flags.0);
        out.put_u32(self.sender_keyid.get());
        out.put_u32(self.recipient_keyid.get());
        out.put_mpi(self.next_dh);
        out.extend_from_slice(&self.counter.get().to_be_bytes());
    }
}

/// A Data message being made in one buffer: the plaintext is written where its encryption will stand.
///
/// The steps are: [`new`](Self::new), encrypt [`text_mut`](Self::text_mut) in place, compute the MAC over
/// [`authenticated`](Self::authenticated), [`finish`](Self::finish).
pub struct DataEncoder {
    bytes: Vec<u8>,
    text: Range<usize>,
}

impl DataEncoder {
    /// The bytes around the plaintext that do not depend on it: header, keyids, a full-size key, counter, lengths, MAC.
    const AROUND: usize = 3 + 8 + 1 + 8 + 4 + MAX_GROUP_ELEMENT + 8 + 4 + 20 + 4;

    /// Writes the header, `fields` and the plaintext. `revealed` is how many bytes of old MAC keys will follow, so
    /// that the buffer is allocated once and no copy of the plaintext stays behind.
    #[must_use]
    pub fn new(header: Header, fields: &DataFields<'_>, plaintext: &Plaintext<'_>, revealed: usize) -> Self {
        let length = plaintext.encoded_len();
        let mut bytes = Vec::with_capacity(Self::AROUND.saturating_add(length).saturating_add(revealed));
        header.encode(MessageType::Data.byte(), &mut bytes);
        fields.encode(&mut bytes);
        bytes.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
        let start = bytes.len();
        plaintext.encode(&mut bytes);
        let text = start..bytes.len();
        Self { bytes, text }
    }

    /// The plaintext, to be encrypted in place.
    pub fn text_mut(&mut self) -> &mut [u8] {
        self.bytes.get_mut(self.text.clone()).unwrap_or_default()
    }

    /// The bytes the authenticator covers, once the text is encrypted.
    #[must_use]
    pub fn authenticated(&self) -> &[u8] {
        &self.bytes
    }

    /// The whole message, with its authenticator and the MAC keys to be revealed.
    #[must_use]
    pub fn finish(mut self, mac: &[u8; 20], revealed: &[u8]) -> Vec<u8> {
        self.bytes.extend_from_slice(mac);
        self.bytes.put_data(revealed);
        self.bytes
    }
}

impl core::fmt::Debug for DataEncoder {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        // The buffer may still hold plaintext.
        f.debug_struct("DataEncoder").finish_non_exhaustive()
    }
}
