//! The side that is asked: messages 2 and 4.

use otr_crypto::{ComparedSecret, Group};
use rand_core::CryptoRng;

use crate::message::Numbers;
use crate::proofs::{Cheat, Coordinates, Generators, Label, Quotients, Verdict, prove_log, verify_log};

/// Message 1 has been checked, and the user has not answered.
#[derive(Debug)]
pub(crate) struct Asked<G: Group> {
    g2a: G::Element,
    g3a: G::Element,
}

/// Message 2 is out (spec: `SMPSTATE_EXPECT3`).
#[derive(Debug)]
pub(crate) struct Expect3<G: Group> {
    g3a: G::Element,
    generators: Generators<G>,
    ours: Coordinates<G>,
    b3: G::Exponent,
}

impl<G: Group> Asked<G> {
    /// Checks message 1.
    pub(crate) fn check(message: &Numbers<6>) -> Result<Self, Cheat> {
        let [g2a, c2, d2, g3a, c3, d3] = message.as_array();
        let (g2a, g3a) = (G::element(g2a)?, G::element(g3a)?);
        verify_log::<G>(Label(1), &g2a, c2, d2)?;
        verify_log::<G>(Label(2), &g3a, c3, d3)?;
        Ok(Self { g2a, g3a })
    }

    /// Makes message 2 with the user's answer.
    pub(crate) fn answer(
        self,
        secret: &ComparedSecret,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> (Expect3<G>, Numbers<11>) {
        let (b2, b3) = (G::draw(rng), G::draw(rng));
        let [c2, d2] = prove_log::<G>(Label(3), &b2, rng);
        let [c3, d3] = prove_log::<G>(Label(4), &b3, rng);
        let g2b = G::encode(&G::generator_power(&b2));
        let g3b = G::encode(&G::generator_power(&b3));
        let generators = Generators { g2: G::base(&self.g2a, Some(&b2)), g3: G::base(&self.g3a, Some(&b3)) };
        let (ours, [cp, d5, d6]) = Coordinates::prove(Label(5), &generators, &G::exponent(secret), rng);
        let (pb, qb) = (G::encode(&ours.p), G::encode(&ours.q));
        let numbers = Numbers([g2b, c2, d2, g3b, c3, d3, pb, qb, cp, d5, d6]);
        (Expect3 { g3a: self.g3a, generators, ours, b3 }, numbers)
    }
}

impl<G: Group> Expect3<G> {
    /// Checks message 3, makes message 4 and ends the run.
    pub(crate) fn finish(
        self,
        message: &Numbers<8>,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<(Verdict, Numbers<3>), Cheat> {
        let [pa, qa, cp, d5, d6, ra, cr, d7] = message.as_array();
        let theirs = Coordinates::verify(Label(6), &self.generators, [pa, qa], [cp, d5, d6])?;
        let quotients = Quotients::new(&theirs, &self.ours)?;
        let verdict = quotients.verify(Label(7), &self.g3a, [ra, cr, d7], &self.b3)?;
        Ok((verdict, Numbers(quotients.prove(Label(8), &self.b3, rng))))
    }
}
