//! The three zero-knowledge proofs of the protocol (spec: "Socialist Millionaires' Protocol", in the letters used
//! there).

use otr_crypto::{Challenge, Group};
use rand_core::CryptoRng;

/// A value or a proof that no honest program makes.
#[derive(Debug)]
pub(crate) struct Cheat;

impl From<otr_crypto::Error> for Cheat {
    fn from(_: otr_crypto::Error) -> Self {
        Self
    }
}

/// The first byte of each hash: what it proves, and in which message.
#[derive(Clone, Copy)]
pub(crate) struct Label(pub(crate) u8);

/// A received challenge, and the responses to it.
struct Proof<G: Group, const N: usize> {
    c: Challenge,
    d: [G::Response; N],
}

impl<G: Group, const N: usize> Proof<G, N> {
    fn check(c: &[u8], d: [&[u8]; N]) -> Result<Self, Cheat> {
        let c = Challenge::from_bytes(c)?;
        // attack rule SMP-5
        let d: Vec<_> = d.iter().map(|d| G::response(d)).collect::<Result<_, _>>()?;
        Ok(Self { c, d: d.try_into().map_err(|_| Cheat)? })
    }

    fn compare(&self, label: Label, commitments: &[&[u8]]) -> Result<(), Cheat> {
        // attack rule SMP-4
        if Challenge::hash::<G>(label.0, commitments) == self.c { Ok(()) } else { Err(Cheat) }
    }
}

/// Proves that we know `a` behind g^a: c, D.
pub(crate) fn prove_log<G: Group>(label: Label, a: &G::Exponent, rng: &mut (impl CryptoRng + ?Sized)) -> [Vec<u8>; 2] {
    loop {
        let r = G::draw(rng);
        let c = Challenge::hash::<G>(label.0, &[&G::encode(&G::generator_power(&r))]);
        // attack rule SMP-5: a D of zero would be refused, so begin again.
        if let Some(d) = G::respond(&r, a, &c) {
            return [c.as_bytes().to_vec(), G::encode_response(&d)];
        }
    }
}

/// Checks that the peer knows the exponent of `public`.
pub(crate) fn verify_log<G: Group>(label: Label, public: &G::Element, c: &[u8], d: &[u8]) -> Result<(), Cheat> {
    let proof = Proof::<G, 1>::check(c, [d])?;
    let [d] = &proof.d;
    proof.compare(label, &[&G::commitment(Some(d), None, public, &proof.c)])
}

/// The generators that both sides have made together. They are secret between the two.
#[derive(Debug)]
pub(crate) struct Generators<G: Group> {
    pub(crate) g2: G::Base,
    pub(crate) g3: G::Base,
}

/// P and Q: what hides a secret until both can be compared.
#[derive(Debug)]
pub(crate) struct Coordinates<G: Group> {
    pub(crate) p: G::Element,
    pub(crate) q: G::Element,
}

impl<G: Group> Coordinates<G> {
    /// P = g3^r4 and Q = g1^r4 g2^secret, and a proof that they are made so: cP, D5, D6.
    pub(crate) fn prove(
        label: Label,
        generators: &Generators<G>,
        secret: &G::Exponent,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> (Self, [Vec<u8>; 3]) {
        let Generators { g2, g3 } = generators;
        loop {
            let r4 = G::draw(rng);
            let Some(q) = G::generator_product(&r4, g2, secret) else { continue };
            let (r5, r6) = (G::draw(rng), G::draw(rng));
            let Some(both) = G::generator_product(&r5, g2, &r6) else { continue };
            let c = Challenge::hash::<G>(label.0, &[&G::encode(&G::base_power(g3, &r5)), &G::encode(&both)]);
            if let (Some(d5), Some(d6)) = (G::respond(&r5, &r4, &c), G::respond(&r6, secret, &c)) {
                let proof = [c.as_bytes().to_vec(), G::encode_response(&d5), G::encode_response(&d6)];
                return (Self { p: G::base_power(g3, &r4), q }, proof);
            }
        }
    }

    /// Checks the P and Q of the peer.
    pub(crate) fn verify(
        label: Label,
        generators: &Generators<G>,
        [p, q]: [&[u8]; 2],
        [c, d5, d6]: [&[u8]; 3],
    ) -> Result<Self, Cheat> {
        let (p, q) = (G::element(p)?, G::element(q)?);
        let proof = Proof::<G, 2>::check(c, [d5, d6])?;
        let [d5, d6] = &proof.d;
        let first = G::commitment(None, Some((&generators.g3, d5)), &p, &proof.c);
        let second = G::commitment(Some(d5), Some((&generators.g2, d6)), &q, &proof.c);
        proof.compare(label, &[&first, &second])?;
        Ok(Self { p, q })
    }
}

/// Pa / Pb and Qa / Qb.
#[derive(Debug)]
pub(crate) struct Quotients<G: Group> {
    p: G::Element,
    q: G::Base,
}

impl<G: Group> Quotients<G> {
    /// Those of the initiator's and the responder's coordinates.
    pub(crate) fn new(initiator: &Coordinates<G>, responder: &Coordinates<G>) -> Result<Self, Cheat> {
        // attack rules SMP-3, SMP-4: equal values would fix the result or bring a proof back to its maker.
        let p = G::quotient(&initiator.p, &responder.p).ok_or(Cheat)?;
        let q = G::quotient(&initiator.q, &responder.q).ok_or(Cheat)?;
        Ok(Self { p, q: G::base(&q, None) })
    }

    /// R = (Qa / Qb)^x3, and a proof that it has the same exponent as g1^x3: R, cR, D7.
    pub(crate) fn prove(&self, label: Label, x3: &G::Exponent, rng: &mut (impl CryptoRng + ?Sized)) -> [Vec<u8>; 3] {
        loop {
            let r7 = G::draw(rng);
            let c = Challenge::hash::<G>(
                label.0,
                &[&G::encode(&G::generator_power(&r7)), &G::encode(&G::base_power(&self.q, &r7))],
            );
            if let Some(d7) = G::respond(&r7, x3, &c) {
                let r = G::encode(&G::base_power(&self.q, x3));
                return [r, c.as_bytes().to_vec(), G::encode_response(&d7)];
            }
        }
    }

    /// Checks the R of the peer, whose g1^x3 is `their_g3`, and tells whether the secrets are equal.
    pub(crate) fn verify(
        &self,
        label: Label,
        their_g3: &G::Element,
        [r, c, d7]: [&[u8]; 3],
        our_x3: &G::Exponent,
    ) -> Result<Verdict, Cheat> {
        let r = G::element(r)?;
        let proof = Proof::<G, 1>::check(c, [d7])?;
        let [d7] = &proof.d;
        let first = G::commitment(Some(d7), None, their_g3, &proof.c);
        let second = G::commitment(None, Some((&self.q, d7)), &r, &proof.c);
        proof.compare(label, &[&first, &second])?;
        // attack rule SMP-20
        Ok(if G::equal(&G::power(&r, our_x3), &self.p) { Verdict::Equal } else { Verdict::Different })
    }
}

/// Whether the secrets were equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Equal,
    Different,
}
