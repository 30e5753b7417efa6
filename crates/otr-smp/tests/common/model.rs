//! The protocol once more, in plain integers and points, by somebody who may lie: every value can be replaced by
//! another, and the proofs are made to fit it wherever a fitting proof exists. It may know the exponents of its victim.
//!
//! Elements are what stands in a message, and whatever stands there is taken for the element that it is closest to.

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::{Scalar, constants::RISTRETTO_BASEPOINT_POINT};
use num_bigint::BigUint;
use otr_crypto::Suite;
use otr_smp::Message;
use otr_wire::TlvType;
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};

/// A number as it stands in a message.
pub(crate) type Bytes = Vec<u8>;

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

pub(crate) fn int(number: u32) -> BigUint {
    BigUint::from(number)
}

pub(crate) fn big(bytes: &[u8]) -> BigUint {
    BigUint::from_bytes_be(bytes)
}

/// The shortest form, in which zero has no byte.
pub(crate) fn shortest(number: &BigUint) -> Bytes {
    if *number == int(0) { Vec::new() } else { number.to_bytes_be() }
}

/// The arithmetic of a suite, and what its hashes begin with.
#[derive(Clone, Copy)]
pub(crate) struct Model {
    pub(crate) suite: Suite,
    pub(crate) domain: &'static [u8],
}

pub(crate) fn model(suite: Suite) -> Model {
    let domain: &[u8] = match suite {
        Suite::Otr => b"",
        Suite::Curve25519 => b"OTR-25519 v1 SMP proof",
    };
    Model { suite, domain }
}

impl Model {
    pub(crate) fn order(self) -> BigUint {
        match self.suite {
            Suite::Otr => p() >> 1,
            Suite::Curve25519 => {
                let rest = BigUint::parse_bytes(b"27742317777372353535851937790883648493", 10).unwrap();
                (int(1) << 252) + rest
            }
        }
    }

    /// The generator to the `exponent`.
    pub(crate) fn g(self, exponent: &BigUint) -> Bytes {
        match self.suite {
            Suite::Otr => self.power(&[2], exponent),
            Suite::Curve25519 => encode(RISTRETTO_BASEPOINT_POINT * self.scalar(exponent)),
        }
    }

    pub(crate) fn power(self, base: &[u8], exponent: &BigUint) -> Bytes {
        match self.suite {
            Suite::Otr => shortest(&big(base).modpow(exponent, &p())),
            Suite::Curve25519 => encode(decode(base) * self.scalar(exponent)),
        }
    }

    pub(crate) fn times(self, one: &[u8], other: &[u8]) -> Bytes {
        match self.suite {
            Suite::Otr => shortest(&(big(one) * big(other) % p())),
            Suite::Curve25519 => encode(decode(one) + decode(other)),
        }
    }

    pub(crate) fn quotient(self, dividend: &[u8], divisor: &[u8]) -> Bytes {
        match self.suite {
            Suite::Otr => self.times(dividend, &self.power(divisor, &(p() - 2_u8))),
            Suite::Curve25519 => encode(decode(dividend) - decode(divisor)),
        }
    }

    fn scalar(self, number: &BigUint) -> Scalar {
        let mut bytes = (number % self.order()).to_bytes_le();
        bytes.resize(32, 0);
        Scalar::from_canonical_bytes(bytes.try_into().unwrap()).unwrap()
    }

    /// The inverse modulo the order.
    pub(crate) fn inverse(self, number: &BigUint) -> BigUint {
        number.modpow(&(self.order() - 2_u8), &self.order())
    }

    /// What the crate draws next from `rng`.
    pub(crate) fn draw(self, rng: &mut (impl CryptoRng + ?Sized)) -> BigUint {
        match self.suite {
            Suite::Otr => {
                let mut bytes = [0; 192];
                rng.fill_bytes(&mut bytes);
                big(&bytes)
            }
            Suite::Curve25519 => {
                let mut bytes = [0; 64];
                rng.fill_bytes(&mut bytes);
                BigUint::from_bytes_le(&bytes) % self.order()
            }
        }
    }

    fn hash(self, label: u8, numbers: &[&[u8]]) -> BigUint {
        let mut hash = Sha256::new();
        hash.update(self.domain);
        hash.update([label]);
        for number in numbers {
            hash.update(u32::try_from(number.len()).unwrap().to_be_bytes());
            hash.update(number);
        }
        big(&hash.finalize())
    }

    /// r - a c modulo the order.
    fn respond(self, r: &BigUint, a: &BigUint, c: &BigUint) -> BigUint {
        let q = self.order();
        (r % &q + &q - a * c % &q) % q
    }

    /// Nothing when `value` is 0 modulo p, else `commitment`: the power of zero swallows everything.
    fn seen_beside(self, value: &[u8], commitment: Bytes) -> Bytes {
        let swallows = self.suite == Suite::Otr && big(value) % p() == int(0);
        if swallows { Vec::new() } else { commitment }
    }

