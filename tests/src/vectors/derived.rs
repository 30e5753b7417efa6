//! What is derived from a shared secret, checked against our keys and against the formulas.

use otr_crypto::{DataKeys, DhKeyPair, DhPublic, SharedSecret};
use serde::{Deserialize, Serialize};

use super::{
    Problem, oracle,
    problem::{holds, same},
    value::Hex,
};

/// The keys of an exchange.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ExchangeSecrets {
    /// g^xy.
    pub(crate) s: Hex,
    pub(crate) c: Hex,
    pub(crate) c_prime: Hex,
    pub(crate) m1: Hex,
    pub(crate) m2: Hex,
    pub(crate) m1_prime: Hex,
    pub(crate) m2_prime: Hex,
}

impl ExchangeSecrets {
    /// By the formulas.
    pub(crate) fn of(s: &[u8]) -> Result<Self, Problem> {
        let mut c = oracle::h2(0x01, s)?;
        let c_prime = c.split_off(16);
        let h2 = |label| oracle::h2(label, s).map(Hex);
        let [m1, m2, m1_prime, m2_prime] = [h2(2)?, h2(3)?, h2(4)?, h2(5)?];
        Ok(Self { s: s.into(), c: Hex(c), c_prime: Hex(c_prime), m1, m2, m1_prime, m2_prime })
    }

    /// The session id, by the formula.
    pub(crate) fn session_id(&self) -> Result<Hex, Problem> {
        let mut id = oracle::h2(0x00, &self.s.0)?;
        id.truncate(8);
        Ok(Hex(id))
    }
}

/// The keys of data messages, as one side has them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DataSecrets {
    pub(crate) sending_aes_key: Hex,
    pub(crate) sending_mac_key: Hex,
    pub(crate) receiving_aes_key: Hex,
    pub(crate) receiving_mac_key: Hex,
    pub(crate) extra_key: Hex,
}

impl DataSecrets {
    /// By the formulas, for the owner of `ours`.
    pub(crate) fn of(s: &[u8], ours: &[u8], theirs: &[u8]) -> Result<Self, Problem> {
        let high = oracle::number(ours) > oracle::number(theirs);
        let (send, receive) = if high { (1, 2) } else { (2, 1) };
        let keys = |label| -> Result<(Hex, Hex), Problem> {
            let mut cipher = oracle::h1(label, s)?;
            cipher.truncate(16);
            let mac = oracle::sha1(&cipher);
            Ok((Hex(cipher), Hex(mac)))
        };
        let ((sending_aes_key, sending_mac_key), (receiving_aes_key, receiving_mac_key)) =
            (keys(send)?, keys(receive)?);
        let extra_key = Hex(oracle::h2(0xff, s)?);
        Ok(Self { sending_aes_key, sending_mac_key, receiving_aes_key, receiving_mac_key, extra_key })
    }
}

/// Any text longer than a cipher block, to see a key at work that does not show itself.
pub(crate) const SAMPLE: [u8; 40] = [0x5a; 40];

/// Our keys of an exchange between `ours` and `theirs` are these.
pub(crate) fn check_exchange(
    ours: &DhKeyPair,
    theirs: &DhPublic,
    secrets: &ExchangeSecrets,
    session_id: &Hex,
) -> Result<SharedSecret, Problem> {
    let shared = ours.agree(theirs)?;
    let keys = shared.ake_keys();
    same("session id", Hex::from(keys.session_id().as_bytes().as_slice()), session_id.clone())?;
    same("session id by its formula", secrets.session_id()?, session_id.clone())?;
    same("keys by their formulas", ExchangeSecrets::of(&secrets.s.0)?, secrets.clone())?;
    let pairs =
        [(keys.reveal_signature(), &secrets.c, &secrets.m2), (keys.signature(), &secrets.c_prime, &secrets.m2_prime)];
    for (ours, cipher, mac) in pairs {
        let mut text = SAMPLE.to_vec();
        ours.apply_cipher(&mut text);
        same("cipher key", Hex(text), Hex(oracle::aes_ctr(&cipher.0, 0, &SAMPLE)?))?;
        let mut code = oracle::hmac_sha256(&mac.0, &oracle::data(&SAMPLE)?)?;
        code.truncate(20);
        same("m2", Hex::from(ours.mac(&SAMPLE).as_slice()), Hex(code))?;
    }
    Ok(shared)
}

/// Our keys of data messages are these.
pub(crate) fn check_data(keys: DataKeys, secrets: &DataSecrets) -> Result<(), Problem> {
    check_sending(&keys, &secrets.sending_aes_key, &secrets.sending_mac_key)?;
    let DataKeys { receiving, extra, .. } = keys;
    let mut text = SAMPLE.to_vec();
    receiving.decrypt(7, &mut text);
    same("receiving cipher key", Hex(text), Hex(oracle::aes_ctr(&secrets.receiving_aes_key.0, 7, &SAMPLE)?))?;
    holds("our receiving MAC key is this", receiving.is_mac_key(&secrets.receiving_mac_key.array()?))?;
    same("receiving MAC key", Hex::from(receiving.reveal().as_bytes().as_slice()), secrets.receiving_mac_key.clone())?;
    same("extra key", Hex::from(extra.as_bytes().as_slice()), secrets.extra_key.clone())
}

/// Our sending keys are these.
pub(crate) fn check_sending(keys: &DataKeys, cipher: &Hex, mac: &Hex) -> Result<(), Problem> {
    let mut text = SAMPLE.to_vec();
    keys.sending.encrypt(7, &mut text);
    same("sending cipher key", Hex(text), Hex(oracle::aes_ctr(&cipher.0, 7, &SAMPLE)?))?;
    let code = Hex(oracle::hmac_sha1(&mac.0, &SAMPLE)?);
    same("sending MAC key", Hex::from(keys.sending.mac(&SAMPLE).as_slice()), code)
}
