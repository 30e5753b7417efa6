//! What is derived in the Curve25519 suite: whole exchanges from what each side draws, with everything that comes of them;
//! identities, bonds, compared secrets. Every expected value comes from the oracle.

mod exchange;

use num_bigint::BigUint;
use otr_crypto::{ComparedSecret, DhKeyPair, Error, Fingerprint, Group as _, PublicKey, Ristretto255, Suite};
use serde::{Deserialize, Serialize};

use super::derivations::{Commitment, commitments_in};
use super::fixtures;
use crate::vectors::{
    Group, Library, Problem, VectorFile, Verdict,
    file::{Builder, Nothing},
    keys::{DhPair, Ed25519},
    kinds::{Problems, each_with},
    oracle::{
        self,
        curve25519::{self, LOW_ORDER, kdf},
    },
    problem::same,
    value::Hex,
};

pub(crate) use exchange::check as check_exchanges;

/// An X25519 key pair: the 32 secret bytes, and the public value as it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pair {
    private: Hex,
    public: Hex,
}

impl Pair {
    fn of(private: [u8; 32]) -> Self {
        let public = curve25519::x25519(&private, &curve25519::BASE);
        Self { private: private.as_slice().into(), public: Hex([vec![0x40], public].concat()) }
    }

    /// Our pair, which must have the public half that stands beside the private one.
    fn get(&self) -> Result<DhKeyPair, Problem> {
        let pair = DhKeyPair::hazmat_from_x25519(self.private.array()?);
        same("public value", Hex::from(pair.public().as_bytes()), self.public.clone())?;
        Ok(pair)
    }

    /// What the owner shares with the owner of `theirs`.
    fn agree(&self, theirs: &Self) -> Result<Vec<u8>, Problem> {
        let u = theirs.public.0.split_first().and_then(|(_, u)| u.try_into().ok());
        let u = u.ok_or_else(|| Problem::new("no public value"))?;
        Ok(curve25519::x25519(&self.private.array()?, u))
    }
}

/// A commitment by its formula to any bytes, in place of an MPI: encrypted, and hashed.
fn commit(r: &[u8], plain: &[u8]) -> Result<(Vec<u8>, Vec<u8>), Problem> {
    let key = kdf("OTR-25519 v1 commitment cipher", &[r], &[], 32)?;
    let hash = oracle::sha256(&[b"OTR-25519 v1 commitment", plain].concat());
    Ok((curve25519::aes256_ctr(&key, 0, plain)?, hash))
}

pub(crate) fn check_commitments(group: &Group, _: &Library) -> Problems {
    commitments_in(Suite::Curve25519, group)
}

/// A public value, and what is wrong with it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Public {
    value: Hex,
    error: Option<String>,
}

pub(crate) fn check_publics(group: &Group, _: &Library) -> Problems {
    each_with(group.fields::<Nothing>(), group, |_, case| {
        let public: Public = case.fields()?;
        let ours = Suite::Curve25519.public(&public.value.0);
        same("whether it is a key", ours.is_ok(), case.is_valid())?;
        same("our error", ours.as_ref().err().map(|error| format!("{error:?}")), public.error)?;
        let value = ours.ok().map(|ours| Hex::from(ours.as_bytes()));
        same("the value", value, case.is_valid().then_some(public.value))
    })
}

/// An identity, or 32 bytes that are none.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Identity {
    public: Hex,
    /// Where the secret is known.
    seed: Option<Hex>,
    fingerprint: Option<Hex>,
    full_digest: Option<Hex>,
    error: Option<String>,
}

pub(crate) fn check_identities(group: &Group, _: &Library) -> Problems {
    each_with(group.fields::<Nothing>(), group, |_, case| {
        let identity: Identity = case.fields()?;
        if let Some(seed) = identity.seed {
            Ed25519 { seed, public: identity.public.clone() }.get()?;
        }
        let ours = PublicKey::from_ed25519(&identity.public.array()?);
        same("whether it is a key", ours.is_ok(), case.is_valid())?;
        same("our error", ours.as_ref().err().map(|error| format!("{error:?}")), identity.error)?;
        let fingerprint = ours.as_ref().ok().map(|key| Hex::from(key.fingerprint().as_bytes().as_slice()));
        same("fingerprint", fingerprint, identity.fingerprint)?;
        let digest = ours.ok().map(|key| Hex::from(key.full_digest().as_slice()));
        same("the whole digest", digest, identity.full_digest)
    })
}

