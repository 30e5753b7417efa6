//! The keys of data messages between one pair of Diffie-Hellman values.

use alloc::boxed::Box;

use hmac::Mac;
use sha1::{Digest, Sha1};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::cipher::{aes_ctr, aes256_ctr};
use crate::curve25519::kdf::kdf;
use crate::kdf::{h1, h2};
use crate::mac::{hmac_sha1, hmac_sha256, truncated};
use crate::secret::{Secret, opaque_debug};
use crate::told::told;
use crate::{DhPublic, Error, Suite};

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
    #[zeroize(skip)]
    suite: Suite,
    /// 16 bytes of AES-128, or 32 of AES-256.
    cipher: [u8; 32],
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

    /// In the Curve25519 suite, whose keys all rest on the `root` of the session as well.
    pub(crate) fn derive_curve25519(root: &[u8; 32], dh: &[u8], ours: &DhPublic, theirs: &DhPublic) -> Self {
        let (ours, theirs) = (ours.as_bytes(), theirs.as_bytes());
        let direction = |from: &[u8], to: &[u8]| {
            let bytes: Secret<52> = kdf(b"OTR-25519 v1 data", &[root, dh], &[from, to].concat());
            let mut keys = Box::new(KeyBytes { suite: Suite::Curve25519, cipher: [0; 32], mac: [0; 20] });
            // What is published later is of another block of the expansion than what stays secret.
            let (cipher, mac) = bytes.as_bytes().split_at(32);
            keys.cipher.copy_from_slice(cipher);
            keys.mac.copy_from_slice(mac);
            keys
        };
        let (low, high) = (ours.min(theirs), ours.max(theirs));
        Self {
            sending: SendingKeys(direction(ours, theirs)),
            receiving: ReceivingKeys(direction(theirs, ours)),
            extra: ExtraSymmetricKey(kdf(b"OTR-25519 v1 extra key", &[root, dh], &[low, high].concat())),
        }
    }
}

impl KeyBytes {
    fn derive(label: u8, secbytes: &[u8]) -> Box<Self> {
        let mut keys = Box::new(Self { suite: Suite::Otr, cipher: [0; 32], mac: [0; 20] });
        let Self { cipher, mac, .. } = &mut *keys;
        let cipher = cipher.split_at_mut(16).0;
        cipher.copy_from_slice(h1(label, secbytes).as_bytes().split_at(16).0);
        let mut hash = Sha1::new();
        hash.update(cipher);
        hash.finalize_into(mac.into());
        keys
    }

    fn apply_cipher(&self, counter: u64, data: &mut [u8]) {
        match (self.suite, self.cipher.first_chunk()) {
            (Suite::Otr, Some(key)) => aes_ctr(key, counter, data),
            (Suite::Otr, None) | (Suite::Curve25519, _) => aes256_ctr(&self.cipher, counter, data),
        }
    }

    fn mac(&self, data: &[u8]) -> [u8; 20] {
        match self.suite {
            Suite::Otr => hmac_sha1(&self.mac).chain_update(data).finalize().into_bytes().into(),
            Suite::Curve25519 => truncated(hmac_sha256(&self.mac).chain_update(data)),
        }
    }
}

impl SendingKeys {
    /// Encrypts `data` in place: AES-128 (AES-256 in the Curve25519 suite) in counter mode, the first block being the 8-byte
    /// big-endian `counter` and 8 zero bytes. No counter may serve twice.
    pub fn encrypt(&self, counter: u64, data: &mut [u8]) {
        self.0.apply_cipher(counter, data);
    }

    /// HMAC-SHA-1 over `data`; in the Curve25519 suite the first 20 bytes of HMAC-SHA-256.
    pub fn mac(&self, data: &[u8]) -> [u8; 20] {
        self.0.mac(data)
    }
}

impl ReceivingKeys {
    /// Checks the peer's authenticator over `data` in constant time.
    ///
    /// # Errors
    ///
    /// [`Error::Rejected`] if it differs.
    pub fn verify(&self, data: &[u8], mac: &[u8; 20]) -> Result<(), Error> {
        if told(self.0.mac(data).ct_eq(mac).unwrap_u8()) { Ok(()) } else { Err(Error::Rejected) }
    }

    /// Decrypts `data` in place, the reverse of [`SendingKeys::encrypt`]. Verify first.
    pub fn decrypt(&self, counter: u64, data: &mut [u8]) {
        self.0.apply_cipher(counter, data);
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
    use crate::{DhKeyPair, SessionRoot};

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

    /// Thirty-two conversations of the suite: what each end sends is accepted by its own other end alone.
    // attack: NEW-5
    #[test]
    fn what_one_key_authenticates_no_other_accepts() {
        let pairs: alloc::vec::Vec<_> = (0..32_u8)
            .map(|number| {
                let ends = [1, 2].map(|end| DhKeyPair::hazmat_from_x25519([number * 2 + end; 32]));
                let [one, other] = &ends;
                let keys = |ours: &DhKeyPair, theirs: &DhKeyPair| {
                    let shared = ours.agree(theirs.public()).unwrap();
                    SessionRoot::of_exchange(Secret::from_array([7; 32])).data_keys(
                        &shared,
                        ours.public(),
                        theirs.public(),
                    )
                };
                [keys(one, other), keys(other, one)]
            })
            .collect();
        for (number, [sender, _]) in pairs.iter().enumerate() {
            let mac = sender.sending.mac(b"data");
            assert!(sender.receiving.verify(b"data", &mac).is_err(), "not its own");
            for (index, [own, receiver]) in pairs.iter().enumerate() {
                assert_eq!(receiver.receiving.verify(b"data", &mac).is_ok(), index == number);
                assert!(own.receiving.verify(b"data", &mac).is_err());
            }
        }
    }
}
