//! Powers modulo p, and the checks that a stranger's numbers are a key at all.
//!
//! p has 1024 bits in practice and up to 3072 by our rule; the arithmetic is compiled for four
//! widths and a key uses the narrowest one that holds its p.

use alloc::boxed::Box;

use crypto_bigint::{U1024, U1536, U2048, U3072, Uint, Word};
use once_cell::race::OnceBox;
use zeroize::Zeroizing;

use super::primality::{Maker, Rounds, is_prime};
use super::scalar::{Order, SCALAR_BYTES, Scalar, to_bytes};
use crate::montgomery::{Comb, Modulus, Number, OddPowers};
use crate::told::told;
use crate::{Error, mpi};

/// The four numbers of a public key, big-endian in their shortest form.
#[derive(Clone, Copy)]
pub(crate) struct Numbers<'a> {
    pub(crate) p: &'a [u8],
    pub(crate) q: &'a [u8],
    pub(crate) g: &'a [u8],
    pub(crate) y: &'a [u8],
}

/// What signing and verifying need from p, g and y.
pub(crate) trait Powers: Send + Sync {
    /// g^k mod p mod q for a secret k, in constant time.
    fn commit(&self, order: &Order, k: &Scalar) -> Zeroizing<Scalar>;

    /// g^a * y^b mod p mod q for public a and b.
    fn combine(&self, order: &Order, a: &Scalar, b: &Scalar) -> Scalar;

    /// Whether y = g^x for a secret x, in constant time.
    fn is_secret(&self, x: &Scalar) -> bool;
}

/// Checks a key completely; see [`crate::PublicKey::from_parts`] for the rules.
///
/// The cheap checks come first, the primality of p last.
pub(crate) fn check(numbers: &Numbers<'_>, maker: Maker) -> Result<(Order, Box<dyn Powers>), Error> {
    if numbers.p.len() > U3072::BYTES {
        return Err(Error::KeyModulus);
    }
    for number in [numbers.p, numbers.q, numbers.g, numbers.y] {
        mpi::pad::<{ U3072::BYTES }>(number)?;
    }
    let q = mpi::pad::<SCALAR_BYTES>(numbers.q).map_err(|_| Error::KeyOrder)?;
    let order = Order::new(&q).ok_or(Error::KeyOrder)?;
    let powers: Box<dyn Powers> = match number::<{ U3072::LIMBS }>(numbers.p).bits_vartime() {
        1024 => Box::new(Field::<9, 2, { U1024::LIMBS }>::check(numbers, &order, maker)?),
        1025..=1536 => Box::new(Field::<13, 2, { U1536::LIMBS }>::check(numbers, &order, maker)?),
        1537..=2048 => Box::new(Field::<13, 3, { U2048::LIMBS }>::check(numbers, &order, maker)?),
        2049..=3072 => Box::new(Field::<13, 4, { U3072::LIMBS }>::check(numbers, &order, maker)?),
        _ => return Err(Error::KeyModulus),
    };
    Ok((order, powers))
}

/// g and y modulo p, which has at most `LIMBS` limbs, and `N` blocks of `L` as the arithmetic cuts it.
struct Field<const L: usize, const N: usize, const LIMBS: usize> {
    modulus: Modulus<L, N>,
    /// With 5 KB for both at 1024 bits.
    g: OddPowers<L, N>,
    y: OddPowers<L, N>,
    /// For the powers of g and y to 160 bits: 129 KB at 1024 bits, made when a key is ours. Keys of others go
    /// without.
    combs: OnceBox<[Comb<L, N, 6>; 2]>,
}

impl<const L: usize, const N: usize, const LIMBS: usize> Field<L, N, LIMBS> {
    fn check(numbers: &Numbers<'_>, order: &Order, maker: Maker) -> Result<Self, Error> {
        let p = number::<LIMBS>(numbers.p);
        if !bool::from(p.is_odd()) {
            return Err(Error::KeyModulus);
        }
        if order.reduce(&p) != Scalar::ONE {
            return Err(Error::KeyOrder);
        }
        if !is_prime(order.q().as_ref(), numbers, Rounds::order(maker)) {
            return Err(Error::KeyNotPrime);
        }
        let modulus = Modulus::new(numbers.p);
        let element = |bytes| element(bytes, &p, order, &modulus);
        let g = element(numbers.g).ok_or(Error::KeyGenerator)?;
        let y = element(numbers.y).ok_or(Error::KeyPublicValue)?;
        if !is_prime(&p, numbers, Rounds::modulus(maker, Uint::<LIMBS>::BITS)) {
            return Err(Error::KeyNotPrime);
        }
        Ok(Self { modulus, g, y, combs: OnceBox::new() })
    }

    fn combs(&self) -> &[Comb<L, N, 6>; 2] {
        let comb = |base| Comb::new(&self.modulus, base, 8 * SCALAR_BYTES, 7);
        self.combs.get_or_init(|| Box::new([self.g.base(), self.y.base()].map(comb)))
    }

