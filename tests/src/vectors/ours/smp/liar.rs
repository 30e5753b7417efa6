//! One side of a run, telling lies. It knows the secrets of both, which nobody really does: so it has a proof for
//! nearly every lie, and the lie breaks one rule and no other.

use chacha20::{ChaCha20Rng, rand_core::Rng};
use num_bigint::BigUint;

use crate::vectors::{
    Problem, oracle,
    smp::model::{Exponents, Field, Honest, hash},
};

/// What stands in the place of a value.
#[derive(Debug, Clone, Copy)]
pub(super) enum Lie {
    Zero,
    One,
    MinusOne,
    P,
    PPlusOne,
    /// An element of order 2q.
    OtherSign,
}

impl Lie {
    pub(super) const ALL: [(Self, &str); 6] = [
        (Self::Zero, "0"),
        (Self::One, "1"),
        (Self::MinusOne, "p - 1"),
        (Self::P, "p"),
        (Self::PPlusOne, "p + 1"),
        (Self::OtherSign, "of order 2q"),
    ];

    fn of(self, field: &Field, value: &BigUint) -> BigUint {
        match self {
            Self::Zero => BigUint::ZERO,
            Self::One => BigUint::from(1_u8),
            Self::MinusOne => &field.p - 1_u8,
            Self::P => field.p.clone(),
            Self::PPlusOne => &field.p + 1_u8,
            Self::OtherSign => field.negative(value),
        }
    }

    /// Whether it is 1 or -1 modulo p: the power of 0, but for the sign.
    const fn is_unit(self) -> bool {
        matches!(self, Self::One | Self::MinusOne | Self::PPlusOne)
    }
}

/// Numbers, and whether all proofs among them fit.
pub(super) type Numbers = (Vec<BigUint>, bool);

/// What P and Q are made with.
pub(super) struct Hidden {
    pub(super) r4: BigUint,
    pub(super) secret: BigUint,
}

pub(super) struct Liar<'a> {
    pub(super) run: &'a Honest,
    rng: ChaCha20Rng,
}

/// How often a proof is tried: about every other one fits a value of order 2q.
const TRIES: usize = 40;

impl<'a> Liar<'a> {
    pub(super) const fn new(run: &'a Honest, rng: ChaCha20Rng) -> Self {
        Self { run, rng }
    }

    fn draw(&mut self) -> BigUint {
        let mut bytes = [0; 192];
        self.rng.fill_bytes(&mut bytes);
        oracle::number(&bytes)
    }

    /// Message 1 or the first half of message 2: halves of g2 and g3 under these labels.
    pub(super) fn halves(
        &mut self,
        lies: [Option<Lie>; 2],
        exponents: [&BigUint; 2],
        labels: [u8; 2],
    ) -> Result<Numbers, Problem> {
        let (mut numbers, mut all_fit) = (Vec::new(), true);
        for ((lie, exponent), label) in lies.into_iter().zip(exponents).zip(labels) {
            let honest = self.run.field.g(exponent);
            let value = lie.map_or_else(|| honest.clone(), |lie| lie.of(&self.run.field, &honest));
            let zero = BigUint::ZERO;
            let known = if lie.is_some_and(Lie::is_unit) { &zero } else { exponent };
            let (proof, fits) = self.prove_log(label, &value, known)?;
            numbers.push(value);
            numbers.extend(proof);
            all_fit &= fits;
        }
        Ok((numbers, all_fit))
    }

    /// Message 2 with lies about g2b, g3b, Pb, Qb.
    pub(super) fn message_2(
        &mut self,
        lies: [Option<Lie>; 4],
        hidden: Hidden,
        labels: [u8; 3],
    ) -> Result<Numbers, Problem> {
        let run = self.run;
        let [label, other, third] = labels;
        let (mut numbers, fit) = self.halves([lies[0], lies[1]], [&run.b.two, &run.b.three], [label, other])?;
        let generators = [run.field.power(&numbers[0], &run.a.two), run.field.power(&numbers[3], &run.a.three)];
        let (point, also_fit) = self.point([lies[2], lies[3]], hidden, &generators, third)?;
        numbers.extend(point);
        Ok((numbers, fit && also_fit))
    }

