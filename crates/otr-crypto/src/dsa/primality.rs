//! Primality of the numbers in a stranger's key.
//!
//! Every number must pass the Baillie-PSW test (a Miller-Rabin round to base 2 and a strong Lucas
//! test), for which no composite is known. On top come Miller-Rabin rounds to bases hashed from the
//! whole key, so that whoever makes up a key learns its bases only afterwards.
//!
//! A composite passes one round for at most a quarter of all bases. Against 64 rounds nobody can
//! make up keys until one passes. Against the few that a longer p leaves time for somebody could,
//! and above 2048 bits there is no time for any: there the Baillie-PSW test stands alone. What it
//! guards is small: a bad key hurts its owner.

use crypto_bigint::{NonZero, Odd, Uint};
use crypto_primes::hazmat::{LucasCheck, MillerRabin, SelfridgeBase, lucas_test};
use sha2::{Digest, Sha256};

use super::modulus::{Numbers, number};

/// How many Miller-Rabin rounds follow the Baillie-PSW test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rounds(pub(super) u32);

/// Who made a key up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Maker {
    /// Somebody who may want a composite to pass.
    Anybody,
    /// We did, a moment ago and at random: a composite passes by accident only, and the rounds are those of
    /// FIPS 186-4, table C.1.
    Ourselves,
}

impl Rounds {
    /// For q.
    pub(super) const fn order(maker: Maker) -> Self {
        match maker {
            Maker::Anybody => Self(64),
            Maker::Ourselves => Self(19),
        }
    }

    /// For p, by the width its arithmetic uses: as many as keep the whole check of any key near
    /// 50 ms. Measured in milliseconds for widths of 1024, 1536, 2048 and 3072 bits: one round
    /// takes 0.44, 1.4, 3.2 and 11, the Lucas test 1.5, 4.7, 11 and 36.
    pub(super) const fn modulus(maker: Maker, width: u32) -> Self {
        match (maker, width) {
            (Maker::Ourselves, _) => Self(3),
            (Maker::Anybody, 1024) => Self(64),
            (Maker::Anybody, 1536) => Self(24),
            (Maker::Anybody, 2048) => Self(8),
            (Maker::Anybody, _) => Self(0),
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
    let test = MillerRabin::new(odd);
    if test.test_base_two().is_composite() || lucas_test(odd, SelfridgeBase, LucasCheck::Strong).is_composite() {
        return false;
    }
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

#[cfg(test)]
mod tests {
    use crypto_bigint::{U192, U1024, U1536};

    use super::*;
    use crate::testing::{KEYS, LIBGCRYPT, key};

    const NUMBERS: Numbers<'_> = Numbers { p: &[1], q: &[2], g: &[3], y: &[4] };

    /// A product of three primes that passes Miller-Rabin for every prime base below 307
    /// (F. Arnault, "Constructing Carmichael numbers which are strong pseudoprimes to several
    /// bases", 1995).
    const ARNAULT: &str = "204b212272807927b357671aefdd4b4b7a0f12749625cd71b549d6b8b9895e97\
         fcf9fadcaf26c618da83c9ec7f6b39020661ba422e6c820ac14d3b8329d6c71d\
         16a1953afd60a0aa4c63019f9c29c08d05b0c4fcd041febeaa5b0e8475e6e96c\
         c49478ef6e9ae877b4d3be8107bd3c64b35ebc7f2bd719c6417207aaec215181\
         2719b5b5bae64562bcd2ed44177a2ac314a44f344df4a12e0d4fb8ff99c4099b\
         fc77924b2b";

    fn arnault() -> U1536 {
        number(&hex::decode(ARNAULT).unwrap())
    }

    // attack: DSA-4
    #[test]
    fn a_number_made_to_fool_fixed_bases_is_found_out() {
        let test = MillerRabin::new(Odd::new(arnault()).unwrap());
        assert!(test.test_base_two().is_probably_prime(), "it does fool them");
        assert!(test.test(&U1536::from_u8(251)).is_probably_prime());
        // By the Lucas test alone, and by hashed bases alone.
        assert!(!is_prime(&arnault(), &NUMBERS, Rounds(0)));
        let seed = seed(&NUMBERS);
        let passes = |round| test.test(&hashed(&seed, round)).is_probably_prime();
        assert!(!(0..24).all(passes));
    }

    // attack: DSA-4
    #[test]
    fn primes_pass_and_their_products_do_not() {
        let small = |n: u32| is_prime(&U192::from_u32(n), &NUMBERS, Rounds(8));
        for n in 0..3000_u32 {
            let divisible = (2..n).take_while(|d| d * d <= n).any(|d| n.is_multiple_of(d));
            assert_eq!(small(n), n > 2 && !divisible, "{n}");
        }
        let good = key(LIBGCRYPT, "plain");
        let p: U1024 = number(&good.bytes("p"));
        let q: U192 = number(&good.bytes("q"));
        assert!(is_prime(&p, &NUMBERS, Rounds::modulus(Maker::Anybody, 1024)));
        assert!(is_prime(&q, &NUMBERS, Rounds::order(Maker::Anybody)));
        let p: U1024 = number(&key(KEYS, "composite-modulus").bytes("p"));
        let q: U192 = number(&key(KEYS, "composite-order").bytes("q"));
        assert!(!is_prime(&p, &NUMBERS, Rounds(0)));
        assert!(!is_prime(&q, &NUMBERS, Rounds(0)));
    }

    /// Whoever changes any number of a key gets other bases.
    // attack: DSA-4
    #[test]
    fn bases_depend_on_the_whole_key() {
        let base = |numbers: &Numbers<'_>, round| hashed::<{ U1024::LIMBS }>(&seed(numbers), round);
        let first = base(&NUMBERS, 0);
        assert!(first.bits_vartime() > 1000);
        assert_ne!(first, base(&NUMBERS, 1));
        assert_ne!(first, base(&Numbers { p: &[9], ..NUMBERS }, 0));
        assert_ne!(first, base(&Numbers { q: &[9], ..NUMBERS }, 0));
        assert_ne!(first, base(&Numbers { g: &[9], ..NUMBERS }, 0));
        assert_ne!(first, base(&Numbers { y: &[9], ..NUMBERS }, 0));
    }

    /// A bound on work instead of time: rounds of 1024 bits, of which about 110 fit in 50 ms. The
    /// test to base 2 is one round and the Lucas test at most four.
    // attack: DSA-4
    #[test]
    fn the_work_for_the_longest_key_is_bounded() {
        for (width, cost) in [(1024, 10), (1536, 33), (2048, 75), (3072, 250)] {
            let rounds = Rounds::modulus(Maker::Anybody, width).0 + 1 + 4;
            assert!(rounds * cost <= 1300, "{width}");
        }
        assert_eq!(Rounds::order(Maker::Anybody), Rounds(64));
    }
}