    /// The number modulo q.
    fn reduce(&self, order: &Order, number: &Number<L, N>) -> Scalar {
        let mut bytes = Zeroizing::new([0; U3072::BYTES]);
        self.modulus.write(number, &mut *bytes);
        order.reduce(&Zeroizing::new(self::number::<LIMBS>(&*bytes)))
    }
}

/// A number in 2..=p-1 whose order is q.
fn element<const L: usize, const N: usize, const LIMBS: usize>(
    bytes: &[u8],
    p: &Uint<LIMBS>,
    order: &Order,
    modulus: &Modulus<L, N>,
) -> Option<OddPowers<L, N>> {
    let value = number::<LIMBS>(bytes);
    if bytes.len() > Uint::<LIMBS>::BYTES || value <= Uint::ONE || value >= *p {
        return None;
    }
    let element = modulus.odd_powers(&modulus.number(bytes));
    let power = modulus.product_vartime(&[(&element, to_bytes(order.q().as_ref()).as_bytes())]);
    bool::from(modulus.equal(&power, &modulus.one())).then_some(element)
}

impl<const L: usize, const N: usize, const LIMBS: usize> Powers for Field<L, N, LIMBS> {
    fn commit(&self, order: &Order, k: &Scalar) -> Zeroizing<Scalar> {
        let [g, _] = self.combs();
        Zeroizing::new(self.reduce(order, &g.power(&self.modulus, to_bytes(k).as_bytes())))
    }

    fn combine(&self, order: &Order, a: &Scalar, b: &Scalar) -> Scalar {
        let (a, b) = (to_bytes(a), to_bytes(b));
        let product = match self.combs.get() {
            Some([g, y]) => {
                let powers = [(g, &a), (y, &b)];
                let [g, y] = powers.map(|(comb, exponent)| comb.power_vartime(&self.modulus, exponent.as_bytes()));
                self.modulus.multiply(&g, &y)
            }
            None => self.modulus.product_vartime(&[(&self.g, a.as_bytes()), (&self.y, b.as_bytes())]),
        };
        self.reduce(order, &product)
    }

    fn is_secret(&self, x: &Scalar) -> bool {
        let [g, _] = self.combs();
        let power = g.power(&self.modulus, to_bytes(x).as_bytes());
        told(self.modulus.equal(&power, self.y.base()).unwrap_u8())
    }
}

/// A big-endian number, of which the lowest `LIMBS` limbs are kept.
pub(crate) fn number<const LIMBS: usize>(bytes: &[u8]) -> Uint<LIMBS> {
    let mut value = Uint::ZERO;
    let words = value.as_mut_words();
    for (word, chunk) in words.iter_mut().zip(bytes.rchunks(size_of::<Word>())) {
        for byte in chunk {
            *word = *word << 8 | Word::from(*byte);
        }
    }
    value
}

/// Writes the number big-endian, right-aligned, dropping what does not fit.
pub(crate) fn write<const LIMBS: usize>(value: &Uint<LIMBS>, out: &mut [u8]) {
    for (chunk, word) in out.rchunks_mut(size_of::<Word>()).zip(value.as_words()) {
        for (to, from) in chunk.iter_mut().rev().zip(word.to_le_bytes()) {
            *to = from;
        }
    }
}

#[cfg(test)]
mod tests {
    use num_bigint::BigUint;

    use super::*;
    use crate::testing::{KEYS, LIBGCRYPT, big, entries, key, rng};

    // attack: DSA-4
    #[test]
    fn powers_of_every_width_equal_those_of_an_independent_library() {
        let mut keys = entries(KEYS, "key");
        keys.retain(|key| key.name.starts_with("legal-"));
        assert_eq!(keys.len(), 6);
        keys.push(key(LIBGCRYPT, "plain"));
        let mut rng = rng(24);
        for entry in keys {
            let [p, q, g, y] = ["p", "q", "g", "y"].map(|name| entry.bytes(name));
            let numbers = Numbers { p: &p, q: &q, g: &g, y: &y };
            let (order, powers) = check(&numbers, Maker::Anybody).unwrap();
            let [p, q, g, y] = [&p, &q, &g, &y].map(|bytes| big(bytes));
            for _ in 0..5 {
                let (a, b) = (order.random(&mut rng), order.random(&mut rng));
                let [ga, yb] =
                    [(&g, &a), (&y, &b)].map(|(base, exponent)| base.modpow(&big(to_bytes(exponent).as_bytes()), &p));
                let is = |scalar: &Scalar, number: BigUint| {
                    assert_eq!(big(to_bytes(scalar).as_bytes()), number % &q);
                };
                is(&powers.commit(&order, &a), ga.clone());
                is(&powers.combine(&order, &a, &b), ga * yb % &p);
            }
        }
    }

    #[test]
    fn numbers_are_read_and_written_big_endian() {
        let value = number::<{ U1024::LIMBS }>(&[1, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(value, U1024::from_u128(0x01_0203_0405_0607_0809));
        let mut out = [0xff; 11];
        write(&value, &mut out);
        assert_eq!(out, [0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        let mut out = [0; 3];
        write(&value, &mut out);
        assert_eq!(out, [7, 8, 9]);
    }
}
