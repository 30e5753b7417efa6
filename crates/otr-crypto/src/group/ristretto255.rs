//! ristretto255 (RFC 9496) for zero-knowledge proofs, in the Curve25519 suite.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use curve25519_dalek::Scalar;
use curve25519_dalek::constants::RISTRETTO_BASEPOINT_POINT;
use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::traits::{Identity, VartimeMultiscalarMul};
use rand_core::CryptoRng;
use subtle::{ConditionallySelectable, ConstantTimeEq};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::secret::{Secret, opaque_debug};
use crate::told::told;
use crate::{Challenge, ComparedSecret, Error, Group, mpi};

/// Bytes of a scalar, and of an element without its prefix.
const BYTES: usize = 32;
/// Bytes that are reduced to an exponent: twice its size, so that none is likelier than another.
const DRAWN_BYTES: usize = 64;
/// Stands before the 32 bytes of an element, so that they are a number in its shortest form whatever they begin with.
const PREFIX: u8 = 0x40;

/// The group ristretto255 with the generator of RFC 9496, section 4.
///
/// Its order l = 2^252 + 27742317777372353535851937790883648493 is a prime. An element is encoded in 33 bytes: 0x40,
/// then the 32 bytes of RFC 9496, section 4.3.2. A response is a big-endian number in its shortest form, of at most
/// 32 bytes. A challenge is a big-endian number, reduced modulo l.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ristretto255 {}

/// An element of [`Ristretto255`], not the neutral one. Wiped on drop.
#[derive(Clone)]
pub struct Ristretto255Element(RistrettoPoint);

/// A secret exponent of [`Ristretto255`], in 1..l. Wiped on drop.
///
/// In a heap block of its own, so that moving it leaves no copy behind.
pub struct Ristretto255Exponent(Box<Scalar>);

/// A public exponent of [`Ristretto255`], in 1..l.
#[derive(Clone)]
pub struct Ristretto255Response(Scalar);

opaque_debug!(Ristretto255Element, Ristretto255Exponent, Ristretto255Response);

impl Drop for Ristretto255Element {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl Drop for Ristretto255Exponent {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl ZeroizeOnDrop for Ristretto255Element {}
impl ZeroizeOnDrop for Ristretto255Exponent {}

impl Ristretto255Element {
    fn unless_neutral(point: RistrettoPoint) -> Option<Self> {
        let element = Self(point);
        let is_neutral = told(element.0.ct_eq(&RistrettoPoint::identity()).unwrap_u8());
        (!is_neutral).then_some(element)
    }
}

impl Group for Ristretto255 {
    type Element = Ristretto255Element;
    type Exponent = Ristretto255Exponent;
    /// The element, or its power, itself: a table for powers in constant time takes far longer to make than the two or
    /// three powers of a run take without.
    type Base = Ristretto255Element;
    type Response = Ristretto255Response;

    const DOMAIN: &'static [u8] = b"OTR-25519 v1 SMP proof";

    fn element(bytes: &[u8]) -> Result<Ristretto255Element, Error> {
        let (prefix, point) = bytes.split_first_chunk().ok_or(Error::Encoding)?;
        if *prefix != [PREFIX] {
            return Err(Error::Encoding);
        }
        // Of all 32 bytes this accepts exactly the canonical ones.
        let point = CompressedRistretto::from_slice(point).map_err(|_| Error::Encoding)?;
        let point = point.decompress().ok_or(Error::Encoding)?;
        Ristretto255Element::unless_neutral(point).ok_or(Error::PublicRange)
    }

    fn encode(element: &Ristretto255Element) -> Vec<u8> {
        encode(&element.0)
    }

    fn response(bytes: &[u8]) -> Result<Ristretto255Response, Error> {
        let mut number = mpi::pad::<BYTES>(bytes)?;
        number.reverse();
        let scalar = Option::from(Scalar::from_canonical_bytes(number)).ok_or(Error::PublicRange)?;
        if scalar == Scalar::ZERO { Err(Error::PublicRange) } else { Ok(Ristretto255Response(scalar)) }
    }

