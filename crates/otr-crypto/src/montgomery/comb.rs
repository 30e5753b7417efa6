//! Powers of a base that comes back, from a table.

use alloc::boxed::Box;
use alloc::vec::Vec;

use zeroize::{Zeroize, Zeroizing};

use super::{Modulus, Number, bit};

/// The products of powers of one base that a comb of `TEETH` teeth picks out of an exponent (Lim and Lee, "More
/// flexible exponentiation with precomputation", 1994).
///
/// The teeth stand `spacing` bits apart. Each of the `parts` of the comb begins `step` bits above the one before, and
/// has a table of its own, so that one squaring serves all of them.
pub(crate) struct Comb<const L: usize, const N: usize, const TEETH: usize> {
    /// For each part the product of each set of teeth: entry 0b00101 is that of the first and the third.
    tables: Box<[Number<L, N>]>,
    parts: usize,
    step: usize,
}

impl<const L: usize, const N: usize, const TEETH: usize> Comb<L, N, TEETH> {
    const PATTERNS: usize = 1 << TEETH;

    /// For exponents of at most `bits` bits. More `parts` make powers cheaper by squarings, and the table larger.
    pub(crate) fn new(modulus: &Modulus<L, N>, base: &Number<L, N>, bits: usize, parts: usize) -> Self {
        let step = bits.div_ceil(TEETH * parts);
        let mut tables = Vec::with_capacity(parts << TEETH);
        tables.resize(parts << TEETH, modulus.one());
        let mut power = *base;
        for tooth in 0..TEETH {
            for part in 0..parts {
                let table = &mut tables[part << TEETH..][..2 << tooth];
                let (known, new) = table.split_at_mut(1 << tooth);
                for (new, old) in new.iter_mut().zip(known) {
                    *new = modulus.multiply(old, &power);
                }
                let is_last = tooth + 1 == TEETH && part + 1 == parts;
                for _ in 0..if is_last { 0 } else { step } {
                    power = modulus.square(&power);
                }
            }
        }
        Self { tables: tables.into_boxed_slice(), parts, step }
    }

    /// The base to the secret `exponent`, big-endian, of no more bits than it was made for. Constant time.
    pub(crate) fn power(&self, modulus: &Modulus<L, N>, exponent: &[u8]) -> Zeroizing<Number<L, N>> {
        self.run(modulus, exponent, Number::select)
    }

    /// The base to such an `exponent`. What is read from the table depends on it.
    pub(crate) fn power_vartime(&self, modulus: &Modulus<L, N>, exponent: &[u8]) -> Number<L, N> {
        let entry = |table: &[Number<L, N>], at| usize::try_from(at).map_or(Number::ZERO, |at| table[at]);
        *self.run(modulus, exponent, |table, at| Zeroizing::new(entry(table, at)))
    }

    fn run(
        &self,
        modulus: &Modulus<L, N>,
        exponent: &[u8],
        select: impl Fn(&[Number<L, N>], u64) -> Zeroizing<Number<L, N>>,
    ) -> Zeroizing<Number<L, N>> {
        let mut power = Zeroizing::new(modulus.one());
        for column in (0..self.step).rev() {
            if column + 1 < self.step {
                *power = modulus.square(&power);
            }
            for (part, table) in self.tables.chunks(Self::PATTERNS).enumerate() {
                let at = |tooth| (tooth * self.parts + part) * self.step + column;
                let pattern = (0..TEETH).rev().fold(0, |pattern, tooth| pattern << 1 | bit(exponent, at(tooth)));
                *power = modulus.multiply(&power, &select(table, pattern));
            }
        }
        power
    }
}

impl<const L: usize, const N: usize, const TEETH: usize> Zeroize for Comb<L, N, TEETH> {
    fn zeroize(&mut self) {
        self.tables.zeroize();
    }
}