/// SHA-256 of a key under the label of fingerprints, which are its first 20 bytes.
fn digest(public: &[u8]) -> Vec<u8> {
    oracle::sha256(&[b"OTR-25519 v1 fingerprint", public].concat())
}

/// What a session of version 3 leaves to the exchange that takes its place.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Bond {
    ours: DhPair,
    theirs: DhPair,
    initiator_fingerprint: Hex,
    responder_fingerprint: Hex,
    session_id: Hex,
    bond: Hex,
}

pub(crate) fn check_bonds(group: &Group, _: &Library) -> Problems {
    each_with(group.fields::<Nothing>(), group, |_, case| {
        let bond: Bond = case.fields()?;
        let shared = bond.ours.get()?.agree(bond.theirs.get()?.public())?;
        let id = shared.ake_keys().session_id();
        same("session id", Hex::from(id.as_bytes().as_slice()), bond.session_id)?;
        let [initiator, responder] = [&bond.initiator_fingerprint, &bond.responder_fingerprint]
            .map(|bytes| bytes.array().map(Fingerprint::from_bytes));
        let ours = shared.bond(&id, &initiator?, &responder?);
        same("bond", Hex::from(ours.as_bytes().as_slice()), bond.bond)
    })
}

/// What an exchange is bound to: what a session of version 3 has left, where there was one, and what both have said or
/// know.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct BondOfParts {
    before: Option<Hex>,
    parts: Vec<Hex>,
    bond: Hex,
}

pub(crate) fn check_bonds_of_parts(group: &Group, _: &Library) -> Problems {
    each_with(group.fields::<Nothing>(), group, |_, case| {
        let BondOfParts { before, parts, bond } = case.fields()?;
        let before = before.map(|bytes| bytes.array()).transpose()?.map(otr_crypto::Bond::hazmat_from_bytes);
        let parts: Vec<&[u8]> = parts.iter().map(|part| part.0.as_slice()).collect();
        let ours = otr_crypto::Bond::of(before.as_ref(), &parts);
        same("bond", Hex::from(ours.as_bytes().as_slice()), bond)
    })
}

/// What two users compare, in the session of the group.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Compared {
    /// Of the one who began the comparison.
    initiator_fingerprint: Hex,
    responder_fingerprint: Hex,
    text: Hex,
    hash: Hex,
}

/// The secret does not come out as bytes, so it is seen in the element g^secret.
pub(crate) fn check_secrets(group: &Group, _: &Library) -> Problems {
    let binding = group.fields::<exchange::Exchange>().and_then(|exchange| exchange.check());
    each_with(binding, group, |binding, case| {
        let compared: Compared = case.fields()?;
        let [initiator, responder] = [&compared.initiator_fingerprint, &compared.responder_fingerprint]
            .map(|bytes| bytes.array().map(Fingerprint::from_bytes));
        let ours = ComparedSecret::bound(binding, &initiator?, &responder?, &compared.text.0);
        let power =
            |secret| Hex(Ristretto255::encode(&Ristretto255::generator_power(&Ristretto255::exponent(&secret))));
        same("g^secret", power(ours), power(ComparedSecret::hazmat_from_bytes(compared.hash.array()?)))
    })
}

