//! Every function against an independent library, on numbers at the edges and at random ones.
//!
//! `OTR_TEST_NUMBERS` sets how many inputs each function gets in all; `cargo test` has time for fewer.

extern crate std;

use alloc::vec;
use alloc::vec::Vec;

use chacha20::ChaCha20Rng;
use num_bigint::BigUint;
use rand_core::Rng;

use super::*;
use crate::testing::{KEYS, LIBGCRYPT, big, entries, key, rng};

/// How many moduli share them.
const MODULI: usize = 10;
const INPUTS: usize = 80_000;
const POWERS: usize = 1_500;

fn inputs() -> usize {
    std::env::var("OTR_TEST_NUMBERS").map_or(INPUTS, |number| number.parse().unwrap()) / MODULI
}

fn powers() -> usize {
    std::env::var("OTR_TEST_NUMBERS").map_or(POWERS, |number| number.parse().unwrap()) / MODULI
}

fn power_of_two(exponent: usize) -> BigUint {
    BigUint::from(1_u8) << exponent
}

/// A modulus with numbers to try it on.
struct Tried<const L: usize, const N: usize> {
    p: BigUint,
    modulus: Modulus<L, N>,
    edges: Vec<BigUint>,
    rng: ChaCha20Rng,
}

impl<const L: usize, const N: usize> Tried<L, N> {
    fn new(p: &BigUint) -> Self {
        let mut edges: Vec<_> = [0_u8, 1, 2, 3].map(BigUint::from).to_vec();
        edges.extend([1_u8, 2, 3].map(|less| p - less));
        edges.extend([p.clone(), p + 1_u8, p * 2_u8 - 1_u8, p * 2_u8, (p << 8) - 1_u8]);
        for limb in 0..L * N {
            // All ones in one limb, in all up to it, in all from it on; a carry out of it, and one short of that.
            let ones = BigUint::from(u64::MAX >> 4) << (60 * limb);
            let below = power_of_two(60 * limb) - 1_u8;
            edges.extend([ones, below.clone(), below ^ ((p << 8) - 1_u8)]);
            edges.extend([power_of_two(60 * limb), power_of_two(60 * limb + 59)]);
        }
        edges.retain(|edge| *edge < p << 8_u8);
        Self { p: p.clone(), modulus: Modulus::new(&p.to_bytes_be()), edges, rng: rng(61) }
    }

    fn index(&mut self, below: usize) -> usize {
        usize::try_from(self.rng.next_u32()).unwrap() % below
    }

    /// A number below 2^8 p: at an edge, or at random, or with runs of ones and zeros.
    fn draw(&mut self) -> BigUint {
        let limit = &self.p << 8_u8;
        let mut bytes = vec![0; self.p.to_bytes_be().len() + 1];
        match self.index(4) {
            0 => {
                let index = self.index(self.edges.len());
                self.edges[index].clone()
            }
            1 => {
                self.rng.fill_bytes(&mut bytes);
                let mut number = big(&bytes);
                for _ in 0..3 {
                    let (from, length) = (self.index(3000), self.index(200));
                    number |= (power_of_two(length) - 1_u8) << from;
                }
                number % limit
            }
            2 => {
                self.rng.fill_bytes(&mut bytes);
                big(&bytes) % &self.p
            }
            _ => {
                self.rng.fill_bytes(&mut bytes);
                big(&bytes) % limit
            }
        }
    }

    /// Two edges, in one of seven inputs; whatever [`Self::draw`] gives, in the others.
    fn pair(&mut self, i: usize) -> (BigUint, BigUint) {
        let edges = self.edges.len();
        match i % 7 {
            0 => (self.edges[i / 7 % edges].clone(), self.edges[i / 7 / edges % edges].clone()),
            _ => (self.draw(), self.draw()),
        }
    }

    /// Montgomery's factor.
    fn r(&self) -> BigUint {
        power_of_two(60 * L * N)
    }

