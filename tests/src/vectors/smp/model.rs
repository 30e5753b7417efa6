//! The protocol once more in numbers of arbitrary size: what honest sides send, and which rule a message breaks.

use num_bigint::BigUint;
use otr_wire::TlvType;

use crate::vectors::{Problem, oracle};

/// p, and q = (p - 1) / 2.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) p: BigUint,
    pub(crate) q: BigUint,
}

impl Field {
    pub(crate) fn new() -> Result<Self, Problem> {
        let p = oracle::prime()?;
        let q = &p >> 1;
        Ok(Self { p, q })
    }

    pub(crate) fn power(&self, base: &BigUint, exponent: &BigUint) -> BigUint {
        base.modpow(exponent, &self.p)
    }

    /// g1 to the `exponent`.
    pub(crate) fn g(&self, exponent: &BigUint) -> BigUint {
        self.power(&BigUint::from(2_u8), exponent)
    }

    pub(crate) fn times(&self, one: &BigUint, other: &BigUint) -> BigUint {
        one * other % &self.p
    }

    pub(crate) fn quotient(&self, dividend: &BigUint, divisor: &BigUint) -> BigUint {
        let inverse = self.power(divisor, &(&self.p - 2_u8));
        self.times(dividend, &inverse)
    }

    /// `value` with the other sign: of order 2q, where `value` is of order q.
    pub(crate) fn negative(&self, value: &BigUint) -> BigUint {
        (&self.p - value % &self.p) % &self.p
    }

    /// D of a proof: r - a c modulo q.
    pub(crate) fn response(&self, r: &BigUint, a: &BigUint, c: &BigUint) -> BigUint {
        (r % &self.q + &self.q - a * c % &self.q) % &self.q
    }

    /// base^D value^c, which has to be the number that c was hashed from.
    fn commitment(&self, powers: &[(&BigUint, &BigUint)]) -> BigUint {
        powers
            .iter()
            .fold(BigUint::from(1_u8), |product, (base, exponent)| self.times(&product, &self.power(base, exponent)))
    }

    fn is_element(&self, value: &BigUint) -> bool {
        let one = BigUint::from(1_u8);
        *value > one && *value < &self.p - &one && self.power(value, &self.q) == one
    }

    fn is_response(&self, value: &BigUint) -> bool {
        *value != BigUint::ZERO && *value < self.q
    }
}

/// SHA-256 over a label and MPIs, as a number.
pub(crate) fn hash(label: u8, numbers: &[&BigUint]) -> Result<BigUint, Problem> {
    let mut text = vec![label];
    for number in numbers {
        text.extend(oracle::data(&oracle::bytes(number))?);
    }
    Ok(oracle::number(&oracle::sha256(&text)))
}

/// The value of a record: a count, and MPIs.
pub(crate) fn value(numbers: &[BigUint]) -> Result<Vec<u8>, Problem> {
    let mut value = u32::try_from(numbers.len())?.to_be_bytes().to_vec();
    for number in numbers {
        value.extend(oracle::data(&oracle::bytes(number))?);
    }
    Ok(value)
}

/// The secret that is compared.
pub(crate) fn secret(initiator: &[u8], responder: &[u8], session_id: &[u8], text: &[u8]) -> Vec<u8> {
    oracle::sha256(&[&[1], initiator, responder, session_id, text].concat())
}

/// All that a side has drawn: 192 bytes each, in this order.
#[derive(Debug, Clone)]
pub(crate) struct Exponents {
    /// a2 or b2.
    pub(crate) two: BigUint,
    /// a3 or b3.
    pub(crate) three: BigUint,
    /// r2 and r3 of the proofs of the two.
    pub(crate) r2: BigUint,
    pub(crate) r3: BigUint,
    pub(crate) r4: BigUint,
    pub(crate) r5: BigUint,
    pub(crate) r6: BigUint,
    pub(crate) r7: BigUint,
}

impl Exponents {
    pub(crate) fn of(draws: &[Vec<u8>]) -> Result<Self, Problem> {
        let numbers = draws.iter().map(|draw| oracle::number(draw)).collect::<Vec<_>>();
        let eight = <[BigUint; 8]>::try_from(numbers).map_err(|_| Problem::new("a side draws eight times"))?;
        let [two, three, r2, r3, r4, r5, r6, r7] = eight;
        Ok(Self { two, three, r2, r3, r4, r5, r6, r7 })
    }
}

