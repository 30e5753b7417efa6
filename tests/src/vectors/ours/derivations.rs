//! What is derived from Diffie-Hellman and identity keys; every expected value comes from the oracle.

use num_bigint::BigUint;
use otr_crypto::{CommitmentKey, DhPublic, Error, Suite};
use serde::{Deserialize, Serialize};

use super::fixtures;
use crate::vectors::{
    Group, Library, Problem, VectorFile, Verdict,
    derived::{DataSecrets, ExchangeSecrets, check_data, check_exchange},
    file::{Builder, Nothing},
    keys::{DhPair, Dsa},
    kinds::{Problems, each_with},
    oracle,
    problem::same,
    value::Hex,
};

/// A commitment to g^x with r, or what stands in its place.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Commitment {
    pub(super) r: Hex,
    pub(super) encrypted: Hex,
    pub(super) hash: Hex,
    /// g^x where the commitment opens.
    pub(super) gx: Option<Hex>,
    pub(super) error: Option<String>,
}

pub(crate) fn check_commitments(group: &Group, _: &Library) -> Problems {
    commitments_in(Suite::Otr, group)
}

pub(super) fn commitments_in(suite: Suite, group: &Group) -> Problems {
    each_with(group.fields::<Nothing>(), group, |_, case| {
        let Commitment { r, encrypted, hash, gx, error } = case.fields()?;
        let key = CommitmentKey::from_bytes(r.array()?);
        let opened = key.open_in(suite, &encrypted.0, &hash.array()?);
        same("whether it opens", opened.is_ok(), case.is_valid())?;
        same("our error", opened.as_ref().err().map(|error| format!("{error:?}")), error)?;
        same("g^x", opened.as_ref().ok().map(|public| Hex::from(public.as_bytes())), gx)?;
        let Ok(opened) = opened else { return Ok(()) };
        let ours = key.commit(&opened);
        same("our commitment", Hex(ours.encrypted), encrypted)?;
        same("our hash", Hex::from(ours.hash.as_slice()), hash)
    })
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Public {
    value: Hex,
    error: Option<String>,
}

pub(crate) fn check_publics(group: &Group, _: &Library) -> Problems {
    each_with(group.fields::<Nothing>(), group, |_, case| {
        let public: Public = case.fields()?;
        let ours = DhPublic::from_bytes(&public.value.0);
        same("whether it is a key", ours.is_ok(), case.is_valid())?;
        same("our error", ours.as_ref().err().map(|error| format!("{error:?}")), public.error)?;
        let Ok(ours) = ours else { return Ok(()) };
        let root = oracle::prime()? >> 1;
        let residue = oracle::power(ours.as_bytes(), &oracle::bytes(&root))?;
        same("the oracle's word on the subgroup", Hex(residue), Hex(vec![1]))?;
        same("the value", Hex::from(ours.as_bytes()), public.value)
    })
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Agreement {
    ours: DhPair,
    theirs: DhPair,
    session_id: Hex,
    exchange: ExchangeSecrets,
    data: DataSecrets,
}

pub(crate) fn check_agreements(group: &Group, _: &Library) -> Problems {
    each_with(group.fields::<Nothing>(), group, |_, case| {
        let Agreement { ours, theirs, session_id, exchange, data } = case.fields()?;
        same("g^xy", Hex(oracle::power(&theirs.public.0, &ours.private.0)?), exchange.s.clone())?;
        same(
            "data keys by their formulas",
            DataSecrets::of(&exchange.s.0, &ours.public.0, &theirs.public.0)?,
            data.clone(),
        )?;
        let (ours, theirs) = (ours.get()?, theirs.get()?);
        check_exchange(&theirs, ours.public(), &exchange, &session_id)?;
        let shared = check_exchange(&ours, theirs.public(), &exchange, &session_id)?;
        check_data(shared.data_keys(ours.public(), theirs.public()), &data)
    })
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Identity {
    dsa: Dsa,
    fingerprint: Option<Hex>,
    error: Option<String>,
}

pub(crate) fn check_identities(group: &Group, _: &Library) -> Problems {
    each_with(group.fields::<Nothing>(), group, |_, case| {
        let identity: Identity = case.fields()?;
        let ours = identity.dsa.get();
        same("whether it is a key", ours.is_ok(), case.is_valid())?;
        same("our error", ours.as_ref().err().map(|error| format!("{error:?}")), identity.error)?;
        let fingerprint = ours.ok().map(|key| Hex::from(key.public_key().fingerprint().as_bytes().as_slice()));
        same("fingerprint", fingerprint, identity.fingerprint)
    })
}

pub(crate) fn generate(_: &Library) -> Result<VectorFile, Problem> {
    let mut file = Builder::new(
        "OTRv3-Derivation",
        &[
            "Numbers are hex, big-endian, without leading zero bytes.",
            "OtrCommitment: r encrypts the MPI g^x, hash is SHA-256 of it. OtrDhPublic: values that are keys or none.",
            "OtrDhAgreement: two key pairs and everything derived from g^xy; data has the keys as ours has them.",
            "OtrIdentityKey: DSA keys that are keys or none.",
        ],
    );
    commitments(&mut file)?;
    publics(&mut file)?;
    agreements(&mut file)?;
    identities(&mut file)?;
    Ok(file.finish())
}

/// A commitment by its formula to any bytes, in place of an MPI.
fn commit(name: &str, plain: &[u8], gx: Option<&[u8]>, error: Option<Error>) -> Result<Commitment, Problem> {
    let r = fixtures::bytes(name, 16);
    let encrypted = Hex(oracle::aes_ctr(&r, 0, plain)?);
    let error = error.map(|error| format!("{error:?}"));
    Ok(Commitment { r: Hex(r), encrypted, hash: Hex(oracle::sha256(plain)), gx: gx.map(Hex::from), error })
}

fn commitments(file: &mut Builder) -> Result<(), Problem> {
    file.group("OtrCommitment", &Nothing {})?;
    let pair = DhPair::of(&fixtures::bytes("committed", 40))?;
    let gx = pair.public.0.as_slice();
    for (comment, gx) in [("a key", gx), ("the smallest key", &[2]), ("a key of two bytes", &[1, 0])] {
        file.case(comment, &[], Verdict::Valid, &commit(comment, &oracle::data(gx)?, Some(gx), None)?)?;
    }
    let good = commit("a key", &oracle::data(gx)?, None, Some(Error::Rejected))?;
    let mut wrong_hash = good.clone();
    wrong_hash.hash.0[31] ^= 1;
    let mut wrong_key = good.clone();
    wrong_key.r.0[0] ^= 0x80;
    let mut wrong_text = good;
    wrong_text.encrypted.0[100] ^= 1;
    for (comment, case) in
        [("another hash", wrong_hash), ("another r", wrong_key), ("one bit of g^x turned", wrong_text)]
    {
        file.case(comment, &["Rejected"], Verdict::Invalid, &case)?;
    }
    let leading = [&[0, 0, 0, 193, 0], gx].concat();
    let rows: [(&str, Vec<u8>, Error); 9] = [
        ("a length too high", [&[0, 0, 0, 193], gx].concat(), Error::Rejected),
        ("a length too low", [&[0, 0, 0, 191], gx].concat(), Error::Rejected),
        ("a byte behind the number", [oracle::data(&[2])?, vec![0]].concat(), Error::Rejected),
        ("no number", vec![0, 0, 0], Error::Rejected),
        ("nothing", vec![], Error::Rejected),
        ("a leading zero byte, too long for a message", leading, Error::Rejected),
        ("a leading zero byte", vec![0, 0, 0, 2, 0, 2], Error::Encoding),
        ("g^x = 1", vec![0, 0, 0, 1, 1], Error::PublicRange),
        ("g^x = 0", vec![0, 0, 0, 0], Error::PublicRange),
    ];
    for (comment, plain, error) in rows {
        file.case(comment, &["Content"], Verdict::Invalid, &commit(comment, &plain, None, Some(error))?)?;
    }
    Ok(())
}

fn publics(file: &mut Builder) -> Result<(), Problem> {
    file.group("OtrDhPublic", &Nothing {})?;
    let prime = oracle::prime()?;
    let one = BigUint::from(1u8);
    let rows = [
        ("0", BigUint::ZERO),
        ("1", one.clone()),
        ("2", BigUint::from(2u8)),
        ("3", BigUint::from(3u8)),
        ("4", BigUint::from(4u8)),
        ("p - 4", &prime - 4u8),
        ("p - 3", &prime - 3u8),
        ("p - 2", &prime - 2u8),
        ("p - 1", &prime - 1u8),
        ("p", prime.clone()),
        ("p + 1", &prime + 1u8),
        ("p + 2", &prime + 2u8),
        ("2^1535", &one << 1535),
        ("2^1536 - 1", (&one << 1536) - 1u8),
        ("2^1536", &one << 1536),
        ("(p - 1) / 2", &prime >> 1),
    ];
    for (comment, value) in rows {
        public(file, comment.into(), &oracle::bytes(&value))?;
    }
    for number in 0..24 {
        public(file, format!("random {number}"), &fixtures::bytes(&format!("public {number}"), 191))?;
    }
    for (comment, value) in [("2 with a leading zero byte", vec![0, 2]), ("zero as one byte", vec![0])] {
        let case = Public { value: Hex(value), error: Some("Encoding".into()) };
        file.case(comment, &["Encoding"], Verdict::Invalid, &case)?;
    }
    Ok(())
}

/// The oracle's judgement: shortest form, range, then the subgroup of squares.
fn public(file: &mut Builder, comment: String, bytes: &[u8]) -> Result<(), Problem> {
    let (value, prime) = (oracle::number(bytes), oracle::prime()?);
    let is_square = value.modpow(&(&prime >> 1u8), &prime) == BigUint::from(1u8);
    let error = if bytes.len() > 192 || bytes.first() == Some(&0) {
        Some("Encoding")
    } else if value < BigUint::from(2u8) || value > &prime - 2u8 {
        Some("PublicRange")
    } else if !is_square {
        Some("PublicSubgroup")
    } else {
        None
    };
    let verdict = if error.is_some() { Verdict::Invalid } else { Verdict::Valid };
    let case = Public { value: bytes.into(), error: error.map(Into::into) };
    file.case(comment, error.as_slice(), verdict, &case)
}

fn agreements(file: &mut Builder) -> Result<(), Problem> {
    file.group("OtrDhAgreement", &Nothing {})?;
    let random = |name: &str| DhPair::of(&fixtures::bytes(name, 40));
    for number in 0..4 {
        let pair = (random(&format!("ours {number}"))?, random(&format!("theirs {number}"))?);
        agreement(file, "random", &[], &pair.0, &pair.1)?;
    }
    let ours = random("ours")?;
    let short_public = search("short public", |pair| Ok(pair.public.0.len() < 192))?;
    agreement(file, "their key has a leading zero byte", &["ShortPublic"], &ours, &short_public)?;
    agreement(file, "our key has a leading zero byte", &["ShortPublic"], &short_public, &ours)?;
    let short_secret = search("short secret", |pair| Ok(oracle::power(&pair.public.0, &ours.private.0)?.len() < 192))?;
    agreement(file, "the secret has a leading zero byte", &["ShortSecret"], &ours, &short_secret)?;
    agreement(file, "the same from the other side", &["ShortSecret"], &short_secret, &ours)?;
    agreement(file, "our exponent is 1: g^xy is their key", &["SmallExponent"], &DhPair::of(&[1])?, &ours)?;
    agreement(
        file,
        "exponents 2 and 3: a secret of one byte",
        &["SmallExponent"],
        &DhPair::of(&[2])?,
        &DhPair::of(&[3])?,
    )?;
    let most = DhPair::of(&[0xff; 40])?;
    agreement(file, "the highest exponent", &["HighExponent"], &most, &ours)
}

fn agreement(file: &mut Builder, comment: &str, flags: &[&str], ours: &DhPair, theirs: &DhPair) -> Result<(), Problem> {
    let s = oracle::power(&theirs.public.0, &ours.private.0)?;
    let exchange = ExchangeSecrets::of(&s)?;
    let agreement = Agreement {
        ours: ours.clone(),
        theirs: theirs.clone(),
        session_id: exchange.session_id()?,
        data: DataSecrets::of(&s, &ours.public.0, &theirs.public.0)?,
        exchange,
    };
    file.case(comment, flags, Verdict::Valid, &agreement)
}

/// The first pair of a series that has a rare property (one in 256 has).
fn search(name: &str, has: impl Fn(&DhPair) -> Result<bool, Problem>) -> Result<DhPair, Problem> {
    for number in 0..10_000 {
        let pair = DhPair::of(&fixtures::bytes(&format!("{name} {number}"), 40))?;
        if has(&pair)? {
            return Ok(pair);
        }
    }
    Err(Problem::new(format!("no pair for {name}")))
}

fn identities(file: &mut Builder) -> Result<(), Problem> {
    file.group("OtrIdentityKey", &Nothing {})?;
    for name in ["alice", "bob"] {
        let dsa = fixtures::dsa(name)?;
        let fingerprint = Some(Hex(oracle::sha1(&dsa.encoded()?)));
        file.case(name, &[], Verdict::Valid, &Identity { dsa, fingerprint, error: None })?;
    }
    for (comment, dsa, error) in broken_identities()? {
        let case = Identity { dsa, fingerprint: None, error: Some(format!("{error:?}")) };
        file.case(comment, &["NotAKey"], Verdict::Invalid, &case)?;
    }
    Ok(())
}

fn broken_identities() -> Result<Vec<(&'static str, Dsa, Error)>, Problem> {
    let key = fixtures::dsa("alice")?;
    let other = fixtures::dsa("bob")?;
    let n = |hex: &Hex| oracle::number(&hex.0);
    let hex = |number: BigUint| Hex(oracle::bytes(&number));
    let (p, q, g, x) = (n(&key.p), n(&key.q), n(&key.g), n(&key.x));
    let with_p = |p: BigUint| Dsa { p: hex(p), ..key.clone() };
    let with_q = |q: BigUint| Dsa { q: hex(q), ..key.clone() };
    let with_g = |g: BigUint| Dsa { g: hex(g), ..key.clone() };
    let with_y = |y: BigUint| Dsa { y: hex(y), ..key.clone() };
    let with_x = |x: BigUint| Dsa { x: hex(x), ..key.clone() };
    let zero_first = |hex: &Hex| Hex([&[0], hex.0.as_slice()].concat());
    Ok(vec![
        ("an even p", with_p(&p - 1u8), Error::KeyModulus),
        ("p of 1023 bits", with_p((&p >> 1u8) | BigUint::from(1u8)), Error::KeyModulus),
        ("p zero", with_p(BigUint::ZERO), Error::KeyModulus),
        ("p of 3073 bits", with_p(BigUint::from(1u8) << 3072u32), Error::KeyModulus),
        ("another p", Dsa { p: other.p.clone(), ..key.clone() }, Error::KeyOrder),
        ("another q", Dsa { q: other.q.clone(), ..key.clone() }, Error::KeyOrder),
        ("q of 159 bits", with_q(&q >> 1u8), Error::KeyOrder),
        ("q of 161 bits", with_q((&q << 1u8) | BigUint::from(1u8)), Error::KeyOrder),
        ("q zero", with_q(BigUint::ZERO), Error::KeyOrder),
        ("g zero", with_g(BigUint::ZERO), Error::KeyGenerator),
        ("g one", with_g(BigUint::from(1u8)), Error::KeyGenerator),
        ("g = p - 1", with_g(&p - 1u8), Error::KeyGenerator),
        ("g = p + 2", with_g(&p + 2u8), Error::KeyGenerator),
        ("g two, of another order", with_g(BigUint::from(2u8)), Error::KeyGenerator),
        ("y zero", with_y(BigUint::ZERO), Error::KeyPublicValue),
        ("y one", with_y(BigUint::from(1u8)), Error::KeyPublicValue),
        ("y = p - 1", with_y(&p - 1u8), Error::KeyPublicValue),
        ("y of another order", with_y(&p - &g), Error::KeyPublicValue),
        ("y of another secret", with_y(g.modpow(&(&x + 1u8), &p)), Error::Rejected),
        ("x zero", with_x(BigUint::ZERO), Error::Rejected),
        ("x = q", with_x(q.clone()), Error::Rejected),
        ("x + q, the same modulo q", with_x(&x + &q), Error::Rejected),
        ("another x", with_x(&x - 1u8), Error::Rejected),
        ("p with a leading zero byte", Dsa { p: zero_first(&key.p), ..key.clone() }, Error::Encoding),
        ("g with a leading zero byte", Dsa { g: zero_first(&key.g), ..key.clone() }, Error::Encoding),
        ("y with a leading zero byte", Dsa { y: zero_first(&key.y), ..key.clone() }, Error::Encoding),
        ("q with a leading zero byte", Dsa { q: zero_first(&key.q), ..key.clone() }, Error::Encoding),
        ("x with a leading zero byte", Dsa { x: zero_first(&key.x), ..key.clone() }, Error::Rejected),
    ])
}
