//! The same group for zero-knowledge proofs: exponents as long as the modulus, arithmetic modulo q.

use alloc::vec::Vec;

use crypto_bigint::modular::{ConstMontyForm, ConstMontyParams};
use crypto_bigint::{CtEq, U1536, const_monty_params};
use rand_core::CryptoRng;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::{ELEMENT_BYTES, Element, P, check, encode, field, long_powers};
use crate::montgomery::Comb;
use crate::secret::{Secret, opaque_debug};
use crate::told::told;
use crate::{Challenge, ComparedSecret, Error, Group, mpi};

const_monty_params!(
    Order,
    U1536,
    "7fffffffffffffffe487ed5110b4611a62633145c06e0e68948127044533e63a\
     0105df531d89cd9128a5043cc71a026ef7ca8cd9e69d218d98158536f92f8a1b\
     a7f09ab6b6a8e122f242dabb312f3f637a262174d31bf6b585ffae5b7a035bf6\
     f71c35fdad44cfd2d74f9208be258ff324943328f6722d9ee1003e5c50b1df82\
     cc6d241b0e2ae9cd348b1fd47e9267afc1b2ae91ee51d6cb0e3179ab1042a95d\
     cf6a9483b84b4b36b3861aa7255e4c0278ba36046511b993ffffffffffffffff"
);

type Residue = ConstMontyForm<Order, { U1536::LIMBS }>;

const Q: &U1536 = Order::PARAMS.modulus().as_ref();
/// Bytes of a compared secret.
const SECRET_BYTES: usize = 32;

/// The 1536-bit group of RFC 3526 with generator 2, as the specification uses it for its proofs.
///
/// Elements and responses are big-endian numbers in their shortest form, of at most 192 bytes; exponents are numbers of
/// 1536 bits. Only the squares modulo p are elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Modp1536 {}

/// An element of [`Modp1536`]: a square between 2 and p - 2. Wiped on drop.
#[derive(Clone)]
pub struct Modp1536Element(Element);

/// A secret exponent of [`Modp1536`], not a multiple of q. Wiped on drop.
pub struct Modp1536Exponent {
    /// Big-endian.
    number: Secret<ELEMENT_BYTES>,
    /// How many bytes the power takes into account: a property of the kind of exponent, not of its value.
    length: usize,
}

/// An element of [`Modp1536`], perhaps to a secret exponent, with what its powers need: 27 KB. Wiped on drop.
pub struct Modp1536Base {
    /// Of the element, which has been sent.
    comb: Comb<13, 2, 5>,
    /// As a residue modulo q. The power itself is never formed: its powers are those of the element to products.
    exponent: Option<Secret<ELEMENT_BYTES>>,
}

/// A public exponent of [`Modp1536`], in 1..q.
#[derive(Clone)]
pub struct Modp1536Response(U1536);

opaque_debug!(Modp1536Base, Modp1536Element, Modp1536Exponent, Modp1536Response);

impl Drop for Modp1536Element {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl Drop for Modp1536Base {
    fn drop(&mut self) {
        self.comb.zeroize();
    }
}

impl ZeroizeOnDrop for Modp1536Base {}
impl ZeroizeOnDrop for Modp1536Element {}
impl ZeroizeOnDrop for Modp1536Exponent {}

impl Modp1536Element {
    fn unless_one(element: &Element) -> Option<Self> {
        let is_one = told(field().equal(element, &field().one()).unwrap_u8());
        (!is_one).then_some(Self(*element))
    }
}

impl Modp1536Base {
    /// The base to a big-endian `exponent` of at most 192 bytes, in constant time.
    fn power(&self, exponent: &[u8]) -> Zeroizing<Element> {
        let Some(secret) = &self.exponent else { return self.comb.power(field(), exponent) };
        let product = Zeroizing::new(residue(secret.as_bytes()).mul(&residue(exponent)));
        let product = Zeroizing::new(Zeroizing::new(product.retrieve()).to_be_bytes());
        self.comb.power(field(), (*product).as_ref())
    }
}

impl Modp1536Exponent {
    fn residue(&self) -> Zeroizing<Residue> {
        residue(self.bytes())
    }

