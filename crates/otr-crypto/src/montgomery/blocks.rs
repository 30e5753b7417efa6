//! The inner loops: products of blocks of limbs, written out so that no loop counter and no carry is left in them.
//!
//! A limb holds 60 bits, which leaves eight in each column of 128 bits: the products of all pairs of limbs that
//! belong to one column are added up there, and carries are passed on once, at the end. Chains of dependent carries
//! are what 64-bit limbs lose their time with, where the language cannot express two of them side by side.

/// Bits of a limb.
pub(super) const BITS: u32 = 60;
const MASK: u64 = (1 << BITS) - 1;

/// Writes `$body` once for each number below 13, as `$i`.
macro_rules! for_each_limb {
    ($i:ident, $body:block) => {
        for_each_limb!($i, $body, 0 1 2 3 4 5 6 7 8 9 10 11 12)
    };
    ($i:ident, $body:block, $($n:literal)*) => { $( { let $i: usize = $n; $body } )* };
}

/// The columns of a product, a block at a time: what belongs to column k of block n counts 2^(60 (n L + k)).
pub(super) type Columns<const L: usize> = [u128; L];

/// Adds the product of two blocks to the columns of two blocks.
#[inline(never)]
pub(super) fn add_product<const L: usize>(columns: &mut [Columns<L>; 2], a: &[u64; L], b: &[u64; L]) {
    const { assert!(L <= 13) };
    for_each_limb!(k, {
        if k < L {
            let (mut lower, mut upper) = (columns[0][k], columns[1][k]);
            for_each_limb!(i, {
                if i <= k {
                    lower += wide(a[i], b[k - i]);
                } else if i < L {
                    upper += wide(a[i], b[L + k - i]);
                }
            });
            (columns[0][k], columns[1][k]) = (lower, upper);
        }
    });
}

/// Adds the square of a block, with each pair of different limbs taken once and doubled.
#[inline(never)]
pub(super) fn add_square<const L: usize>(columns: &mut [Columns<L>; 2], a: &[u64; L]) {
    const { assert!(L <= 13) };
    let twice = doubled(a);
    for_each_limb!(k, {
        if k < L {
            let (mut lower, mut upper) = (columns[0][k], columns[1][k]);
            for_each_limb!(i, {
                if 2 * i < k {
                    lower += wide(twice[i], a[k - i]);
                } else if 2 * i == k {
                    lower += wide(a[i], a[i]);
                }
                if i > k && 2 * i < L + k {
                    upper += wide(twice[i], a[L + k - i]);
                } else if i > k && 2 * i == L + k {
                    upper += wide(a[i], a[i]);
                }
            });
            (columns[0][k], columns[1][k]) = (lower, upper);
        }
    });
}

/// One block of a Montgomery reduction: the multiple of the modulus that makes the first block of columns zero, of
/// which this adds what the lowest block of the modulus, `p`, contributes.
///
/// `inverse` is -1 / p modulo 2^60. The first block of columns is left as it was, and must not be used again.
#[inline(never)]
pub(super) fn add_multiple<const L: usize>(columns: &mut [Columns<L>; 2], p: &[u64; L], inverse: u64) -> [u64; L] {
    if inverse == 1 { multiple(columns, p, 1) } else { multiple(columns, p, inverse) }
}

/// Compiled twice, because a modulus that ends in 60 ones saves a product in each column, and the wait for it.
#[inline(always)]
fn multiple<const L: usize>(columns: &mut [Columns<L>; 2], p: &[u64; L], inverse: u64) -> [u64; L] {
    const { assert!(L <= 13) };
    let mut factor = [0; L];
    let mut carry = 0;
    for_each_limb!(k, {
        if k < L {
            let mut sum = columns[0][k] + carry;
            for_each_limb!(i, {
                if i < k {
                    sum += wide(factor[i], p[k - i]);
                }
            });
            if inverse == 1 {
                factor[k] = low(sum);
                carry = (sum >> BITS) + u128::from(factor[k]);
            } else {
                factor[k] = low(sum).wrapping_mul(inverse) & MASK;
                carry = (sum + wide(factor[k], p[0])) >> BITS;
            }
        }
    });
    columns[1][0] += carry;
    for_each_limb!(k, {
        if k < L {
            let mut sum = columns[1][k];
            for_each_limb!(i, {
                if i > k && i < L {
                    sum += wide(factor[i], p[L + k - i]);
                }
            });
            columns[1][k] = sum;
        }
    });
    factor
}

/// The limbs of a block of columns, after what was carried into it; what is left goes to the next.
#[inline(always)]
pub(super) fn settle<const L: usize>(columns: &Columns<L>, carry: &mut u128) -> [u64; L] {
    let mut limbs = [0; L];
    for (limb, column) in limbs.iter_mut().zip(columns) {
        let sum = column + *carry;
        *carry = sum >> BITS;
        *limb = low(sum);
    }
    limbs
}

/// Adds the limbs of `entry` to those of `chosen` if `mask` is all ones, and zeros if it is zero.
#[inline(always)]
pub(super) fn add_masked<const L: usize>(chosen: &mut [u64; L], entry: &[u64; L], mask: u64) {
    for_each_limb!(i, {
        if i < L {
            chosen[i] |= entry[i] & mask;
        }
    });
}

/// Twice a block of which no limb has more than 63 bits.
#[inline(always)]
pub(super) fn doubled<const L: usize>(block: &[u64; L]) -> [u64; L] {
    block.map(|limb| limb << 1)
}

#[inline(always)]
fn wide(a: u64, b: u64) -> u128 {
    u128::from(a) * u128::from(b)
}

/// The lowest 60 bits.
#[inline(always)]
#[expect(clippy::as_conversions, reason = "the upper half is not wanted")]
pub(super) const fn low(number: u128) -> u64 {
    number as u64 & MASK
}