    /// Message 3 with lies about Pa, Qa, Ra.
    pub(super) fn message_3(
        &mut self,
        lies: [Option<Lie>; 3],
        hidden: Hidden,
        labels: [u8; 2],
    ) -> Result<Numbers, Problem> {
        let run = self.run;
        let generators = [run.g2.clone(), run.g3.clone()];
        let (mut numbers, fit) = self.point([lies[0], lies[1]], hidden, &generators, labels[0])?;
        let qab = run.field.quotient(&numbers[1], &run.two[7]);
        let (last, also_fit) = self.last(lies[2], &qab, &run.a, labels[1])?;
        numbers.extend(last);
        Ok((numbers, fit && also_fit))
    }

    /// Message 4 with a lie about Rb.
    pub(super) fn message_4(&mut self, lie: Option<Lie>, label: u8) -> Result<Numbers, Problem> {
        let run = self.run;
        let [_, qab] = run.quotients();
        self.last(lie, &qab, &run.b, label)
    }

    /// P, Q, cP, D5, D6.
    fn point(
        &mut self,
        lies: [Option<Lie>; 2],
        mut hidden: Hidden,
        [g2, g3]: &[BigUint; 2],
        label: u8,
    ) -> Result<Numbers, Problem> {
        let run = self.run;
        let field = &run.field;
        if lies[0].is_some_and(Lie::is_unit) {
            hidden.r4 = BigUint::ZERO;
        } else if lies[1].is_some_and(Lie::is_unit) {
            // g1^r4 is 1 / g2^secret.
            hidden.r4 = field.response(&BigUint::ZERO, &(&run.a.two * &run.b.two), &hidden.secret);
        }
        let Hidden { r4, secret } = hidden;
        let both = |exponent: &BigUint, other: &BigUint| field.times(&field.g(exponent), &field.power(g2, other));
        let honest = [field.power(g3, &r4), both(&r4, &secret)];
        let [p, q] = [0, 1].map(|at| lies[at].map_or_else(|| honest[at].clone(), |lie| lie.of(field, &honest[at])));
        let mut proof = Vec::new();
        for _ in 0..TRIES {
            let (r5, r6) = (self.draw(), self.draw());
            let c = hash(label, &[&beside(field, &p, field.power(g3, &r5)), &beside(field, &q, both(&r5, &r6))])?;
            let (d5, d6) = (field.response(&r5, &r4, &c), field.response(&r6, &secret, &c));
            let first = field.times(&field.power(g3, &d5), &field.power(&p, &c));
            let second = field.times(&both(&d5, &d6), &field.power(&q, &c));
            let fits = hash(label, &[&first, &second])? == c;
            proof = vec![c, d5, d6];
            if fits {
                return Ok(([vec![p, q], proof].concat(), true));
            }
        }
        Ok(([vec![p, q], proof].concat(), false))
    }

    /// R, cR, D7.
    fn last(&mut self, lie: Option<Lie>, qab: &BigUint, own: &Exponents, label: u8) -> Result<Numbers, Problem> {
        let field = &self.run.field;
        let honest = field.power(qab, &own.three);
        let r = lie.map_or_else(|| honest.clone(), |lie| lie.of(field, &honest));
        let g3 = field.g(&own.three);
        let mut proof = Vec::new();
        for _ in 0..TRIES {
            let r7 = self.draw();
            let c = hash(label, &[&field.g(&r7), &beside(field, &r, field.power(qab, &r7))])?;
            let d = field.response(&r7, &own.three, &c);
            let first = field.times(&field.g(&d), &field.power(&g3, &c));
            let second = field.times(&field.power(qab, &d), &field.power(&r, &c));
            let fits = hash(label, &[&first, &second])? == c;
            proof = vec![c, d];
            if fits {
                return Ok(([vec![r], proof].concat(), true));
            }
        }
        Ok(([vec![r], proof].concat(), false))
    }

    /// c, D for plus or minus g1^exponent, or zero.
    fn prove_log(&mut self, label: u8, value: &BigUint, exponent: &BigUint) -> Result<Numbers, Problem> {
        let field = &self.run.field;
        let mut proof = Vec::new();
        for _ in 0..TRIES {
            let r = self.draw();
            let c = hash(label, &[&beside(field, value, field.g(&r))])?;
            let d = field.response(&r, exponent, &c);
            let fits = hash(label, &[&field.times(&field.g(&d), &field.power(value, &c))])? == c;
            proof = vec![c, d];
            if fits {
                return Ok((proof, true));
            }
        }
        Ok((proof, false))
    }
}

/// What a commitment becomes beside `value`: zero swallows it.
fn beside(field: &Field, value: &BigUint, commitment: BigUint) -> BigUint {
    if value % &field.p == BigUint::ZERO { BigUint::ZERO } else { commitment }
}
