//! The Jacobi symbol, which tells the squares modulo a prime from the other numbers. Variable time.

use core::array;

use super::ELEMENT_BYTES;

/// Bits of a limb, and division steps between two looks at the whole numbers.
const BITS: u32 = 62;
const LIMBS: usize = (8 * ELEMENT_BYTES).div_ceil(62);
/// Honest values and those of random bits take about 75 rounds.
const MOST_ROUNDS: usize = 200;

/// (a / n) for an odd n, both big-endian: 1 or -1.
///
/// Nothing where they have a factor in common, or where the steps do not come to an end within their bound; no numbers
/// of the second kind are known.
///
/// The steps are those of Bernstein and Yang ("Fast constant-time gcd computation and modular inversion", 2019), with
/// sums in place of differences, so that no number becomes negative and reciprocity holds as it stands: they look at
/// the lowest bits only, so that the whole numbers change once in 62 of them.
pub(super) fn jacobi(a: &[u8; ELEMENT_BYTES], n: &[u8; ELEMENT_BYTES]) -> Option<i8> {
    let (mut f, mut g) = (limbs(n), limbs(a));
    let mut length = LIMBS;
    let mut round = Round { delta: 1, negative: 0, f: [1, 0], g: [0, 1] };
    for _ in 0..MOST_ROUNDS {
        round.run(f[0] | f[1] << BITS, g[0] | g[1] << BITS);
        round.apply(&mut f[..length], &mut g[..length]);
        if f[0] == 1 && f[1..length].iter().all(|limb| *limb == 0) {
            return Some(round.sign());
        }
        // Two limbs stay, for the bits that a round looks at.
        while length > 2 && f[length - 1] | g[length - 1] == 0 {
            length -= 1;
        }
    }
    None
}

/// Sixty-two steps, and what is carried from one round to the next.
struct Round {
    /// How many more bits of g have been taken off than of f, less those from before the last exchange of both.
    delta: i64,
    /// Whether the symbol has changed its sign: the lowest bit.
    negative: u64,
    /// 2^62 times the new f, in terms of the old f and g.
    f: [u64; 2],
    /// 2^62 times the new g.
    g: [u64; 2],
}

impl Round {
    /// Runs the steps on the lowest 64 bits of f and g; f is odd.
    fn run(&mut self, mut f: u64, mut g: u64) {
        (self.f, self.g) = ([1, 0], [0, 1]);
        let mut left = BITS;
        loop {
            // g is halved while it is even, and f doubled in terms of what it is made of.
            let zeros = g.trailing_zeros().min(left);
            g >>= zeros;
            self.f = self.f.map(|factor| factor << zeros);
            self.delta += i64::from(zeros);
            left -= zeros;
            // (2 / f) is -1 where f is 3 or 5 modulo 8.
            self.negative ^= u64::from(zeros) & (f >> 1 ^ f >> 2);
            if left == 0 {
                return;
            }
            if self.delta > 0 {
                // (g / f) (f / g) is -1 where both are 3 modulo 4.
                self.negative ^= (f & g) >> 1;
                (f, g) = (g, f);
                (self.f, self.g) = (self.g, self.f);
                self.delta = -self.delta;
            }
            // The multiple of f that makes some of the lowest bits of g zero: six, as many as an inverse is cheap for, but no
            // more than there are steps left before the two change places.
            let bits = u32::try_from(1 - self.delta).map_or(6, |steps| steps.min(left).min(6));
            let inverse = f.wrapping_mul(2_u64.wrapping_sub(f.wrapping_mul(f)));
            let multiple = g.wrapping_mul(inverse).wrapping_neg() & ((1 << bits) - 1);
            g = g.wrapping_add(f.wrapping_mul(multiple));
            for (to, from) in self.g.iter_mut().zip(self.f) {
                *to += from * multiple;
            }
        }
    }

