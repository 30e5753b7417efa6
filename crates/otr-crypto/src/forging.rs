//! The door for tools that read, forge and re-authenticate recorded messages.
//!
//! Deniability rests on this: whoever has the keys of a message can make any other message with them. Everywhere else
//! in this crate those keys stay inside; here they come in and go out as bytes. A program that talks needs none of it.

use hmac::Mac;
use sha1::{Digest, Sha1};

use crate::cipher::aes_ctr;
use crate::kdf::{h1, h2};
use crate::mac::{self, hmac_sha1};
use crate::secret::{Secret, opaque_debug};
use crate::{DhPublic, Error, ExtraSymmetricKey, SharedSecret};

/// The cipher key of one direction of talk, held by anybody: 16 bytes. Wiped on drop.
pub struct HazmatCipherKey(Secret<16>);

/// The authenticator key of one direction of talk, held by anybody: 20 bytes. Wiped on drop.
pub struct HazmatMacKey(Secret<20>);

/// What one shared secret gives to data messages, laid open (spec: "Data Message", *computing AES and MAC keys*).
#[derive(Debug)]
pub struct HazmatDataKeys {
    /// Whether our public value is the numerically greater one.
    pub we_are_high: bool,
    /// SHA-1 of a zero byte and the shared secret, 20 bytes: what libotr's tools call the session id. The one that
    /// people compare is [`AkeKeys::session_id`](crate::AkeKeys::session_id).
    pub sha1_session_id: [u8; 20],
    /// For what we send.
    pub sending: HazmatCipherKey,
    /// For what we receive.
    pub receiving: HazmatCipherKey,
    /// For use outside the conversation.
    pub extra: ExtraSymmetricKey,
}

opaque_debug!(HazmatCipherKey, HazmatMacKey);

impl SharedSecret {
    /// The keys of data messages between these two public values, laid open for tools; see
    /// [`data_keys`](Self::data_keys).
    pub fn hazmat_data_keys(&self, ours: &DhPublic, theirs: &DhPublic) -> HazmatDataKeys {
        let secbytes = self.secbytes();
        let we_are_high = ours > theirs;
        let (send, receive) = if we_are_high { (0x01, 0x02) } else { (0x02, 0x01) };
        HazmatDataKeys {
            we_are_high,
            sha1_session_id: *h1(0x00, secbytes).as_bytes(),
            sending: HazmatCipherKey::derive(send, secbytes),
            receiving: HazmatCipherKey::derive(receive, secbytes),
            extra: ExtraSymmetricKey::new(h2(0xff, secbytes)),
        }
    }
}

impl HazmatCipherKey {
    /// The key with these bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Secret::from_array(bytes))
    }

    /// The 16 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// Encrypts or decrypts `data` in place, as [`SendingKeys::encrypt`](crate::SendingKeys::encrypt) does.
    pub fn apply(&self, counter: u64, data: &mut [u8]) {
        aes_ctr(self.0.as_bytes(), counter, data);
    }

    /// The authenticator key of the same direction: SHA-1 of this one.
    #[must_use]
    pub fn mac_key(&self) -> HazmatMacKey {
        let mut key = Secret::zeroed();
        Sha1::new_with_prefix(self.0.as_bytes()).finalize_into(key.as_mut().into());
        HazmatMacKey(key)
    }

    fn derive(label: u8, secbytes: &[u8]) -> Self {
        let mut key = Secret::zeroed();
        key.as_mut().copy_from_slice(h1(label, secbytes).as_bytes().split_at(16).0);
        Self(key)
    }
}

impl HazmatMacKey {
    /// The key with these bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(Secret::from_array(bytes))
    }

    /// The 20 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 20] {
        self.0.as_bytes()
    }

    /// HMAC-SHA-1 over `data`.
    #[must_use]
    pub fn mac(&self, data: &[u8]) -> [u8; 20] {
        hmac_sha1(self.0.as_bytes()).chain_update(data).finalize().into_bytes().into()
    }

    /// Checks an HMAC-SHA-1 over `data` in constant time.
    ///
    /// # Errors
    ///
    /// [`Error::Rejected`] if it differs.
    pub fn verify(&self, data: &[u8], mac: &[u8; 20]) -> Result<(), Error> {
        mac::verify(hmac_sha1(self.0.as_bytes()).chain_update(data), mac)
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;
    use crate::DhKeyPair;
    use crate::testing::rng;

    /// Both ways to the keys of one pair of values: inside, and laid open.
    #[test]
    fn keys_laid_open_are_those_kept_inside() {
        let (alice, bob) = (DhKeyPair::generate(&mut rng(1)), DhKeyPair::generate(&mut rng(2)));
        for (ours, theirs) in [(&alice, bob.public()), (&bob, alice.public())] {
            let shared = ours.agree(theirs).unwrap();
            let inside = shared.data_keys(ours.public(), theirs);
            let open = shared.hazmat_data_keys(ours.public(), theirs);
            assert_eq!(open.we_are_high, ours.public() > theirs);
            assert_eq!(open.extra.as_bytes(), inside.extra.as_bytes());

            let (mut one, mut other) = ([7; 50], [7; 50]);
            inside.sending.encrypt(9, &mut one);
            open.sending.apply(9, &mut other);
            assert_eq!(one, other);
            assert_eq!(inside.sending.mac(b"data"), open.sending.mac_key().mac(b"data"));

            // Whoever receives can write what they receive.
            let forged = open.receiving.mac_key();
            assert_eq!(inside.receiving.verify(b"never said", &forged.mac(b"never said")), Ok(()));
            assert!(inside.receiving.is_mac_key(forged.as_bytes()));
            let mut text = *b"never said";
            open.receiving.apply(3, &mut text);
            inside.receiving.decrypt(3, &mut text);
            assert_eq!(&text, b"never said");
        }
    }

    // attack: SIDE-1
    #[test]
    fn every_bit_of_an_authenticator_counts() {
        let key = HazmatMacKey::from_bytes([9; 20]);
        let mac = key.mac(b"data");
        assert_eq!(key.verify(b"data", &mac), Ok(()));
        assert_eq!(key.verify(b"Data", &mac), Err(Error::Rejected));
        for bit in 0..160 {
            let mut other = mac;
            other[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(key.verify(b"data", &other), Err(Error::Rejected));
        }
    }

    // attack: SIDE-8, G-6
    #[test]
    fn no_byte_is_shown_and_all_are_wiped() {
        let cipher = HazmatCipherKey::from_bytes([0xc5; 16]);
        assert_eq!(format!("{cipher:?} {:?}", cipher.mac_key()), "HazmatCipherKey { .. } HazmatMacKey { .. }");
        assert!(core::mem::needs_drop::<HazmatCipherKey>() && core::mem::needs_drop::<HazmatMacKey>());
    }
}