    fn encode_response(response: &Ristretto255Response) -> Vec<u8> {
        let mut number = response.0.to_bytes();
        number.reverse();
        mpi::trim(&number).to_vec()
    }

    fn draw<R: CryptoRng + ?Sized>(rng: &mut R) -> Ristretto255Exponent {
        let mut exponent = Ristretto255Exponent(Box::new(Scalar::ZERO));
        loop {
            let drawn = Secret::<DRAWN_BYTES>::random(rng);
            *exponent.0 = Scalar::from_bytes_mod_order_wide(drawn.as_bytes());
            if !told(exponent.0.ct_eq(&Scalar::ZERO).unwrap_u8()) {
                return exponent;
            }
        }
    }

    /// The hash as a big-endian number modulo l. A multiple of l, which nobody can find a text for, counts as 1.
    fn exponent(secret: &ComparedSecret) -> Ristretto255Exponent {
        let mut exponent = Ristretto255Exponent(Box::new(reduced(secret.as_bytes())));
        let is_zero = exponent.0.ct_eq(&Scalar::ZERO);
        exponent.0.conditional_assign(&Scalar::ONE, is_zero);
        exponent
    }

    fn generator_power(exponent: &Ristretto255Exponent) -> Ristretto255Element {
        Ristretto255Element(RistrettoPoint::mul_base(&exponent.0))
    }

    fn power(base: &Ristretto255Element, exponent: &Ristretto255Exponent) -> Ristretto255Element {
        Ristretto255Element(base.0 * *exponent.0)
    }

    fn base(element: &Ristretto255Element, exponent: Option<&Ristretto255Exponent>) -> Ristretto255Element {
        exponent.map_or_else(|| element.clone(), |exponent| Self::power(element, exponent))
    }

    fn base_power(base: &Ristretto255Element, exponent: &Ristretto255Exponent) -> Ristretto255Element {
        Self::power(base, exponent)
    }

    fn generator_product(
        of_generator: &Ristretto255Exponent,
        base: &Ristretto255Element,
        of_base: &Ristretto255Exponent,
    ) -> Option<Ristretto255Element> {
        let [one, other] = [Self::generator_power(of_generator), Self::power(base, of_base)];
        Ristretto255Element::unless_neutral(one.0 + other.0)
    }

    fn quotient(dividend: &Ristretto255Element, divisor: &Ristretto255Element) -> Option<Ristretto255Element> {
        Ristretto255Element::unless_neutral(dividend.0 - divisor.0)
    }

    fn equal(one: &Ristretto255Element, other: &Ristretto255Element) -> bool {
        told(one.0.ct_eq(&other.0).unwrap_u8())
    }

    fn respond(
        blinding: &Ristretto255Exponent,
        exponent: &Ristretto255Exponent,
        challenge: &Challenge,
    ) -> Option<Ristretto255Response> {
        let product = Zeroizing::new(*exponent.0 * reduced(challenge.padded()));
        let response = *blinding.0 - *product;
        (!told(response.ct_eq(&Scalar::ZERO).unwrap_u8())).then_some(Ristretto255Response(response))
    }

    /// The exponents are public, and they alone decide how long this takes and what it reads: a base may be secret.
    fn commitment(
        of_generator: Option<&Ristretto255Response>,
        of_base: Option<(&Ristretto255Element, &Ristretto255Response)>,
        public: &Ristretto255Element,
        challenge: &Challenge,
    ) -> Vec<u8> {
        let challenge = reduced(challenge.padded());
        let mut powers = vec![(&challenge, &public.0)];
        powers.extend(of_generator.map(|response| (&response.0, &RISTRETTO_BASEPOINT_POINT)));
        powers.extend(of_base.map(|(base, response)| (&response.0, &base.0)));
        let exponents = powers.iter().map(|power| power.0);
        let product = RistrettoPoint::vartime_multiscalar_mul(exponents, powers.iter().map(|power| power.1));
        encode(&product)
    }
}

fn encode(point: &RistrettoPoint) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + BYTES);
    bytes.push(PREFIX);
    bytes.extend_from_slice(point.compress().as_bytes());
    bytes
}