    /// Does to the whole numbers what the steps came to.
    fn apply(&self, f: &mut [u64], g: &mut [u64]) {
        let (mut new_f, mut new_g) = (0, 0);
        for i in 0..f.len() {
            new_f += wide(self.f[0], f[i]) + wide(self.f[1], g[i]);
            new_g += wide(self.g[0], f[i]) + wide(self.g[1], g[i]);
            // The lowest limbs have become zero, and make room.
            if i > 0 {
                (f[i - 1], g[i - 1]) = (low(new_f), low(new_g));
            }
            new_f >>= BITS;
            new_g >>= BITS;
        }
        if let (Some(f), Some(g)) = (f.last_mut(), g.last_mut()) {
            (*f, *g) = (low(new_f), low(new_g));
        }
    }

    const fn sign(&self) -> i8 {
        if self.negative & 1 == 0 { 1 } else { -1 }
    }
}

fn limbs(bytes: &[u8; ELEMENT_BYTES]) -> [u64; LIMBS] {
    array::from_fn(|limb| {
        let bit = 62 * limb;
        let byte = |i: usize| ELEMENT_BYTES.checked_sub(bit / 8 + i + 1).map_or(0, |index| bytes[index]);
        let window = (0..9).rev().fold(0, |window, i| window << 8 | u128::from(byte(i)));
        low(window >> (bit % 8))
    })
}

fn wide(a: u64, b: u64) -> u128 {
    u128::from(a) * u128::from(b)
}

#[expect(clippy::as_conversions, reason = "the upper half is not wanted")]
const fn low(number: u128) -> u64 {
    number as u64 & ((1 << BITS) - 1)
}

#[cfg(test)]
mod tests {
    use crypto_bigint::{JacobiSymbol, Odd, U1536};
    use num_bigint::BigUint;

    use super::super::modulus_bytes;
    use super::*;
    use crate::testing::{big, padded, random, rng};

    fn expected(a: &[u8; ELEMENT_BYTES], n: &[u8; ELEMENT_BYTES]) -> Option<i8> {
        let n = Odd::new(U1536::from_be_slice(n)).unwrap();
        match U1536::from_be_slice(a).jacobi_symbol_vartime(&n) {
            JacobiSymbol::Zero => None,
            JacobiSymbol::One => Some(1),
            JacobiSymbol::MinusOne => Some(-1),
        }
    }

    // attack: DH-3
    #[test]
    fn every_symbol_equals_that_of_an_independent_library() {
        let mut rng = rng(71);
        let p = modulus_bytes();
        let mut counts = [0; 4];
        for i in 0..3000 {
            let mut n = if i % 3 == 0 { random(&mut rng) } else { p };
            n[191] |= 1;
            let mut a: [u8; ELEMENT_BYTES] = random(&mut rng);
            // Numbers of every length, and such as have factors in common.
            if i % 5 == 1 {
                a[..i % 192].fill(0);
            }
            if i % 7 == 0 {
                n[..100 + i % 80].fill(0);
                n[191] |= 1;
                a = padded(&(big(&n) * (i % 4 + 1) % (BigUint::from(1_u8) << 1536)));
                a[191] ^= u8::try_from(i % 2).unwrap() << 3;
            }
            let symbol = jacobi(&a, &n);
            assert_eq!(symbol, expected(&a, &n), "{i}");
            counts[symbol.map_or(0, |symbol| usize::try_from(symbol + 2).unwrap())] += 1;
        }
        assert!([0, 1, 3].iter().all(|index| counts[*index] > 100), "{counts:?}");
    }

    // attack: DH-3
    #[test]
    fn numbers_at_the_edges_have_their_symbols() {
        let p = modulus_bytes();
        for shift in 0..1536 {
            for add in 0..3_u8 {
                let value: BigUint = (BigUint::from(1_u8) << shift) + add;
                for value in [value.clone(), big(&p) - value] {
                    let a = padded(&value);
                    assert_eq!(jacobi(&a, &p), expected(&a, &p), "{value}");
                }
            }
        }
        for (a, symbol) in [(0_u8, None), (1, Some(1)), (2, Some(1))] {
            assert_eq!(jacobi(&padded(&BigUint::from(a)), &p), symbol);
        }
        assert_eq!(jacobi(&padded(&BigUint::from(5_u8)), &padded(&BigUint::from(1_u8))), Some(1));
        assert_eq!(jacobi(&p, &p), None);
    }
}