/// A run of two honest sides, with everything that either knows.
#[derive(Debug, Clone)]
pub(crate) struct Honest {
    pub(crate) field: Field,
    pub(crate) a: Exponents,
    pub(crate) b: Exponents,
    pub(crate) x: BigUint,
    pub(crate) y: BigUint,
    pub(crate) g2: BigUint,
    pub(crate) g3: BigUint,
    /// g2a, c2, D2, g3a, c3, D3.
    pub(crate) one: Vec<BigUint>,
    /// g2b, c2, D2, g3b, c3, D3, Pb, Qb, cP, D5, D6.
    pub(crate) two: Vec<BigUint>,
    /// Pa, Qa, cP, D5, D6, Ra, cR, D7.
    pub(crate) three: Vec<BigUint>,
    /// Rb, cR, D7.
    pub(crate) four: Vec<BigUint>,
}

impl Honest {
    pub(crate) fn new(a: Exponents, b: Exponents, x: BigUint, y: BigUint) -> Result<Self, Problem> {
        let field = Field::new()?;
        let one = halves(&field, &a, [1, 2])?;
        let g2 = field.g(&(&a.two * &b.two));
        let g3 = field.g(&(&a.three * &b.three));
        let mut two = halves(&field, &b, [3, 4])?;
        let [pb, qb, pb_proof @ ..] = coordinates(&field, [&g2, &g3], &b, &y, 5)?;
        two.extend([pb.clone(), qb.clone()]);
        two.extend(pb_proof);
        let [pa, qa, pa_proof @ ..] = coordinates(&field, [&g2, &g3], &a, &x, 6)?;
        let qab = field.quotient(&qa, &qb);
        let mut three = vec![pa, qa];
        three.extend(pa_proof);
        three.extend(last(&field, &qab, &a, 7)?);
        let four = last(&field, &qab, &b, 8)?.to_vec();
        Ok(Self { field, a, b, x, y, g2, g3, one, two, three, four })
    }

    /// Pa / Pb, and Qa / Qb.
    pub(crate) fn quotients(&self) -> [BigUint; 2] {
        [0, 1].map(|index| self.field.quotient(&self.three[index], &self.two[index + 6]))
    }

    /// Whether both have the same, by what they send.
    pub(crate) fn is_equal(&self) -> bool {
        let [pab, qab] = self.quotients();
        self.field.power(&qab, &(&self.a.three * &self.b.three)) == pab
    }

    /// The first rule that a message of the right type breaks, if any.
    pub(crate) fn broken_rule(&self, kind: TlvType, numbers: &[BigUint]) -> Result<Option<&'static str>, Problem> {
        match self.judge(kind, numbers) {
            Ok(()) => Ok(None),
            Err(Fault::Broken(rule)) => Ok(Some(rule)),
            Err(Fault::Problem(problem)) => Err(problem),
        }
    }

    fn judge(&self, kind: TlvType, numbers: &[BigUint]) -> Result<(), Fault> {
        let field = &self.field;
        match (kind, numbers) {
            (TlvType::SMP_MESSAGE_1 | TlvType::SMP_MESSAGE_1Q, [g2a, c2, d2, g3a, c3, d3]) => {
                element(field, g2a, "g2a is no element of order q")?;
                element(field, g3a, "g3a is no element of order q")?;
                log(field, 1, g2a, [c2, d2], ["c2 is too long", "D2 is not in 1..q", "the proof of g2a"])?;
                log(field, 2, g3a, [c3, d3], ["c3 is too long", "D3 is not in 1..q", "the proof of g3a"])
            }
            (TlvType::SMP_MESSAGE_2, [g2b, c2, d2, g3b, c3, d3, pb, qb, cp, d5, d6]) => {
                element(field, g2b, "g2b is no element of order q")?;
                element(field, g3b, "g3b is no element of order q")?;
                log(field, 3, g2b, [c2, d2], ["c2 is too long", "D2 is not in 1..q", "the proof of g2b"])?;
                log(field, 4, g3b, [c3, d3], ["c3 is too long", "D3 is not in 1..q", "the proof of g3b"])?;
                element(field, pb, "Pb is no element of order q")?;
                element(field, qb, "Qb is no element of order q")?;
                let (g2, g3) = (field.power(g2b, &self.a.two), field.power(g3b, &self.a.three));
                point(field, 5, [&g2, &g3], [pb, qb], [cp, d5, d6])?;
                let qa = field.times(&field.g(&self.a.r4), &field.power(&g2, &self.x));
                differ([&field.power(&g3, &self.a.r4), pb], [&qa, qb])
            }
            (TlvType::SMP_MESSAGE_3, [pa, qa, cp, d5, d6, ra, cr, d7]) => {
                element(field, pa, "Pa is no element of order q")?;
                element(field, qa, "Qa is no element of order q")?;
                point(field, 6, [&self.g2, &self.g3], [pa, qa], [cp, d5, d6])?;
                differ([pa, &self.two[6]], [qa, &self.two[7]])?;
                element(field, ra, "Ra is no element of order q")?;
                logs(field, 7, [&self.one[3], &field.quotient(qa, &self.two[7])], ra, [cr, d7])
            }
            (TlvType::SMP_MESSAGE_4, [rb, cr, d7]) => {
                element(field, rb, "Rb is no element of order q")?;
                logs(field, 8, [&self.two[3], &self.quotients()[1]], rb, [cr, d7])
            }
            _ => Err(Fault::Broken("the count of numbers")),
        }
    }
}