    /// c, D for a `value` that is plus or minus g^a, or zero.
    pub(crate) fn prove_log(self, label: u8, value: &[u8], a: &BigUint, rng: &mut impl CryptoRng) -> [Bytes; 2] {
        for _ in 0..100 {
            let r = self.draw(rng);
            let c = self.hash(label, &[&self.seen_beside(value, self.g(&r))]);
            let d = self.respond(&r, a, &c);
            if self.hash(label, &[&self.times(&self.g(&d), &self.power(value, &c))]) == c {
                return [shortest(&c), shortest(&d)];
            }
        }
        panic!("no proof");
    }

    /// cR, D7 for an `r` that is plus or minus `qab`^x3, or zero.
    pub(crate) fn prove_logs(
        self,
        label: u8,
        qab: &[u8],
        r: &[u8],
        x3: &BigUint,
        rng: &mut impl CryptoRng,
    ) -> [Bytes; 2] {
        for _ in 0..100 {
            let r7 = self.draw(rng);
            let c = self.hash(label, &[&self.g(&r7), &self.seen_beside(r, self.power(qab, &r7))]);
            let d = self.respond(&r7, x3, &c);
            let first = self.times(&self.g(&d), &self.power(&self.g(x3), &c));
            let second = self.times(&self.power(qab, &d), &self.power(r, &c));
            if self.hash(label, &[&first, &second]) == c {
                return [shortest(&c), shortest(&d)];
            }
        }
        panic!("no proof");
    }
}

/// 0x40, then the 32 bytes of RFC 9496.
fn encode(point: RistrettoPoint) -> Bytes {
    [&[0x40][..], point.compress().as_bytes()].concat()
}

/// As a reader would who leaves out every check that RFC 9496 and we ask for.
fn decode(bytes: &[u8]) -> RistrettoPoint {
    let start = usize::from(bytes.len() > 32);
    let mut bytes: [u8; 32] = bytes[start..start + 32].try_into().unwrap();
    bytes[31] &= 0x7f;
    if bytes[0] & 1 == 1 {
        bytes = negative(bytes);
    }
    CompressedRistretto(bytes).decompress().unwrap()
}

/// 2^255 - 19 minus this little-endian number.
pub(crate) fn negative(number: [u8; 32]) -> [u8; 32] {
    let negative: BigUint = (int(1) << 255) - 19_u8 - BigUint::from_bytes_le(&number);
    let mut bytes = negative.to_bytes_le();
    bytes.resize(32, 0);
    bytes.try_into().unwrap()
}

/// What P and Q are made from.
pub(crate) struct Point<'a> {
    pub(crate) model: Model,
    pub(crate) g2: &'a [u8],
    pub(crate) g3: &'a [u8],
    pub(crate) r4: &'a BigUint,
    pub(crate) secret: &'a BigUint,
}

impl Point<'_> {
    pub(crate) fn p(&self) -> Bytes {
        self.model.power(self.g3, self.r4)
    }

    pub(crate) fn q(&self) -> Bytes {
        self.model.times(&self.model.g(self.r4), &self.model.power(self.g2, self.secret))
    }

    /// cP, D5, D6 for a `p` and a `q` that are what they should be, but for the sign, or zero.
    pub(crate) fn prove(&self, label: u8, p: &[u8], q: &[u8], rng: &mut impl CryptoRng) -> [Bytes; 3] {
        let m = self.model;
        for _ in 0..100 {
            let (r5, r6) = (m.draw(rng), m.draw(rng));
            let first = m.seen_beside(p, m.power(self.g3, &r5));
            let second = m.seen_beside(q, m.times(&m.g(&r5), &m.power(self.g2, &r6)));
            let c = m.hash(label, &[&first, &second]);
            let (d5, d6) = (m.respond(&r5, self.r4, &c), m.respond(&r6, self.secret, &c));
            let first = m.times(&m.power(self.g3, &d5), &m.power(p, &c));
            let second = m.times(&m.times(&m.g(&d5), &m.power(self.g2, &d6)), &m.power(q, &c));
            if m.hash(label, &[&first, &second]) == c {
                return [c, d5, d6].map(|number| shortest(&number));
            }
        }
        panic!("no proof");
    }
}

/// The message of these numbers, well-formed whatever they are.
pub(crate) fn message(kind: TlvType, numbers: &[Bytes]) -> Message {
    Message::decode(kind, &value(numbers)).unwrap()
}

/// The value of a TLV record with these numbers.
pub(crate) fn value(numbers: &[Bytes]) -> Bytes {
    let mut value = u32::try_from(numbers.len()).unwrap().to_be_bytes().to_vec();
    for number in numbers {
        value.extend_from_slice(&u32::try_from(number.len()).unwrap().to_be_bytes());
        value.extend_from_slice(number);
    }
    value
}

/// The numbers of a message.
pub(crate) fn numbers(message: &Message) -> Vec<Bytes> {
    match message {
        Message::One { numbers, .. } => numbers.as_array().to_vec(),
        Message::Two(numbers) => numbers.as_array().to_vec(),
        Message::Three(numbers) => numbers.as_array().to_vec(),
        Message::Four(numbers) => numbers.as_array().to_vec(),
        Message::Abort => Vec::new(),
    }
}