/// A big-endian number modulo l.
fn reduced(number: &[u8; BYTES]) -> Scalar {
    let mut number = Zeroizing::new(*number);
    number.reverse();
    Scalar::from_bytes_mod_order(*number)
}

#[cfg(test)]
mod tests {
    use num_bigint::BigUint;

    use super::*;
    use crate::testing::{Stuck, big, padded, random, rng};

    fn l() -> BigUint {
        let minus_one = Scalar::ZERO - Scalar::ONE;
        BigUint::from_bytes_le(minus_one.as_bytes()) + 1_u8
    }

    fn one() -> BigUint {
        BigUint::from(1_u8)
    }

    fn bytes(number: &BigUint) -> Vec<u8> {
        mpi::trim(&number.to_bytes_be()).to_vec()
    }

    fn value(exponent: &Ristretto255Exponent) -> BigUint {
        BigUint::from_bytes_le(exponent.0.as_bytes())
    }

    fn scalar(number: &BigUint) -> Scalar {
        let mut bytes: [u8; 32] = padded(&(number % l()));
        bytes.reverse();
        Scalar::from_canonical_bytes(bytes).unwrap()
    }

    fn exponent(number: &BigUint) -> Ristretto255Exponent {
        Ristretto255Exponent(Box::new(scalar(number)))
    }

    fn challenge(bytes: [u8; 32]) -> Challenge {
        Challenge::from_bytes(mpi::trim(&bytes)).unwrap()
    }

    fn prefixed(hex: &str) -> Vec<u8> {
        [&[PREFIX][..], &hex::decode(hex).unwrap()].concat()
    }

    #[test]
    fn the_order_is_that_of_the_rfc() {
        let rest: BigUint = "27742317777372353535851937790883648493".parse().unwrap();
        assert_eq!(l(), (one() << 252) + rest);
    }

    /// RFC 9496, appendix A.1: the generator times 1 to 15.
    const MULTIPLES: [&str; 15] = [
        "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76",
        "6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919",
        "94741f5d5d52755ece4f23f044ee27d5d1ea1e2bd196b462166b16152a9d0259",
        "da80862773358b466ffadfe0b3293ab3d9fd53c5ea6c955358f568322daf6a57",
        "e882b131016b52c1d3337080187cf768423efccbb517bb495ab812c4160ff44e",
        "f64746d3c92b13050ed8d80236a7f0007c3b3f962f5ba793d19a601ebb1df403",
        "44f53520926ec81fbd5a387845beb7df85a96a24ece18738bdcfa6a7822a176d",
        "903293d8f2287ebe10e2374dc1a53e0bc887e592699f02d077d5263cdd55601c",
        "02622ace8f7303a31cafc63f8fc48fdc16e1c8c8d234b2f0d6685282a9076031",
        "20706fd788b2720a1ed2a5dad4952b01f413bcf0e7564de8cdc816689e2db95f",
        "bce83f8ba5dd2fa572864c24ba1810f9522bc6004afe95877ac73241cafdab42",
        "e4549ee16b9aa03099ca208c67adafcafa4c3f3e4e5303de6026e3ca8ff84460",
        "aa52e000df2e16f55fb1032fc33bc42742dad6bd5a8fc0be0167436c5948501f",
        "46376b80f409b29dc2b5f6f0c52591990896e5716f41477cd30085ab7f10301e",
        "e0c418f7c8d9c4cdd7395b93ea124f3ad99021bb681dfc3302a9d99a2e53e64e",
    ];