    fn bytes(&self) -> &[u8] {
        &self.number.as_bytes()[ELEMENT_BYTES - self.length..]
    }
}

impl Group for Modp1536 {
    type Element = Modp1536Element;
    type Exponent = Modp1536Exponent;
    type Base = Modp1536Base;
    type Response = Modp1536Response;

    const DOMAIN: &'static [u8] = b"";

    fn element(bytes: &[u8]) -> Result<Modp1536Element, Error> {
        let padded: [u8; ELEMENT_BYTES] = mpi::pad(bytes)?;
        check(&padded)?;
        Ok(Modp1536Element(field().number(&padded)))
    }

    fn encode(element: &Modp1536Element) -> Vec<u8> {
        mpi::trim(&*encode(&element.0)).to_vec()
    }

    fn response(bytes: &[u8]) -> Result<Modp1536Response, Error> {
        let number = U1536::from_be_slice(&mpi::pad::<ELEMENT_BYTES>(bytes)?);
        if number == U1536::ZERO || number >= *Q {
            return Err(Error::PublicRange);
        }
        Ok(Modp1536Response(number))
    }

    fn encode_response(response: &Modp1536Response) -> Vec<u8> {
        mpi::trim(response.0.to_be_bytes().as_ref()).to_vec()
    }

    fn draw<R: CryptoRng + ?Sized>(rng: &mut R) -> Modp1536Exponent {
        loop {
            let exponent = Modp1536Exponent { number: Secret::random(rng), length: ELEMENT_BYTES };
            if !told(exponent.residue().ct_eq(&Residue::ZERO).to_u8()) {
                return exponent;
            }
        }
    }

    fn exponent(secret: &ComparedSecret) -> Modp1536Exponent {
        let mut number = Secret::zeroed();
        number.as_mut()[ELEMENT_BYTES - SECRET_BYTES..].copy_from_slice(secret.as_bytes());
        Modp1536Exponent { number, length: SECRET_BYTES }
    }

    fn generator_power(exponent: &Modp1536Exponent) -> Modp1536Element {
        Modp1536Element(*long_powers().power(field(), exponent.bytes()))
    }

    fn power(base: &Modp1536Element, exponent: &Modp1536Exponent) -> Modp1536Element {
        Modp1536Element(*field().power(&base.0, exponent.bytes()))
    }

    fn base(element: &Modp1536Element, exponent: Option<&Modp1536Exponent>) -> Modp1536Base {
        let comb = Comb::new(field(), &element.0, 8 * ELEMENT_BYTES, 4);
        let exponent = exponent.map(|exponent| {
            let mut number = Secret::zeroed();
            number.as_mut()[ELEMENT_BYTES - exponent.length..].copy_from_slice(exponent.bytes());
            number
        });
        Modp1536Base { comb, exponent }
    }

    fn base_power(base: &Modp1536Base, exponent: &Modp1536Exponent) -> Modp1536Element {
        Modp1536Element(*base.power(exponent.bytes()))
    }

    fn generator_product(
        of_generator: &Modp1536Exponent,
        base: &Modp1536Base,
        of_base: &Modp1536Exponent,
    ) -> Option<Modp1536Element> {
        let [one, other] = [long_powers().power(field(), of_generator.bytes()), base.power(of_base.bytes())];
        Modp1536Element::unless_one(&Zeroizing::new(field().multiply(&one, &other)))
    }

    fn quotient(dividend: &Modp1536Element, divisor: &Modp1536Element) -> Option<Modp1536Element> {
        // Both have been or will be sent, and an element of order q is never zero.
        let inverse: Option<U1536> = U1536::from_be_slice(&*encode(&divisor.0)).invert_odd_mod_vartime(&P).into();
        let inverse = field().number(inverse?.to_be_bytes().as_ref());
        Modp1536Element::unless_one(&field().multiply(&dividend.0, &inverse))
    }

    fn equal(one: &Modp1536Element, other: &Modp1536Element) -> bool {
        told(field().equal(&one.0, &other.0).unwrap_u8())
    }

