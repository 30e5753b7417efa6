//! Public values that are none.

use num_bigint::BigUint;

use super::{
    deviation::{Audience, Deviation, Must, Stage},
    drafts::Draft,
    numbers::{ExchangeKeys, bytes, mpi, prime},
    peer::{Began, Peer},
};

/// A name, what it is, and the value; it may depend on an honest one.
type Value = (&'static str, &'static str, fn(&BigUint) -> BigUint);

/// Every kind of illegal value.
pub(super) fn values() -> [Value; 9] {
    [
        ("zero", "0", |_| BigUint::ZERO),
        ("one", "1", |_| BigUint::from(1_u8)),
        ("p-less-one", "p - 1, of order 2", |_| prime() - 1_u8),
        ("p", "p", |_| prime()),
        ("p-and-one", "p + 1", |_| prime() + 1_u8),
        ("p-and-honest", "p and an honest value", |honest| prime() + honest),
        ("too-long", "2 to the power of 1536", |_| BigUint::from(1_u8) << 1536_u32),
        ("p-less-two", "p - 2, of order 2q", |_| prime() - 2_u8),
        ("non-residue", "an honest value's negative, of order 2q", |honest| prime() - honest),
    ]
}

/// Deviations in the values of the exchange and of Data messages.
pub(super) fn deviations() -> Vec<Deviation> {
    let mut all = Vec::new();
    for (name, what, value) in values() {
        let wrong_order = matches!(name, "p-less-two" | "non-residue");
        let rows: &[&str] = if wrong_order { &["DH-3"] } else { &["DH-1"] };
        let audience = if wrong_order { Audience::Ours } else { Audience::Everyone };
        let about = format!("g^y is {what}");
        let deviation = Deviation::new(format!("dh-key-of-{name}"), rows, Stage::AwaitingDhKey, about, move |peer| {
            let mut draft = peer.dh_key();
            draft.gy = bytes(&value(&peer.dh.public));
            draft.text()
        });
        all.push(deviation.only_for(audience));
        let about = format!("the committed g^x is {what}");
        let deviation =
            Deviation::scripted(format!("commitment-to-{name}"), rows, Stage::Stranger, about, move |ring| {
                let value = value(&ring.peer.dh.public);
                if !ring.lead(ring.peer.commit_to(&mpi(&value)).text())? {
                    return Ok(());
                }
                for secret in secrets(&ring.peer, name) {
                    let body = reveal(&mut ring.peer, &value, secret);
                    ring.strike(body)?;
                }
                Ok(())
            });
        all.push(deviation.only_for(audience));
        let about = format!("the next key is {what}");
        let deviation = Deviation::new(format!("next-key-of-{name}"), &["DH-2"], Stage::Private, about, move |peer| {
            let mut draft = peer.draft(b"hello");
            draft.next_dh = bytes(&value(&peer.dh.public));
            peer.seal(&draft).text()
        });
        all.push(deviation.must(Must::Refuse).ours());
    }
    let about = "the next key is the victim's own";
    all.push(
        Deviation::new("next-key-of-the-victim", &["DH-4"], Stage::Private, about, |peer| {
            let mut draft = peer.draft(b"hello");
            draft.next_dh = bytes(&peer.victims_key());
            peer.seal(&draft).text()
        })
        .must(Must::Refuse)
        .ours(),
    );
    let about = "the next key is the victim's next";
    all.push(
        Deviation::new("next-key-of-the-victim-next", &["DH-4"], Stage::Private, about, |peer| {
            let next = peer.session().theirs.last_key_value().map(|(_, key)| bytes(key)).unwrap_or_default();
            let mut draft = peer.draft(b"hello");
            draft.next_dh = next;
            peer.seal(&draft).text()
        })
        .must(Must::Refuse)
        .ours(),
    );
    all
}

/// The secrets that the victim may compute from an illegal value, whatever its exponent is.
fn secrets(peer: &Peer, name: &str) -> Vec<BigUint> {
    let p = prime();
    let honest = match name {
        "zero" | "p" => return vec![BigUint::ZERO],
        "one" | "p-and-one" => return vec![BigUint::from(1_u8)],
        "p-less-one" => return vec![BigUint::from(1_u8), p - 1_u8],
        // Up to the sign, the victim computes the power of 2 that it has shown.
        "p-less-two" => peer.victims_key(),
        "non-residue" => peer.shared(),
        // What is too long may be taken modulo p.
        "too-long" => return vec![peer.victims_key().modpow(&BigUint::from(1536_u32), &p)],
        _ => return vec![peer.shared()],
    };
    vec![honest.clone(), p - honest]
}

/// A Reveal Signature for a commitment to `value`, made with this secret.
fn reveal(peer: &mut Peer, value: &BigUint, secret: BigUint) -> String {
    let mut proof = peer.proof(Began::Peer);
    proof.own = value.clone();
    proof.keys = ExchangeKeys::of(&secret).reveal;
    peer.prove(Began::Peer, &proof).text()
}
