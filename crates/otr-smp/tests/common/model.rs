//! The protocol once more, in plain integers, by somebody who may lie: every value can be replaced by another, and
//! the proofs are made to fit it wherever a fitting proof exists. It may know the exponents of its victim.

use num_bigint::BigUint;
use otr_smp::Message;
use otr_wire::TlvType;
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};

pub(crate) fn p() -> BigUint {
    // RFC 3526, section 2.
    BigUint::parse_bytes(
        b"ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404ddef9519b3\
          cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7edee386bfb5a899fa5\
          ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf0598da48361c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356\
          208552bb9ed529077096966d670c354e4abc9804f1746c08ca237327ffffffffffffffff",
        16,
    )
    .unwrap()
}

pub(crate) fn q() -> BigUint {
    p() >> 1
}

pub(crate) fn int(number: u32) -> BigUint {
    BigUint::from(number)
}

/// `base` to the `exponent`, modulo p.
pub(crate) fn power(base: &BigUint, exponent: &BigUint) -> BigUint {
    base.modpow(exponent, &p())
}

pub(crate) fn g(exponent: &BigUint) -> BigUint {
    power(&int(2), exponent)
}

pub(crate) fn times(one: &BigUint, other: &BigUint) -> BigUint {
    one * other % p()
}

pub(crate) fn quotient(dividend: &BigUint, divisor: &BigUint) -> BigUint {
    times(dividend, &power(divisor, &(p() - 2_u8)))
}

/// What the crate draws next from `rng`.
pub(crate) fn draw(rng: &mut (impl CryptoRng + ?Sized)) -> BigUint {
    let mut bytes = [0; 192];
    rng.fill_bytes(&mut bytes);
    BigUint::from_bytes_be(&bytes)
}

pub(crate) fn hash(label: u8, numbers: &[&BigUint]) -> BigUint {
    let mut hash = Sha256::new();
    hash.update([label]);
    for number in numbers {
        let bytes = shortest(number);
        hash.update(u32::try_from(bytes.len()).unwrap().to_be_bytes());
        hash.update(bytes);
    }
    BigUint::from_bytes_be(&hash.finalize())
}

/// r - a c mod q.
fn respond(r: &BigUint, a: &BigUint, c: &BigUint) -> BigUint {
    let q = q();
    (r % &q + &q - a * c % &q) % q
}

/// 0 when `value` is 0 modulo p, else `commitment`: the power of zero swallows everything.
fn seen_beside(value: &BigUint, commitment: BigUint) -> BigUint {
    if value % p() == int(0) { int(0) } else { commitment }
}

/// c, D for a `value` that is plus or minus g^a, or zero.
pub(crate) fn prove_log(label: u8, value: &BigUint, a: &BigUint, rng: &mut impl CryptoRng) -> [BigUint; 2] {
    for _ in 0..100 {
        let r = draw(rng);
        let c = hash(label, &[&seen_beside(value, g(&r))]);
        let d = respond(&r, a, &c);
        if hash(label, &[&times(&g(&d), &power(value, &c))]) == c {
            return [c, d];
        }
    }
    panic!("no proof");
}

/// What P and Q are made from.
pub(crate) struct Point<'a> {
    pub(crate) g2: &'a BigUint,
    pub(crate) g3: &'a BigUint,
    pub(crate) r4: &'a BigUint,
    pub(crate) secret: &'a BigUint,
}

impl Point<'_> {
    pub(crate) fn p(&self) -> BigUint {
        power(self.g3, self.r4)
    }

    pub(crate) fn q(&self) -> BigUint {
        times(&g(self.r4), &power(self.g2, self.secret))
    }

    /// cP, D5, D6 for a `p` and a `q` that are what they should be, but for the sign, or zero.
    pub(crate) fn prove(&self, label: u8, p: &BigUint, q: &BigUint, rng: &mut impl CryptoRng) -> [BigUint; 3] {
        for _ in 0..100 {
            let (r5, r6) = (draw(rng), draw(rng));
            let first = seen_beside(p, power(self.g3, &r5));
            let second = seen_beside(q, times(&g(&r5), &power(self.g2, &r6)));
            let c = hash(label, &[&first, &second]);
            let (d5, d6) = (respond(&r5, self.r4, &c), respond(&r6, self.secret, &c));
            let first = times(&power(self.g3, &d5), &power(p, &c));
            let second = times(&times(&g(&d5), &power(self.g2, &d6)), &power(q, &c));
            if hash(label, &[&first, &second]) == c {
                return [c, d5, d6];
            }
        }
        panic!("no proof");
    }
}

/// cR, D7 for an `r` that is plus or minus `qab`^x3, or zero.
pub(crate) fn prove_logs(
    label: u8,
    qab: &BigUint,
    r: &BigUint,
    x3: &BigUint,
    rng: &mut impl CryptoRng,
) -> [BigUint; 2] {
    for _ in 0..100 {
        let r7 = draw(rng);
        let c = hash(label, &[&g(&r7), &seen_beside(r, power(qab, &r7))]);
        let d = respond(&r7, x3, &c);
        let first = times(&g(&d), &power(&g(x3), &c));
        let second = times(&power(qab, &d), &power(r, &c));
        if hash(label, &[&first, &second]) == c {
            return [c, d];
        }
    }
    panic!("no proof");
}

/// The message of these numbers, well-formed whatever they are.
pub(crate) fn message(kind: TlvType, numbers: &[BigUint]) -> Message {
    Message::decode(kind, &value(numbers)).unwrap()
}

/// The value of a TLV record with these numbers.
pub(crate) fn value(numbers: &[BigUint]) -> Vec<u8> {
    let mut value = u32::try_from(numbers.len()).unwrap().to_be_bytes().to_vec();
    for number in numbers {
        let bytes = shortest(number);
        value.extend_from_slice(&u32::try_from(bytes.len()).unwrap().to_be_bytes());
        value.extend_from_slice(&bytes);
    }
    value
}

/// The numbers of a message.
pub(crate) fn numbers(message: &Message) -> Vec<BigUint> {
    let all: &[Vec<u8>] = match message {
        Message::One { numbers, .. } => numbers.as_array(),
        Message::Two(numbers) => numbers.as_array(),
        Message::Three(numbers) => numbers.as_array(),
        Message::Four(numbers) => numbers.as_array(),
        Message::Abort => &[],
    };
    all.iter().map(|number| BigUint::from_bytes_be(number)).collect()
}

fn shortest(number: &BigUint) -> Vec<u8> {
    if *number == int(0) { Vec::new() } else { number.to_bytes_be() }
}
