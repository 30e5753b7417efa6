//! The peer's side of a comparison of secrets (spec: "Socialist Millionaires' Protocol"), in the letters of the
//! specification. Its exponents may be any number, zero too, and its messages are lists of numbers that may be changed
//! before they are sent.

use num_bigint::BigUint;
use rand_core::Rng;

use super::{
    drafts::{Draft, record},
    numbers::{data, mpi, order, prime, random},
    peer::{Began, Peer, Said},
    ring::Ring,
    victim::{Output, Trouble},
};
use crate::vectors::oracle;

/// What both users know.
pub const SECRET: &str = "what both know";

/// The numbers of one message.
pub type Numbers = Vec<BigUint>;

/// What the peer knows of a run.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// Its first exponent: a2, or b2.
    pub e2: BigUint,
    /// Its second exponent: a3, or b3.
    pub e3: BigUint,
    /// The secret as a number: x, or y.
    x: BigUint,
    /// The numbers of the last message of the victim's.
    pub theirs: Numbers,
    /// Its own P and Q.
    own: Option<[BigUint; 2]>,
    /// The victim's P and Q, where the peer began.
    other: Option<[BigUint; 2]>,
}

fn power(base: &BigUint, exponent: &BigUint) -> BigUint {
    base.modpow(exponent, &prime())
}

fn g() -> BigUint {
    BigUint::from(2_u8)
}

fn times(a: &BigUint, b: &BigUint) -> BigUint {
    a * b % prime()
}

fn quotient(a: &BigUint, b: &BigUint) -> BigUint {
    times(a, &b.modinv(&prime()).unwrap_or_default())
}

/// A challenge: SHA-256 over a label and one or two numbers.
fn challenge(label: u8, numbers: &[&BigUint]) -> BigUint {
    let numbers: Vec<u8> = numbers.iter().flat_map(|number| mpi(number)).collect();
    oracle::number(&oracle::sha256(&[&[label], numbers.as_slice()].concat()))
}

/// r - e * c modulo q.
fn response(r: &BigUint, e: &BigUint, c: &BigUint) -> BigUint {
    let q = order();
    (r + (&q - e * c % &q)) % &q
}

fn exponent(rng: &mut impl Rng) -> BigUint {
    oracle::number(&random::<192>(rng)) % order()
}

/// The proof that whoever shows g^e knows e: the challenge and the response.
fn knows(label: u8, e: &BigUint, rng: &mut impl Rng) -> [BigUint; 2] {
    let r = exponent(rng);
    let c = challenge(label, &[&power(&g(), &r)]);
    let d = response(&r, e, &c);
    [c, d]
}

impl Run {
    /// A run with fresh exponents, in the session that `peer` has, begun by `began`.
    pub fn new(peer: &mut Peer, began: Began) -> Self {
        let (e2, e3) = (exponent(&mut peer.rng), exponent(&mut peer.rng));
        let ours = peer.identity.fingerprint();
        let session = peer.session();
        let (first, second) = match began {
            Began::Peer => (&ours, &session.victim_fingerprint),
            Began::Victim => (&session.victim_fingerprint, &ours),
        };
        let x = [&[1], first.as_slice(), second, &session.session_id, SECRET.as_bytes()].concat();
        Self { e2, e3, x: oracle::number(&oracle::sha256(&x)), ..Self::default() }
    }

    /// Message 1: g2a, c2, D2, g3a, c3, D3.
    pub fn message_1(&self, rng: &mut impl Rng) -> Numbers {
        self.openings(1, rng)
    }

    /// The two public values and the proofs for them, labelled `label` and the one after.
    fn openings(&self, label: u8, rng: &mut impl Rng) -> Numbers {
        let [c2, d2] = knows(label, &self.e2, rng);
        let [c3, d3] = knows(label + 1, &self.e3, rng);
        vec![power(&g(), &self.e2), c2, d2, power(&g(), &self.e3), c3, d3]
    }

    /// P, Q and the proof that they are well formed: P, Q, c, D5, D6.
    fn coordinates(&mut self, label: u8, g2: &BigUint, g3: &BigUint, rng: &mut impl Rng) -> Numbers {
        let [r4, r5, r6] = [(); 3].map(|()| exponent(rng));
        let p = power(g3, &r4);
        let q = times(&power(&g(), &r4), &power(g2, &self.x));
        let c = challenge(label, &[&power(g3, &r5), &times(&power(&g(), &r5), &power(g2, &r6))]);
        let (d5, d6) = (response(&r5, &r4, &c), response(&r6, &self.x, &c));
        self.own = Some([p.clone(), q.clone()]);
        vec![p, q, c, d5, d6]
    }

    /// R and its proof: R, c, D7; over the quotient of both Qs.
    fn last(&self, label: u8, quotient: &BigUint, rng: &mut impl Rng) -> Numbers {
        let r = exponent(rng);
        let c = challenge(label, &[&power(&g(), &r), &power(quotient, &r)]);
        let d = response(&r, &self.e3, &c);
        vec![power(quotient, &self.e3), c, d]
    }

    fn heard(&self, at: usize) -> BigUint {
        self.theirs.get(at).cloned().unwrap_or_default()
    }

    /// Message 2, to the victim's message 1: g2b, c2, D2, g3b, c3, D3, Pb, Qb, cP, D5, D6.
    pub fn message_2(&mut self, rng: &mut impl Rng) -> Numbers {
        let mut numbers = self.openings(3, rng);
        let (g2, g3) = (power(&self.heard(0), &self.e2), power(&self.heard(3), &self.e3));
        numbers.extend(self.coordinates(5, &g2, &g3, rng));
        numbers
    }