/// What keeps a message from being accepted.
enum Fault {
    Broken(&'static str),
    Problem(Problem),
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

const fn demand(holds: bool, rule: &'static str) -> Result<(), Fault> {
    if holds { Ok(()) } else { Err(Fault::Broken(rule)) }
}

fn element(field: &Field, value: &BigUint, rule: &'static str) -> Result<(), Fault> {
    demand(field.is_element(value), rule)
}

/// Proofs of g2a, g2b, g3a, g3b.
fn log(
    field: &Field,
    label: u8,
    value: &BigUint,
    [c, d]: [&BigUint; 2],
    [long, outside, wrong]: [&'static str; 3],
) -> Result<(), Fault> {
    demand(c.bits() <= 256, long)?;
    demand(field.is_response(d), outside)?;
    let first = field.commitment(&[(&BigUint::from(2_u8), d), (value, c)]);
    demand(hash(label, &[&first])? == *c, wrong)
}

/// Proofs of P and Q.
fn point(
    field: &Field,
    label: u8,
    [g2, g3]: [&BigUint; 2],
    [p, q]: [&BigUint; 2],
    [c, d5, d6]: [&BigUint; 3],
) -> Result<(), Fault> {
    demand(c.bits() <= 256, "cP is too long")?;
    demand(field.is_response(d5), "D5 is not in 1..q")?;
    demand(field.is_response(d6), "D6 is not in 1..q")?;
    let first = field.commitment(&[(g3, d5), (p, c)]);
    let second = field.commitment(&[(&BigUint::from(2_u8), d5), (g2, d6), (q, c)]);
    demand(hash(label, &[&first, &second])? == *c, "the proof of P and Q")
}

/// Proofs of R, beside which g1^x3 and Qa / Qb are known.
fn logs(
    field: &Field,
    label: u8,
    [their_g3, qab]: [&BigUint; 2],
    r: &BigUint,
    [c, d]: [&BigUint; 2],
) -> Result<(), Fault> {
    demand(c.bits() <= 256, "cR is too long")?;
    demand(field.is_response(d), "D7 is not in 1..q")?;
    let first = field.commitment(&[(&BigUint::from(2_u8), d), (their_g3, c)]);
    let second = field.commitment(&[(qab, d), (r, c)]);
    demand(hash(label, &[&first, &second])? == *c, "the proof of R")
}

fn differ([pa, pb]: [&BigUint; 2], [qa, qb]: [&BigUint; 2]) -> Result<(), Fault> {
    demand(pa != pb, "Pa is Pb")?;
    demand(qa != qb, "Qa is Qb")
}

/// g2a, c2, D2, g3a, c3, D3.
fn halves(field: &Field, draws: &Exponents, labels: [u8; 2]) -> Result<Vec<BigUint>, Problem> {
    let mut numbers = Vec::new();
    for (label, secret, r) in [(labels[0], &draws.two, &draws.r2), (labels[1], &draws.three, &draws.r3)] {
        let c = hash(label, &[&field.g(r)])?;
        let d = field.response(r, secret, &c);
        numbers.extend([field.g(secret), c, d]);
    }
    Ok(numbers)
}

/// P, Q, cP, D5, D6.
fn coordinates(
    field: &Field,
    [g2, g3]: [&BigUint; 2],
    draws: &Exponents,
    secret: &BigUint,
    label: u8,
) -> Result<[BigUint; 5], Problem> {
    let Exponents { r4, r5, r6, .. } = draws;
    let both = |exponent, other| field.times(&field.g(exponent), &field.power(g2, other));
    let c = hash(label, &[&field.power(g3, r5), &both(r5, r6)])?;
    let (d5, d6) = (field.response(r5, r4, &c), field.response(r6, secret, &c));
    Ok([field.power(g3, r4), both(r4, secret), c, d5, d6])
}

/// R, cR, D7.
fn last(field: &Field, qab: &BigUint, draws: &Exponents, label: u8) -> Result<[BigUint; 3], Problem> {
    let Exponents { three, r7, .. } = draws;
    let c = hash(label, &[&field.g(r7), &field.power(qab, r7)])?;
    let d = field.response(r7, three, &c);
    Ok([field.power(qab, three), c, d])
}
