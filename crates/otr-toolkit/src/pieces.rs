//! A Data message made from its pieces.

use otr_crypto::HazmatMacKey;
use otr_wire::{
    Counter, DataEncoder, DataFields, DecodeError, Flags, Header, InstanceTag, KeyId, MAX_GROUP_ELEMENT, Mpi, Plaintext,
};

use crate::argument::{array, bytes, integer, number};
use crate::recorded::authenticate;
use crate::{Error, Recorded};

/// The fields of a Data message as people type them: numbers in decimal, everything else in hexadecimal digits.
#[derive(Debug, Clone, Copy)]
pub struct Pieces<'a> {
    /// Sender and receiver instance tag in version 3, each 256 or more; none in version 2.
    pub instances: Option<[&'a str; 2]>,
    /// The flags, 0 to 255; 1 asks a receiver who cannot read the message to say nothing.
    pub flags: &'a str,
    /// The serial number of the sender's key, not 0.
    pub sender_keyid: &'a str,
    /// The serial number of the receiver's key, not 0.
    pub recipient_keyid: &'a str,
    /// The sender's next public value, at most 192 bytes. Any number is taken.
    pub next_dh: &'a str,
    /// The top half of the counter, 8 bytes, not 0.
    pub counter: &'a str,
    /// The encrypted part.
    pub encrypted: &'a str,
    /// MAC keys that are published, 20 bytes each.
    pub revealed: &'a str,
}

impl Pieces<'_> {
    /// The message with these fields, authenticated with `key`, as it goes over the network.
    ///
    /// # Errors
    ///
    /// When a field is not what it has to be.
    pub fn assemble(&self, key: &HazmatMacKey) -> Result<String, Error> {
        let header = match self.instances {
            None => Header::V2,
            Some([sender, receiver]) => Header::V3 {
                sender: instance("the sender instance", sender)?,
                receiver: Some(instance("the receiver instance", receiver)?),
            },
        };
        let next_dh = integer("the public key", self.next_dh, MAX_GROUP_ELEMENT)?;
        let counter = u64::from_be_bytes(array("the counter", self.counter)?);
        let fields = DataFields {
            flags: Flags(number("the flags", self.flags, 0, u8::MAX)?),
            sender_keyid: keyid("the sender's keyid", self.sender_keyid)?,
            recipient_keyid: keyid("the recipient's keyid", self.recipient_keyid)?,
            next_dh: Mpi::new(&next_dh)?,
            counter: Counter::new(counter).ok_or(DecodeError::ZeroCounter)?,
        };
        let encrypted = bytes("the encrypted message", self.encrypted)?;
        let revealed = bytes("the revealed MAC keys", self.revealed)?;
        // An empty message is the mould: the encrypted part and the authenticator come with `authenticate`.
        let mould = DataEncoder::new(header, &fields, &Plaintext::default(), revealed.len());
        let mould = mould.finish(&[0; 20], &revealed);
        authenticate(header, *Recorded::decode(&mould)?.data(), &encrypted, key)
    }
}

fn instance(name: &'static str, text: &str) -> Result<InstanceTag, Error> {
    Ok(InstanceTag::new(number(name, text, 0, u32::MAX)?)?)
}

fn keyid(name: &'static str, text: &str) -> Result<KeyId, Error> {
    KeyId::new(number(name, text, 1, u32::MAX)?).ok_or_else(|| DecodeError::ZeroKeyId.into())
}