    /// Message 3, to the victim's message 2: Pa, Qa, cP, D5, D6, Ra, cR, D7.
    pub fn message_3(&mut self, rng: &mut impl Rng) -> Numbers {
        let (g2, g3) = (power(&self.heard(0), &self.e2), power(&self.heard(3), &self.e3));
        let mut numbers = self.coordinates(6, &g2, &g3, rng);
        self.other = Some([self.heard(6), self.heard(7)]);
        let q = numbers.get(1).cloned().unwrap_or_default();
        numbers.extend(self.last(7, &quotient(&q, &self.heard(7)), rng));
        numbers
    }

    /// Message 4, to the victim's message 3: Rb, cR, D7.
    pub fn message_4(&self, rng: &mut impl Rng) -> Numbers {
        let own = self.own.as_ref().map(|[_, q]| q.clone()).unwrap_or_default();
        self.last(8, &quotient(&self.heard(1), &own), rng)
    }
}

/// A list of numbers as it stands in a record: the count, and an MPI each.
#[must_use]
pub fn encode(numbers: &[BigUint]) -> Vec<u8> {
    let count = u32::try_from(numbers.len()).unwrap_or(u32::MAX).to_be_bytes();
    let numbers: Vec<u8> = numbers.iter().flat_map(mpi).collect();
    [&count, numbers.as_slice()].concat()
}

/// The numbers in a record; what does not fit in is left out.
fn decode(value: &[u8]) -> Numbers {
    let mut numbers = Vec::new();
    let mut rest = value.get(4..).unwrap_or_default();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        let Some((number, after)) = after.split_at_checked(length) else { break };
        numbers.push(oracle::number(number));
        rest = after;
    }
    numbers
}

/// A question before message 1.
#[must_use]
pub fn with_question(question: &[u8], numbers: &[BigUint]) -> Vec<u8> {
    [question, &[0], &encode(numbers)].concat()
}

/// A list of numbers one of which is written with a zero byte in front.
#[must_use]
pub fn encode_longer(numbers: &[BigUint]) -> Vec<u8> {
    let mut encoded = encode(numbers);
    let Some(first) = numbers.first() else { return encoded };
    let longer = data(&[&[0], first.to_bytes_be().as_slice()].concat());
    encoded.splice(4..4 + mpi(first).len(), longer);
    encoded
}

impl Ring<'_> {
    /// The victim's user asks.
    ///
    /// # Errors
    ///
    /// When the victim does not send message 1.
    pub fn victim_asks(&mut self) -> Result<(), Trouble> {
        let said = self.user_asks(SECRET)?;
        self.smp = Run::new(&mut self.peer, Began::Victim);
        self.take_numbers(&said, 2)
    }

    /// The peer answers, correctly.
    ///
    /// # Errors
    ///
    /// When the victim does not send message 3.
    pub fn peer_answers(&mut self) -> Result<(), Trouble> {
        let numbers = self.smp.message_2(&mut self.peer.rng);
        let message = self.peer.say_records("", &record(3, &encode(&numbers))).text();
        let (said, _) = self.honest(message)?;
        self.take_numbers(&said, 4)
    }

    /// The peer asks.
    ///
    /// # Errors
    ///
    /// When the victim does not ask its user.
    pub fn peer_asks(&mut self) -> Result<(), Trouble> {
        self.smp = Run::new(&mut self.peer, Began::Peer);
        let numbers = self.smp.message_1(&mut self.peer.rng);
        let message = self.peer.say_records("", &record(2, &encode(&numbers))).text();
        let (_, told) = self.honest(message)?;
        if told.contains(&Output::Smp("asked".to_owned())) {
            return Ok(());
        }
        Err(Trouble::Refused("the user is not asked".to_owned()))
    }

    /// The victim's user answers.
    ///
    /// # Errors
    ///
    /// When the victim does not send message 2.
    pub fn user_answers(&mut self) -> Result<(), Trouble> {
        let said = self.user_answers_with(SECRET)?;
        self.take_numbers(&said, 3)
    }

    /// A whole comparison that the peer begins, and that succeeds.
    ///
    /// # Errors
    ///
    /// When it does not.
    pub fn compare_secrets(&mut self) -> Result<(), Trouble> {
        self.peer_asks()?;
        self.user_answers()?;
        let numbers = self.smp.message_3(&mut self.peer.rng);
        let message = self.peer.say_records("", &record(4, &encode(&numbers))).text();
        let (said, told) = self.honest(message)?;
        self.take_numbers(&said, 5)?;
        if told.contains(&Output::Smp("succeeded".to_owned())) {
            return Ok(());
        }
        Err(Trouble::Refused("a correct comparison does not succeed".to_owned()))
    }

    fn take_numbers(&mut self, said: &[Said], kind: u16) -> Result<(), Trouble> {
        let one = matches!(said, [Said::Data(text, records)] if text.is_empty() && *records == [kind]);
        let found = self.peer.records.iter().find(|(is, _)| *is == kind);
        match found {
            Some((_, value)) if one => {
                self.smp.theirs = decode(value);
                Ok(())
            }
            _ => Err(Trouble::Refused(format!("no record of type {kind} comes"))),
        }
    }
}
