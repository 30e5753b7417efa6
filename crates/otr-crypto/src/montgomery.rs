//! Powers modulo an odd number: the arithmetic behind the group and behind DSA.
//!
//! Whatever takes an exponent as bytes runs in constant time; the length of the exponent is public. What is named
//! `vartime` is for public exponents only. Nothing here fails or panics; the numbers that are let in are checked by
//! those who use it.

mod blocks;
mod comb;

pub(crate) use comb::Comb;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::array;
use core::hint::black_box;

use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::{Zeroize, Zeroizing};

use blocks::{BITS, Columns, add_masked, add_multiple, add_product, add_square, doubled, low, settle};

/// A number modulo some [`Modulus`], in Montgomery form: `N` blocks of `L` limbs of 60 bits, the lowest first.
///
/// It is smaller than 2^8 times the modulus, not always than the modulus itself; every product and square is smaller
/// than twice the modulus.
#[derive(Clone, Copy)]
pub(crate) struct Number<const L: usize, const N: usize>([[u64; L]; N]);

/// An odd modulus of at most 60 L N - 24 bits, and what multiplying modulo it needs.
#[derive(Clone)]
pub(crate) struct Modulus<const L: usize, const N: usize> {
    p: Number<L, N>,
    /// -1 / p modulo 2^60.
    inverse: u64,
    /// R modulo p, where R is 2^(60 L N).
    one: Number<L, N>,
    /// R^2 modulo p.
    factor: Number<L, N>,
}

/// A base with its powers to 1, 3, 5 and so on, for exponents that are public.
pub(crate) struct OddPowers<const L: usize, const N: usize>(Box<[Number<L, N>; 1 << (WINDOW - 1)]>);

/// How many bits of an exponent are taken together.
const WINDOW: usize = 5;

impl<const L: usize, const N: usize> Number<L, N> {
    const ZERO: Self = Self([[0; L]; N]);

    fn from_bytes(bytes: &[u8]) -> Self {
        let mut number = Self::ZERO;
        // Two limbs have 15 bytes.
        for (pair, chunk) in bytes.rchunks(15).enumerate() {
            let bits = chunk.iter().fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
            for (index, limb) in [(2 * pair, low(bits)), (2 * pair + 1, low(bits >> BITS))] {
                if index < L * N {
                    number.0[index / L][index % L] = limb;
                }
            }
        }
        number
    }

    fn write(&self, out: &mut [u8]) {
        for (pair, chunk) in out.rchunks_mut(15).enumerate() {
            let limb = |index: usize| if index < L * N { u128::from(self.0[index / L][index % L]) } else { 0 };
            let bits = limb(2 * pair) | limb(2 * pair + 1) << BITS;
            for (to, from) in chunk.iter_mut().rev().zip(bits.to_le_bytes()) {
                *to = from;
            }
        }
    }

    fn doubled(&self) -> Self {
        let mut carry = 0;
        Self(self.0.map(|block| settle(&doubled(&block).map(u128::from), &mut carry)))
    }

    /// The number less `p`, unless it is smaller.
    fn reduced_once(&self, p: &Self) -> Self {
        let mut borrow = 0;
        let less = Self(array::from_fn(|n| {
            array::from_fn(|l| {
                let difference = self.0[n][l].wrapping_sub(p.0[n][l]).wrapping_sub(borrow);
                borrow = difference >> 63;
                low(u128::from(difference))
            })
        }));
        let mut result = less;
        result.assign_if(self, borrow.ct_eq(&1));
        result
    }

    fn assign_if(&mut self, other: &Self, choice: Choice) {
        for (to, from) in self.0.as_flattened_mut().iter_mut().zip(other.0.as_flattened()) {
            to.conditional_assign(from, choice);
        }
    }

    /// The entry of `table` with this index; every entry, of at most 64, is read.
    fn select(table: &[Self], index: u64) -> Zeroizing<Self> {
        // All ones for the one entry and zero for the others, which the optimiser is kept from knowing.
        let masks = Zeroizing::new(array::from_fn(|at| ((index ^ wide(at)).wrapping_sub(1) >> 63).wrapping_neg()));
        let masks: &[u64; 64] = black_box(&masks);
        let mut chosen = Zeroizing::new(Self::ZERO);
        for (n, block) in chosen.0.iter_mut().enumerate() {
            let mut sum = [0; L];
            for (entry, mask) in table.iter().zip(masks) {
                add_masked(&mut sum, &entry.0[n], *mask);
            }
            *block = sum;
        }
        chosen
    }
}

