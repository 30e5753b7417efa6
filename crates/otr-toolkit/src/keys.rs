//! Keys that follow from others, to be shown.

use std::fmt::{self, Display, Formatter};

use otr_crypto::{DhKeyPair, DhPublic, HazmatCipherKey, HazmatDataKeys, HazmatMacKey, SessionId};
use otr_wire::MAX_GROUP_ELEMENT;
use zeroize::Zeroizing;

use crate::{Error, argument, facts::Hex};

/// The longest secret exponent: 320 bits.
const EXPONENT: usize = 40;

/// Every key that one secret exponent and one public value give, as both owners can compute them (spec: "Data
/// Message"). `Display` shows them all.
#[derive(Debug)]
pub struct SessionKeys {
    public: DhPublic,
    session_id: SessionId,
    keys: HazmatDataKeys,
}

impl SessionKeys {
    /// From our secret exponent, at most 80 hexadecimal digits, and their public value, at most 384.
    ///
    /// # Errors
    ///
    /// When an argument is no such number, the exponent is zero, or the public value is not one that an honest peer can
    /// have, or our own.
    pub fn derive(our_private: &str, their_public: &str) -> Result<Self, Error> {
        let private = argument::integer("our private key", our_private, EXPONENT)?;
        let mut padded = Zeroizing::new([0; EXPONENT]);
        for (to, from) in padded.iter_mut().rev().zip(private.iter().rev()) {
            *to = *from;
        }
        let theirs = argument::integer("their public key", their_public, MAX_GROUP_ELEMENT)?;
        let theirs = DhPublic::from_bytes(&theirs).map_err(Error::Agreement)?;
        let ours = DhKeyPair::hazmat_from_bytes(*padded).map_err(Error::Agreement)?;
        let shared = ours.agree(&theirs).map_err(Error::Agreement)?;
        let public = ours.public().clone();
        let keys = shared.hazmat_data_keys(&public, &theirs);
        Ok(Self { session_id: shared.ake_keys().session_id(), public, keys })
    }

    /// The key that what we send is encrypted with.
    #[must_use]
    pub const fn sending(&self) -> &HazmatCipherKey {
        &self.keys.sending
    }

    /// The key that what they send is encrypted with.
    #[must_use]
    pub const fn receiving(&self) -> &HazmatCipherKey {
        &self.keys.receiving
    }
}

impl Display for SessionKeys {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { public, session_id, keys } = self;
        writeln!(f, "Our end: {}", if keys.we_are_high { "high" } else { "low" })?;
        writeln!(f, "Our public key: {}", Hex(public.as_bytes()))?;
        writeln!(f, "Session id (of the exchange, versions 2 and 3): {}", Hex(session_id.as_bytes()))?;
        writeln!(f, "Session id (SHA-1): {}", Hex(&keys.sha1_session_id))?;
        for (name, key) in [("Sending", &keys.sending), ("Receiving", &keys.receiving)] {
            writeln!(f, "{name} AES key: {}", Hex(key.as_bytes()))?;
            writeln!(f, "{name} MAC key: {}", Hex(key.mac_key().as_bytes()))?;
        }
        write!(f, "Extra symmetric key: {}", Hex(keys.extra.as_bytes()))
    }
}

/// A cipher key and the authenticator key that follows from it. `Display` shows both.
#[derive(Debug)]
pub struct MacKeyOf {
    cipher: HazmatCipherKey,
    mac: HazmatMacKey,
}

impl MacKeyOf {
    /// The authenticator key beside `cipher`.
    #[must_use]
    pub fn new(cipher: HazmatCipherKey) -> Self {
        Self { mac: cipher.mac_key(), cipher }
    }
}

impl Display for MacKeyOf {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "AES key: {}\nMAC key: {}", Hex(self.cipher.as_bytes()), Hex(self.mac.as_bytes()))
    }
}