    fn is_product(&self, product: &Number<L, N>, a: &BigUint, b: &BigUint) {
        let found = value(product);
        assert!(found < &self.p * 2_u8, "{a} {b}");
        assert_eq!(found * self.r() % &self.p, a * b % &self.p, "{a} {b}");
    }

    fn number(&self, value: &BigUint) -> Number<L, N> {
        self.modulus.number(&value.to_bytes_be())
    }

    fn plain(&self, number: &Number<L, N>) -> BigUint {
        let mut bytes = vec![0xa5; self.p.to_bytes_be().len() + 3];
        self.modulus.write(number, &mut bytes);
        big(&bytes)
    }

    fn products_and_squares(&mut self) {
        for i in 0..inputs() {
            let (a, b) = self.pair(i);
            let (x, y) = (raw(&a), raw(&b));
            self.is_product(&self.modulus.multiply(&x, &y), &a, &b);
            self.is_product(&self.modulus.square(&x), &a, &a);
        }
    }

    fn the_rest(&mut self) {
        for i in 0..inputs() {
            let (a, b) = self.pair(i);
            let (x, y) = (raw(&a), raw(&b));
            assert_eq!(bool::from(self.modulus.equal(&x, &y)), &a % &self.p == &b % &self.p, "{a} {b}");
            assert!(bool::from(self.modulus.equal(&x, &raw(&(&a % &self.p)))), "{a}");
            let reduced = if a < self.p { a.clone() } else { &a - &self.p };
            assert_eq!(value(&x.reduced_once(&raw(&self.p))), reduced, "{a}");
            if a < &self.p << 7_u8 {
                assert_eq!(value(&x.doubled()), &a * 2_u8, "{a}");
            }
            let number = self.number(&a);
            assert!(value(&number) < &self.p * 2_u8, "{a}");
            assert_eq!(value(&number) % &self.p, &a * self.r() % &self.p, "{a}");
            assert_eq!(self.plain(&number), &a % &self.p, "{a}");
            // Every length that one has to be read from.
            let mut bytes = a.to_bytes_be();
            bytes.splice(..0, [0; 9]);
            assert_eq!(value(&Number::<L, N>::from_bytes(&bytes)), a);
            let mut out = vec![0x5a; bytes.len()];
            raw::<L, N>(&a).write(&mut out);
            assert_eq!(out, bytes);
        }
    }

    fn draw_exponent(&mut self, bytes: usize, i: usize) -> Vec<u8> {
        let mut exponent = vec![0; bytes];
        match i {
            0 => {}
            1 => exponent.fill(0xff),
            2 => exponent[bytes - 1] = 1,
            3 => exponent[0] = 0x80,
            _ if i.is_multiple_of(4) => {
                let at = i / 4 % (bytes * 8);
                exponent[at / 8] = 1 << (at % 8);
            }
            _ => self.rng.fill_bytes(&mut exponent),
        }
        exponent
    }

    fn powers(&mut self, bytes: usize) {
        let count = powers() / bytes.div_ceil(40);
        let comb_base = self.draw() % &self.p;
        let five = Comb::<L, N, 5>::new(&self.modulus, &self.number(&comb_base), bytes * 8, 4);
        let six = Comb::<L, N, 6>::new(&self.modulus, &self.number(&comb_base), bytes * 8, 3);
        for i in 0..count {
            let base = if i == 3 { BigUint::ZERO } else { self.draw() };
            let exponent = self.draw_exponent(bytes, i);
            let number = self.number(&base);
            let odd = self.modulus.odd_powers(&number);
            let expected = base.modpow(&big(&exponent), &self.p);
            assert_eq!(self.plain(&self.modulus.power(&number, &exponent)), expected);
            assert_eq!(self.plain(&self.modulus.product_vartime(&[(&odd, &exponent)])), expected);
            let fixed = comb_base.modpow(&big(&exponent), &self.p);
            assert_eq!(self.plain(&five.power(&self.modulus, &exponent)), fixed);
            assert_eq!(self.plain(&six.power(&self.modulus, &exponent)), fixed);
            assert_eq!(self.plain(&six.power_vartime(&self.modulus, &exponent)), fixed);
            let short = self.draw_exponent(bytes.div_ceil(3), i / 2);
            let other = self.modulus.odd_powers(&self.number(&comb_base));
            let product = self.modulus.product_vartime(&[(&odd, &exponent), (&other, &short)]);
            let second = comb_base.modpow(&big(&short), &self.p);
            assert_eq!(self.plain(&product), expected * second % &self.p);
        }
        assert_eq!(self.plain(&self.modulus.product_vartime(&[])), BigUint::from(1_u8));
    }