impl<const L: usize, const N: usize> Zeroize for Number<L, N> {
    fn zeroize(&mut self) {
        self.0.as_flattened_mut().zeroize();
    }
}

impl<const L: usize, const N: usize> Modulus<L, N> {
    /// The modulus with these bytes, big-endian: odd, above 2^64, and of at most 60 L N - 24 bits. Variable time.
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let p = Number::from_bytes(bytes);
        let lowest = p.0[0][0];
        // Each step doubles the number of bits that are right, of which an odd number starts with three.
        let inverse = (0..5).fold(lowest, |x, _| x.wrapping_mul(2_u64.wrapping_sub(lowest.wrapping_mul(x))));
        let inverse = low(u128::from(inverse.wrapping_neg()));

        let mut one = Number::ZERO;
        one.0[0][0] = 1;
        for _ in 0..bits::<L, N>() {
            one = one.doubled().reduced_once(&p);
        }
        let mut modulus = Self { p, inverse, one, factor: one };
        // In Montgomery form R is R^2: from 1, by squaring and doubling along the bits of its exponent.
        let exponent = bits::<L, N>();
        for bit in (0..usize::BITS - exponent.leading_zeros()).rev() {
            modulus.factor = modulus.square(&modulus.factor);
            if exponent >> bit & 1 == 1 {
                modulus.factor = modulus.factor.doubled().reduced_once(&p);
            }
        }
        modulus
    }

    /// 1.
    pub(crate) fn one(&self) -> Number<L, N> {
        self.one
    }

    /// A number below 2^8 times the modulus, big-endian.
    pub(crate) fn number(&self, bytes: &[u8]) -> Number<L, N> {
        self.multiply(&Number::from_bytes(bytes), &self.factor)
    }

    /// Writes the number, below the modulus, big-endian and right-aligned.
    pub(crate) fn write(&self, number: &Number<L, N>, out: &mut [u8]) {
        let mut one = Number::ZERO;
        one.0[0][0] = 1;
        let plain = Zeroizing::new(self.multiply(number, &one));
        Zeroizing::new(plain.reduced_once(&self.p)).write(out);
    }

    /// Whether both are the same number. Constant time.
    pub(crate) fn equal(&self, a: &Number<L, N>, b: &Number<L, N>) -> Choice {
        // A product is below 2 p, and so below p after one subtraction.
        let [a, b] = [a, b].map(|x| Zeroizing::new(self.multiply(x, &self.one).reduced_once(&self.p)));
        a.0.as_flattened().ct_eq(b.0.as_flattened())
    }

    /// a b.
    pub(crate) fn multiply(&self, a: &Number<L, N>, b: &Number<L, N>) -> Number<L, N> {
        let mut columns = [[[0; L]; N]; 2];
        for (n, block) in a.0.iter().enumerate() {
            for (m, other) in b.0.iter().enumerate() {
                at(&mut columns, n + m, |pair| add_product(pair, block, other));
            }
        }
        self.reduce(&mut columns)
    }

    /// a^2.
    pub(crate) fn square(&self, a: &Number<L, N>) -> Number<L, N> {
        let mut columns = [[[0; L]; N]; 2];
        for (n, block) in a.0.iter().enumerate() {
            at(&mut columns, 2 * n, |pair| add_square(pair, block));
            let twice = doubled(block);
            for (m, other) in a.0.iter().enumerate().skip(n + 1) {
                at(&mut columns, n + m, |pair| add_product(pair, &twice, other));
            }
        }
        self.reduce(&mut columns)
    }

    /// The columns divided by R, modulo p.
    fn reduce(&self, columns: &mut [[Columns<L>; N]; 2]) -> Number<L, N> {
        for n in 0..N {
            let mut factor = [0; L];
            at(columns, n, |pair| factor = add_multiple(pair, &self.p.0[0], self.inverse));
            for (m, block) in self.p.0.iter().enumerate().skip(1) {
                at(columns, n + m, |pair| add_product(pair, &factor, block));
            }
        }
        let mut carry = 0;
        let mut number = Number::ZERO;
        for (limbs, block) in number.0.iter_mut().zip(&columns[1]) {
            *limbs = settle(block, &mut carry);
        }
        number
    }

    /// `base` to the secret `exponent`, big-endian, of which every bit takes the same time.
    pub(crate) fn power(&self, base: &Number<L, N>, exponent: &[u8]) -> Zeroizing<Number<L, N>> {
        let mut table = Zeroizing::new([self.one; 1 << WINDOW]);
        for i in 1..table.len() {
            table[i] = if i % 2 == 0 { self.square(&table[i / 2]) } else { self.multiply(&table[i - 1], base) };
        }
        let windows = (exponent.len() * 8).div_ceil(WINDOW);
        let mut power = Zeroizing::new(self.one);
        for window in (0..windows).rev() {
            if window + 1 < windows {
                for _ in 0..WINDOW {
                    *power = self.square(&power);
                }
            }
            let digit = (0..WINDOW).rev().fold(0, |digit, i| digit << 1 | bit(exponent, window * WINDOW + i));
            *power = self.multiply(&power, &Number::select(&*table, digit));
        }
        power
    }

    /// The product of all powers in `factors`, exponents big-endian, with squarings that all share. Variable time.
    pub(crate) fn product_vartime(&self, factors: &[(&OddPowers<L, N>, &[u8])]) -> Number<L, N> {
        let factors: Vec<_> = factors.iter().map(|(base, exponent)| (&base.0, digits(exponent))).collect();
        let lengths = factors.iter().map(|(_, digits)| digits.len());
        let mut product = self.one;
        for at in (0..lengths.max().unwrap_or(0)).rev() {
            product = self.square(&product);
            for (powers, digits) in &factors {
                let digit = digits.get(at).copied().unwrap_or(0);
                if digit > 0 {
                    product = self.multiply(&product, &powers[digit / 2]);
                }
            }
        }
        product
    }

    /// Makes a base ready for exponents that are public.
    pub(crate) fn odd_powers(&self, base: &Number<L, N>) -> OddPowers<L, N> {
        let square = self.square(base);
        let mut powers = Box::new([*base; 1 << (WINDOW - 1)]);
        for i in 1..powers.len() {
            powers[i] = self.multiply(&powers[i - 1], &square);
        }
        OddPowers(powers)
    }
}

