//! Identity keys and signatures that are none.

use num_bigint::BigUint;

use super::{
    deviation::Deviation,
    dsa_key::{DsaKey, signature},
    exchange::proof,
    peer::{Began, Proof},
};

/// A name, what it is, and the key, made of an honest one.
type Key = (&'static str, &'static str, fn(&DsaKey) -> DsaKey);

/// Deviations in keys and signatures.
pub(super) fn deviations() -> Vec<Deviation> {
    let mut all = Vec::new();
    for began in [Began::Peer, Began::Victim] {
        for (name, about, key) in keys() {
            let name = format!("key-{name}");
            all.push(proof(&name, &["DSA-4"], began, about, move |proof, peer| {
                let key = key(&peer.identity);
                (proof.key, proof.signed_key, proof.signer) = (key.clone(), key.clone(), key);
            }));
        }
        for (name, about, key) in free_for_all() {
            let name = format!("key-{name}");
            all.push(proof(&name, &["DSA-4"], began, about, move |proof, peer| {
                let key = key(&peer.identity);
                (proof.key, proof.signed_key) = (key.clone(), key);
                // Any signature with r = 1 verifies.
                proof.signature = Some(signature(&BigUint::from(1_u8), &BigUint::from(1_u8)));
            }));
        }
        for (name, about, change) in signatures() {
            let name = format!("signature-{name}");
            all.push(proof(&name, &["DSA-3"], began, about, move |proof, _| change(proof)));
        }
    }
    all
}

/// Keys that sign well, but are not legal.
fn keys() -> [Key; 9] {
    [
        ("of-1023-bits", "p of 1023 bits", |_| DsaKey::broken("modulus-1023")),
        ("of-3073-bits", "p of 3073 bits", |_| DsaKey::broken("modulus-3073")),
        ("order-of-159-bits", "q of 159 bits", |_| DsaKey::broken("order-159")),
        ("order-of-161-bits", "q of 161 bits", |_| DsaKey::broken("order-161")),
        ("order-composite", "q is composite", |_| DsaKey::broken("composite-order")),
        ("modulus-composite", "p is composite", |_| DsaKey::broken("composite-modulus")),
        ("modulus-square", "p is the square of a prime", |honest| {
            let p = &honest.p * &honest.p;
            let g = honest.g.modpow(&honest.p, &p);
            let y = g.modpow(&honest.x, &p);
            DsaKey { p, q: honest.q.clone(), g, y, x: honest.x.clone() }
        }),
        ("generator-of-other-order", "g is not of order q", |_| DsaKey::broken("generator-order")),
        ("public-of-other-order", "y is not of order q", |_| DsaKey::broken("public-order")),
    ]
}

/// Keys under which everybody's signature would verify.
fn free_for_all() -> [Key; 4] {
    [
        ("generator-one", "g and y are 1", |honest| {
            let one = BigUint::from(1_u8);
            DsaKey { g: one.clone(), y: one, ..honest.clone() }
        }),
        ("generator-zero", "g is 0", |honest| DsaKey { g: BigUint::ZERO, ..honest.clone() }),
        ("public-zero", "y is 0", |honest| DsaKey { y: BigUint::ZERO, ..honest.clone() }),
        ("modulus-even", "p is even", |honest| DsaKey { p: &honest.p + 1_u8, ..honest.clone() }),
    ]
}

/// A name, what it is, and the change that makes it.
type Change = (&'static str, &'static str, fn(&mut Proof));

/// Signatures out of range.
fn signatures() -> [Change; 7] {
    [
        ("of-zeros", "r and s are 0", |proof| proof.signature = Some(vec![0; 40])),
        ("r-zero", "r is 0", |proof| set(proof, BigUint::ZERO, BigUint::from(1_u8))),
        ("s-zero", "s is 0", |proof| set(proof, BigUint::from(1_u8), BigUint::ZERO)),
        ("r-of-order", "r is q", |proof| set(proof, proof.key.q.clone(), BigUint::from(1_u8))),
        ("s-of-order", "s is q", |proof| set(proof, BigUint::from(1_u8), proof.key.q.clone())),
        ("of-ones", "every bit of r and s is 1", |proof| proof.signature = Some(vec![0xff; 40])),
        ("r-and-s-one", "r and s are 1", |proof| set(proof, BigUint::from(1_u8), BigUint::from(1_u8))),
    ]
}

fn set(proof: &mut Proof, r: BigUint, s: BigUint) {
    proof.signature = Some(signature(&r, &s));
}
