//! A recorded Data message, and what can be done with it and a key.

use std::fmt::{self, Display, Formatter};

use otr_crypto::{HazmatCipherKey, HazmatMacKey};
use otr_wire::{Data, Header, Message, Payload, Plaintext, armour};
use zeroize::Zeroizing;

use crate::{Error, facts::Hex};

/// A Data message from a recording.
#[derive(Debug, Clone, Copy)]
pub struct Recorded<'a> {
    header: Header,
    data: Data<'a>,
}

impl<'a> Recorded<'a> {
    /// Takes `bytes`, unwrapped from their base64, as a Data message.
    ///
    /// # Errors
    ///
    /// When they are no well-formed message, or one of another type.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Error> {
        let Message { header, payload } = Message::decode(bytes)?;
        match payload {
            Payload::Data(data) => Ok(Self { header, data }),
            other => Err(Error::NotData(other.message_type())),
        }
    }

    /// What is in the open.
    #[must_use]
    pub const fn data(&self) -> &Data<'a> {
        &self.data
    }

    /// Checks the authenticator as the receiver did.
    ///
    /// # Errors
    ///
    /// [`Error::WrongKey`] if it was made with another key, or over another message.
    pub fn verify(&self, key: &HazmatMacKey) -> Result<(), Error> {
        key.verify(self.data.authenticated(), self.data.mac).map_err(|_| Error::WrongKey)
    }

    /// Reads the message as its receiver did: checks, then decrypts.
    ///
    /// # Errors
    ///
    /// [`Error::WrongKey`] if the key is not that of the message.
    pub fn read(&self, key: &HazmatCipherKey) -> Result<Reading, Error> {
        self.verify(&key.mac_key())?;
        let mut plaintext = Zeroizing::new(self.data.encrypted.to_vec());
        key.apply(self.data.counter.get(), &mut plaintext);
        Ok(Reading(plaintext))
    }

    /// The same message saying `plaintext` instead, of whatever length.
    ///
    /// `plaintext` is text, or text, a NUL and records. Nobody can tell which of the two was sent.
    ///
    /// # Errors
    ///
    /// None that a decoded message can bring about; see [`DecodeError`](otr_wire::DecodeError).
    pub fn forge(&self, key: &HazmatCipherKey, plaintext: &[u8]) -> Result<String, Error> {
        let mut encrypted = plaintext.to_vec();
        key.apply(self.data.counter.get(), &mut encrypted);
        authenticate(self.header, self.data, &encrypted, &key.mac_key())
    }

    /// The same message with `new` in place of `old`, which begins `offset` bytes into the text.
    ///
    /// The cipher's key is not needed: in counter mode, flipping a bit of the ciphertext flips that bit of the text.
    /// Whether `old` does stand there only a reader can tell.
    ///
    /// # Errors
    ///
    /// [`Error::TextLengths`] if the two differ in length, [`Error::WrongKey`] if the key is not that of the message,
    /// [`Error::Outside`] if the message is too short.
    pub fn modify(&self, key: &HazmatMacKey, old: &[u8], new: &[u8], offset: usize) -> Result<String, Error> {
        if old.len() != new.len() {
            return Err(Error::TextLengths);
        }
        self.verify(key)?;
        let mut encrypted = self.data.encrypted.to_vec();
        let length = encrypted.len();
        let end = offset.saturating_add(old.len());
        let place = encrypted.get_mut(offset..end).ok_or(Error::Outside { length })?;
        for (byte, (old, new)) in place.iter_mut().zip(old.iter().zip(new)) {
            *byte ^= old ^ new;
        }
        authenticate(self.header, self.data, &encrypted, key)
    }
}

/// The text of the message `data` with another encrypted part, and the authenticator that belongs to it.
pub(crate) fn authenticate(
    header: Header,
    data: Data<'_>,
    encrypted: &[u8],
    key: &HazmatMacKey,
) -> Result<String, Error> {
    let mut unsigned = data;
    unsigned.encrypted = encrypted;
    let unsigned = Message { header, payload: Payload::Data(unsigned) }.encode();
    let mut signed = Recorded::decode(&unsigned)?.data;
    let mac = key.mac(signed.authenticated());
    signed.mac = &mac;
    Ok(armour::encode(&Message { header, payload: Payload::Data(signed) }.encode()))
}

/// A message that was read. `Display` shows its text and its records; `Debug` shows nothing.
pub struct Reading(Zeroizing<Vec<u8>>);

impl Reading {
    /// Text and records, taken apart.
    #[must_use]
    pub fn plaintext(&self) -> Plaintext<'_> {
        Plaintext::decode(&self.0)
    }
}

impl Display for Reading {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let plaintext = self.plaintext();
        write!(f, "Text: {}", String::from_utf8_lossy(plaintext.text))?;
        for record in &plaintext.tlvs {
            write!(f, "\nRecord of type {}: {}", record.kind().0, Hex(record.value()))?;
        }
        if plaintext.cut_short { write!(f, "\n(what follows is no whole record)") } else { Ok(()) }
    }
}

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading").finish_non_exhaustive()
    }
}
