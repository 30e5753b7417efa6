//! The keys of data messages between one pair of Diffie-Hellman values.

use alloc::boxed::Box;

use hmac::Mac;
use sha1::{Digest, Sha1};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::Error;
use crate::cipher::aes_ctr;
use crate::kdf::{h1, h2};
use crate::mac::{self, hmac_sha1};
use crate::secret::{Secret, opaque_debug};

/// All keys that one shared secret gives to data messages.
#[derive(Debug)]
pub struct DataKeys {
    /// For what we send.
    pub sending: SendingKeys,
    /// For what we receive.
    pub receiving: ReceivingKeys,
    /// For use outside the conversation.
    pub extra: ExtraSymmetricKey,
}

/// The cipher key (16 bytes) and authenticator key (20 bytes) for sending. Wiped on drop.
pub struct SendingKeys(DirectionKeys);

/// The cipher key (16 bytes) and authenticator key (20 bytes) for receiving. Wiped on drop.
pub struct ReceivingKeys(DirectionKeys);

/// A receiving authenticator key that will never be used again and has become public, so that
/// anybody could have written the messages it once authenticated: 20 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevealedMacKey([u8; 20]);

/// The extra symmetric key, 32 bytes: h2(0xff). Wiped on drop.
pub struct ExtraSymmetricKey(Secret<32>);

/// Both keys of one direction, in a block of their own, so that moving the owner leaves no copy behind.
type DirectionKeys = Box<KeyBytes>;

#[derive(Zeroize, ZeroizeOnDrop)]
struct KeyBytes {
    cipher: [u8; 16],
    mac: [u8; 20],
}

opaque_debug!(SendingKeys, ReceivingKeys, ExtraSymmetricKey);

impl DataKeys {
    /// The "high" end sends with the keys that the "low" end receives with.
    pub(crate) fn derive(secbytes: &[u8], we_are_high: bool) -> Self {
        let (send, receive) = if we_are_high { (0x01, 0x02) } else { (0x02, 0x01) };
        Self {
            sending: SendingKeys(KeyBytes::derive(send, secbytes)),
            receiving: ReceivingKeys(KeyBytes::derive(receive, secbytes)),
            extra: ExtraSymmetricKey(h2(0xff, secbytes)),
        }
    }
}

impl KeyBytes {
    fn derive(label: u8, secbytes: &[u8]) -> Box<Self> {
        let mut keys = Box::new(Self { cipher: [0; 16], mac: [0; 20] });
        keys.cipher.copy_from_slice(h1(label, secbytes).as_bytes().split_at(16).0);
        let mut hash = Sha1::new();
        hash.update(&keys.cipher);
        hash.finalize_into((&mut keys.mac).into());
        keys
    }
}

impl SendingKeys {
    /// Encrypts `data` in place: AES-128 in counter mode, the first block being the 8-byte
    /// big-endian `counter` and 8 zero bytes. No counter may serve twice.
    pub fn encrypt(&self, counter: u64, data: &mut [u8]) {
        aes_ctr(&self.0.cipher, counter, data);
    }

    /// HMAC-SHA-1 over `data`.
    pub fn mac(&self, data: &[u8]) -> [u8; 20] {
        let hmac = hmac_sha1(&self.0.mac).chain_update(data);
        hmac.finalize().into_bytes().into()
    }
}

impl ReceivingKeys {
    /// Checks the peer's HMAC-SHA-1 over `data` in constant time.
    ///
    /// # Errors
    ///
    /// [`Error::Rejected`] if it differs.
    pub fn verify(&self, data: &[u8], mac: &[u8; 20]) -> Result<(), Error> {
        mac::verify(hmac_sha1(&self.0.mac).chain_update(data), mac)
    }

    /// Decrypts `data` in place, the reverse of [`SendingKeys::encrypt`]. Verify first.
    pub fn decrypt(&self, counter: u64, data: &mut [u8]) {
        aes_ctr(&self.0.cipher, counter, data);
    }

    /// Whether `candidate` is our authenticator key, compared in constant time.
    pub fn is_mac_key(&self, candidate: &[u8; 20]) -> bool {
        self.0.mac.ct_eq(candidate).into()
    }

    /// Gives up these keys and makes the authenticator key public.
    pub fn reveal(self) -> RevealedMacKey {
        RevealedMacKey(self.0.mac)
    }
}

impl RevealedMacKey {
    /// The 20 bytes, to be sent.
    pub fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }
}

impl ExtraSymmetricKey {
    pub(crate) const fn new(key: Secret<32>) -> Self {
        Self(key)
    }

    /// A second holder of the same key, for a message that puts it to several uses.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        let mut copy = Secret::zeroed();
        copy.as_mut().copy_from_slice(self.0.as_bytes());
        Self(copy)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // attack: SIDE-1
    #[test]
    fn every_bit_of_an_authenticator_counts() {
        let ours = DataKeys::derive(b"secret", true);
        let theirs = DataKeys::derive(b"secret", false);
        let mac = theirs.sending.mac(b"data");
        assert_eq!(ours.receiving.verify(b"data", &mac), Ok(()));
        assert_eq!(ours.receiving.verify(b"Data", &mac), Err(Error::Rejected));
        for bit in 0..160 {
            let mut other = mac;
            other[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(ours.receiving.verify(b"data", &other), Err(Error::Rejected));
        }
    }

    // attack: SIDE-1
    #[test]
    fn a_revealed_key_is_recognised_whole_and_can_forge() {
        let keys = DataKeys::derive(b"secret", true);
        let receiving = DataKeys::derive(b"secret", true).receiving;
        let revealed = keys.receiving.reveal();
        assert!(receiving.is_mac_key(revealed.as_bytes()));
        for bit in 0..160 {
            let mut other = *revealed.as_bytes();
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(!receiving.is_mac_key(&other));
        }
        let forged = hmac_sha1(revealed.as_bytes()).chain_update(b"never said");
        let forged = forged.finalize().into_bytes().into();
        assert_eq!(receiving.verify(b"never said", &forged), Ok(()));
    }
}