pub(crate) fn generate(_: &Library) -> Result<VectorFile, Problem> {
    let mut file = Builder::new(
        "OTR-Curve25519-Derivation",
        &[
            "What the Curve25519 suite derives. kdf(label; secrets; context): HKDF with SHA-256 (RFC 5869), label as salt, each",
            "secret with its length before it (4 bytes, big-endian) as input, context as info.",
            "OtrCurve25519Exchange: everything that each side draws, and all that comes of it: the four messages, the keys of",
            "the exchange, the session's root, and the keys of data messages (as the initiator has them) of the first pair of",
            "Diffie-Hellman keys and of a later one. The encapsulation key and the ciphertext are what ML-KEM-768 (FIPS 203) makes",
            "of kemSeed (d, then z) and of kemMessage (m); rejectedKemSecret is what the responder gets from the ciphertext with",
            "the lowest bit of its first byte turned.",
            "OtrCurve25519Commitment: r encrypts the MPI of the public value; hash is that of the MPI. OtrCurve25519Public: values",
            "that are keys or none. OtrCurve25519Identity: Ed25519 keys, or bytes that are none. OtrCurve25519Bond: what a session",
            "of version 3 leaves behind. OtrCurve25519BondOfParts: what an exchange is bound to. OtrCurve25519Secret: what users compare, in the session of the group's exchange.",
        ],
    );
    exchange::generate(&mut file)?;
    commitments(&mut file)?;
    publics(&mut file)?;
    identities(&mut file)?;
    bonds(&mut file)?;
    bonds_of_parts(&mut file)?;
    secrets(&mut file)?;
    Ok(file.finish())
}

fn commitments(file: &mut Builder) -> Result<(), Problem> {
    file.group("OtrCurve25519Commitment", &Nothing {})?;
    let public = Pair::of(fixtures::seed("committed in the suite", 0)).public;
    let made = |name: &str, plain: &[u8], gx: Option<&Hex>, error: Option<Error>| -> Result<Commitment, Problem> {
        let r = fixtures::bytes(&format!("{name} in the suite"), 16);
        let (encrypted, hash) = commit(&r, plain)?;
        let error = error.map(|error| format!("{error:?}"));
        Ok(Commitment { r: Hex(r), encrypted: Hex(encrypted), hash: Hex(hash), gx: gx.cloned(), error })
    };
    let mpi = oracle::data(&public.0)?;
    file.case("a key", &[], Verdict::Valid, &made("a key", &mpi, Some(&public), None)?)?;
    let good = made("a key", &mpi, None, Some(Error::Rejected))?;
    let mut wrong_hash = good.clone();
    wrong_hash.hash.0[31] ^= 1;
    let mut wrong_key = good.clone();
    wrong_key.r.0[0] ^= 0x80;
    let mut wrong_text = good.clone();
    wrong_text.encrypted.0[20] ^= 1;
    let without_label = Commitment { hash: Hex(oracle::sha256(&mpi)), ..good.clone() };
    let of_version_3 = Commitment { encrypted: Hex(oracle::aes_ctr(&good.r.0, 0, &mpi)?), ..good };
    for (comment, case) in [
        ("another hash", wrong_hash),
        ("another r", wrong_key),
        ("one bit of g^x turned", wrong_text),
        ("a hash without the label", without_label),
        ("encrypted as in version 3", of_version_3),
    ] {
        file.case(comment, &["Rejected"], Verdict::Invalid, &case)?;
    }
    let low = [&[0, 0, 0, 33, 0x40][..], &[0; 32]].concat();
    let rows: [(&str, Vec<u8>, Error); 8] = [
        ("a length too high", [&[0, 0, 0, 34], public.0.as_slice()].concat(), Error::Rejected),
        ("a length too low", [&[0, 0, 0, 32], public.0.as_slice()].concat(), Error::Rejected),
        ("a byte behind the value", [mpi.as_slice(), &[0]].concat(), Error::Rejected),
        ("nothing", vec![], Error::Rejected),
        ("an empty value", vec![0; 4], Error::Encoding),
        ("32 bytes", oracle::data(&public.0[1..])?, Error::Encoding),
        ("g^x = 0", low, Error::PublicSubgroup),
        ("a value of version 3", oracle::data(&DhPair::of(&[7; 40])?.public.0)?, Error::Encoding),
    ];
    for (comment, plain, error) in rows {
        file.case(comment, &["Content"], Verdict::Invalid, &made(comment, &plain, None, Some(error))?)?;
    }
    Ok(())
}