    fn everything(p: &BigUint, exponents: &[usize]) {
        let mut tried = Self::new(p);
        tried.products_and_squares();
        tried.the_rest();
        for bytes in exponents {
            tried.powers(*bytes);
        }
    }
}

/// The limbs themselves, which no function has touched.
fn raw<const L: usize, const N: usize>(value: &BigUint) -> Number<L, N> {
    let limb = |at: usize| (value >> (60 * at)) & BigUint::from(u64::MAX >> 4);
    Number(array::from_fn(|n| array::from_fn(|l| u64::try_from(limb(n * L + l)).unwrap())))
}

fn value<const L: usize, const N: usize>(number: &Number<L, N>) -> BigUint {
    let limbs = number.0.as_flattened().iter().rev();
    limbs.fold(BigUint::ZERO, |value, limb| {
        assert!(*limb < 1 << 60, "a limb that is not settled");
        (value << 60) + *limb
    })
}

fn modulus_of(name: &str) -> BigUint {
    big(&entries(KEYS, "key").into_iter().find(|entry| entry.name == name).unwrap().bytes("p"))
}

// attack: DH-6
#[test]
fn the_group_equals_an_independent_library() {
    let p = big(&crate::group::modulus_bytes());
    Tried::<13, 2>::everything(&p, &[1, 32, 40, 192]);
}

// attack: DSA-5
#[test]
fn moduli_of_1024_bits_equal_an_independent_library() {
    let p = big(&key(LIBGCRYPT, "plain").bytes("p"));
    Tried::<9, 2>::everything(&p, &[20]);
    Tried::<9, 2>::everything(&(power_of_two(1024) - 1_u8), &[20]);
    Tried::<9, 2>::everything(&(power_of_two(1023) + 1_u8), &[20]);
}

// attack: DSA-5
#[test]
fn longer_moduli_equal_an_independent_library() {
    Tried::<13, 2>::everything(&(power_of_two(1024) + 1_u8), &[20]);
    Tried::<13, 2>::everything(&(power_of_two(1536) - 1_u8), &[20]);
    Tried::<13, 3>::everything(&(power_of_two(1536) + 1_u8), &[20]);
    Tried::<13, 3>::everything(&(power_of_two(2048) - 1_u8), &[20]);
    Tried::<13, 4>::everything(&(power_of_two(2048) + 1_u8), &[20]);
    Tried::<13, 4>::everything(&(power_of_two(3072) - 1_u8), &[20]);
    Tried::<13, 4>::everything(&modulus_of("legal-3072"), &[20]);
}

/// What takes a secret exponent names no call that runs in variable time, and chooses nothing by a bit of it.
// attack: DH-6, SMP-20, DSA-5
#[test]
fn no_power_of_a_secret_runs_in_variable_time() {
    let source = include_str!("../montgomery.rs");
    let (_, power) = source.split_once("pub(crate) fn power(").unwrap();
    let (power, _) = power.split_once("/// The product of all powers").unwrap();
    let (_, comb) = include_str!("comb.rs").split_once("pub(crate) fn power(").unwrap();
    let (comb, _) = comb.split_once("    /// The base to such an `exponent`").unwrap();
    for code in [power, comb] {
        assert!(code.contains("Number::select") && !code.contains("vartime"));
    }
}
