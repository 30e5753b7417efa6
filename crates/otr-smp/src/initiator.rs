//! The side that begins: messages 1 and 3.

use otr_crypto::{ComparedSecret, Group};
use rand_core::CryptoRng;

use crate::message::Numbers;
use crate::proofs::{Cheat, Coordinates, Generators, Label, Quotients, Verdict, prove_log, verify_log};

/// Message 1 is out (spec: `SMPSTATE_EXPECT2`).
#[derive(Debug)]
pub(crate) struct Expect2<G: Group> {
    a2: G::Exponent,
    a3: G::Exponent,
    x: G::Exponent,
}

/// Message 3 is out (spec: `SMPSTATE_EXPECT4`).
#[derive(Debug)]
pub(crate) struct Expect4<G: Group> {
    g3b: G::Element,
    quotients: Quotients<G>,
    a3: G::Exponent,
}

impl<G: Group> Expect2<G> {
    /// Begins a run: our halves of g2 and g3.
    pub(crate) fn start(secret: &ComparedSecret, rng: &mut (impl CryptoRng + ?Sized)) -> (Self, Numbers<6>) {
        let (a2, a3) = (G::draw(rng), G::draw(rng));
        let [c2, d2] = prove_log::<G>(Label(1), &a2, rng);
        let [c3, d3] = prove_log::<G>(Label(2), &a3, rng);
        let g2a = G::encode(&G::generator_power(&a2));
        let g3a = G::encode(&G::generator_power(&a3));
        (Self { a2, a3, x: G::exponent(secret) }, Numbers([g2a, c2, d2, g3a, c3, d3]))
    }

    /// Checks message 2 and makes message 3.
    pub(crate) fn advance(
        self,
        message: &Numbers<11>,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<(Expect4<G>, Numbers<8>), Cheat> {
        let [g2b, c2, d2, g3b, c3, d3, pb, qb, cp, d5, d6] = message.as_array();
        let (g2b, g3b) = (G::element(g2b)?, G::element(g3b)?);
        verify_log::<G>(Label(3), &g2b, c2, d2)?;
        verify_log::<G>(Label(4), &g3b, c3, d3)?;
        let generators = Generators { g2: G::base(&g2b, Some(&self.a2)), g3: G::base(&g3b, Some(&self.a3)) };
        let theirs = Coordinates::verify(Label(5), &generators, [pb, qb], [cp, d5, d6])?;

        let (ours, [cp, d5, d6]) = Coordinates::prove(Label(6), &generators, &self.x, rng);
        let quotients = Quotients::new(&ours, &theirs)?;
        let [ra, cr, d7] = quotients.prove(Label(7), &self.a3, rng);
        let numbers = Numbers([G::encode(&ours.p), G::encode(&ours.q), cp, d5, d6, ra, cr, d7]);
        Ok((Expect4 { g3b, quotients, a3: self.a3 }, numbers))
    }
}

impl<G: Group> Expect4<G> {
    /// Checks message 4 and ends the run.
    pub(crate) fn finish(self, message: &Numbers<3>) -> Result<Verdict, Cheat> {
        let [rb, cr, d7] = message.as_array();
        self.quotients.verify(Label(8), &self.g3b, [rb, cr, d7], &self.a3)
    }
}