impl<const L: usize, const N: usize> OddPowers<L, N> {
    pub(crate) fn base(&self) -> &Number<L, N> {
        &self.0[0]
    }
}

/// The bits of R.
const fn bits<const L: usize, const N: usize>() -> usize {
    60 * L * N
}

#[expect(clippy::as_conversions, reason = "a place in a table of at most 64")]
const fn wide(index: usize) -> u64 {
    index as u64
}

/// Does something to two blocks of columns in a row. There are 2 N, and no product of two blocks begins in the last.
#[inline(always)]
fn at<const L: usize, const N: usize>(
    columns: &mut [[Columns<L>; N]; 2],
    first: usize,
    change: impl FnOnce(&mut [Columns<L>; 2]),
) {
    if let Some(pair) = columns.as_flattened_mut()[first..].first_chunk_mut() {
        change(pair);
    }
}

/// A bit of a big-endian number: 0 or 1, and 0 above its end.
fn bit(number: &[u8], at: usize) -> u64 {
    let byte = number.len().checked_sub(at / 8 + 1).map_or(0, |index| number[index]);
    u64::from(byte >> (at % 8) & 1)
}

/// The exponent as a sum of odd digits below 2^5, each times 2 to its place, with zeros between: one in six places has
/// a digit. Variable time.
fn digits(exponent: &[u8]) -> Vec<usize> {
    let bits = exponent.len() * 8;
    let mut digits = alloc::vec![0; bits];
    let mut at = 0;
    while at < bits {
        if bit(exponent, at) == 0 {
            at += 1;
            continue;
        }
        digits[at] = (0..WINDOW).rev().fold(0, |digit, i| digit << 1 | usize::from(bit(exponent, at + i) == 1));
        at += WINDOW;
    }
    digits
}

#[cfg(test)]
mod tests;
