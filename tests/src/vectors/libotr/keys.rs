//! Keys derived from two Diffie-Hellman keys, and fingerprints.

use otr_crypto::{DhPublic, Error, Fingerprint};
use serde::Deserialize;

use crate::vectors::{
    Case, Group, Library, Problem,
    derived::{DataSecrets, ExchangeSecrets, check_data, check_exchange},
    file::Nothing,
    keys::{DhPair, Dsa},
    kinds::{Problems, each_with},
    oracle,
    problem::{holds, same},
    value::Hex,
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Session {
    ours: DhPair,
    theirs: DhPair,
    s: Hex,
    sending_aes_key: Hex,
    sending_mac_key: Hex,
    receiving_aes_key: Hex,
    receiving_mac_key: Hex,
    extra_key: Hex,
}

pub(crate) fn check_sessions(group: &Group, _: &Library) -> Problems {
    each_with(group.fields::<Nothing>(), group, |_, case| check_session(case))
}

fn check_session(case: &Case) -> Result<(), Problem> {
    holds("two honest keys always agree", case.is_valid())?;
    let Session { ours, theirs, s, sending_aes_key, sending_mac_key, receiving_aes_key, receiving_mac_key, extra_key } =
        case.fields()?;
    same("g^xy", Hex(oracle::power(&theirs.public.0, &ours.private.0)?), s.clone())?;
    let secrets = DataSecrets { sending_aes_key, sending_mac_key, receiving_aes_key, receiving_mac_key, extra_key };
    same("keys by their formulas", DataSecrets::of(&s.0, &ours.public.0, &theirs.public.0)?, secrets.clone())?;
    let (ours, theirs) = (ours.get()?, theirs.get()?);
    check_data(ours.agree(theirs.public())?.data_keys(ours.public(), theirs.public()), &secrets)?;
    let mirrored = DataSecrets {
        sending_aes_key: secrets.receiving_aes_key,
        sending_mac_key: secrets.receiving_mac_key,
        receiving_aes_key: secrets.sending_aes_key,
        receiving_mac_key: secrets.sending_mac_key,
        extra_key: secrets.extra_key,
    };
    check_data(theirs.agree(ours.public())?.data_keys(theirs.public(), ours.public()), &mirrored)
}

/// An exchange that was refused.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Refused {
    ours: DhPair,
    their_public: Hex,
}

/// An exchange that was not.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Agreed {
    ours: DhPair,
    their_public: Hex,
    session_id: Hex,
    s: Hex,
    c: Hex,
    c_prime: Hex,
    m1: Hex,
    m2: Hex,
    m1_prime: Hex,
    m2_prime: Hex,
}

pub(crate) fn check_exchanges(group: &Group, _: &Library) -> Problems {
    each_with(
        group.fields::<Nothing>(),
        group,
        |_, case| {
            if case.is_valid() { check_agreed(case) } else { check_refused(case) }
        },
    )
}

fn check_refused(case: &Case) -> Result<(), Problem> {
    let Refused { ours, their_public } = case.fields()?;
    ours.get()?;
    check_odd(case, &their_public)?;
    same("our answer", DhPublic::from_bytes(&their_public.0).err(), Some(Error::PublicRange))
}

fn check_agreed(case: &Case) -> Result<(), Problem> {
    let Agreed { ours, their_public, session_id, s, c, c_prime, m1, m2, m1_prime, m2_prime } = case.fields()?;
    same("g^xy", Hex(oracle::power(&their_public.0, &ours.private.0)?), s.clone())?;
    let secrets = ExchangeSecrets { s, c, c_prime, m1, m2, m1_prime, m2_prime };
    same("keys by their formulas", ExchangeSecrets::of(&secrets.s.0)?, secrets.clone())?;
    same("session id by its formula", secrets.session_id()?, session_id.clone())?;
    check_odd(case, &their_public)?;
    let ours = ours.get()?;
    match DhPublic::from_bytes(&their_public.0) {
        Ok(theirs) => check_exchange(&ours, &theirs, &secrets, &session_id).map(|_| ()),
        // Beyond what the recorded library asks, we refuse values outside the subgroup of prime order (attack rule
        // DH-3); the only one recorded is p - 2.
        Err(Error::PublicSubgroup) if case.has_flag("OddPublicKey") => holds(
            "what we refuse beyond the record is p - 2",
            oracle::number(&their_public.0) + 2u8 == oracle::prime()?,
        ),
        Err(error) => Err(error.into()),
    }
}

/// The odd values are the ends of the range and their neighbours.
fn check_odd(case: &Case, public: &Hex) -> Result<(), Problem> {
    if !case.has_flag("OddPublicKey") {
        return Ok(());
    }
    let (value, prime) = (oracle::number(&public.0), oracle::prime()?);
    let is_odd = value <= 2u8.into() || (value <= prime && value + 2u8 >= prime);
    holds("the odd value is one of 0, 1, 2, p - 2, p - 1, p", is_odd)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Printed {
    dsa: Dsa,
    public_key: Hex,
    fingerprint: Hex,
    human: String,
}

pub(crate) fn check_fingerprints(group: &Group, _: &Library) -> Problems {
    each_with(group.fields::<Nothing>(), group, |_, case| check_fingerprint(case))
}

fn check_fingerprint(case: &Case) -> Result<(), Problem> {
    holds("recorded keys are keys", case.is_valid())?;
    let Printed { dsa, public_key, fingerprint, human } = case.fields()?;
    let identity = dsa.get()?;
    let ours = identity.public_key();
    let without_type = ours.encoded().strip_prefix(&[0, 0]).unwrap_or_default();
    same("encoded key", Hex::from(without_type), public_key)?;
    same("fingerprint", Hex::from(ours.fingerprint().as_bytes().as_slice()), fingerprint)?;
    same("fingerprint for people", ours.fingerprint().to_string(), human.clone())?;
    same("fingerprint read back", human.parse::<Fingerprint>()?, ours.fingerprint())
}
