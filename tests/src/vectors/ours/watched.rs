//! Randomness that is looked at on its way, so that a script can say in a side's name what that side would not say.

use std::convert::Infallible;

use chacha20::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};
use otr_wire::{MAX_MESSAGE, armour};
use rand_core::{TryCryptoRng, TryRng};

use crate::vectors::{Problem, derived::DataSecrets, oracle};

/// A generator that keeps the private D-H keys that were drawn from it.
pub(super) struct Watched {
    rng: ChaCha20Rng,
    keys: Vec<Vec<u8>>,
}

/// How many bytes a private D-H key has; nothing else is drawn with so many.
const PRIVATE_KEY: usize = 40;

impl Watched {
    pub(super) fn new(seed: [u8; 32]) -> Self {
        Self { rng: ChaCha20Rng::from_seed(seed), keys: Vec::new() }
    }
}

impl TryRng for Watched {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.rng.next_u32())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.rng.next_u64())
    }

    fn try_fill_bytes(&mut self, destination: &mut [u8]) -> Result<(), Infallible> {
        self.rng.fill_bytes(destination);
        if destination.len() == PRIVATE_KEY {
            self.keys.push(destination.to_vec());
        }
        Ok(())
    }
}

impl TryCryptoRng for Watched {}

/// The Data message that `writer` sent to `reader`, with what `change` makes of its content, correctly encrypted and
/// authenticated.
pub(super) fn sealed_again(
    writer: &Watched,
    reader: &Watched,
    body: &str,
    change: impl FnOnce(Vec<u8>) -> Vec<u8>,
) -> Result<String, Problem> {
    let message = armour::decode(body.as_bytes(), MAX_MESSAGE)?;
    let parts = Parts::of(&message).ok_or_else(|| Problem::new("it is no Data message"))?;
    for ours in &writer.keys {
        for theirs in &reader.keys {
            let [our_public, their_public] = [oracle::power(&[2], ours)?, oracle::power(&[2], theirs)?];
            let secrets = DataSecrets::of(&oracle::power(&their_public, ours)?, &our_public, &their_public)?;
            if oracle::hmac_sha1(&secrets.sending_mac_key.0, parts.authenticated)? == parts.mac {
                let key = &secrets.sending_aes_key.0;
                let content = change(oracle::aes_ctr(key, parts.counter, parts.encrypted)?);
                let encrypted = oracle::data(&oracle::aes_ctr(key, parts.counter, &content)?)?;
                let mut sealed = [parts.before, &encrypted].concat();
                sealed.extend(oracle::hmac_sha1(&secrets.sending_mac_key.0, &sealed)?);
                sealed.extend(parts.revealed);
                return Ok(armour::encode(&sealed));
            }
        }
    }
    Err(Problem::new("it is not from the one to the other"))
}

/// A Data message taken apart.
struct Parts<'a> {
    /// All up to the encrypted text.
    before: &'a [u8],
    counter: u64,
    encrypted: &'a [u8],
    authenticated: &'a [u8],
    mac: &'a [u8],
    revealed: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(message: &'a [u8]) -> Option<Self> {
        // Version and type, in version 3 two instance tags, then flags and two serial numbers.
        let header = if message.starts_with(&[0, 3]) { 11 } else { 3 };
        let key = header + 9;
        let counter = key + 4 + length(message, key)?;
        let text = counter + 8;
        let mac = text + 4 + length(message, text)?;
        Some(Self {
            before: message.get(..text)?,
            counter: u64::from_be_bytes(*message.get(counter..)?.first_chunk()?),
            encrypted: message.get(text + 4..mac)?,
            authenticated: message.get(..mac)?,
            mac: message.get(mac..mac + 20)?,
            revealed: message.get(mac + 20..)?,
        })
    }
}

/// The length that stands at a place.
fn length(message: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32::from_be_bytes(*message.get(at..)?.first_chunk()?)).ok()
}