fn publics(file: &mut Builder) -> Result<(), Problem> {
    file.group("OtrCurve25519Public", &Nothing {})?;
    let prime = curve25519::prime();
    let number = |number: &BigUint| {
        let mut bytes = number.to_bytes_le();
        bytes.resize(32, 0);
        bytes
    };
    let mut add = |comment: String, value: Vec<u8>, error: Option<&str>| {
        let verdict = if error.is_some() { Verdict::Invalid } else { Verdict::Valid };
        let case = Public { value: Hex(value), error: error.map(Into::into) };
        file.case(comment, error.as_slice(), verdict, &case)
    };
    let native = |u: &[u8]| [&[0x40], u].concat();
    for (comment, value) in [
        ("2", BigUint::from(2u8)),
        ("9, the base point", BigUint::from(9u8)),
        ("p - 2", &prime - 2u8),
        ("2^254", BigUint::from(1u8) << 254u32),
    ] {
        add(comment.into(), native(&number(&value)), None)?;
    }
    for index in 0..8 {
        add(format!("random {index}"), Pair::of(fixtures::seed("public in the suite", index)).public.0, None)?;
    }
    let names = ["0", "1", "p - 1", "of order 8", "the other one of order 8"];
    for (comment, u) in names.into_iter().zip(LOW_ORDER) {
        let u = hex::decode(u).map_err(|_| Problem::new("no hex digits"))?;
        add(comment.into(), native(&u), Some("PublicSubgroup"))?;
        let mut sign = u.clone();
        sign[31] |= 0x80;
        add(format!("{comment}, with the highest bit set"), native(&sign), Some("PublicRange"))?;
    }
    for (comment, value) in [
        ("p", prime.clone()),
        ("p + 1", &prime + 1u8),
        ("p + 9", &prime + 9u8),
        ("2^255 - 1", (BigUint::from(1u8) << 255u32) - 1u8),
        ("2^255 + 9", (BigUint::from(1u8) << 255u32) + 9u8),
        ("2^256 - 1", (BigUint::from(1u8) << 256u32) - 1u8),
    ] {
        add(comment.into(), native(&number(&value)), Some("PublicRange"))?;
    }
    let nine = number(&BigUint::from(9u8));
    for (comment, value) in [
        ("nothing", Vec::new()),
        ("without the byte before it", nine.clone()),
        ("with another byte before it", [&[0x41], nine.as_slice()].concat()),
        ("with a zero byte before it", [&[0], nine.as_slice()].concat()),
        ("a byte short", [&[0x40], &nine[..31]].concat()),
        ("a byte too many", [&[0x40], nine.as_slice(), &[0]].concat()),
        ("of version 3", DhPair::of(&[7; 40])?.public.0),
    ] {
        add(comment.into(), value, Some("Encoding"))?;
    }
    Ok(())
}

fn identities(file: &mut Builder) -> Result<(), Problem> {
    file.group("OtrCurve25519Identity", &Nothing {})?;
    for name in ["alice", "bob", "mallory"] {
        let key = fixtures::ed25519(name);
        let digest = digest(&key.public.0);
        let case = Identity {
            fingerprint: Some(Hex::from(&digest[..20])),
            full_digest: Some(Hex(digest)),
            public: key.public,
            seed: Some(key.seed),
            error: None,
        };
        file.case(name, &[], Verdict::Valid, &case)?;
    }
    let prime = curve25519::prime();
    let rows = [
        ("y = 1, the neutral element", BigUint::from(1u8), "KeyPublicValue"),
        ("y = p - 1, of order 2", &prime - 1u8, "KeyPublicValue"),
        ("y = 0, of order 4", BigUint::ZERO, "KeyPublicValue"),
        ("y = 0 and the sign, of order 4", BigUint::from(1u8) << 255u32, "KeyPublicValue"),
        ("y = 1 and the sign", (BigUint::from(1u8) << 255u32) + 1u8, "Encoding"),
        ("y = p", prime.clone(), "Encoding"),
        ("y = p + 1", &prime + 1u8, "Encoding"),
        ("y = 2, of no point", BigUint::from(2u8), "Encoding"),
        ("2^256 - 1", (BigUint::from(1u8) << 256u32) - 1u8, "Encoding"),
    ];
    for (comment, number, error) in rows {
        let mut public = number.to_bytes_le();
        public.resize(32, 0);
        let case = Identity {
            public: Hex(public),
            seed: None,
            fingerprint: None,
            full_digest: None,
            error: Some(error.into()),
        };
        file.case(comment, &[error], Verdict::Invalid, &case)?;
    }
    Ok(())
}

