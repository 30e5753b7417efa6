//! New keys of 1024 and 160 bits, each with numbers p, q and g of its own.

use alloc::vec;
use alloc::vec::Vec;

use crypto_bigint::modular::{FixedMontyForm, FixedMontyParams};
use crypto_bigint::{Limb, NonZero, Odd, Reciprocal, U192, U1024, Word};
use crypto_primes::{Flavor, random_prime};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::modulus::{number, write};
use super::scalar::{Order, to_bytes};
use crate::montgomery::Modulus;
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

/// A probable prime p of exactly 1024 bits with q dividing p - 1, unless this q has bad luck. The check of the whole
/// key that has to follow tests it thoroughly.
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
        let found = p.bits_vartime() == 1024 && sieve.passes(&p) && passes_fermat(&p);
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

/// Whether 2^(p-1) is 1 modulo p: of random numbers nearly none but primes.
fn passes_fermat(p: &U1024) -> bool {
    let modulus = Modulus::<9, 2>::new(p.to_be_bytes().as_ref());
    let exponent = p.wrapping_sub(&U1024::ONE).to_be_bytes();
    let two = modulus.odd_powers(&modulus.number(&[2]));
    let power = modulus.product_vartime(&[(&two, exponent.as_ref())]);
    modulus.equal(&power, &modulus.one()).into()
}

/// The odd primes below 8192, which settle seven candidates out of eight without a costly test.
///
/// They are taken in groups whose product fits a limb, so that a candidate is divided once for all of a group.
struct Sieve(Vec<(Reciprocal, Vec<Word>)>);

impl Sieve {
    fn new() -> Self {
        let mut primes: Vec<Word> = Vec::new();
        for n in (3_u16..8192).step_by(2).map(Word::from) {
            if primes.iter().take_while(|prime| *prime * *prime <= n).all(|prime| !n.is_multiple_of(*prime)) {
                primes.push(n);
            }
        }
        let mut groups: Vec<(Word, Vec<Word>)> = Vec::new();
        for prime in primes {
            match groups.last_mut().and_then(|(product, group)| Some((product.checked_mul(prime)?, product, group))) {
                Some((larger, product, group)) => {
                    *product = larger;
                    group.push(prime);
                }
                None => groups.push((prime, vec![prime])),
            }
        }
        let divisor = |product| NonZero::new(Limb(product)).into_option().map(Reciprocal::new);
        Self(groups.into_iter().filter_map(|(product, group)| Some((divisor(product)?, group))).collect())
    }

    fn passes(&self, candidate: &U1024) -> bool {
        self.0.iter().all(|(divisor, primes)| {
            let rest = candidate.rem_limb_with_reciprocal(divisor).0;
            primes.iter().all(|prime| !rest.is_multiple_of(*prime))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sieve_holds_the_odd_primes_and_settles_their_multiples() {
        let sieve = Sieve::new();
        let primes: Vec<Word> = sieve.0.iter().flat_map(|(_, group)| group.clone()).collect();
        assert_eq!(primes.len(), 1027, "1028 primes lie below 8192, 2 among them");
        assert_eq!(primes[..5], [3, 5, 7, 11, 13]);
        assert!(!sieve.passes(&U1024::from_u64(8191 * 8209)));
        assert!(!sieve.passes(&U1024::from_u64(3 * 8209)));
        assert!(sieve.passes(&U1024::from_u64(8209 * 8219)));
    }

    #[test]
    fn primes_pass_the_test_of_fermat_and_random_numbers_do_not() {
        let prime: U1024 = random_prime(&mut crate::testing::rng(25), Flavor::Any, 1024);
        assert!(passes_fermat(&prime));
        assert!(!passes_fermat(&prime.wrapping_sub(&U1024::from_u8(2))));
    }
}