    #[test]
    fn small_multiples_of_the_generator_have_known_encodings() {
        for (multiple, known) in (1_u8..).zip(MULTIPLES) {
            let element = Ristretto255::generator_power(&exponent(&BigUint::from(multiple)));
            assert_eq!(Ristretto255::encode(&element), prefixed(known));
            let again = Ristretto255::element(&prefixed(known)).unwrap();
            assert!(Ristretto255::equal(&element, &again));
        }
    }

    /// RFC 9496, appendix A.2.
    const BAD: [&str; 29] = [
        // Not reduced modulo p.
        "00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        // Negative.
        "0100000000000000000000000000000000000000000000000000000000000000",
        "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ed57ffd8c914fb201471d1c3d245ce3c746fcbe63a3679d51b6a516ebebe0e20",
        "c34c4e1826e5d403b78e246e88aa051c36ccf0aafebffe137d148a2bf9104562",
        "c940e5a4404157cfb1628b108db051a8d439e1a421394ec4ebccb9ec92a8ac78",
        "47cfc5497c53dc8e61c91d17fd626ffb1c49e2bca94eed052281b510b1117a24",
        "f1c6165d33367351b0da8f6e4511010c68174a03b6581212c71c0e1d026c3c72",
        "87260f7a2f12495118360f02c26a470f450dadf34a413d21042b43b9d93e1309",
        // x^2 is no square.
        "26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371",
        "4eac077a713c57b4f4397629a4145982c661f48044dd3f96427d40b147d9742f",
        "de6a7b00deadc788eb6b6c8d20c0ae96c2f2019078fa604fee5b87d6e989ad7b",
        "bcab477be20861e01e4a0e295284146a510150d9817763caf1a6f4b422d67042",
        "2a292df7e32cababbd9de088d1d1abec9fc0440f637ed2fba145094dc14bea08",
        "f4a9e534fc0d216c44b218fa0c42d99635a0127ee2e53c712f70609649fdff22",
        "8268436f8c4126196cf64b3c7ddbda90746a378625f9813dd9b8457077256731",
        "2810e5cbc2cc4d4eece54f61c6f69758e289aa7ab440b3cbeaa21995c2f4232b",
        // x y is negative.
        "3eb858e78f5a7254d8c9731174a94f76755fd3941c0ac93735c07ba14579630e",
        "a45fdc55c76448c049a1ab33f17023edfb2be3581e9c7aade8a6125215e04220",
        "d483fe813c6ba647ebbfd3ec41adca1c6130c2beeee9d9bf065c8d151c5f396e",
        "8a2e1d30050198c65a54483123960ccc38aef6848e1ec8f5f780e8523769ba32",
        "32888462f8b486c68ad7dd9610be5192bbeaf3b443951ac1a8118419d9fa097b",
        "227142501b9d4355ccba290404bde41575b037693cef1f438c47f8fbf35d1165",
        "5c37cc491da847cfeb9281d407efc41e15144c876e0170b499a96a22ed31e01e",
        "445425117cb8c90edcbc7c1cc0e74f747f2c1efa5630a967c64f287792a48a4b",
        // s = -1, thus y = 0.
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ];

    // attack: SMP-1, SMP-2
    #[test]
    fn elements_have_one_encoding_and_are_not_neutral() {
        for bad in BAD {
            assert_eq!(Ristretto255::element(&prefixed(bad)).err(), Some(Error::Encoding), "{bad}");
        }
        let neutral = prefixed(&"00".repeat(32));
        assert_eq!(Ristretto255::element(&neutral).err(), Some(Error::PublicRange));
        assert_eq!(encode(&RistrettoPoint::identity()), neutral);
        // The prefix and the length are part of it.
        let good = prefixed(MULTIPLES[0]);
        let mut wrong: Vec<Vec<u8>> = (0..=u8::MAX)
            .filter(|prefix| *prefix != PREFIX)
            .map(|prefix| [&[prefix][..], &good[1..]].concat())
            .collect();
        wrong.extend((0..good.len()).map(|length| good[..length].to_vec()));
        wrong.extend([good[1..].to_vec(), [&good[..], &[0]].concat(), [&[0], &good[..]].concat()]);
        for wrong in wrong {
            assert_eq!(Ristretto255::element(&wrong).err(), Some(Error::Encoding), "{wrong:?}");
        }
    }