fn bonds(file: &mut Builder) -> Result<(), Problem> {
    file.group("OtrCurve25519Bond", &Nothing {})?;
    let ours = DhPair::of(&fixtures::bytes("ours, to be left", 40))?;
    let theirs = DhPair::of(&fixtures::bytes("theirs, to be left", 40))?;
    let fingerprint = |name| Ok::<_, Problem>(oracle::sha1(&fixtures::dsa(name)?.encoded()?));
    for (comment, initiator, responder) in [("alice began", "alice", "bob"), ("bob began", "bob", "alice")] {
        let s = oracle::power(&theirs.public.0, &ours.private.0)?;
        let mut session_id = oracle::h2(0x00, &s)?;
        session_id.truncate(8);
        let (initiator, responder) = (fingerprint(initiator)?, fingerprint(responder)?);
        let context = [session_id.as_slice(), &initiator, &responder].concat();
        let case = Bond {
            ours: ours.clone(),
            theirs: theirs.clone(),
            initiator_fingerprint: Hex(initiator),
            responder_fingerprint: Hex(responder),
            session_id: Hex(session_id),
            bond: Hex(kdf("OTR-25519 v1 bond", &[&oracle::data(&s)?], &context, 32)?),
        };
        file.case(comment, &[], Verdict::Valid, &case)?;
    }
    Ok(())
}

fn bonds_of_parts(file: &mut Builder) -> Result<(), Problem> {
    file.group("OtrCurve25519BondOfParts", &Nothing {})?;
    let before = fixtures::bytes("what a session has left", 32);
    let [alice, bob] =
        ["alice", "bob"].map(|name| [&[0x63, 0xaf, 0, 32], fixtures::ed25519(name).public.0.as_slice()].concat());
    type Row<'a> = (&'a str, Option<&'a [u8]>, &'a [&'a [u8]]);
    let rows: [Row<'_>; 6] = [
        ("after a session of version 3: what both have named, no addresses", Some(&before), &[&alice, &bob, b"", b""]),
        ("the other one began it", Some(&before), &[&bob, &alice, b"", b""]),
        ("with addresses, the lower one first", Some(&before), &[&alice, &bob, b"alice@here", b"bob@there"]),
        ("without a session before", None, &[b"", b"", b"", b""]),
        ("without a session before, with addresses", None, &[b"", b"", b"alice@here", b"bob@there"]),
        ("nothing", None, &[]),
    ];
    for (comment, before, parts) in rows {
        let mut context = Vec::new();
        for part in parts {
            context.extend(oracle::data(part)?);
        }
        let case = BondOfParts {
            before: before.map(Hex::from),
            parts: parts.iter().map(|&part| Hex::from(part)).collect(),
            bond: Hex(kdf("OTR-25519 v1 bond of parts", &[before.unwrap_or_default()], &context, 32)?),
        };
        file.case(comment, &[], Verdict::Valid, &case)?;
    }
    Ok(())
}

fn secrets(file: &mut Builder) -> Result<(), Problem> {
    let exchange = exchange::Exchange::of("of compared secrets", &[])?;
    file.group("OtrCurve25519Secret", &exchange)?;
    let [alice, bob] = ["alice", "bob"].map(|name| digest(&fixtures::ed25519(name).public.0)[..20].to_vec());
    let texts = [("a word", "secret"), ("letters of many kinds", "Zürich ☃"), ("nothing", "")];
    for (comment, text) in texts {
        for (initiator, responder) in [(&alice, &bob), (&bob, &alice)] {
            let (id, more) = (&exchange.session_id.0, &exchange.keys.binding.0);
            let label = b"OTR-25519 v1 SMP secret\x01";
            let hashed = [label, initiator.as_slice(), responder, id, more, text.as_bytes()].concat();
            let case = Compared {
                initiator_fingerprint: Hex(initiator.clone()),
                responder_fingerprint: Hex(responder.clone()),
                text: text.as_bytes().into(),
                hash: Hex(oracle::sha256(&hashed)),
            };
            file.case(comment, &[], Verdict::Valid, &case)?;
        }
    }
    Ok(())
}
