//! Primality of the numbers in a stranger's key.
//!
//! Every number must pass the Baillie-PSW test (one strong round to base 2 and a Lucas test), for
//! which no composite is known. On top come Miller-Rabin rounds to bases hashed from the whole key,
//! so that whoever makes up a key learns its bases only afterwards.
//!
//! A composite passes one round for at most a quarter of all bases. Against 64 rounds nobody can
//! make up keys until one passes; against the few rounds that we can afford for a long p they can,
//! and only the Baillie-PSW test stands in the way. What they would gain is small: the owner of a
//! bad key hurts the owner of that key.

use crypto_bigint::{NonZero, Odd, Uint};
use crypto_primes::hazmat::MillerRabin;
use crypto_primes::{Flavor, is_prime as baillie_psw};
use sha2::{Digest, Sha256};

use super::modulus::{Numbers, number};

/// How many Miller-Rabin rounds follow the Baillie-PSW test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rounds(pub(super) u32);

impl Rounds {
    /// For q.
    pub(super) const ORDER: Self = Self(64);

    /// For p, by the width its arithmetic uses: as many as keep the whole check of the worst key
    /// near 50 ms (a round of 3072 bits costs what 27 rounds of 1024 bits do).
    pub(super) const fn modulus(width: u32) -> Self {
        match width {
            1024 => Self(64),
            1536 => Self(16),
            2048 => Self(6),
            _ => Self(1),
        }
    }
}

/// Whether `candidate` is a probable prime; the bases depend on all `numbers` of the key.
pub(super) fn is_prime<const LIMBS: usize>(candidate: &Uint<LIMBS>, numbers: &Numbers<'_>, rounds: Rounds) -> bool {
    let Some(odd) = Odd::new(*candidate).into_option() else {
        return false;
    };
    // Bases 0, 1 and -1 say nothing: draw from 2..=n-2.
    let three = Uint::from_u8(3);
    let Some(range) = NonZero::new(candidate.saturating_sub(&three)).into_option() else {
        return *candidate == three;
    };
    if !baillie_psw(Flavor::Any, candidate) {
        return false;
    }
    let test = MillerRabin::new(odd);
    let seed = seed(numbers);
    (0..rounds.0).all(|round| {
        let base = hashed::<LIMBS>(&seed, round).rem_vartime(&range);
        let base = base.wrapping_add(&Uint::from_u8(2));
        test.test(&base).is_probably_prime()
    })
}

fn seed(numbers: &Numbers<'_>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for number in [numbers.p, numbers.q, numbers.g, numbers.y] {
        hash.update(crate::mpi::length(number));
        hash.update(number);
    }
    hash.finalize().into()
}

/// As many bytes as the width holds, from SHA-256 in counter mode.
fn hashed<const LIMBS: usize>(seed: &[u8; 32], round: u32) -> Uint<LIMBS> {
    let blocks = (0..Uint::<LIMBS>::BITS.div_ceil(256)).flat_map(|block: u32| {
        let hash = Sha256::new_with_prefix(seed);
        let hash = hash.chain_update(round.to_be_bytes());
        <[u8; 32]>::from(hash.chain_update(block.to_be_bytes()).finalize())
    });
    number(&blocks.collect::<alloc::vec::Vec<u8>>())
}