    // attack: SMP-5
    #[test]
    fn responses_lie_between_1_and_l_minus_1() {
        for bad in [BigUint::ZERO, l(), l() + 1_u8, l() * 2_u8, (one() << 256) - 1_u8] {
            assert_eq!(Ristretto255::response(&bytes(&bad)).err(), Some(Error::PublicRange), "{bad}");
        }
        for good in [one(), BigUint::from(0x1234_u16), l() - 1_u8] {
            let response = Ristretto255::response(&bytes(&good)).unwrap();
            assert_eq!(Ristretto255::encode_response(&response), bytes(&good));
        }
        assert_eq!(Ristretto255::response(&[0, 1]).err(), Some(Error::Encoding));
        assert_eq!(Ristretto255::response(&[1; 33]).err(), Some(Error::Encoding));
    }

    // attack: SMP-5
    #[test]
    fn every_response_equals_that_of_an_independent_library_and_is_never_zero() {
        let mut rng = rng(42);
        for i in 0..50 {
            let a = Ristretto255::draw(&mut rng);
            let c = challenge(if i < 3 { [0xff; 32] } else { random(&mut rng) });
            let ac = value(&a) * big(c.as_bytes()) % l();
            let r = match i {
                0 => exponent(&ac),
                1 => exponent(&(&ac + 1_u8)),
                _ => Ristretto255::draw(&mut rng),
            };
            let expected = (value(&r) + l() - ac) % l();
            let response = Ristretto255::respond(&r, &a, &c);
            assert_eq!(response.is_none(), i == 0);
            if let Some(response) = response {
                assert_eq!(big(&Ristretto255::encode_response(&response)), expected);
            }
        }
    }

    #[test]
    fn every_power_equals_the_sum_of_doublings() {
        let mut rng = rng(43);
        let sum = |point: RistrettoPoint, exponent: &BigUint| {
            let bits = (0..exponent.bits()).rev();
            bits.fold(RistrettoPoint::identity(), |sum, bit| {
                let twice = sum + sum;
                if exponent.bit(bit) { twice + point } else { twice }
            })
        };
        for i in 0..12 {
            let [a, b] = match i {
                0 => [one(), one()],
                1 => [l() - 1_u8, l() - 2_u8],
                _ => [(); 2].map(|()| value(&Ristretto255::draw(&mut rng))),
            };
            let (one, other) = (exponent(&a), exponent(&b));
            let by_one = Ristretto255::generator_power(&one);
            assert_eq!(by_one.0, sum(RISTRETTO_BASEPOINT_POINT, &a));
            let both = sum(by_one.0, &b);
            assert_eq!(Ristretto255::power(&by_one, &other).0, both);
            let (plain, raised) = (Ristretto255::base(&by_one, None), Ristretto255::base(&by_one, Some(&other)));
            assert_eq!(Ristretto255::base_power(&plain, &other).0, both);
            assert_eq!(Ristretto255::base_power(&raised, &one).0, sum(both, &a));
            let product = Ristretto255::generator_product(&one, &raised, &other).unwrap();
            assert_eq!(product.0, by_one.0 + sum(both, &b));
        }
    }

    // attack: SMP-3
    #[test]
    fn products_and_quotients_are_never_neutral() {
        let mut rng = rng(44);
        let (a, b) = (Ristretto255::draw(&mut rng), Ristretto255::draw(&mut rng));
        let [ga, gb] = [&a, &b].map(Ristretto255::generator_power);
        let quotient = Ristretto255::quotient(&ga, &gb).unwrap();
        assert_eq!(quotient.0 + gb.0, ga.0);
        assert!(Ristretto255::quotient(&ga, &ga.clone()).is_none());
        let minus_a = exponent(&(l() - value(&a)));
        assert!(Ristretto255::generator_product(&minus_a, &ga, &exponent(&one())).is_none());
        assert!(Ristretto255::generator_product(&b, &ga, &exponent(&one())).is_some());
        assert!(Ristretto255::equal(&ga, &Ristretto255::generator_power(&a)));
        assert!(!Ristretto255::equal(&ga, &gb));
    }

