//! What a Data message says once decrypted: text, and records beside it.

use alloc::vec::Vec;
use core::ffi::CStr;

use crate::{limits::MAX_RECORDS, reader::Reader, writer::Writer};

/// The type of a TLV record (spec: "Data Message", *currently defined TLV record types*).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TlvType(pub u16);

impl TlvType {
    /// Padding, ignored.
    pub const PADDING: Self = Self(0);
    /// The sender has ended the private conversation.
    pub const DISCONNECTED: Self = Self(1);
    /// SMP message 1.
    pub const SMP_MESSAGE_1: Self = Self(2);
    /// SMP message 2.
    pub const SMP_MESSAGE_2: Self = Self(3);
    /// SMP message 3.
    pub const SMP_MESSAGE_3: Self = Self(4);
    /// SMP message 4.
    pub const SMP_MESSAGE_4: Self = Self(5);
    /// SMP is given up.
    pub const SMP_ABORT: Self = Self(6);
    /// SMP message 1 with a question.
    pub const SMP_MESSAGE_1Q: Self = Self(7);
    /// The extra symmetric key is put to a use.
    pub const EXTRA_SYMMETRIC_KEY: Self = Self(8);
}

/// One record: type (SHORT), length (SHORT), value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tlv<'a> {
    kind: TlvType,
    value: &'a [u8],
}

impl<'a> Tlv<'a> {
    /// A record of type `kind` holding `value`.
    ///
    /// # Errors
    ///
    /// When `value` is longer than 65,535 bytes, which the length field cannot say.
    pub const fn new(kind: TlvType, value: &'a [u8]) -> Result<Self, TlvTooLong> {
        // attack rule TLV-3
        if value.len() > 0xffff { Err(TlvTooLong) } else { Ok(Self { kind, value }) }
    }

    /// The type.
    #[must_use]
    pub const fn kind(&self) -> TlvType {
        self.kind
    }

    /// The value.
    #[must_use]
    pub const fn value(&self) -> &'a [u8] {
        self.value
    }
}

/// A TLV value longer than 65,535 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a TLV record holds at most 65535 bytes")]
pub struct TlvTooLong;

/// The decrypted content of a Data message: `text [NUL tlv*]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plaintext<'a> {
    /// The human-readable part, up to the first NUL. Empty in a heartbeat.
    pub text: &'a [u8],
    /// The records after the NUL, in order.
    pub tlvs: Vec<Tlv<'a>>,
    /// Whether bytes followed that were no whole record, or more records than [`MAX_RECORDS`]; they are left out
    /// (attack rules TLV-2, G-5).
    pub cut_short: bool,
}

impl<'a> Plaintext<'a> {
    /// Takes decrypted bytes apart. Every byte string is some plaintext.
    #[must_use]
    pub fn decode(bytes: &'a [u8]) -> Self {
        // Looks at many bytes at a time.
        let end = CStr::from_bytes_until_nul(bytes).map_or(bytes.len(), CStr::count_bytes);
        let (text, rest) = bytes.split_at_checked(end).unwrap_or((bytes, &[]));
        let mut reader = Reader::new(rest.split_first().map_or(&[], |(_, records)| records));
        let mut tlvs = Vec::new();
        while reader.remaining() > 0 {
            match read_tlv(&mut reader) {
                Some(tlv) if tlvs.len() < MAX_RECORDS => tlvs.push(tlv),
                Some(_) | None => return Self { text, tlvs, cut_short: true },
            }
        }
        Self { text, tlvs, cut_short: false }
    }

    /// How many bytes [`Plaintext::encode`] appends.
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        let records = self.tlvs.iter().map(|tlv| tlv.value.len().saturating_add(4));
        records.fold(self.text.len().saturating_add(1), usize::saturating_add)
    }

    /// Appends text, NUL and records. The caller has made sure that the text has no NUL.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.text);
        out.push(0);
        for tlv in &self.tlvs {
            out.put_u16(tlv.kind.0);
            out.put_u16(u16::try_from(tlv.value.len()).unwrap_or(u16::MAX));
            out.extend_from_slice(tlv.value);
        }
    }
}

fn read_tlv<'a>(reader: &mut Reader<'a>) -> Option<Tlv<'a>> {
    let kind = TlvType(reader.u16().ok()?);
    let length = reader.u16().ok()?;
    let value = reader.take(length.into()).ok()?;
    Some(Tlv { kind, value })
}