    fn respond(
        blinding: &Modp1536Exponent,
        exponent: &Modp1536Exponent,
        challenge: &Challenge,
    ) -> Option<Modp1536Response> {
        let product = Zeroizing::new(exponent.residue().mul(&residue(challenge.padded())));
        let response = (*blinding.residue() - *product).retrieve();
        (!told(response.ct_eq(&U1536::ZERO).to_u8())).then_some(Modp1536Response(response))
    }

    fn commitment(
        of_generator: Option<&Modp1536Response>,
        of_base: Option<(&Modp1536Base, &Modp1536Response)>,
        public: &Modp1536Element,
        challenge: &Challenge,
    ) -> Vec<u8> {
        let public = field().odd_powers(&public.0);
        let mut product = Zeroizing::new(field().product_vartime(&[(&public, challenge.padded())]));
        if let Some(response) = of_generator {
            let power = long_powers().power_vartime(field(), response.0.to_be_bytes().as_ref());
            *product = field().multiply(&product, &power);
        }
        if let Some((base, response)) = of_base {
            *product = field().multiply(&product, &base.power(response.0.to_be_bytes().as_ref()));
        }
        mpi::trim(&*encode(&product)).to_vec()
    }
}

/// A big-endian number of at most 192 bytes modulo q.
fn residue(bytes: &[u8]) -> Zeroizing<Residue> {
    let mut padded = Zeroizing::new([0; ELEMENT_BYTES]);
    padded[ELEMENT_BYTES - bytes.len()..].copy_from_slice(bytes);
    Zeroizing::new(Residue::new(&Zeroizing::new(U1536::from_be_slice(&*padded))))
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use num_bigint::BigUint;

    use super::*;
    use crate::testing::{big, padded, random, rng};

    fn p() -> BigUint {
        big(P.as_ref().to_be_bytes().as_ref())
    }

    fn q() -> BigUint {
        big(Q.to_be_bytes().as_ref())
    }

    fn one() -> BigUint {
        BigUint::from(1_u8)
    }

    /// The shortest form; BigUint writes zero as one byte.
    fn bytes(number: &BigUint) -> Vec<u8> {
        mpi::trim(&number.to_bytes_be()).to_vec()
    }

    fn number(element: &Modp1536Element) -> BigUint {
        big(&Modp1536::encode(element))
    }

    fn value(exponent: &Modp1536Exponent) -> BigUint {
        big(exponent.number.as_bytes())
    }

    fn exponent(number: &BigUint) -> Modp1536Exponent {
        Modp1536Exponent { number: Secret::from_array(padded(number)), length: ELEMENT_BYTES }
    }

    fn challenge(bytes: [u8; 32]) -> Challenge {
        Challenge::from_bytes(mpi::trim(&bytes)).unwrap()
    }

    #[test]
    fn q_is_half_of_p() {
        assert_eq!(q(), (p() - 1_u8) / 2_u8);
    }

    // attack: SMP-1, SMP-2
    #[test]
    fn elements_are_the_squares_between_2_and_p_minus_2() {
        let zero = BigUint::ZERO;
        for bad in [zero, one(), p() - 1_u8, p(), p() + 1_u8, p() - 2_u8, p() - 4_u8] {
            assert!(Modp1536::element(&bytes(&bad)).is_err(), "{bad}");
        }
        assert!(Modp1536::element(&[0, 2]).is_err());
        assert!(Modp1536::element(&[1; 193]).is_err());
        let mut rng = rng(41);
        let mut squares = 0;
        for _ in 0..40 {
            let value = big(&random::<ELEMENT_BYTES>(&mut rng)) % p();
            let element = Modp1536::element(&bytes(&value));
            assert_eq!(element.is_ok(), value.modpow(&q(), &p()) == one());
            squares += element.map_or(0, |element| {
                assert_eq!(number(&element), value);
                1
            });
        }
        assert!((8..32).contains(&squares));
    }

    // attack: SMP-5
    #[test]
    fn responses_lie_between_1_and_q_minus_1() {
        for bad in [BigUint::ZERO, q(), q() + 1_u8, p(), (one() << 1536) - 1_u8, one() << 1536] {
            assert!(Modp1536::response(&bytes(&bad)).is_err(), "{bad}");
        }
        for good in [one(), q() - 1_u8] {
            let response = Modp1536::response(&bytes(&good)).unwrap();
            assert_eq!(Modp1536::encode_response(&response), bytes(&good));
        }
        assert!(Modp1536::response(&[0, 1]).is_err());
    }

    // attack: SMP-5
    #[test]
    fn every_response_equals_that_of_an_independent_library_and_is_never_zero() {
        let mut rng = rng(42);
        for i in 0..50 {
            let a = Modp1536::draw(&mut rng);
            let c = challenge(random(&mut rng));
            let ac = value(&a) * big(c.as_bytes()) % q();
            let (r, expected) = match i {
                // r = a c, and r = a c + q, which has 1536 bits.
                0 => (exponent(&ac), BigUint::ZERO),
                1 => (exponent(&(ac + q())), BigUint::ZERO),
                2 => (exponent(&(ac + 1_u8)), one()),
                _ => {
                    let r = Modp1536::draw(&mut rng);
                    let expected = (value(&r) % q() + q() - ac) % q();
                    (r, expected)
                }
            };
            let response = Modp1536::respond(&r, &a, &c);
            assert_eq!(response.is_none(), expected == BigUint::ZERO);
            assert_eq!(response.map_or(vec![], |d| Modp1536::encode_response(&d)), bytes(&expected));
        }
    }

    /// Also that of a hash: 256 bits.
    // attack: SMP-19, SMP-20
    #[test]
    fn every_power_equals_that_of_an_independent_library() {
        let mut rng = rng(43);
        for i in 0..20 {
            let base = Modp1536::generator_power(&Modp1536::draw(&mut rng));
            let (one, other) = match i {
                0 => (exponent(&(p() - 2_u8)), exponent(&(q() - 1_u8))),
                1 => (exponent(&one()), exponent(&(one() << 1535))),
                2..10 => {
                    (Modp1536::draw(&mut rng), Modp1536::exponent(&ComparedSecret::hazmat_from_bytes(random(&mut rng))))
                }
                _ => (Modp1536::draw(&mut rng), Modp1536::draw(&mut rng)),
            };
            let by_one = BigUint::from(2_u8).modpow(&value(&one), &p());
            assert_eq!(number(&Modp1536::generator_power(&one)), by_one);
            let by_other = number(&base).modpow(&value(&other), &p());
            assert_eq!(number(&Modp1536::power(&base, &other)), by_other);
            let ready = Modp1536::base(&base, None);
            assert_eq!(number(&Modp1536::base_power(&ready, &other)), by_other);
            let both = Modp1536::generator_product(&one, &ready, &other).unwrap();
            assert_eq!(number(&both), &by_one * &by_other % p());
            let ready = Modp1536::base(&base, Some(&other));
            let twice = by_other.modpow(&value(&one), &p());
            assert_eq!(number(&Modp1536::base_power(&ready, &one)), twice);
            let both = Modp1536::generator_product(&one, &ready, &one).unwrap();
            assert_eq!(number(&both), by_one * twice % p());
        }
    }

    // attack: SMP-3
    #[test]
    fn products_and_quotients_are_never_one() {
        let mut rng = rng(44);
        let (a, b) = (Modp1536::draw(&mut rng), Modp1536::draw(&mut rng));
        let [ga, gb] = [&a, &b].map(Modp1536::generator_power);
        let quotient = Modp1536::quotient(&ga, &gb).unwrap();
        assert_eq!(number(&quotient) * number(&gb) % p(), number(&ga));
        assert!(Modp1536::quotient(&ga, &ga.clone()).is_none());
        let minus_a = exponent(&(q() - value(&a) % q()));
        let once = exponent(&one());
        let ga = Modp1536::base(&ga, None);
        assert!(Modp1536::generator_product(&minus_a, &ga, &once).is_none());
        assert!(Modp1536::generator_product(&b, &ga, &once).is_some());
    }

    #[test]
    fn elements_are_equal_only_to_themselves() {
        let mut rng = rng(45);
        let a = Modp1536::draw(&mut rng);
        let (one, other) = (Modp1536::generator_power(&a), Modp1536::generator_power(&Modp1536::draw(&mut rng)));
        assert!(Modp1536::equal(&one, &Modp1536::generator_power(&a)));
        assert!(!Modp1536::equal(&one, &other));
    }

    #[test]
    fn every_commitment_equals_that_of_an_independent_library() {
        let mut rng = rng(46);
        let response = |number: &BigUint| Modp1536::response(&bytes(number)).unwrap();
        for i in 0..24_u8 {
            let [v, w] = [(); 2].map(|()| Modp1536::generator_power(&Modp1536::draw(&mut rng)));
            let c = match i {
                0..4 => challenge([0; 32]),
                4..8 => challenge([0xff; 32]),
                _ => challenge(random(&mut rng)),
            };
            let mut draw = || big(&random::<ELEMENT_BYTES>(&mut rng)) % (q() - 1_u8) + 1_u8;
            let [d, e, f] = if i < 4 { [one(), q() - 1_u8, BigUint::from(i + 1)] } else { [draw(), draw(), draw()] };
            let generator = BigUint::from(2_u8).modpow(&d, &p());
            let power = |base: &Modp1536Element, exponent: &BigUint| number(base).modpow(exponent, &p());
            let public = power(&v, &big(c.as_bytes()));
            let (generator_response, e_response) = (response(&d), response(&e));
            let exponent = exponent(&f);
            let (plain, raised) = (Modp1536::base(&w, None), Modp1536::base(&w, Some(&exponent)));
            let by_base = power(&w, &e);
            let by_raised = by_base.modpow(&f, &p());
            for of_generator in [None, Some((&generator_response, &generator))] {
                for of_base in [None, Some((&plain, &by_base)), Some((&raised, &by_raised))] {
                    let expected = [of_generator.map(|(_, power)| power), of_base.map(|(_, power)| power)];
                    let expected = expected.into_iter().flatten().fold(public.clone(), |product, x| product * x % p());
                    let of_base = of_base.map(|(base, _)| (base, &e_response));
                    let found = Modp1536::commitment(of_generator.map(|(d, _)| d), of_base, &v, &c);
                    assert_eq!(found, bytes(&expected));
                }
            }
        }
    }

    // attack: SMP-19
    #[test]
    fn an_exponent_takes_192_bytes_and_is_no_multiple_of_q() {
        let mut source = crate::testing::Stuck::at(7);
        let exponent = Modp1536::draw(&mut source);
        assert_eq!(source.given, 192);
        assert_eq!(*exponent.number.as_bytes(), [7; 192]);
        for multiple in [BigUint::ZERO, q(), q() * 2_u8] {
            let mut source = crate::testing::Stuck::at(9);
            source.first = padded::<ELEMENT_BYTES>(&multiple).to_vec();
            assert_eq!(value(&Modp1536::draw(&mut source)), big(&[9; 192]));
            assert_eq!(source.given, 384);
        }
    }

    /// What takes an exponent names no call that runs in variable time, and powers have fixed lengths.
    // attack: SMP-20
    #[test]
    fn no_call_on_a_secret_runs_in_variable_time() {
        let source = include_str!("modp1536.rs");
        let body = |name: &str| {
            let rest = source.split_once(name).unwrap().1;
            rest.split_once("\n    }\n").unwrap().0.split("\n}\n").next().unwrap()
        };
        for name in [
            "fn residue(",
            "fn draw<",
            "fn exponent(",
            "fn generator_power(",
            "    fn power(&self",
            "    fn power(base",
            "\nfn residue(",
            "    fn base(",
            "fn base_power(",
            "fn generator_product(",
            "fn equal(",
            "fn respond(",
        ] {
            assert!(!body(name).contains("vartime"), "{name}");
        }
    }

    fn wipes_on_drop<T: ZeroizeOnDrop>() {
        assert!(core::mem::needs_drop::<T>());
    }

    // attack: SIDE-7, G-6
    #[test]
    fn secrets_are_wiped() {
        wipes_on_drop::<Modp1536Base>();
        wipes_on_drop::<Modp1536Element>();
        wipes_on_drop::<Modp1536Exponent>();
        wipes_on_drop::<Zeroizing<Residue>>();
    }
}