    #[test]
    fn every_commitment_is_the_product_of_its_powers() {
        let mut rng = rng(46);
        for i in 0..12 {
            let [v, w] = [(); 2].map(|()| Ristretto255::generator_power(&Ristretto255::draw(&mut rng)));
            let c = match i {
                0 => challenge([0; 32]),
                1 => challenge([0xff; 32]),
                _ => challenge(random(&mut rng)),
            };
            let mut draw = || value(&Ristretto255::draw(&mut rng));
            let [d, e] = if i < 3 { [one(), l() - 1_u8] } else { [draw(), draw()] };
            let [generator, base] = [&d, &e].map(|number| Ristretto255::response(&bytes(number)).unwrap());
            let public = v.0 * scalar(&big(c.as_bytes()));
            let by_generator = RistrettoPoint::mul_base(&scalar(&d));
            let by_base = w.0 * scalar(&e);
            for (of_generator, of_base, expected) in [
                (None, None, public),
                (Some(&generator), None, public + by_generator),
                (None, Some((&w, &base)), public + by_base),
                (Some(&generator), Some((&w, &base)), public + by_generator + by_base),
            ] {
                assert_eq!(Ristretto255::commitment(of_generator, of_base, &v, &c), encode(&expected));
            }
        }
    }

    #[test]
    fn a_drawn_exponent_takes_64_bytes_and_is_not_zero() {
        let mut source = Stuck::at(7);
        let exponent = Ristretto255::draw(&mut source);
        assert_eq!(source.given, 64);
        assert_eq!(value(&exponent), big(&[7; 64]) % l());
        for multiple in [BigUint::ZERO, l(), l() << 200] {
            let mut first: [u8; 64] = padded(&multiple);
            first.reverse();
            let mut source = Stuck::at(9);
            source.first = first.to_vec();
            assert_eq!(value(&Ristretto255::draw(&mut source)), big(&[9; 64]) % l());
            assert_eq!(source.given, 128);
        }
    }

    #[test]
    fn a_secret_is_a_big_endian_number_and_never_zero() {
        let exponent =
            |number: &BigUint| value(&Ristretto255::exponent(&ComparedSecret::hazmat_from_bytes(padded(number))));
        let most = (one() << 256) - 1_u8;
        for number in [one(), BigUint::from(0x0102_u16), l() - 1_u8, l() + 5_u8, most] {
            assert_eq!(exponent(&number), number % l());
        }
        for multiple in [BigUint::ZERO, l(), l() * 15_u8] {
            assert_eq!(exponent(&multiple), one());
        }
    }

    /// Only what takes nothing but responses and challenges as exponents runs in variable time.
    // attack: SMP-20
    #[test]
    fn no_call_on_a_secret_runs_in_variable_time() {
        let source = include_str!("ristretto255.rs").split_once("\nmod tests").unwrap().0;
        let (before, rest) = source.split_once("\n    fn commitment(").unwrap();
        let (commitment, after) = rest.split_once("\n    }\n").unwrap();
        let calls = |text: &str| text.matches("vartime_").count();
        assert_eq!([before, commitment, after].map(calls), [0, 1, 0]);
        assert!(!commitment.contains("Exponent"));
    }

    fn wipes_on_drop<T: ZeroizeOnDrop>() {
        assert!(core::mem::needs_drop::<T>());
    }

    // attack: SIDE-7, G-6
    #[test]
    fn secrets_are_wiped() {
        wipes_on_drop::<Ristretto255Element>();
        wipes_on_drop::<Ristretto255Exponent>();
        wipes_on_drop::<Zeroizing<Scalar>>();
    }
}
