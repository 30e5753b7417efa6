//! New keys of 1024 and 160 bits, each with numbers p, q and g of its own.

use alloc::vec;
use alloc::vec::Vec;

use crypto_bigint::modular::{FixedMontyForm, FixedMontyParams};
use crypto_bigint::{Limb, NonZero, Odd, U192, U1024, Word};
use crypto_primes::{Flavor, is_prime, random_prime};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::modulus::{number, write};
use super::scalar::{Order, to_bytes};
use crate::mpi;
use crate::secret::Secret;

/// A new key: its public numbers in their shortest form, and x in 20 bytes.
pub(crate) struct Generated {
    pub(crate) p: Vec<u8>,
    pub(crate) q: Vec<u8>,
    pub(crate) g: Vec<u8>,
    pub(crate) y: Vec<u8>,
    pub(crate) x: Secret<20>,
}

type Field = FixedMontyForm<{ U1024::LIMBS }>;

/// Draws q, then p = 1 (mod q), then g of order q, then x, in the manner of FIPS 186.
pub(crate) fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Generated {
    loop {
        let q: U192 = random_prime(rng, Flavor::Any, 160);
        let Some(order) = Order::new(to_bytes(&q).as_bytes()) else {
            continue;
        };
        let Some(p) = modulus(rng, &q) else {
            continue;
        };
        let Some((params, g)) = generator(&p, &q) else {
            continue;
        };
        let x = order.random(rng);
        let wide = Zeroizing::new(x.resize());
        let y = Field::new(&g, &params).pow_amm_bounded_exp(&wide, 160);
        return Generated {
            p: shortest(&p),
            q: to_bytes(&q).as_bytes().to_vec(),
            g: shortest(&g),
            y: shortest(&y.retrieve()),
            x: to_bytes(&x),
        };
    }
}

/// A prime p of exactly 1024 bits with q dividing p - 1, unless this q has bad luck.
fn modulus(rng: &mut (impl CryptoRng + ?Sized), q: &U192) -> Option<U1024> {
    // As many attempts as FIPS 186 gives one q: a prime is expected after about 355.
    const ATTEMPTS: usize = 4096;
    let double = NonZero::new(q.wrapping_shl_vartime(1)).into_option()?;
    let top = U1024::ONE.wrapping_shl_vartime(1023);
    let sieve = Sieve::new();
    let mut bytes = [0; U1024::BYTES];
    (0..ATTEMPTS).find_map(|_| {
        rng.fill_bytes(&mut bytes);
        let x = number::<{ U1024::LIMBS }>(&bytes) | top;
        let excess: U192 = x.rem_vartime(&double);
        let p = x.wrapping_sub(&excess.resize()).wrapping_add(&U1024::ONE);
        let found = p.bits_vartime() == 1024 && sieve.passes(&p) && is_prime(Flavor::Any, &p);
        found.then_some(p)
    })
}

/// h^((p-1)/q) for the smallest h that gives something other than 1: an element of order q.
fn generator(p: &U1024, q: &U192) -> Option<(FixedMontyParams<{ U1024::LIMBS }>, U1024)> {
    let params = FixedMontyParams::new_vartime(Odd::new(*p).into_option()?);
    let q = NonZero::new(q.resize::<{ U1024::LIMBS }>()).into_option()?;
    let (cofactor, _) = p.wrapping_sub(&U1024::ONE).div_rem_vartime(&q);
    (2..=u8::MAX).find_map(|h| {
        let g = Field::new(&U1024::from_u8(h), &params).pow_vartime(&cofactor);
        let g = g.retrieve();
        (g > U1024::ONE).then_some((params, g))
    })
}

fn shortest(value: &U1024) -> Vec<u8> {
    let mut bytes = vec![0; U1024::BYTES];
    write(value, &mut bytes);
    mpi::trim(&bytes).to_vec()
}

/// The odd primes below 2048, which settle six candidates out of seven without a costly test.
struct Sieve(Vec<NonZero<Limb>>);

impl Sieve {
    fn new() -> Self {
        let mut primes: Vec<Word> = Vec::new();
        for n in (3_u16..2048).step_by(2).map(Word::from) {
            if primes.iter().all(|prime| !n.is_multiple_of(*prime)) {
                primes.push(n);
            }
        }
        let limbs = primes.into_iter().map(|prime| NonZero::new(Limb(prime)));
        Self(limbs.filter_map(|limb| limb.into_option()).collect())
    }

    fn passes(&self, candidate: &U1024) -> bool {
        self.0.iter().all(|prime| candidate.rem_limb(*prime) != Limb::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sieve_holds_the_odd_primes_and_settles_their_multiples() {
        let sieve = Sieve::new();
        assert_eq!(sieve.0.len(), 308, "309 primes lie below 2048, 2 among them");
        let first: Vec<Word> = sieve.0.iter().take(5).map(|limb| limb.as_ref().0).collect();
        assert_eq!(first, [3, 5, 7, 11, 13]);
        assert!(!sieve.passes(&U1024::from_u32(2039 * 2053)));
        assert!(sieve.passes(&U1024::from_u32(2053 * 2063)));
    }
}
